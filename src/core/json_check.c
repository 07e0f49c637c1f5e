/* json_check.c - one strict look at JSON text before cJSON sees it: the grammar of RFC 8259, valid
 * UTF-8, no NUL, no lone surrogate, no duplicate key, bounded depth; in linear time. */
#include "core/error.h"
#include "core/json.h"

#include <string.h>
#include <xxhash.h>

#define KEYS_FEW 16 /* as many are compared one by one; more of them are hashed */

/* A key, where it stands in the text, or decoded where it has escapes. */
typedef struct {
	gsize length;
	const char *bytes;
} Key;

/* A list or object that is not closed yet. */
typedef struct {
	gboolean is_object;
	guint first_key;  /* its keys are the last of Check.keys, from this one on */
	GHashTable *many; /* or they are in here */
} Level;

typedef struct {
	const char *start, *at, *end;
	guint depth;
	Level levels[JSON_DEPTH_MOST];
	GArray *keys;
	GPtrArray *decoded;
	GError **error;
} Check;

static guint key_hash(gconstpointer pointer)
{
	const Key *key = pointer;
	return (guint)XXH3_64bits(key->bytes, key->length);
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	const Key *p = a, *q = b;
	return p->length == q->length && memcmp(p->bytes, q->bytes, p->length) == 0;
}

static void hash_keys(Check *check, Level *level)
{
	level->many = g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
	for (guint i = level->first_key; i < check->keys->len; i++)
		g_hash_table_add(
			level->many, g_memdup2(&g_array_index(check->keys, Key, i), sizeof(Key)));
	g_array_set_size(check->keys, level->first_key);
}

/* Remembers a key of the innermost object; FALSE where it has that key already. */
static gboolean add_key(Check *check, const Key *key)
{
	Level *level = &check->levels[check->depth - 1];
	if (level->many)
		return g_hash_table_add(level->many, g_memdup2(key, sizeof *key));
	for (guint i = level->first_key; i < check->keys->len; i++)
		if (key_equal(key, &g_array_index(check->keys, Key, i)))
			return FALSE;
	g_array_append_val(check->keys, *key);
	if (check->keys->len - level->first_key == KEYS_FEW)
		hash_keys(check, level);
	return TRUE;
}

static void open_level(Check *check, gboolean is_object)
{
	check->levels[check->depth++] =
		(Level){.is_object = is_object, .first_key = check->keys->len};
}

static void close_level(Check *check)
{
	Level *level = &check->levels[--check->depth];
	g_array_set_size(check->keys, level->first_key);
	g_clear_pointer(&level->many, g_hash_table_unref);
}

/* The words of a failure stand behind the byte it is at. */
static gboolean broken(Check *check, const char *reason)
{
	return fail(check->error, ERROR_INPUT, "is no valid JSON at byte %zu: %s",
		(gsize)(check->at - check->start), reason);
}

static char look(const Check *check)
{
	return check->at < check->end ? *check->at : '\0';
}

static gboolean take(Check *check, char wanted)
{
	if (look(check) != wanted || check->at == check->end)
		return FALSE;
	check->at++;
	return TRUE;
}

static void skip_space(Check *check)
{
	while (check->at < check->end && memchr(" \t\n\r", *check->at, 4))
		check->at++;
}

/* The four digits of a \u escape, or -1. */
static int hex4(const char *at, const char *end)
{
	int value = 0;
	if (end - at < 4)
		return -1;
	for (guint i = 0; i < 4; i++) {
		int digit = g_ascii_xdigit_value(at[i]);
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static gboolean is_surrogate(int unit, int first)
{
	return unit >= first && unit < first + 0x400;
}

/* Behind `\u`: one character, of two escapes where it is a surrogate pair. */
static gboolean take_unicode_escape(Check *check, gunichar *c)
{
	int unit = hex4(check->at, check->end);
	if (unit < 0)
		return broken(check, "\\u needs four hexadecimal digits");
	if (unit == 0)
		return broken(check, "a NUL escape");
	check->at += 4;
	*c = (gunichar)unit;
	if (!is_surrogate(unit, 0xd800) && !is_surrogate(unit, 0xdc00))
		return TRUE;
	gboolean second =
		check->end - check->at >= 2 && check->at[0] == '\\' && check->at[1] == 'u';
	int low = second ? hex4(check->at + 2, check->end) : -1;
	if (is_surrogate(unit, 0xdc00) || !is_surrogate(low, 0xdc00))
		return broken(check, "half a surrogate pair");
	check->at += 6;
	*c = 0x10000 + (((gunichar)unit - 0xd800) << 10) + ((gunichar)low - 0xdc00);
	return TRUE;
}

/* Behind a backslash. */
static gboolean take_escape(Check *check, gunichar *c)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	if (take(check, 'u'))
		return take_unicode_escape(check, c);
	const char *letter = look(check) ? strchr(letters, look(check)) : NULL;
	if (!letter)
		return broken(check, "an unknown escape");
	check->at++;
	*c = (gunichar)meanings[letter - letters];
	return TRUE;
}

/* A string, from its opening quote on.  `decoded`, where not NULL, gets its characters. */
static gboolean take_string(Check *check, GString *decoded)
{
	if (!take(check, '"'))
		return broken(check, "a string is expected here");
	while (check->at < check->end && *check->at != '"') {
		gunichar c = (guchar)*check->at;
		if (c < 0x20)
			return broken(check, "a control character within a string");
		check->at++;
		if (c != '\\') {
			if (decoded)
				g_string_append_c(decoded, (char)c);
			continue;
		}
		if (!take_escape(check, &c))
			return FALSE;
		if (decoded)
			g_string_append_unichar(decoded, c);
	}
	return take(check, '"') || broken(check, "a string without end");
}

static gboolean take_digits(Check *check)
{
	const char *first = check->at;
	while (g_ascii_isdigit(look(check)))
		check->at++;
	return check->at > first || broken(check, "a digit is expected here");
}

static gboolean take_number(Check *check)
{
	take(check, '-');
	if (!take(check, '0') && !take_digits(check))
		return FALSE;
	if (g_ascii_isdigit(look(check)))
		return broken(check, "a number with a leading zero");
	if (take(check, '.') && !take_digits(check))
		return FALSE;
	if (!take(check, 'e') && !take(check, 'E'))
		return TRUE;
	if (!take(check, '+'))
		take(check, '-');
	return take_digits(check);
}

static gboolean take_word(Check *check, const char *word)
{
	gsize length = strlen(word);
	if ((gsize)(check->end - check->at) < length || memcmp(check->at, word, length) != 0)
		return broken(check, "an unknown word");
	check->at += length;
	return TRUE;
}

/* The string of a key; decoded only where it has escapes. */
static gboolean take_key_text(Check *check, Key *key)
{
	const char *quote = check->at;
	if (!take_string(check, NULL))
		return FALSE;
	key->bytes = quote + 1;
	key->length = (gsize)(check->at - quote - 2);
	if (!memchr(key->bytes, '\\', key->length))
		return TRUE;
	GString *decoded = g_string_sized_new(key->length);
	check->at = quote;
	take_string(check, decoded);
	key->length = decoded->len;
	key->bytes = g_string_free(decoded, FALSE);
	g_ptr_array_add(check->decoded, (gpointer)key->bytes);
	return TRUE;
}

static gboolean take_key(Check *check)
{
	const char *quote = check->at;
	Key key;
	if (!take_key_text(check, &key))
		return FALSE;
	if (!add_key(check, &key)) {
		g_autofree char *name = g_strndup(key.bytes, MIN(key.length, 200));
		g_autofree char *reason = g_strdup_printf("the key \"%s\" comes twice", name);
		check->at = quote;
		return broken(check, reason);
	}
	skip_space(check);
	if (!take(check, ':'))
		return broken(check, "a colon is expected here");
	skip_space(check);
	return TRUE;
}

static gboolean open_container(Check *check, gboolean is_object)
{
	if (check->depth == JSON_DEPTH_MOST)
		return broken(check, "too many values within each other");
	check->at++;
	open_level(check, is_object);
	return TRUE;
}

/* A value that holds no other, or the opening bracket of one that does. */
static gboolean take_value(Check *check)
{
	char c = look(check);
	switch (c) {
	case '{':
	case '[':
		return open_container(check, c == '{');
	case '"':
		return take_string(check, NULL);
	case 't':
		return take_word(check, "true");
	case 'f':
		return take_word(check, "false");
	case 'n':
		return take_word(check, "null");
	default:
		return c == '-' || g_ascii_isdigit(c) ? take_number(check)
						      : broken(check, "a value is expected here");
	}
}

/* FALSE where the innermost list does not end here. */
static gboolean close_container(Check *check)
{
	if (!take(check, check->levels[check->depth - 1].is_object ? '}' : ']'))
		return FALSE;
	close_level(check);
	return TRUE;
}

/* A member of the container that is open: its key, if it is an object, and its value. */
static gboolean take_member(Check *check)
{
	skip_space(check);
	if (check->levels[check->depth - 1].is_object && !take_key(check))
		return FALSE;
	return take_value(check);
}

/* From behind a value to behind the next one, or behind the closing bracket. */
static gboolean take_next(Check *check)
{
	skip_space(check);
	if (close_container(check))
		return TRUE;
	if (!take(check, ','))
		return broken(check, "a comma or the end of the list is expected here");
	return take_member(check);
}

/* From behind an opening bracket to behind the first member, or behind the closing bracket. */
static gboolean take_first(Check *check)
{
	skip_space(check);
	return close_container(check) || take_member(check);
}

static gboolean take_all(Check *check)
{
	skip_space(check);
	if (!take_value(check))
		return FALSE;
	while (check->depth) {
		gboolean opened = check->at[-1] == '{' || check->at[-1] == '[';
		if (!(opened ? take_first(check) : take_next(check)))
			return FALSE;
	}
	skip_space(check);
	return check->at == check->end || broken(check, "something follows the value");
}

gboolean json_check(const char *text, gsize length, GError **error)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(Key));
	g_autoptr(GPtrArray) decoded = g_ptr_array_new_with_free_func(g_free);
	if (length == 0)
		text = "";
	Check check = {.start = text,
		.at = text,
		.end = text + length,
		.keys = keys,
		.decoded = decoded,
		.error = error};
	if (length && !g_utf8_validate_len(text, length, &check.at))
		return broken(&check, *check.at ? "invalid UTF-8" : "a NUL byte");
	check.at = text;
	gboolean good = take_all(&check);
	while (check.depth)
		close_level(&check);
	return good;
}
