/* zip_directory.c - the directory of a ZIP archive, record by record.
 *
 * It is read through a window, so that a directory of a million entries takes no more memory than
 * their names and places do. */
#include "checkpoint/zip_private.h"

#include "core/error.h"

#include <inttypes.h>
#include <string.h>

#define RECORD_BYTES 46u
#define WINDOW_BYTES (256u << 10) /* more than the longest record: 46 + 3 * 65535 */
#define FLAGS_ENCRYPTED 0x2041u   /* encrypted, strongly, or with its headers masked */
#define FLAG_PATCH 0x0020u
#define METHOD_STORED 0u
#define METHOD_DEFLATED 8u
#define DEFLATE_RATIO_MOST 1032u /* 258 bytes out of two bits */

typedef struct {
	const File *file;
	const ZipDirectory *directory;
	guint8 *bytes;
	guint64 from, length; /* the span of the file that is in bytes */
} Window;

gboolean zip_refuse(const File *file, const ZipRecord *record, guint64 byte, const char *remedy,
	GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *reason = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	Place place = {.file = file->path, .remedy = remedy};
	if (record->entry.name == NULL)
		return fail_at(error, ERROR_INPUT, place, "byte %" PRIu64 ": %s", byte, reason);
	return fail_at(error, ERROR_INPUT, place, "entry %.200s, byte %" PRIu64 ": %s",
		record->entry.name, byte, reason);
}

/* Bytes [at, at+length) of the directory, valid until the next call. */
static const guint8 *look(Window *window, guint64 at, gsize length, GError **error)
{
	if (at < window->from || !span_within(at - window->from, length, window->length)) {
		window->from = at;
		window->length = MIN(window->directory->end - at, WINDOW_BYTES);
		if (!file_read(window->file, at, window->length, window->bytes, error))
			return NULL;
	}
	return window->bytes + (at - window->from);
}

static const char *field_64(
	const guint8 *field, gsize length, guint64 **values, guint n, gboolean *found)
{
	if (*found)
		return "it has two zip64 fields";
	*found = TRUE;
	for (guint i = 0; i < n; i++) {
		if (*values[i] != G_MAXUINT32)
			continue;
		if (length < 8)
			return "its zip64 field is too short";
		*values[i] = zip_u64(field);
		field += 8;
		length -= 8;
	}
	return NULL;
}

const char *zip_widen(const guint8 *extra, gsize length, guint64 **values, guint n)
{
	gboolean wanted = FALSE, found = FALSE;
	for (guint i = 0; i < n; i++)
		wanted |= *values[i] == G_MAXUINT32;
	for (gsize at = 0; length - at >= 4;) {
		guint kind = zip_u16(extra + at);
		gsize size = zip_u16(extra + at + 2);
		at += 4;
		if (size > length - at)
			return "an extra field is longer than the room for all";
		const char *wrong = NULL;
		if (kind == ZIP_EXTRA_64)
			wrong = field_64(extra + at, size, values, n, &found);
		if (wrong != NULL)
			return wrong;
		at += size;
	}
	return wanted && !found ? "its sizes need a zip64 field, and there is none" : NULL;
}

gboolean zip_check_method(const File *file, const ZipRecord *record, guint64 byte, guint flags,
	guint method, GError **error)
{
	if (flags & FLAGS_ENCRYPTED)
		return zip_refuse(file, record, byte, "decrypt it first", error, "it is encrypted");
	if (flags & FLAG_PATCH)
		return zip_refuse(file, record, byte, NULL, error, "it is a patch to another file");
	if (method != METHOD_STORED && method != METHOD_DEFLATED)
		return zip_refuse(file, record, byte, ZIP_PACK_AGAIN, error,
			"compression method %u; only stored (0) and deflated (8) are read", method);
	return TRUE;
}

static void parse_record(const guint8 *bytes, ZipRecord *record)
{
	record->flags = zip_u16(bytes + 8);
	record->method = zip_u16(bytes + 10);
	record->entry.crc = zip_u32(bytes + 16);
	record->entry.stored = zip_u32(bytes + 20);
	record->entry.size = zip_u32(bytes + 24);
	record->name_length = zip_u16(bytes + 28);
	record->extra_length = zip_u16(bytes + 30);
	record->length =
		RECORD_BYTES + record->name_length + record->extra_length + zip_u16(bytes + 32);
	record->disk = zip_u16(bytes + 34);
	record->entry.header = zip_u32(bytes + 42);
	record->entry.deflated = record->method == METHOD_DEFLATED;
}

static gboolean take_name(Zip *zip, const char *name, ZipRecord *record, GError **error)
{
	if (record->name_length == 0 || !g_utf8_validate_len(name, record->name_length, NULL))
		return zip_refuse(zip->file, record, record->at, ZIP_PACK_AGAIN, error,
			"the entry's name is empty, not UTF-8, or holds a zero byte");
	record->entry.name =
		g_string_chunk_insert_len(zip->names, name, (gssize)record->name_length);
	return TRUE;
}

static gboolean take_extra(
	const File *file, const guint8 *extra, gsize length, ZipRecord *record, GError **error)
{
	ZipEntry *entry = &record->entry;
	guint64 *values[] = {&entry->size, &entry->stored, &entry->header};
	const char *wrong = zip_widen(extra, length, values, G_N_ELEMENTS(values));
	if (wrong != NULL)
		return zip_refuse(file, record, record->at, ZIP_PACK_AGAIN, error, "%s", wrong);
	if (record->disk != 0 && record->disk != G_MAXUINT16)
		return zip_refuse(file, record, record->at, "join its parts", error,
			"it is on another part of an archive of several");
	return TRUE;
}

static gboolean check_sizes(const File *file, const ZipRecord *record, GError **error)
{
	const ZipEntry *entry = &record->entry;
	if (!entry->deflated && entry->stored != entry->size)
		return zip_refuse(file, record, record->at, ZIP_DAMAGED, error,
			"it is stored as it is, but in %" PRIu64 " bytes and of %" PRIu64,
			entry->stored, entry->size);
	if (entry->deflated && entry->size / DEFLATE_RATIO_MOST > entry->stored)
		return zip_refuse(file, record, record->at, ZIP_DAMAGED, error,
			"%" PRIu64 " deflated bytes cannot unpack to %" PRIu64, entry->stored,
			entry->size);
	return TRUE;
}

/* The part of the record that all have, and the length of the whole. */
static gboolean read_fixed(Window *window, ZipRecord *record, GError **error)
{
	guint64 end = window->directory->end;
	if (!span_within(record->at, RECORD_BYTES, end))
		return zip_refuse(window->file, record, record->at, ZIP_DAMAGED, error,
			"the directory ends before the %" PRIu64
			" entries that its end record counts",
			window->directory->entries);
	const guint8 *bytes = look(window, record->at, RECORD_BYTES, error);
	if (bytes == NULL)
		return FALSE;
	if (memcmp(bytes, "PK\1\2", 4) != 0)
		return zip_refuse(window->file, record, record->at, ZIP_DAMAGED, error,
			"an entry of the directory should begin here");
	parse_record(bytes, record);
	if (!span_within(record->at, record->length, end))
		return zip_refuse(window->file, record, record->at, ZIP_DAMAGED, error,
			"an entry of the directory reaches beyond its end");
	return TRUE;
}

static gboolean read_record(Zip *zip, Window *window, ZipRecord *record, GError **error)
{
	if (!read_fixed(window, record, error))
		return FALSE;
	const guint8 *bytes = look(window, record->at, record->length, error);
	if (bytes == NULL)
		return FALSE;
	const guint8 *name = bytes + RECORD_BYTES, *extra = name + record->name_length;
	return take_name(zip, (const char *)name, record, error) &&
	       take_extra(zip->file, extra, record->extra_length, record, error) &&
	       zip_check_method(
		       zip->file, record, record->at, record->flags, record->method, error) &&
	       check_sizes(zip->file, record, error) &&
	       zip_check_local(zip->file, window->directory, record, error);
}

gboolean zip_read_directory(Zip *zip, const ZipDirectory *directory, GError **error)
{
	g_autofree guint8 *bytes = g_malloc(WINDOW_BYTES);
	Window window = {.file = zip->file, .directory = directory, .bytes = bytes};
	guint64 at = directory->offset;

	for (guint64 i = 0; i < directory->entries; i++) {
		ZipRecord record = {.at = at};
		if (!read_record(zip, &window, &record, error))
			return FALSE;
		g_array_append_val(zip->entries, record.entry);
		at += record.length;
	}
	if (at < directory->end)
		return zip_refuse(zip->file, &(ZipRecord){.at = at}, at, ZIP_DAMAGED, error,
			"the directory goes on after the %" PRIu64
			" entries that its end record counts",
			directory->entries);
	return TRUE;
}
