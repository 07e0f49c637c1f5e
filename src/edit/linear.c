/* linear.c - what a linear edit is on each tensor: one coefficient for each task vector. */
#include "edit/linear.h"

#include "edit/node.h"

#include <math.h>
#include <string.h>

static double ramp_value(const Node *ramp, guint tensor)
{
	double along = ramp->place[tensor] * (ramp->anchors - 1);
	guint before = (guint)fmin(floor(along), ramp->anchors - 2);
	double part = along - before;
	return (1 - part) * ramp->anchor[before] + part * ramp->anchor[before + 1];
}

/* Whether a coefficient's scopes, if any, choose a tensor. */
static gboolean chooses(const Node *node, guint tensor)
{
	switch (node->kind) {
	case NODE_SCOPE:
		return node->chosen[tensor] && chooses(node_child(node, 0), tensor);
	case NODE_NEGATE:
	case NODE_DIVIDE:
		return chooses(node_child(node, 0), tensor);
	case NODE_SCALE:
		return chooses(node_child(node, 0), tensor) && chooses(node_child(node, 1), tensor);
	default:
		return TRUE;
	}
}

static double first_value(const Node *first, guint tensor)
{
	for (guint i = 0; i < first->children->len; i++)
		if (chooses(node_child(first, i), tensor))
			return linear_coefficient(node_child(first, i), tensor);
	return 0;
}

double linear_coefficient(const Node *node, guint tensor)
{
	const Node *left = node->children->len > 0 ? node_child(node, 0) : NULL;
	const Node *right = node->children->len > 1 ? node_child(node, 1) : NULL;
	switch (node->kind) {
	case NODE_NUMBER:
		return node->number;
	case NODE_RAMP:
		return ramp_value(node, tensor);
	case NODE_FIRST:
		return first_value(node, tensor);
	case NODE_SCOPE:
		return node->chosen[tensor] ? linear_coefficient(left, tensor) : 0;
	case NODE_NEGATE:
		return -linear_coefficient(left, tensor);
	case NODE_ADD:
		return linear_coefficient(left, tensor) + linear_coefficient(right, tensor);
	case NODE_SUBTRACT:
		return linear_coefficient(left, tensor) - linear_coefficient(right, tensor);
	case NODE_SCALE:
		return linear_coefficient(left, tensor) * linear_coefficient(right, tensor);
	case NODE_DIVIDE:
		return linear_coefficient(left, tensor) / linear_coefficient(right, tensor);
	default:
		g_assert_not_reached();
	}
}

static gboolean differs_by_tensor(const Node *node)
{
	gboolean differs =
		node->kind == NODE_RAMP || node->kind == NODE_FIRST || node->kind == NODE_SCOPE;
	for (guint i = 0; i < node->children->len && !differs; i++)
		differs = differs_by_tensor(node_child(node, i));
	return differs;
}

gboolean linear_constant(const Node *node, double *value)
{
	if (differs_by_tensor(node))
		return FALSE;
	*value = linear_coefficient(node, 0);
	return TRUE;
}

gboolean linear_is(const Node *edit)
{
	if (edit->kind == NODE_CALL && (!edit->method->mix || edit->method->wants_products))
		return FALSE;
	gboolean linear = TRUE;
	for (guint i = 0; i < edit->children->len && linear; i++)
		if (node_child(edit, i)->is_vector)
			linear = linear_is(node_child(edit, i));
	return linear;
}

gboolean linear_factors(const Collection *collection, const Node *call, guint tensor,
	double *factor, GError **error)
{
	guint inputs = call->children->len, parameters = method_parameters(call->method);
	g_autofree double *weight = g_new(double, inputs);
	g_autofree double *parameter = g_new(double, parameters);
	for (guint i = 0; i < inputs; i++)
		weight[i] = method_weight(call, i, tensor);
	for (guint i = 0; i < parameters; i++)
		parameter[i] = method_value(call, i, tensor);
	MethodMix mix = {.site = {collection, call, tensor, inputs, weight, parameter,
				 collection_tensor(collection, tensor)->elements}};
	return call->method->mix(&mix, factor, error);
}

/* A walk over the part of an edit that acts on one tensor. */
typedef struct {
	const Collection *collection;
	guint tensor;
	double *coefficients; /* [members] */
} Walk;

static void walk_node(Walk *walk, const Node *node, double factor);

static void add_task(Walk *walk, guint task, double factor)
{
	const Member *member = collection_member(walk->collection, task);
	if (task > 0 && member->match[walk->tensor] == MATCH_SHARED)
		walk->coefficients[task] += factor;
}

/* What the factors of a call can have against its arguments was said when it was parsed. */
static void walk_call(Walk *walk, const Node *call, double outer)
{
	guint inputs = call->children->len;
	g_autofree double *factor = g_new0(double, inputs + 1);
	if (!linear_factors(walk->collection, call, walk->tensor, factor, NULL))
		return;
	walk->coefficients[0] += outer * factor[0];
	for (guint i = 0; i < inputs; i++)
		walk_node(walk, method_body(call, i), outer * factor[i + 1]);
}

static void walk_node(Walk *walk, const Node *node, double factor)
{
	switch (node->kind) {
	case NODE_TASK:
		add_task(walk, node->member, factor);
		break;
	case NODE_NEGATE:
		walk_node(walk, node_child(node, 0), -factor);
		break;
	case NODE_ADD:
	case NODE_SUBTRACT:
		walk_node(walk, node_child(node, 0), factor);
		walk_node(walk, node_child(node, 1), node->kind == NODE_ADD ? factor : -factor);
		break;
	case NODE_SCALE:
		walk_node(walk, node_child(node, 1),
			factor * linear_coefficient(node_child(node, 0), walk->tensor));
		break;
	case NODE_DIVIDE:
		walk_node(walk, node_child(node, 0),
			factor / linear_coefficient(node_child(node, 1), walk->tensor));
		break;
	case NODE_SCOPE:
		if (node->chosen[walk->tensor])
			walk_node(walk, node_child(node, 0), factor);
		break;
	case NODE_CALL:
		walk_call(walk, node, factor);
		break;
	default:
		g_assert_not_reached();
	}
}

void linear_coefficients(const Collection *collection, const Node *edit, guint tensor, double *c)
{
	memset(c, 0, collection_members(collection) * sizeof *c);
	Walk walk = {.collection = collection, .tensor = tensor, .coefficients = c};
	walk_node(&walk, edit, 1);
}

/* Whether a tensor wants a task vector that is not there, or ends early. */
static gboolean leaves_out(const Collection *collection, const Node *node, guint tensor)
{
	const Member *member = collection_member(collection, node->member);
	if (!node->is_vector || (node->kind == NODE_SCOPE && !node->chosen[tensor]))
		return FALSE;
	if (node->kind == NODE_TASK)
		return node->member > 0 &&
		       (member->match[tensor] != MATCH_SHARED ||
			       member->shared[tensor] <
				       collection_tensor(collection, tensor)->elements);
	for (guint i = 0; i < node->children->len; i++)
		if (leaves_out(collection, node_child(node, i), tensor))
			return TRUE;
	return FALSE;
}

GArray *linear_left_out(const Collection *collection, const Node *edit)
{
	GArray *left_out = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint tensor = 0; tensor < collection_tensors(collection); tensor++)
		if (leaves_out(collection, edit, tensor))
			g_array_append_val(left_out, tensor);
	return left_out;
}
