/* session_measure.c - what an edit will be: previews, and passes over the weights that make them
 * exact. */
#include "session_private.h"

#include "core/error.h"

static gboolean check_known(const Session *session, guint member, GError **error)
{
	const StoreMember *known = session->store->members->pdata[member];
	return known->known ||
	       fail_at(error, ERROR_INPUT, (Place){.remedy = "load it again"},
		       "what is known of %s is stale",
		       collection_member(session_collection(session), member)->name);
}

/* Parses an edit whose base and tasks are all known. */
static Node *parse_known(const Session *session, const char *text, GError **error)
{
	g_autoptr(Node) edit = expression_parse(session_collection(session), text, error);
	if (!edit || !check_known(session, 0, error))
		return NULL;
	g_autoptr(GArray) members = expression_members(edit);
	for (guint i = 0; i < members->len; i++)
		if (!check_known(session, g_array_index(members, guint, i), error))
			return NULL;
	return g_steal_pointer(&edit);
}

Preview *session_preview(
	const Session *session, const Composition *composition, GroupBy by, GError **error)
{
	g_autofree char *text = composition_text(composition);
	if (!session_check_loaded(session, error))
		return NULL;
	if (!*text) {
		fail(error, ERROR_USAGE, "no term of the edit is on");
		return NULL;
	}
	g_autoptr(Node) edit = parse_known(session, text, error);
	PreviewRequest request = {.collection = session_collection(session),
		.gram = session_gram(session),
		.plan = session->store->plan,
		.edit = edit,
		.scale = composition->scale,
		.by = by};
	return edit ? preview_new(&request, error) : NULL;
}
