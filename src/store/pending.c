/* pending.c - the parts that were made for a store and that no NAME.h5 names yet.
 *
 * They go with whoever made them, by an error or by a signal, unless a commit names them; what was
 * there before is never among them.  All of it under the lock, so that no other writer's parts of
 * the same contents are taken away. */
#include "core/temporary.h"
#include "store/store_private.h"

#include <glib/gstdio.h>

typedef struct {
	char *path;
	int slot; /* in the register of temporaries, or -1 */
} Pending;

static void pending_free(gpointer data)
{
	Pending *pending = data;
	temporary_forget(pending->slot);
	g_free(pending->path);
	g_free(pending);
}

GPtrArray *store_pending_new(void)
{
	return g_ptr_array_new_with_free_func(pending_free);
}

void store_pending_add(Store *store, const char *path)
{
	if (g_file_test(path, G_FILE_TEST_EXISTS))
		return;
	Pending *pending = g_new0(Pending, 1);
	pending->path = g_strdup(path);
	pending->slot = temporary_register(path);
	g_ptr_array_add(store->pending, pending);
}

void store_pending_hold(Store *store)
{
	for (guint i = 0; i < store->pending->len; i++) {
		Pending *pending = store->pending->pdata[i];
		temporary_forget(pending->slot);
		pending->slot = -1;
	}
}

void store_pending_keep(Store *store)
{
	g_ptr_array_set_size(store->pending, 0);
}

/* A NAME.h5 that is no more as it was read may name them: a commit can fail after its rename. */
void store_pending_drop(Store *store, guint first)
{
	if (store->lock < 0 || !store_is_as_read(store))
		return;
	for (guint i = store->pending->len; i > first; i--) {
		g_remove(((const Pending *)store->pending->pdata[i - 1])->path);
		g_ptr_array_remove_index(store->pending, i - 1);
	}
}
