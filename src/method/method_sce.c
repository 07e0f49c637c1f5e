/* method_sce.c - SCE: select the elements in which task vectors differ most, calculate a weight for
 * each from its energy there, erase what is against the sign of the sum. */
#include "method/block.h"
#include "edit/method_rows.h"
#include "method/mix.h"

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

/* Of an element across the inputs, of the population; exactly 0 where all are equal (Welford). */
static double variance(const MethodBlock *block, guint64 i)
{
	gboolean mergekit = is_mergekit(&block->site);
	double mean = 0, squares = 0;
	for (guint j = 0; j < block->site.inputs; j++) {
		double x = block->input[j][i];
		if (mergekit)
			x = (float)x;
		double off = x - mean;
		mean += off / (j + 1);
		squares += off * (x - mean);
	}
	squares /= block->site.inputs;
	return rankable(mergekit ? (float)squares : squares);
}

static gboolean is_selected(const MethodBlock *block, guint64 i)
{
	return !selects(&block->site) ||
	       cut_above(&block->cuts[0], variance(block, i), method_place(block, i));
}

static guint count_sums(const MethodSite *site)
{
	return is_mergekit(site) && selects(site) ? 1 : 0;
}

/* mergekit selects a part of the elements in which the inputs differ at all. */
static void count_add(const MethodBlock *block, double *sums)
{
	if (count_sums(&block->site) == 0)
		return;
	for (guint64 i = 0; i < block->n; i++)
		sums[0] += variance(block, i) > 0;
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
	for (guint64 i = 0; i < block->n; i++)
		keys[i] = variance(block, i);
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

static void energy_add(const MethodBlock *block, double *sums)
{
	for (guint64 i = 0; i < block->n; i++) {
		if (!is_selected(block, i))
			continue;
		for (guint j = 0; j < block->site.inputs; j++)
			sums[j] += block->input[j][i] * block->input[j][i];
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
	{.sums = count_sums, .add = count_add, .settle = count_settle},
	{.cuts = select_cuts, .keys = select_keys, .above = select_above},
	{.sums = inputs_of, .add = energy_add, .settle = energy_settle},
	{0},
};

static guint sce_figures(const MethodSite *domain)
{
	return WEIGHTS + domain->inputs;
}

/* The sign of the sum, + where that is 0.  mergekit sums in float. */
static int elected_sign(const MethodBlock *block, guint64 i)
{
	float sum = 0;
	if (!is_mergekit(&block->site))
		return block_sum(block, i) >= 0 ? 1 : -1;
	for (guint j = 0; j < block->site.inputs; j++)
		sum += (float)block->input[j][i];
	return sum >= 0 ? 1 : -1;
}

static double fused(const MethodBlock *block, guint64 i)
{
	const double *weight = block->figures + WEIGHTS;
	int sign = elected_sign(block, i);
	double value = 0, divisor = 0;
	for (guint j = 0; j < block->site.inputs; j++)
		if (sign_of(block->input[j][i]) == sign) {
			value += weight[j] * block->input[j][i];
			divisor += weight[j];
		}
	if (is_mergekit(&block->site))
		return value / MAX(divisor, MERGEKIT_LEAST);
	return divisor > 0 ? value / divisor : 0;
}

static void sce_apply(const MethodBlock *block, double *out)
{
	for (guint64 i = 0; i < block->n; i++)
		out[i] = is_selected(block, i) ? fused(block, i) : 0;
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
