/* rows_export.c - writing edited models, against copying files and against each other. */
#include "bench.h"

#include <math.h>
#include <string.h>

enum { LINEAR, CAT, COPY, SYNC, COMMANDS };
G_STATIC_ASSERT(COMMANDS <= COMPARED_MOST);

/* Of the export, cat of its inputs, cp of its output to a file that was not there, and sync of
 * that. */
static gboolean compare(const Bench *bench, const Data *data, const char *store,
	Comparison *comparison, GError **error)
{
	g_autofree char *output = bench_path(bench, "edited.safetensors");
	g_autofree char *second = bench_path(bench, "copy.safetensors");
	g_autoptr(GPtrArray) ours = bench_export(bench, store, "0.4*(a+b)", output);
	g_autoptr(GPtrArray) cat = bench_cat(data->paths, 3);
	g_autoptr(GPtrArray) copy = words_new("cp", output, second, NULL);
	g_autoptr(GPtrArray) sync = words_new("sync", second, NULL);
	Command commands[COMMANDS] = {
		words_command(ours), words_command(cat), words_command(copy), words_command(sync)};
	commands[LINEAR].removed[0] = output;
	commands[COPY].removed[0] = second;
	gboolean done = words_run(cat, NULL, error) &&
			measure_rounds(commands, COMMANDS, bench->runs, comparison->series, error);
	measure_remove(output);
	measure_remove(second);
	return done;
}

static void add_linear(Bench *bench, const Comparison *found, const Series *theirs,
	const char *what, double most, double sync)
{
	Row *row = row_new("export", "0.4*(a+b), F32");
	row_measure(row, &found->series[LINEAR], "s");
	row_against(row, what, theirs);
	row->ratio_most = bench_limit(bench, most);
	if (!isnan(sync))
		row_note(row,
			"the export waits for the disk, cp does not: sync of the copy takes %.3f s",
			sync);
	table_add(&bench->table, row);
}

gboolean section_export(Bench *bench, GError **error)
{
	const Data *data = bench_data(bench, "F32", 8, 1, error);
	g_autofree char *store = bench_path(bench, "linear.h5");
	g_auto(Comparison) found = {0};
	if (!data || !bench_load(bench, data, 3, store, error) ||
		!compare(bench, data, store, &found, error))
		return FALSE;
	double sync = series_median(&found.series[SYNC]);
	series_add(&found.series[CAT], &found.series[COPY]);
	add_linear(bench, &found, &found.series[CAT], "cat + cp", 1.3, sync);
	series_add(&found.series[CAT], &found.series[SYNC]);
	add_linear(bench, &found, &found.series[CAT], "cat + cp + sync", NAN, NAN);
	bench_remove_store(store);
	return TRUE;
}

typedef struct {
	const char *edit;
	double most; /* times the first, or NaN */
} Edit;

/* Edits of one set in turn; each a row, against the first. */
static gboolean add_edits(Bench *bench, const char *section, const Data *data, const Edit *edits,
	guint n, GError **error)
{
	g_autofree char *store = bench_path(bench, "methods.h5");
	g_autofree char *output = bench_path(bench, "edited.safetensors");
	g_autoptr(GPtrArray) cat = bench_cat(data->paths, 4);
	g_autoptr(GPtrArray) words =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	g_autofree Command *commands = g_new0(Command, n);
	g_autofree Series *series = g_new0(Series, n);
	for (guint i = 0; i < n; i++) {
		g_ptr_array_add(words, bench_export(bench, store, edits[i].edit, output));
		commands[i] = words_command(g_ptr_array_index(words, i));
		commands[i].removed[0] = output;
	}
	gboolean done = bench_load(bench, data, 4, store, error) && words_run(cat, NULL, error) &&
			measure_rounds(commands, n, bench->runs, series, error);
	for (guint i = 0; done && i < n; i++) {
		Row *row = row_new(section, "%s", edits[i].edit);
		row_measure(row, &series[i], "s");
		if (i > 0)
			row_against(row, "linear export", &series[0]);
		row->ratio_most = bench_limit(bench, edits[i].most);
		table_add(&bench->table, row);
	}
	for (guint i = 0; i < n; i++)
		series_clear(&series[i]);
	measure_remove(output);
	bench_remove_store(store);
	return done;
}

gboolean section_methods(Bench *bench, GError **error)
{
	static const Edit edits[] = {{"0.4*(a+b+c)", NAN}, {"ties(a, b, c, density=0.2)", 4},
		{"dare(a, b, c, p=0.9)", NAN}, {"breadcrumbs(a, b, c)", NAN},
		{"magmax(a, b, c)", NAN}, {"slerp(a, b, t=0.5)", NAN}};
	const Data *data = bench_data(bench, "BF16", 8, 1, error);
	return data && add_edits(bench, "methods, BF16", data, edits, G_N_ELEMENTS(edits), error);
}

/* 220 M elements of each where all is 2400 MB. */
gboolean section_ties(Bench *bench, GError **error)
{
	static const Edit edits[] = {{"0.4*(a+b+c)", NAN}, {"ties(a, b, c, density=0.2)", 4}};
	DataWanted wanted = {
		.type = "BF16", .megabytes = 440 * bench->megabytes / 2400, .tasks = 3};
	const Data *data = data_get(&bench->data, &wanted, error);
	g_autofree char *section =
		g_strdup_printf("ties, %.3g M elements", data ? (double)data->bytes / 8e6 : 0);
	return data && add_edits(bench, section, data, edits, G_N_ELEMENTS(edits), error);
}
