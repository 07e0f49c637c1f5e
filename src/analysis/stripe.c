/* stripe.c - the work on one stripe of one tensor: read, decode, subtract, multiply.
 *
 * A stripe is read in runs, which are as long as the budget allows, and worked on in blocks of
 * fixed size, which stay in the cache; so the length of a run changes no bit of the result. */
#include "analysis/stripe.h"

#define ALIGNMENT 64u

struct StripeScratch {
	Lineup lineup;
	guint count;
	guint8 *raw;          /* [vectors][run * width] */
	double *blocks;       /* [vectors][KERNEL_BLOCK] */
	double **vector;      /* [vectors]: into blocks */
	XXH3_state_t **state; /* [vectors] */
};

gsize stripe_slot_bytes(const StripePlan *plan)
{
	return plan->cells * sizeof(double) + plan->vectors * (sizeof(Extremes) + sizeof(guint64));
}

StripeResult stripe_result(const StripePlan *plan, gpointer slot)
{
	StripeResult result = {.sums = slot};
	result.extremes = (Extremes *)(result.sums + plan->cells);
	result.hash = (guint64 *)(result.extremes + plan->vectors);
	return result;
}

gsize stripe_scratch_bytes(const StripePlan *plan, gsize run)
{
	gsize vector = run * plan->width + KERNEL_BLOCK * sizeof(double);
	return plan->vectors * vector;
}

StripeScratch *stripe_scratch_new(const StripePlan *plan)
{
	StripeScratch *scratch = g_new0(StripeScratch, 1);
	gsize vectors = plan->vectors;
	lineup_init(&scratch->lineup, plan->request->collection);
	scratch->raw = g_aligned_alloc(vectors, plan->run * plan->width, ALIGNMENT);
	scratch->blocks = g_aligned_alloc(vectors, KERNEL_BLOCK * sizeof(double), ALIGNMENT);
	scratch->state = g_new(XXH3_state_t *, vectors);
	scratch->vector = g_new(double *, vectors);
	scratch->count = plan->vectors;
	for (gsize v = 0; v < vectors; v++) {
		scratch->vector[v] = scratch->blocks + v * KERNEL_BLOCK;
		scratch->state[v] = XXH3_createState();
	}
	return scratch;
}

void stripe_scratch_free(StripeScratch *scratch)
{
	lineup_clear(&scratch->lineup);
	g_aligned_free(scratch->raw);
	g_aligned_free(scratch->blocks);
	for (guint v = 0; v < scratch->count; v++)
		XXH3_freeState(scratch->state[v]);
	g_free(scratch->state);
	g_free(scratch->vector);
	g_free(scratch);
}

/* One vector of a tensor, as the loops below see it. */
typedef struct {
	const Checkpoint *checkpoint;
	guint place;
	const Tensor *tensor;
	guint8 *raw;
	gsize size; /* bytes of an element */
} Strand;

static Strand strand_of(
	const StripePlan *plan, const Stripe *stripe, const StripeScratch *scratch, guint v)
{
	const Collection *collection = plan->request->collection;
	guint member = scratch->lineup.member[v];
	Strand strand = {.raw = scratch->raw + v * plan->run * plan->width};
	strand.checkpoint = collection_member(collection, member)->checkpoint;
	strand.tensor = lineup_tensor(collection, member, stripe->subject, &strand.place);
	strand.size = dtype_info(strand.tensor->dtype)->bits / 8;
	return strand;
}

/* The index of the first sampled place of a tensor that is not before `element`. */
static guint64 sampled_from(const SamplePlan *plan, guint tensor, guint64 element)
{
	guint64 low = plan->first[tensor], high = plan->first[tensor + 1];
	while (low < high) {
		guint64 middle = low + (high - low) / 2;
		if (plan->places[middle] < element)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The sampled elements of a run. */
static void take_sample(
	const StripePlan *plan, guint tensor, guint64 first, gsize n, Strand strand, float *sample)
{
	guint64 end = sampled_from(plan->plan, tensor, first + n);
	for (guint64 i = sampled_from(plan->plan, tensor, first); i < end; i++) {
		gsize at = plan->plan->places[i] - first;
		dtype_decode_float(
			strand.tensor->dtype, strand.raw + at * strand.size, 1, &sample[i]);
	}
}

/* What a fresh vector's raw elements tell by themselves. */
static void note_run(const StripePlan *plan, const Stripe *stripe, StripeScratch *scratch, guint v,
	guint64 first, gsize count, Strand strand)
{
	const Statistics *statistics = plan->statistics[scratch->lineup.member[v]];
	plan->kernel->hash(scratch->state[v], strand.raw, count * strand.size);
	if (statistics->sample != NULL)
		take_sample(plan, stripe->subject, first, count, strand, statistics->sample);
}

static gboolean read_run(const StripePlan *plan, const Stripe *stripe, StripeScratch *scratch,
	guint64 first, gsize count, GError **error)
{
	for (guint v = 0; v < scratch->lineup.count; v++) {
		Strand strand = strand_of(plan, stripe, scratch, v);
		if (!checkpoint_read_raw(
			    strand.checkpoint, strand.place, first, count, strand.raw, error))
			return FALSE;
		if (v >= scratch->lineup.first)
			note_run(plan, stripe, scratch, v, first, count, strand);
		job_advance(plan->job, count * strand.size);
	}
	return job_check(plan->job, error);
}

static void load_block(const StripePlan *plan, const Stripe *stripe, StripeScratch *scratch,
	guint v, gsize offset, gsize n, StripeResult result)
{
	Strand strand = strand_of(plan, stripe, scratch, v);
	guint base = scratch->lineup.base;
	plan->kernel->change(strand.tensor->dtype, strand.raw + offset * strand.size,
		v != base ? scratch->vector[base] : NULL, n, scratch->vector[v],
		&result.extremes[v]);
}

static void work_on_block(const StripePlan *plan, const Stripe *stripe, StripeScratch *scratch,
	gsize offset, gsize n, StripeResult result)
{
	const Lineup *lineup = &scratch->lineup;
	load_block(plan, stripe, scratch, lineup->base, offset, n, result);
	for (guint v = 0; v < lineup->count; v++)
		if (v != lineup->base)
			load_block(plan, stripe, scratch, v, offset, n, result);
	plan->kernel->products(scratch->vector, lineup->first, lineup->count, n, result.sums);
}

static void begin(const StripePlan *plan, StripeScratch *scratch, StripeResult result)
{
	for (gsize i = 0; i < plan->cells; i++)
		result.sums[i] = 0;
	for (guint v = 0; v < scratch->lineup.count; v++) {
		result.extremes[v] = EXTREMES_NONE;
		XXH3_64bits_reset(scratch->state[v]);
	}
}

gboolean stripe_work(const StripePlan *plan, const Stripe *stripe, StripeScratch *scratch,
	StripeResult result, GError **error)
{
	const Collection *collection = plan->request->collection;
	lineup_fill(&scratch->lineup, collection, plan->request->fresh, stripe->subject);
	begin(plan, scratch, result);
	for (guint64 done = 0; done < stripe->count; done += plan->run) {
		gsize count = MIN(plan->run, stripe->count - done);
		guint64 first = stripe->first + done;
		if (!read_run(plan, stripe, scratch, first, count, error))
			return FALSE;
		for (gsize offset = 0; offset < count; offset += KERNEL_BLOCK)
			work_on_block(plan, stripe, scratch, offset,
				MIN(KERNEL_BLOCK, count - offset), result);
	}
	for (guint v = scratch->lineup.first; v < scratch->lineup.count; v++)
		result.hash[v] = XXH3_64bits_digest(scratch->state[v]);
	return TRUE;
}
