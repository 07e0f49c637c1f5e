/* cache.c - blocks that were costly to make, kept while there is room; the longest unused goes. */
#include "core/cache.h"

#include <pthread.h>

typedef struct {
	gconstpointer owner;
	guint64 number;
} Key;

struct CacheBlock {
	Key key;
	gsize bytes;
	guint users;   /* guarded by the cache's lock */
	gboolean kept; /* whether the table holds it */
	GList link;    /* in `unused` while it is kept and has no users */
	guint8 *data;
};

struct Cache {
	gint references;
	pthread_mutex_t lock;
	gsize room, held;   /* bytes */
	GHashTable *blocks; /* Key → CacheBlock, which it owns */
	GQueue unused;      /* of CacheBlock; the longest unused first */
};

static guint key_hash(gconstpointer data)
{
	const Key *key = data;
	return g_direct_hash(key->owner) * 31 + (guint)(key->number ^ key->number >> 32);
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	const Key *x = a, *y = b;
	return x->owner == y->owner && x->number == y->number;
}

static void block_free(gpointer data)
{
	CacheBlock *block = data;
	g_free(block->data);
	g_free(block);
}

Cache *cache_new(gsize room)
{
	Cache *cache = g_new0(Cache, 1);
	cache->references = 1;
	cache->room = room;
	pthread_mutex_init(&cache->lock, NULL);
	cache->blocks = g_hash_table_new_full(key_hash, key_equal, NULL, block_free);
	g_queue_init(&cache->unused);
	return cache;
}

Cache *cache_ref(Cache *cache)
{
	g_atomic_int_inc(&cache->references);
	return cache;
}

void cache_unref(Cache *cache)
{
	if (cache == NULL || !g_atomic_int_dec_and_test(&cache->references))
		return;
	g_hash_table_unref(cache->blocks);
	pthread_mutex_destroy(&cache->lock);
	g_free(cache);
}

/* Called with the lock held, as are the five below. */
static void drop(Cache *cache, CacheBlock *block)
{
	g_queue_unlink(&cache->unused, &block->link);
	cache->held -= block->bytes;
	g_hash_table_remove(cache->blocks, &block->key);
}

static void make_room(Cache *cache, gsize bytes)
{
	while (cache->held + bytes > cache->room && !g_queue_is_empty(&cache->unused))
		drop(cache, g_queue_peek_head(&cache->unused));
}

/* Drops what is too much, but not the block that was used last, unless it is large for one. */
static void tidy(Cache *cache)
{
	while (cache->held > cache->room && !g_queue_is_empty(&cache->unused)) {
		const CacheBlock *last = g_queue_peek_tail(&cache->unused);
		if (g_queue_get_length(&cache->unused) == 1 && last->bytes <= CACHE_LAST_MOST)
			return;
		drop(cache, g_queue_peek_head(&cache->unused));
	}
}

void cache_limit(Cache *cache, gsize room)
{
	pthread_mutex_lock(&cache->lock);
	cache->room = room;
	make_room(cache, 0);
	pthread_mutex_unlock(&cache->lock);
}

static CacheBlock *find(Cache *cache, gconstpointer owner, guint64 number)
{
	CacheBlock *block = g_hash_table_lookup(cache->blocks, &(Key){owner, number});
	if (block != NULL && block->users++ == 0)
		g_queue_unlink(&cache->unused, &block->link);
	return block;
}

/* Another thread may have made the same block meanwhile: that one stays, and this one goes with its
 * user. */
static void keep(Cache *cache, CacheBlock *block)
{
	if (g_hash_table_contains(cache->blocks, &block->key))
		return;
	make_room(cache, block->bytes);
	block->kept = TRUE;
	cache->held += block->bytes;
	g_hash_table_insert(cache->blocks, &block->key, block);
}

CacheBlock *cache_take(Cache *cache, gconstpointer owner, guint64 number, gsize bytes,
	CacheMake make, GError **error)
{
	pthread_mutex_lock(&cache->lock);
	CacheBlock *block = find(cache, owner, number);
	pthread_mutex_unlock(&cache->lock);
	if (block != NULL)
		return block;
	block = g_new0(CacheBlock, 1);
	block->key = (Key){owner, number};
	block->link.data = block;
	block->users = 1;
	block->bytes = bytes;
	block->data = g_malloc(MAX(bytes, 1));
	if (!make(owner, number, bytes, block->data, error)) {
		block_free(block);
		return NULL;
	}
	pthread_mutex_lock(&cache->lock);
	keep(cache, block);
	pthread_mutex_unlock(&cache->lock);
	return block;
}

const void *cache_bytes(const CacheBlock *block)
{
	return block->data;
}

void cache_give(Cache *cache, CacheBlock *block)
{
	pthread_mutex_lock(&cache->lock);
	gboolean last = --block->users == 0, orphan = last && !block->kept;
	if (last && block->kept) {
		g_queue_push_tail_link(&cache->unused, &block->link);
		tidy(cache);
	}
	pthread_mutex_unlock(&cache->lock);
	if (orphan)
		block_free(block);
}

void cache_forget(Cache *cache, gconstpointer owner)
{
	pthread_mutex_lock(&cache->lock);
	for (GList *link = cache->unused.head; link != NULL;) {
		CacheBlock *block = link->data;
		link = link->next;
		if (block->key.owner == owner)
			drop(cache, block);
	}
	pthread_mutex_unlock(&cache->lock);
}
