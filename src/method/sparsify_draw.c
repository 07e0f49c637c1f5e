/* sparsify_draw.c - sparse at random: each element is drawn by itself, from its place alone, or a
 * mask says what was drawn. */
#include "method/sparsify.h"

#include "core/variants.h"
#include "method/draw.h"
#include "method/mask.h"
#include "method/rank.h"

#include <string.h>

/* Elements that are drawn together. */
#define RUN 512u

/* Where the draws of one input on one tensor come from. */
typedef struct {
	const guint8 *bits; /* of a mask, or NULL */
	guint64 key;
} Draws;

static Draws draws_of(const MethodBlock *block, guint input)
{
	const MethodSite *site = &block->site;
	return (Draws){
		.bits = block->context ? masks_bits(block->context, site->tensor, input) : NULL,
		.key = draw_key(site, input, (guint64)sparsify_value(site, SEED)),
	};
}

static gboolean survives(const Draws *draws, guint64 place, double dropped)
{
	return draws->bits ? mask_survives(draws->bits, place)
			   : rng_uniform(draws->key, place) >= dropped;
}

/* Whether survivors are divided by the probability that they survive. */
static gboolean divides(const MethodSite *site)
{
	return !sparsify_is_mergekit(site) && sparsify_value(site, "rescale") != 0;
}

gboolean sparsify_wants_ratio(const Sparsifier *sparsifier, const MethodSite *site)
{
	return sparsifier->draws && sparsify_is_mergekit(site) &&
	       sparsify_value(site, "rescale") != 0;
}

CPU_VARIANTS static void keep_drawn(const double *uniform, const double *values, guint64 n,
	double dropped, double divisor, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = uniform[i] >= dropped ? values[i] / divisor : 0;
}

/* Of consecutive elements, drawn by a key. */
static void drop_run(guint64 key, guint64 first, const double *values, guint64 n, double dropped,
	double divisor, double *out)
{
	double uniform[RUN];
	for (guint64 at = 0; at < n; at += RUN) {
		guint64 count = MIN(RUN, n - at);
		rng_uniforms(key, first + at, count, uniform);
		keep_drawn(uniform, values + at, count, dropped, divisor, out + at);
	}
}

static void drop_apply(const MethodBlock *block, guint input, const Cut *cuts, double *out)
{
	const double *values = block->input[input];
	Draws draws = draws_of(block, input);
	double p = sparsify_value(&block->site, "p");
	double divisor = divides(&block->site) ? 1 - p : 1;
	(void)cuts;
	if (!draws.bits && !block->places)
		drop_run(draws.key, block->first, values, block->n, p, divisor, out);
	else
		for (guint64 i = 0; i < block->n; i++)
			out[i] = survives(&draws, method_place(block, i), p) ? values[i] / divisor
									     : 0;
}

const Sparsifier sparsify_drop = {
	.apply = drop_apply,
	.draws = TRUE,
};

/* What the probabilities of a run's elements go by: [0, count) apart by `stride`. */
typedef struct {
	guint64 count, stride;
} Run;

static const Tensor *tensor_of(const MethodSite *site)
{
	return collection_tensor(site->collection, site->tensor);
}

/* All elements of one index of the first axis; of one axis or none, the whole. */
static guint64 ranked_unit(const MethodSite *site)
{
	return sparsify_value(site, "density") >= 1 ? 1 : tensor_filter(tensor_of(site));
}

/* The paper ranks a unit whole, mergekit along the second axis; a sample is one run. */
static Run run_of(const MethodBlock *block)
{
	const Tensor *tensor = tensor_of(&block->site);
	guint64 unit = ranked_unit(&block->site);
	if (block->places)
		return (Run){block->n, 1};
	if (tensor->rank < 3 || !sparsify_is_mergekit(&block->site))
		return (Run){unit, 1};
	return (Run){tensor->shape[1], unit / tensor->shape[1]};
}

/* The elements of a run from `first` on, smallest first; `ranked` has room for twice as many. */
static void rank_run(
	const MethodBlock *block, const double *values, Run run, guint64 first, Ranked *ranked)
{
	guint dialect = method_dialect(block->site.call);
	for (guint64 i = 0; i < run.count; i++) {
		guint64 at = first + i * run.stride;
		ranked[i] = (Ranked){rank_key(sparsify_size(dialect, values[at])), at};
	}
	rank_sort(ranked, ranked + run.count, run.count);
}

/* The probability that the element of a rank, from 0, is kept. */
static double keep_probability(double density, double epsilon, guint64 rank, guint64 count)
{
	if (count < 2)
		return density;
	return density - epsilon + 2 * epsilon * (double)rank / (double)(count - 1);
}

static void draw_run(const MethodBlock *block, const double *values, const Draws *draws,
	const Ranked *ranked, guint64 count, double *out)
{
	double density = sparsify_value(&block->site, "density");
	double epsilon = sparsify_value(&block->site, "epsilon");
	gboolean divide = divides(&block->site);
	for (guint64 i = 0; i < count; i++) {
		guint64 at = ranked[i].at;
		double kept = keep_probability(density, epsilon, i, count);
		gboolean survivor = survives(draws, method_place(block, at), 1 - kept);
		out[at] = !survivor ? 0 : divide ? values[at] / kept : values[at];
	}
}

static void draw_ranked(const MethodBlock *block, guint input, double *out)
{
	const double *values = block->input[input];
	Draws draws = draws_of(block, input);
	Run run = run_of(block);
	g_autofree Ranked *ranked = g_new(Ranked, 2 * run.count);
	for (guint64 unit = 0; unit < block->n; unit += run.count * run.stride)
		for (guint64 i = 0; i < run.stride; i++) {
			rank_run(block, values, run, unit + i, ranked);
			draw_run(block, values, &draws, ranked, run.count, out);
		}
}

static void ranked_apply(const MethodBlock *block, guint input, const Cut *cuts, double *out)
{
	(void)cuts;
	if (sparsify_value(&block->site, "density") < 1)
		draw_ranked(block, input, out);
	else
		memcpy(out, block->input[input], block->n * sizeof *out);
}

const Sparsifier sparsify_ranked = {
	.apply = ranked_apply,
	.unit = ranked_unit,
	.draws = TRUE,
};
