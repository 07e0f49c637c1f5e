/* stripe.c - the work on one stripe of one tensor: read, decode, subtract, multiply.
 *
 * A stripe is read in runs, which are as long as the budget allows, and worked on in blocks of
 * fixed size, which stay in the cache; so the length of a run changes no bit of the result. */
#include "analysis/stripe.h"

#include <pthread.h>
#include <string.h>

#define ALIGNMENT 64u

/* One vector of the tensor in hand. */
typedef struct {
	const Checkpoint *checkpoint;
	guint place; /* in the checkpoint */
	Coding coding;
	gsize size; /* bytes of an element */
	guint8 *raw;
	gboolean fresh;
	gboolean difference; /* elements are τ, not θ */
	guint64 shared;      /* elements that it has; τ is 0 beyond them */
	gsize held;          /* elements of the run that are among them */
	float *sample;       /* where the sample goes; NULL where none is kept */
	XXH3_state_t *state;
} Strand;

/* One worker's buffers. */
typedef struct {
	Lineup lineup;
	guint count;
	Strand *strand;  /* [vectors] */
	guint8 *raw;     /* [vectors][run * width] */
	double *blocks;  /* [vectors][KERNEL_BLOCK] */
	double **vector; /* [vectors]: into blocks */
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
	gsize vector = run * plan->width + KERNEL_BLOCK * sizeof(double);
	return plan->vectors * vector;
}

static StripeScratch *scratch_new(const StripePlan *plan)
{
	StripeScratch *scratch = g_new0(StripeScratch, 1);
	gsize vectors = plan->vectors;
	lineup_init(&scratch->lineup, plan->request->collection);
	scratch->raw = g_aligned_alloc(vectors, plan->run * plan->width, ALIGNMENT);
	scratch->blocks = g_aligned_alloc(vectors, KERNEL_BLOCK * sizeof(double), ALIGNMENT);
	scratch->strand = g_new0(Strand, vectors);
	scratch->vector = g_new(double *, vectors);
	scratch->count = plan->vectors;
	for (gsize v = 0; v < vectors; v++) {
		scratch->vector[v] = scratch->blocks + v * KERNEL_BLOCK;
		scratch->strand[v].raw = scratch->raw + v * plan->run * plan->width;
		scratch->strand[v].state = XXH3_createState();
	}
	return scratch;
}

static void scratch_free(gpointer data)
{
	StripeScratch *scratch = data;
	lineup_clear(&scratch->lineup);
	g_aligned_free(scratch->raw);
	g_aligned_free(scratch->blocks);
	for (guint v = 0; v < scratch->count; v++)
		XXH3_freeState(scratch->strand[v].state);
	g_free(scratch->strand);
	g_free(scratch->vector);
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

static float element(const Strand *strand, gsize at)
{
	float value;
	if (strand->size == 1)
		return (float)strand->coding.value[strand->raw[at]];
	dtype_decode_float(strand->coding.dtype, strand->raw + at * strand->size, 1, &value);
	return value;
}

/* The sampled elements of a run. */
static void take_sample(
	const SamplePlan *plan, guint tensor, guint64 first, gsize n, const Strand *strand)
{
	guint64 end = sampled_from(plan, tensor, first + n);
	for (guint64 i = sampled_from(plan, tensor, first); i < end; i++)
		strand->sample[i] = element(strand, plan->places[i] - first);
}

static void take_up(const StripePlan *plan, guint tensor, guint member, Strand *strand)
{
	const PassRequest *request = plan->request;
	const Tensor *own = lineup_tensor(request->collection, member, tensor, &strand->place);
	strand->checkpoint = collection_member(request->collection, member)->checkpoint;
	coding_init(&strand->coding, own->dtype);
	strand->size = dtype_info(own->dtype)->bits / 8;
	strand->fresh = request->fresh[member];
	strand->difference = collection_is_difference(request->collection, member, tensor);
	strand->shared = lineup_elements(request->collection, member, tensor);
	strand->sample = strand->fresh ? plan->statistics[member]->sample : NULL;
	XXH3_64bits_reset(strand->state);
}

static void begin(const StripePlan *plan, guint tensor, StripeScratch *scratch, StripeResult result)
{
	Lineup *lineup = &scratch->lineup;
	lineup_fill(lineup, plan->request->collection, plan->request->fresh, tensor);
	for (gsize i = 0; i < plan->cells; i++)
		result.sums[i] = 0;
	for (guint v = 0; v < lineup->count; v++) {
		result.extremes[v] = EXTREMES_NONE;
		take_up(plan, tensor, lineup->member[v], &scratch->strand[v]);
	}
}

static gboolean read_strand(const StripePlan *plan, guint tensor, Strand *strand, guint64 first,
	gsize count, GError **error)
{
	strand->held = strand->shared > first ? MIN(count, strand->shared - first) : 0;
	gsize bytes = strand->held * strand->size;
	if (!checkpoint_read_raw(strand->checkpoint, strand->place, MIN(first, strand->shared),
		    strand->held, strand->raw, error))
		return FALSE;
	if (strand->fresh)
		plan->kernel->hash(strand->state, strand->raw, bytes);
	if (strand->sample != NULL)
		take_sample(plan->plan, tensor, first, strand->held, strand);
	job_advance(plan->job, bytes);
	return TRUE;
}

static gboolean read_run(const StripePlan *plan, guint tensor, StripeScratch *scratch,
	guint64 first, gsize count, GError **error)
{
	for (guint v = 0; v < scratch->lineup.count; v++)
		if (!read_strand(plan, tensor, &scratch->strand[v], first, count, error))
			return FALSE;
	return job_check(plan->job, error);
}

/* The elements are τ themselves; θ is made for its extremes. */
static void take_difference(const Kernel *kernel, const Strand *strand, const guint8 *raw,
	const double *base, gsize n, double *change, Extremes *extremes)
{
	Extremes own = EXTREMES_NONE;
	kernel->change(&strand->coding, raw, NULL, n, change, &own);
	extremes->nonfinite += own.nonfinite;
	for (gsize i = 0; i < n; i++) {
		double theta = base[i] + change[i];
		if (!isfinite(theta))
			continue;
		extremes->minimum = MIN(extremes->minimum, theta);
		extremes->maximum = MAX(extremes->maximum, theta);
		extremes->largest_change = MAX(extremes->largest_change, fabs(change[i]));
	}
}

static void load_block(const Kernel *kernel, StripeScratch *scratch, guint v, gsize offset, gsize n,
	StripeResult result)
{
	const Strand *strand = &scratch->strand[v];
	const guint8 *raw = strand->raw + offset * strand->size;
	const double *base = scratch->vector[scratch->lineup.base];
	double *out = scratch->vector[v];
	gsize held = strand->held > offset ? MIN(n, strand->held - offset) : 0;

	if (v == scratch->lineup.base)
		kernel->change(&strand->coding, raw, NULL, held, out, &result.extremes[v]);
	else if (strand->difference)
		take_difference(kernel, strand, raw, base, held, out, &result.extremes[v]);
	else
		kernel->change(&strand->coding, raw, base, held, out, &result.extremes[v]);
	if (held < n)
		memset(out + held, 0, (KERNEL_BLOCK - held) * sizeof *out);
}

static void work_on_block(
	const Kernel *kernel, StripeScratch *scratch, gsize offset, gsize n, StripeResult result)
{
	const Lineup *lineup = &scratch->lineup;
	load_block(kernel, scratch, lineup->base, offset, n, result);
	for (guint v = 0; v < lineup->count; v++)
		if (v != lineup->base)
			load_block(kernel, scratch, v, offset, n, result);
	kernel->products(scratch->vector, lineup->first, lineup->count, n, result.sums);
}

static gboolean work_on_stripe(const StripePlan *plan, const Stripe *stripe, StripeScratch *scratch,
	StripeResult result, GError **error)
{
	guint tensor = stripe->subject;
	begin(plan, tensor, scratch, result);
	for (guint64 done = 0; done < stripe->count; done += plan->run) {
		gsize count = MIN(plan->run, stripe->count - done);
		if (!read_run(plan, tensor, scratch, stripe->first + done, count, error))
			return FALSE;
		for (gsize offset = 0; offset < count; offset += KERNEL_BLOCK)
			work_on_block(plan->kernel, scratch, offset,
				MIN(KERNEL_BLOCK, count - offset), result);
	}
	for (guint v = scratch->lineup.first; v < scratch->lineup.count; v++)
		result.hash[v] = XXH3_64bits_digest(scratch->strand[v].state);
	return TRUE;
}

gboolean stripe_work(StripePool *pool, const Stripe *stripe, StripeResult result, GError **error)
{
	StripeScratch *scratch = pool_take(pool);
	gboolean done = work_on_stripe(pool->plan, stripe, scratch, result, error);
	pool_give(pool, scratch);
	return done;
}
