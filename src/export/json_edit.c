/* json_edit.c - change one value in the text of a JSON object, and nothing else in it.
 *
 * A tree that is printed again would lose the order of keys, the spaces, and how numbers were
 * written; a model's config is the user's file. */
#include "export/json_edit.h"

#include "checkpoint/cursor.h"
#include "core/json.h"

/* Leaves the cursor at the member's value. */
static gboolean find_member(Cursor *cursor, const char *wanted)
{
	if (!cursor_take(cursor, '{'))
		return FALSE;
	for (;;) {
		g_autofree char *key = cursor_member(cursor);
		if (!key)
			return FALSE;
		if (g_str_equal(key, wanted))
			return TRUE;
		cursor_skip(cursor);
	}
}

static gboolean find_path(Cursor *cursor, const char *const *path)
{
	for (; *path; path++)
		if (!find_member(cursor, *path))
			return FALSE;
	return TRUE;
}

char *json_edit_value(
	const char *text, gsize length, const char *const *path, const char *value, char **before)
{
	Cursor cursor = {.text = text, .length = length};
	if (!json_check(text, length, NULL) || !find_path(&cursor, path))
		return NULL;
	cursor_peek(&cursor);
	gsize begin = cursor.at;
	cursor_skip(&cursor);
	GString *edited = g_string_new_len(text, (gssize)begin);
	g_string_append(edited, value);
	g_string_append_len(edited, text + cursor.at, (gssize)(length - cursor.at));
	if (before)
		*before = g_strndup(text + begin, cursor.at - begin);
	return g_string_free(edited, FALSE);
}
