/* zip.c - an open ZIP archive: its entries by number and by name, their bytes, their CRC. */
#include "checkpoint/zip.h"

#include "checkpoint/zip_private.h"
#include "core/error.h"

#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#define BLOCK_BYTES (64u << 10)

static const ZipEntry *entry_at(const Zip *zip, guint entry)
{
	return &g_array_index(zip->entries, ZipEntry, entry);
}

static int compare_headers(gconstpointer a, gconstpointer b, gpointer zip)
{
	guint64 left = entry_at(zip, *(const guint *)a)->header;
	guint64 right = entry_at(zip, *(const guint *)b)->header;
	return (left > right) - (left < right);
}

static int compare_names(gconstpointer a, gconstpointer b, gpointer zip)
{
	return strcmp(
		entry_at(zip, *(const guint *)a)->name, entry_at(zip, *(const guint *)b)->name);
}

/* The numbers of all entries in some order; g_free. */
static guint *sort_entries(Zip *zip, GCompareDataFunc compare)
{
	guint count = zip_count(zip);
	guint *order = g_new(guint, count + 1);
	for (guint i = 0; i < count; i++)
		order[i] = i;
	g_qsort_with_data(order, (gint)count, sizeof *order, compare, zip);
	return order;
}

static gboolean check_overlap(Zip *zip, GError **error)
{
	g_autofree guint *order = sort_entries(zip, compare_headers);
	for (guint i = 1; i < zip_count(zip); i++) {
		const ZipEntry *before = entry_at(zip, order[i - 1]);
		const ZipEntry *entry = entry_at(zip, order[i]);
		if (entry->header >= before->offset + before->stored)
			continue;
		Place place = {.file = zip->file->path, .remedy = ZIP_PACK_AGAIN};
		return fail_at(error, ERROR_INPUT, place,
			"entry %.200s, byte %" PRIu64
			": it begins within the entry %.200s, which ends at byte %" PRIu64,
			entry->name, entry->header, before->name, before->offset + before->stored);
	}
	return TRUE;
}

static gboolean index_names(Zip *zip, GError **error)
{
	zip->by_name = sort_entries(zip, compare_names);
	for (guint i = 1; i < zip_count(zip); i++) {
		const ZipEntry *before = entry_at(zip, zip->by_name[i - 1]);
		const ZipEntry *entry = entry_at(zip, zip->by_name[i]);
		if (strcmp(before->name, entry->name) != 0)
			continue;
		Place place = {.file = zip->file->path, .remedy = ZIP_PACK_AGAIN};
		return fail_at(error, ERROR_INPUT, place,
			"entry %.200s: there are two of this name, at bytes %" PRIu64
			" and %" PRIu64,
			entry->name, MIN(before->header, entry->header),
			MAX(before->header, entry->header));
	}
	return TRUE;
}

Zip *zip_open(File *file, GError **error)
{
	g_autoptr(Zip) zip = g_new0(Zip, 1);
	ZipDirectory directory;

	zip->file = file_ref(file);
	zip->names = g_string_chunk_new(4096);
	zip->entries = g_array_new(FALSE, FALSE, sizeof(ZipEntry));
	if (!zip_find_directory(file, &directory, error) ||
		!zip_read_directory(zip, &directory, error) || !check_overlap(zip, error) ||
		!index_names(zip, error))
		return NULL;
	return g_steal_pointer(&zip);
}

void zip_free(Zip *zip)
{
	if (zip == NULL)
		return;
	g_free(zip->by_name);
	g_array_unref(zip->entries);
	g_string_chunk_free(zip->names);
	file_close(zip->file);
	g_free(zip);
}

guint zip_count(const Zip *zip)
{
	return zip->entries->len;
}

const ZipEntry *zip_entry(const Zip *zip, guint entry)
{
	return entry_at(zip, entry);
}

const ZipEntry *zip_find(const Zip *zip, const char *name)
{
	guint low = 0, high = zip_count(zip);
	while (low < high) {
		guint middle = low + (high - low) / 2;
		const ZipEntry *entry = entry_at(zip, zip->by_name[middle]);
		int order = strcmp(name, entry->name);
		if (order == 0)
			return entry;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

Bytes *zip_bytes(const Zip *zip, const ZipEntry *entry)
{
	if (entry->deflated)
		return bytes_deflated(zip->file, entry->offset, entry->stored, entry->size);
	return bytes_span(zip->file, entry->offset, entry->size);
}

static gboolean check_crc(const Zip *zip, const ZipEntry *entry, uLong crc, GError **error)
{
	Place place = {.file = zip->file->path, .remedy = "copy or download it again"};
	if (entry->unchecked || crc == entry->crc)
		return TRUE;
	return fail_at(error, ERROR_INPUT, place,
		"entry %.200s, byte %" PRIu64
		": its bytes were changed: their CRC is %08lx, the directory says %08x",
		entry->name, entry->offset, crc, entry->crc);
}

void *zip_read(const Zip *zip, const ZipEntry *entry, gsize most, gsize *length, GError **error)
{
	Place place = {.file = zip->file->path};
	if (entry->size > most) {
		fail_at(error, ERROR_INPUT, place,
			"entry %.200s, byte %" PRIu64 ": it has %" PRIu64
			" bytes unpacked, where at most %zu are read",
			entry->name, entry->offset, entry->size, most);
		return NULL;
	}
	g_autoptr(Bytes) bytes = zip_bytes(zip, entry);
	g_autofree guint8 *out = g_try_malloc(entry->size + 1);
	if (out == NULL) {
		fail_at(error, ERROR_IO, place,
			"entry %.200s: there is no memory for its %" PRIu64 " bytes", entry->name,
			entry->size);
		return NULL;
	}
	if (!bytes_read(bytes, 0, entry->size, out, error) ||
		!check_crc(zip, entry, crc32_z(0, out, entry->size), error))
		return NULL;
	out[entry->size] = 0;
	*length = entry->size;
	return g_steal_pointer(&out);
}

gboolean zip_check(const Zip *zip, const ZipEntry *entry, GError **error)
{
	g_autoptr(Bytes) bytes = zip_bytes(zip, entry);
	g_autofree guint8 *block = g_malloc(BLOCK_BYTES);
	guint64 at = 0;
	uLong crc = 0;
	do {
		guint64 part = MIN(entry->size - at, BLOCK_BYTES);
		if (!bytes_read(bytes, at, part, block, error))
			return FALSE;
		crc = crc32_z(crc, block, part);
		at += part;
	} while (at < entry->size);
	return check_crc(zip, entry, crc, error);
}
