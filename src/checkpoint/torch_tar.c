/* torch_tar.c - what torch.save wrote before 0.2: a tar archive of the storages, of the tensors
 * that are views of them, and of the object's pickle, which names tensors by number.
 *
 * Each such name is turned into the call that later versions write for a tensor, so that one
 * reader does for all. */
#include "checkpoint/pickle_build.h"
#include "checkpoint/pickle_run.h"
#include "checkpoint/torch_members.h"
#include "checkpoint/torch_table.h"
#include "checkpoint/torch_tensor.h"

#include "core/error.h"
#include "core/text.h"

#include <inttypes.h>
#include <string.h>

typedef struct {
	Checkpoint *checkpoint;
	File *file;
	TarMember members[TORCH_MEMBERS];
	Pickle *pickle;
	/* By their numbers, which were addresses in memory: values of the pickle. */
	GHashTable *storages, *views, *tensors;
	TorchTable table;
} TarReader;

static gboolean tar_detect(const guint8 *head, gsize length, G_GNUC_UNUSED guint64 file_size)
{
	return torch_members_detect(head, length);
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

/* A number as text, whether it was written as one or in digits; NULL where it is neither. */
static char *number_text(const PickleValue *value)
{
	if (value->kind == PICKLE_INTEGER)
		return g_strdup_printf("%" PRId64, value->integer);
	if (value->kind == PICKLE_TEXT && strlen(value->text) == value->length)
		return g_strdup(value->text);
	return NULL;
}

static GHashTable *numbered_new(void)
{
	return g_hash_table_new_full(text_table_hash, g_str_equal, g_free, NULL);
}

static gboolean add_numbered(const TarReader *reader, GHashTable *values, const char *number,
	PickleValue *value, GError **error)
{
	if (!built(reader, value, error))
		return FALSE;
	if (!g_hash_table_insert(values, g_strdup(number), value))
		return refuse(reader, error, "the number %.80s is given twice", number);
	return TRUE;
}

/* NULL where there is none, or no number. */
static PickleValue *find_numbered(GHashTable *values, const char *number)
{
	return number != NULL ? g_hash_table_lookup(values, number) : NULL;
}

static PickleRun run_of(const TarReader *reader, TorchMember name)
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
	g_auto(PickleRun) run = run_of(reader, TORCH_SYS_INFO);
	if (reader->members[TORCH_SYS_INFO].offset == 0)
		return TRUE;
	return torch_read_byte_order(reader->checkpoint, &run, error);
}

static gboolean read_object(TarReader *reader, GError **error)
{
	g_auto(PickleRun) run = run_of(reader, TORCH_PICKLE);
	reader->pickle = pickle_run_next(&run, error);
	return reader->pickle != NULL;
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

/* The elements follow; moves behind them. */
static gboolean place_storage(TarReader *reader, const char *key, gint64 elements, guint64 bytes,
	PickleRun *run, GError **error)
{
	TorchTable *table = &reader->table;
	return torch_table_add(table, key, (guint64)elements, bytes, error) &&
	       torch_table_place(
		       table, torch_table_find(table, key), elements, run->at, run->end, error) &&
	       pickle_run_skip(run, bytes, error);
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
	g_autofree char *key = number_text(items[0]);
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
	return place_storage(reader, key, elements, storage.bytes, run, error) &&
	       add_numbered(reader, reader->storages, key, value, error);
}

/* (number, number of the storage that it is a part of, first element, count) */
static gboolean add_view(TarReader *reader, const PickleValue *view, GError **error)
{
	gboolean whole = view->kind == PICKLE_TUPLE && view->count == 4;
	g_autofree char *key = whole ? number_text(view->items[0]) : NULL;
	g_autofree char *root_key = whole ? number_text(view->items[1]) : NULL;
	const PickleValue *root = find_numbered(reader->storages, root_key);
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
	PickleValue *const *id = root->object->callee->items;
	PickleValue *value = build_storage(pickle, id[1], root_key, id[4]->integer, tuple);
	return add_numbered(reader, reader->views, key, value, error);
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
	return TRUE;
}

static gboolean read_storages(TarReader *reader, GError **error)
{
	g_auto(PickleRun) run = run_of(reader, TORCH_STORAGES);
	gint64 count;

	if (!next_count(reader, &run, &count, error))
		return FALSE;
	for (gint64 i = 0; i < count; i++)
		if (!read_storage(reader, &run, error))
			return FALSE;
	return read_views(reader, &run, error);
}

static PickleValue *find_storage(const TarReader *reader, const char *number)
{
	PickleValue *storage = find_numbered(reader->storages, number);
	return storage != NULL ? storage : find_numbered(reader->views, number);
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
	g_autofree char *key = number_text(items[0]);
	g_autofree char *storage_key = number_text(items[1]);
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
	return add_numbered(reader, reader->tensors, key, value, error);
}

static gboolean read_tensors(TarReader *reader, GError **error)
{
	g_auto(PickleRun) run = run_of(reader, TORCH_TENSORS);
	gint64 count;

	if (!next_count(reader, &run, &count, error))
		return FALSE;
	for (gint64 i = 0; i < count; i++)
		if (!read_tensor(reader, &run, error))
			return FALSE;
	return TRUE;
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
	g_autofree char *key = number_text(id);
	const PickleValue *tensor = find_numbered(reader->tensors, key);
	const PickleValue *named = tensor != NULL ? tensor : find_storage(reader, key);
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
	g_hash_table_unref(reader->storages);
	g_hash_table_unref(reader->views);
	g_hash_table_unref(reader->tensors);
	torch_table_clear(&reader->table);
	pickle_free(reader->pickle);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TarReader, tar_reader_clear)

static gboolean tar_read(Checkpoint *checkpoint, File *file, GError **error)
{
	g_auto(TarReader) reader;

	tar_reader_init(&reader, checkpoint, file);
	return torch_members_find(file, reader.members, error) && read_facts(&reader, error) &&
	       read_object(&reader, error) && read_storages(&reader, error) &&
	       read_tensors(&reader, error) && name_values(&reader, error) &&
	       torch_collect(checkpoint, &reader.table.storages, reader.pickle, error);
}

const CheckpointFormat torch_tar_format = {
	.name = "torch-tar",
	.detect = tar_detect,
	.read = tar_read,
};
