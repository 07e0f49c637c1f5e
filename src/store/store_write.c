/* store_write.c - the store in memory into a whole new file: results first, NAME.h5 last.
 *
 * What a store names is therefore always there.  What no store names any more is swept away after
 * the new one is in place. */
#include "store/checkpoint_table.h"
#include "store/store_private.h"

#include <glib/gstdio.h>
#include <string.h>

static gboolean write_attributes(const Store *store, guint member, Hid group, GError **error)
{
	const Member *named = collection_member(store->collection, member);
	const StoreMember *known = store_member_at(store, member);
	const Checkpoint *checkpoint = named->checkpoint;
	g_autofree char *alignment = member_alignment(store->collection, member);
	return hdf5_put_text(group, "name", named->name, error) &&
	       hdf5_put_text(group, "role", member_role_name(named->role), error) &&
	       hdf5_put_integer(group, "position", member, error) &&
	       hdf5_put_text(group, "run", named->run, error) &&
	       hdf5_put_integer(group, "step", named->step, error) &&
	       hdf5_put_text(group, "path", checkpoint->path, error) &&
	       hdf5_put_text(group, "format", checkpoint->format, error) &&
	       hdf5_put_text(group, "directory", checkpoint->directory, error) &&
	       hdf5_put_text(group, "hash", known->hash, error) &&
	       hdf5_put_integer(group, "copied", known->copied, error) &&
	       hdf5_put_text(group, "weights", known->weights, error) &&
	       hdf5_put_text(group, "rows", known->rows, error) &&
	       hdf5_put_text(group, "alignment", alignment, error) &&
	       member_write_renames(named, group, error);
}

static gboolean write_member(const Store *store, guint member, Hid parent, GError **error)
{
	const Member *named = collection_member(store->collection, member);
	g_auto(Hid) group = hdf5_create_group(parent, named->name, error);
	return group >= 0 && write_attributes(store, member, group, error) &&
	       checkpoint_table_write(
		       named->checkpoint, store_member_at(store, member)->sources, group, error);
}

static gboolean write_members(const Store *store, Hid file, GError **error)
{
	g_auto(Hid) parent = hdf5_create_group(file, "checkpoints", error);
	gboolean ok = parent >= 0;
	for (guint i = 0; ok && i < store->members->len; i++)
		ok = write_member(store, i, parent, error);
	return ok;
}

/* A link to the part of each member that has one. */
static gboolean write_links(
	const Store *store, const char *group_name, const char *kind, Hid file, GError **error)
{
	g_auto(Hid) group = hdf5_create_group(file, group_name, error);
	gboolean ok = group >= 0;
	for (guint i = 0; ok && i < store->members->len; i++) {
		const char *hash = store_member_part(store, i, kind);
		if (!hash)
			continue;
		g_autofree char *part = store_part(store, kind, hash, TRUE);
		ok = hdf5_link(group, collection_member(store->collection, i)->name, part, error);
	}
	return ok;
}

static gboolean write_edit(const StoreEdit *edit, guint position, Hid parent, GError **error)
{
	g_autofree char *link = g_strdup_printf("%03u", position + 1);
	g_auto(Hid) group = hdf5_create_group(parent, link, error);
	return group >= 0 && hdf5_put_text(group, "name", edit->name, error) &&
	       hdf5_put_double(group, "scale", edit->scale, error) &&
	       hdf5_write_string(group, "expression", edit->expression, error);
}

static gboolean write_edits(const Store *store, Hid file, GError **error)
{
	g_auto(Hid) parent = hdf5_create_group(file, "edits", error);
	gboolean ok = parent >= 0;
	for (guint i = 0; ok && i < store->edits->len; i++)
		ok = write_edit(store->edits->pdata[i], i, parent, error);
	return ok;
}

static gboolean write_all(const Store *store, Hid file, GError **error)
{
	return write_members(store, file, error) &&
	       write_links(store, "results", "rows", file, error) &&
	       write_links(store, "weights", "weights", file, error) &&
	       write_edits(store, file, error) && texts_write(store->state, file, "state", error);
}

/* Where parts are new, be they rows or weights, the folder is brought to the disk once. */
static gboolean write_results(Store *store, GError **error)
{
	g_autofree char *folder = store_folder(store);
	if (store->members->len == 0)
		return TRUE;
	if (!store_make_folder(store, error))
		return FALSE;
	for (guint i = 0; i < store->members->len; i++) {
		const StoreMember *known = store_member_at(store, i);
		if (known->known && !known->rows && !rows_write(store, i, error))
			return FALSE;
	}
	return store->pending->len == 0 || file_sync_folder(folder, error);
}

/* The parts are given to NAME.h5 before it is there: rather left behind than lost. */
static gboolean write_store(Store *store, GError **error)
{
	g_auto(Hid) file = sealed_create(&store_kind, error);
	if (file < 0 || !write_all(store, file, error))
		return FALSE;
	g_autoptr(Output) output = sealed_write(hid_steal(&file), store->path, &store_kind, error);
	if (!output)
		return FALSE;
	store_pending_hold(store);
	return output_commit(output, error);
}

/* KIND-HASH.h5, the only names that are swept. */
static gboolean is_part(const char *name)
{
	static const char *const kinds[] = {"rows-", "weights-"};
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		gsize start = strlen(kinds[i]);
		if (!g_str_has_prefix(name, kinds[i]) || !g_str_has_suffix(name, ".h5"))
			continue;
		g_autofree char *hash = g_strndup(name + start, strlen(name) - start - 3);
		return hash_is_text(hash);
	}
	return FALSE;
}

static GHashTable *named_parts(const Store *store)
{
	static const char *const kinds[] = {"rows", "weights"};
	GHashTable *named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < store->members->len * G_N_ELEMENTS(kinds); i++) {
		const char *kind = kinds[i % G_N_ELEMENTS(kinds)];
		const char *hash = store_member_part(store, i / G_N_ELEMENTS(kinds), kind);
		if (hash)
			g_hash_table_add(named, g_strdup_printf("%s-%s.h5", kind, hash));
	}
	return named;
}

static void sweep(const Store *store)
{
	g_autofree char *folder = store_folder(store);
	g_autoptr(GHashTable) named = named_parts(store);
	g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
	const char *name;
	while (directory && (name = g_dir_read_name(directory))) {
		if (!is_part(name) || g_hash_table_contains(named, name))
			continue;
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_unlink(path);
	}
	file_sweep_temporaries(folder);
	file_sweep_leftovers(store->path);
}

gboolean store_commit(Store *store, GError **error)
{
	hdf5_quiet();
	if (!store_lock(store, error) || !write_results(store, error) || !write_store(store, error))
		return FALSE;
	store_pending_keep(store);
	store_look(store);
	sweep(store);
	return TRUE;
}
