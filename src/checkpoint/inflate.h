/* inflate.h - positioned reads of a deflated stream in a file (RFC 1951, by zlib).
 *
 * A stream can only be read forwards: a few places in it are kept open, each where a reader left
 * off, so that threads that each read forwards do not begin anew for every block. */
#ifndef TAUSCOPE_INFLATE_H
#define TAUSCOPE_INFLATE_H

#include "core/file.h"

typedef struct Inflate Inflate;

/* `stored` bytes at `offset` that must inflate to exactly `length`.  Holds a reference. */
Inflate *inflate_new(File *file, guint64 offset, guint64 stored, guint64 length);
void inflate_free(Inflate *inflate);

/* Exactly `length` bytes from `at` on, which lie in the whole.  Any thread.  ERROR_INPUT where the
 * stream is damaged, or ends early or late; names the file. */
gboolean inflate_read_at(Inflate *inflate, guint64 at, guint64 length, void *out, GError **error);

#endif
