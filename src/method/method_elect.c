/* method_elect.c - sparse task vectors, combined: TIES, DARE, Breadcrumbs, DELLA and their kin.
 *
 * The rows of the table; the work that they share is in sparse_merge.c. */
#include "method/draw.h"
#include "method/mask.h"
#include "edit/method_rows.h"
#include "method/sparse_merge.h"
#include "method/sparsify.h"

#include "core/error.h"

#include <math.h>

/* What rounding may add to a sum of two parameters. */
#define ROUNDING 1e-12

static const char *mask_text(const Node *call)
{
	gint mask = method_parameter(call->method, "mask");
	return mask < 0 ? NULL : call->argument[mask].text;
}

static gpointer elect_open(const Collection *collection, const Node *call, GError **error)
{
	const char *text = mask_text(call);
	return text ? masks_open(collection, call, text, error) : NULL;
}

static void elect_close(gpointer context)
{
	masks_free(context);
}

static double parameter_on(const Node *call, const char *name, guint tensor)
{
	return method_value(call, (guint)method_parameter(call->method, name), tensor);
}

static gboolean has_weight(const Node *call, guint tensor)
{
	for (guint i = 0; i < call->children->len; i++)
		if (method_weight(call, i, tensor) != 0)
			return TRUE;
	return FALSE;
}

static gboolean check_weights(const Collection *collection, const Node *call, GError **error)
{
	Place place = {.remedy = "give an input another weight, or normalize=no"};
	if (parameter_on(call, "normalize", 0) == 0 || method_dialect(call) == DIALECT_MERGEKIT)
		return TRUE;
	for (guint i = 0; i < collection_tensors(collection); i++)
		if (has_weight(call, i))
			return TRUE;
	return fail_at(error, ERROR_USAGE, place,
		"all weights of %s are 0 and cannot be divided by their sum", call->method->name);
}

/* Every element is kept with a probability above 0, and of at most 1. */
static gboolean check_epsilon(const Node *call, guint tensor, GError **error)
{
	double density = parameter_on(call, "density", tensor);
	double epsilon = parameter_on(call, "epsilon", tensor);
	g_autofree char *remedy = g_strdup_printf("give an epsilon %s %g",
		density <= 0.5 ? "below" : "of at most", MIN(density, 1 - density));
	Place place = {.remedy = remedy};
	if (density >= 1 || (epsilon < density && density + epsilon <= 1 + ROUNDING))
		return TRUE;
	return fail_at(error, ERROR_USAGE, place,
		"with density=%g and epsilon=%g %s would keep elements with probabilities from "
		"%g to %g",
		density, epsilon, call->method->name, density - epsilon, density + epsilon);
}

static gboolean check_ranked(const Collection *collection, const Node *call, GError **error)
{
	for (guint i = 0; i < collection_tensors(collection); i++)
		if (collection_is_float(collection, i) && !check_epsilon(call, i, error))
			return FALSE;
	return check_weights(collection, call, error);
}

/* What is read beside the inputs is looked for when the edit is prepared, or written down. */
static gboolean check_mask(const Node *call, GError **error)
{
	const char *text = mask_text(call);
	g_autofree char *path = text ? mask_path(text) : NULL;
	return !path || *path ||
	       fail_at(error, ERROR_USAGE,
		       (Place){.remedy = "give mask=\"FILE\" or \"FILE::SUFFIX\""},
		       "column %u: the mask \"%s\" names no file", call->column, text);
}

static gboolean check_drawn(const Collection *collection, const Node *call, GError **error)
{
	return check_mask(call, error) && check_weights(collection, call, error);
}

static gboolean check_drawn_by_rank(const Collection *collection, const Node *call, GError **error)
{
	return check_mask(call, error) && check_ranked(collection, call, error);
}

/* Whether two inputs have the same draws, and do not vary independently. */
static gboolean shares_draws(const MethodSite *site)
{
	for (guint i = 0; i < site->inputs; i++)
		for (guint j = 0; j < i; j++)
			if (draw_key(site, i, 0) == draw_key(site, j, 0))
				return TRUE;
	return FALSE;
}

static double weight_divisor(const MethodSite *site)
{
	double sum = 0;
	for (guint i = 0; i < site->inputs; i++)
		sum += fabs(site->weight[i]);
	return sparsify_value(site, "normalize") != 0 && sum > 0 ? sum : 1;
}

/* Of x·m/(1 − p), where m is 1 with probability 1 − p: mean x, variance x²p/(1 − p). */
static gboolean dare_expect(const MethodMix *mix, double *factor, double *square, double *constant)
{
	const MethodSite *site = &mix->site;
	double p = sparsify_value(site, "p"), divisor = weight_divisor(site);
	gboolean rescales = sparsify_value(site, "rescale") != 0;
	if (sparsify_is_mergekit(site) || mask_text(site->call) || shares_draws(site))
		return FALSE;
	*constant = factor[0] = square[0] = 0;
	for (guint i = 0; i < site->inputs; i++) {
		double weight = site->weight[i] / divisor;
		factor[i + 1] = rescales ? weight : weight * (1 - p);
		square[i + 1] = weight * weight * p * (rescales ? 1 / (1 - p) : 1 - p);
	}
	return TRUE;
}

/* Parameters that several methods have. */
#define OTHERWISE(paper, mergekit)                                                                 \
	.otherwise[DIALECT_PAPER] = (paper), .otherwise[DIALECT_MERGEKIT] = (mergekit)
#define PARAMETER_DENSITY(paper, mergekit)                                                         \
	{                                                                                          \
		.name = "density", .type = PARAMETER_NUMBER, .help = "the share that is kept",     \
		.most = 1, OTHERWISE(paper, mergekit)                                              \
	}
#define PARAMETER_DRAWN_DENSITY                                                                    \
	{                                                                                          \
		.name = "density", .type = PARAMETER_NUMBER,                                       \
		.help = "the share that is kept on average", .most = 1, .open_least = TRUE,        \
		OTHERWISE(NAN, NAN)                                                                \
	}
#define PARAMETER_P                                                                                \
	{                                                                                          \
		.name = "p", .type = PARAMETER_NUMBER, .help = "the share that is dropped",        \
		.most = 1, .open_most = TRUE, OTHERWISE(NAN, NAN)                                  \
	}
#define PARAMETER_GAMMA                                                                            \
	{                                                                                          \
		.name = "gamma", .type = PARAMETER_NUMBER,                                         \
		.help = "the share of the largest, which is dropped", .most = 1,                   \
		OTHERWISE(0.01, 0.01)                                                              \
	}
#define PARAMETER_EPSILON                                                                          \
	{                                                                                          \
		.name = "epsilon", .type = PARAMETER_NUMBER,                                       \
		.help = "how far probabilities go below and above density", .most = 0.5,           \
		OTHERWISE(0.15, 0.15)                                                              \
	}
#define PARAMETER_BY                                                                               \
	{                                                                                          \
		.name = "by", .type = PARAMETER_CHOICE, .help = "what the threshold is about",     \
		.choices = "model tensor", OTHERWISE(0, 1)                                         \
	}
#define PARAMETER_NORMALIZE(paper, mergekit)                                                       \
	{                                                                                          \
		.name = "normalize", .type = PARAMETER_CHOICE,                                     \
		.help = "divide by the sum of the weights", .choices = "no yes",                   \
		OTHERWISE(paper, mergekit)                                                         \
	}
#define PARAMETER_RESCALE                                                                          \
	{                                                                                          \
		.name = "rescale", .type = PARAMETER_CHOICE,                                       \
		.help = "make up for what is dropped", .choices = "no yes", OTHERWISE(1, 1)        \
	}
#define PARAMETER_MASK                                                                             \
	{                                                                                          \
		.name = "mask", .type = PARAMETER_TEXT, .optional = TRUE,                          \
		.help = "a checkpoint of masks, instead of drawing", OTHERWISE(NAN, NAN)           \
	}

/* What the rows have in common, and those that draw. */
#define MERGES                                                                                     \
	.least = 1, .most = G_MAXUINT, .weighted = TRUE, .by = sparse_merge_by,                    \
	.steps = sparse_merge_steps, .figures = sparse_merge_figures, .room = sparse_merge_room,   \
	.apply = sparse_merge_apply
#define DRAWS .open = elect_open, .close = elect_close

static const Parameter trim_parameters[] = {
	PARAMETER_DIALECT,
	PARAMETER_DENSITY(0.2, 1),
	PARAMETER_BY,
	PARAMETER_NORMALIZE(0, 0),
	{0},
};

const Method method_trim = {
	.name = "trim",
	.help = "the largest elements of each, 0 elsewhere; summed",
	.example = "trim(a, density=0.2)",
	.source = "TIES-Merging (Yadav et al., 2023)",
	.parameters = trim_parameters,
	MERGES,
	.check = check_weights,
};

static const Parameter ties_parameters[] = {
	PARAMETER_DIALECT,
	PARAMETER_DENSITY(0.2, 1),
	PARAMETER_BY,
	PARAMETER_NORMALIZE(1, 1),
	{0},
};

const Method method_ties = {
	.name = "ties",
	.help = "trimmed, then the mean of those with the elected sign",
	.example = "ties(0.5*a, 0.5*b, density=0.2)",
	.source = "TIES-Merging (Yadav et al., 2023); mergekit ties",
	.parameters = ties_parameters,
	MERGES,
	.check = check_weights,
};

static const Parameter dare_parameters[] = {
	PARAMETER_DIALECT,
	PARAMETER_P,
	PARAMETER_RESCALE,
	PARAMETER_NORMALIZE(0, 0),
	PARAMETER_SEED,
	PARAMETER_MASK,
	{0},
};

const Method method_dare = {
	.name = "dare",
	.help = "elements dropped at random, the others rescaled; summed",
	.example = "dare(a, p=0.9, seed=1)",
	.source = "DARE (Yu et al., 2023); mergekit dare_linear",
	.parameters = dare_parameters,
	MERGES,
	.expect = dare_expect,
	.check = check_drawn,
	DRAWS,
};

static const Parameter dare_ties_parameters[] = {
	PARAMETER_DIALECT,
	PARAMETER_P,
	PARAMETER_RESCALE,
	PARAMETER_NORMALIZE(1, 0),
	PARAMETER_SEED,
	PARAMETER_MASK,
	{0},
};

const Method method_dare_ties = {
	.name = "dare_ties",
	.help = "dare, then those with the elected sign",
	.example = "dare_ties(0.5*a, 0.5*b, p=0.9)",
	.source = "DARE (Yu et al., 2023); mergekit dare_ties",
	.parameters = dare_ties_parameters,
	MERGES,
	.check = check_drawn,
	DRAWS,
};

static const Parameter breadcrumbs_parameters[] = {
	PARAMETER_DIALECT,
	PARAMETER_DENSITY(0.85, 1),
	PARAMETER_GAMMA,
	PARAMETER_NORMALIZE(0, 0),
	{0},
};

const Method method_breadcrumbs = {
	.name = "breadcrumbs",
	.help = "without outliers and small elements; summed",
	.example = "breadcrumbs(a, density=0.85, gamma=0.01)",
	.source = "Model Breadcrumbs (Davari and Belilovsky, 2023)",
	.parameters = breadcrumbs_parameters,
	MERGES,
	.check = check_weights,
};

static const Parameter breadcrumbs_ties_parameters[] = {
	PARAMETER_DIALECT,
	PARAMETER_DENSITY(0.85, 1),
	PARAMETER_GAMMA,
	PARAMETER_NORMALIZE(1, 0),
	{0},
};

const Method method_breadcrumbs_ties = {
	.name = "breadcrumbs_ties",
	.help = "breadcrumbs, then those with the elected sign",
	.example = "breadcrumbs_ties(0.5*a, 0.5*b)",
	.source = "mergekit breadcrumbs_ties",
	.parameters = breadcrumbs_ties_parameters,
	MERGES,
	.check = check_weights,
};

static const Parameter della_parameters[] = {
	PARAMETER_DIALECT,
	PARAMETER_DRAWN_DENSITY,
	PARAMETER_EPSILON,
	PARAMETER_RESCALE,
	PARAMETER_NORMALIZE(1, 1),
	PARAMETER_SEED,
	PARAMETER_MASK,
	{0},
};

const Method method_della = {
	.name = "della",
	.help = "small elements dropped more often; the elected sign",
	.example = "della(0.5*a, 0.5*b, density=0.3, epsilon=0.1)",
	.source = "DELLA-Merging (Deep et al., 2024); mergekit della",
	.whole = "each index of the first axis",
	.parameters = della_parameters,
	.unit = sparse_merge_unit,
	MERGES,
	.check = check_drawn_by_rank,
	DRAWS,
};

static const Parameter della_linear_parameters[] = {
	PARAMETER_DIALECT,
	PARAMETER_DRAWN_DENSITY,
	PARAMETER_EPSILON,
	PARAMETER_RESCALE,
	PARAMETER_NORMALIZE(0, 0),
	PARAMETER_SEED,
	PARAMETER_MASK,
	{0},
};

const Method method_della_linear = {
	.name = "della_linear",
	.help = "small elements dropped more often; summed",
	.example = "della_linear(a, density=0.3, epsilon=0.1)",
	.source = "DELLA-Merging (Deep et al., 2024); mergekit della_linear",
	.whole = "each index of the first axis",
	.parameters = della_linear_parameters,
	.unit = sparse_merge_unit,
	MERGES,
	.check = check_drawn_by_rank,
	DRAWS,
};
