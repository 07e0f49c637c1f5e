/* adapter_pattern.c - see adapter_pattern.h.
 *
 * An adapter comes from elsewhere, and its expressions may be made to backtrack for ever: each
 * search has a limit of steps, and there is a limit to the searches. */
#include "checkpoint/adapter_pattern.h"

#include "core/error.h"

#include <string.h>

#define KEY_MOST 1024u
/* Steps of one search, searches, and comparisons with plain names. */
#define LIMIT "(*LIMIT_MATCH=5000)(*LIMIT_RECURSION=1000)"
#define SEARCHES_MOST 50000u
#define COMPARISONS_MOST 50000000u
#define EXPRESSIONS_MOST 256u

typedef struct {
	char *key;
	/* A plain name without its backslashes, and which of its characters fit any other; NULL for
	 * an expression. */
	char *plain;
	gsize length;
	GRegex *expression; /* NULL for a plain name */
	double value;
} Pattern;

/* What stands for any character in a plain name; no plain name has it. */
#define ANY '*'

struct AdapterPatterns {
	char *path, *field;
	GPtrArray *list; /* of Pattern, in order of the file */
	guint expressions;
	guint searches, comparisons; /* so far */
};

static void pattern_free(gpointer data)
{
	Pattern *pattern = data;
	g_clear_pointer(&pattern->expression, g_regex_unref);
	g_free(pattern->plain);
	g_free(pattern->key);
	g_free(pattern);
}

AdapterPatterns *adapter_patterns_new(const char *path, const char *field)
{
	AdapterPatterns *patterns = g_new0(AdapterPatterns, 1);
	patterns->path = g_strdup(path);
	patterns->field = g_strdup(field);
	patterns->list = g_ptr_array_new_with_free_func(pattern_free);
	return patterns;
}

void adapter_patterns_free(AdapterPatterns *patterns)
{
	if (patterns == NULL)
		return;
	g_ptr_array_unref(patterns->list);
	g_free(patterns->field);
	g_free(patterns->path);
	g_free(patterns);
}

/* The name that a key of letters, digits, `_`, `-`, `.` and `\.` is; NULL for any other. */
static char *plain_name(const char *key)
{
	g_autoptr(GString) plain = g_string_new(NULL);

	for (const char *at = key; *at != '\0'; at++) {
		gboolean escaped = at[0] == '\\' && at[1] == '.';
		if (!escaped && !g_ascii_isalnum(*at) && strchr("_-.", *at) == NULL)
			return NULL;
		at += escaped;
		g_string_append_c(plain, *at == '.' && !escaped ? ANY : *at);
	}
	return g_string_free(g_steal_pointer(&plain), FALSE);
}

static gboolean refuse(
	const AdapterPatterns *patterns, const char *key, const char *why, GError **error)
{
	return fail_at(error, ERROR_INPUT,
		(Place){.file = patterns->path,
			.remedy = "write it as plain names of modules, or merge the adapter into "
				  "its base with PEFT and load the result"},
		"%s: the expression %.100s %s", patterns->field, key, why);
}

/* Anchored at the beginning, as PEFT matches.  Raw, since a name need not be UTF-8. */
static gboolean compile(
	AdapterPatterns *patterns, Pattern *pattern, const char *key, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (strlen(key) > KEY_MOST || ++patterns->expressions > EXPRESSIONS_MOST)
		return refuse(patterns, key, "is too long, or one of too many", error);
	g_autofree char *text = g_strdup_printf(LIMIT "(.*\\.)?(%s)$", key);
	pattern->expression = g_regex_new(text, G_REGEX_RAW, G_REGEX_MATCH_ANCHORED, &cause);
	if (pattern->expression == NULL)
		return refuse(patterns, key, "cannot be read as one", error);
	return TRUE;
}

gboolean adapter_patterns_add(
	AdapterPatterns *patterns, const char *key, double value, GError **error)
{
	Pattern *pattern = g_new0(Pattern, 1);

	g_ptr_array_add(patterns->list, pattern);
	pattern->key = g_strdup(key);
	pattern->value = value;
	pattern->plain = plain_name(key);
	if (pattern->plain == NULL)
		return compile(patterns, pattern, key, error);
	pattern->length = strlen(pattern->plain);
	return TRUE;
}

/* The module, or its end after a point. */
static gboolean fits_plain(const Pattern *pattern, const char *module, gsize length)
{
	if (pattern->length > length)
		return FALSE;
	const char *end = module + (length - pattern->length);
	if (end > module && end[-1] != '.')
		return FALSE;
	for (gsize i = 0; i < pattern->length; i++)
		if (pattern->plain[i] != end[i] && pattern->plain[i] != ANY)
			return FALSE;
	return TRUE;
}

static gboolean search(AdapterPatterns *patterns, const Pattern *pattern, const char *module,
	gboolean *found, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (++patterns->searches > SEARCHES_MOST)
		return refuse(patterns, pattern->key, "is one of too many for its modules", error);
	*found = g_regex_match_full(pattern->expression, module, -1, 0, 0, NULL, &cause);
	if (cause != NULL)
		return refuse(patterns, pattern->key, "takes too long to match", error);
	return TRUE;
}

static gboolean fits(AdapterPatterns *patterns, const Pattern *pattern, const char *module,
	gsize length, gboolean *found, GError **error)
{
	if (pattern->expression != NULL)
		return search(patterns, pattern, module, found, error);
	*found = fits_plain(pattern, module, length);
	if (++patterns->comparisons <= COMPARISONS_MOST)
		return TRUE;
	return refuse(patterns, pattern->key, "is one of too many for its modules", error);
}

gboolean adapter_patterns_find(
	AdapterPatterns *patterns, const char *module, double *value, GError **error)
{
	gsize length = strlen(module);

	for (guint i = 0; i < patterns->list->len; i++) {
		const Pattern *pattern = g_ptr_array_index(patterns->list, i);
		gboolean found = FALSE;
		if (!fits(patterns, pattern, module, length, &found, error))
			return FALSE;
		if (found) {
			*value = pattern->value;
			return TRUE;
		}
	}
	return TRUE;
}
