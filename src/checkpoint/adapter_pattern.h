/* adapter_pattern.h - rank_pattern and alpha_pattern of an adapter: a number for the modules whose
 * names a pattern fits. */
#ifndef TAUSCOPE_ADAPTER_PATTERN_H
#define TAUSCOPE_ADAPTER_PATTERN_H

#include <glib.h>

typedef struct AdapterPatterns AdapterPatterns;

/* `path` and `field` are where they stand, for errors. */
AdapterPatterns *adapter_patterns_new(const char *path, const char *field);
void adapter_patterns_free(AdapterPatterns *patterns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AdapterPatterns, adapter_patterns_free)

/* ERROR_INPUT where the key is no expression that can be read. */
gboolean adapter_patterns_add(
	AdapterPatterns *patterns, const char *key, double value, GError **error);
/* As PEFT looks it up: the number of the first key for which `(.*\.)?(KEY)$` fits the module;
 * *value stays where none does.  A plain name is compared, a `.` in it being any character; any
 * other expression is searched for with a limit, and ERROR_INPUT where that is not enough. */
gboolean adapter_patterns_find(
	AdapterPatterns *patterns, const char *module, double *value, GError **error);

#endif
