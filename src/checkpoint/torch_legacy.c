/* torch_legacy.c - what torch.save wrote before 1.6, and writes still when asked to: five pickles
 * in a row, then the storages.
 *
 * The pickles are a magic number, the version, facts of the machine, the object, and the keys of
 * the storages in the order in which they follow, each with its number of elements before it. */
#include "checkpoint/pickle_run.h"
#include "checkpoint/torch_table.h"
#include "checkpoint/torch_tensor.h"

#include "core/error.h"

#include <inttypes.h>
#include <string.h>

#define LEGACY_VERSION 1001
#define MAGIC "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
#define MAGIC_BYTES 10u

/* PROTO 2 to 5, a FRAME where there is one, and LONG1 with the magic number. */
static gboolean legacy_detect(const guint8 *head, gsize length, G_GNUC_UNUSED guint64 file_size)
{
	gsize at = length > 2 && head[2] == 0x95 ? 11 : 2;
	return length >= at + 2 + MAGIC_BYTES && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5 &&
	       head[at] == 0x8a && head[at + 1] == MAGIC_BYTES &&
	       memcmp(head + at + 2, MAGIC, MAGIC_BYTES) == 0;
}

static gboolean refuse(const PickleRun *run, const char *reason, GError **error)
{
	return fail_at(error, ERROR_INPUT, (Place){.file = run->file->path},
		"before byte %" PRIu64 ": %s", run->at, reason);
}

static gboolean read_magic(PickleRun *run, GError **error)
{
	g_autoptr(Pickle) pickle = pickle_run_next(run, error);
	if (pickle == NULL)
		return FALSE;
	const PickleValue *magic = pickle_root(pickle);
	if (magic->kind != PICKLE_HUGE || magic->length != MAGIC_BYTES ||
		memcmp(magic->text, MAGIC, MAGIC_BYTES) != 0)
		return refuse(run, "the first pickle is not torch's magic number", error);
	return TRUE;
}

static gboolean read_version(PickleRun *run, GError **error)
{
	g_autoptr(Pickle) pickle = pickle_run_next(run, error);
	if (pickle == NULL)
		return FALSE;
	const PickleValue *version = pickle_root(pickle);
	if (version->kind != PICKLE_INTEGER || version->integer != LEGACY_VERSION)
		return refuse(run, "the second pickle is not the version 1001", error);
	return TRUE;
}

/* A persistent id is a storage, or the class of a module with its source. */
static gboolean add_named(TorchTable *table, const PickleValue *value, GError **error)
{
	const PickleValue *id = value->object->callee;
	Place place = {.file = table->storages.path};
	TorchStorage storage = {0};

	if (id->kind == PICKLE_TUPLE && id->count > 1 && pickle_is_text(id->items[0], "module"))
		return TRUE;
	if (!torch_storage_take(value, &table->storages, place, &storage, error))
		return FALSE;
	return torch_table_add(
		table, storage.key, (guint64)id->items[4]->integer, storage.bytes, error);
}

static gboolean add_all_named(TorchTable *table, const Pickle *pickle, GError **error)
{
	const GPtrArray *ids = pickle_persistents(pickle);

	for (guint i = 0; i < ids->len; i++)
		if (!add_named(table, g_ptr_array_index(ids, i), error))
			return FALSE;
	return TRUE;
}

static gboolean place_storage(
	PickleRun *run, const TorchTable *table, const PickleValue *key, GError **error)
{
	Place place = {.file = run->file->path};
	gint64 elements;

	if (key->kind != PICKLE_TEXT || strlen(key->text) != key->length)
		return fail_at(error, ERROR_INPUT, place,
			"before byte %" PRIu64 ": a key of the storages is no text", run->at);
	TorchRow *row = torch_table_find(table, key->text);
	if (row == NULL)
		return fail_at(error, ERROR_INPUT, place,
			"before byte %" PRIu64
			": storage %.80s follows, which nothing in the file names",
			run->at, key->text);
	return pickle_run_number(run, &elements, error) &&
	       torch_table_place(table, row, elements, run->at, run->end, error) &&
	       pickle_run_skip(run, row->bytes_wanted, error);
}

static gboolean place_storages(PickleRun *run, const TorchTable *table, GError **error)
{
	g_autoptr(Pickle) pickle = pickle_run_next(run, error);
	if (pickle == NULL)
		return FALSE;
	const PickleValue *keys = pickle_root(pickle);
	if (keys->kind != PICKLE_LIST)
		return refuse(run, "the keys of the storages are no list", error);
	if (keys->count < g_hash_table_size(table->rows))
		return refuse(run, "a storage is named that does not follow", error);
	for (guint i = 0; i < keys->count; i++)
		if (!place_storage(run, table, keys->items[i], error))
			return FALSE;
	return TRUE;
}

static gboolean legacy_read(Checkpoint *checkpoint, File *file, GError **error)
{
	g_auto(PickleRun) run = {.file = file, .end = file->size};
	g_auto(TorchTable) table;

	torch_table_init(&table, file, checkpoint_add_file(checkpoint, file->path, file));
	if (!read_magic(&run, error) || !read_version(&run, error) ||
		!torch_read_byte_order(checkpoint, &run, error))
		return FALSE;
	g_autoptr(Pickle) pickle = pickle_run_next(&run, error);
	return pickle != NULL && add_all_named(&table, pickle, error) &&
	       place_storages(&run, &table, error) &&
	       torch_collect(checkpoint, &table.storages, pickle, error);
}

const CheckpointFormat torch_legacy_format = {
	.name = "torch-legacy",
	.detect = legacy_detect,
	.read = legacy_read,
};
