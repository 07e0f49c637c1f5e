/* expression.c - the tree of an edit: made, compared, walked.
 *
 * The parser is in expression_parse.c, the printer in expression_print.c. */
#include "edit/expression.h"

#include "core/error.h"
#include "edit/linear.h"
#include "edit/node.h"

#include <math.h>

Node *node_new(NodeKind kind, guint column)
{
	Node *node = g_new0(Node, 1);
	node->kind = kind;
	node->column = column;
	node->depth = 1;
	node->is_vector = kind != NODE_NUMBER && kind != NODE_RAMP;
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

void node_free(Node *node)
{
	if (!node)
		return;
	g_ptr_array_unref(node->children);
	g_free(node->pattern);
	g_free(node->chosen);
	g_free(node->place);
	g_free(node);
}

static gboolean same_number(double a, double b)
{
	return a == b && signbit(a) == signbit(b);
}

static gboolean same_leaf(const Node *a, const Node *b)
{
	return a->kind == b->kind && a->is_vector == b->is_vector && a->member == b->member &&
	       same_number(a->number, b->number) && same_number(a->number_to, b->number_to) &&
	       g_strcmp0(a->pattern, b->pattern) == 0 && a->function == b->function &&
	       a->children->len == b->children->len;
}

gboolean node_equal(const Node *a, const Node *b)
{
	if (!same_leaf(a, b))
		return FALSE;
	for (guint i = 0; i < a->children->len; i++)
		if (!node_equal(node_child(a, i), node_child(b, i)))
			return FALSE;
	return TRUE;
}

static double node_bound(const Node *node);

static double sum_of_bounds(const Node *node)
{
	double sum = 0;
	for (guint i = 0; i < node->children->len; i++)
		sum += node_bound(node_child(node, i));
	return sum;
}

static double quotient_bound(const Node *node)
{
	double divisor = 1;
	linear_constant(node_child(node, 1), &divisor);
	return node_bound(node_child(node, 0)) / fabs(divisor);
}

/* No element of the edit exceeds this times the largest element of its task vectors. */
static double node_bound(const Node *node)
{
	switch (node->kind) {
	case NODE_TASK:
		return 1;
	case NODE_NUMBER:
		return fabs(node->number);
	case NODE_RAMP:
		return fmax(fabs(node->number), fabs(node->number_to));
	case NODE_SCALE:
		return node_bound(node_child(node, 0)) * node_bound(node_child(node, 1));
	case NODE_DIVIDE:
		return quotient_bound(node);
	default:
		return sum_of_bounds(node);
	}
}

gboolean expression_is_bounded(const Node *node, double scale)
{
	return node_bound(node) * fabs(scale) <= EXPRESSION_COEFFICIENT_MOST;
}

gboolean expression_check_scale(const Node *edit, double scale, GError **error)
{
	return expression_is_bounded(edit, scale) ||
	       fail(error, ERROR_USAGE, "the scale of the edit is too large, or not a number");
}

static void mark_members(const Node *node, GHashTable *seen, GArray *members)
{
	if (node->kind == NODE_TASK && g_hash_table_add(seen, GUINT_TO_POINTER(node->member)))
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
