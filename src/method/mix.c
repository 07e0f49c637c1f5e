/* mix.c - what the mixes share: inner products by their indices, and how they say no. */
#include "method/mix.h"

#include "analysis/gram.h"
#include "edit/node.h"

#include <math.h>

/* Where |Σw| is this small a part of Σ|w|, it is what rounding left of 0. */
#define WEIGHT_SUM_LEAST 1e-12

double mix_inner(const MethodMix *mix, guint i, guint j)
{
	return mix->products[gram_packed(i, j)];
}

double mix_norm(const MethodMix *mix, guint i)
{
	double square = mix_inner(mix, i, i);
	return square > 0 ? sqrt(square) : 0;
}

gboolean mix_weight_sum(const MethodSite *site, const char *remedy, double *sum, GError **error)
{
	double size = *sum = 0;
	for (guint i = 0; i < site->inputs; i++) {
		*sum += site->weight[i];
		size += fabs(site->weight[i]);
	}
	if (fabs(*sum) <= WEIGHT_SUM_LEAST * size)
		return mix_fail(
			site, error, remedy, "the weights sum to 0 and cannot be divided by that");
	if (*sum > 0 || method_dialect(site->call) == DIALECT_MERGEKIT)
		return TRUE;
	return mix_fail(site, error, remedy,
		"the weights sum to %g, and dividing by that would turn every sign round", *sum);
}

/* The elements of what a mix is of: of a filter, a row or a column, not of the tensor that it lies
 * in. */
static guint64 mixed_elements(const MethodSite *site)
{
	const Tensor *tensor = collection_tensor(site->collection, site->tensor);
	switch (method_by(site->call)) {
	case BY_FILTER:
		return tensor_filter(tensor);
	case BY_ROW:
		return tensor_row(tensor);
	case BY_COLUMN:
		return tensor->elements / MAX(tensor_columns(tensor), 1);
	default:
		return site->elements;
	}
}

gboolean mix_is_number(const MethodSite *site)
{
	return mixed_elements(site) == 1 && method_dialect(site->call) == DIALECT_PAPER;
}

static gboolean acts_anywhere(const Collection *collection, const Node *node)
{
	for (guint tensor = 0; tensor < collection_tensors(collection); tensor++)
		if (expression_acts(collection, node, tensor))
			return TRUE;
	return FALSE;
}

gboolean mix_check_acting(const Collection *collection, const Node *call, GError **error)
{
	for (guint i = 0; i < call->children->len; i++) {
		const Node *input = node_child(call, i);
		if (!acts_anywhere(collection, input))
			return fail_at(error, ERROR_USAGE,
				(Place){.remedy = "give another one, or of=weights for the whole "
						  "models"},
				"column %u: it is 0 on every tensor and has no direction",
				input->column);
	}
	return TRUE;
}

static const char *tensor_name(const MethodSite *site)
{
	MethodBy by = method_by(site->call);
	if (by == BY_MODEL || by == BY_LAYER)
		return NULL;
	return collection_tensor(site->collection, site->tensor)->name;
}

gboolean mix_fail(
	const MethodSite *site, GError **error, const char *remedy, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *sentence = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	Place place = {.tensor = tensor_name(site), .remedy = remedy};
	return fail_at(error, ERROR_INPUT, place, "%s: %s", site->call->method->name, sentence);
}

static gboolean fail_values(const MethodMix *mix, GError **error)
{
	return mix_fail(&mix->site, error, "look for them with `tauscope info --stats`",
		"the inputs hold values that are not finite, or too large");
}

gboolean mix_check_norms(const MethodMix *mix, gboolean of_weights, GError **error)
{
	for (guint i = of_weights ? 0 : 1; i <= mix->site.inputs; i++)
		if (!isfinite(mix_inner(mix, i, i)))
			return fail_values(mix, error);
	return TRUE;
}

gboolean mix_check_sum(const MethodSite *site, double sum, GError **error)
{
	return isfinite(sum) || mix_fail(site, error, "scale the task vectors down",
					"sums over the changes are more than a double holds");
}

gboolean mix_check_factors(const MethodMix *mix, const double *factor, GError **error)
{
	for (guint i = 0; i <= mix->site.inputs; i++)
		if (!isfinite(factor[i]))
			return fail_values(mix, error);
	return TRUE;
}
