/* store.c - the store in memory: its members, their sources and its parts. */
#include "store/store_private.h"

#include "core/text.h"

#include <errno.h>
#include <string.h>
#include <xxhash.h>

/* As many as the system follows. */
#define LINKS_MOST 40

const SealKind store_kind = {.name = "store", .version = 1};

gboolean store_is(const char *path)
{
	return sealed_is(path, &store_kind);
}

gboolean hash_is_text(const char *text)
{
	return text && strlen(text) == HASH_LENGTH &&
	       strspn(text, "0123456789abcdef") == HASH_LENGTH;
}

static void source_free(gpointer data)
{
	StoreSource *source = data;
	g_free(source->path);
	g_free(source);
}

GPtrArray *store_sources_new(void)
{
	return g_ptr_array_new_with_free_func(source_free);
}

StoreSource *store_source_recorded(const char *path, const Fingerprint *fingerprint)
{
	StoreSource *source = g_new0(StoreSource, 1);
	source->path = g_strdup(path);
	source->fingerprint = *fingerprint;
	return source;
}

StoreSource *store_source_new(const File *file, GError **error)
{
	Fingerprint fingerprint = {0};
	if (!file_fingerprint(file, &fingerprint, error))
		return NULL;
	return store_source_recorded(file->path, &fingerprint);
}

StoreSource *store_source_copy(const StoreSource *source)
{
	StoreSource *copy = store_source_recorded(source->path, &source->fingerprint);
	copy->state = source->state;
	return copy;
}

File *store_source_look(StoreSource *source)
{
	File *file = file_open(source->path, NULL);
	source->state = SOURCE_MISSING;
	if (!file)
		return NULL;
	Fingerprint now = {.size = file->size,
		.inode = file->inode,
		.mtime_ns = file->mtime_ns,
		.ctime_ns = file->ctime_ns};
	source->state = SOURCE_OK;
	if (fingerprint_same_stat(&source->fingerprint, &now))
		return file;
	gboolean same = file_fingerprint(file, &now, NULL) &&
			fingerprint_same_content(&source->fingerprint, &now);
	source->state = same ? SOURCE_TOUCHED : SOURCE_CHANGED;
	return file;
}

void store_source_update(StoreSource *source)
{
	File *file = store_source_look(source);
	g_clear_pointer(&file, file_close);
}

const char *source_state_name(SourceState state)
{
	static const char *const names[] = {"ok", "touched", "changed", "missing"};
	return names[state];
}

const char *member_role_name(MemberRole role)
{
	static const char *const names[] = {"base", "task", "step"};
	return names[role];
}

SourceState store_sources_state(const GPtrArray *sources)
{
	SourceState worst = SOURCE_OK;
	for (guint i = 0; i < sources->len; i++)
		worst = MAX(worst, ((const StoreSource *)sources->pdata[i])->state);
	return worst;
}

StoreMember *store_member_new(void)
{
	StoreMember *member = g_new0(StoreMember, 1);
	member->sources = store_sources_new();
	return member;
}

void store_member_free(StoreMember *member)
{
	if (!member)
		return;
	g_ptr_array_unref(member->sources);
	g_clear_pointer(&member->statistics, statistics_free);
	g_clear_error(&member->unread);
	g_free(member->hash);
	g_free(member->weights);
	g_free(member->rows);
	g_free(member);
}

StoreMember *store_member_at(const Store *store, guint member)
{
	return store->members->pdata[member];
}

SourceState store_member_state(const Store *store, guint member)
{
	return store_sources_state(store_member_at(store, member)->sources);
}

gboolean store_member_known(const Store *store, guint member, GError **error)
{
	const StoreMember *known = store_member_at(store, member);
	const Member *named = collection_member(store->collection, member);
	const char *who = member == 0 ? "the base" : named->name;
	Place place = {.file = store->path, .remedy = "run tauscope load on it again"};
	if (known->known)
		return TRUE;
	if (known->unread)
		return fail_at(error, (ErrorCode)error_exit_status(known->unread), place,
			"the results of %s cannot be read: %s", who, known->unread->message);
	return fail_at(error, ERROR_INPUT, place,
		"%s has changed since it was read, or was never read", who);
}

gboolean store_is_complete(const Store *store)
{
	for (guint i = 0; i < store->members->len; i++)
		if (!store_member_at(store, i)->known)
			return FALSE;
	return store->members->len > 0;
}

static gboolean refuse_copy(const Store *store, guint member, GError **error)
{
	g_autofree char *path =
		store_part(store, "weights", store_member_at(store, member)->weights, FALSE);
	Place place = {.file = path, .remedy = "load the checkpoint again"};
	return fail_at(error, ERROR_IO, place, "the copy of the weights of %s cannot be read",
		collection_member(store->collection, member)->name);
}

static gboolean copy_is_whole(const Checkpoint *checkpoint)
{
	const File *file = ((const CheckpointFile *)checkpoint->files->pdata[0])->file;
	for (guint i = 0; file && i < checkpoint_count(checkpoint); i++) {
		const Tensor *tensor = checkpoint_tensor(checkpoint, i);
		if (!span_within(tensor->offset, tensor->bytes, file->size))
			return FALSE;
	}
	return file != NULL;
}

/* As the file is now, which may be hours after the store was opened. */
static gboolean check_source(const StoreSource *recorded, const char *name, GError **error)
{
	StoreSource now = *recorded;
	Place place = {.file = now.path, .remedy = "load it again"};
	store_source_update(&now);
	if (now.state == SOURCE_CHANGED || recorded->state == SOURCE_CHANGED)
		return fail_at(error, ERROR_INPUT, place,
			"this file of %s changed since it was loaded", name);
	place.remedy = "bring it back, or load the checkpoint from where it lies now";
	return (now.state != SOURCE_MISSING && recorded->state != SOURCE_MISSING) ||
	       fail_at(error, ERROR_IO, place, "this file of %s is missing", name);
}

gboolean store_member_usable(const Store *store, guint member, GError **error)
{
	const StoreMember *known = store_member_at(store, member);
	const Member *named = collection_member(store->collection, member);
	if (known->copied)
		return copy_is_whole(named->checkpoint) || refuse_copy(store, member, error);
	for (guint i = 0; i < known->sources->len; i++)
		if (!check_source(known->sources->pdata[i], named->name, error))
			return FALSE;
	return TRUE;
}

static void edit_free(gpointer data)
{
	StoreEdit *edit = data;
	g_free(edit->name);
	g_free(edit->expression);
	g_free(edit);
}

void store_drop_edit(Store *store, const char *name)
{
	for (guint i = store->edits->len; i > 0; i--)
		if (g_str_equal(((const StoreEdit *)store->edits->pdata[i - 1])->name, name))
			g_ptr_array_remove_index(store->edits, i - 1);
}

void store_add_edit(Store *store, const char *name, const char *expression, double scale)
{
	StoreEdit *edit = g_new0(StoreEdit, 1);
	edit->name = g_strdup(name);
	edit->expression = g_strdup(expression);
	edit->scale = scale;
	store_drop_edit(store, name);
	g_ptr_array_add(store->edits, edit);
}

/* Where a link leads, though nothing be there yet: the parts and the lock lie beside the file, and
 * a commit replaces the file, not the link. */
static char *follow_links(const char *path)
{
	char *end = g_strdup(path), *target;
	for (guint i = 0; i < LINKS_MOST && (target = g_file_read_link(end, NULL)); i++) {
		g_autofree char *folder = g_path_get_dirname(end);
		g_free(end);
		end = g_path_is_absolute(target) ? g_strdup(target)
						 : g_build_filename(folder, target, NULL);
		g_free(target);
	}
	return end;
}

Store *store_new(const char *path)
{
	Store *store = g_new0(Store, 1);
	store->path = follow_links(path);
	store->members = g_ptr_array_new_with_free_func((GDestroyNotify)store_member_free);
	store->edits = g_ptr_array_new_with_free_func(edit_free);
	store->state = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	store->pending = store_pending_new();
	store->lock = store->lock_slot = -1;
	return store;
}

void store_set_collection(
	Store *store, Collection *collection, GPtrArray *members, Gram *gram, SamplePlan *plan)
{
	g_clear_pointer(&store->collection, collection_free);
	g_clear_pointer(&store->plan, sample_plan_free);
	g_clear_pointer(&store->gram, gram_free);
	g_clear_pointer(&store->members, g_ptr_array_unref);
	store->collection = collection;
	store->members = members;
	store->gram = gram;
	store->plan = plan;
}

/* The lock may have been given up since they were made. */
static void drop_pending(Store *store)
{
	if (store->pending->len > 0 && store_lock(store, NULL))
		store_pending_drop(store, 0);
	store_unlock(store);
	g_ptr_array_unref(store->pending);
}

void store_free(Store *store)
{
	if (!store)
		return;
	drop_pending(store);
	g_clear_pointer(&store->collection, collection_free);
	g_clear_pointer(&store->plan, sample_plan_free);
	g_clear_pointer(&store->gram, gram_free);
	g_ptr_array_unref(store->members);
	g_ptr_array_unref(store->edits);
	g_hash_table_unref(store->state);
	g_free(store->path);
	g_free(store);
}

/* NAME.h5 without its ending; g_free. */
static char *store_stem(const Store *store)
{
	gsize length = strlen(store->path);
	return g_strndup(store->path, g_str_has_suffix(store->path, ".h5") ? length - 3 : length);
}

char *store_folder(const Store *store)
{
	g_autofree char *stem = store_stem(store);
	return g_strconcat(stem, ".d", NULL);
}

gboolean store_make_folder(Store *store, GError **error)
{
	g_autofree char *folder = store_folder(store);
	store_pending_add(store, folder);
	return g_mkdir_with_parents(folder, 0777) == 0 ||
	       fail_system(error, folder, "cannot make this folder", errno);
}

char *store_part(const Store *store, const char *kind, const char *hash, gboolean relative)
{
	g_autofree char *folder = store_folder(store);
	g_autofree char *name = g_path_get_basename(folder);
	return g_strdup_printf("%s/%s-%s.h5", relative ? name : folder, kind, hash);
}

const char *store_member_part(const Store *store, guint member, const char *kind)
{
	const StoreMember *known = store_member_at(store, member);
	return g_str_equal(kind, "rows") ? known->rows : known->weights;
}

static void add_member_paths(const Store *store, guint member, GPtrArray *paths)
{
	static const char *const kinds[] = {"rows", "weights"};
	const GPtrArray *sources = store_member_at(store, member)->sources;
	for (guint i = 0; i < sources->len; i++)
		g_ptr_array_add(paths, g_strdup(((const StoreSource *)sources->pdata[i])->path));
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		const char *hash = store_member_part(store, member, kinds[i]);
		if (hash)
			g_ptr_array_add(paths, store_part(store, kinds[i], hash, FALSE));
	}
}

GPtrArray *store_kept_paths(const Store *store)
{
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(paths, g_strdup(store->path));
	for (guint i = 0; i < store->members->len; i++)
		add_member_paths(store, i, paths);
	return paths;
}

char *member_content_hash(const Collection *collection, guint member, const guint64 *hash)
{
	const Member *of = collection_member(collection, member);
	XXH3_state_t *state = XXH3_createState();
	XXH3_128bits_reset(state);
	for (guint i = 0; i < collection_tensors(collection); i++) {
		const char *name = collection_tensor(collection, i)->name;
		guint64 bytes = GUINT64_TO_LE(hash[i]);
		XXH3_128bits_update(state, name, strlen(name) + 1);
		XXH3_128bits_update(state, &bytes, sizeof bytes);
		if (of->place[i] < 0)
			continue;
		const Tensor *tensor = checkpoint_tensor(of->checkpoint, (guint)of->place[i]);
		g_autofree char *shape = tensor_shape_text(tensor);
		const char *type = dtype_info(tensor->dtype)->name;
		XXH3_128bits_update(state, type, strlen(type) + 1);
		XXH3_128bits_update(state, shape, strlen(shape) + 1);
		if (tensor->difference)
			XXH3_128bits_update(state, "difference", sizeof "difference");
	}
	XXH128_hash_t sum = XXH3_128bits_digest(state);
	XXH3_freeState(state);
	return text_hash(sum.high64, sum.low64);
}

GPtrArray *store_statistics(const Store *store)
{
	GPtrArray *statistics = g_ptr_array_new();
	for (guint i = 0; i < store->members->len; i++) {
		const StoreMember *member = store->members->pdata[i];
		g_ptr_array_add(statistics, member->known ? member->statistics : NULL);
	}
	return statistics;
}
