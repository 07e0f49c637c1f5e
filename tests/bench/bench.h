/* bench.h - what the sections of a bench share. */
#ifndef TAUSCOPE_BENCH_BENCH_H
#define TAUSCOPE_BENCH_BENCH_H

#include "data.h"
#include "table.h"

typedef struct {
	char *programs; /* the folder of bench_pass and the others */
	char *tauscope, *sources;
	char *folder; /* for what is made and goes again */
	guint runs, threads;
	guint64 megabytes; /* of all checkpoints of the main rows */
	DataKeeper data;
	Table table;
} Bench;

typedef struct {
	const char *name;
	gboolean (*run)(Bench *bench, GError **error);
	gboolean full; /* only with BENCH_FULL */
} Section;

/* Measures, and adds rows to the table; FALSE with *error set where a command failed. */
gboolean section_pass(Bench *bench, GError **error);
gboolean section_types(Bench *bench, GError **error);
gboolean section_threads(Bench *bench, GError **error);
gboolean section_tasks(Bench *bench, GError **error);
gboolean section_blas(Bench *bench, GError **error);
gboolean section_export(Bench *bench, GError **error);
gboolean section_methods(Bench *bench, GError **error);
gboolean section_ties(Bench *bench, GError **error);
gboolean section_preview(Bench *bench, GError **error);
gboolean section_store(Bench *bench, GError **error);
gboolean section_frames(Bench *bench, GError **error);
gboolean section_incremental(Bench *bench, GError **error);
gboolean section_memory(Bench *bench, GError **error);
gboolean section_torch(Bench *bench, GError **error);

/* A command line, word by word; the first words end with NULL. */
GPtrArray *words_new(const char *first, ...) G_GNUC_NULL_TERMINATED;
void words_add(GPtrArray *words, const char *word);
/* The first n of some paths. */
void words_add_paths(GPtrArray *words, const GPtrArray *paths, guint n);
/* The command of these words, which must outlive it. */
Command words_command(GPtrArray *words);
/* Runs it once, for what it does or, where `output` is not NULL, says. */
gboolean words_run(GPtrArray *words, char **output, GError **error);

/* The words of one of the bench's own programs, of the program with a verb, of cat. */
GPtrArray *bench_program(const Bench *bench, const char *name);
GPtrArray *bench_verb(const Bench *bench, const char *verb);
GPtrArray *bench_cat(const GPtrArray *paths, guint n);
/* The words of the pass over the first n of a set, which prints norms and cosines; of an export
 * that leaves nothing but the model. */
GPtrArray *bench_pass(const Bench *bench, const Data *data, guint n, guint threads);
GPtrArray *bench_export(
	const Bench *bench, const char *store, const char *edit, const char *output);
/* A path in the folder of what goes again; g_free. */
char *bench_path(const Bench *bench, const char *name);
/* Loads the first n of a set, linked, into a store that is made anew, tasks as a, b, c … */
gboolean bench_load(
	const Bench *bench, const Data *data, guint n, const char *store, GError **error);
void bench_remove_store(const char *store);
/* A limit of a ratio, which is that of checkpoints of full size: NaN where they are smaller. */
double bench_limit(const Bench *bench, double most);
/* A checkpoint and tasks of a type, `share` of the bench's megabytes in all; nine is the usual
 * number. */
const Data *bench_data(Bench *bench, const char *type, guint tasks, double share, GError **error);

/* What a report says under a key: NaN, or "", where it does not. */
double report_number(const cJSON *report, const char *key);
const char *report_text(const cJSON *report, const char *key);

/* Whether cosines and norms are those that the set was made with: notes how far they are away, and
 * that the row is wrong where that is more than sampling and rounding explain. */
gboolean truth_check(const Data *data, const char *found, Row *row, GError **error);

#endif
