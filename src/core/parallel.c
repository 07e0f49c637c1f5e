/* parallel.c - blocks shared out over threads and merged in their order.
 *
 * Items are claimed in order and their results wait in a ring of slots until all before them are
 * merged; whoever finishes the item that is due merges.  What fails is as if one thread had gone
 * through the items in turn: the failure of the first item that fails, with all before it merged.
 */
#include "core/job.h"

#include "core/error.h"
#include "core/thread.h"

#include <pthread.h>
#include <sys/mman.h>

#define THREADS_MOST 1024
#define ALIGNMENT 64 /* of a slot: a cache line, and the widest vector */

/* Locks are POSIX's, here and in job.c, because the thread sanitizer cannot see GLib's.  The lock
 * guards all but `spec`, `job` and the contents of the slots. */
typedef struct {
	const Parallel *spec;
	Job *job;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* an item was merged, or the end moved */
	guint64 next;           /* to be claimed */
	guint64 merged;         /* all items before it are merged */
	guint64 end;            /* the first item that failed, or the one behind all */
	gboolean merging;
	GError *error; /* of the item `end` */
	guint ring;    /* slots */
	gsize stride;
	guint8 *slots;
	gboolean *ready; /* for each slot: worked, not merged */
} Pool;

guint parallel_threads(guint wanted)
{
	return CLAMP(wanted ? wanted : g_get_num_processors(), 1, THREADS_MOST);
}

guint parallel_threads_within(guint wanted, gsize slot_bytes, gsize budget)
{
	guint threads = parallel_threads(wanted);
	while (threads > 1 && slot_bytes > budget / (2 * threads))
		threads--;
	return threads;
}

static gpointer slot_of(const Pool *pool, guint64 item)
{
	return pool->slots + (item % pool->ring) * pool->stride;
}

/* The slots, each aligned and all zeros; NULL where there is not enough memory.  Of the system and
 * not of the heap, which would keep what one run gives back and let the next one add to it. */
static guint8 *slots_new(gsize slot_bytes, guint ring, gsize *stride)
{
	gsize total;
	if (!g_size_checked_add(stride, MAX(slot_bytes, 1), ALIGNMENT - 1))
		return NULL;
	*stride -= *stride % ALIGNMENT;
	if (!g_size_checked_mul(&total, *stride, ring))
		return NULL;
	void *slots = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return slots == MAP_FAILED ? NULL : slots;
}

static gboolean pool_open(Pool *pool, guint threads, GError **error)
{
	gsize bytes = pool->spec->slot_bytes;
	pool->ring = threads == 1 ? 1 : 2 * threads;
	pool->next = pool->merged = pool->spec->first;
	pool->end = pool->spec->first + pool->spec->items;
	pool->slots = slots_new(bytes, pool->ring, &pool->stride);
	if (!pool->slots)
		return fail(error, ERROR_IO,
			"there is not enough memory for %u blocks of %zu bytes", pool->ring, bytes);
	pool->ready = g_new0(gboolean, pool->ring);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	return TRUE;
}

static void pool_close(Pool *pool)
{
	pthread_cond_destroy(&pool->changed);
	pthread_mutex_destroy(&pool->lock);
	g_free(pool->ready);
	munmap(pool->slots, pool->stride * pool->ring);
}

/* Locked.  Keeps the failure of the lowest item. */
static void note_failure(Pool *pool, guint64 item, GError *error)
{
	if (item < pool->end) {
		pool->end = item;
		g_clear_error(&pool->error);
		pool->error = error;
	} else {
		g_error_free(error);
	}
	pthread_cond_broadcast(&pool->changed);
}

/* Locked.  Waits for a free slot; FALSE where nothing is left to do. */
static gboolean claim(Pool *pool, guint64 *item)
{
	while (pool->next < pool->end && pool->next - pool->merged >= pool->ring)
		pthread_cond_wait(&pool->changed, &pool->lock);
	if (pool->next >= pool->end)
		return FALSE;
	*item = pool->next++;
	return TRUE;
}

/* Locked, but not while it merges. */
static void merge_ready(Pool *pool)
{
	const Parallel *spec = pool->spec;
	if (pool->merging)
		return;
	pool->merging = TRUE;
	while (pool->merged < pool->end && pool->ready[pool->merged % pool->ring]) {
		guint64 item = pool->merged;
		GError *error = NULL;
		pthread_mutex_unlock(&pool->lock);
		if (spec->merge)
			spec->merge(spec->data, item, slot_of(pool, item), &error);
		pthread_mutex_lock(&pool->lock);
		if (error) {
			note_failure(pool, item, error);
			break;
		}
		pool->ready[item % pool->ring] = FALSE;
		pool->merged++;
		pthread_cond_broadcast(&pool->changed);
	}
	pool->merging = FALSE;
}

static GError *work_on(const Pool *pool, guint64 item)
{
	const Parallel *spec = pool->spec;
	GError *error = NULL;
	if (job_check(pool->job, &error))
		spec->work(spec->data, item, slot_of(pool, item), &error);
	return error;
}

static gpointer worker(gpointer data)
{
	Pool *pool = data;
	guint64 item;
	pthread_mutex_lock(&pool->lock);
	while (claim(pool, &item)) {
		pthread_mutex_unlock(&pool->lock);
		GError *error = work_on(pool, item);
		pthread_mutex_lock(&pool->lock);
		if (error)
			note_failure(pool, item, error);
		else
			pool->ready[item % pool->ring] = TRUE;
		merge_ready(pool);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* The calling thread is one of the workers, so that the work goes on where no other can start. */
static void work_together(Pool *pool, guint threads)
{
	g_autofree GThread **others = g_new(GThread *, threads);
	guint started = 0;
	while (started + 1 < threads) {
		others[started] = thread_start("worker", worker, pool, NULL);
		if (!others[started])
			break;
		started++;
	}
	worker(pool);
	for (guint i = 0; i < started; i++)
		g_thread_join(others[i]);
}

gboolean parallel_run(const Parallel *parallel, Job *job, GError **error)
{
	guint threads = (guint)MIN(parallel_threads(parallel->threads), MAX(parallel->items, 1));
	Pool pool = {.spec = parallel, .job = job};
	if (!pool_open(&pool, threads, error))
		return FALSE;
	work_together(&pool, threads);
	pool_close(&pool);
	if (!pool.error)
		return TRUE;
	g_propagate_error(error, pool.error);
	return FALSE;
}
