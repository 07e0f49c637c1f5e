/* stripe.c - the work on one stripe of one tensor: read, decode, subtract, multiply.
 *
 * A stripe is read in runs, which are as long as the budget allows, and worked on in blocks of
 * fixed size, which stay in the cache; so the length of a run changes no bit of the result. */
#include "analysis/stripe.h"

#include "analysis/strands.h"

#include <pthread.h>
#include <string.h>

#define ALIGNMENT 64u
/* Sampled elements that are decoded together. */
#define GATHERED 256u

/* Where one vector's runs come from. */
typedef struct {
	const Checkpoint *checkpoint;
	guint place;    /* in the checkpoint */
	guint64 shared; /* elements that it has; τ is 0 beyond them */
	float *sample;  /* where the sample goes; NULL where none is kept */
} Origin;

/* One worker's buffers. */
typedef struct {
	Lineup lineup;
	guint vectors;  /* at most */
	Origin *origin; /* [vectors] */
	guint8 *raw;    /* [vectors][run * width] */
	Strands strands;
} StripeScratch;

struct StripePool {
	const StripePlan *plan;
	pthread_mutex_t lock; /* guards `idle` */
	GPtrArray *idle;      /* of StripeScratch; the last one is the warmest */
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

gsize stripe_buffer_bytes(const StripePlan *plan, gsize run)
{
	return plan->vectors * run * plan->width + strands_bytes(plan->vectors, plan->cells);
}

static StripeScratch *scratch_new(const StripePlan *plan)
{
	StripeScratch *scratch = g_new0(StripeScratch, 1);
	gsize run = plan->run * plan->width;
	lineup_init(&scratch->lineup, plan->request->collection);
	scratch->vectors = plan->vectors;
	scratch->origin = g_new0(Origin, plan->vectors);
	scratch->raw = g_aligned_alloc(plan->vectors, run, ALIGNMENT);
	strands_init(&scratch->strands, plan->vectors, plan->cells);
	for (guint v = 0; v < plan->vectors; v++)
		scratch->strands.strand[v].raw = scratch->raw + v * run;
	return scratch;
}

static void scratch_free(gpointer data)
{
	StripeScratch *scratch = data;
	lineup_clear(&scratch->lineup);
	strands_clear(&scratch->strands, scratch->vectors);
	g_aligned_free(scratch->raw);
	g_free(scratch->origin);
	g_free(scratch);
}

StripePool *stripe_pool_new(const StripePlan *plan, guint workers)
{
	StripePool *pool = g_new0(StripePool, 1);
	pool->plan = plan;
	pool->idle = g_ptr_array_new_with_free_func(scratch_free);
	pthread_mutex_init(&pool->lock, NULL);
	for (guint i = 0; i < workers; i++)
		g_ptr_array_add(pool->idle, scratch_new(plan));
	return pool;
}

void stripe_pool_free(StripePool *pool)
{
	if (pool == NULL)
		return;
	g_ptr_array_unref(pool->idle);
	pthread_mutex_destroy(&pool->lock);
	g_free(pool);
}

static StripeScratch *pool_take(StripePool *pool)
{
	pthread_mutex_lock(&pool->lock);
	g_assert(pool->idle->len > 0);
	StripeScratch *scratch = g_ptr_array_steal_index(pool->idle, pool->idle->len - 1);
	pthread_mutex_unlock(&pool->lock);
	return scratch;
}

static void pool_give(StripePool *pool, StripeScratch *scratch)
{
	pthread_mutex_lock(&pool->lock);
	g_ptr_array_add(pool->idle, scratch);
	pthread_mutex_unlock(&pool->lock);
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

/* Copies elements of one size, whose copying is then an instruction. */
#define GATHER(SIZE)                                                                               \
	for (gsize k = 0; k < n; k++)                                                              \
		memcpy(to + k * (SIZE), from + (place[k] - first) * (SIZE), (SIZE));

/* Puts the bytes of n sampled elements side by side. */
static void gather(
	const guint64 *place, gsize n, guint64 first, gsize size, const guint8 *from, guint8 *to)
{
	switch (size) {
	case 1:
		GATHER(1)
		break;
	case 2:
		GATHER(2)
		break;
	case 4:
		GATHER(4)
		break;
	default:
		GATHER(8)
	}
}

/* The sampled elements of a run of `count`, NaN beyond what the vector has. */
static void take_sample(const SamplePlan *plan, guint tensor, guint64 first, gsize count,
	const Strand *strand, float *sample)
{
	guint8 raw[GATHERED * sizeof(double)];
	guint64 end = sampled_from(plan, tensor, first + strand->held);
	for (guint64 i = sampled_from(plan, tensor, first), n; i < end; i += n) {
		n = MIN(end - i, GATHERED);
		gather(plan->places + i, n, first, strand->size, strand->raw, raw);
		dtype_decode_float(strand->coding.dtype, raw, n, sample + i);
	}
	if (strand->held < count)
		sample_forget(sample, end, sampled_from(plan, tensor, first + count));
}

static void take_up(
	const StripePlan *plan, guint tensor, guint member, Origin *origin, Strand *strand)
{
	const PassRequest *request = plan->request;
	const Tensor *own = lineup_tensor(request->collection, member, tensor, &origin->place);
	origin->checkpoint = collection_member(request->collection, member)->checkpoint;
	origin->shared = lineup_elements(request->collection, member, tensor);
	origin->sample = request->fresh[member] ? plan->statistics[member]->sample : NULL;
	coding_init(&strand->coding, own->dtype);
	strand->size = dtype_info(own->dtype)->bits / 8;
	strand->difference = collection_is_difference(request->collection, member, tensor);
	strand->wide = pass_is_wide(request->collection, member, tensor);
}

static void begin(const StripePlan *plan, guint tensor, StripeScratch *scratch)
{
	Lineup *lineup = &scratch->lineup;
	Strands *strands = &scratch->strands;
	lineup_fill(lineup, plan->request->collection, plan->request->fresh, tensor);
	strands->count = lineup->count;
	strands->first = lineup->first;
	strands->base = lineup->base;
	for (guint v = 0; v < lineup->count; v++)
		take_up(plan, tensor, lineup->member[v], &scratch->origin[v], &strands->strand[v]);
	strands_begin(strands);
}

static gboolean read_strand(const StripePlan *plan, guint tensor, const Origin *origin,
	Strand *strand, guint64 first, gsize count, GError **error)
{
	strand->held = origin->shared > first ? MIN(count, origin->shared - first) : 0;
	gsize bytes = strand->held * strand->size;
	if (!checkpoint_read_raw(origin->checkpoint, origin->place, MIN(first, origin->shared),
		    strand->held, strand->raw, error))
		return FALSE;
	if (origin->sample != NULL)
		take_sample(plan->plan, tensor, first, count, strand, origin->sample);
	job_advance(plan->job, bytes);
	return TRUE;
}

static gboolean read_run(const StripePlan *plan, guint tensor, StripeScratch *scratch,
	guint64 first, gsize count, GError **error)
{
	for (guint v = 0; v < scratch->lineup.count; v++)
		if (!read_strand(plan, tensor, &scratch->origin[v], &scratch->strands.strand[v],
			    first, count, error))
			return FALSE;
	return job_check(plan->job, error);
}

static void take_results(StripeScratch *scratch, StripeResult result)
{
	const Strands *strands = &scratch->strands;
	strands_total(strands, result.sums);
	for (guint v = strands->first; v < strands->count; v++) {
		result.extremes[v] = strands->strand[v].extremes;
		result.hash[v] = XXH3_64bits_digest(strands->strand[v].state);
	}
}

static gboolean work_on_stripe(const StripePlan *plan, const Stripe *stripe, StripeScratch *scratch,
	StripeResult result, GError **error)
{
	guint tensor = stripe->subject;
	begin(plan, tensor, scratch);
	for (guint64 done = 0; done < stripe->count; done += plan->run) {
		gsize count = MIN(plan->run, stripe->count - done);
		if (!read_run(plan, tensor, scratch, stripe->first + done, count, error))
			return FALSE;
		for (gsize offset = 0; offset < count; offset += KERNEL_BLOCK)
			strands_work(&scratch->strands, plan->kernel, offset,
				MIN(KERNEL_BLOCK, count - offset));
	}
	take_results(scratch, result);
	return TRUE;
}

gboolean stripe_work(StripePool *pool, const Stripe *stripe, StripeResult result, GError **error)
{
	StripeScratch *scratch = pool_take(pool);
	gboolean done = work_on_stripe(pool->plan, stripe, scratch, result, error);
	pool_give(pool, scratch);
	return done;
}
