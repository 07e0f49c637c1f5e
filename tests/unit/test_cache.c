/* test_cache.c - blocks are made once, kept while there is room, and never dropped in use. */
#include "core/cache.h"

#include "core/error.h"
#include "test.h"

#include <string.h>

/* How often each of the first blocks was made, for one owner. */
typedef struct {
	gint made[64];
	gint fail_at; /* block that cannot be made; -1: none */
} Owner;

static gboolean make(gconstpointer data, guint64 number, gsize bytes, void *out, GError **error)
{
	Owner *owner = (gpointer)data;
	if ((gint)number == owner->fail_at)
		return fail(error, ERROR_IO, "block %u is bad", (guint)number);
	g_atomic_int_inc(&owner->made[number]);
	memset(out, (int)number, bytes);
	return TRUE;
}

static void use(Cache *cache, Owner *owner, guint64 number)
{
	g_autoptr(GError) error = NULL;
	CacheBlock *block = cache_take(cache, owner, number, 100, make, &error);
	test_no_error(error);
	const guint8 *bytes = cache_bytes(block);
	g_assert_cmpuint(bytes[0], ==, number);
	g_assert_cmpuint(bytes[99], ==, number);
	cache_give(cache, block);
}

static void test_keeps(void)
{
	Owner owner = {.fail_at = -1};
	Cache *cache = cache_new(300);
	for (guint round = 0; round < 5; round++)
		for (guint i = 0; i < 3; i++)
			use(cache, &owner, i);
	for (guint i = 0; i < 3; i++)
		g_assert_cmpint(owner.made[i], ==, 1);
	cache_unref(cache);
}

/* Of three with room for two the longest unused goes. */
static void test_drops_the_longest_unused(void)
{
	Owner owner = {.fail_at = -1};
	Cache *cache = cache_new(200);
	use(cache, &owner, 0);
	use(cache, &owner, 1);
	use(cache, &owner, 0);
	use(cache, &owner, 2);
	use(cache, &owner, 0);
	use(cache, &owner, 1);
	g_assert_cmpint(owner.made[0], ==, 1);
	g_assert_cmpint(owner.made[1], ==, 2);
	g_assert_cmpint(owner.made[2], ==, 1);
	cache_unref(cache);
}

/* A block larger than all the room stays until another is used, unless it is large for one. */
static void test_last_stays(void)
{
	Owner owner = {.fail_at = -1};
	Cache *cache = cache_new(50);
	for (guint i = 0; i < 4; i++)
		use(cache, &owner, 9);
	g_assert_cmpint(owner.made[9], ==, 1);
	use(cache, &owner, 8);
	use(cache, &owner, 9);
	g_assert_cmpint(owner.made[9], ==, 2);
	for (guint i = 0; i < 2; i++)
		cache_give(cache, cache_take(cache, &owner, 1, CACHE_LAST_MOST + 1, make, NULL));
	g_assert_cmpint(owner.made[1], ==, 2);
	cache_unref(cache);
}

static void test_in_use_stays(void)
{
	Owner owner = {.fail_at = -1};
	Cache *cache = cache_new(100);
	CacheBlock *held = cache_take(cache, &owner, 7, 100, make, NULL);
	for (guint i = 0; i < 5; i++)
		use(cache, &owner, i);
	g_assert_cmpuint(((const guint8 *)cache_bytes(held))[50], ==, 7);
	CacheBlock *again = cache_take(cache, &owner, 7, 100, make, NULL);
	g_assert_true(again == held);
	cache_give(cache, again);
	cache_give(cache, held);
	g_assert_cmpint(owner.made[7], ==, 1);
	cache_unref(cache);
}

static void test_owners_and_limits(void)
{
	Owner one = {.fail_at = -1}, other = {.fail_at = -1};
	Cache *cache = cache_new(1000);
	use(cache, &one, 3);
	use(cache, &other, 3);
	cache_forget(cache, &one);
	use(cache, &one, 3);
	use(cache, &other, 3);
	g_assert_cmpint(one.made[3], ==, 2);
	g_assert_cmpint(other.made[3], ==, 1);
	cache_limit(cache, 0);
	use(cache, &other, 3);
	g_assert_cmpint(other.made[3], ==, 2);
	cache_unref(cache);
}

static void test_failure(void)
{
	g_autoptr(GError) error = NULL;
	Owner owner = {.fail_at = 5};
	Cache *cache = cache_new(1000);
	g_assert_null(cache_take(cache, &owner, 5, 100, make, &error));
	test_error(error, ERROR_IO, "block 5 is bad");
	owner.fail_at = -1;
	use(cache, &owner, 5);
	cache_unref(cache);
}

typedef struct {
	Cache *cache;
	Owner *owner;
	guint32 seed;
} Reader;

static gpointer read_many(gpointer data)
{
	Reader *reader = data;
	g_autoptr(GRand) rand = g_rand_new_with_seed(reader->seed);
	for (guint i = 0; i < 20000; i++)
		use(reader->cache, reader->owner, (guint64)g_rand_int_range(rand, 0, 64));
	return NULL;
}

static void test_threads(void)
{
	Owner owner = {.fail_at = -1};
	Cache *cache = cache_new(1000);
	Reader readers[4];
	GThread *threads[4];
	for (guint i = 0; i < 4; i++) {
		readers[i] = (Reader){cache, &owner, i + 1};
		threads[i] = g_thread_new("reader", read_many, &readers[i]);
	}
	for (guint i = 0; i < 4; i++)
		g_thread_join(threads[i]);
	cache_unref(cache);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/cache/keeps", test_keeps);
	g_test_add_func("/cache/drops-the-longest-unused", test_drops_the_longest_unused);
	g_test_add_func("/cache/last-stays", test_last_stays);
	g_test_add_func("/cache/in-use-stays", test_in_use_stays);
	g_test_add_func("/cache/owners-and-limits", test_owners_and_limits);
	g_test_add_func("/cache/failure", test_failure);
	g_test_add_func("/cache/threads", test_threads);
	return g_test_run();
}
