/* records.c - see records.h. */
#include "store/records.h"

#include <string.h>

#define TEXT_WIDTH_MOST (1u << 20)
#define TABLE_BYTES_MOST (1u << 30)
#define COMPRESS_FROM 65536u
#define CHUNK_ROWS 4096u
/* Deflate makes at most about 1032 bytes out of one. */
#define DEFLATE_MOST 1100u

typedef union {
	char *text;
	guint64 number;
} Cell;

struct Records {
	const Field *fields;
	guint width;   /* fields in a row */
	GArray *cells; /* of Cell, row by row */
};

/* Where the fields of a row lie in memory. */
typedef struct {
	gsize offset[16], size[16], row;
} Layout;

Records *records_new(const Field *fields)
{
	Records *records = g_new0(Records, 1);
	records->fields = fields;
	while (fields[records->width].name)
		records->width++;
	records->cells = g_array_new(FALSE, FALSE, sizeof(Cell));
	return records;
}

void records_free(Records *records)
{
	if (!records)
		return;
	for (guint i = 0; i < records->cells->len; i++)
		if (records->fields[i % records->width].type == FIELD_TEXT)
			g_free(g_array_index(records->cells, Cell, i).text);
	g_array_unref(records->cells);
	g_free(records);
}

void records_add_text(Records *records, const char *text)
{
	Cell cell = {.text = g_strdup(text ? text : "")};
	g_array_append_val(records->cells, cell);
}

void records_add_uint(Records *records, guint64 number)
{
	Cell cell = {.number = number};
	g_array_append_val(records->cells, cell);
}

void records_add_int(Records *records, gint64 number)
{
	records_add_uint(records, (guint64)number);
}

guint records_count(const Records *records)
{
	return records->cells->len / records->width;
}

static const Cell *cell_at(const Records *records, guint row, guint field)
{
	return &g_array_index(records->cells, Cell, row * records->width + field);
}

const char *records_text(const Records *records, guint row, guint field)
{
	return cell_at(records, row, field)->text;
}

guint64 records_uint(const Records *records, guint row, guint field)
{
	return cell_at(records, row, field)->number;
}

gint64 records_int(const Records *records, guint row, guint field)
{
	return (gint64)cell_at(records, row, field)->number;
}

static gsize longest_text(const Records *records, guint field)
{
	gsize longest = 0;
	for (guint row = 0; row < records_count(records); row++)
		longest = MAX(longest, strlen(records_text(records, row, field)));
	return longest;
}

static void layout_add(Layout *layout, guint field, gsize size)
{
	layout->offset[field] = layout->row;
	layout->size[field] = size;
	layout->row += size;
}

static Layout layout_of(const Records *records)
{
	Layout layout = {0};
	for (guint i = 0; i < records->width; i++)
		layout_add(&layout, i,
			records->fields[i].type == FIELD_TEXT ? longest_text(records, i) + 1 : 8);
	return layout;
}

static Hid field_type(FieldType type, gsize size)
{
	if (type != FIELD_TEXT)
		return H5Tcopy(type == FIELD_UINT ? H5T_STD_U64LE : H5T_STD_I64LE);
	Hid text = H5Tcopy(H5T_C_S1);
	H5Tset_size(text, size);
	H5Tset_cset(text, H5T_CSET_UTF8);
	return text;
}

static Hid row_type(const Records *records, const Layout *layout)
{
	Hid row = H5Tcreate(H5T_COMPOUND, layout->row);
	for (guint i = 0; i < records->width; i++) {
		g_auto(Hid) type = field_type(records->fields[i].type, layout->size[i]);
		H5Tinsert(row, records->fields[i].name, layout->offset[i], type);
	}
	return row;
}

static void *pack_rows(const Records *records, const Layout *layout)
{
	guint8 *bytes = g_malloc0(MAX(records_count(records) * layout->row, 1));
	for (guint i = 0; i < records->cells->len; i++) {
		guint field = i % records->width;
		const Cell *cell = &g_array_index(records->cells, Cell, i);
		guint8 *at = bytes + i / records->width * layout->row + layout->offset[field];
		guint64 little = GUINT64_TO_LE(cell->number);
		if (records->fields[field].type == FIELD_TEXT)
			memcpy(at, cell->text, strlen(cell->text));
		else
			memcpy(at, &little, 8);
	}
	return bytes;
}

/* Padding makes wide tables large; they are compressed in chunks of rows. */
static Hid creation_of(guint rows, gsize bytes)
{
	Hid creation = H5Pcreate(H5P_DATASET_CREATE);
	hsize_t chunk = MIN(rows, CHUNK_ROWS);
	if (bytes >= COMPRESS_FROM) {
		H5Pset_chunk(creation, 1, &chunk);
		H5Pset_deflate(creation, 1);
	}
	return creation;
}

gboolean records_write(const Records *records, Hid group, const char *name, GError **error)
{
	hsize_t rows = records_count(records);
	Layout layout = layout_of(records);
	g_autofree void *bytes = pack_rows(records, &layout);
	g_auto(Hid) type = row_type(records, &layout);
	g_auto(Hid) space = H5Screate_simple(1, &rows, NULL);
	g_auto(Hid) creation = creation_of((guint)rows, (gsize)rows * layout.row);
	g_auto(Hid) dataset =
		H5Dcreate2(group, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
	if (dataset < 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) < 0)
		return hdf5_fail(error, ERROR_IO, "cannot write table", name);
	return TRUE;
}

/* The width that a stored field takes in memory, or 0 where it is not of the kind expected. */
static gsize stored_size(Hid type, const Field *field)
{
	int member = H5Tget_member_index(type, field->name);
	g_auto(Hid) stored = member < 0 ? H5I_INVALID_HID : H5Tget_member_type(type, (guint)member);
	if (stored < 0)
		return 0;
	if (field->type != FIELD_TEXT)
		return H5Tget_class(stored) == H5T_INTEGER ? 8 : 0;
	gsize size = H5Tget_size(stored);
	return H5Tget_class(stored) == H5T_STRING && H5Tis_variable_str(stored) == 0 &&
			       H5Tget_cset(stored) == H5T_CSET_UTF8 && size <= TEXT_WIDTH_MOST
		       ? size
		       : 0;
}

static gboolean stored_layout(const Records *records, Hid type, Layout *layout)
{
	if (type < 0 || H5Tget_class(type) != H5T_COMPOUND)
		return FALSE;
	for (guint i = 0; i < records->width; i++) {
		gsize size = stored_size(type, &records->fields[i]);
		if (size == 0)
			return FALSE;
		layout_add(layout, i, size);
	}
	return TRUE;
}

/* How many rows there are: one dimension, and no more bytes than the file can hold. */
static gboolean stored_rows(Hid dataset, gsize row, guint *rows)
{
	hsize_t extent = 0;
	g_auto(Hid) space = H5Dget_space(dataset);
	if (space < 0 || H5Sget_simple_extent_type(space) != H5S_SIMPLE ||
		H5Sget_simple_extent_ndims(space) != 1 ||
		H5Sget_simple_extent_dims(space, &extent, NULL) != 1 || extent > RECORDS_MOST)
		return FALSE;
	guint64 bytes = extent * row;
	*rows = (guint)extent;
	return bytes <= TABLE_BYTES_MOST && bytes / DEFLATE_MOST <= H5Dget_storage_size(dataset);
}

static void unpack_rows(Records *records, const Layout *layout, const guint8 *bytes, guint rows)
{
	for (guint i = 0; i < rows * records->width; i++) {
		guint field = i % records->width;
		const guint8 *at = bytes + i / records->width * layout->row + layout->offset[field];
		Cell cell;
		guint64 little = 0;
		memcpy(&little, at, MIN(layout->size[field], 8));
		if (records->fields[field].type == FIELD_TEXT)
			cell.text = g_strndup((const char *)at, layout->size[field]);
		else
			cell.number = GUINT64_FROM_LE(little);
		g_array_append_val(records->cells, cell);
	}
}

Records *records_read(const Field *fields, Hid group, const char *name, GError **error)
{
	g_autoptr(Records) records = records_new(fields);
	Layout layout = {0};
	guint rows = 0;
	g_auto(Hid) dataset = hdf5_open_dataset(group, name, error);
	if (dataset < 0)
		return NULL;
	g_auto(Hid) stored = H5Dget_type(dataset);
	if (!stored_layout(records, stored, &layout) || !stored_rows(dataset, layout.row, &rows)) {
		fail(error, ERROR_INPUT, "table %s has not the fields or the size expected", name);
		return NULL;
	}
	g_auto(Hid) type = row_type(records, &layout);
	g_autofree guint8 *bytes = g_malloc0(MAX(rows * layout.row, 1));
	if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) < 0) {
		hdf5_fail(error, ERROR_INPUT, "cannot read table", name);
		return NULL;
	}
	unpack_rows(records, &layout, bytes, rows);
	return g_steal_pointer(&records);
}
