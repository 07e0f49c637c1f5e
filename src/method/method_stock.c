/* method_stock.c - Model Stock: how much of the mean is common to all, by the angles between them.
 *
 * Where every two of N changes have the cosine c, the point of the plane through base and models
 * that lies nearest to the centre is N·c / (1 + (N−1)·c) times their mean (Jang et al., 2024). */
#include "edit/method_rows.h"
#include "method/mix.h"

#include <math.h>

enum { STOCK_DIALECT, STOCK_ALONG };

static const Parameter stock_parameters[] = {
	PARAMETER_DIALECT,
	{
		.name = "along",
		.type = PARAMETER_CHOICE,
		.help = "angles of whole tensors, of each filter, or of each row",
		.choices = "tensor filter row",
	},
	{0},
};

static MethodBy stock_by(const Node *call)
{
	static const MethodBy by[] = {BY_TENSOR, BY_FILTER, BY_ROW};
	return by[call->argument[STOCK_ALONG].choice];
}

/* mergekit takes no product of norms for less than 1e-6. */
static double pair_cosine(const MethodMix *mix, guint i, guint j)
{
	double norms = mix_norm(mix, i) * mix_norm(mix, j);
	if (mix->site.parameter[STOCK_DIALECT] == DIALECT_MERGEKIT)
		norms = MAX(norms, 1e-6);
	return norms > 0 ? CLAMP(mix_inner(mix, i, j) / norms, -1, 1) : 0;
}

static double mean_cosine(const MethodMix *mix)
{
	double n = mix->site.inputs, sum = 0;
	for (guint i = 2; i <= mix->site.inputs; i++)
		for (guint j = 1; j < i; j++)
			sum += pair_cosine(mix, i, j);
	return sum / (n * (n - 1) / 2);
}

static gboolean stock_mix(const MethodMix *mix, double *factor, GError **error)
{
	if (!mix_check_norms(mix, FALSE, error))
		return FALSE;
	double n = mix->site.inputs, cosine = mean_cosine(mix);
	if (mix->site.parameter[STOCK_DIALECT] == DIALECT_PAPER)
		cosine = CLAMP(cosine, 0, 1);
	double divisor = 1 + (n - 1) * cosine;
	if (fabs(divisor) < 1e-12)
		return mix_fail(&mix->site, error, "use dialect=paper, where it becomes 0",
			"the angles between the inputs are so wide that its ratio is infinite");
	factor[0] = 0;
	for (guint i = 1; i <= mix->site.inputs; i++)
		factor[i] = cosine / divisor;
	return mix_check_factors(mix, factor, error);
}

const Method method_stock = {
	.name = "stock",
	.help = "their mean, shortened by the angles between them",
	.example = "stock(a, b, c)",
	.source = "Model Stock (Jang et al., 2024); mergekit model_stock",
	.whole = "with along=filter or row each of these",
	.least = 2,
	.most = G_MAXUINT,
	.parameters = stock_parameters,
	.by = stock_by,
	.mix = stock_mix,
	.wants_products = TRUE,
};
