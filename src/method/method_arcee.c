/* method_arcee.c - Arcee fusion: of each tensor the changes that stand out by their importance,
 * which is their size times how far the softmax of their row has moved. */
#include "core/variants.h"
#include "edit/method_rows.h"
#include "method/block.h"
#include "method/divergence.h"

enum { ARCEE_DIALECT };

static const Parameter arcee_parameters[] = {PARAMETER_DIALECT, {0}};

static gboolean is_mergekit(const MethodSite *site)
{
	return site->parameter[ARCEE_DIALECT] == DIALECT_MERGEKIT;
}

/* A row: along the last axis, of one axis or none the whole tensor. */
static guint64 arcee_unit(const MethodSite *site)
{
	return tensor_row(collection_tensor(site->collection, site->tensor));
}

CPU_VARIANTS static void sizes(const double *change, double moved, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = rankable(fabs(change[i]) * moved);
}

CPU_VARIANTS static void sizes_float(const double *change, float moved, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = rankable(fabsf((float)change[i]) * moved);
}

static void row_importance(const MethodBlock *block, guint64 from, guint64 row, double *out)
{
	const double *change = block->input[0] + from, *base = block->base + from;
	gboolean mergekit = is_mergekit(&block->site);
	double moved = (mergekit ? divergence_float : divergence)(base, change, row, out);
	if (mergekit)
		sizes_float(change, (float)moved, row, out);
	else
		sizes(change, moved, row, out);
}

/* Of a sample no row is whole.  Its elements of a tensor stand for one row of it: as all have the
 * same divergence then, their sizes alone decide.  The estimate is of a tensor whose rows have
 * moved equally far; rows of one element do not move at all. */
static void sample_importance(const MethodBlock *block, double *out)
{
	gboolean moves = arcee_unit(&block->site) > 1;
	for (guint64 i = 0; i < block->n; i++)
		out[i] = moves ? fabs(block->input[0][i]) : 0;
}

static void importance(const MethodBlock *block, double *out)
{
	guint64 row = arcee_unit(&block->site);
	if (block->places) {
		sample_importance(block, out);
		return;
	}
	for (guint64 from = 0; from < block->n; from += row)
		row_importance(block, from, row, out + from);
}

/* The quartiles of the importances. */
enum { LOWER, MEDIAN, UPPER, QUARTILES };

static guint quartiles(const MethodSite *site)
{
	(void)site;
	return QUARTILES;
}

static void quartile_keys(const MethodBlock *block, guint cut, double *keys)
{
	(void)cut;
	importance(block, keys);
}

/* Which one it is among n in ascending order, from 0. */
static guint64 quartile_place(const MethodSite *domain, guint cut)
{
	double last = (double)domain->elements - 1, quarters = 0.25 * (cut + 1);
	if (is_mergekit(domain))
		return MIN((guint64)((float)quarters * (float)last), domain->elements - 1);
	return (guint64)(quarters * last);
}

static guint64 quartile_above(const MethodSite *domain, const double *figures, guint cut)
{
	(void)figures;
	return domain->elements - quartile_place(domain, cut);
}

static gboolean threshold_settle(const MethodSite *domain, const double *sums, const Cut *cuts,
	double *figures, GError **error)
{
	double spread = cuts[UPPER].key - cuts[LOWER].key;
	(void)sums;
	(void)error;
	figures[0] = cuts[MEDIAN].key + 1.5 * spread;
	if (is_mergekit(domain))
		figures[0] = (float)cuts[MEDIAN].key + 1.5f * (float)spread;
	return TRUE;
}

static const MethodStep arcee_steps[] = {
	{
		.cuts = quartiles,
		.keys = quartile_keys,
		.alike = quartiles,
		.above = quartile_above,
		.settle = threshold_settle,
	},
	{0},
};

static guint arcee_figures(const MethodSite *domain)
{
	(void)domain;
	return 1;
}

CPU_VARIANTS static void choose(const double *change, double threshold, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = out[i] >= threshold ? change[i] : 0;
}

static void arcee_apply(const MethodBlock *block, double *out)
{
	importance(block, out);
	choose(block->input[0], block->figures[0], block->n, out);
}

const Method method_arcee_fusion = {
	.name = "arcee_fusion",
	.help = "changes that stand out by size and softmax divergence",
	.example = "arcee_fusion(a)",
	.source = "mergekit arcee_fusion",
	.whole = "each row",
	.least = 1,
	.most = 1,
	.parameters = arcee_parameters,
	.steps = arcee_steps,
	.figures = arcee_figures,
	.unit = arcee_unit,
	.apply = arcee_apply,
};
