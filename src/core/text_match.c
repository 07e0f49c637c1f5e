/* text_match.c - names against patterns and against each other: globs, and the nearest name. */
#include "core/text.h"

#include <string.h>

/* One character and the bytes it takes; a byte of invalid UTF-8 stands for itself. */
static gunichar character_at(const char *text, const char **next)
{
	gunichar c = g_utf8_get_char_validated(text, -1);
	if (c == (gunichar)-1 || c == (gunichar)-2) {
		*next = text + 1;
		return 0x110000 + (guchar)*text;
	}
	*next = g_utf8_next_char(text);
	return c;
}

/* The end of the class that starts at `[`, or NULL where it is never closed.  A `]` that comes
 * first belongs to the class. */
static const char *class_end(const char *class)
{
	const char *p = class + 1;
	if (*p == '!' || *p == '^')
		p++;
	if (!*p)
		return NULL;
	return strchr(p + 1, ']');
}

static gboolean class_matches(const char *class, const char *end, gunichar c)
{
	const char *p = class + 1;
	gboolean negated = *p == '!' || *p == '^', found = FALSE;
	p += negated;
	while (p < end) {
		gunichar first = character_at(p, &p), last = first;
		if (*p == '-' && p + 1 < end)
			last = character_at(p + 1, &p);
		found |= first <= c && c <= last;
	}
	return found != negated;
}

/* Whether one step of the pattern takes the character `c`; *next is the step after it. */
static gboolean step_matches(const char *pattern, gunichar c, const char **next)
{
	const char *end = *pattern == '[' ? class_end(pattern) : NULL;
	if (end) {
		*next = end + 1;
		return class_matches(pattern, end, c);
	}
	gunichar wanted = character_at(pattern, next);
	return *pattern == '?' || wanted == c;
}

/* Only the last star is ever widened: what an earlier one took is already the least it can. */
gboolean text_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL, *next_step, *next_text;
	while (*text) {
		gunichar c = character_at(text, &next_text);
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern && step_matches(pattern, c, &next_step)) {
			pattern = next_step;
			text = next_text;
		} else if (star) {
			character_at(retry, &retry);
			pattern = star;
			text = retry;
		} else {
			return FALSE;
		}
	}
	pattern += strspn(pattern, "*");
	return *pattern == '\0';
}

/* The least number of letters to insert, remove, change or swap with their neighbour (Damerau 1964,
 * each letter at most once), or most + 1 where it is more.  rows: 3 x (length of b + 1). */
static guint edit_distance(const char *a, const char *b, guint most, guint *rows)
{
	guint length_a = (guint)strlen(a), length_b = (guint)strlen(b), width = length_b + 1;
	guint *before = rows, *above = rows + width, *row = rows + 2 * width;
	for (guint j = 0; j <= length_b; j++)
		above[j] = j;
	for (guint i = 1; i <= length_a; i++) {
		guint least = row[0] = i;
		for (guint j = 1; j <= length_b; j++) {
			row[j] = MIN(above[j], row[j - 1]) + 1;
			row[j] = MIN(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], before[j - 2] + 1);
			least = MIN(least, row[j]);
		}
		if (least > most)
			return most + 1;
		guint *spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[length_b];
}

const char *text_nearest(const char *name, const char *const *names, guint n)
{
	size_t length = strlen(name);
	guint most = (guint)MAX(1, length / 3);
	const char *nearest = NULL;
	g_autofree guint *rows = g_new(guint, 3 * (length + most + 1));
	for (guint i = 0; i < n; i++) {
		size_t other = strlen(names[i]);
		if (other + most < length || other > length + most)
			continue;
		guint distance = edit_distance(name, names[i], most, rows);
		if (distance > most)
			continue;
		nearest = names[i];
		if (distance == 0)
			break;
		most = distance - 1;
	}
	return nearest;
}
