/* rows_store.c - what a person waits for: opening a store, frames, previews, the ninth task. */
#include "bench.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* The lines of a program that prints an object on each; GPtrArray of cJSON. */
static GPtrArray *objects_of(GPtrArray *words, GError **error)
{
	g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func((GDestroyNotify)cJSON_Delete);
	g_autofree char *said = NULL;
	if (!words_run(words, &said, error))
		return NULL;
	g_auto(GStrv) lines = g_strsplit(g_strchomp(said), "\n", -1);
	for (char **line = lines; *line; line++) {
		cJSON *object = json_parse(*line, strlen(*line), error);
		if (!object)
			return NULL;
		g_ptr_array_add(objects, object);
	}
	return g_steal_pointer(&objects);
}

/* The sizes of NAME.h5 and of what lies in NAME.d. */
static void store_sizes(const char *store, guint64 *truth, guint64 *parts)
{
	g_autofree char *stem = g_strndup(store, strlen(store) - strlen(".h5"));
	g_autofree char *folder = g_strconcat(stem, ".d", NULL);
	g_autoptr(GDir) files = g_dir_open(folder, 0, NULL);
	GStatBuf status;
	*truth = g_stat(store, &status) == 0 ? (guint64)status.st_size : 0;
	*parts = 0;
	for (const char *name; files && (name = g_dir_read_name(files));) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		*parts += g_stat(path, &status) == 0 ? (guint64)status.st_size : 0;
	}
}

/* Opens a store as a new process does, some times. */
static gboolean add_opening(
	Bench *bench, const char *store, const char *what, double most, GError **error)
{
	g_auto(Series) whole = {0}, open = {0}, frame = {0};
	for (guint run = 0; run < bench->runs; run++) {
		g_autoptr(GPtrArray) words = bench_program(bench, "bench_open");
		words_add(words, store);
		Command command = words_command(words);
		command.heard = TRUE;
		if (!measure_once(&command, &whole, error))
			return FALSE;
		g_autoptr(cJSON) said = json_parse(whole.output, strlen(whole.output), error);
		if (!said)
			return FALSE;
		series_append(&open, report_number(said, "open_ms"));
		series_append(&frame, report_number(said, "frame_ms"));
	}
	guint64 truth, parts;
	store_sizes(store, &truth, &parts);
	Row *row = row_new("stores", "%s: open", what);
	open.peak = whole.peak;
	row_measure(row, &open, "ms");
	row->value_most = most;
	row_note(row, "the store has %.2f MB, and %.1f MB in parts", (double)truth / 1e6,
		(double)parts / 1e6);
	table_add(&bench->table, row);
	row = row_new("stores", "%s: open and first frame", what);
	frame.peak = NAN;
	row_measure(row, &frame, "ms");
	table_add(&bench->table, row);
	return TRUE;
}

/* The program from its start to a screen. */
static gboolean add_first_frame(Bench *bench, const char *store, const char *what, GError **error)
{
	g_auto(Series) series = {0};
	g_autofree char *script = bench_path(bench, "first.keys");
	g_autoptr(GPtrArray) words = words_new(bench->tauscope, "--script", script, store, NULL);
	Command command = words_command(words);
	if (!g_file_set_contents(script, "size 160x50\nscreen\n", -1, error) ||
		!measure_rounds(&command, 1, bench->runs, &series, error))
		return FALSE;
	Row *row = row_new("stores", "%s: the program to its screen", what);
	series_scale(&series, 1000);
	row_measure(row, &series, "ms");
	table_add(&bench->table, row);
	return TRUE;
}

static gboolean load_run(const Bench *bench, const Data *data, const char *store, GError **error)
{
	g_autoptr(GPtrArray) words = bench_verb(bench, "load");
	g_autofree char *run = g_strdup_printf("run=%s", (char *)g_ptr_array_index(data->paths, 1));
	words_add(words, "--weights=link");
	words_add(words, store);
	words_add(words, "--base");
	words_add(words, g_ptr_array_index(data->paths, 0));
	words_add(words, "--run");
	words_add(words, run);
	bench_remove_store(store);
	return words_run(words, NULL, error);
}

/* Of 33 layers, with a head, 300 tensors; large enough for a full sample of each. */
static const Data *store_data(Bench *bench, guint tasks, gboolean run, GError **error)
{
	DataWanted wanted = {.type = "BF16",
		.megabytes = 12 * bench->megabytes / 2400,
		.tasks = tasks,
		.layers = 33,
		.head = TRUE,
		.run = run};
	return data_get(&bench->data, &wanted, error);
}

static gboolean add_store(
	Bench *bench, const char *store, const char *what, double most, GError **error)
{
	return add_opening(bench, store, what, most, error) &&
	       add_first_frame(bench, store, what, error);
}

gboolean section_store(Bench *bench, GError **error)
{
	g_autofree char *store = bench_path(bench, "opened.h5");
	const Data *data = store_data(bench, 19, FALSE, error);
	if (!data || !bench_load(bench, data, 20, store, error) ||
		!add_store(bench, store, "20 checkpoints x 300 tensors", 50, error))
		return FALSE;
	data = store_data(bench, 100, TRUE, error);
	if (!data || !load_run(bench, data, store, error) ||
		!add_store(bench, store, "100 steps x 300 tensors", NAN, error))
		return FALSE;
	bench_remove_store(store);
	return TRUE;
}

static gboolean load_demo(const Bench *bench, const char *store, GError **error)
{
	g_autofree char *digits = g_build_filename(bench->sources, "digits", NULL);
	g_autofree char *base = g_build_filename(digits, "base", NULL);
	g_autofree char *mnist = g_strdup_printf("mnist=%s/mnist", digits);
	g_autofree char *greek = g_strdup_printf("greek=%s/greek", digits);
	g_autofree char *fashion = g_strdup_printf("fashion=%s/fashion", digits);
	g_autoptr(GPtrArray) words = bench_verb(bench, "load");
	words_add(words, store);
	const char *rest[] = {"--base", base, greek, "--run", mnist, "--run", fashion};
	for (guint i = 0; i < G_N_ELEMENTS(rest); i++)
		words_add(words, rest[i]);
	return words_run(words, NULL, error);
}

static void add_frames(Bench *bench, const GPtrArray *objects, const char *what)
{
	for (guint i = 0; i < objects->len; i++) {
		const cJSON *said = g_ptr_array_index(objects, i);
		Row *row = row_new("frames", "%s, %s", what, report_text(said, "frame"));
		row_value(row, report_number(said, "median_ms"), "ms");
		row_note(row, "at most %.3g ms, of %.0f keys", report_number(said, "most_ms"),
			report_number(said, "frames"));
		table_add(&bench->table, row);
	}
}

/* Keys on every screen, at rest and while checkpoints are read. */
static gboolean press_keys(
	Bench *bench, const char *store, const Data *beside, const char *what, GError **error)
{
	g_autofree char *big = bench_path(bench, "beside.h5");
	g_autoptr(GPtrArray) words = bench_program(bench, "bench_frame");
	words_add(words, store);
	if (beside) {
		words_add(words, big);
		words_add_paths(words, beside->paths, beside->paths->len);
	}
	g_autoptr(GPtrArray) objects = objects_of(words, error);
	if (objects)
		add_frames(bench, objects, what);
	bench_remove_store(big);
	return objects != NULL;
}

/* The slowest key of each screen, of 100 steps. */
static gboolean add_screens(Bench *bench, GError **error)
{
	g_autofree char *folder = bench_path(bench, "screens");
	g_autoptr(GPtrArray) words = bench_program(bench, "bench_screens");
	words_add(words, folder);
	words_add(words, "steps");
	g_mkdir_with_parents(folder, 0700);
	g_autoptr(GPtrArray) objects = objects_of(words, error);
	for (guint i = 0; objects && i < objects->len; i++) {
		const cJSON *said = g_ptr_array_index(objects, i);
		if (!g_str_equal(report_text(said, "size"), "100x30"))
			continue;
		Row *row = row_new("frames", "100 steps, %s: the slowest key, %s",
			report_text(said, "screen"), report_text(said, "slowest"));
		row_value(row, report_number(said, "most_ms"), "ms");
		row_note(row, "median %.3g ms, of %.0f keys", report_number(said, "median_ms"),
			report_number(said, "keys"));
		table_add(&bench->table, row);
	}
	measure_remove(folder);
	return objects != NULL;
}

gboolean section_frames(Bench *bench, GError **error)
{
	g_autofree char *demo = bench_path(bench, "demo.h5");
	g_autofree char *steps = bench_path(bench, "steps.h5");
	const Data *run = store_data(bench, 100, TRUE, error);
	if (!run || !load_demo(bench, demo, error) || !load_run(bench, run, steps, error))
		return FALSE;
	if (!press_keys(bench, steps, NULL, "100 steps x 300 tensors", error))
		return FALSE;
	const Data *beside = bench_data(bench, "BF16", 8, 1, error);
	return beside && press_keys(bench, demo, beside, "demo", error) &&
	       add_screens(bench, error);
}

/* A linear one while a slider moves, which has a limit, and others. */
static void add_preview(Bench *bench, const cJSON *said)
{
	gboolean quick = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(said, "quick"));
	gboolean linear = g_str_has_prefix(report_text(said, "preview"), "32 tasks");
	Row *row = row_new("previews", "%s%s%s", linear ? "linear, " : "",
		report_text(said, "preview"), quick ? ", as a slider moves" : "");
	row_value(row, report_number(said, "ms"), "ms");
	row->value_most = quick && linear ? 1 : NAN;
	row_note(row, "at another scale %.3g ms", report_number(said, "other_scale_ms"));
	table_add(&bench->table, row);
}

gboolean section_preview(Bench *bench, GError **error)
{
	g_autofree char *folder = bench_path(bench, "previews");
	g_autoptr(GPtrArray) words = bench_program(bench, "bench_preview");
	words_add(words, folder);
	g_mkdir_with_parents(folder, 0700);
	g_autoptr(GPtrArray) objects = objects_of(words, error);
	for (guint i = 0; objects && i < objects->len; i++)
		add_preview(bench, g_ptr_array_index(objects, i));
	measure_remove(folder);
	return objects != NULL;
}

static gboolean bytes_read(const Series *load, double *bytes, GError **error)
{
	g_autoptr(cJSON) said = json_parse(load->output, strlen(load->output), error);
	*bytes = said ? report_number(said, "bytes_read") : NAN;
	return said != NULL;
}

/* A load that prints JSON; what it loads is to be added. */
static GPtrArray *load_words(const Bench *bench, const char *store)
{
	GPtrArray *words = bench_verb(bench, "load");
	words_add(words, "--json");
	words_add(words, "--weights=link");
	words_add(words, store);
	return words;
}

/* One round: nine checkpoints and base at once, then eight, and the ninth on top. */
static gboolean load_ninth(const Bench *bench, const Data *data, const char *store, Series *whole,
	Series *ninth, GError **error)
{
	g_autofree char *last = g_strdup_printf("i=%s", (char *)g_ptr_array_index(data->paths, 9));
	g_autoptr(GPtrArray) add = load_words(bench, store), all = load_words(bench, store);
	words_add(all, "--base");
	words_add_paths(all, data->paths, data->paths->len);
	words_add(add, last);
	Command commands[] = {words_command(all), words_command(add)};
	commands[0].heard = commands[1].heard = TRUE;
	bench_remove_store(store);
	return measure_once(&commands[0], whole, error) &&
	       bench_load(bench, data, 9, store, error) && measure_once(&commands[1], ninth, error);
}

gboolean section_incremental(Bench *bench, GError **error)
{
	const Data *data = bench_data(bench, "BF16", 9, 1, error);
	g_autofree char *store = bench_path(bench, "ninth.h5");
	g_auto(Series) whole = {0}, ninth = {0};
	for (guint round = 0; round < bench->runs; round++)
		if (!data || !load_ninth(bench, data, store, &whole, &ninth, error))
			return FALSE;
	double all, some;
	if (!bytes_read(&whole, &all, error) || !bytes_read(&ninth, &some, error))
		return FALSE;
	Row *row = row_new("incremental", "a ninth task to eight, BF16");
	row_measure(row, &ninth, "s");
	row_against(row, "load of all nine", &whole);
	row_note(row, "it reads %.0f MB, the load of all %.0f MB", some / 1e6, all / 1e6);
	table_add(&bench->table, row);
	bench_remove_store(store);
	return TRUE;
}
