/* cursor.h - walks JSON text without building a tree.
 *
 * A safetensors header may hold 100 MB of text; its tree would take gigabytes, and would lose both
 * the byte where a value stands and whether 16 was written as 16.0.  The text should have passed
 * json_check: any other is walked safely, but to no purpose. */
#ifndef TAUSCOPE_CURSOR_H
#define TAUSCOPE_CURSOR_H

#include <glib.h>

typedef struct {
	const char *text;
	gsize length, at;
} Cursor;

/* Reads a text file of at most `most` bytes and sets the cursor to its beginning; g_free the text,
 * which the cursor borrows.  NULL with *error set. */
char *cursor_read_file(Cursor *cursor, const char *path, gsize most, GError **error);

/* The first character of the next value or token, past white space; 0 at the end. */
char cursor_peek(Cursor *cursor);
/* Steps over one character where it is the next token. */
gboolean cursor_take(Cursor *cursor, char token);
/* The next member of an object: its key, decoded (g_free); NULL at the end, which it steps over. */
char *cursor_member(Cursor *cursor);
/* Whether an array has another item; steps over its end. */
gboolean cursor_item(Cursor *cursor);
/* A string, decoded (g_free), or NULL where the value is another. */
char *cursor_string(Cursor *cursor);
/* A number of digits alone that fits 64 bits; FALSE, and does not move, for anything else. */
gboolean cursor_uint(Cursor *cursor, guint64 *value);
/* Steps over a value of any type. */
void cursor_skip(Cursor *cursor);

#endif
