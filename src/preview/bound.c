/* bound.c - how long an edit can be, where no sample can say how long it is.
 *
 * From the norms of what is known exactly, up the tree: of a sum no more than the sum of them, of a
 * method as much as it can make of its inputs whatever their elements are. */
#include "preview/bound.h"

#include "preview/closed_walk.h"
#include "edit/linear.h"
#include "edit/method_rows.h"
#include "edit/node.h"

#include <math.h>
#include <string.h>

typedef struct {
	const PreviewSample *sample;
	const Collection *collection;
	const Gram *gram;
	guint tensors;
} Bounding;

gboolean bound_sees_rows(const Node *call)
{
	MethodBy by = method_by(call);
	return by == BY_FILTER || by == BY_ROW || by == BY_COLUMN || call->method->unit;
}

/* A call that shares its figures among tensors carries what it does not know to all of them. */
static void spread(const Bounding *bounding, const Node *call, guint8 *unknown)
{
	MethodBy by = method_by(call);
	gboolean any = FALSE;
	for (guint t = 0; t < bounding->tensors; t++) {
		if (bound_sees_rows(call) && !preview_sample_has_all(bounding->sample, t))
			unknown[t] = TRUE;
		any |= unknown[t] && expression_acts(bounding->collection, call, t);
	}
	for (guint t = 0; any && t < bounding->tensors; t++)
		unknown[t] |= by == BY_MODEL || by == BY_LAYER;
}

/* The float tensors on which a sample cannot tell a node's value: [tensors]. */
static guint8 *unknown_of(const Bounding *bounding, const Node *node)
{
	guint8 *unknown = g_new0(guint8, bounding->tensors + 1);
	for (guint i = 0; i < node->children->len; i++) {
		const Node *child = node_child(node, i);
		g_autofree guint8 *below = child->is_vector ? unknown_of(bounding, child) : NULL;
		for (guint t = 0; below && t < bounding->tensors; t++)
			unknown[t] |= below[t];
	}
	if (node->kind == NODE_CALL)
		spread(bounding, node, unknown);
	for (guint t = 0; t < bounding->tensors; t++)
		unknown[t] = unknown[t] && collection_is_float(bounding->collection, t) &&
			     expression_acts(bounding->collection, node, t);
	return unknown;
}

static double *norms_new(const Bounding *bounding, double value)
{
	double *norms = g_new(double, bounding->tensors + 1);
	for (guint t = 0; t < bounding->tensors; t++)
		norms[t] = value;
	return norms;
}

/* What the Gram tables say; NULL where they do not. */
static double *exact_norms(const Bounding *bounding, const Node *node)
{
	g_autoptr(Closed) closed = NULL;
	if (closed_is(bounding->collection, node, FALSE))
		closed = closed_new(bounding->collection, bounding->gram, node, NULL);
	if (!closed)
		return NULL;
	double *norms = norms_new(bounding, INFINITY);
	g_autofree double *products = g_new0(double, closed->vectors + 1);
	for (guint t = 0; t < bounding->tensors; t++) {
		double square = gram_linear(
			bounding->gram, t, closed->c + (gsize)t * closed->vectors, products);
		if (isfinite(square))
			norms[t] = sqrt(fmax(square, 0));
	}
	return norms;
}

static double times(double factor, double norm)
{
	return factor == 0 ? 0 : fabs(factor) * norm;
}

/* A call on one tensor, with the norms of its inputs' bodies. */
typedef struct {
	const Node *call;
	guint tensor, inputs;
	double *norm; /* [inputs] */
} Bounded;

/* A parameter of the call, by its name; NaN where the method has none. */
static double value_of(const Bounded *of, const char *name)
{
	gint parameter = method_parameter(of->call->method, name);
	return parameter < 0 ? NAN : method_value(of->call, (guint)parameter, of->tensor);
}

static double sum_of(const Bounded *of)
{
	double sum = 0;
	for (guint i = 0; i < of->inputs; i++)
		sum += times(method_weight(of->call, i, of->tensor), of->norm[i]);
	return sum;
}

static double root_of_squares(const Bounded *of)
{
	double square = 0;
	for (guint i = 0; i < of->inputs; i++)
		square += of->norm[i] * of->norm[i];
	return sqrt(square);
}

/* Every row is shortened from the mean; mergekit lengthens it where angles are wide. */
static double stock_most(const Bounded *of)
{
	return method_dialect(of->call) == DIALECT_PAPER ? sum_of(of) / of->inputs : INFINITY;
}

static gboolean has_one_sign(const Bounded *of)
{
	gboolean above = FALSE, below = FALSE;
	for (guint i = 0; i < of->inputs; i++) {
		above |= method_weight(of->call, i, of->tensor) > 0;
		below |= method_weight(of->call, i, of->tensor) < 0;
	}
	return !above || !below;
}

/* An element is a sum of the inputs', some dropped, by their weights; or with `normalize` no larger
 * than the largest of them. */
static double elected_most(const Bounded *of)
{
	if (value_of(of, "normalize") != 1)
		return sum_of(of);
	return method_dialect(of->call) == DIALECT_PAPER || has_one_sign(of) ? root_of_squares(of)
									     : INFINITY;
}

/* What is kept is divided by the probability of that: density − epsilon at the least. */
static double ranked_most(const Bounded *of)
{
	double density = value_of(of, "density"), least = density - value_of(of, "epsilon");
	gint mask = method_parameter(of->call->method, "mask");
	gboolean divided = density < 1 && value_of(of, "rescale") != 0;
	gboolean by_ratio =
		of->call->argument[mask].text && method_dialect(of->call) == DIALECT_MERGEKIT;
	if (divided && (by_ratio || least <= 0))
		return INFINITY;
	return elected_most(of) / (divided ? least : 1);
}

static const struct {
	const Method *method;
	double (*most)(const Bounded *of);
} bounded[] = {
	{&method_stock, stock_most},
	{&method_arcee_fusion, sum_of},
	{&method_nearswap, sum_of},
	{&method_magmax, root_of_squares},
	{&method_trim, elected_most},
	{&method_ties, elected_most},
	{&method_breadcrumbs, elected_most},
	{&method_breadcrumbs_ties, elected_most},
	{&method_della, ranked_most},
	{&method_della_linear, ranked_most},
};

/* Σ |factor|·norm of a mix that has its factors from nothing but its parameters. */
static double mixed_most(const Bounding *bounding, const Bounded *of)
{
	Walk walk = {.collection = bounding->collection};
	g_auto(MethodSite) site = walk_site(&walk, of->call, of->tensor, 0);
	MethodMix mix = {.site = site};
	g_autofree double *factor = g_new0(double, of->inputs + 1);
	if (!of->call->method->mix(&mix, factor, NULL))
		return INFINITY;
	double sum = times(factor[0], sqrt(*gram_cell(bounding->gram, of->tensor, 0, 0)));
	for (guint i = 0; i < of->inputs; i++)
		sum += times(factor[i + 1], of->norm[i]);
	return isnan(sum) ? INFINITY : sum;
}

static double call_most(const Bounding *bounding, const Bounded *of)
{
	const Method *method = of->call->method;
	if (method->mix && !method->wants_products)
		return mixed_most(bounding, of);
	for (gsize i = 0; i < G_N_ELEMENTS(bounded); i++)
		if (bounded[i].method == method)
			return bounded[i].most(of);
	return INFINITY;
}

static double *most_of(const Bounding *bounding, const Node *node);

static double *call_norms(const Bounding *bounding, const Node *call)
{
	double *norms = norms_new(bounding, 0);
	guint inputs = call->children->len;
	g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func(g_free);
	g_autofree double *norm = g_new0(double, inputs + 1);
	for (guint i = 0; i < inputs; i++)
		g_ptr_array_add(bodies, most_of(bounding, method_body(call, i)));
	for (guint t = 0; t < bounding->tensors; t++) {
		Bounded of = {call, t, inputs, norm};
		for (guint i = 0; i < inputs; i++)
			norm[i] = ((double *)bodies->pdata[i])[t];
		if (expression_acts(bounding->collection, call, t))
			norms[t] = call_most(bounding, &of);
	}
	return norms;
}

/* What a node that is no call makes of one of its children on a tensor. */
static double factor_of(const Node *node, const Node *child, guint tensor)
{
	switch (node->kind) {
	case NODE_SCALE:
		return linear_coefficient(node_child(node, 0), tensor);
	case NODE_DIVIDE:
		return 1 / linear_coefficient(node_child(node, 1), tensor);
	case NODE_SCOPE:
		return node->chosen[tensor] ? 1 : 0;
	default:
		return child->is_vector ? 1 : 0;
	}
}

static double *sum_norms(const Bounding *bounding, const Node *node)
{
	double *norms = norms_new(bounding, 0);
	for (guint i = 0; i < node->children->len; i++) {
		const Node *child = node_child(node, i);
		if (!child->is_vector)
			continue;
		g_autofree double *below = most_of(bounding, child);
		for (guint t = 0; t < bounding->tensors; t++)
			norms[t] += times(factor_of(node, child, t), below[t]);
	}
	return norms;
}

/* No less than ‖node‖ on each tensor. */
static double *most_of(const Bounding *bounding, const Node *node)
{
	double *exact = exact_norms(bounding, node);
	if (exact)
		return exact;
	return node->kind == NODE_CALL ? call_norms(bounding, node) : sum_norms(bounding, node);
}

double *bound_norms(const PreviewSample *sample, const Gram *gram, const Node *edit)
{
	const Collection *collection = preview_sample_collection(sample);
	Bounding bounding = {sample, collection, gram, collection_tensors(collection)};
	g_autofree guint8 *unknown = unknown_of(&bounding, edit);
	if (!memchr(unknown, TRUE, bounding.tensors))
		return NULL;
	double *norms = most_of(&bounding, edit);
	for (guint t = 0; t < bounding.tensors; t++)
		norms[t] = unknown[t] ? norms[t] : NAN;
	return norms;
}
