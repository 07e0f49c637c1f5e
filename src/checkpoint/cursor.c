/* cursor.c - a pull reader for checked JSON.
 *
 * The grammar has been checked before, so no step reports an error; but none leaves the text, and
 * every loop over it ends, whatever it holds. */
#include "checkpoint/cursor.h"

#include "core/error.h"
#include "core/file.h"

#include <inttypes.h>
#include <string.h>

char *cursor_read_file(Cursor *cursor, const char *path, gsize most, GError **error)
{
	g_autoptr(File) file = file_open(path, error);

	if (file == NULL)
		return NULL;
	g_autofree char *text = file->size <= most ? g_try_malloc(file->size + 1) : NULL;
	if (text == NULL) {
		fail_at(error, ERROR_INPUT, (Place){.file = path},
			"%" PRIu64 " bytes of JSON are too many to read", file->size);
		return NULL;
	}
	*cursor = (Cursor){.text = text, .length = file->size};
	return file_read(file, 0, file->size, text, error) ? g_steal_pointer(&text) : NULL;
}

static gboolean is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

char cursor_peek(Cursor *cursor)
{
	while (cursor->at < cursor->length && is_space(cursor->text[cursor->at]))
		cursor->at++;
	return cursor->at < cursor->length ? cursor->text[cursor->at] : '\0';
}

gboolean cursor_take(Cursor *cursor, char token)
{
	if (token == '\0' || cursor_peek(cursor) != token)
		return FALSE;
	cursor->at++;
	return TRUE;
}

char *cursor_member(Cursor *cursor)
{
	if (cursor_take(cursor, '}'))
		return NULL;
	cursor_take(cursor, ',');
	char *key = cursor_string(cursor);
	cursor_take(cursor, ':');
	return key;
}

gboolean cursor_item(Cursor *cursor)
{
	if (cursor_take(cursor, ']'))
		return FALSE;
	cursor_take(cursor, ',');
	return cursor_peek(cursor) != '\0';
}

/* The quote that ends the string beginning at `at`, or the end of the text. */
static gsize string_end(const Cursor *cursor, gsize at)
{
	while (at < cursor->length && cursor->text[at] != '"')
		at += cursor->text[at] == '\\' ? 2 : 1;
	return MIN(at, cursor->length);
}

static gunichar hex4(const char *digits)
{
	gunichar value = 0;
	for (guint i = 0; i < 4; i++)
		value = value << 4 | ((guint)g_ascii_xdigit_value(digits[i]) & 15u);
	return value;
}

/* A \u escape, with the second half of a surrogate pair; returns the bytes it takes. */
static gsize decode_unicode(const char *escape, gsize left, GString *out)
{
	if (left < 6)
		return left;
	gunichar unit = hex4(escape + 2);
	gboolean pair = unit >= 0xd800 && unit < 0xdc00 && left >= 12;
	if (pair)
		unit = 0x10000 + ((unit - 0xd800) << 10) + (hex4(escape + 8) & 0x3ff);
	g_string_append_unichar(out, unit);
	return pair ? 12 : 6;
}

static gsize decode_escape(const char *escape, gsize left, GString *out)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";

	if (left < 2)
		return left;
	if (escape[1] == 'u')
		return decode_unicode(escape, left, out);
	const char *name = memchr(names, escape[1], sizeof names - 1);
	g_string_append_c(out, name != NULL ? values[name - names] : escape[1]);
	return 2;
}

static char *decode_string(const char *text, gsize length)
{
	g_autoptr(GString) out = g_string_sized_new(length);
	gsize at = 0;

	while (at < length) {
		const char *escape = memchr(text + at, '\\', length - at);
		gsize plain = escape != NULL ? (gsize)(escape - text) - at : length - at;
		g_string_append_len(out, text + at, (gssize)plain);
		at += plain;
		if (escape != NULL)
			at += decode_escape(escape, length - at, out);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

char *cursor_string(Cursor *cursor)
{
	if (!cursor_take(cursor, '"'))
		return NULL;
	gsize begin = cursor->at, end = string_end(cursor, begin);
	cursor->at = MIN(end + 1, cursor->length);
	return decode_string(cursor->text + begin, end - begin);
}

static gboolean continues_number(char c)
{
	return c == '.' || c == 'e' || c == 'E';
}

gboolean cursor_uint(Cursor *cursor, guint64 *value)
{
	if (!g_ascii_isdigit(cursor_peek(cursor)))
		return FALSE;
	gsize at = cursor->at;
	*value = 0;
	for (; at < cursor->length && g_ascii_isdigit(cursor->text[at]); at++) {
		guint digit = (guint)(cursor->text[at] - '0');
		if (__builtin_mul_overflow(*value, 10, value) ||
			__builtin_add_overflow(*value, digit, value))
			return FALSE;
	}
	if (at < cursor->length && continues_number(cursor->text[at]))
		return FALSE;
	cursor->at = at;
	return TRUE;
}

/* A string, number, true, false or null. */
static void skip_scalar(Cursor *cursor)
{
	if (cursor_take(cursor, '"')) {
		cursor->at = MIN(string_end(cursor, cursor->at) + 1, cursor->length);
		return;
	}
	while (cursor->at < cursor->length &&
		strchr(" \t\r\n,]}", cursor->text[cursor->at]) == NULL)
		cursor->at++;
}

void cursor_skip(Cursor *cursor)
{
	gsize depth = 0;
	do {
		char c = cursor_peek(cursor);
		if (c == '\0')
			return;
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		else if (c != ',' && c != ':') {
			skip_scalar(cursor);
			continue;
		}
		cursor->at++;
	} while (depth > 0);
}
