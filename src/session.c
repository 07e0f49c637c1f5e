/* session.c - what is open, marked and remembered; the store is its memory. */
#include "session_private.h"

#include "core/error.h"

#include <sys/stat.h>

Session *session_open(const char *path, guint threads, GError **error)
{
	gboolean exists = g_file_test(path, G_FILE_TEST_EXISTS);
	Store *store = exists ? store_open(path, error) : store_new(path);
	if (!store)
		return NULL;
	Session *session = g_new0(Session, 1);
	session->store = store;
	session->threads = threads;
	session->unmarked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	session->undo = g_ptr_array_new_with_free_func(change_free);
	session->redo = g_ptr_array_new_with_free_func(change_free);
	session->jobs = g_ptr_array_new_with_free_func((GDestroyNotify)job_unref);
	session->waiting = g_queue_new();
	session->previews = previews_new();
	session_state_take(session);
	session->saved = session_state_summary(session);
	return session;
}

void session_free(Session *session)
{
	if (!session)
		return;
	session->changed = NULL;
	session_stop_jobs(session);
	g_queue_free(session->waiting);
	g_ptr_array_unref(session->jobs);
	g_ptr_array_unref(session->undo);
	g_ptr_array_unref(session->redo);
	g_hash_table_unref(session->unmarked);
	previews_free(session->previews);
	composition_free(session->composition);
	composition_free(session->reference);
	store_free(session->store);
	g_free(session->saved);
	g_free(session->message);
	g_free(session);
}

void session_on_change(Session *session, SessionChanged changed, gpointer data)
{
	session->changed = changed;
	session->changed_data = data;
}

void session_tell(Session *session)
{
	if (session->changed)
		session->changed(session->changed_data);
}

void session_say(Session *session, char *message)
{
	g_free(session->message);
	session->message = message;
}

char *session_take_message(Session *session)
{
	return g_steal_pointer(&session->message);
}

const char *session_path(const Session *session)
{
	return session->store->path;
}

const Store *session_store(const Session *session)
{
	return session->store;
}

const Collection *session_collection(const Session *session)
{
	return session->store->collection;
}

const Gram *session_gram(const Session *session)
{
	return session->store->gram;
}

gboolean session_ready(const Session *session)
{
	return store_is_complete(session->store);
}

static const Member *task_at(const Session *session, guint member)
{
	const Collection *collection = session_collection(session);
	if (!collection || member >= collection_members(collection))
		return NULL;
	const Member *named = collection_member(collection, member);
	return named->role == MEMBER_TASK ? named : NULL;
}

gboolean session_is_marked(const Session *session, guint member)
{
	const Member *task = task_at(session, member);
	return task && !g_hash_table_contains(session->unmarked, task->name);
}

static void set_mark(Session *session, const Member *task, gboolean marked)
{
	if (marked)
		g_hash_table_remove(session->unmarked, task->name);
	else
		g_hash_table_add(session->unmarked, g_strdup(task->name));
}

void session_mark(Session *session, guint member, gboolean marked)
{
	const Member *task = task_at(session, member);
	if (!task)
		return;
	set_mark(session, task, marked);
	session_tell(session);
}

static GArray *all_tasks(const Session *session)
{
	const Collection *collection = session_collection(session);
	return collection ? collection_tasks(collection) : g_array_new(FALSE, FALSE, sizeof(guint));
}

void session_invert_marks(Session *session)
{
	g_autoptr(GArray) tasks = all_tasks(session);
	for (guint i = 0; i < tasks->len; i++) {
		guint task = g_array_index(tasks, guint, i);
		set_mark(session, task_at(session, task), !session_is_marked(session, task));
	}
	session_tell(session);
}

GArray *session_marked(const Session *session)
{
	g_autoptr(GArray) tasks = all_tasks(session);
	GArray *marked = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < tasks->len; i++)
		if (session_is_marked(session, g_array_index(tasks, guint, i)))
			g_array_append_val(marked, g_array_index(tasks, guint, i));
	if (marked->len > 0)
		return marked;
	g_array_unref(marked);
	return g_steal_pointer(&tasks);
}

const char *session_get(const Session *session, const char *key)
{
	return g_hash_table_lookup(session->store->state, key);
}

void session_set(Session *session, const char *key, const char *value)
{
	if (value)
		g_hash_table_insert(session->store->state, g_strdup(key), g_strdup(value));
	else
		g_hash_table_remove(session->store->state, key);
}

gboolean session_check_loaded(const Session *session, GError **error)
{
	return session_collection(session) != NULL ||
	       fail(error, ERROR_USAGE, "no checkpoint is loaded");
}

/* By what the names lead to. */
static gboolean is_same_file(const char *a, const char *b)
{
	struct stat one, other;
	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_ino == other.st_ino &&
	       one.st_dev == other.st_dev;
}

gboolean session_check_output(const Session *session, const char *path, GError **error)
{
	g_autoptr(GPtrArray) kept = store_kept_paths(session->store);
	for (guint i = 0; i < kept->len; i++)
		if (is_same_file(path, kept->pdata[i]))
			return fail_at(error, ERROR_IO,
				(Place){.file = path, .remedy = "write to another place"},
				"it belongs to the store or was loaded into it, and is never "
				"written to");
	return TRUE;
}
