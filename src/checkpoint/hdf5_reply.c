/* hdf5_reply.c - see hdf5_reply.h. */
#include "checkpoint/hdf5_reply.h"

#include "checkpoint/checkpoint.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>

typedef struct {
	const guint8 *bytes; /* aligned, as is each record's */
	gsize length, at;
	const char *path;
	GArray *rows;
} Reader;

/* The part of a record that is not yet read. */
typedef struct {
	const guint8 *bytes;
	gsize length;
} Rest;

static gboolean is_nonsense(const Reader *reader, GError **error)
{
	return fail_at(error, ERROR_INPUT, (Place){.file = reader->path},
		"libhdf5 went astray on it: what it says of it makes no sense");
}

static const void *take(Rest *rest, gsize length)
{
	const void *bytes = rest->bytes;
	if (length > rest->length)
		return NULL;
	rest->bytes += length;
	rest->length -= length;
	return bytes;
}

/* NULL where it has no end; it may be no UTF-8. */
static const char *take_text(Rest *rest)
{
	const guint8 *end = memchr(rest->bytes, 0, rest->length);
	return end != NULL ? take(rest, (gsize)(end - rest->bytes) + 1) : NULL;
}

static Hdf5Row *last_row(const Reader *reader)
{
	guint n = reader->rows->len;
	return n > 0 ? &g_array_index(reader->rows, Hdf5Row, n - 1) : NULL;
}

static gboolean add_row(Reader *reader, Hdf5Row row, GError **error)
{
	if (row.name == NULL || strlen(row.name) > TENSOR_NAME_MOST)
		return is_nonsense(reader, error);
	if (*row.name == '\0' || !g_utf8_validate(row.name, -1, NULL))
		return fail_at(error, ERROR_INPUT, (Place){.file = reader->path},
			"the name of a dataset is empty, or not UTF-8");
	if (reader->rows->len >= TENSORS_MOST)
		return fail_at(error, ERROR_INPUT, (Place){.file = reader->path},
			"it holds more than %d datasets", TENSORS_MOST);
	g_array_append_val(reader->rows, row);
	return TRUE;
}

static gboolean read_dataset(Reader *reader, Rest rest, GError **error)
{
	const Hdf5Dataset *dataset = take(&rest, sizeof *dataset);

	if (dataset == NULL || dataset->layout > HDF5_CHUNKED || dataset->rank > HDF5_RANK_MOST ||
		dataset->filters > HDF5_FILTERS_MOST || dataset->dtype >= DTYPE_COUNT)
		return is_nonsense(reader, error);
	Hdf5Row row = {.dataset = dataset, .object = dataset->object, .name = take_text(&rest)};
	if (dataset->layout == HDF5_COMPACT) {
		if (rest.length != dataset->length)
			return is_nonsense(reader, error);
		row.values = rest.bytes;
	}
	return add_row(reader, row, error);
}

static gboolean cells_rise(const GArray *chunks)
{
	for (guint i = 1; i < chunks->len; i++)
		if (g_array_index(chunks, Hdf5Chunk, i - 1).cell >=
			g_array_index(chunks, Hdf5Chunk, i).cell)
			return FALSE;
	return TRUE;
}

static gboolean read_chunks(Reader *reader, Rest rest, GError **error)
{
	Hdf5Row *row = last_row(reader);
	gsize n = rest.length / sizeof(Hdf5Chunk);

	if (row == NULL || row->dataset == NULL || row->dataset->layout != HDF5_CHUNKED || n == 0 ||
		n > HDF5_BATCH || rest.length % sizeof(Hdf5Chunk) != 0)
		return is_nonsense(reader, error);
	if (row->chunks == NULL)
		row->chunks = g_array_new(FALSE, FALSE, sizeof(Hdf5Chunk));
	g_array_append_vals(row->chunks, rest.bytes, (guint)n);
	return TRUE;
}

static gboolean read_alias(Reader *reader, Rest rest, GError **error)
{
	const guint64 *object = take(&rest, sizeof *object);
	if (object == NULL)
		return is_nonsense(reader, error);
	return add_row(reader, (Hdf5Row){.object = *object, .name = take_text(&rest)}, error);
}

static gboolean read_skipped(Reader *reader, Rest rest, GError **error)
{
	Hdf5Row row = {.name = take_text(&rest)};
	row.reason = row.name != NULL ? take_text(&rest) : NULL;
	if (row.reason == NULL || !g_utf8_validate(row.reason, -1, NULL))
		return is_nonsense(reader, error);
	return add_row(reader, row, error);
}

/* Always FALSE. */
static gboolean read_refused(Reader *reader, Rest rest, GError **error)
{
	const char *name = take_text(&rest);
	const char *reason = name != NULL ? take_text(&rest) : NULL;
	const char *remedy = reason != NULL ? take_text(&rest) : NULL;
	if (remedy == NULL)
		return is_nonsense(reader, error);
	g_autofree char *tensor = *name != '\0' ? text_safe(name) : NULL;
	g_autofree char *advice = *remedy != '\0' ? text_safe(remedy) : NULL;
	Place place = {.file = reader->path, .tensor = tensor, .remedy = advice};
	return fail_at(error, ERROR_INPUT, place, "%.400s", reason);
}

static gboolean read_record(Reader *reader, guint32 kind, Rest rest, GError **error)
{
	switch (kind) {
	case HDF5_DATASET:
		return read_dataset(reader, rest, error);
	case HDF5_CHUNKS:
		return read_chunks(reader, rest, error);
	case HDF5_ALIAS:
		return read_alias(reader, rest, error);
	case HDF5_SKIPPED:
		return read_skipped(reader, rest, error);
	case HDF5_REFUSED:
		return read_refused(reader, rest, error);
	default:
		return is_nonsense(reader, error);
	}
}

/* Up to HDF5_END, which must be there. */
static gboolean read_records(Reader *reader, GError **error)
{
	Rest all = {reader->bytes, reader->length};

	for (;;) {
		const Hdf5Record *record = take(&all, sizeof *record);
		if (record == NULL)
			return is_nonsense(reader, error);
		if (record->kind == HDF5_END)
			return TRUE;
		gsize length = record->length;
		Rest rest = {all.bytes, length};
		if (take(&all, (length + 7) / 8 * 8) == NULL)
			return is_nonsense(reader, error);
		if (!read_record(reader, record->kind, rest, error))
			return FALSE;
	}
}

static gboolean check_rows(const Reader *reader, GError **error)
{
	for (guint i = 0; i < reader->rows->len; i++) {
		const Hdf5Row *row = &g_array_index(reader->rows, Hdf5Row, i);
		if (row->chunks != NULL && !cells_rise(row->chunks))
			return is_nonsense(reader, error);
	}
	return TRUE;
}

static void row_clear(gpointer data)
{
	g_clear_pointer(&((Hdf5Row *)data)->chunks, g_array_unref);
}

GArray *hdf5_reply_read(const guint8 *reply, gsize length, const char *path, GError **error)
{
	Reader reader = {.bytes = reply, .length = length, .path = path};
	reader.rows = g_array_new(FALSE, TRUE, sizeof(Hdf5Row));
	g_array_set_clear_func(reader.rows, row_clear);
	if (read_records(&reader, error) && check_rows(&reader, error))
		return reader.rows;
	g_array_unref(reader.rows);
	return NULL;
}
