/* linear.c - what a linear edit is on each tensor: one coefficient for each task vector. */
#include "edit/linear.h"

#include "edit/node.h"

#include <string.h>

double linear_coefficient(const Node *node, guint tensor)
{
	const Node *left = node->children->len > 0 ? node_child(node, 0) : NULL;
	const Node *right = node->children->len > 1 ? node_child(node, 1) : NULL;
	switch (node->kind) {
	case NODE_NUMBER:
		return node->number;
	case NODE_RAMP:
		return (1 - node->place[tensor]) * node->number +
		       node->place[tensor] * node->number_to;
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

static gboolean holds_ramp(const Node *node)
{
	gboolean found = node->kind == NODE_RAMP;
	for (guint i = 0; i < node->children->len && !found; i++)
		found = holds_ramp(node_child(node, i));
	return found;
}

gboolean linear_constant(const Node *node, double *value)
{
	if (holds_ramp(node))
		return FALSE;
	*value = linear_coefficient(node, 0);
	return TRUE;
}

/* A walk over the part of an edit that acts on one tensor. */
typedef struct {
	const Collection *collection;
	guint tensor;
	double *coefficients; /* [members] or NULL */
	gboolean left_out;    /* set where a task vector is wanted that is not there, or ends early */
} Walk;

static void add_task(Walk *walk, guint task, double factor)
{
	const Member *member = collection_member(walk->collection, task);
	guint64 elements = collection_tensor(walk->collection, walk->tensor)->elements;
	gboolean shared = member->match[walk->tensor] == MATCH_SHARED;
	if (!shared || member->shared[walk->tensor] < elements)
		walk->left_out = TRUE;
	if (shared && walk->coefficients)
		walk->coefficients[task] += factor;
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
		for (guint i = 0; i < node->children->len; i++)
			walk_node(walk, node_child(node, i),
				factor / node->function->divisor(node->children->len));
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

GArray *linear_left_out(const Collection *collection, const Node *edit)
{
	GArray *left_out = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint tensor = 0; tensor < collection_tensors(collection); tensor++) {
		Walk walk = {.collection = collection, .tensor = tensor};
		walk_node(&walk, edit, 1);
		if (walk.left_out)
			g_array_append_val(left_out, tensor);
	}
	return left_out;
}
