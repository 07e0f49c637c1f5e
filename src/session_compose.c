/* session_compose.c - the composition, its undo, and the reference to compare with. */
#include "session_private.h"

#define UNDO_MOST 1000

void change_free(gpointer data)
{
	Change *change = data;
	composition_free(change->composition);
	g_free(change->label);
	g_free(change->merge);
	g_free(change);
}

/* Takes the composition. */
static void push(GPtrArray *changes, Composition *composition, const char *label, const char *merge)
{
	Change *change = g_new0(Change, 1);
	change->composition = composition;
	change->label = g_strdup(label);
	change->merge = g_strdup(merge);
	g_ptr_array_add(changes, change);
	if (changes->len > UNDO_MOST)
		g_ptr_array_remove_index(changes, 0);
}

static Change *last(const GPtrArray *changes)
{
	return changes->len ? changes->pdata[changes->len - 1] : NULL;
}

const Composition *session_composition(const Session *session)
{
	return session->composition;
}

/* Whether a change goes on with the last one: a slider that keeps moving is one step. */
static gboolean merges(const Session *session, const char *merge)
{
	const Change *before = last(session->undo);
	return merge && before && session->redo->len == 0 && g_strcmp0(before->merge, merge) == 0;
}

void session_compose(
	Session *session, const Composition *next, const char *label, const char *merge)
{
	if (composition_equal(next, session->composition))
		return;
	Composition *before = session->composition;
	session->composition = composition_copy(next);
	if (merges(session, merge)) {
		Change *change = last(session->undo);
		g_free(change->label);
		change->label = g_strdup(label);
		composition_free(before);
	} else {
		push(session->undo, before, label, merge);
	}
	g_ptr_array_set_size(session->redo, 0);
	session_tell(session);
}

/* Goes back along one list of changes and leaves the way forth on the other. */
static gboolean travel(Session *session, GPtrArray *from, GPtrArray *to, char **label)
{
	Change *change = last(from);
	if (!change)
		return FALSE;
	push(to, session->composition, change->label, NULL);
	session->composition = g_steal_pointer(&change->composition);
	if (label)
		*label = g_strdup(change->label);
	g_ptr_array_set_size(from, (gint)from->len - 1);
	session_tell(session);
	return TRUE;
}

gboolean session_undo(Session *session, char **label)
{
	return travel(session, session->undo, session->redo, label);
}

gboolean session_redo(Session *session, char **label)
{
	return travel(session, session->redo, session->undo, label);
}

guint session_undo_steps(const Session *session)
{
	return session->undo->len;
}

guint session_redo_steps(const Session *session)
{
	return session->redo->len;
}

const Composition *session_reference(const Session *session)
{
	return session->reference;
}

void session_set_reference(Session *session)
{
	composition_free(session->reference);
	session->reference = composition_copy(session->composition);
	session_tell(session);
}

void session_swap_reference(Session *session)
{
	Composition *next = session->reference;
	session->reference = composition_copy(session->composition);
	session_compose(session, next, "exchange with the reference", NULL);
	composition_free(next);
}
