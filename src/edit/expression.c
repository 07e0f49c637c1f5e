/* expression.c - the tree of an edit: made, compared, walked.
 *
 * The parser is in expression_parse.c and expression_call.c, the printer in expression_print.c. */
#include "edit/expression.h"

#include "edit/linear.h"
#include "edit/node.h"

#include <math.h>

Node *node_new(NodeKind kind, guint column)
{
	Node *node = g_new0(Node, 1);
	node->kind = kind;
	node->column = column;
	node->depth = 1;
	node->is_vector = kind != NODE_NUMBER && kind != NODE_RAMP && kind != NODE_FIRST;
	node->children = g_ptr_array_new_with_free_func((GDestroyNotify)node_free);
	return node;
}

void node_add(Node *node, Node *child)
{
	node->depth = MAX(node->depth, child->depth + 1);
	g_ptr_array_add(node->children, child);
}

const Node *node_child(const Node *node, guint child)
{
	return g_ptr_array_index(node->children, child);
}

void node_set_method(Node *call, const Method *method)
{
	guint parameters = method_parameters(method);
	call->method = method;
	call->argument = g_new0(Argument, parameters);
	for (guint i = 0; i < parameters; i++)
		if (method->parameters[i].type == PARAMETER_CHOICE)
			call->argument[i].choice =
				(guint)method->parameters[i].otherwise[DIALECT_PAPER];
}

void node_set_number(Node *call, guint parameter, Node *number)
{
	call->depth = MAX(call->depth, number->depth + 1);
	call->argument[parameter].given = TRUE;
	call->argument[parameter].number = number;
}

static void free_arguments(Node *call)
{
	guint parameters = call->argument ? method_parameters(call->method) : 0;
	for (guint i = 0; i < parameters; i++) {
		node_free(call->argument[i].number);
		g_free(call->argument[i].text);
	}
	g_free(call->argument);
}

void node_free(Node *node)
{
	if (!node)
		return;
	free_arguments(node);
	g_ptr_array_unref(node->children);
	g_free(node->anchor);
	g_free(node->pattern);
	g_clear_pointer(&node->chosen, g_rc_box_release);
	g_clear_pointer(&node->place, g_rc_box_release);
	g_free(node);
}

static gboolean same_number(double a, double b)
{
	return a == b && signbit(a) == signbit(b);
}

gboolean node_is_otherwise(const Node *call, guint parameter)
{
	const Argument *argument = &call->argument[parameter];
	const Parameter *row = &call->method->parameters[parameter];
	double otherwise = row->otherwise[method_dialect(call)];
	switch (row->type) {
	case PARAMETER_CHOICE:
		return argument->choice == (guint)otherwise;
	case PARAMETER_TEXT:
		return argument->text == NULL;
	default:
		return !argument->number ||
		       (argument->number->kind == NODE_NUMBER &&
			       same_number(argument->number->number, otherwise));
	}
}

static gboolean same_argument(const Node *a, const Node *b, guint parameter)
{
	const Argument *x = &a->argument[parameter], *y = &b->argument[parameter];
	if (node_is_otherwise(a, parameter) || node_is_otherwise(b, parameter))
		return node_is_otherwise(a, parameter) == node_is_otherwise(b, parameter);
	if (x->number)
		return node_equal(x->number, y->number);
	return x->choice == y->choice && g_strcmp0(x->text, y->text) == 0;
}

/* Of two calls of one method. */
static gboolean same_arguments(const Node *a, const Node *b)
{
	if (method_dialect(a) != method_dialect(b))
		return FALSE;
	for (guint i = 0; i < method_parameters(a->method); i++)
		if (!same_argument(a, b, i))
			return FALSE;
	return TRUE;
}

static gboolean same_anchors(const Node *a, const Node *b)
{
	for (guint i = 0; i < a->anchors; i++)
		if (!same_number(a->anchor[i], b->anchor[i]))
			return FALSE;
	return TRUE;
}

static gboolean same_but_children(const Node *a, const Node *b)
{
	return a->kind == b->kind && a->is_vector == b->is_vector && a->member == b->member &&
	       same_number(a->number, b->number) && a->anchors == b->anchors &&
	       same_anchors(a, b) && g_strcmp0(a->pattern, b->pattern) == 0 &&
	       a->method == b->method && (!a->method || same_arguments(a, b)) &&
	       a->children->len == b->children->len;
}

gboolean node_equal(const Node *a, const Node *b)
{
	if (!same_but_children(a, b))
		return FALSE;
	for (guint i = 0; i < a->children->len; i++)
		if (!node_equal(node_child(a, i), node_child(b, i)))
			return FALSE;
	return TRUE;
}

static void mark_members(const Node *node, GHashTable *seen, GArray *members)
{
	if (node->kind == NODE_TASK && node->member > 0 &&
		g_hash_table_add(seen, GUINT_TO_POINTER(node->member)))
		g_array_append_val(members, node->member);
	for (guint i = 0; i < node->children->len; i++)
		mark_members(node_child(node, i), seen, members);
}

static gint compare_members(gconstpointer a, gconstpointer b)
{
	guint x = *(const guint *)a, y = *(const guint *)b;
	return (x > y) - (x < y);
}

GArray *expression_members(const Node *node)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
	GArray *members = g_array_new(FALSE, FALSE, sizeof(guint));
	mark_members(node, seen, members);
	g_array_sort(members, compare_members);
	return members;
}

static void add_calls(const Node *node, GPtrArray *calls)
{
	for (guint i = 0; i < node->children->len; i++)
		add_calls(node_child(node, i), calls);
	if (node->kind == NODE_CALL)
		g_ptr_array_add(calls, (gpointer)node);
}

GPtrArray *expression_calls(const Node *edit)
{
	GPtrArray *calls = g_ptr_array_new();
	add_calls(edit, calls);
	return calls;
}

static gboolean some_child_acts(const Collection *collection, const Node *node, guint tensor)
{
	for (guint i = 0; i < node->children->len; i++)
		if (expression_acts(collection, node_child(node, i), tensor))
			return TRUE;
	return FALSE;
}

static gboolean task_acts(const Collection *collection, guint member, guint tensor)
{
	return member > 0 && collection_member(collection, member)->match[tensor] == MATCH_SHARED;
}

gboolean expression_acts(const Collection *collection, const Node *node, guint tensor)
{
	switch (node->kind) {
	case NODE_TASK:
		return task_acts(collection, node->member, tensor);
	case NODE_SCALE:
		return linear_coefficient(node_child(node, 0), tensor) != 0 &&
		       expression_acts(collection, node_child(node, 1), tensor);
	case NODE_DIVIDE:
		return expression_acts(collection, node_child(node, 0), tensor);
	case NODE_SCOPE:
		return node->chosen[tensor] && some_child_acts(collection, node, tensor);
	case NODE_CALL:
		if (node->method->on_weights && node->method->on_weights(node))
			return collection_is_float(collection, tensor);
		return some_child_acts(collection, node, tensor);
	default:
		return some_child_acts(collection, node, tensor);
	}
}
