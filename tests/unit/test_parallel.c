/* test_parallel.c - ordered parallel blocks: the same sums, failures and merges with any threads.
 */
#include "core/job.h"
#include "test.h"

#include <math.h>
#include <pthread.h>

static const guint thread_counts[] = {1, 2, 7};
#define FOR_EACH_THREADS(t) for (guint t = 0; t < G_N_ELEMENTS(thread_counts); t++)

#define NEVER G_MAXUINT64

typedef struct {
	double sum;
	guint64 merged, bad_work, bad_merge, cancel_at;
	gint merging;
	gboolean out_of_order, out_of_turn, dirty;
	Job *job;
} Sum;

typedef struct {
	double term;
	guint64 item, uses;
} Slot;

/* Work of uneven length, whose terms add up to other bits in another order. */
static gboolean sum_work(gpointer data, guint64 item, gpointer slot, GError **error)
{
	Sum *sum = data;
	Slot *mine = slot;
	if (mine->uses++ == 0 && mine->item != 0)
		sum->dirty = TRUE;
	if (item % 5 == 0)
		g_usleep(200);
	if (item == sum->cancel_at)
		job_cancel(sum->job);
	mine->item = item;
	mine->term = sin((double)item) * pow(10, (double)(item % 17));
	if (item >= sum->bad_work)
		g_usleep(2000 * (item - sum->bad_work + 1));
	if (item >= sum->bad_work)
		return fail(error, ERROR_INPUT, "work %u is bad", (guint)item);
	return TRUE;
}

static gboolean sum_merge(gpointer data, guint64 item, gpointer slot, GError **error)
{
	Sum *sum = data;
	const Slot *mine = slot;
	if (!g_atomic_int_compare_and_exchange(&sum->merging, 0, 1))
		sum->out_of_turn = TRUE;
	if (item == sum->bad_merge) {
		g_atomic_int_set(&sum->merging, 0);
		return fail(error, ERROR_INPUT, "merge %u is bad", (guint)item);
	}
	sum->out_of_order |= item != sum->merged || mine->item != item;
	sum->merged++;
	sum->sum += mine->term;
	g_atomic_int_set(&sum->merging, 0);
	return TRUE;
}

static Sum fresh(void)
{
	return (Sum){.bad_work = NEVER, .bad_merge = NEVER, .cancel_at = NEVER};
}

static gboolean run(Sum *sum, guint64 items, guint threads, GError **error)
{
	Parallel parallel = {.items = items,
		.threads = threads,
		.slot_bytes = sizeof(Slot),
		.data = sum,
		.work = sum_work,
		.merge = sum_merge};
	gboolean ok = parallel_run(&parallel, sum->job, error);
	g_assert_false(sum->out_of_order || sum->out_of_turn || sum->dirty);
	return ok;
}

static void test_same_bits(void)
{
	double expected = 0;
	for (guint i = 0; i < 500; i++)
		expected += sin(i) * pow(10, i % 17);
	FOR_EACH_THREADS(t)
	{
		Sum sum = fresh();
		g_autoptr(GError) error = NULL;
		g_assert_true(run(&sum, 500, thread_counts[t], &error));
		g_assert_no_error(error);
		g_assert_cmpuint(sum.merged, ==, 500);
		g_assert_cmpfloat(sum.sum, ==, expected);
	}
}

/* Some of the items of a whole, by their own numbers. */
static void test_later_items(void)
{
	FOR_EACH_THREADS(t)
	{
		Sum sum = fresh();
		sum.merged = 20;
		Parallel parallel = {.first = 20,
			.items = 5,
			.threads = thread_counts[t],
			.slot_bytes = sizeof(Slot),
			.data = &sum,
			.work = sum_work,
			.merge = sum_merge};
		g_assert_true(parallel_run(&parallel, NULL, NULL));
		g_assert_false(sum.out_of_order);
		g_assert_cmpuint(sum.merged, ==, 25);
	}
}

static void test_few_items(void)
{
	FOR_EACH_THREADS(t)
	for (guint items = 0; items < 4; items++) {
		Sum sum = fresh();
		g_assert_true(run(&sum, items, thread_counts[t], NULL));
		g_assert_cmpuint(sum.merged, ==, items);
	}
}

/* Every item from 23 on fails, the later ones later than 23 was noted: the error is that of 23,
 * with 0 to 22 merged. */
static void test_work_fails(void)
{
	FOR_EACH_THREADS(t)
	{
		Sum sum = fresh();
		g_autoptr(GError) error = NULL;
		sum.bad_work = 23;
		g_assert_false(run(&sum, 500, thread_counts[t], &error));
		test_error(error, ERROR_INPUT, "work 23 is bad");
		g_assert_cmpuint(sum.merged, ==, 23);
	}
}

static void test_merge_fails(void)
{
	FOR_EACH_THREADS(t)
	{
		Sum sum = fresh();
		g_autoptr(GError) error = NULL;
		sum.bad_merge = 40;
		sum.bad_work = 41;
		g_assert_false(run(&sum, 500, thread_counts[t], &error));
		test_error(error, ERROR_INPUT, "merge 40 is bad");
		g_assert_cmpuint(sum.merged, ==, 40);
	}
}

static void test_cancel(void)
{
	FOR_EACH_THREADS(t)
	{
		Sum sum = fresh();
		g_autoptr(GError) error = NULL;
		g_autoptr(Job) job = job_new("sum", NULL, NULL, NULL, NULL);
		sum.job = job;
		sum.cancel_at = 30;
		g_assert_false(run(&sum, 100000, thread_counts[t], &error));
		test_error(error, ERROR_CANCELLED, "cancelled");
		g_assert_cmpuint(sum.merged, >, 0);
		g_assert_cmpuint(sum.merged, <, 100);
	}
}

static gboolean count_work(gpointer data, guint64 item, gpointer slot, GError **error)
{
	(void)slot, (void)error;
	g_atomic_int_add((gint *)data, (gint)item);
	return TRUE;
}

static void test_without_merge(void)
{
	FOR_EACH_THREADS(t)
	{
		gint total = 0;
		Parallel parallel = {.items = 1000,
			.threads = thread_counts[t],
			.data = &total,
			.work = count_work};
		g_assert_true(parallel_run(&parallel, NULL, NULL));
		g_assert_cmpint(total, ==, 999 * 1000 / 2);
	}
}

static void test_no_memory(void)
{
	g_autoptr(GError) error = NULL;
	gint total = 0;
	Parallel parallel = {.items = 2,
		.threads = 2,
		.slot_bytes = G_MAXSIZE / 3,
		.data = &total,
		.work = count_work};
	g_assert_false(parallel_run(&parallel, NULL, &error));
	test_error(error, ERROR_IO, "not enough memory");
	g_assert_cmpint(total, ==, 0);
}

typedef struct {
	guint64 merged, furthest;
	guint ring;
	gboolean too_far;
	pthread_mutex_t lock;
} Ring;

/* The first item is slow, so that all others would run ahead if they could. */
static gboolean ring_work(gpointer data, guint64 item, gpointer slot, GError **error)
{
	(void)slot, (void)error;
	Ring *ring = data;
	if (item == 0)
		g_usleep(20000);
	pthread_mutex_lock(&ring->lock);
	ring->too_far |= item >= ring->merged + ring->ring;
	ring->furthest = MAX(ring->furthest, item);
	pthread_mutex_unlock(&ring->lock);
	return TRUE;
}

static gboolean ring_merge(gpointer data, guint64 item, gpointer slot, GError **error)
{
	(void)slot, (void)error;
	Ring *ring = data;
	pthread_mutex_lock(&ring->lock);
	ring->merged = item + 2; /* one more is free once this returns */
	pthread_mutex_unlock(&ring->lock);
	return TRUE;
}

static void test_bounded(void)
{
	Ring ring = {.ring = 6, .lock = PTHREAD_MUTEX_INITIALIZER};
	Parallel parallel = {
		.items = 200, .threads = 3, .data = &ring, .work = ring_work, .merge = ring_merge};
	g_assert_true(parallel_run(&parallel, NULL, NULL));
	g_assert_false(ring.too_far);
	g_assert_cmpuint(ring.furthest, ==, 199);
}

static void test_threads(void)
{
	g_assert_cmpuint(parallel_threads(0), ==, g_get_num_processors());
	g_assert_cmpuint(parallel_threads(5), ==, 5);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/parallel/same-bits", test_same_bits);
	g_test_add_func("/parallel/few-items", test_few_items);
	g_test_add_func("/parallel/later-items", test_later_items);
	g_test_add_func("/parallel/work-fails", test_work_fails);
	g_test_add_func("/parallel/merge-fails", test_merge_fails);
	g_test_add_func("/parallel/cancel", test_cancel);
	g_test_add_func("/parallel/without-merge", test_without_merge);
	g_test_add_func("/parallel/no-memory", test_no_memory);
	g_test_add_func("/parallel/bounded", test_bounded);
	g_test_add_func("/parallel/threads", test_threads);
	return g_test_run();
}
