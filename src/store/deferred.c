/* deferred.c - see deferred.h. */
#include "store/deferred.h"

#include "checkpoint/adapter.h"
#include "core/error.h"

#include <pthread.h>
#include <string.h>

/* What one of many members of a store keeps: two blocks. */
#define CACHE_ROOM (1u << 20)

struct Deferred {
	gint references;
	char *path;
	gboolean closed;
	Checkpoint *base;
	pthread_mutex_t lock; /* guards the next */
	Checkpoint *checkpoint;
};

/* The state of a source. */
typedef struct {
	Deferred *from;
	char *name;
	Dtype dtype;
	guint64 elements;
} Wanted;

Deferred *deferred_new(const char *path)
{
	Deferred *deferred = g_new0(Deferred, 1);
	deferred->references = 1;
	deferred->path = g_strdup(path);
	pthread_mutex_init(&deferred->lock, NULL);
	return deferred;
}

Deferred *deferred_ref(Deferred *deferred)
{
	g_atomic_int_inc(&deferred->references);
	return deferred;
}

void deferred_unref(Deferred *deferred)
{
	if (!deferred || !g_atomic_int_dec_and_test(&deferred->references))
		return;
	g_free(deferred->path);
	checkpoint_free(deferred->checkpoint);
	checkpoint_free(deferred->base);
	pthread_mutex_destroy(&deferred->lock);
	g_free(deferred);
}

void deferred_set_base(Deferred *deferred, Checkpoint *base)
{
	deferred->base = checkpoint_ref(base);
}

void deferred_close(Deferred *deferred)
{
	deferred->closed = TRUE;
}

static Checkpoint *open_anew(const Deferred *deferred, GError **error)
{
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(deferred->path, error);
	if (checkpoint)
		cache_limit(checkpoint->cache, CACHE_ROOM);
	if (!checkpoint || !adapter_is_unbound(checkpoint) || !deferred->base)
		return g_steal_pointer(&checkpoint);
	Checkpoint *bound = adapter_bind(checkpoint, deferred->base, error);
	if (bound)
		cache_limit(bound->cache, CACHE_ROOM);
	return bound;
}

/* Borrowed; opened by the first that asks, while others wait.  Where it cannot be opened, the next
 * one tries again: it may have been put back. */
static const Checkpoint *opened(Deferred *deferred, GError **error)
{
	if (deferred->closed) {
		fail_at(error, ERROR_IO, (Place){.file = deferred->path, .remedy = "load it again"},
			"its files have changed, or are not there");
		return NULL;
	}
	pthread_mutex_lock(&deferred->lock);
	if (!deferred->checkpoint)
		deferred->checkpoint = open_anew(deferred, error);
	const Checkpoint *checkpoint = deferred->checkpoint;
	pthread_mutex_unlock(&deferred->lock);
	return checkpoint;
}

static gboolean wanted_read(
	gconstpointer state, guint64 first, guint64 count, void *out, GError **error)
{
	const Wanted *wanted = state;
	const Checkpoint *checkpoint = opened(wanted->from, error);
	if (!checkpoint)
		return FALSE;
	gint place = checkpoint_find(checkpoint, wanted->name);
	const Tensor *tensor = place < 0 ? NULL : checkpoint_tensor(checkpoint, (guint)place);
	if (!tensor || tensor->dtype != wanted->dtype || tensor->elements != wanted->elements)
		return fail_at(error, ERROR_INPUT,
			(Place){.file = wanted->from->path, .remedy = "load it again"},
			"it no longer holds the tensor that was loaded");
	return checkpoint_read_raw(checkpoint, (guint)place, first, count, out, error);
}

static void wanted_free(gpointer state)
{
	Wanted *wanted = state;
	deferred_unref(wanted->from);
	g_free(wanted->name);
	g_free(wanted);
}

static const SourceClass deferred_class = {"deferred", wanted_read, wanted_free, FALSE};

Source *deferred_source(Deferred *deferred, const Tensor *tensor, const char *name)
{
	Wanted *wanted = g_new0(Wanted, 1);
	wanted->from = deferred_ref(deferred);
	wanted->name = g_strdup(tensor->name);
	wanted->dtype = tensor->dtype;
	wanted->elements = tensor->elements;
	Source *source = source_new(&deferred_class, wanted, tensor->dtype, tensor->elements, NULL);
	source_set_name(source, g_intern_string(name));
	return source;
}
