/* cache.h - blocks that were costly to make, kept while there is room.
 *
 * What is in use is never dropped, nor the block that was used last unless it is above
 * CACHE_LAST_MOST: a reader that goes through it in short runs would make it again for each.  So
 * the bytes held are at most the room, or that block, and one block for each thread that reads.  A
 * block is made at most once by a thread that finds none; two threads that want it at the same time
 * may both make it. */
#ifndef TAUSCOPE_CACHE_H
#define TAUSCOPE_CACHE_H

#include <glib.h>

#define CACHE_LAST_MOST (8u << 20)

typedef struct Cache Cache;

/* One reference; any thread may use it. */
Cache *cache_new(gsize room);
Cache *cache_ref(Cache *cache);
void cache_unref(Cache *cache);

/* Changes the room. */
void cache_limit(Cache *cache, gsize room);

/* Makes block `number` of `owner` into `out`. */
typedef gboolean (*CacheMake)(
	gconstpointer owner, guint64 number, gsize bytes, void *out, GError **error);

/* A block in use: its bytes stay until cache_give. */
typedef struct CacheBlock CacheBlock;

/* The block of `bytes` bytes, made where it is not there; NULL with *error set. */
CacheBlock *cache_take(Cache *cache, gconstpointer owner, guint64 number, gsize bytes,
	CacheMake make, GError **error);
const void *cache_bytes(const CacheBlock *block);
void cache_give(Cache *cache, CacheBlock *block);
/* Drops all blocks of an owner, none of which is in use. */
void cache_forget(Cache *cache, gconstpointer owner);

#endif
