/* bytes.h - the run of bytes that a tensor's elements are made of: a span of a file, what an entry
 * of an archive inflates to, or memory.
 *
 * Reads are positioned and may come from any thread. */
#ifndef TAUSCOPE_BYTES_H
#define TAUSCOPE_BYTES_H

#include "core/file.h"

typedef struct Bytes Bytes;

/* Each has one reference, and holds one on the file.  The caller has checked that the span lies in
 * the file; a read fails all the same where the file has become shorter. */
Bytes *bytes_span(File *file, guint64 offset, guint64 length);
/* `stored` bytes at `offset` that inflate (RFC 1951) to exactly `length`.  Reading ahead is one
 * pass over the stream; reading back begins it anew.  Some 50 KB for each of at most 4 places in
 * use, whatever the length. */
Bytes *bytes_deflated(File *file, guint64 offset, guint64 stored, guint64 length);
/* Takes the memory (g_free). */
Bytes *bytes_memory(void *memory, gsize length);
/* The bytes [offset, offset+length) of others: a span of a span where they are one. */
Bytes *bytes_part(Bytes *whole, guint64 offset, guint64 length);

/* Says that any of them will be read at any time, before a thread reads: what inflates is then
 * unpacked on the first read, once for all its parts, into a file without a name in the folder for
 * temporary files. */
void bytes_in_any_order(Bytes *bytes);

Bytes *bytes_ref(Bytes *bytes);
void bytes_unref(Bytes *bytes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bytes, bytes_unref)

guint64 bytes_length(const Bytes *bytes);
/* Whether they lie raw in a file, and where; the file is borrowed. */
gboolean bytes_is_span(const Bytes *bytes, File **file, guint64 *offset);
/* Exactly `length` bytes from `at` on; ERROR_INPUT outside of them or where a stream is damaged,
 * ERROR_IO where they cannot be read. */
gboolean bytes_read(Bytes *bytes, guint64 at, guint64 length, void *out, GError **error);

#endif
