/* sparse_merge.c - the work that TIES, DARE, Breadcrumbs and DELLA share.
 *
 * Each method is a way to make its inputs sparse (sparsify.h), and a way to combine what is left
 * (elect.h): the table below says which. */
#include "method/sparse_merge.h"

#include "method/elect.h"
#include "edit/method_rows.h"
#include "method/mix.h"
#include "method/sparsify.h"

#include <math.h>
#include <string.h>

/* Below this mergekit does not rescale. */
#define MERGEKIT_LEAST_L1 1e-7

/* Elements that are made sparse, and combined, at a time. */
#define RUN 512u

static const struct Kind {
	const Method *method;
	const Sparsifier *sparsifier;
	gboolean elects;
} kinds[] = {
	{&method_trim, &sparsify_magnitude, FALSE},
	{&method_ties, &sparsify_magnitude, TRUE},
	{&method_dare, &sparsify_drop, FALSE},
	{&method_dare_ties, &sparsify_drop, TRUE},
	{&method_breadcrumbs, &sparsify_outliers, FALSE},
	{&method_breadcrumbs_ties, &sparsify_outliers, TRUE},
	{&method_della, &sparsify_ranked, TRUE},
	{&method_della_linear, &sparsify_ranked, FALSE},
};
typedef struct Kind Kind;

static const Kind *kind_of(const Node *call)
{
	const Kind *kind = kinds;
	while (kind->method != call->method)
		kind++;
	return kind;
}

/* Whether the sign that most elements elect is wanted: where votes can cancel out. */
static gboolean wants_majority(const Node *call)
{
	return kind_of(call)->elects && call->children->len > 1 &&
	       method_dialect(call) == DIALECT_PAPER;
}

/* `by`, where there is one; outliers are of each tensor, a majority is of the model. */
MethodBy sparse_merge_by(const Node *call)
{
	gint by = method_parameter(call->method, "by");
	if (by >= 0)
		return call->argument[by].choice == 0 ? BY_MODEL : BY_TENSOR;
	return !kind_of(call)->sparsifier->cuts && wants_majority(call) ? BY_MODEL : BY_TENSOR;
}

/* How many cuts each input has. */
static guint input_cuts(const MethodSite *site)
{
	const Sparsifier *sparsifier = kind_of(site->call)->sparsifier;
	return sparsifier->cuts ? sparsifier->cuts(site) : 0;
}

static guint merge_cuts(const MethodSite *site)
{
	return site->inputs * input_cuts(site);
}

/* Where an input does not act, its weight there or its elements are 0: these stand below all that
 * are not, and it does not matter which zeros are kept. */
static void merge_keys(const MethodBlock *block, guint cut, double *keys)
{
	const MethodSite *site = &block->site;
	guint input = cut / input_cuts(block->domain), dialect = method_dialect(site->call);
	if (site->weight[input] != 0)
		kind_of(site->call)->sparsifier->keys(dialect, block->input[input], block->n, keys);
	else
		memset(keys, 0, block->n * sizeof *keys);
}

static guint64 merge_above(const MethodSite *domain, const double *figures, guint cut)
{
	guint each = input_cuts(domain);
	(void)figures;
	return kind_of(domain->call)
		->sparsifier->above(domain, method_input_elements(domain, cut / each), cut % each);
}

/* sparse[inputs][n], without mergekit's rescaling.  An input that needs no cut although its kind
 * has cuts is kept whole. */
static void make_sparse(const MethodBlock *block, double *sparse)
{
	const Sparsifier *sparsifier = kind_of(block->site.call)->sparsifier;
	guint each = input_cuts(block->domain);
	for (guint i = 0; i < block->site.inputs; i++) {
		double *out = sparse + i * block->n;
		if (sparsifier->cuts && !each)
			memcpy(out, block->input[i], block->n * sizeof *out);
		else
			sparsifier->apply(block, i, each ? block->cuts + i * each : NULL, out);
	}
}

/* A block run by run, so that what is left of its inputs stays in cache; whole where the kind has
 * to see units of it. */
typedef struct {
	MethodBlock block;    /* the run at hand */
	const double **input; /* [inputs] */
	double *sparse;       /* [inputs][n] of it */
	guint64 most;
} Runs;

/* How many elements of a block of n are made sparse together. */
static guint64 run_elements(const Kind *kind, guint64 n)
{
	return kind->sparsifier->unit ? n : MIN(n, RUN);
}

gsize sparse_merge_room(const Node *call, guint64 n)
{
	const Kind *kind = kind_of(call);
	guint64 most = run_elements(kind, n);
	gsize (*own)(guint64 n) = kind->sparsifier->room;
	return call->children->len * (1 + most) + (own ? own(most) : 0);
}

/* In the block's room. */
static Runs runs_new(const MethodBlock *block)
{
	guint inputs = block->site.inputs;
	Runs runs = {
		.block = *block,
		.input = (const double **)block->room,
		.sparse = block->room + inputs,
		.most = run_elements(kind_of(block->site.call), block->n),
	};
	runs.block.input = runs.input;
	runs.block.room = runs.sparse + inputs * runs.most;
	runs.block.n = 0;
	return runs;
}

/* Goes on to the run at element `at` of the whole block. */
static void runs_go(Runs *runs, const MethodBlock *whole, guint64 at)
{
	runs->block.first = whole->first + at;
	runs->block.places = whole->places ? whole->places + at : NULL;
	runs->block.n = MIN(runs->most, whole->n - at);
	runs->block.base = whole->base + at;
	for (guint i = 0; i < whole->site.inputs; i++)
		runs->input[i] = whole->input[i] + at;
	make_sparse(&runs->block, runs->sparse);
}

static Election election_of(const MethodSite *site, double majority)
{
	return (Election){
		.inputs = site->inputs,
		.weight = site->weight,
		.elects = kind_of(site->call)->elects,
		.normalizes = sparsify_value(site, "normalize") != 0,
		.dialect = method_dialect(site->call),
		.majority = majority,
	};
}

static gboolean wants_ratios(const MethodSite *site)
{
	return sparsify_wants_ratio(kind_of(site->call)->sparsifier, site);
}

static guint merge_sums(const MethodSite *site)
{
	return wants_ratios(site) ? 2 * site->inputs : wants_majority(site->call) ? 1 : 0;
}

/* sums[inputs][2]: Σ|x| of all, and of what survives. */
static void add_sizes(const MethodBlock *block, const double *sparse, double *sums)
{
	for (guint i = 0; i < block->site.inputs; i++)
		for (guint64 e = 0; e < block->n; e++) {
			sums[2 * i] += fabs(block->input[i][e]);
			sums[2 * i + 1] += fabs(sparse[i * block->n + e]);
		}
}

static void add_signs(const MethodBlock *block, const double *sparse, double *sum)
{
	Election election = election_of(&block->site, 0);
	*sum += elect_majority(&election, sparse, block->n);
}

static void merge_add(const MethodBlock *block, double *sums)
{
	Runs runs = runs_new(block);
	gboolean ratios = wants_ratios(&block->site);
	for (guint64 at = 0; at < block->n; at += runs.most) {
		runs_go(&runs, block, at);
		(ratios ? add_sizes : add_signs)(&runs.block, runs.sparse, sums);
	}
}

guint sparse_merge_figures(const MethodSite *domain)
{
	return wants_ratios(domain) ? domain->inputs : wants_majority(domain->call) ? 1 : 0;
}

static double ratio_of(double whole, double left)
{
	return whole < MERGEKIT_LEAST_L1 || left < MERGEKIT_LEAST_L1 ? 1 : whole / left;
}

static gboolean settle_ratios(
	const MethodSite *domain, const double *sums, double *ratio, GError **error)
{
	for (guint i = 0; i < domain->inputs; i++) {
		ratio[i] = ratio_of(sums[2 * i], sums[2 * i + 1]);
		if (!mix_check_sum(domain, ratio[i], error))
			return FALSE;
	}
	return TRUE;
}

static gboolean merge_settle(const MethodSite *domain, const double *sums, const Cut *cuts,
	double *figures, GError **error)
{
	(void)cuts;
	if (wants_ratios(domain))
		return settle_ratios(domain, sums, figures, error);
	if (wants_majority(domain->call))
		figures[0] = sums[0] < 0 ? -1 : 1;
	return TRUE;
}

const MethodStep sparse_merge_steps[] = {
	{.cuts = merge_cuts, .keys = merge_keys, .alike = input_cuts, .above = merge_above},
	{.sums = merge_sums, .add = merge_add, .divisible = TRUE, .settle = merge_settle},
	{0},
};

static void rescale(const MethodBlock *block, double *sparse)
{
	for (guint i = 0; i < block->site.inputs; i++)
		for (guint64 e = 0; e < block->n; e++)
			sparse[i * block->n + e] *= block->figures[i];
}

void sparse_merge_apply(const MethodBlock *block, double *out)
{
	Runs runs = runs_new(block);
	gboolean ratios = wants_ratios(&block->site);
	gboolean majority = sparse_merge_figures(block->domain) && !ratios;
	Election election = election_of(&block->site, majority ? block->figures[0] : 1);
	for (guint64 at = 0; at < block->n; at += runs.most) {
		runs_go(&runs, block, at);
		if (ratios)
			rescale(&runs.block, runs.sparse);
		elect_combine(&election, runs.sparse, runs.block.n, out + at);
	}
}

guint64 sparse_merge_unit(const MethodSite *site)
{
	return kind_of(site->call)->sparsifier->unit(site);
}
