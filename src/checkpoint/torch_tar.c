/* torch_tar.c - what torch.save wrote before 0.2: a tar archive of the storages, of the tensors
 * that are views of them, and of the object's pickle, which names tensors by number.
 *
 * Each such name is turned into the call that later versions write for a tensor, so that one
 * reader does for all. */
#include "checkpoint/pickle_build.h"
#include "checkpoint/pickle_run.h"
#include "checkpoint/tar.h"
#include "checkpoint/torch_numbered.h"
#include "checkpoint/torch_table.h"
#include "checkpoint/torch_tensor.h"

#include "core/error.h"

#include <inttypes.h>
#include <string.h>

#define MEMBERS_MOST 1000u

typedef enum {
	MEMBER_STORAGES,
	MEMBER_TENSORS,
	MEMBER_PICKLE,
	MEMBER_SYS_INFO,
	MEMBERS
} MemberName;
static const char *const member_names[MEMBERS] = {"storages", "tensors", "pickle", "sys_info"};

typedef struct {
	Checkpoint *checkpoint;
	File *file;
	TarMember members[MEMBERS]; /* of offset 0 where there is none */
	Pickle *pickle;
	GArray *storages, *views, *tensors; /* of Numbered, sorted once they are all there */
	TorchTable table;
} TarReader;

static MemberName member_of(const char *name)
{
	MemberName member = 0;
	while (member < MEMBERS && strcmp(name, member_names[member]) != 0)
		member++;
	return member;
}

static gboolean tar_detect(const guint8 *head, gsize length, G_GNUC_UNUSED guint64 file_size)
{
	if (length < TAR_BLOCK || !tar_is_header(head))
		return FALSE;
	for (gsize at = 0; at + TAR_BLOCK <= length; at += TAR_BLOCK) {
		g_autofree char *name = g_strndup((const char *)head + at, 100);
		if (member_of(name) < MEMBERS && tar_is_header(head + at))
			return TRUE;
	}
	return FALSE;
}

G_GNUC_PRINTF(3, 4)
static gboolean refuse(const TarReader *reader, GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *reason = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return fail_at(error, ERROR_INPUT, (Place){.file = reader->file->path}, "%s", reason);
}

/* NULL is what pickle_build gives where there is no memory. */
static gboolean built(const TarReader *reader, const PickleValue *value, GError **error)
{
	if (value == NULL)
		return fail_at(error, ERROR_INPUT,
			(Place){.file = reader->file->path,
				.remedy = "load it in PyTorch and save it again"},
			"it has more tensors than are read of a file of this age");
	return TRUE;
}

static gboolean take_member(TarReader *reader, const TarMember *member, GError **error)
{
	MemberName name = member_of(member->name);

	if (name == MEMBERS)
		return TRUE;
	if (member->type != '0')
		return refuse(reader, error,
			"the member %s of the tar archive is a link or a device, not a file",
			member->name);
	if (reader->members[name].offset != 0)
		return refuse(reader, error, "the tar archive has two members %s", member->name);
	reader->members[name] = *member;
	return TRUE;
}

static gboolean find_members(TarReader *reader, GError **error)
{
	GError *reason = NULL;
	TarMember member;
	guint64 at = 0;

	for (guint i = 0; tar_next(reader->file, &at, &member, &reason); i++) {
		if (i == MEMBERS_MOST)
			return refuse(reader, error, "the tar archive has more than %u members",
				MEMBERS_MOST);
		if (!take_member(reader, &member, error))
			return FALSE;
	}
	if (reason != NULL) {
		g_propagate_error(error, reason);
		return FALSE;
	}
	for (MemberName i = 0; i <= MEMBER_PICKLE; i++)
		if (reader->members[i].offset == 0)
			return refuse(reader, error,
				"the tar archive has no member %s, which torch wrote before 0.2",
				member_names[i]);
	return TRUE;
}

static PickleRun run_of(const TarReader *reader, MemberName name)
{
	const TarMember *member = &reader->members[name];
	return (PickleRun){
		.file = reader->file,
		.at = member->offset,
		.end = member->offset + member->length,
	};
}

static gboolean read_facts(TarReader *reader, GError **error)
{
	g_auto(PickleRun) run = run_of(reader, MEMBER_SYS_INFO);
	if (reader->members[MEMBER_SYS_INFO].offset == 0)
		return TRUE;
	return torch_read_byte_order(reader->checkpoint, &run, error);
}

static gboolean read_object(TarReader *reader, GError **error)
{
	g_auto(PickleRun) run = run_of(reader, MEMBER_PICKLE);
	reader->pickle = pickle_run_next(&run, error);
	return reader->pickle != NULL;
}

static gboolean sort(const TarReader *reader, GArray *array, GError **error)
{
	const char *twice = numbered_sort(array);
	if (twice != NULL)
		return refuse(reader, error, "the number %.80s is given twice", twice);
	return TRUE;
}

/* The next pickle, which must be a tuple of this many items. */
static Pickle *next_tuple(const TarReader *reader, PickleRun *run, guint count, GError **error)
{
	g_autoptr(Pickle) pickle = pickle_run_next(run, error);
	if (pickle == NULL)
		return NULL;
	const PickleValue *root = pickle_root(pickle);
	if (root->kind != PICKLE_TUPLE || root->count != count) {
		refuse(reader, error, "before byte %" PRIu64 ": there is no tuple of %u items",
			run->at, count);
		return NULL;
	}
	return g_steal_pointer(&pickle);
}

static gboolean next_count(const TarReader *reader, PickleRun *run, gint64 *count, GError **error)
{
	g_autoptr(Pickle) pickle = pickle_run_next(run, error);
	if (pickle == NULL)
		return FALSE;
	const PickleValue *root = pickle_root(pickle);
	if (root->kind != PICKLE_INTEGER || root->integer < 0)
		return refuse(reader, error,
			"before byte %" PRIu64 ": there is no count of what follows", run->at);
	*count = root->integer;
	return TRUE;
}

/* The persistent id that a later version would write for a storage; `view` may be NULL. */
static PickleValue *build_storage(Pickle *pickle, const PickleValue *type, const char *key,
	gint64 elements, PickleValue *view)
{
	PickleValue *id[] = {
		pickle_build_text(pickle, "storage"),
		pickle_build_global(pickle, type->module, type->name),
		pickle_build_text(pickle, key),
		pickle_build_text(pickle, "cpu"),
		pickle_build_integer(pickle, elements),
		view,
	};
	guint count = view != NULL ? 6 : 5;
	return pickle_build_persistent(pickle, pickle_build_tuple(pickle, id, count));
}

/* (number, location, type), the count of elements, and the elements. */
static gboolean read_storage(TarReader *reader, PickleRun *run, GError **error)
{
	TorchStorage storage = {0};
	gint64 elements;
	g_autoptr(Pickle) tuple = next_tuple(reader, run, 3, error);
	if (tuple == NULL)
		return FALSE;
	PickleValue *const *items = pickle_root(tuple)->items;
	g_autofree char *key = numbered_key(items[0]);
	if (key == NULL || items[2]->kind != PICKLE_GLOBAL)
		return refuse(reader, error,
			"before byte %" PRIu64 ": a storage has no number or no type", run->at);
	if (!pickle_run_number(run, &elements, error))
		return FALSE;
	PickleValue *value = build_storage(reader->pickle, items[2], key, elements, NULL);
	if (!built(reader, value, error) ||
		!torch_storage_take(value, &reader->table.storages,
			(Place){.file = reader->file->path}, &storage, error))
		return FALSE;
	torch_table_add(&reader->table, key, (guint64)elements, storage.bytes);
	numbered_add(reader->storages, g_steal_pointer(&key), value, run->at);
	return pickle_run_skip(run, storage.bytes, error);
}

/* (number, number of the storage that it is a part of, first element, count) */
static gboolean add_view(TarReader *reader, const PickleValue *view, GError **error)
{
	gboolean whole = view->kind == PICKLE_TUPLE && view->count == 4;
	g_autofree char *key = whole ? numbered_key(view->items[0]) : NULL;
	g_autofree char *root_key = whole ? numbered_key(view->items[1]) : NULL;
	const Numbered *root = numbered_find(reader->storages, root_key);
	Pickle *pickle = reader->pickle;

	if (key == NULL || root == NULL || view->items[2]->kind != PICKLE_INTEGER ||
		view->items[3]->kind != PICKLE_INTEGER)
		return refuse(reader, error, "a view is not of a part of a storage that is there");
	PickleValue *part[] = {
		pickle_build_text(pickle, key),
		pickle_build_integer(pickle, view->items[2]->integer),
		pickle_build_integer(pickle, view->items[3]->integer),
	};
	PickleValue *tuple = pickle_build_tuple(pickle, part, G_N_ELEMENTS(part));
	if (!built(reader, tuple, error))
		return FALSE;
	PickleValue *const *id = root->value->object->callee->items;
	PickleValue *value = build_storage(pickle, id[1], root_key, id[4]->integer, tuple);
	numbered_add(reader->views, g_steal_pointer(&key), value, 0);
	return built(reader, value, error);
}

static gboolean read_views(TarReader *reader, PickleRun *run, GError **error)
{
	g_autoptr(Pickle) pickle = pickle_run_next(run, error);
	if (pickle == NULL)
		return FALSE;
	const PickleValue *views = pickle_root(pickle);
	if (views->kind != PICKLE_LIST)
		return refuse(reader, error, "the views of storages are no list");
	for (guint i = 0; i < views->count; i++)
		if (!add_view(reader, views->items[i], error))
			return FALSE;
	return sort(reader, reader->views, error);
}

static gboolean place_storages(TarReader *reader, guint64 end, GError **error)
{
	if (!torch_table_sort(&reader->table, error))
		return FALSE;
	for (guint i = 0; i < reader->storages->len; i++) {
		const Numbered *storage = &g_array_index(reader->storages, Numbered, i);
		TorchRow *row = torch_table_find(&reader->table, storage->key);
		if (!torch_table_place(
			    &reader->table, row, (gint64)row->elements, storage->at, end, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean read_storages(TarReader *reader, GError **error)
{
	g_auto(PickleRun) run = run_of(reader, MEMBER_STORAGES);
	gint64 count;

	if (!next_count(reader, &run, &count, error))
		return FALSE;
	for (gint64 i = 0; i < count; i++)
		if (!read_storage(reader, &run, error))
			return FALSE;
	return sort(reader, reader->storages, error) && place_storages(reader, run.end, error) &&
	       read_views(reader, &run, error);
}

static PickleValue *find_storage(const TarReader *reader, const char *key)
{
	const Numbered *storage = numbered_find(reader->storages, key);
	if (storage == NULL)
		storage = numbered_find(reader->views, key);
	return storage != NULL ? storage->value : NULL;
}

/* As many numbers as the tensor has dimensions. */
static PickleValue *read_sizes(const TarReader *reader, PickleRun *run, guint rank, GError **error)
{
	PickleValue *sizes[TENSOR_RANK_MOST];

	for (guint i = 0; i < rank; i++) {
		gint64 size;
		if (!pickle_run_number(run, &size, error))
			return NULL;
		sizes[i] = pickle_build_integer(reader->pickle, size);
	}
	PickleValue *tuple = pickle_build_tuple(reader->pickle, sizes, rank);
	return built(reader, tuple, error) ? tuple : NULL;
}

/* The rank, in eight bytes of which four count, sizes, strides, and the first element. */
static PickleValue *read_layout(
	const TarReader *reader, PickleRun *run, PickleValue *storage, GError **error)
{
	gint64 rank, offset;

	if (!pickle_run_number(run, &rank, error))
		return NULL;
	rank &= G_MAXUINT32;
	if (rank > TENSOR_RANK_MOST) {
		refuse(reader, error, "before byte %" PRIu64 ": a tensor of %" PRId64 " dimensions",
			run->at, rank);
		return NULL;
	}
	PickleValue *sizes = read_sizes(reader, run, (guint)rank, error);
	PickleValue *strides = sizes ? read_sizes(reader, run, (guint)rank, error) : NULL;
	if (strides == NULL || !pickle_run_number(run, &offset, error))
		return NULL;
	PickleValue *arguments[] = {
		storage, pickle_build_integer(reader->pickle, offset), sizes, strides};
	PickleValue *tuple = pickle_build_tuple(reader->pickle, arguments, G_N_ELEMENTS(arguments));
	return built(reader, tuple, error) ? tuple : NULL;
}

/* (number, number of its storage, type), and its layout. */
static gboolean read_tensor(TarReader *reader, PickleRun *run, GError **error)
{
	g_autoptr(Pickle) tuple = next_tuple(reader, run, 3, error);
	if (tuple == NULL)
		return FALSE;
	PickleValue *const *items = pickle_root(tuple)->items;
	g_autofree char *key = numbered_key(items[0]);
	g_autofree char *storage_key = numbered_key(items[1]);
	PickleValue *storage = find_storage(reader, storage_key);
	if (key == NULL || storage == NULL)
		return refuse(reader, error,
			"before byte %" PRIu64 ": a tensor is not of a storage that is there",
			run->at);
	PickleValue *arguments = read_layout(reader, run, storage, error);
	if (arguments == NULL)
		return FALSE;
	PickleValue *rebuild =
		pickle_build_global(reader->pickle, "torch._utils", "_rebuild_tensor");
	PickleValue *value = pickle_build_call(reader->pickle, rebuild, arguments);
	numbered_add(reader->tensors, g_steal_pointer(&key), value, 0);
	return built(reader, value, error);
}

static gboolean read_tensors(TarReader *reader, GError **error)
{
	g_auto(PickleRun) run = run_of(reader, MEMBER_TENSORS);
	gint64 count;

	if (!next_count(reader, &run, &count, error))
		return FALSE;
	for (gint64 i = 0; i < count; i++)
		if (!read_tensor(reader, &run, error))
			return FALSE;
	return sort(reader, reader->tensors, error);
}

/* (class, file, source) of a module's class becomes ("module", class, …) as it was called later. */
static gboolean name_class(TarReader *reader, PickleValue *value, GError **error)
{
	PickleValue *const *items = value->object->callee->items;
	PickleValue *id[] = {
		pickle_build_text(reader->pickle, "module"), items[0], items[1], items[2]};
	PickleValue *tuple = pickle_build_tuple(reader->pickle, id, G_N_ELEMENTS(id));
	value->object->callee = tuple;
	return built(reader, tuple, error);
}

/* A persistent id of the object's pickle becomes what it stands for. */
static gboolean name_value(TarReader *reader, PickleValue *value, GError **error)
{
	const PickleValue *id = value->object->callee;
	if (id->kind == PICKLE_TUPLE && id->count == 3)
		return name_class(reader, value, error);
	g_autofree char *key = numbered_key(id);
	const Numbered *tensor = numbered_find(reader->tensors, key);
	const PickleValue *named = tensor != NULL ? tensor->value : find_storage(reader, key);
	if (named == NULL)
		return refuse(reader, error,
			"the pickle names a tensor that is not among the tensors: %.80s",
			key != NULL ? key : "not by a number");
	*value = *named;
	return TRUE;
}

static gboolean name_values(TarReader *reader, GError **error)
{
	const GPtrArray *ids = pickle_persistents(reader->pickle);

	for (guint i = 0; i < ids->len; i++)
		if (!name_value(reader, g_ptr_array_index(ids, i), error))
			return FALSE;
	return TRUE;
}

static void tar_reader_init(TarReader *reader, Checkpoint *checkpoint, File *file)
{
	*reader = (TarReader){
		.checkpoint = checkpoint,
		.file = file,
		.storages = numbered_new(),
		.views = numbered_new(),
		.tensors = numbered_new(),
	};
	guint number = checkpoint_add_file(checkpoint, file->path, file);
	torch_table_init(&reader->table, file, number);
}

static void tar_reader_clear(TarReader *reader)
{
	g_array_unref(reader->storages);
	g_array_unref(reader->views);
	g_array_unref(reader->tensors);
	torch_table_clear(&reader->table);
	pickle_free(reader->pickle);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TarReader, tar_reader_clear)

static gboolean tar_read(Checkpoint *checkpoint, File *file, GError **error)
{
	g_auto(TarReader) reader;

	tar_reader_init(&reader, checkpoint, file);
	return find_members(&reader, error) && read_facts(&reader, error) &&
	       read_object(&reader, error) && read_storages(&reader, error) &&
	       read_tensors(&reader, error) && name_values(&reader, error) &&
	       torch_collect(checkpoint, &reader.table.storages, reader.pickle, error);
}

const CheckpointFormat torch_tar_format = {
	.name = "torch-tar",
	.detect = tar_detect,
	.read = tar_read,
};
