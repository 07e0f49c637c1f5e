/* source.c - see source.h.  Blocks of a source that works in blocks go through the cache. */
#include "checkpoint/source.h"

#include <string.h>

struct Source {
	gint references;
	const SourceClass *class;
	const char *name;
	gpointer state;
	gsize size; /* bytes of an element */
	guint64 elements;
	Cache *cache;
};

Source *source_new(
	const SourceClass *class, gpointer state, Dtype dtype, guint64 elements, Cache *cache)
{
	Source *source = g_new0(Source, 1);
	source->references = 1;
	source->class = class;
	source->name = class->name;
	source->state = state;
	source->size = dtype_info(dtype)->bits / 8;
	source->elements = elements;
	source->cache = cache != NULL ? cache_ref(cache) : NULL;
	return source;
}

Source *source_ref(Source *source)
{
	g_atomic_int_inc(&source->references);
	return source;
}

void source_unref(Source *source)
{
	if (source == NULL || !g_atomic_int_dec_and_test(&source->references))
		return;
	if (source->cache != NULL)
		cache_forget(source->cache, source);
	cache_unref(source->cache);
	if (source->class->free != NULL)
		source->class->free(source->state);
	g_free(source);
}

const char *source_name(const Source *source)
{
	return source->name;
}

void source_set_name(Source *source, const char *name)
{
	source->name = name;
}

static gboolean make_block(
	gconstpointer owner, guint64 number, gsize bytes, void *out, GError **error)
{
	const Source *source = owner;
	return source->class->read(
		source->state, number * SOURCE_BLOCK, bytes / source->size, out, error);
}

/* Copies from one block as much of the run as it holds. */
static gboolean copy_from_block(
	const Source *source, guint64 first, guint64 *count, void *out, GError **error)
{
	guint64 number = first / SOURCE_BLOCK, start = number * SOURCE_BLOCK;
	guint64 held = MIN(SOURCE_BLOCK, source->elements - start);
	*count = MIN(*count, start + held - first);
	CacheBlock *block =
		cache_take(source->cache, source, number, held * source->size, make_block, error);
	if (block == NULL)
		return FALSE;
	const guint8 *bytes = cache_bytes(block);
	memcpy(out, bytes + (first - start) * source->size, *count * source->size);
	cache_give(source->cache, block);
	return TRUE;
}

gboolean source_read(const Source *source, guint64 first, guint64 count, void *out, GError **error)
{
	if (count == 0)
		return TRUE;
	if (!source->class->in_blocks)
		return source->class->read(source->state, first, count, out, error);
	for (guint64 done = 0, n; done < count; done += n) {
		n = count - done;
		if (!copy_from_block(
			    source, first + done, &n, (guint8 *)out + done * source->size, error))
			return FALSE;
	}
	return TRUE;
}
