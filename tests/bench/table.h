/* table.h - the rows of a bench: what was measured, held against what, and the limit it has. */
#ifndef TAUSCOPE_BENCH_TABLE_H
#define TAUSCOPE_BENCH_TABLE_H

#include "core/json.h"
#include "measure.h"

typedef struct {
	char *section, *what;
	const char *unit; /* of both values: "s", "ms", "MiB"; NULL: nothing was measured */
	GArray *runs, *against_runs;   /* of double; the values are their medians */
	double value, against_value;   /* NaN: none */
	char *against;                 /* what it is held against, or NULL */
	double ratio_most, value_most; /* the limits, NaN: none */
	double peak;                   /* MiB, NaN: unknown */
	gboolean wrong;                /* what it computed is not what it should be */
	GString *note;
} Row;

typedef enum { VERDICT_NONE, VERDICT_MET, VERDICT_NOT_MET, VERDICT_WRONG } Verdict;

/* A row that knows nothing yet.  What changes it returns nothing, and takes what it is given. */
Row *row_new(const char *section, const char *format, ...) G_GNUC_PRINTF(2, 3);
void row_free(Row *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Row, row_free)
/* The median of a series, and its peak. */
void row_measure(Row *row, const Series *series, const char *unit);
void row_value(Row *row, double value, const char *unit);
void row_against(Row *row, const char *what, const Series *series);
void row_against_value(Row *row, const char *what, double value);
/* Sentences that follow each other. */
void row_note(Row *row, const char *format, ...) G_GNUC_PRINTF(2, 3);

double row_ratio(const Row *row);
Verdict row_verdict(const Row *row);

/* A table prints each row as it comes, and keeps it. */
typedef struct {
	GPtrArray *rows; /* of Row */
} Table;

void table_begin(Table *table);
void table_clear(Table *table);
/* Takes the row. */
void table_add(Table *table, Row *row);
guint table_count(const Table *table, Verdict verdict);
/* An array of objects, one a row. */
cJSON *table_json(const Table *table);
/* A table of Markdown for each section; g_free. */
char *table_markdown(const Table *table);

#endif
