/* methods.h - the table of methods as `tauscope --methods` prints it. */
#ifndef TAUSCOPE_METHODS_H
#define TAUSCOPE_METHODS_H

#include "core/json.h"

/* A paragraph for each method; the man page has the same.  Free with g_free. */
char *methods_text(void);

/* {"methods": [{"name", "help", "example", "source", "inputs": {"least", "most"}, "weighted",
 * "parameters": [{"name", "type", "help", "range", "least", "most", "choices", "required",
 * "default": {"paper", "mergekit"}}]}]}; null: no end, no default. */
cJSON *methods_json(void);

#endif
