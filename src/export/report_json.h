/* report_json.h - the shapes that the JSON of several reports shares. */
#ifndef TAUSCOPE_REPORT_JSON_H
#define TAUSCOPE_REPORT_JSON_H

#include "core/json.h"

/* ["a", "b"] of n texts, or of an array of char *. */
cJSON *report_texts(char *const *texts, guint n);
cJSON *report_text_array(const GPtrArray *texts);
/* [[1, 2], [3, 4]] of n x n numbers. */
cJSON *report_square(const double *values, guint n);
/* {"a": 1, "b": 2}. */
cJSON *report_named(char *const *names, const double *values, guint n);
/* [0, 2, 1]. */
cJSON *report_indices(const guint *values, guint n);

#endif
