/* verify.c - whether a store holds what its commit promised, and its sources what was read. */
#include "store/store_private.h"
#include "store/weights.h"

typedef struct {
	const Store *store;
	GPtrArray *problems; /* of char * */
	Job *job;
} Verify;

static void note(Verify *verify, guint member, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void note(Verify *verify, guint member, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_ptr_array_add(verify->problems,
		g_strdup_printf("%s: %s",
			collection_member(verify->store->collection, member)->name, text));
}

static void check_row(Verify *verify, guint member)
{
	g_autoptr(GError) problem = NULL;
	if (!rows_check(verify->store, member, &problem))
		note(verify, member, "its results cannot be used: %s", problem->message);
	else if (!store_member_at(verify->store, member)->known)
		note(verify, member, "its results are stale; load it again");
}

static void check_sources(Verify *verify, guint member)
{
	const GPtrArray *sources = store_member_at(verify->store, member)->sources;
	for (guint i = 0; i < sources->len; i++) {
		const StoreSource *source = sources->pdata[i];
		if (source->state == SOURCE_MISSING)
			note(verify, member, "its file %s is missing", source->path);
		else if (source->state == SOURCE_CHANGED)
			note(verify, member, "its file %s changed since it was loaded",
				source->path);
	}
}

/* A failure to read is a problem of the store; only being cancelled ends the whole. */
static gboolean note_failure(Verify *verify, guint member, GError *problem, GError **error)
{
	if (g_error_matches(problem, TAUSCOPE_ERROR, ERROR_CANCELLED)) {
		g_propagate_error(error, problem);
		return FALSE;
	}
	note(verify, member, "%s", problem->message);
	g_error_free(problem);
	return TRUE;
}

/* The contents as the pass hashed them, of the copy or of the sources. */
static gboolean check_contents(Verify *verify, guint member, GError **error)
{
	const Store *store = verify->store;
	const StoreMember *known = store_member_at(store, member);
	GError *problem = NULL;
	if (!known->copied && !store_member_usable(store, member, NULL))
		return TRUE; /* check_sources has said so */
	if (!store_member_usable(store, member, &problem))
		return note_failure(verify, member, problem, error);
	g_autofree guint64 *hash = g_new0(guint64, collection_tensors(store->collection));
	if (!pass_hash(store->collection, member, 0, hash, verify->job, &problem))
		return note_failure(verify, member, problem, error);
	g_autofree char *found = member_content_hash(store->collection, member, hash);
	if (known->hash && !g_str_equal(found, known->hash))
		note(verify, member, "the bytes of its weights are not those that were loaded");
	return TRUE;
}

static gboolean check_copy(Verify *verify, guint member, GError **error)
{
	const StoreMember *known = store_member_at(verify->store, member);
	const Checkpoint *checkpoint =
		collection_member(verify->store->collection, member)->checkpoint;
	GError *problem = NULL;
	if (!known->copied || !store_member_usable(verify->store, member, NULL))
		return TRUE;
	g_autofree char *found = weights_hash(checkpoint, 0, verify->job, &problem);
	if (!found)
		return note_failure(verify, member, problem, error);
	if (!g_str_equal(found, known->weights))
		note(verify, member, "the copy of its weights is damaged: %s",
			((const CheckpointFile *)checkpoint->files->pdata[0])->path);
	return TRUE;
}

gboolean store_verify(Store *store, GPtrArray *problems, Job *job, GError **error)
{
	Verify verify = {store, problems, job};
	guint before = problems->len;
	for (guint i = 0; i < store->members->len; i++) {
		check_row(&verify, i);
		check_sources(&verify, i);
		if (!check_contents(&verify, i, error) || !check_copy(&verify, i, error))
			return FALSE;
	}
	return problems->len == before;
}
