/* source.h - where a tensor's numbers come from when its bytes do not lie raw in a file: a strided
 * or byte-swapped view, quantised blocks, a low-rank product, chunks of HDF5.
 *
 * Whatever it is made of, a source gives elements of one Dtype, little-endian, in C order, any run
 * of them, to any thread: as correct as raw bytes, only slower.  Memory is bounded: what is costly
 * to make comes in blocks that are kept in the checkpoint's cache. */
#ifndef TAUSCOPE_SOURCE_H
#define TAUSCOPE_SOURCE_H

#include "checkpoint/bytes.h"
#include "core/cache.h"
#include "core/dtype.h"

/* Elements of a block of a source that works in blocks. */
#define SOURCE_BLOCK 65536u

typedef struct Source Source;

/* What a kind of source does; `state` is its own. */
typedef struct {
	const char *name; /* "strided", "big-endian", "quantised", "low rank" */
	/* Elements [first, first+count) into out; count is not 0 and they lie in the tensor. */
	gboolean (*read)(
		gconstpointer state, guint64 first, guint64 count, void *out, GError **error);
	void (*free)(gpointer state);
	/* Whether short reads are costly: `read` is then only asked for whole blocks of
	 * SOURCE_BLOCK elements (the last one of a tensor is shorter), which the cache keeps. */
	gboolean in_blocks;
} SourceClass;

/* One reference; takes the state.  `cache` is the checkpoint's (checkpoint_cache); a reference is
 * held; NULL where the class does not work in blocks. */
Source *source_new(
	const SourceClass *class, gpointer state, Dtype dtype, guint64 elements, Cache *cache);
Source *source_ref(Source *source);
void source_unref(Source *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Source, source_unref)

const char *source_name(const Source *source);
/* Another name than that of its class; interned. */
void source_set_name(Source *source, const char *name);
gboolean source_read(const Source *source, guint64 first, guint64 count, void *out, GError **error);

#endif
