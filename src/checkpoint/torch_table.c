/* torch_table.c - storages by key, sorted, and where in the file each one's elements lie. */
#include "checkpoint/torch_table.h"

#include "core/error.h"

#include <inttypes.h>
#include <string.h>

#define DOWNLOAD_AGAIN "download it again"

static void row_clear(gpointer data)
{
	TorchRow *row = data;
	g_free(row->key);
	g_clear_pointer(&row->bytes, bytes_unref);
}

static gint compare_rows(gconstpointer a, gconstpointer b)
{
	return strcmp(((const TorchRow *)a)->key, ((const TorchRow *)b)->key);
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
		.rows = g_array_new(FALSE, FALSE, sizeof(TorchRow)),
	};
	g_array_set_clear_func(table->rows, row_clear);
}

void torch_table_clear(TorchTable *table)
{
	g_clear_pointer(&table->rows, g_array_unref);
}

void torch_table_add(TorchTable *table, const char *key, guint64 elements, guint64 bytes)
{
	TorchRow row = {.key = g_strdup(key), .elements = elements, .bytes_wanted = bytes};
	g_array_append_val(table->rows, row);
}

/* Many tensors may lie in one storage, and each of them names it. */
gboolean torch_table_sort(TorchTable *table, GError **error)
{
	g_autoptr(GArray) all = g_steal_pointer(&table->rows);

	g_array_sort(all, compare_rows);
	table->rows = g_array_new(FALSE, FALSE, sizeof(TorchRow));
	g_array_set_clear_func(table->rows, row_clear);
	const TorchRow *last = NULL;
	for (guint i = 0; i < all->len; i++) {
		const TorchRow *row = &g_array_index(all, TorchRow, i);
		gboolean same = last != NULL && strcmp(row->key, last->key) == 0;
		if (same && (row->elements != last->elements ||
				    row->bytes_wanted != last->bytes_wanted))
			return fail_at(error, ERROR_INPUT, (Place){.file = table->storages.path},
				"storage %.80s has two lengths: %" PRIu64 " bytes, and %" PRIu64,
				row->key, last->bytes_wanted, row->bytes_wanted);
		if (!same)
			torch_table_add(table, row->key, row->elements, row->bytes_wanted);
		last = row;
	}
	return TRUE;
}

TorchRow *torch_table_find(const TorchTable *table, const char *key)
{
	TorchRow wanted = {.key = (char *)key};
	guint at;

	if (!g_array_binary_search(table->rows, &wanted, compare_rows, &at))
		return NULL;
	return &g_array_index(table->rows, TorchRow, at);
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
	if (at > end || row->bytes_wanted > end - at) {
		place.remedy = DOWNLOAD_AGAIN;
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
