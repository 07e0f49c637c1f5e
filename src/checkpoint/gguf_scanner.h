/* gguf_scanner.h - walks the front of a GGUF file through a window, so that a vocabulary of any
 * size costs no memory.
 *
 * Every length is checked against what is left of the file before it is used.  `what` names the
 * thing that is read, for the sentence of an error: "the length of a key". */
#ifndef TAUSCOPE_GGUF_SCANNER_H
#define TAUSCOPE_GGUF_SCANNER_H

#include "core/file.h"

#define GGUF_WINDOW 65536u

typedef struct {
	const File *file;
	guint32 version;
	gboolean swapped; /* numbers are big-endian */
	guint64 at;       /* the next byte of the file */
	guint64 begin;    /* where the window lies */
	gsize held;
	guint8 window[GGUF_WINDOW];
} GgufScanner;

/* ERROR_INPUT at a byte of the file; the tensor may be NULL. */
gboolean gguf_refuse(const GgufScanner *scanner, const char *tensor, guint64 byte, GError **error,
	const char *format, ...) G_GNUC_PRINTF(5, 6);

/* A number of `width` bytes, at most 8, with no sign. */
gboolean gguf_number(
	GgufScanner *scanner, guint width, const char *what, guint64 *number, GError **error);
/* A number of 32 bits in version 1 and of 64 since. */
gboolean gguf_length(GgufScanner *scanner, const char *what, guint64 *length, GError **error);
/* A count of things that take at least `least` bytes each. */
gboolean gguf_count(
	GgufScanner *scanner, const char *what, guint64 least, guint64 *count, GError **error);
/* Steps over bytes. */
gboolean gguf_skip(GgufScanner *scanner, guint64 length, const char *what, GError **error);
/* A string: its first `most` bytes, at most a window, and its whole length; g_free.  NULL with
 * *error set. */
char *gguf_string(
	GgufScanner *scanner, const char *what, gsize most, guint64 *length, GError **error);

#endif
