/* report_json.h - the shapes that the JSON of several reports shares. */
#ifndef TAUSCOPE_REPORT_JSON_H
#define TAUSCOPE_REPORT_JSON_H

#include "core/json.h"
#include "export/table.h"

/* ["a", "b"] of n texts, or of an array of char *. */
cJSON *report_texts(char *const *texts, guint n);
cJSON *report_text_array(const GPtrArray *texts);
/* [[1, 2], [3, 4]] of n x n numbers. */
cJSON *report_square(const double *values, guint n);
/* {"a": 1, "b": 2}. */
cJSON *report_named(char *const *names, const double *values, guint n);
/* [0, 2, 1]. */
cJSON *report_indices(const guint *values, guint n);

/* How many float tensors a report is about, and how many not all of its tasks share: as "tensors"
 * and "tensors_left_out", and as a line of the table where some are left out. */
void report_add_tensors(cJSON *object, guint tensors, guint left_out);
void report_add_left_out(Table *table, guint tensors, guint left_out);

#endif
