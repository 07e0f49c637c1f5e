/* torch_table.c - storages by key, and where in the file each one's elements lie. */
#include "checkpoint/torch_table.h"

#include "core/error.h"
#include "core/text.h"

#include <inttypes.h>

static void row_free(gpointer data)
{
	TorchRow *row = data;
	g_free(row->key);
	g_clear_pointer(&row->bytes, bytes_unref);
	g_free(row);
}

static Bytes *find_bytes(TorchStorages *storages, const char *key, guint64 least, GError **error)
{
	const TorchRow *row = torch_table_find((const TorchTable *)storages, key);
	Place place = {.file = storages->path};

	if (row == NULL || row->bytes == NULL) {
		fail_at(error, ERROR_INPUT, place, "storage %.80s is not in the file", key);
		return NULL;
	}
	if (bytes_length(row->bytes) < least) {
		fail_at(error, ERROR_INPUT, place,
			"storage %.80s has %" PRIu64 " bytes, where %" PRIu64 " are wanted", key,
			bytes_length(row->bytes), least);
		return NULL;
	}
	return row->bytes;
}

void torch_table_init(TorchTable *table, File *source, guint file)
{
	*table = (TorchTable){
		.storages =
			{
				.path = source->path,
				.file = file,
				.has_classes = TRUE,
				.find = find_bytes,
			},
		.source = source,
		.rows = g_hash_table_new_full(text_table_hash, g_str_equal, NULL, row_free),
	};
}

void torch_table_clear(TorchTable *table)
{
	g_clear_pointer(&table->rows, g_hash_table_unref);
}

gboolean torch_table_add(
	TorchTable *table, const char *key, guint64 elements, guint64 bytes, GError **error)
{
	TorchRow *row = torch_table_find(table, key);

	if (row != NULL && (row->elements != elements || row->bytes_wanted != bytes))
		return fail_at(error, ERROR_INPUT, (Place){.file = table->storages.path},
			"storage %.80s has two lengths: %" PRIu64 " bytes, and %" PRIu64, key,
			row->bytes_wanted, bytes);
	if (row != NULL)
		return TRUE;
	row = g_new(TorchRow, 1);
	*row = (TorchRow){.key = g_strdup(key), .elements = elements, .bytes_wanted = bytes};
	g_hash_table_insert(table->rows, row->key, row);
	return TRUE;
}

TorchRow *torch_table_find(const TorchTable *table, const char *key)
{
	return g_hash_table_lookup(table->rows, key);
}

gboolean torch_table_place(const TorchTable *table, TorchRow *row, gint64 elements, guint64 at,
	guint64 end, GError **error)
{
	Place place = {.file = table->storages.path};

	if (row->bytes != NULL)
		return fail_at(error, ERROR_INPUT, place,
			"byte %" PRIu64 ": storage %.80s comes a second time", at, row->key);
	if (elements < 0 || (guint64)elements != row->elements)
		return fail_at(error, ERROR_INPUT, place,
			"byte %" PRIu64 ": storage %.80s has %" PRId64
			" elements here, and %" PRIu64 " where a tensor names it",
			at, row->key, elements, row->elements);
	if (!span_within(at, row->bytes_wanted, end)) {
		place.remedy = "download it again";
		return fail_at(error, ERROR_INPUT, place,
			"byte %" PRIu64 ": storage %.80s of %" PRIu64
			" bytes goes beyond the end, byte %" PRIu64,
			at, row->key, row->bytes_wanted, end);
	}
	row->bytes = bytes_span(table->source, at, row->bytes_wanted);
	return TRUE;
}

gboolean torch_read_byte_order(Checkpoint *checkpoint, PickleRun *run, GError **error)
{
	g_autoptr(Pickle) pickle = pickle_run_next(run, error);
	if (pickle == NULL)
		return FALSE;
	const PickleValue *facts = pickle_mapping(pickle_root(pickle));
	const PickleValue *little = pickle_get(facts, "little_endian");
	if (facts == NULL || (little != NULL && little->kind != PICKLE_BOOL))
		return fail_at(error, ERROR_INPUT, (Place){.file = run->file->path},
			"before byte %" PRIu64 ": the facts of the machine that wrote it are no "
			"dict with its byte order",
			run->at);
	if (little != NULL && little->integer == 0)
		return fail_at(error, ERROR_INPUT,
			(Place){.file = run->file->path,
				.remedy = "save it again with torch 1.6 or newer"},
			"it was written on a big-endian machine, where this old format had numbers "
			"in either order, depending on the version of torch");
	checkpoint_tell(checkpoint, "byte order", "little-endian");
	return TRUE;
}
