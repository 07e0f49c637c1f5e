/* method_sce.c - SCE: select the elements in which task vectors differ most, calculate a weight for
 * each from its energy there, erase what is against the sign of the sum. */
#include "core/variants.h"
#include "edit/method_rows.h"
#include "method/block.h"
#include "method/elements.h"
#include "method/mix.h"

#include <string.h>

/* In mergekit's dialect: a sum of energies up to this means equal weights, and no sum of weights is
 * less as a divisor. */
#define MERGEKIT_LEAST 1e-6

enum { SCE_DIALECT, SCE_TOPK };

static const Parameter sce_parameters[] = {
	PARAMETER_DIALECT,
	{
		.name = "topk",
		.type = PARAMETER_NUMBER,
		.help = "the part of the elements of each tensor to be selected",
		.least = 0,
		.most = 1,
		.otherwise = {1, 1},
	},
	{0},
};

/* Figures: how many elements are selected, then the weight of each input. */
enum { SELECTED, WEIGHTS };

static gboolean is_mergekit(const MethodSite *site)
{
	return site->parameter[SCE_DIALECT] == DIALECT_MERGEKIT;
}

static gboolean selects(const MethodSite *site)
{
	return site->parameter[SCE_TOPK] < 1;
}

/* Elements that are looked at together: loops over them have no branches. */
#define RUN 512u

CPU_VARIANTS static void first_means(
	const double *input, gboolean mergekit, guint64 n, double *mean)
{
	for (guint64 i = 0; i < n; i++)
		mean[i] = mergekit ? (float)input[i] : input[i];
}

/* One more input joins the means and the squares about them (Welford), as number `count`. */
CPU_VARIANTS static void join(const double *input, gboolean mergekit, guint count, guint64 n,
	double *mean, double *squares)
{
	for (guint64 i = 0; i < n; i++) {
		double x = mergekit ? (float)input[i] : input[i];
		double off = x - mean[i];
		mean[i] += off / count;
		squares[i] += off * (x - mean[i]);
	}
}

/* Squares become variances, which can be ranked. */
CPU_VARIANTS static void finish(gboolean mergekit, guint inputs, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++) {
		double variance = out[i] / inputs;
		out[i] = rankable(mergekit ? (float)variance : variance);
	}
}

/* Of elements from `first` on, at most a run, across the inputs, of the population; exactly 0 where
 * all are equal. */
static void variances(const MethodBlock *block, guint64 first, guint64 n, double *out)
{
	gboolean mergekit = is_mergekit(&block->site);
	guint inputs = block->site.inputs;
	double mean[RUN];
	first_means(block->input[0] + first, mergekit, n, mean);
	memset(out, 0, n * sizeof *out);
	for (guint j = 1; j < inputs; j++)
		join(block->input[j] + first, mergekit, j + 1, n, mean, out);
	finish(mergekit, inputs, n, out);
}

/* selected[n]: whether each of a run is. */
static void find_selected(const MethodBlock *block, guint64 first, guint64 n, gboolean *selected)
{
	gboolean all = !selects(&block->site);
	double variance[RUN];
	if (!all)
		variances(block, first, n, variance);
	for (guint64 i = 0; i < n; i++)
		selected[i] = all || cut_above(&block->cuts[0], variance[i],
					     method_place(block, first + i));
}

static guint count_sums(const MethodSite *site)
{
	return is_mergekit(site) && selects(site) ? 1 : 0;
}

/* mergekit selects a part of the elements in which the inputs differ at all. */
static void count_add(const MethodBlock *block, double *sums)
{
	double variance[RUN];
	if (count_sums(&block->site) == 0)
		return;
	for (guint64 first = 0, n; first < block->n; first += n) {
		n = MIN(RUN, block->n - first);
		variances(block, first, n, variance);
		for (guint64 i = 0; i < n; i++)
			sums[0] += variance[i] > 0;
	}
}

static double half_up(double topk, double n)
{
	return topk > 0 ? CLAMP(floor(topk * n + 0.5), 1, n) : 0;
}

static gboolean count_settle(const MethodSite *domain, const double *sums, const Cut *cuts,
	double *figures, GError **error)
{
	double topk = domain->parameter[SCE_TOPK];
	(void)cuts;
	(void)error;
	figures[SELECTED] = count_sums(domain) ? floor(sums[0] * topk)
					       : half_up(topk, (double)domain->elements);
	return TRUE;
}

static guint select_cuts(const MethodSite *site)
{
	return selects(site) ? 1 : 0;
}

static void select_keys(const MethodBlock *block, guint cut, double *keys)
{
	(void)cut;
	for (guint64 first = 0; first < block->n; first += RUN)
		variances(block, first, MIN(RUN, block->n - first), keys + first);
}

static guint64 select_above(const MethodSite *domain, const double *figures, guint cut)
{
	(void)domain;
	(void)cut;
	return (guint64)figures[SELECTED];
}

static guint inputs_of(const MethodSite *site)
{
	return site->inputs;
}

static void add_energy(const double *values, const gboolean *selected, guint64 n, double *sum)
{
	for (guint64 i = 0; i < n; i++)
		*sum += selected[i] * values[i] * values[i];
}

static void energy_add(const MethodBlock *block, double *sums)
{
	gboolean selected[RUN];
	for (guint64 first = 0, n; first < block->n; first += n) {
		n = MIN(RUN, block->n - first);
		find_selected(block, first, n, selected);
		for (guint j = 0; j < block->site.inputs; j++)
			add_energy(block->input[j] + first, selected, n, &sums[j]);
	}
}

/* Where all energies are 0 nothing is left to be weighted. */
static gboolean energy_settle(const MethodSite *domain, const double *sums, const Cut *cuts,
	double *figures, GError **error)
{
	double total = 0;
	(void)cuts;
	for (guint j = 0; j < domain->inputs; j++)
		total += sums[j];
	if (!mix_check_sum(domain, total, error))
		return FALSE;
	gboolean equal = is_mergekit(domain) ? total / (double)domain->elements < MERGEKIT_LEAST
					     : total == 0;
	for (guint j = 0; j < domain->inputs; j++)
		figures[WEIGHTS + j] = equal ? 1.0 / domain->inputs : sums[j] / total;
	return TRUE;
}

static const MethodStep sce_steps[] = {
	{.sums = count_sums, .add = count_add, .divisible = TRUE, .settle = count_settle},
	{.cuts = select_cuts, .keys = select_keys, .above = select_above},
	{.sums = inputs_of, .add = energy_add, .divisible = TRUE, .settle = energy_settle},
	{0},
};

static guint sce_figures(const MethodSite *domain)
{
	return WEIGHTS + domain->inputs;
}

CPU_VARIANTS static void add_float(const double *input, guint64 n, double *sum)
{
	for (guint64 i = 0; i < n; i++)
		sum[i] = (float)sum[i] + (float)input[i];
}

CPU_VARIANTS static void to_signs(double *sum, guint64 n)
{
	for (guint64 i = 0; i < n; i++)
		sum[i] = sum[i] >= 0 ? 1 : -1;
}

/* sign[n]: that of the sum, + where that is 0.  mergekit sums in float. */
static void elect_signs(const MethodBlock *block, guint64 first, guint64 n, double *sign)
{
	gboolean mergekit = is_mergekit(&block->site);
	memset(sign, 0, n * sizeof *sign);
	for (guint j = 0; j < block->site.inputs; j++) {
		const double *input = block->input[j] + first;
		if (mergekit)
			add_float(input, n, sign);
		else
			elements_add(sign, sign, input, n);
	}
	to_signs(sign, n);
}

/* One input joins the sums of those elements in which it has the sign. */
CPU_VARIANTS static void add_agreeing(const double *input, double weight, const double *sign,
	guint64 n, double *value, double *divisor)
{
	for (guint64 i = 0; i < n; i++) {
		double part = (input[i] * sign[i] > 0) * weight;
		value[i] += part * input[i];
		divisor[i] += part;
	}
}

CPU_VARIANTS static void divide(const double *divisor, double least, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++) {
		double by = divisor[i] > least ? divisor[i] : least;
		out[i] = by > 0 ? out[i] / by : 0;
	}
}

static void fuse(const MethodBlock *block, guint64 first, guint64 n, double *out)
{
	const double *weight = block->figures + WEIGHTS;
	double sign[RUN], divisor[RUN] = {0};
	double least = is_mergekit(&block->site) ? MERGEKIT_LEAST : 0;
	elect_signs(block, first, n, sign);
	memset(out, 0, n * sizeof *out);
	for (guint j = 0; j < block->site.inputs; j++)
		add_agreeing(block->input[j] + first, weight[j], sign, n, out, divisor);
	divide(divisor, least, n, out);
}

static void sce_apply(const MethodBlock *block, double *out)
{
	gboolean selected[RUN];
	for (guint64 first = 0, n; first < block->n; first += n) {
		n = MIN(RUN, block->n - first);
		find_selected(block, first, n, selected);
		fuse(block, first, n, out + first);
		for (guint64 i = 0; i < n; i++)
			out[first + i] *= selected[i];
	}
}

const Method method_sce = {
	.name = "sce",
	.help = "select by variance, weigh by energy, erase by sign",
	.example = "sce(a, b, c, topk=0.2)",
	.source = "FuseChat (Wan et al., 2024)",
	.least = 1,
	.most = G_MAXUINT,
	.parameters = sce_parameters,
	.steps = sce_steps,
	.figures = sce_figures,
	.apply = sce_apply,
};
