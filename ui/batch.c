/* batch.c - how the batch program is told to write what a screen shows. */
#include "batch.h"

#include <string.h>

char *shell_word(const char *word)
{
	const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=";

	return *word && strspn(word, plain) == strlen(word) ? g_strdup(word) : g_shell_quote(word);
}

static gboolean is_stale(const Session *session)
{
	const Store *store = session_store(session);

	for (guint i = 0; i < store->members->len; i++)
		if (store_member_state(store, i) == SOURCE_CHANGED)
			return TRUE;
	return FALSE;
}

char *batch_command(Ui *ui, const char *verb, const char *options)
{
	g_autofree char *store = shell_word(session_path(ui_session(ui)));

	if (is_stale(ui_session(ui)))
		return NULL;
	return g_strdup_printf("tauscope %s %s%s%s", verb, store, *options ? " " : "", options);
}

gboolean batch_has_all_tasks(Ui *ui)
{
	g_autoptr(GArray) marked = session_marked(ui_session(ui));
	g_autoptr(GArray) tasks = collection_tasks(session_collection(ui_session(ui)));

	return marked->len == tasks->len;
}

static gboolean chooses_layer(const Collection *collection, const char *pattern, const char *layer)
{
	for (guint i = 0; i < collection_tensors(collection); i++) {
		gboolean inside = strcmp(collection->layer[i], layer) == 0;
		if (scope_matches(collection, i, pattern) != inside)
			return FALSE;
	}
	return TRUE;
}

char *batch_layer_pattern(const Collection *collection, const char *layer)
{
	g_autofree char *below = g_strconcat(layer, ".*", NULL);

	if (chooses_layer(collection, layer, layer))
		return g_strdup(layer);
	return chooses_layer(collection, below, layer) ? g_steal_pointer(&below) : NULL;
}
