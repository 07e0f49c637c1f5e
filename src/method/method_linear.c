/* method_linear.c - sums, means and scales, whose factors do not depend on the weights; and one
 * that takes a scale from the sizes of the tasks. */
#include "method/mix.h"

#include "edit/linear.h"
#include "edit/method_rows.h"

#include <math.h>

static void fill(const MethodMix *mix, double *factor, double value)
{
	factor[0] = 0;
	for (guint i = 1; i <= mix->site.inputs; i++)
		factor[i] = value;
}

static gboolean sum_mix(const MethodMix *mix, double *factor, GError **error)
{
	(void)error;
	fill(mix, factor, 1);
	return TRUE;
}

const Method method_sum = {
	.name = "sum",
	.help = "the sum of task vectors",
	.example = "sum(a, b, c)",
	.least = 1,
	.most = G_MAXUINT,
	.mix = sum_mix,
};

static gboolean mean_mix(const MethodMix *mix, double *factor, GError **error)
{
	(void)error;
	fill(mix, factor, 1.0 / mix->site.inputs);
	return TRUE;
}

/* Added up before it is divided: the mean of numbers that it can be is that number. */
static void mean_apply(const MethodBlock *block, double *out)
{
	for (guint64 k = 0; k < block->n; k++) {
		double sum = block->input[0][k];
		for (guint i = 1; i < block->site.inputs; i++)
			sum += block->input[i][k];
		out[k] = sum / block->site.inputs;
	}
}

const Method method_mean = {
	.name = "mean",
	.help = "the mean of task vectors",
	.example = "mean(a, b, c)",
	.least = 1,
	.most = G_MAXUINT,
	.mix = mean_mix,
	.apply = mean_apply,
};

enum { AVERAGE_NORMALIZE };

static const Parameter average_parameters[] = {
	{
		.name = "normalize",
		.type = PARAMETER_CHOICE,
		.help = "divide by the sum of the weights",
		.choices = "no yes",
		.otherwise = {1, 1},
	},
	{0},
};

/* Of whole weights: Σ w θ / Σ w − θ₀ = Σ w x / Σ w, and Σ w θ − θ₀ = Σ w x + (Σ w − 1) θ₀. */
static gboolean average_mix(const MethodMix *mix, double *factor, GError **error)
{
	const MethodSite *site = &mix->site;
	gboolean normalize = site->parameter[AVERAGE_NORMALIZE] != 0;
	double divisor = 1, sum = 0;
	if (normalize && !mix_weight_sum(site, "give weights of a positive sum, or normalize=no",
				 &divisor, error))
		return FALSE;
	for (guint i = 0; i < site->inputs; i++) {
		factor[i + 1] = site->weight[i] / divisor;
		sum += site->weight[i];
	}
	factor[0] = normalize ? 0 : sum - 1;
	return TRUE;
}

/* Σ w θ of one element; *changed where some input changes it. */
static double weighted_sum(const MethodBlock *block, guint64 k, gboolean *changed)
{
	double sum = 0;
	*changed = FALSE;
	for (guint i = 0; i < block->site.inputs; i++) {
		sum += block->site.weight[i] * (block->base[k] + block->input[i][k]);
		*changed |= block->input[i][k] != 0;
	}
	return sum;
}

/* θ − θ₀.  Where both are infinite alike, as in a mask, nothing changes. */
static double change_of(double theta, double base)
{
	return theta == base ? 0 : theta - base;
}

/* Over whole weights, as it is defined: a value that it can be exactly is rounded once.  What all
 * models share stays, also where it is infinite. */
static void average_apply(const MethodBlock *block, double *out)
{
	gboolean normalize = block->site.parameter[AVERAGE_NORMALIZE] != 0, changed;
	double divisor = 0;
	for (guint i = 0; i < block->site.inputs; i++)
		divisor += block->site.weight[i];
	for (guint64 k = 0; k < block->n; k++) {
		double sum = weighted_sum(block, k, &changed);
		if (normalize)
			out[k] = changed ? sum / divisor - block->base[k] : 0;
		else
			out[k] = change_of(sum, block->base[k]);
	}
}

static gboolean average_on_weights(const Node *call)
{
	return call->argument[AVERAGE_NORMALIZE].choice == 0;
}

const Method method_average = {
	.name = "average",
	.help = "the weighted average of whole models",
	.example = "average(0.7*a, 0.3*b)",
	.source = "model soups; mergekit linear",
	.least = 1,
	.most = G_MAXUINT,
	.weighted = TRUE,
	.parameters = average_parameters,
	.mix = average_mix,
	.apply = average_apply,
	.on_weights = average_on_weights,
};

enum { PASSTHROUGH_SCALE };

static const Parameter passthrough_parameters[] = {
	{
		.name = "scale",
		.type = PARAMETER_NUMBER,
		.help = "what the whole weights are multiplied by",
		.least = -INFINITY,
		.most = INFINITY,
		.otherwise = {1, 1},
	},
	{0},
};

static gboolean passthrough_mix(const MethodMix *mix, double *factor, GError **error)
{
	(void)error;
	factor[1] = mix->site.parameter[PASSTHROUGH_SCALE];
	factor[0] = factor[1] - 1;
	return TRUE;
}

/* scale·θ − θ₀, which is x itself where the scale is 1. */
static void passthrough_apply(const MethodBlock *block, double *out)
{
	double scale = block->site.parameter[PASSTHROUGH_SCALE];
	for (guint64 k = 0; k < block->n; k++) {
		double base = block->base[k], x = block->input[0][k];
		out[k] = isinf(base) ? change_of(scale * (base + x), base)
				     : scale * x + (scale - 1) * base;
	}
}

/* A scale that differs by tensor is other than 1 on some. */
static gboolean passthrough_on_weights(const Node *call)
{
	const Node *scale = call->argument[PASSTHROUGH_SCALE].number;
	double value = 1;
	return scale && (!linear_constant(scale, &value) || value != 1);
}

const Method method_passthrough = {
	.name = "passthrough",
	.help = "the weights of one model, multiplied by a scale",
	.example = "passthrough(a, scale=0.9)",
	.source = "mergekit passthrough",
	.least = 1,
	.most = 1,
	.parameters = passthrough_parameters,
	.mix = passthrough_mix,
	.apply = passthrough_apply,
	.on_weights = passthrough_on_weights,
};

enum { LINES_ALPHA, LINES_BETA };

static const Parameter lines_parameters[] = {
	{
		.name = "alpha",
		.type = PARAMETER_NUMBER,
		.help = "the scale of the first layer, and outside of layers",
		.least = -INFINITY,
		.most = INFINITY,
		.otherwise = NO_DEFAULT,
	},
	{
		.name = "beta",
		.type = PARAMETER_NUMBER,
		.help = "what the last layer's scale has more; else 1 - alpha",
		.least = -INFINITY,
		.most = INFINITY,
		.optional = TRUE,
		.otherwise = NO_DEFAULT,
	},
	{0},
};

static double lines_scale(const MethodSite *site, double alpha, double beta)
{
	double rise = isnan(beta) ? 1 - alpha : beta;
	return alpha + rise * site->call->place[site->tensor];
}

static gboolean lines_mix(const MethodMix *mix, double *factor, GError **error)
{
	const double *parameter = mix->site.parameter;
	(void)error;
	factor[0] = 0;
	factor[1] = lines_scale(&mix->site, parameter[LINES_ALPHA], parameter[LINES_BETA]);
	return TRUE;
}

const Method method_lines = {
	.name = "lines",
	.help = "scaled by depth: alpha at first, alpha + beta at last",
	.example = "lines(a + b, alpha=0.4)",
	.source = "LiNeS (Wang et al., 2024)",
	.least = 1,
	.most = 1,
	.by_depth = TRUE,
	.parameters = lines_parameters,
	.mix = lines_mix,
};

enum { LINES_MULTI_BETA };

static const Parameter lines_multi_parameters[] = {
	{
		.name = "beta",
		.type = PARAMETER_NUMBER,
		.help = "what the last layer's scale has more; else 1 - alpha",
		.least = -INFINITY,
		.most = INFINITY,
		.optional = TRUE,
		.otherwise = NO_DEFAULT,
	},
	{0},
};

static MethodBy lines_multi_by(const Node *call)
{
	(void)call;
	return BY_MODEL;
}

enum { LINES_TASKS, LINES_MERGED, LINES_SUMS };

static guint lines_multi_sums(const MethodSite *site)
{
	(void)site;
	return LINES_SUMS;
}

static void lines_multi_add(const MethodBlock *block, double *sums)
{
	for (guint64 k = 0; k < block->n; k++) {
		double tasks = 0;
		for (guint i = 1; i < block->site.inputs; i++)
			tasks += block->input[i][k];
		sums[LINES_TASKS] += fabs(tasks);
		sums[LINES_MERGED] += fabs(block->input[0][k]);
	}
}

/* alpha: of T tasks, ‖Σ t‖₁ / ‖x‖₁ / T. */
static gboolean lines_multi_settle(const MethodSite *domain, const double *sums, const Cut *cuts,
	double *figures, GError **error)
{
	(void)cuts;
	if (sums[LINES_MERGED] == 0 && sums[LINES_TASKS] > 0)
		return mix_fail(domain, error, "give a merge of the tasks first, then the tasks",
			"the first is zero, and no scale makes it as large as the tasks");
	double ratio = sums[LINES_MERGED] > 0 ? sums[LINES_TASKS] / sums[LINES_MERGED] : 0;
	figures[0] = ratio / (domain->inputs - 1);
	return mix_check_sum(domain, sums[LINES_TASKS] + sums[LINES_MERGED], error);
}

static guint lines_multi_figures(const MethodSite *domain)
{
	(void)domain;
	return 1;
}

static void lines_multi_apply(const MethodBlock *block, double *out)
{
	double beta = block->site.parameter[LINES_MULTI_BETA];
	double scale = lines_scale(&block->site, block->figures[0], beta);
	for (guint64 k = 0; k < block->n; k++)
		out[k] = scale * block->input[0][k];
}

static const MethodStep lines_multi_steps[] = {
	{
		.sums = lines_multi_sums,
		.add = lines_multi_add,
		.divisible = TRUE,
		.settle = lines_multi_settle,
	},
	{0},
};

const Method method_lines_multi = {
	.name = "lines_multi",
	.help = "lines of a merge, with alpha from the tasks it is of",
	.example = "lines_multi(mean(a, b), a, b)",
	.source = "LiNeS (Wang et al., 2024)",
	.least = 2,
	.most = G_MAXUINT,
	.by_depth = TRUE,
	.parameters = lines_multi_parameters,
	.by = lines_multi_by,
	.steps = lines_multi_steps,
	.figures = lines_multi_figures,
	.apply = lines_multi_apply,
};
