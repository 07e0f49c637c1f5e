/* sparsify_draw.c - sparse at random: each element is drawn by itself, from its place alone, or a
 * mask says what was drawn. */
#include "method/sparsify.h"

#include "core/variants.h"
#include "method/draw.h"
#include "method/mask.h"
#include "method/rank.h"

#include <string.h>

/* Elements that are drawn together. */
#define RUN 2048u

/* Where the draws of one input on one tensor come from. */
typedef struct {
	const MethodBlock *block;
	guint input;
	guint64 key;
} Draws;

static Draws draws_of(const MethodBlock *block, guint input)
{
	const MethodSite *site = &block->site;
	return (Draws){block, input, draw_key(site, input, (guint64)sparsify_value(site, SEED))};
}

static void read_mask(const Draws *draws, guint64 at, guint64 n, double *uniform)
{
	const MethodBlock *block = draws->block;
	guint tensor = block->site.tensor;
	if (block->places)
		masks_read_at(block->context, tensor, draws->input, block->places + at, n, uniform,
			block->failure);
	else
		masks_read(block->context, tensor, draws->input, block->first + at, n, uniform,
			block->failure);
}

/* uniform[n] of elements from `at` on, in [0, 1); of a mask MASK_SURVIVES or MASK_DROPPED, which
 * are to either side of that. */
static void draw(const Draws *draws, guint64 at, guint64 n, double *uniform)
{
	const MethodBlock *block = draws->block;
	if (block->context)
		read_mask(draws, at, n, uniform);
	else if (block->places)
		for (guint64 i = 0; i < n; i++)
			uniform[i] = rng_uniform(draws->key, block->places[at + i]);
	else
		rng_uniforms(draws->key, block->first + at, n, uniform);
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

static void drop_apply(const MethodBlock *block, guint input, const Cut *cuts, double *out)
{
	const double *values = block->input[input];
	Draws draws = draws_of(block, input);
	double p = sparsify_value(&block->site, "p"), uniform[RUN];
	double divisor = divides(&block->site) ? 1 - p : 1;
	(void)cuts;
	for (guint64 at = 0, n; at < block->n; at += n) {
		n = MIN(RUN, block->n - at);
		draw(&draws, at, n, uniform);
		keep_drawn(uniform, values + at, n, p, divisor, out + at);
	}
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

/* rank[count * stride]: the place of each element of a unit within its run, from the smallest on.
 * `sizes` has room for a run. */
static void rank_unit(
	guint dialect, const double *values, Run run, double *sizes, guint32 *rank, gpointer memory)
{
	for (guint64 first = 0; first < run.stride; first++) {
		for (guint64 i = 0; i < run.count; i++)
			sizes[i] = sparsify_size(dialect, values[first + i * run.stride]);
		rank_sizes(sizes, run.count, run.stride, rank + first, memory);
	}
}

/* The probabilities of elements that are kept: from that of the smallest on, in equal steps. */
typedef struct {
	double least, rise, last; /* the place of the largest */
	gboolean divides;
} Keeping;

static Keeping keeping_of(const MethodSite *site, guint64 count)
{
	double density = sparsify_value(site, "density");
	double epsilon = count > 1 ? sparsify_value(site, "epsilon") : 0;
	return (Keeping){density - epsilon, 2 * epsilon, (double)MAX(count, 2) - 1, divides(site)};
}

CPU_VARIANTS static void keep_ranked(const Keeping *keeping, const double *uniform,
	const double *values, const guint32 *rank, guint64 n, double *out)
{
	double least = keeping->least, rise = keeping->rise, last = keeping->last;
	gboolean divides = keeping->divides;
	for (guint64 i = 0; i < n; i++) {
		double kept = least + rise * rank[i] / last;
		double value = values[i] / (divides ? kept : 1);
		out[i] = uniform[i] >= 1 - kept ? value : 0;
	}
}

/* Elements [at, at+n) of a block. */
static void draw_unit(const Draws *draws, const Keeping *keeping, guint64 at, guint64 n,
	const guint32 *rank, double *out)
{
	const double *values = draws->block->input[draws->input];
	double uniform[RUN];
	for (guint64 done = 0, count; done < n; done += count) {
		guint64 from = at + done;
		count = MIN(RUN, n - done);
		draw(draws, from, count, uniform);
		keep_ranked(keeping, uniform, values + from, rank + done, count, out + from);
	}
}

/* The ranks of n elements, in numbers. */
static gsize rank_numbers(guint64 n)
{
	return n * sizeof(guint32) / sizeof(double) + 1;
}

static gsize ranked_room(guint64 n)
{
	return rank_numbers(n) + rank_bytes(n) / sizeof(double);
}

static void draw_ranked(const MethodBlock *block, guint input, double *out)
{
	Draws draws = draws_of(block, input);
	Run run = run_of(block);
	guint64 unit = run.count * run.stride;
	guint dialect = method_dialect(block->site.call);
	Keeping keeping = keeping_of(&block->site, run.count);
	guint32 *rank = (guint32 *)block->room;
	gpointer memory = block->room + rank_numbers(unit);
	for (guint64 at = 0; at < block->n; at += unit) {
		rank_unit(dialect, block->input[input] + at, run, out + at, rank, memory);
		draw_unit(&draws, &keeping, at, unit, rank, out);
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
	.room = ranked_room,
	.draws = TRUE,
};
