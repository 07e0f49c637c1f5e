/* zip_private.h - what the files of the ZIP reader share. */
#ifndef TAUSCOPE_ZIP_PRIVATE_H
#define TAUSCOPE_ZIP_PRIVATE_H

#include "checkpoint/zip.h"

#define ZIP_FLAG_DESCRIPTOR 0x0008u /* sizes and CRC follow the data, not the local header */
#define ZIP_EXTRA_64 1u             /* the field that holds sizes and offsets of 64 bits */
#define ZIP_DAMAGED "it is cut short or damaged: copy or download it again"
#define ZIP_PACK_AGAIN "unpack it and pack it again"

struct Zip {
	File *file;
	GStringChunk *names;
	GArray *entries; /* of ZipEntry */
	guint *by_name;  /* [entries]: their numbers in order of names */
};

/* Where the directory lies, as the end record says; it lies in the file. */
typedef struct {
	guint64 offset, end;
	guint64 entries;
} ZipDirectory;

/* What a record of the directory says of an entry. */
typedef struct {
	guint64 at;   /* the byte of the file where the record stands */
	gsize length; /* of all of it */
	gsize name_length, extra_length;
	guint flags, method, disk;
	ZipEntry entry; /* but its data's offset */
} ZipRecord;

/* Finds the end record, and the zip64 one where there is one. */
gboolean zip_find_directory(const File *file, ZipDirectory *directory, GError **error);
/* Adds all entries. */
gboolean zip_read_directory(Zip *zip, const ZipDirectory *directory, GError **error);
/* Compares the local header with the record, and sets the offset of the data, which must end before
 * the directory begins.  Sets entry.unchecked. */
gboolean zip_check_local(
	const File *file, const ZipDirectory *directory, ZipRecord *record, GError **error);

/* A method and flags that can be read: stored or deflated, not encrypted.  `byte` is where they
 * stand. */
gboolean zip_check_method(const File *file, const ZipRecord *record, guint64 byte, guint flags,
	guint method, GError **error);
/* Fills those of the n values that are all ones, the mark of 64 bits, from the zip64 field of the
 * extra fields.  NULL, or what is wrong with them. */
const char *zip_widen(const guint8 *extra, gsize length, guint64 **values, guint n);
/* ERROR_INPUT that names the entry and a byte of the file. */
gboolean zip_refuse(const File *file, const ZipRecord *record, guint64 byte, const char *remedy,
	GError **error, const char *format, ...) G_GNUC_PRINTF(6, 7);

static inline guint zip_u16(const guint8 *bytes)
{
	return (guint)bytes[0] | (guint)bytes[1] << 8;
}

static inline guint32 zip_u32(const guint8 *bytes)
{
	return (guint32)zip_u16(bytes) | (guint32)zip_u16(bytes + 2) << 16;
}

static inline guint64 zip_u64(const guint8 *bytes)
{
	return (guint64)zip_u32(bytes) | (guint64)zip_u32(bytes + 4) << 32;
}

#endif
