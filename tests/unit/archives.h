/* archives.h - small ZIP archives that tests write, byte by byte. */
#ifndef TAUSCOPE_TEST_ARCHIVES_H
#define TAUSCOPE_TEST_ARCHIVES_H

#include "test.h"

#include <string.h>
#include <zlib.h>

typedef struct {
	const char *name;
	const void *data;
	gsize length;
	gboolean deflate;
	gboolean late;    /* sizes and CRC stand in the directory alone, as PyTorch writes */
	gboolean aligned; /* data begins at a multiple of 64, behind an extra field FB */
	/* Extra fields of the directory. */
	const void *extra;
	gsize extra_length;
} TestEntry;

static inline void put16(GByteArray *bytes, guint value)
{
	guint8 two[] = {(guint8)value, (guint8)(value >> 8)};
	g_byte_array_append(bytes, two, sizeof two);
}

static inline void put32(GByteArray *bytes, guint32 value)
{
	put16(bytes, value & 0xffff);
	put16(bytes, value >> 16);
}

static inline void put64(GByteArray *bytes, guint64 value)
{
	put32(bytes, (guint32)value);
	put32(bytes, (guint32)(value >> 32));
}

static inline void put_text(GByteArray *bytes, const char *text)
{
	g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text));
}

/* A raw deflate stream of the data; g_byte_array_unref. */
static inline GByteArray *test_deflate(const void *data, gsize length)
{
	GByteArray *out = g_byte_array_new();
	z_stream z = {0};
	g_assert_cmpint(deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
	g_byte_array_set_size(out, (guint)deflateBound(&z, length));
	z.next_in = (Bytef *)data;
	z.avail_in = (uInt)length;
	z.next_out = out->data;
	z.avail_out = out->len;
	g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
	g_byte_array_set_size(out, (guint)z.total_out);
	deflateEnd(&z);
	return out;
}

/* What local header and directory have in common. */
static inline void put_fields(
	GByteArray *bytes, const TestEntry *entry, guint32 crc, guint32 stored, guint32 size)
{
	put16(bytes, 20);
	put16(bytes, entry->late ? 0x808 : 0x800);
	put16(bytes, entry->deflate ? 8 : 0);
	put32(bytes, 0);
	put32(bytes, crc);
	put32(bytes, stored);
	put32(bytes, size);
	put16(bytes, (guint)strlen(entry->name));
}

/* The length of the local extra fields of an entry whose header is about to be written. */
static inline guint extra_of(const GByteArray *bytes, const TestEntry *entry)
{
	gsize data = bytes->len + 30 + strlen(entry->name) + 4;
	return entry->aligned ? 4 + (guint)(63 - (data + 63) % 64) : 0;
}

static inline void put_extra(GByteArray *bytes, guint length)
{
	if (length == 0)
		return;
	put_text(bytes, "FB");
	put16(bytes, length - 4);
	for (guint i = 4; i < length; i++)
		put_text(bytes, "Z");
}

/* Appends an entry to the archive, and its record to the directory. */
static inline void test_zip_add(GByteArray *bytes, GByteArray *directory, const TestEntry *entry)
{
	g_autoptr(GByteArray) deflated =
		entry->deflate ? test_deflate(entry->data, entry->length) : g_byte_array_new();
	guint32 stored = entry->deflate ? deflated->len : (guint32)entry->length;
	guint32 size = (guint32)entry->length, header = bytes->len;
	guint32 crc = size > 0 ? (guint32)crc32_z(0, entry->data, entry->length) : 0;
	guint32 known = entry->late ? 0 : G_MAXUINT32;
	guint extra = extra_of(bytes, entry);

	put_text(bytes, "PK\3\4");
	put_fields(bytes, entry, crc & known, stored & known, size & known);
	put16(bytes, extra);
	put_text(bytes, entry->name);
	put_extra(bytes, extra);
	if (stored > 0)
		g_byte_array_append(bytes, entry->deflate ? deflated->data : entry->data, stored);
	put_text(directory, "PK\1\2");
	put16(directory, 20);
	put_fields(directory, entry, crc, stored, size);
	put16(directory, (guint)entry->extra_length);
	put64(directory, 0);
	put16(directory, 0);
	put32(directory, header);
	put_text(directory, entry->name);
	if (entry->extra_length > 0)
		g_byte_array_append(directory, entry->extra, (guint)entry->extra_length);
}

static inline void test_zip_end(GByteArray *bytes, guint entries, guint32 length, guint32 offset)
{
	put_text(bytes, "PK\5\6");
	put32(bytes, 0);
	put16(bytes, entries);
	put16(bytes, entries);
	put32(bytes, length);
	put32(bytes, offset);
	put16(bytes, 0);
}

/* A whole archive; g_byte_array_unref. */
static inline GByteArray *test_zip(const TestEntry *entries, guint n)
{
	GByteArray *bytes = g_byte_array_new();
	g_autoptr(GByteArray) directory = g_byte_array_new();

	for (guint i = 0; i < n; i++)
		test_zip_add(bytes, directory, &entries[i]);
	guint32 offset = bytes->len;
	if (directory->len > 0)
		g_byte_array_append(bytes, directory->data, directory->len);
	test_zip_end(bytes, n, directory->len, offset);
	return bytes;
}

#endif
