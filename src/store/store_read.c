/* store_read.c - a store file into memory: catalogue, edits and state, then the rows files.
 *
 * The file is read whole and closed.  Its checksum has been checked, but it may have been made by
 * anyone, so every table is checked against what it speaks of before it is believed. */
#include "store/checkpoint_table.h"
#include "store/records.h"
#include "store/store_private.h"

#include <string.h>

#define OVERTAKEN_MOST 10

/* A member on its way from its group into the collection. */
typedef struct {
	char *name, *run;
	MemberRole role;
	gint64 position, step;
	Checkpoint *checkpoint;
	Deferred *deferred; /* how its sources are made */
	GPtrArray *renames; /* of char * */
	char *alignment;    /* how it lined up, or NULL */
	StoreMember *known;
} Entry;

static void entry_free(gpointer data)
{
	Entry *entry = data;
	g_clear_pointer(&entry->checkpoint, checkpoint_free);
	g_clear_pointer(&entry->deferred, deferred_unref);
	g_clear_pointer(&entry->renames, g_ptr_array_unref);
	g_free(entry->alignment);
	g_clear_pointer(&entry->known, store_member_free);
	g_free(entry->name);
	g_free(entry->run);
	g_free(entry);
}

static gboolean read_role(Hid group, MemberRole *role, GError **error)
{
	g_autofree char *name = NULL;
	if (!hdf5_get_text(group, "role", &name, error))
		return FALSE;
	for (*role = MEMBER_BASE; *role <= MEMBER_STEP; (*role)++)
		if (g_strcmp0(name, member_role_name(*role)) == 0)
			return TRUE;
	return fail(error, ERROR_INPUT, "its role is unknown");
}

/* A hash names a file, so nothing else may stand in its place. */
static gboolean read_hash(Hid group, const char *name, char **hash, GError **error)
{
	return hdf5_get_text(group, name, hash, error) &&
	       (!*hash || hash_is_text(*hash) ||
		       fail(error, ERROR_INPUT, "its %s is not a hash", name));
}

static gboolean read_attributes(Entry *entry, Hid group, GError **error)
{
	StoreMember *known = entry->known;
	if (!hdf5_get_text(group, "name", &entry->name, error) ||
		!hdf5_get_text(group, "run", &entry->run, error) ||
		!read_role(group, &entry->role, error) ||
		!hdf5_get_integer(group, "position", &entry->position, error) ||
		!hdf5_get_integer(group, "step", &entry->step, error) ||
		!read_hash(group, "hash", &known->hash, error) ||
		!read_hash(group, "rows", &known->rows, error) ||
		!read_hash(group, "weights", &known->weights, error) ||
		!read_hash(group, "alignment", &entry->alignment, error) ||
		!member_read_renames(group, &entry->renames, error))
		return FALSE;
	known->copied = known->weights != NULL;
	return entry->name || fail(error, ERROR_INPUT, "it has no name");
}

static gboolean read_paths(Entry *entry, Hid group, GError **error)
{
	g_autofree char *path = NULL, *format = NULL, *directory = NULL;
	if (!hdf5_get_text(group, "path", &path, error) ||
		!hdf5_get_text(group, "format", &format, error) ||
		!hdf5_get_text(group, "directory", &directory, error))
		return FALSE;
	if (!path || !format)
		return fail(error, ERROR_INPUT, "its path or format is missing");
	entry->checkpoint = checkpoint_new(path, g_intern_string(format));
	entry->checkpoint->directory = g_steal_pointer(&directory);
	entry->deferred = deferred_new(path);
	return TRUE;
}

/* Opens the files that hold the weights now.  Of a linked file that changed nothing may be read any
 * more, so it is left closed.  limit[file] is how far its spans may reach; a copy that was cut is
 * no reason to refuse the store, see store_member_usable. */
static guint64 *open_files(const Store *store, Entry *entry)
{
	StoreMember *known = entry->known;
	guint64 *limit = g_new0(guint64, known->sources->len + 1);
	for (guint i = 0; i < known->sources->len; i++) {
		StoreSource *source = known->sources->pdata[i];
		g_autoptr(File) file = store_source_look(source);
		if (known->copied)
			continue;
		limit[i] = source->fingerprint.size;
		if (source->state == SOURCE_CHANGED)
			g_clear_pointer(&file, file_close);
		if (!file)
			deferred_close(entry->deferred);
		checkpoint_add_file(entry->checkpoint, source->path, g_steal_pointer(&file));
	}
	if (known->copied) {
		g_autofree char *path = store_part(store, "weights", known->weights, FALSE);
		limit[0] = G_MAXINT64;
		checkpoint_add_file(entry->checkpoint, path, file_open(path, NULL));
	}
	return limit;
}

static gboolean read_entry(const Store *store, Entry *entry, Hid group, GError **error)
{
	if (!read_attributes(entry, group, error) || !read_paths(entry, group, error))
		return FALSE;
	g_autoptr(GPtrArray) sources = checkpoint_table_sources(group, error);
	if (!sources)
		return FALSE;
	g_ptr_array_unref(entry->known->sources);
	entry->known->sources = g_steal_pointer(&sources);
	g_autofree guint64 *limit = open_files(store, entry);
	return checkpoint_table_read(entry->checkpoint, limit, entry->deferred, group, error);
}

static Entry *entry_open(const Store *store, Hid parent, const char *link, GError **error)
{
	Entry *entry = g_new0(Entry, 1);
	entry->known = store_member_new();
	g_auto(Hid) group = hdf5_open_group(parent, link, error);
	if (group >= 0 && read_entry(store, entry, group, error))
		return entry;
	g_prefix_error(error, "checkpoint %s: ", link);
	entry_free(entry);
	return NULL;
}

static int by_position(gconstpointer a, gconstpointer b)
{
	const Entry *one = *(Entry *const *)a, *other = *(Entry *const *)b;
	return (one->position > other->position) - (one->position < other->position);
}

static GPtrArray *read_entries(const Store *store, Hid file, GError **error)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
	g_auto(Hid) parent = hdf5_open_group(file, "checkpoints", error);
	g_autoptr(GPtrArray) links = parent < 0 ? NULL : hdf5_names(parent, error);
	if (!links)
		return NULL;
	for (guint i = 0; i < links->len; i++) {
		Entry *entry = entry_open(store, parent, links->pdata[i], error);
		if (!entry)
			return NULL;
		g_ptr_array_add(entries, entry);
	}
	g_ptr_array_sort(entries, by_position);
	return g_steal_pointer(&entries);
}

static Collection *collect(GPtrArray *entries, GError **error)
{
	Entry *base = entries->pdata[0];
	if (base->role != MEMBER_BASE) {
		fail(error, ERROR_INPUT, "the first checkpoint is not the base");
		return NULL;
	}
	g_autoptr(Collection) collection = collection_new(g_steal_pointer(&base->checkpoint));
	for (guint i = 1; i < entries->len; i++) {
		Entry *entry = entries->pdata[i];
		if (entry->role == MEMBER_BASE) {
			fail(error, ERROR_INPUT, "there are two bases");
			return NULL;
		}
		deferred_set_base(entry->deferred, collection_member(collection, 0)->checkpoint);
		if (!collection_add(collection, entry->name, entry->role, entry->run, entry->step,
			    g_steal_pointer(&entry->checkpoint), entry->renames, error))
			return NULL;
	}
	return g_steal_pointer(&collection);
}

/* Results are of the tensors that were paired when they were computed; where names would be paired
 * otherwise today, they are to be computed again. */
static void check_alignment(const Collection *collection, guint member, const Entry *entry)
{
	g_autofree char *now = member_alignment(collection, member);
	if (entry->alignment ? g_str_equal(entry->alignment, now)
			     : member_is_aligned_plainly(collection, member))
		return;
	g_clear_pointer(&entry->known->rows, g_free);
	g_clear_pointer(&entry->known->hash, g_free);
	fail(&entry->known->unread, ERROR_INPUT,
		"its tensors were paired with the base's by other rules; load it again");
}

/* The collection has an order of its own; what is known follows it. */
static GPtrArray *members_in_order(const Collection *collection, GPtrArray *entries)
{
	GPtrArray *members = g_ptr_array_new_with_free_func((GDestroyNotify)store_member_free);
	g_ptr_array_set_size(members, (gint)entries->len);
	for (guint i = 0; i < entries->len; i++) {
		Entry *entry = entries->pdata[i];
		gint place = i == 0 ? 0 : collection_find(collection, entry->name);
		check_alignment(collection, (guint)place, entry);
		members->pdata[place] = g_steal_pointer(&entry->known);
	}
	return members;
}

static gboolean read_members(Store *store, Hid file, GError **error)
{
	g_autoptr(GPtrArray) entries = read_entries(store, file, error);
	if (!entries || entries->len == 0)
		return entries != NULL;
	g_autoptr(Collection) collection = collect(entries, error);
	g_autoptr(Gram) gram = collection ? gram_try_new(collection_tensors(collection),
						    collection_members(collection), error)
					  : NULL;
	if (!gram)
		return FALSE;
	GPtrArray *members = members_in_order(collection, entries);
	SamplePlan *plan = sample_plan_new(collection);
	store_set_collection(
		store, g_steal_pointer(&collection), members, g_steal_pointer(&gram), plan);
	return TRUE;
}

static gboolean read_edit(Store *store, Hid parent, const char *link, GError **error)
{
	g_auto(Hid) group = hdf5_open_group(parent, link, error);
	g_autofree char *name = NULL, *key = NULL, *expression = NULL;
	double scale = 1;
	if (group < 0 || !hdf5_get_text(group, "name", &name, error) ||
		!hdf5_get_double(group, "scale", &scale, error) ||
		!hdf5_read_string(group, "expression", &key, &expression, error))
		return FALSE;
	store_add_edit(store, name ? name : link, expression, scale);
	return TRUE;
}

static gboolean read_edits(Store *store, Hid file, GError **error)
{
	g_auto(Hid) parent = hdf5_open_group(file, "edits", error);
	g_autoptr(GPtrArray) links = parent < 0 ? NULL : hdf5_names(parent, error);
	for (guint i = 0; links && i < links->len; i++)
		if (!read_edit(store, parent, links->pdata[i], error))
			return FALSE;
	return links != NULL;
}

static gboolean read_all(Store *store, Hid file, GError **error)
{
	return read_members(store, file, error) && read_edits(store, file, error) &&
	       texts_read(store->state, file, "state", error);
}

/* Reads the file whole and closes it again. */
static gboolean read_file(Store *store, GError **error)
{
	g_autoptr(GError) problem = NULL;
	Place place = {.file = store->path,
		.remedy = "restore it from a copy, or load the checkpoints into a new store"};
	g_auto(Hid) file = sealed_open(store->path, &store_kind, error);
	if (file < 0)
		return FALSE;
	return read_all(store, file, &problem) ||
	       fail_at(error, ERROR_INPUT, place, "the store is damaged: %s", problem->message);
}

static Store *read_once(const char *path, GError **error)
{
	g_autoptr(Store) store = store_new(path);
	store_look(store);
	if (!read_file(store, error))
		return NULL;
	if (store->collection)
		rows_read(store);
	return g_steal_pointer(&store);
}

/* A writer in another process may sweep rows files away between our reading of NAME.h5 and them. */
static gboolean is_overtaken(const Store *store)
{
	return store->collection && !store_is_complete(store) && !store_is_as_read(store);
}

Store *store_open(const char *path, GError **error)
{
	Store *store = read_once(path, error);
	for (guint again = 0; store && is_overtaken(store) && again < OVERTAKEN_MOST; again++) {
		store_free(store);
		store = read_once(path, error);
	}
	return store;
}
