/* zip_local.c - the header in front of an entry's data, held against the directory.
 *
 * A reader that goes through the file from its beginning believes these; what they say must be what
 * the directory says, or nothing: writers that cannot go back leave sizes and CRC zero. */
#include "checkpoint/zip_private.h"

#include <inttypes.h>
#include <string.h>

#define LOCAL_BYTES 30u

/* What a local header says. */
typedef struct {
	guint flags, method;
	guint32 crc;
	guint64 stored, size;
	gsize name_length, extra_length;
} Local;

static gboolean refuse(
	const File *file, const ZipRecord *record, const char *reason, GError **error)
{
	return zip_refuse(file, record, record->entry.header, ZIP_DAMAGED, error, "%s", reason);
}

static Local parse_local(const guint8 *bytes)
{
	return (Local){.flags = zip_u16(bytes + 6),
		.method = zip_u16(bytes + 8),
		.crc = zip_u32(bytes + 14),
		.stored = zip_u32(bytes + 18),
		.size = zip_u32(bytes + 22),
		.name_length = zip_u16(bytes + 26),
		.extra_length = zip_u16(bytes + 28)};
}

/* The sizes of 64 bits, where the header points to them. */
static gboolean widen_sizes(const File *file, const ZipRecord *record, Local *local, GError **error)
{
	guint64 *values[] = {&local->size, &local->stored};
	if (local->size != G_MAXUINT32 && local->stored != G_MAXUINT32)
		return TRUE;
	g_autofree guint8 *extra = g_malloc(local->extra_length + 1);
	guint64 at = record->entry.offset - local->extra_length;
	if (!file_read(file, at, local->extra_length, extra, error))
		return FALSE;
	const char *wrong = zip_widen(extra, local->extra_length, values, G_N_ELEMENTS(values));
	return wrong == NULL || refuse(file, record, wrong, error);
}

static gboolean check_numbers(
	const File *file, const ZipRecord *record, const Local *local, GError **error)
{
	const ZipEntry *entry = &record->entry;
	gboolean later = (local->flags & ZIP_FLAG_DESCRIPTOR) != 0;
	if ((local->stored != entry->stored && !(later && local->stored == 0)) ||
		(local->size != entry->size && !(later && local->size == 0)))
		return refuse(file, record,
			"the header before its data says other sizes than the directory", error);
	if (local->crc != entry->crc && !(later && local->crc == 0))
		return refuse(file, record,
			"the header before its data says another CRC than the directory", error);
	return TRUE;
}

/* The header's fixed part and the name behind it. */
static gboolean read_local(const File *file, const ZipDirectory *directory, const ZipRecord *record,
	Local *local, GError **error)
{
	gsize length = LOCAL_BYTES + record->name_length;
	g_autofree guint8 *bytes = g_malloc(length);
	if (!span_within(record->entry.header, length, directory->offset))
		return refuse(file, record,
			"the header before its data should be here, but the directory begins "
			"before its end",
			error);
	if (!file_read(file, record->entry.header, length, bytes, error))
		return FALSE;
	if (memcmp(bytes, "PK\3\4", 4) != 0)
		return refuse(file, record, "the header before its data should begin here", error);
	*local = parse_local(bytes);
	if (local->name_length != record->name_length ||
		memcmp(bytes + LOCAL_BYTES, record->entry.name, record->name_length) != 0)
		return refuse(file, record,
			"the header before its data says another name than the directory", error);
	return TRUE;
}

gboolean zip_check_local(
	const File *file, const ZipDirectory *directory, ZipRecord *record, GError **error)
{
	ZipEntry *entry = &record->entry;
	Local local;

	if (!read_local(file, directory, record, &local, error) ||
		!zip_check_method(file, record, entry->header, local.flags, local.method, error))
		return FALSE;
	if (local.method != record->method)
		return refuse(file, record,
			"the header before its data says another compression than the directory",
			error);
	entry->offset = entry->header + LOCAL_BYTES + local.name_length + local.extra_length;
	if (!span_within(entry->offset, entry->stored, directory->offset))
		return zip_refuse(file, record, entry->header, ZIP_DAMAGED, error,
			"its %" PRIu64 " bytes of data, from byte %" PRIu64
			" on, reach into the directory at byte %" PRIu64,
			entry->stored, entry->offset, directory->offset);
	entry->unchecked = entry->crc == 0 && (record->flags & ZIP_FLAG_DESCRIPTOR) != 0;
	return widen_sizes(file, record, &local, error) &&
	       check_numbers(file, record, &local, error);
}
