/* zip.h - the directory of a ZIP archive: where each entry's bytes lie.
 *
 * The central directory is the truth (PKWARE APPNOTE 6.3, zip64 included); torch's writer leaves
 * sizes out of the local headers.  An archive that two readers could read in two ways is refused:
 * two end records, two entries of one name or on one place, a local header that names another file
 * or method. */
#ifndef TAUSCOPE_ZIP_H
#define TAUSCOPE_ZIP_H

#include "checkpoint/bytes.h"

#define ZIP_ENTRIES_MOST 1000000

typedef struct {
	const char *name;       /* UTF-8; may be absolute or hold ..: never used as a path */
	guint64 header, offset; /* of its local header and of its data, in the file */
	guint64 stored, size;   /* bytes in the file, and unpacked */
	guint32 crc;
	gboolean deflated;  /* else stored */
	gboolean unchecked; /* its writer gave no CRC, as PyTorch does where it is told not to */
} ZipEntry;

typedef struct Zip Zip;

/* Reads and checks the directory and every local header.  Holds a reference on the file.
 * ERROR_INPUT names the byte; ERROR_IO where it cannot be read. */
Zip *zip_open(File *file, GError **error);
void zip_free(Zip *zip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Zip, zip_free)

guint zip_count(const Zip *zip);
/* Entries in the order of the directory. */
const ZipEntry *zip_entry(const Zip *zip, guint entry);
/* By name; NULL where there is none. */
const ZipEntry *zip_find(const Zip *zip, const char *name);

/* An entry's unpacked bytes, as a span of the file where they are stored; one reference. */
Bytes *zip_bytes(const Zip *zip, const ZipEntry *entry);
/* A small entry whole, its CRC checked where it has one; ERROR_INPUT where it has more than `most`
 * bytes.  Ends with a zero byte beyond *length.  Free with g_free. */
void *zip_read(const Zip *zip, const ZipEntry *entry, gsize most, gsize *length, GError **error);
/* Reads an entry through and compares its CRC where it has one. */
gboolean zip_check(const Zip *zip, const ZipEntry *entry, GError **error);

#endif
