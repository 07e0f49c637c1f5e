/* expression_bound.c - how large an edit can make what it is made of; declared in expression.h.
 *
 * The coefficients bound it.  What a method adds by itself (the ratio of two norms, 1/(1-p)) is
 * taken as 1e16 at most, and calls are nested at most EXPRESSION_CALLS_MOST deep: with coefficients
 * of EXPRESSION_COEFFICIENT_MOST and float32 weights that stays within a double. */
#include "edit/expression.h"

#include "core/error.h"
#include "edit/linear.h"
#include "edit/node.h"

#include <math.h>

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

static double largest_anchor(const Node *ramp)
{
	double largest = 0;
	for (guint i = 0; i < ramp->anchors; i++)
		largest = fmax(largest, fabs(ramp->anchor[i]));
	return largest;
}

/* An input, or its body alone: a method may divide by the weights, however small they are. */
static double input_bound(const Node *call, guint input)
{
	return fmax(node_bound(node_child(call, input)), node_bound(method_body(call, input)));
}

/* Its inputs and the base together, times every parameter that can enlarge them. */
static double call_bound(const Node *call)
{
	const Method *method = call->method;
	double bound = method->on_weights != NULL;
	for (guint i = 0; i < call->children->len; i++)
		bound += input_bound(call, i);
	for (guint i = 0; i < method_parameters(method); i++)
		if (method->parameters[i].type == PARAMETER_NUMBER && call->argument[i].number)
			bound *= fmax(1, node_bound(call->argument[i].number));
	return bound;
}

/* No element of the edit exceeds this times the largest element of the base and its task vectors.
 */
static double node_bound(const Node *node)
{
	switch (node->kind) {
	case NODE_TASK:
		return node->member > 0;
	case NODE_NUMBER:
		return fabs(node->number);
	case NODE_RAMP:
		return largest_anchor(node);
	case NODE_SCALE:
		return node_bound(node_child(node, 0)) * node_bound(node_child(node, 1));
	case NODE_DIVIDE:
		return quotient_bound(node);
	case NODE_CALL:
		return call_bound(node);
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
