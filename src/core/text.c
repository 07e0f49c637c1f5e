/* text.c - strings as people read them: natural order, safe display, short numbers. */
#include "core/text.h"

#include "core/rng.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

/* Compares the runs of digits at *a and *b as numbers of any length and moves past them. */
static int compare_digits(const char **a, const char **b)
{
	*a += strspn(*a, "0");
	*b += strspn(*b, "0");
	size_t length_a = strspn(*a, "0123456789"), length_b = strspn(*b, "0123456789");
	int order = length_a == length_b ? memcmp(*a, *b, length_a) : length_a < length_b ? -1 : 1;
	*a += length_a;
	*b += length_b;
	return order;
}

int text_natural_compare(const char *a, const char *b)
{
	const char *p = a, *q = b;
	while (*p || *q) {
		int order = g_ascii_isdigit(*p) && g_ascii_isdigit(*q)
				    ? compare_digits(&p, &q)
				    : (guchar)*p++ - (guchar)*q++;
		if (order)
			return order;
	}
	return strcmp(a, b); /* the same numbers with other leading zeros */
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
	return text_natural_compare(*(const char *const *)a, *(const char *const *)b);
}

void text_natural_sort(GPtrArray *texts)
{
	g_ptr_array_sort(texts, compare_texts);
}

/* Characters that a terminal would not show as themselves: those that change the direction of the
 * text around them, separate lines, or have no width. */
static gboolean is_treacherous(gunichar c)
{
	return c == 0x061c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

char *text_safe(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *safe = g_string_sized_new(strlen(valid));
	for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if (c < 0x20 || c == 0x7f)
			g_string_append_c(safe, '?');
		else if ((c >= 0x80 && c < 0xa0) || is_treacherous(c))
			g_string_append_unichar(safe, 0xfffd);
		else
			g_string_append_unichar(safe, c);
	}
	return g_string_free(safe, FALSE);
}

/* Three significant digits and the unit: thousands first, then every thousand times more. */
static char *scaled(guint64 number, const char *const units[6])
{
	double value = (double)number / 1000;
	guint unit = 0;
	while (value >= 999.5) {
		value /= 1000;
		unit++;
	}
	int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	return g_strdup_printf("%.*f%s", decimals, value, units[unit]);
}

char *text_bytes(guint64 bytes)
{
	static const char *const units[] = {" kB", " MB", " GB", " TB", " PB", " EB"};
	if (bytes < 1000)
		return g_strdup_printf("%" G_GUINT64_FORMAT " B", bytes);
	return scaled(bytes, units);
}

char *text_count(guint64 count)
{
	static const char *const units[] = {"k", "M", "G", "T", "P", "E"};
	if (count < 10000)
		return g_strdup_printf("%" G_GUINT64_FORMAT, count);
	return scaled(count, units);
}

/* The one thing that a process decides once for all its tables. */
static guint64 table_seed(void)
{
	static gsize seed;
	if (g_once_init_enter(&seed))
		g_once_init_leave(&seed, (gsize)rng_unforeseen() | 1);
	return seed;
}

guint text_table_hash(gconstpointer text)
{
	return (guint)XXH3_64bits_withSeed(text, strlen(text), table_seed());
}

char *text_hash(guint64 high, guint64 low)
{
	return g_strdup_printf("%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", high, low);
}

char *text_number(double value)
{
	if (!isfinite(value))
		return g_strdup("·");
	double size = fabs(value);
	if (size == 0)
		return g_strdup("0");
	if (size < 0.0009995 || size >= 99999.5)
		return g_strdup_printf("%.2e", value);
	if (size >= 99.95)
		return g_strdup_printf("%.0f", value);
	return g_strdup_printf("%#.3g", value);
}

char *text_duration(double seconds)
{
	if (!(seconds >= 0 && seconds < 1e15))
		return g_strdup("--:--");
	guint64 whole = (guint64)seconds;
	guint64 hours = whole / 3600;
	int minutes = (int)(whole / 60 % 60), rest = (int)(whole % 60);
	if (hours == 0)
		return g_strdup_printf("%d:%02d", minutes, rest);
	return g_strdup_printf("%" G_GUINT64_FORMAT ":%02d:%02d", hours, minutes, rest);
}
