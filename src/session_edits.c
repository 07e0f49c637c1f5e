/* session_edits.c - edits that are kept in the store under a name. */
#include "session_private.h"

#include "core/error.h"

void session_keep_edit(Session *session, const char *name)
{
	g_autofree char *text = composition_text(session->composition);
	store_add_edit(session->store, name, text, session->composition->scale);
	session_tell(session);
}

static const StoreEdit *find_edit(const Session *session, const char *name)
{
	const GPtrArray *edits = session->store->edits;
	for (guint i = 0; i < edits->len; i++) {
		const StoreEdit *edit = edits->pdata[i];
		if (g_str_equal(edit->name, name))
			return edit;
	}
	return NULL;
}

gboolean session_open_edit(Session *session, const char *name, GError **error)
{
	const StoreEdit *edit = find_edit(session, name);
	if (!edit)
		return fail(error, ERROR_USAGE, "the store keeps no edit of the name %s", name);
	g_autoptr(Composition) next = composition_new();
	if (!composition_set_text(next, session_collection(session), edit->expression, error))
		return FALSE;
	g_autofree char *label = g_strdup_printf("open %s", name);
	next->scale = edit->scale;
	session_compose(session, next, label, NULL);
	return TRUE;
}

void session_drop_edit(Session *session, const char *name)
{
	store_drop_edit(session->store, name);
	session_tell(session);
}
