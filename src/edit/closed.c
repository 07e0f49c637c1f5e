/* closed.c - edits whose coefficients follow from the Gram tables alone.
 *
 * The tree is walked from its root with the factor that each part has on every tensor.  A mix that
 * wants inner products has the coefficients of its inputs found first: ⟨xᵢ, xⱼ⟩ = cᵢᵀ G cⱼ. */
#include "edit/closed.h"

#include "core/error.h"
#include "edit/linear.h"
#include "edit/method.h"
#include "edit/node.h"

#include <math.h>
#include <string.h>

/* A walk down the tree of an edit. */
typedef struct {
	const Collection *collection;
	const Gram *gram;
	guint tensors, vectors;
	GPtrArray *noise; /* of ClosedNoise */
} Walk;

static gboolean add_node(
	Walk *walk, const Node *node, const double *factor, double *c, GError **error);

static double *new_table(const Walk *walk)
{
	return g_new0(double, (gsize)walk->tensors * walk->vectors);
}

static double *row(const Walk *walk, double *table, guint tensor)
{
	return table + (gsize)tensor * walk->vectors;
}

static void add_task(const Walk *walk, guint task, const double *factor, double *c)
{
	const Member *member = collection_member(walk->collection, task);
	if (task == 0)
		return;
	for (guint t = 0; t < walk->tensors; t++)
		if (member->match[t] == MATCH_SHARED)
			row(walk, c, t)[task] += factor[t];
}

/* The factors below a coefficient, or below a divisor. */
static double *scaled(
	const Walk *walk, const Node *coefficient, const double *factor, gboolean divide)
{
	double *below = g_new(double, walk->tensors), value = 1;
	gboolean constant = linear_constant(coefficient, &value);
	for (guint t = 0; t < walk->tensors; t++) {
		if (!constant)
			value = linear_coefficient(coefficient, t);
		below[t] = divide ? factor[t] / value : factor[t] * value;
	}
	return below;
}

static double *negated(const Walk *walk, const double *factor)
{
	double *below = g_new(double, walk->tensors);
	for (guint t = 0; t < walk->tensors; t++)
		below[t] = -factor[t];
	return below;
}

static double *narrowed(const Walk *walk, const Node *scope, const double *factor)
{
	double *below = g_new(double, walk->tensors);
	for (guint t = 0; t < walk->tensors; t++)
		below[t] = scope->chosen[t] ? factor[t] : 0;
	return below;
}

/* A call on one tensor as its method is asked about it; the arrays are the site's own. */
static MethodSite site_new(const Walk *walk, const Node *call, guint tensor, guint64 elements)
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

static void site_clear(MethodSite *site)
{
	g_free((double *)site->weight);
	g_free((double *)site->parameter);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MethodSite, site_clear)

/* The tensors on which a call is more than 0. */
static GArray *acting_tensors(const Collection *collection, const Node *call)
{
	GArray *tensors = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint t = 0; t < collection_tensors(collection); t++)
		if (collection_is_float(collection, t) && expression_acts(collection, call, t))
			g_array_append_val(tensors, t);
	return tensors;
}

/* The inputs of a call with a table each: coefficients of a mix, or factors. */
static GPtrArray *new_tables(const Walk *walk, const Node *call)
{
	GPtrArray *tables = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < call->children->len; i++)
		g_ptr_array_add(tables, new_table(walk));
	return tables;
}

/* A mix without inner products: its factors lie on the way down. */
static gboolean add_sum(
	Walk *walk, const Node *call, const double *factor, double *c, GError **error)
{
	guint inputs = call->children->len;
	g_autofree double *found = g_new0(double, inputs + 1);
	g_autofree double *below = g_new0(double, (gsize)inputs * walk->tensors);
	g_autoptr(GArray) tensors = acting_tensors(walk->collection, call);
	for (guint n = 0; n < tensors->len; n++) {
		guint t = g_array_index(tensors, guint, n);
		g_auto(MethodSite) site = site_new(walk, call, t, 0);
		MethodMix mix = {.site = site};
		if (factor[t] == 0)
			continue;
		if (!call->method->mix(&mix, found, error))
			return FALSE;
		row(walk, c, t)[0] += factor[t] * found[0];
		for (guint i = 0; i < inputs; i++)
			below[i * walk->tensors + t] = factor[t] * found[i + 1];
	}
	for (guint i = 0; i < inputs; i++)
		if (!add_node(walk, method_body(call, i), below + i * walk->tensors, c, error))
			return FALSE;
	return TRUE;
}

/* ⟨x, y⟩ from the coefficients of x and the products of y; what has no coefficient is left out, as
 * an unknown product is NaN. */
static double product_of(const Walk *walk, const double *c, const double *products)
{
	double sum = 0;
	for (guint v = 0; v < walk->vectors; v++)
		if (c[v] != 0)
			sum += c[v] * products[v];
	return sum;
}

/* Adds the inner products of θ₀ and the bodies on one tensor. */
static void add_products(const Walk *walk, const GPtrArray *bodies, guint tensor, double *products)
{
	g_autofree double *of = g_new(double, walk->vectors);
	products[0] += *gram_cell(walk->gram, tensor, 0, 0);
	for (guint i = 0; i < bodies->len; i++) {
		memset(of, 0, walk->vectors * sizeof *of);
		gram_linear(walk->gram, tensor, row(walk, bodies->pdata[i], tensor), of);
		products[gram_packed(i + 1, 0)] += of[0];
		for (guint j = 0; j <= i; j++)
			products[gram_packed(i + 1, j + 1)] +=
				product_of(walk, row(walk, bodies->pdata[j], tensor), of);
	}
}

static gboolean fail_not_finite(const Walk *walk, const Node *call, guint tensor, GError **error)
{
	const char *name = collection_tensor(walk->collection, tensor)->name;
	return fail_at(error, ERROR_INPUT,
		(Place){.tensor = name, .remedy = "leave it out with a scope"},
		"an input of %s holds values that are not finite numbers", call->method->name);
}

/* That the products of the inputs with each other are known. */
static gboolean check_products(
	const Walk *walk, const Node *call, guint tensor, const double *products, GError **error)
{
	for (guint i = 1; i <= call->children->len; i++)
		for (guint j = 1; j <= i; j++)
			if (!isfinite(products[gram_packed(i, j)]))
				return fail_not_finite(walk, call, tensor, error);
	return TRUE;
}

/* The products of a domain, tensor by tensor; *elements is how many it has. */
static gboolean sum_products(const Walk *walk, const Node *call, const GPtrArray *bodies,
	const GArray *domain, double *products, guint64 *elements, GError **error)
{
	for (guint i = 0; i < domain->len; i++) {
		guint t = g_array_index(domain, guint, i);
		add_products(walk, bodies, t, products);
		if (!check_products(walk, call, t, products, error))
			return FALSE;
		*elements += collection_tensor(walk->collection, t)->elements;
	}
	return TRUE;
}

static void add_bodies(const Walk *walk, const GPtrArray *bodies, guint tensor, double factor,
	const double *found, double *c)
{
	double *out = row(walk, c, tensor);
	out[0] += factor * found[0];
	for (guint i = 0; i < bodies->len; i++)
		for (guint v = 0; v < walk->vectors; v++)
			out[v] += factor * found[i + 1] * row(walk, bodies->pdata[i], tensor)[v];
}

/* Finds the factors of a mix over one domain and adds its value there. */
static gboolean add_domain(Walk *walk, const Node *call, const GPtrArray *bodies,
	const GArray *domain, const double *factor, double *c, GError **error)
{
	guint inputs = bodies->len;
	guint64 elements = 0;
	g_autofree double *found = g_new0(double, inputs + 1);
	g_autofree double *products = g_new0(double, gram_packed(inputs + 1, 0));
	if (!sum_products(walk, call, bodies, domain, products, &elements, error))
		return FALSE;
	g_auto(MethodSite) site = site_new(walk, call, g_array_index(domain, guint, 0), elements);
	MethodMix mix = {.site = site, .products = products};
	if (!call->method->mix(&mix, found, error))
		return FALSE;
	for (guint i = 0; i < domain->len; i++) {
		guint t = g_array_index(domain, guint, i);
		if (factor[t] != 0)
			add_bodies(walk, bodies, t, factor[t], found, c);
	}
	return TRUE;
}

static gboolean same_domain(const Collection *collection, MethodBy by, guint a, guint b)
{
	return by == BY_MODEL ||
	       (by == BY_LAYER && g_str_equal(collection->layer[a], collection->layer[b])) ||
	       a == b;
}

/* The tensors that share the first one's domain; they are taken out of `left`. */
static GArray *take_domain(const Collection *collection, MethodBy by, GArray *left)
{
	GArray *domain = g_array_new(FALSE, FALSE, sizeof(guint));
	guint kept = 0, first = g_array_index(left, guint, 0);
	for (guint i = 0; i < left->len; i++) {
		guint t = g_array_index(left, guint, i);
		if (same_domain(collection, by, first, t))
			g_array_append_val(domain, t);
		else
			g_array_index(left, guint, kept++) = t;
	}
	g_array_set_size(left, kept);
	return domain;
}

static gboolean add_mix(
	Walk *walk, const Node *call, const double *factor, double *c, GError **error)
{
	g_autoptr(GPtrArray) bodies = new_tables(walk, call);
	g_autofree double *one = g_new(double, walk->tensors);
	for (guint t = 0; t < walk->tensors; t++)
		one[t] = 1;
	for (guint i = 0; i < bodies->len; i++)
		if (!add_node(walk, method_body(call, i), one, bodies->pdata[i], error))
			return FALSE;
	g_autoptr(GArray) left = acting_tensors(walk->collection, call);
	while (left->len) {
		g_autoptr(GArray) domain = take_domain(walk->collection, method_by(call), left);
		if (!add_domain(walk, call, bodies, domain, factor, c, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean add_call(
	Walk *walk, const Node *call, const double *factor, double *c, GError **error)
{
	return call->method->wants_products ? add_mix(walk, call, factor, c, error)
					    : add_sum(walk, call, factor, c, error);
}

static gboolean add_node(
	Walk *walk, const Node *node, const double *factor, double *c, GError **error)
{
	g_autofree double *below = NULL;
	switch (node->kind) {
	case NODE_TASK:
		add_task(walk, node->member, factor, c);
		return TRUE;
	case NODE_NEGATE:
		below = negated(walk, factor);
		return add_node(walk, node_child(node, 0), below, c, error);
	case NODE_ADD:
		return add_node(walk, node_child(node, 0), factor, c, error) &&
		       add_node(walk, node_child(node, 1), factor, c, error);
	case NODE_SUBTRACT:
		below = negated(walk, factor);
		return add_node(walk, node_child(node, 0), factor, c, error) &&
		       add_node(walk, node_child(node, 1), below, c, error);
	case NODE_SCALE:
		below = scaled(walk, node_child(node, 0), factor, FALSE);
		return add_node(walk, node_child(node, 1), below, c, error);
	case NODE_DIVIDE:
		below = scaled(walk, node_child(node, 1), factor, TRUE);
		return add_node(walk, node_child(node, 0), below, c, error);
	case NODE_SCOPE:
		below = narrowed(walk, node, factor);
		return add_node(walk, node_child(node, 0), below, c, error);
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

gboolean closed_is(const Collection *collection, const Node *edit, gboolean random)
{
	if (edit->kind == NODE_CALL && !is_whole_mix(edit))
		return FALSE;
	for (guint i = 0; i < edit->children->len; i++) {
		const Node *child = node_child(edit, i);
		if (child->is_vector && !closed_is(collection, child, random))
			return FALSE;
	}
	return TRUE;
}

static void noise_free(gpointer data)
{
	ClosedNoise *noise = data;
	g_free(noise->deviation);
	g_free(noise->rest);
	g_free(noise->kept);
	g_free(noise);
}

Closed *closed_new(const Collection *collection, const Gram *gram, const Node *edit, GError **error)
{
	guint tensors = collection_tensors(collection);
	g_autoptr(Closed) closed = g_new0(Closed, 1);
	g_autofree double *one = g_new(double, tensors + 1);
	for (guint t = 0; t < tensors; t++)
		one[t] = 1;
	closed->tensors = tensors;
	closed->vectors = collection_members(collection);
	closed->noise = g_ptr_array_new_with_free_func(noise_free);
	Walk walk = {collection, gram, tensors, closed->vectors, closed->noise};
	closed->c = new_table(&walk);
	return add_node(&walk, edit, one, closed->c, error) ? g_steal_pointer(&closed) : NULL;
}

void closed_free(Closed *closed)
{
	if (!closed)
		return;
	g_free(closed->c);
	g_ptr_array_unref(closed->noise);
	g_free(closed);
}
