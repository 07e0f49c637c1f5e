/* closed.c - edits whose coefficients follow from the Gram tables alone.
 *
 * The tree is walked from its root, with the factor that each part of it has on every tensor. */
#include "preview/closed_walk.h"

#include "edit/linear.h"
#include "edit/node.h"

#include <math.h>

double *walk_table(const Walk *walk)
{
	return g_new0(double, (gsize)walk->tensors * walk->vectors + 1);
}

double *walk_row(const Walk *walk, double *table, guint tensor)
{
	return table + (gsize)tensor * walk->vectors;
}

double *walk_factors(const Walk *walk, double value)
{
	double *factors = g_new(double, walk->tensors + 1);
	for (guint t = 0; t < walk->tensors; t++)
		factors[t] = value;
	return factors;
}

MethodSite walk_site(const Walk *walk, const Node *call, guint tensor, guint64 elements)
{
	guint inputs = call->children->len, parameters = method_parameters(call->method);
	double *weight = g_new(double, inputs + 1), *parameter = g_new(double, parameters + 1);
	for (guint i = 0; i < inputs; i++)
		weight[i] = method_weight(call, i, tensor);
	for (guint i = 0; i < parameters; i++)
		parameter[i] = method_value(call, i, tensor);
	return (MethodSite){.collection = walk->collection,
		.call = call,
		.tensor = tensor,
		.inputs = inputs,
		.weight = weight,
		.parameter = parameter,
		.elements = elements};
}

void walk_site_clear(MethodSite *site)
{
	g_free((double *)site->weight);
	g_free((double *)site->parameter);
}

GArray *walk_acting(const Collection *collection, const Node *call)
{
	GArray *tensors = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint t = 0; t < collection_tensors(collection); t++)
		if (collection_is_float(collection, t) && expression_acts(collection, call, t))
			g_array_append_val(tensors, t);
	return tensors;
}

static void add_task(const Walk *walk, guint task, const double *factor, double *c)
{
	const Member *member = collection_member(walk->collection, task);
	for (guint t = 0; task != 0 && t < walk->tensors; t++)
		if (member->match[t] == MATCH_SHARED)
			walk_row(walk, c, t)[task] +=
				walk->purpose == WALK_SIZES ? fabs(factor[t]) : factor[t];
}

static double *negated(const Walk *walk, const double *factor)
{
	double *below = g_new(double, walk->tensors + 1);
	for (guint t = 0; t < walk->tensors; t++)
		below[t] = -factor[t];
	return below;
}

static double *scaled(
	const Walk *walk, const Node *coefficient, const double *factor, gboolean divide)
{
	double *below = g_new(double, walk->tensors + 1), value = 1;
	gboolean constant = linear_constant(coefficient, &value);
	for (guint t = 0; t < walk->tensors; t++) {
		if (!constant)
			value = linear_coefficient(coefficient, t);
		below[t] = divide ? factor[t] / value : factor[t] * value;
	}
	return below;
}

static double *narrowed(const Walk *walk, const Node *scope, const double *factor)
{
	double *below = g_new(double, walk->tensors + 1);
	for (guint t = 0; t < walk->tensors; t++)
		below[t] = scope->chosen[t] ? factor[t] : 0;
	return below;
}

/* Each input by its weight. */
static gboolean add_inputs(
	Walk *walk, const Node *call, const double *factor, double *c, GError **error)
{
	g_autofree double *below = walk_factors(walk, 0);
	for (guint i = 0; i < call->children->len; i++) {
		for (guint t = 0; t < walk->tensors; t++)
			below[t] = factor[t] * method_weight(call, i, t);
		if (!walk_node(walk, method_body(call, i), below, c, error))
			return FALSE;
	}
	return TRUE;
}

/* The factors of a mix without inner products on one tensor, times what stands above it. */
static gboolean find_factors(const Walk *walk, const Node *call, guint tensor, double factor,
	double *found, GError **error)
{
	g_auto(MethodSite) site = walk_site(walk, call, tensor, 0);
	MethodMix mix = {.site = site};
	if (!call->method->mix(&mix, found, error))
		return FALSE;
	for (guint i = 0; i <= site.inputs; i++)
		found[i] *= factor;
	return TRUE;
}

/* A mix without inner products: the walk goes on through it. */
static gboolean add_sum(
	Walk *walk, const Node *call, const double *factor, double *c, GError **error)
{
	guint inputs = call->children->len;
	g_autofree double *found = g_new0(double, inputs + 1);
	g_autofree double *below = g_new0(double, (gsize)inputs * walk->tensors + 1);
	g_autoptr(GArray) tensors = walk_acting(walk->collection, call);
	for (guint n = 0; n < tensors->len; n++) {
		guint t = g_array_index(tensors, guint, n);
		if (factor[t] == 0)
			continue;
		if (!find_factors(walk, call, t, factor[t], found, error))
			return FALSE;
		walk_row(walk, c, t)[0] += found[0];
		for (guint i = 0; i < inputs; i++)
			below[i * walk->tensors + t] = found[i + 1];
	}
	for (guint i = 0; i < inputs; i++)
		if (!walk_node(walk, method_body(call, i), below + i * walk->tensors, c, error))
			return FALSE;
	return TRUE;
}

static gboolean add_call(
	Walk *walk, const Node *call, const double *factor, double *c, GError **error)
{
	if (walk->purpose != WALK_VALUE)
		return add_inputs(walk, call, factor, c, error);
	if (!call->method->mix)
		return walk_random(walk, call, factor, c, error);
	return call->method->wants_products ? walk_mix(walk, call, factor, c, error)
					    : add_sum(walk, call, factor, c, error);
}

gboolean walk_node(Walk *walk, const Node *node, const double *factor, double *c, GError **error)
{
	g_autofree double *below = NULL;
	switch (node->kind) {
	case NODE_TASK:
		add_task(walk, node->member, factor, c);
		return TRUE;
	case NODE_NEGATE:
		below = negated(walk, factor);
		return walk_node(walk, node_child(node, 0), below, c, error);
	case NODE_ADD:
		return walk_node(walk, node_child(node, 0), factor, c, error) &&
		       walk_node(walk, node_child(node, 1), factor, c, error);
	case NODE_SUBTRACT:
		below = negated(walk, factor);
		return walk_node(walk, node_child(node, 0), factor, c, error) &&
		       walk_node(walk, node_child(node, 1), below, c, error);
	case NODE_SCALE:
		below = scaled(walk, node_child(node, 0), factor, FALSE);
		return walk_node(walk, node_child(node, 1), below, c, error);
	case NODE_DIVIDE:
		below = scaled(walk, node_child(node, 1), factor, TRUE);
		return walk_node(walk, node_child(node, 0), below, c, error);
	case NODE_SCOPE:
		below = narrowed(walk, node, factor);
		return walk_node(walk, node_child(node, 0), below, c, error);
	case NODE_CALL:
		return add_call(walk, node, factor, c, error);
	default:
		g_assert_not_reached();
	}
}

static gboolean is_whole_mix(const Node *call)
{
	MethodBy by = method_by(call);
	return call->method->mix && (by == BY_MODEL || by == BY_LAYER || by == BY_TENSOR);
}

/* Draws stay apart only in sums. */
static gboolean call_is_closed(const Collection *collection, const Node *call, gboolean *random)
{
	if (is_whole_mix(call)) {
		*random = *random && !call->method->wants_products;
		return TRUE;
	}
	gboolean draws = *random && walk_is_random(collection, call);
	*random = FALSE;
	return draws;
}

gboolean closed_is(const Collection *collection, const Node *edit, gboolean random)
{
	if (edit->kind == NODE_CALL && !call_is_closed(collection, edit, &random))
		return FALSE;
	for (guint i = 0; i < edit->children->len; i++) {
		const Node *child = node_child(edit, i);
		if (child->is_vector && !closed_is(collection, child, random))
			return FALSE;
	}
	return TRUE;
}

static gboolean is_known_on(const Gram *gram, const GArray *members, guint tensor)
{
	for (guint i = 0; i < members->len; i++)
		for (guint j = 0; j <= i; j++)
			if (!isfinite(*gram_cell(gram, tensor, g_array_index(members, guint, i),
				    g_array_index(members, guint, j))))
				return FALSE;
	return TRUE;
}

gboolean closed_is_known(const Collection *collection, const Gram *gram, const Node *edit)
{
	g_autoptr(GArray) members = expression_members(edit);
	for (guint t = 0; t < collection_tensors(collection); t++)
		if (collection_is_float(collection, t) && !is_known_on(gram, members, t))
			return FALSE;
	return TRUE;
}

static void noise_free(gpointer data)
{
	ClosedNoise *noise = data;
	g_free(noise->deviation);
	g_free(noise->kept);
	g_free(noise->rest);
	g_free(noise);
}

static Walk walk_of(const Collection *collection, WalkPurpose purpose)
{
	return (Walk){.collection = collection,
		.purpose = purpose,
		.tensors = collection_tensors(collection),
		.vectors = collection_members(collection)};
}

Closed *closed_new(const Collection *collection, const Gram *gram, const Node *edit, GError **error)
{
	g_autoptr(Closed) closed = g_new0(Closed, 1);
	closed->noise = g_ptr_array_new_with_free_func(noise_free);
	Walk walk = walk_of(collection, WALK_VALUE);
	walk.gram = gram;
	walk.noise = closed->noise;
	closed->tensors = walk.tensors;
	closed->vectors = walk.vectors;
	closed->c = walk_table(&walk);
	g_autofree double *one = walk_factors(&walk, 1);
	return walk_node(&walk, edit, one, closed->c, error) ? g_steal_pointer(&closed) : NULL;
}

void closed_free(Closed *closed)
{
	if (!closed)
		return;
	g_free(closed->c);
	g_ptr_array_unref(closed->noise);
	g_free(closed);
}

/* Of those that drop by the same draws, who keeps more keeps all that the other does. */
double closed_correlation(const ClosedNoise *a, const ClosedNoise *b, guint tensor)
{
	if (a == b)
		return 1;
	if (a->key != b->key || !a->deviation != !b->deviation)
		return 0;
	if (a->rest)
		return 1;
	double dropped_a = 1 / a->kept[tensor] - 1, dropped_b = 1 / b->kept[tensor] - 1;
	double most = fmax(dropped_a, dropped_b);
	return most > 0 ? sqrt(fmin(dropped_a, dropped_b) / most) : 0;
}

double *closed_inputs(const Collection *collection, const Node *edit)
{
	Walk walk = walk_of(collection, WALK_INPUTS), size = walk_of(collection, WALK_SIZES);
	double *c = walk_table(&walk);
	g_autofree double *sizes = walk_table(&walk), *one = walk_factors(&walk, 1);
	walk_node(&walk, edit, one, c, NULL);
	walk_node(&size, edit, one, sizes, NULL);
	for (gsize i = 0; i < (gsize)walk.tensors * walk.vectors; i++)
		c[i] = c[i] != 0 ? c[i] : sizes[i];
	return c;
}
