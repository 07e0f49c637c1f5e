/* mix.c - what the mixes share: inner products by their indices, and how they say no. */
#include "edit/mix.h"

#include "analysis/gram.h"

#include <math.h>

double mix_product(const MethodMix *mix, guint i, guint j)
{
	return mix->products[gram_packed(i, j)];
}

double mix_norm(const MethodMix *mix, guint i)
{
	double square = mix_product(mix, i, i);
	return square > 0 ? sqrt(square) : 0;
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

gboolean mix_finite(const MethodMix *mix, const double *factor, GError **error)
{
	for (guint i = 0; i <= mix->site.inputs; i++)
		if (!isfinite(factor[i]))
			return mix_fail(&mix->site, error,
				"look for values that are not finite, or too large, with `tauscope "
				"info --stats`",
				"a factor is no finite number");
	return TRUE;
}
