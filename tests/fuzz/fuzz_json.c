/* fuzz_json.c - any text through the strict check, the parser behind it, and the cursor.
 *
 * What passes the check must parse, must print to text that passes again, and must be walked by the
 * cursor to its end; what does not pass must only be walked safely. */
#include "checkpoint/cursor.h"
#include "core/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size);

static void check(gboolean holds)
{
	if (!holds)
		abort();
}

static void print_again(const cJSON *value)
{
	g_autofree char *text = json_text(value);
	check(text != NULL && json_check(text, strlen(text), NULL));
}

/* Walks members and items as the readers do. */
static void walk(Cursor *cursor)
{
	guint64 number;

	if (cursor_take(cursor, '{')) {
		for (gboolean more = TRUE; more;) {
			g_autofree char *key = cursor_member(cursor);
			more = key != NULL;
			if (more && !cursor_uint(cursor, &number))
				cursor_skip(cursor);
		}
	} else if (cursor_take(cursor, '[')) {
		for (gsize before = 0; cursor_item(cursor) && cursor->at > before;) {
			before = cursor->at;
			cursor_skip(cursor);
		}
	} else
		cursor_skip(cursor);
	check(cursor->at <= cursor->length);
}

/* The cursor decodes the keys of an object as the parser does. */
static void compare_keys(const cJSON *object, Cursor cursor)
{
	const cJSON *member;

	cursor_take(&cursor, '{');
	cJSON_ArrayForEach (member, object) {
		g_autofree char *key = cursor_member(&cursor);
		check(key != NULL && strcmp(key, member->string) == 0);
		cursor_skip(&cursor);
	}
	check(cursor_member(&cursor) == NULL);
}

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	Cursor cursor = {(const char *)bytes, size, 0};
	g_autoptr(GError) error = NULL;
	g_autoptr(cJSON) value = json_parse((const char *)bytes, size, &error);

	check((value == NULL) == (error != NULL));
	check((value != NULL) == json_check((const char *)bytes, size, NULL));
	walk(&cursor);
	if (value != NULL) {
		check(cursor_peek(&cursor) == '\0' && cursor.at == size);
		print_again(value);
	}
	if (cJSON_IsObject(value))
		compare_keys(value, (Cursor){(const char *)bytes, size, 0});
	return 0;
}
