/* zip_end.c - the end of a ZIP archive: which bytes are its directory.
 *
 * The end record is looked for from the end of the file, where a comment may follow it.  The
 * records must fit without a gap: directory, zip64 end record and its locator, end record, comment,
 * end of the file.  A file with two end records that fit is two archives, and neither is read. */
#include "checkpoint/zip_private.h"

#include "core/error.h"

#include <inttypes.h>
#include <string.h>

#define END_BYTES 22u
#define COMMENT_MOST 65535u
#define LOCATOR_BYTES 20u
#define END64_BYTES 56u
#define END64_UNCOUNTED 12u /* what its size does not count: signature and size */
#define RECORD_LEAST 46u    /* of an entry in the directory */

/* What either end record says; `at` is where it stands, and so where the directory ends. */
typedef struct {
	guint64 at;
	guint64 disk, first_disk;
	guint64 entries_here, entries;
	guint64 length, offset; /* of the directory */
} End;

G_GNUC_PRINTF(4, 5)
static gboolean refuse(
	const File *file, const char *remedy, GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *reason = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	Place place = {.file = file->path, .remedy = remedy};
	return fail_at(error, ERROR_INPUT, place, "%s", reason);
}

static gboolean is_end(const guint8 *tail, gsize length, gsize at)
{
	return length - at >= 4 && memcmp(tail + at, "PK\5\6", 4) == 0;
}

/* Whether the end record at `at` has a comment that ends with the file. */
static gboolean fits(const guint8 *tail, gsize length, gsize at)
{
	return length - at >= END_BYTES && zip_u16(tail + at + 20) == length - at - END_BYTES;
}

/* Other readers take the last signature, or the first whose comment fits: both must be one. */
static gboolean find_end(
	const File *file, const guint8 *tail, gsize length, gsize *found, GError **error)
{
	guint64 start = file->size - length;
	gsize at = length;
	while (at > 0 && !is_end(tail, length, at - 1))
		at--;
	if (at == 0)
		return refuse(file, ZIP_DAMAGED, error,
			"there is no end record of a ZIP archive in its last %zu bytes", length);
	*found = --at;
	if (!fits(tail, length, at))
		return refuse(file, ZIP_DAMAGED, error,
			"byte %" PRIu64 ": the file does not end where the archive's end record "
			"and its comment end",
			start + at);
	while (at-- > 0)
		if (is_end(tail, length, at) && fits(tail, length, at))
			return refuse(file, ZIP_PACK_AGAIN, error,
				"bytes %" PRIu64 " and %" PRIu64 ": there are two end records, and "
				"so two archives in one",
				start + at, start + *found);
	return TRUE;
}

static gboolean read_end(const File *file, End *end, GError **error)
{
	gsize length = (gsize)MIN(file->size, END_BYTES + COMMENT_MOST), at = 0;
	g_autofree guint8 *tail = g_malloc(length);

	if (!file_read(file, file->size - length, length, tail, error) ||
		!find_end(file, tail, length, &at, error))
		return FALSE;
	const guint8 *record = tail + at;
	*end = (End){.at = file->size - length + at,
		.disk = zip_u16(record + 4),
		.first_disk = zip_u16(record + 6),
		.entries_here = zip_u16(record + 8),
		.entries = zip_u16(record + 10),
		.length = zip_u32(record + 12),
		.offset = zip_u32(record + 16)};
	return TRUE;
}

/* A number of the end record is that of the zip64 record, or all ones for "see there". */
static gboolean agrees(guint64 narrow, guint64 wide, guint64 ones)
{
	return narrow == ones || narrow == wide;
}

static gboolean same_end(const End *end, const End *wide)
{
	return agrees(end->disk, wide->disk, G_MAXUINT16) &&
	       agrees(end->first_disk, wide->first_disk, G_MAXUINT16) &&
	       agrees(end->entries_here, wide->entries_here, G_MAXUINT16) &&
	       agrees(end->entries, wide->entries, G_MAXUINT16) &&
	       agrees(end->length, wide->length, G_MAXUINT32) &&
	       agrees(end->offset, wide->offset, G_MAXUINT32);
}

/* The zip64 end record, which must end where its locator begins. */
static gboolean read_end64(const File *file, guint64 at, guint64 locator, End *wide, GError **error)
{
	guint8 record[END64_BYTES];
	if (!span_within(at, sizeof record, locator))
		return refuse(file, ZIP_DAMAGED, error,
			"byte %" PRIu64 ": the zip64 end record should be at byte %" PRIu64
			", which is not before its locator",
			locator, at);
	if (!file_read(file, at, sizeof record, record, error))
		return FALSE;
	if (memcmp(record, "PK\6\6", 4) != 0 ||
		zip_u64(record + 4) != locator - at - END64_UNCOUNTED)
		return refuse(file, ZIP_DAMAGED, error,
			"byte %" PRIu64 ": there is no zip64 end record that ends at byte %" PRIu64,
			at, locator);
	*wide = (End){.at = at,
		.disk = zip_u32(record + 16),
		.first_disk = zip_u32(record + 20),
		.entries_here = zip_u64(record + 24),
		.entries = zip_u64(record + 32),
		.length = zip_u64(record + 40),
		.offset = zip_u64(record + 48)};
	return TRUE;
}

/* Where a locator stands before the end record, the zip64 record takes its place. */
static gboolean widen_end(const File *file, End *end, GError **error)
{
	guint8 locator[LOCATOR_BYTES];
	End wide = {0};

	if (end->at < sizeof locator)
		return TRUE;
	guint64 at = end->at - sizeof locator;
	if (!file_read(file, at, sizeof locator, locator, error))
		return FALSE;
	if (memcmp(locator, "PK\6\7", 4) != 0)
		return TRUE;
	if (!read_end64(file, zip_u64(locator + 8), at, &wide, error))
		return FALSE;
	if (zip_u32(locator + 4) != 0 || !same_end(end, &wide))
		return refuse(file, ZIP_PACK_AGAIN, error,
			"bytes %" PRIu64 " and %" PRIu64
			": the two end records do not say the same of the directory",
			wide.at, end->at);
	*end = wide;
	return TRUE;
}

static gboolean check_end(const File *file, const End *end, GError **error)
{
	if (end->disk != 0 || end->first_disk != 0 || end->entries_here != end->entries)
		return refuse(file, "join its parts", error,
			"byte %" PRIu64 ": this is one part of an archive of several", end->at);
	if (end->offset > end->at || end->length != end->at - end->offset)
		return refuse(file, ZIP_DAMAGED, error,
			"byte %" PRIu64 ": the directory should be %" PRIu64
			" bytes from byte %" PRIu64 " on, which do not end here",
			end->at, end->length, end->offset);
	if (end->entries > ZIP_ENTRIES_MOST)
		return refuse(file, ZIP_PACK_AGAIN, error,
			"byte %" PRIu64 ": %" PRIu64 " entries, where at most %u are read", end->at,
			end->entries, ZIP_ENTRIES_MOST);
	if (end->entries > end->length / RECORD_LEAST)
		return refuse(file, ZIP_DAMAGED, error,
			"byte %" PRIu64 ": %" PRIu64
			" entries are more than a directory of %" PRIu64 " bytes can hold",
			end->at, end->entries, end->length);
	return TRUE;
}

gboolean zip_find_directory(const File *file, ZipDirectory *directory, GError **error)
{
	End end;
	if (!read_end(file, &end, error) || !widen_end(file, &end, error) ||
		!check_end(file, &end, error))
		return FALSE;
	*directory = (ZipDirectory){end.offset, end.at, end.entries};
	return TRUE;
}
