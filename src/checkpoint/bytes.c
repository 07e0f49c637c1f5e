/* bytes.c - one way to read what lies in a file, in a deflated stream, in memory, or in a part of
 * any of these. */
#include "checkpoint/bytes.h"

#include "checkpoint/inflate.h"
#include "core/error.h"

#include <inttypes.h>
#include <string.h>

typedef enum { BYTES_SPAN, BYTES_DEFLATED, BYTES_MEMORY, BYTES_PART } BytesKind;

struct Bytes {
	gint references;
	BytesKind kind;
	guint64 offset, length; /* in the file, or in the whole */
	File *file;
	Inflate *inflate;
	guint8 *memory;
	Bytes *whole;
};

static Bytes *bytes_new(BytesKind kind, guint64 offset, guint64 length)
{
	Bytes *bytes = g_new0(Bytes, 1);
	bytes->references = 1;
	bytes->kind = kind;
	bytes->offset = offset;
	bytes->length = length;
	return bytes;
}

Bytes *bytes_span(File *file, guint64 offset, guint64 length)
{
	Bytes *bytes = bytes_new(BYTES_SPAN, offset, length);
	bytes->file = file_ref(file);
	return bytes;
}

Bytes *bytes_deflated(File *file, guint64 offset, guint64 stored, guint64 length)
{
	Bytes *bytes = bytes_new(BYTES_DEFLATED, 0, length);
	bytes->inflate = inflate_new(file, offset, stored, length);
	return bytes;
}

Bytes *bytes_memory(void *memory, gsize length)
{
	Bytes *bytes = bytes_new(BYTES_MEMORY, 0, length);
	bytes->memory = memory;
	return bytes;
}

Bytes *bytes_part(Bytes *whole, guint64 offset, guint64 length)
{
	if (whole->kind == BYTES_SPAN)
		return bytes_span(whole->file, whole->offset + offset, length);
	Bytes *bytes = bytes_new(BYTES_PART, offset, length);
	bytes->whole = bytes_ref(whole);
	return bytes;
}

Bytes *bytes_ref(Bytes *bytes)
{
	g_atomic_int_inc(&bytes->references);
	return bytes;
}

void bytes_unref(Bytes *bytes)
{
	if (bytes == NULL || !g_atomic_int_dec_and_test(&bytes->references))
		return;
	file_close(bytes->file);
	g_clear_pointer(&bytes->inflate, inflate_free);
	g_free(bytes->memory);
	bytes_unref(bytes->whole);
	g_free(bytes);
}

guint64 bytes_length(const Bytes *bytes)
{
	return bytes->length;
}

gboolean bytes_is_span(const Bytes *bytes, File **file, guint64 *offset)
{
	if (bytes->kind != BYTES_SPAN)
		return FALSE;
	*file = bytes->file;
	*offset = bytes->offset;
	return TRUE;
}

gboolean bytes_read(Bytes *bytes, guint64 at, guint64 length, void *out, GError **error)
{
	if (!span_within(at, length, bytes->length))
		return fail(error, ERROR_INPUT,
			"%" PRIu64 " bytes from %" PRIu64 " on reach beyond the %" PRIu64
			" that there are",
			length, at, bytes->length);
	switch (bytes->kind) {
	case BYTES_SPAN:
		return file_read(bytes->file, bytes->offset + at, length, out, error);
	case BYTES_DEFLATED:
		return inflate_read_at(bytes->inflate, at, length, out, error);
	case BYTES_MEMORY:
		memcpy(out, bytes->memory + at, length);
		return TRUE;
	case BYTES_PART:
		return bytes_read(bytes->whole, bytes->offset + at, length, out, error);
	}
	g_assert_not_reached();
}
