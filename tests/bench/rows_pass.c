/* rows_pass.c - the pass against cat and a plain read of the same files. */
#include "bench.h"

#include <math.h>

enum { CAT, READ, PASS, COMMANDS };
G_STATIC_ASSERT(COMMANDS <= COMPARED_MOST);

static gboolean compare(
	const Bench *bench, const Data *data, guint threads, Comparison *comparison, GError **error)
{
	g_autofree char *number = g_strdup_printf("%u", threads);
	g_autoptr(GPtrArray) cat = bench_cat(data->paths, data->paths->len);
	g_autoptr(GPtrArray) read = bench_program(bench, "bench_read");
	g_autoptr(GPtrArray) pass = bench_pass(bench, data, data->paths->len, threads);
	words_add(read, number);
	words_add_paths(read, data->paths, data->paths->len);
	Command commands[COMMANDS] = {words_command(cat), words_command(read), words_command(pass)};
	commands[PASS].heard = TRUE;
	return words_run(cat, NULL, error) &&
	       measure_rounds(commands, COMMANDS, bench->runs, comparison->series, error);
}

/* A row for a set of checkpoints, held against cat; `most` is its limit, or NaN. */
static gboolean add_row(Bench *bench, const char *section, const char *what, const Data *data,
	guint threads, double most, GError **error)
{
	g_auto(Comparison) found = {0};
	if (!compare(bench, data, threads, &found, error))
		return FALSE;
	g_autoptr(Row) row = row_new(section, "%s", what);
	row_measure(row, &found.series[PASS], "s");
	row_against(row, "cat", &found.series[CAT]);
	row->ratio_most = bench_limit(bench, most);
	row_note(row, "%.1f GB/s, %.2f x a plain read on as many threads",
		(double)data->bytes / 1e9 / row->value,
		row->value / series_median(&found.series[READ]));
	if (!truth_check(data, found.series[PASS].output, row, error))
		return FALSE;
	table_add(&bench->table, g_steal_pointer(&row));
	return TRUE;
}

gboolean section_pass(Bench *bench, GError **error)
{
	static const struct {
		const char *type;
		guint tasks;
		double most;
	} rows[] = {{"BF16", 32, 1.6}, {"F32", 8, 1.0}, {"BF16", 8, 1.3}};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const Data *data = bench_data(bench, rows[i].type, rows[i].tasks, 1, error);
		g_autofree char *what =
			g_strdup_printf("%u tasks and base, %s", rows[i].tasks, rows[i].type);
		if (!data ||
			!add_row(bench, "pass", what, data, bench->threads, rows[i].most, error))
			return FALSE;
	}
	return TRUE;
}

gboolean section_types(Bench *bench, GError **error)
{
	static const char *const types[] = {"F16", "F32", "BF16"};
	for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
		const Data *data = bench_data(bench, types[i], 8, 1, error);
		g_autofree char *what = g_strdup_printf("8 tasks and base, %s", types[i]);
		if (!data ||
			!add_row(bench, "pass by type", what, data, bench->threads, NAN, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean by_threads(Bench *bench, const char *type, guint threads, GError **error)
{
	const Data *data = bench_data(bench, type, 8, 1, error);
	g_autofree char *what = g_strdup_printf(
		"8 tasks and base, %s, %u thread%s", type, threads, threads > 1 ? "s" : "");
	return data && add_row(bench, "pass by threads", what, data, threads, NAN, error);
}

/* 1, 2, 4 … and all. */
gboolean section_threads(Bench *bench, GError **error)
{
	for (guint threads = 1;; threads = MIN(2 * threads, bench->threads)) {
		if (!by_threads(bench, "F32", threads, error) ||
			!by_threads(bench, "BF16", threads, error))
			return FALSE;
		if (threads == bench->threads)
			return TRUE;
	}
}

/* Half of the megabytes: there are many sets to be made. */
gboolean section_tasks(Bench *bench, GError **error)
{
	static const guint tasks[] = {1, 2, 4, 8, 16, 32, 64, 100};
	for (guint i = 0; i < G_N_ELEMENTS(tasks); i++) {
		const Data *data = bench_data(bench, "BF16", tasks[i], 0.5, error);
		g_autofree char *what = g_strdup_printf(
			"%u task%s and base, BF16", tasks[i], tasks[i] > 1 ? "s" : "");
		if (!data || !add_row(bench, "pass by number of tasks", what, data, bench->threads,
				     NAN, error))
			return FALSE;
	}
	return TRUE;
}
