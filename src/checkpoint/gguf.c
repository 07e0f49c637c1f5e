/* gguf.c - header, keys and values, a list of tensors, and their data, aligned.
 *
 * The list is read whole before any tensor is added: where the data begins is known at its end.
 * What is stored in a type of floats or integers is a raw span; quantised blocks become float32. */
#include "checkpoint/gguf.h"

#include "checkpoint/gguf_metadata.h"
#include "checkpoint/gguf_scanner.h"
#include "checkpoint/quantised.h"
#include "checkpoint/view.h"
#include "core/error.h"

#include <inttypes.h>
#include <string.h>

#define ALIGNMENT 32                /* where no key says otherwise */
#define BIG_ENDIAN_MAGIC 0x47475546 /* "FUGG" */

/* One tensor of the list; `at` is the byte of the file where its entry stands. */
typedef struct {
	char *name;
	guint rank;
	guint64 *shape; /* [rank], in C order */
	const BlockType *type;
	guint64 at, elements, bytes;
	guint64 offset; /* in the data */
} Entry;

typedef struct {
	GgufScanner *scanner;
	Checkpoint *checkpoint;
	File *file;
	guint number; /* of the file */
	guint64 tensors, pairs, alignment;
	guint64 data_start, data_bytes;
	GPtrArray *entries; /* of Entry */
} Gguf;

static void entry_free(gpointer data)
{
	Entry *entry = data;
	g_free(entry->name);
	g_free(entry->shape);
	g_free(entry);
}

/* A big-endian file has the bytes of its version the other way round; those of its magic number
 * too, where newer programs wrote it. */
static gboolean read_version(GgufScanner *scanner, GError **error)
{
	guint64 magic, version;

	if (!gguf_number(scanner, 4, "the magic number", &magic, error) ||
		!gguf_number(scanner, 4, "the version", &version, error))
		return FALSE;
	scanner->swapped = version != 0 && (version & 0xffff) == 0;
	scanner->version = (guint32)version;
	if (scanner->swapped)
		scanner->version = GUINT32_SWAP_LE_BE(scanner->version);
	if (magic == BIG_ENDIAN_MAGIC && !scanner->swapped)
		return gguf_refuse(scanner, NULL, 0, error,
			"it begins with FUGG, as big-endian files do, but its version %u is "
			"little-endian",
			scanner->version);
	if (scanner->version < 1 || scanner->version > 3)
		return gguf_refuse(scanner, NULL, 4, error,
			"version %u of GGUF; versions 1 to 3 are read", scanner->version);
	return TRUE;
}

static gboolean read_header(Gguf *gguf, GError **error)
{
	GgufScanner *scanner = gguf->scanner;

	if (!gguf_count(scanner, "the number of tensors", 1, &gguf->tensors, error))
		return FALSE;
	if (gguf->tensors > TENSORS_MOST)
		return gguf_refuse(scanner, NULL, 8, error,
			"%" PRIu64 " tensors; at most %d are read", gguf->tensors, TENSORS_MOST);
	return gguf_count(scanner, "the number of keys", 1, &gguf->pairs, error);
}

static gboolean read_name(Gguf *gguf, Entry *entry, GError **error)
{
	guint64 length;
	entry->name =
		gguf_string(gguf->scanner, "a tensor's name", TENSOR_NAME_MOST, &length, error);
	if (entry->name == NULL)
		return FALSE;
	if (length == 0 || length > TENSOR_NAME_MOST)
		return gguf_refuse(gguf->scanner, NULL, entry->at, error,
			"the name of a tensor has %" PRIu64 " bytes; it must have 1 to %d", length,
			TENSOR_NAME_MOST);
	if (!g_utf8_validate_len(entry->name, length, NULL))
		return gguf_refuse(
			gguf->scanner, NULL, entry->at, error, "the name of a tensor is not UTF-8");
	return TRUE;
}

/* The file has the size that changes fastest first. */
static gboolean read_shape(Gguf *gguf, Entry *entry, GError **error)
{
	guint64 rank, *size;

	if (!gguf_number(gguf->scanner, 4, "the number of dimensions", &rank, error))
		return FALSE;
	if (rank > TENSOR_RANK_MOST)
		return gguf_refuse(gguf->scanner, entry->name, entry->at, error,
			"it has %" PRIu64 " dimensions; at most %d are read", rank,
			TENSOR_RANK_MOST);
	entry->rank = (guint)rank;
	entry->shape = g_new0(guint64, rank);
	for (guint i = 0; i < rank; i++) {
		size = &entry->shape[rank - 1 - i];
		if (!gguf_length(gguf->scanner, "a tensor's shape", size, error))
			return FALSE;
		if (*size > G_MAXINT64)
			return gguf_refuse(gguf->scanner, entry->name, entry->at, error,
				"dimension %u is %" PRIu64 ", a negative number", i, *size);
	}
	return TRUE;
}

static gboolean read_type(Gguf *gguf, Entry *entry, GError **error)
{
	guint64 number;

	if (!gguf_number(gguf->scanner, 4, "a tensor's type", &number, error))
		return FALSE;
	entry->type = block_type_find((guint32)number);
	if (entry->type == NULL)
		return gguf_refuse(gguf->scanner, entry->name, entry->at, error,
			"its type %" PRIu64 " is none of ggml's", number);
	if (entry->type->bytes == 0)
		return gguf_refuse(gguf->scanner, entry->name, entry->at, error,
			"its type %s (%" PRIu64 ") was removed from ggml; "
			"convert the model with a program of its time",
			entry->type->name, number);
	return TRUE;
}

static gboolean count_bytes(Gguf *gguf, Entry *entry, GError **error)
{
	const BlockType *type = entry->type;
	guint64 row = entry->rank > 0 ? entry->shape[entry->rank - 1] : 1;

	if (row % type->elements != 0)
		return gguf_refuse(gguf->scanner, entry->name, entry->at, error,
			"a row of %" PRIu64 " elements is not made of whole blocks of %s, "
			"which have %u",
			row, type->name, type->elements);
	if (!shape_elements(entry->shape, entry->rank, &entry->elements) ||
		!g_uint64_checked_mul(&entry->bytes, entry->elements / type->elements, type->bytes))
		return gguf_refuse(gguf->scanner, entry->name, entry->at, error,
			"the number of its elements or bytes overflows 64 bits");
	return TRUE;
}

static gboolean read_entry(Gguf *gguf, GError **error)
{
	Entry *entry = g_new0(Entry, 1);
	g_ptr_array_add(gguf->entries, entry);
	entry->at = gguf->scanner->at;
	return read_name(gguf, entry, error) && read_shape(gguf, entry, error) &&
	       read_type(gguf, entry, error) && count_bytes(gguf, entry, error) &&
	       gguf_number(gguf->scanner, 8, "a tensor's offset", &entry->offset, error);
}

static void find_data(Gguf *gguf)
{
	guint64 size = gguf->file->size, at = gguf->scanner->at;
	guint64 padding = (gguf->alignment - at % gguf->alignment) % gguf->alignment;
	gguf->data_start = at + padding;
	gguf->data_bytes = size > gguf->data_start ? size - gguf->data_start : 0;
}

static gboolean check_place(const Gguf *gguf, const Entry *entry, GError **error)
{
	Place place = {.file = gguf->file->path,
		.tensor = entry->name,
		.remedy = "where the file is cut short, copy or download it again"};

	if (entry->offset % gguf->alignment != 0)
		return gguf_refuse(gguf->scanner, entry->name, entry->at, error,
			"its data begins at %" PRIu64
			", which is no multiple of the alignment %" PRIu64,
			entry->offset, gguf->alignment);
	if (!span_within(entry->offset, entry->bytes, gguf->data_bytes))
		return fail_at(error, ERROR_INPUT, place,
			"byte %" PRIu64 ": its %" PRIu64 " bytes at %" PRIu64
			" do not lie in the data, %" PRIu64 " bytes from byte %" PRIu64 " on",
			entry->at, entry->bytes, entry->offset, gguf->data_bytes, gguf->data_start);
	return TRUE;
}

static int compare_offsets(gconstpointer a, gconstpointer b)
{
	const Entry *x = *(Entry *const *)a, *y = *(Entry *const *)b;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* Every tensor lies in the data, and none on another. */
static gboolean check_places(Gguf *gguf, GError **error)
{
	guint64 end = 0;
	g_ptr_array_sort(gguf->entries, compare_offsets);
	for (guint i = 0; i < gguf->entries->len; i++) {
		const Entry *entry = gguf->entries->pdata[i];
		if (!check_place(gguf, entry, error))
			return FALSE;
		if (entry->offset < end)
			return gguf_refuse(gguf->scanner, entry->name, entry->at, error,
				"its data begins at %" PRIu64 ", within the data of another tensor",
				entry->offset);
		end = entry->offset + entry->bytes;
	}
	return TRUE;
}

static gboolean add_raw(Gguf *gguf, const Entry *entry, Bytes *bytes, GError **error)
{
	View view = {.name = entry->name,
		.dtype = entry->type->dtype,
		.swapped = gguf->scanner->swapped,
		.bytes = bytes,
		.file = gguf->number,
		.rank = entry->rank,
		.shape = entry->shape};
	return checkpoint_add_view(gguf->checkpoint, &view, error);
}

static void skip(Gguf *gguf, const Entry *entry)
{
	g_autofree char *reason = g_strdup_printf(
		"stored as %s, which is not decoded; convert it to F16 with llama-quantize",
		entry->type->name);
	checkpoint_skip(gguf->checkpoint, entry->name, reason);
}

static gboolean add_quantised(Gguf *gguf, const Entry *entry, Bytes *bytes, GError **error)
{
	Tensor tensor = {.dtype = DTYPE_F32,
		.rank = entry->rank,
		.elements = entry->elements,
		.file = gguf->number,
		.stored_type = g_intern_string(entry->type->name),
		.stored_bytes = entry->bytes};

	if (!dtype_bytes(DTYPE_F32, entry->elements, &tensor.bytes))
		return gguf_refuse(gguf->scanner, entry->name, entry->at, error,
			"the number of its elements overflows 64 bits");
	tensor.name = g_strdup(entry->name);
	tensor.shape = g_memdup2(entry->shape, entry->rank * sizeof *entry->shape);
	tensor.source = quantised_source(entry->type, bytes, gguf->scanner->swapped);
	checkpoint_add_tensor(gguf->checkpoint, tensor);
	return TRUE;
}

static gboolean add_entry(Gguf *gguf, const Entry *entry, GError **error)
{
	g_autoptr(Bytes) bytes =
		bytes_span(gguf->file, gguf->data_start + entry->offset, entry->bytes);
	if (block_type_is_raw(entry->type))
		return add_raw(gguf, entry, bytes, error);
	if (entry->type->decode != NULL)
		return add_quantised(gguf, entry, bytes, error);
	skip(gguf, entry);
	return TRUE;
}

static void tell_number(Gguf *gguf, const char *key, guint64 number)
{
	g_autofree char *text = g_strdup_printf("%" PRIu64, number);
	checkpoint_tell(gguf->checkpoint, key, text);
}

/* A large model may be split into files that each have some of the tensors. */
static void tell_split(Gguf *gguf)
{
	const char *count = g_hash_table_lookup(gguf->checkpoint->metadata, "split.count");
	if (count == NULL || strcmp(count, "0") == 0 || strcmp(count, "1") == 0)
		return;
	g_autofree char *text = g_strdup_printf(
		"one of %s files of a model; the tensors of the others are not here", count);
	checkpoint_tell(gguf->checkpoint, "split", text);
}

static void tell(Gguf *gguf)
{
	const char *architecture =
		g_hash_table_lookup(gguf->checkpoint->metadata, "general.architecture");

	tell_number(gguf, "version", gguf->scanner->version);
	tell_number(gguf, "alignment", gguf->alignment);
	checkpoint_tell(gguf->checkpoint, "byte order",
		gguf->scanner->swapped ? "big-endian" : "little-endian");
	if (architecture != NULL)
		checkpoint_tell(gguf->checkpoint, "architecture", architecture);
	tell_split(gguf);
}

static gboolean read_parts(Gguf *gguf, GError **error)
{
	if (!read_version(gguf->scanner, error) || !read_header(gguf, error) ||
		!gguf_read_metadata(
			gguf->scanner, gguf->checkpoint, gguf->pairs, &gguf->alignment, error))
		return FALSE;
	for (guint64 i = 0; i < gguf->tensors; i++)
		if (!read_entry(gguf, error))
			return FALSE;
	find_data(gguf);
	if (!check_places(gguf, error))
		return FALSE;
	for (guint i = 0; i < gguf->entries->len; i++)
		if (!add_entry(gguf, gguf->entries->pdata[i], error))
			return FALSE;
	tell(gguf);
	return TRUE;
}

static gboolean gguf_read(Checkpoint *checkpoint, File *file, GError **error)
{
	g_autofree GgufScanner *scanner = g_new0(GgufScanner, 1);
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
	Gguf gguf = {.scanner = scanner,
		.checkpoint = checkpoint,
		.file = file,
		.number = checkpoint_add_file(checkpoint, file->path, file),
		.alignment = ALIGNMENT,
		.entries = entries};

	scanner->file = file;
	return read_parts(&gguf, error);
}

static gboolean gguf_detect(const guint8 *head, gsize length, G_GNUC_UNUSED guint64 file_size)
{
	return length >= 4 && (memcmp(head, "GGUF", 4) == 0 || memcmp(head, "FUGG", 4) == 0);
}

const CheckpointFormat gguf_format = {
	.name = "gguf",
	.detect = gguf_detect,
	.read = gguf_read,
};
