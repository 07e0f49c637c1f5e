/* text.h - strings as people read them: natural order, globs, safe display, short numbers.
 *
 * Numbers are printed with a point: main sets LC_NUMERIC to "C", whatever the user's language. */
#ifndef TAUSCOPE_TEXT_H
#define TAUSCOPE_TEXT_H

#include <glib.h>

/* Natural order: runs of digits compare as numbers, so that layer 2 comes before layer 10.
 * A total order: equal only for identical strings.  Usable with qsort through its values. */
int text_natural_compare(const char *a, const char *b);

/* Sorts an array of char * in natural order. */
void text_natural_sort(GPtrArray *texts);

/* Glob with `*` (any run, dots included), `?` (one character) and [a-z] classes, over the whole
 * string.  Linear memory, no recursion: a hostile pattern costs at most |pattern| x |text|. */
gboolean text_glob(const char *pattern, const char *text);

/* A copy that is safe to show: invalid UTF-8, control characters, and characters that reorder text
 * become U+FFFD or `?`.  Free with g_free. */
char *text_safe(const char *text);

/* 1234567 → "1.23 MB", in powers of ten as disks are sold.  Free with g_free. */
char *text_bytes(guint64 bytes);

/* 87812345 → "87.8M"; below 10,000 the number itself.  Free with g_free. */
char *text_count(guint64 count);

/* A 128-bit hash as 32 hex digits.  Free with g_free. */
char *text_hash(guint64 high, guint64 low);

/* A number with 3 significant digits, as screens show it; `·` where it is not finite. */
char *text_number(double value);

/* Seconds as "0:12" or "1:02:03"; "--:--" where negative or not finite. */
char *text_duration(double seconds);

/* For hash tables whose keys come from files: another hash in each process, so that nobody can
 * write names that collide.  The order of such a table is another each time too. */
guint text_table_hash(gconstpointer text);

/* The nearest of the n names to `name` by edit distance, or NULL when none is near; borrowed. */
const char *text_nearest(const char *name, const char *const *names, guint n);

#endif
