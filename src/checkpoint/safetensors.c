/* safetensors.c - eight bytes of length, a JSON header, and the raw tensors end to end.
 *
 * Nothing in the header is believed: its tensors must tile the data exactly, each as large as its
 * type and shape say.  Every refusal names the byte of the file that it is about. */
#include "checkpoint/safetensors.h"

#include "checkpoint/cursor.h"
#include "core/error.h"
#include "core/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX_BYTES 8
#define DOWNLOAD_AGAIN "download it again"

/* One tensor of the header; `at` is the byte of the file where its entry stands. */
typedef struct {
	Tensor tensor;
	guint64 begin, end, at;
	gboolean has_dtype, has_shape, has_offsets;
} Entry;

typedef struct {
	Cursor cursor;
	const char *path;
	guint file;
	guint64 origin;                 /* the byte of the file where the header's text begins */
	guint64 data_start, data_bytes; /* what follows it */
	GArray *entries;                /* of Entry */
	gboolean differences;           /* its metadata says that floats are of a task vector */
} Header;

static void entry_clear(gpointer entry)
{
	tensor_clear(&((Entry *)entry)->tensor);
}

/* The byte of the file at which the cursor stands. */
static guint64 here(Header *header)
{
	cursor_peek(&header->cursor);
	return header->origin + header->cursor.at;
}

G_GNUC_PRINTF(5, 6)
static gboolean refuse(const Header *header, const char *tensor, guint64 byte, GError **error,
	const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *reason = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return fail_at(error, ERROR_INPUT, (Place){.file = header->path, .tensor = tensor},
		"byte %" PRIu64 ": %s", byte, reason);
}

static gboolean read_dtype(Header *header, Entry *entry, GError **error)
{
	guint64 byte = here(header);
	g_autofree char *name = cursor_string(&header->cursor);

	if (name == NULL)
		return refuse(header, entry->tensor.name, byte, error, "dtype is not a string");
	entry->has_dtype = dtype_from_name(name, &entry->tensor.dtype);
	if (!entry->has_dtype)
		return refuse(header, entry->tensor.name, byte, error,
			"the dtype %.40s is not one of safetensors", name);
	return TRUE;
}

static gboolean read_shape(Header *header, Entry *entry, GError **error)
{
	guint64 shape[TENSOR_RANK_MOST];
	guint rank = 0;
	guint64 byte = here(header);

	if (!cursor_take(&header->cursor, '['))
		return refuse(header, entry->tensor.name, byte, error, "shape is not a list");
	while (cursor_item(&header->cursor)) {
		if (rank == TENSOR_RANK_MOST)
			return refuse(header, entry->tensor.name, byte, error,
				"shape has more than %d dimensions", TENSOR_RANK_MOST);
		if (!cursor_uint(&header->cursor, &shape[rank++]))
			return refuse(header, entry->tensor.name, here(header), error,
				"dimension %u is not a non-negative integer of 64 bits", rank);
	}
	entry->tensor.rank = rank;
	entry->tensor.shape = rank > 0 ? g_memdup2(shape, rank * sizeof *shape) : NULL;
	entry->has_shape = TRUE;
	return TRUE;
}

static gboolean read_offsets(Header *header, Entry *entry, GError **error)
{
	Cursor *cursor = &header->cursor;
	guint64 byte = here(header);

	entry->has_offsets = cursor_take(cursor, '[') && cursor_item(cursor) &&
			     cursor_uint(cursor, &entry->begin) && cursor_item(cursor) &&
			     cursor_uint(cursor, &entry->end) && !cursor_item(cursor);
	if (!entry->has_offsets)
		return refuse(header, entry->tensor.name, byte, error,
			"data_offsets is not a list of two non-negative integers");
	return TRUE;
}

/* Fields of other names are stepped over, as the reference does. */
static gboolean read_field(Header *header, Entry *entry, const char *key, GError **error)
{
	if (strcmp(key, "dtype") == 0)
		return read_dtype(header, entry, error);
	if (strcmp(key, "shape") == 0)
		return read_shape(header, entry, error);
	if (strcmp(key, "data_offsets") == 0)
		return read_offsets(header, entry, error);
	cursor_skip(&header->cursor);
	return TRUE;
}

static gboolean read_fields(Header *header, Entry *entry, GError **error)
{
	if (!cursor_take(&header->cursor, '{'))
		return refuse(header, entry->tensor.name, entry->at, error,
			"the tensor's entry is not an object");
	for (;;) {
		g_autofree char *key = cursor_member(&header->cursor);
		if (key == NULL)
			break;
		if (!read_field(header, entry, key, error))
			return FALSE;
	}
	const char *absent = !entry->has_dtype     ? "dtype"
			     : !entry->has_shape   ? "shape"
			     : !entry->has_offsets ? "data_offsets"
						   : NULL;
	if (absent != NULL)
		return refuse(header, entry->tensor.name, entry->at, error,
			"the tensor's entry has no %s", absent);
	return TRUE;
}

/* From left to right, as the reference multiplies: [0, huge, huge] has no elements, and
 * [huge, huge, 0] overflows before it comes to the zero. */
static gboolean count_elements(Tensor *tensor)
{
	tensor->elements = 1;
	for (guint i = 0; i < tensor->rank; i++)
		if (__builtin_mul_overflow(tensor->elements, tensor->shape[i], &tensor->elements))
			return FALSE;
	return TRUE;
}

/* The size that type and shape demand must be the size of the span. */
static gboolean check_size(const Header *header, Entry *entry, GError **error)
{
	Tensor *tensor = &entry->tensor;
	const char *type = dtype_info(tensor->dtype)->name;

	if (entry->end < entry->begin)
		return refuse(header, tensor->name, entry->at, error,
			"its data ends at %" PRIu64 ", before it begins at %" PRIu64, entry->end,
			entry->begin);
	if (!count_elements(tensor))
		return refuse(header, tensor->name, entry->at, error,
			"the number of its elements overflows 64 bits");
	if (!dtype_bytes(tensor->dtype, tensor->elements, &tensor->bytes))
		return refuse(header, tensor->name, entry->at, error,
			"%" PRIu64 " elements of %s overflow 64 bits or do not end on a byte",
			tensor->elements, type);
	if (tensor->bytes != entry->end - entry->begin)
		return refuse(header, tensor->name, entry->at, error,
			"%" PRIu64 " elements of %s take %" PRIu64
			" bytes, but its data_offsets span %" PRIu64,
			tensor->elements, type, tensor->bytes, entry->end - entry->begin);
	return TRUE;
}

/* Takes the name. */
static gboolean read_entry(Header *header, char *name, GError **error)
{
	guint count = header->entries->len;

	g_array_set_size(header->entries, count + 1);
	Entry *entry = &g_array_index(header->entries, Entry, count);
	entry->tensor.name = name;
	entry->tensor.file = header->file;
	entry->at = here(header);
	if (*name == '\0')
		return refuse(header, NULL, entry->at, error, "a tensor has an empty name");
	if (strlen(name) > TENSOR_NAME_MOST)
		return refuse(header, NULL, entry->at, error,
			"a tensor's name is %zu bytes long, at most %d are read: %.40s…",
			strlen(name), TENSOR_NAME_MOST, name);
	if (count == TENSORS_MOST)
		return refuse(header, NULL, entry->at, error, "there are more than %d tensors",
			TENSORS_MOST);
	return read_fields(header, entry, error) && check_size(header, entry, error);
}

/* What the metadata says that the values are. */
static gboolean take_values(Header *header, const char *word, guint64 byte, GError **error)
{
	header->differences = strcmp(word, SAFETENSORS_DIFFERENCES) == 0;
	if (header->differences || strcmp(word, SAFETENSORS_WEIGHTS) == 0)
		return TRUE;
	return refuse(header, NULL, byte, error,
		SAFETENSORS_VALUES
		" in __metadata__ is %.40s, which is neither " SAFETENSORS_DIFFERENCES
		" nor " SAFETENSORS_WEIGHTS,
		word);
}

static gboolean read_metadata(Header *header, GHashTable *metadata, GError **error)
{
	guint64 byte = here(header);

	if (cursor_peek(&header->cursor) == 'n') {
		cursor_skip(&header->cursor);
		return TRUE;
	}
	if (!cursor_take(&header->cursor, '{'))
		return refuse(header, NULL, byte, error, "__metadata__ is not an object");
	for (;;) {
		g_autofree char *key = cursor_member(&header->cursor);
		if (key == NULL)
			return TRUE;
		byte = here(header);
		char *value = cursor_string(&header->cursor);
		if (value == NULL)
			return refuse(header, NULL, byte, error,
				"the value of %.40s in __metadata__ is not a string", key);
		gboolean known = strcmp(key, SAFETENSORS_VALUES) != 0 ||
				 take_values(header, value, byte, error);
		g_hash_table_replace(metadata, g_steal_pointer(&key), value);
		if (!known)
			return FALSE;
	}
}

static gboolean read_members(Header *header, GHashTable *metadata, GError **error)
{
	guint64 byte = here(header);

	if (!cursor_take(&header->cursor, '{'))
		return refuse(header, NULL, byte, error, "the header is not a JSON object");
	for (;;) {
		g_autofree char *key = cursor_member(&header->cursor);
		if (key == NULL)
			return TRUE;
		gboolean ok = strcmp(key, "__metadata__") == 0
				      ? read_metadata(header, metadata, error)
				      : read_entry(header, g_steal_pointer(&key), error);
		if (!ok)
			return FALSE;
	}
}

static int entry_compare(gconstpointer a, gconstpointer b)
{
	const Entry *left = a, *right = b;
	if (left->begin != right->begin)
		return left->begin < right->begin ? -1 : 1;
	return (left->end > right->end) - (left->end < right->end);
}

/* Each tensor begins where the one before it ends: no holes, no overlap. */
static gboolean check_tiling(const Header *header, guint64 *end, GError **error)
{
	*end = 0;
	for (guint i = 0; i < header->entries->len; i++) {
		const Entry *entry = &g_array_index(header->entries, Entry, i);
		if (entry->begin != *end)
			return refuse(header, entry->tensor.name, entry->at, error,
				"its data begins at %" PRIu64 ", but the data before it ends at "
				"%" PRIu64 " (the tensors %s)",
				entry->begin, *end,
				entry->begin < *end ? "overlap" : "leave a hole");
		*end = entry->end;
	}
	return TRUE;
}

static gboolean check_end(const Header *header, guint64 end, GError **error)
{
	Place place = {.file = header->path, .remedy = DOWNLOAD_AGAIN};

	if (end > header->data_bytes)
		return fail_at(error, ERROR_INPUT, place,
			"the file is cut short: its header promises %" PRIu64
			" bytes of data from byte %" PRIu64 " on, but %" PRIu64 " are there",
			end, header->data_start, header->data_bytes);
	if (end < header->data_bytes)
		return fail_at(error, ERROR_INPUT, place,
			"%" PRIu64 " bytes after the last tensor, from byte %" PRIu64
			" on, belong to none",
			header->data_bytes - end, header->data_start + end);
	return TRUE;
}

static void hand_over(Header *header, Checkpoint *checkpoint)
{
	for (guint i = 0; i < header->entries->len; i++) {
		Entry *entry = &g_array_index(header->entries, Entry, i);
		entry->tensor.offset = header->data_start + entry->begin;
		entry->tensor.difference = header->differences &&
					   dtype_info(entry->tensor.dtype)->class == CLASS_FLOAT;
		checkpoint_add_tensor(checkpoint, entry->tensor);
		entry->tensor = (Tensor){0};
	}
}

gboolean safetensors_parse(Checkpoint *checkpoint, guint file, const char *text, gsize length,
	guint64 data_start, guint64 data_bytes, GError **error)
{
	const CheckpointFile *source = g_ptr_array_index(checkpoint->files, file);
	g_autoptr(GArray) entries = g_array_new(FALSE, TRUE, sizeof(Entry));
	g_autoptr(GError) cause = NULL;
	Header header = {.cursor = {.text = text, .length = length},
		.path = source->path,
		.file = file,
		.origin = data_start - length,
		.data_start = data_start,
		.data_bytes = data_bytes,
		.entries = entries};
	guint64 end;

	g_array_set_clear_func(entries, entry_clear);
	if (!json_check(text, length, &cause))
		return fail_at(error, ERROR_INPUT, (Place){.file = source->path},
			"the header, counted from byte %" PRIu64 ", %s", header.origin,
			cause->message);
	if (!read_members(&header, checkpoint->metadata, error))
		return FALSE;
	g_array_sort(entries, entry_compare);
	if (!check_tiling(&header, &end, error) || !check_end(&header, end, error))
		return FALSE;
	hand_over(&header, checkpoint);
	return TRUE;
}

/* The length in the first eight bytes, checked against the file. */
static gboolean read_length(const File *file, guint64 *length, GError **error)
{
	Place place = {.file = file->path, .remedy = DOWNLOAD_AGAIN};
	guint64 stored;

	if (file->size < PREFIX_BYTES)
		return fail_at(error, ERROR_INPUT, place,
			"a file of %" PRIu64 " bytes is too short for the 8 that begin safetensors",
			file->size);
	if (!file_read(file, 0, sizeof stored, &stored, error))
		return FALSE;
	*length = GUINT64_FROM_LE(stored);
	if (*length > SAFETENSORS_HEADER_MOST)
		return fail_at(error, ERROR_INPUT, (Place){.file = file->path},
			"byte 0: a header of %" PRIu64 " bytes; safetensors allows at most %u",
			*length, SAFETENSORS_HEADER_MOST);
	if (*length > file->size - PREFIX_BYTES)
		return fail_at(error, ERROR_INPUT, place,
			"the file is cut short: the header should end at byte %" PRIu64
			", the file ends at %" PRIu64,
			PREFIX_BYTES + *length, file->size);
	return TRUE;
}

static gboolean safetensors_read(Checkpoint *checkpoint, File *file, GError **error)
{
	guint number = checkpoint_add_file(checkpoint, file->path, file);
	guint64 length = 0;

	if (!read_length(file, &length, error))
		return FALSE;
	g_autofree char *text = g_try_malloc(length + 1);
	if (text == NULL)
		return fail_at(error, ERROR_IO, (Place){.file = file->path},
			"no memory for a header of %" PRIu64 " bytes", length);
	if (!file_read(file, PREFIX_BYTES, length, text, error))
		return FALSE;
	guint64 data_start = PREFIX_BYTES + length;
	return safetensors_parse(
		checkpoint, number, text, length, data_start, file->size - data_start, error);
}

/* A length that may be one, then an object, possibly after white space. */
static gboolean safetensors_detect(const guint8 *head, gsize length, guint64 file_size)
{
	guint64 header;

	if (length <= PREFIX_BYTES || file_size <= PREFIX_BYTES)
		return FALSE;
	memcpy(&header, head, sizeof header);
	if (GUINT64_FROM_LE(header) > SAFETENSORS_HEADER_MOST)
		return FALSE;
	Cursor cursor = {(const char *)head + PREFIX_BYTES, length - PREFIX_BYTES, 0};
	return cursor_peek(&cursor) == '{';
}

const CheckpointFormat safetensors_format = {
	.name = "safetensors",
	.detect = safetensors_detect,
	.read = safetensors_read,
};
