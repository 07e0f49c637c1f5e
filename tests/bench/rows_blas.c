/* rows_blas.c - the pass over 64 vectors against a single-precision rank-k update of the same data
 * in memory.
 *
 * The update is given what suits it best, which a first run finds: the layout of the elements, who
 * shares them out over threads, and on processors that it does not know the kernels for AVX-512. */
#include "bench.h"

#include <string.h>

#define VECTORS 64u

static double seconds_of(const cJSON *layout)
{
	return report_number(layout, "seconds");
}

static const cJSON *fastest(const cJSON *report)
{
	const cJSON *layouts = cJSON_GetObjectItemCaseSensitive(report, "layouts"), *layout;
	const cJSON *best = layouts ? layouts->child : NULL;
	cJSON_ArrayForEach (layout, layouts)
		if (seconds_of(layout) < seconds_of(best))
			best = layout;
	return best;
}

/* `kernels` is OpenBLAS's name of a processor, "" for the one that it sees. */
static GPtrArray *update_words(
	const Bench *bench, const Data *data, const char *kernels, const char *layout)
{
	g_autofree char *threads = g_strdup_printf("%u", bench->threads);
	g_autofree char *choice = g_strconcat("OPENBLAS_CORETYPE=", kernels, NULL);
	g_autofree char *program = g_build_filename(bench->programs, "bench_blas", NULL);
	GPtrArray *words = words_new("env", *kernels ? choice : program, NULL);
	if (*kernels)
		words_add(words, program);
	words_add(words, threads);
	words_add(words, layout);
	words_add_paths(words, data->paths, data->paths->len);
	return words;
}

static gboolean has_avx512(void)
{
	g_autofree char *text = NULL;
	return g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL) &&
	       strstr(text, " avx512bw ") && strstr(text, " avx512vl ");
}

/* What was tried: the report of each choice of kernels. */
typedef struct {
	cJSON *report[2];
	const char *kernels; /* of the fastest */
	const cJSON *best;   /* NULL where there is no OpenBLAS */
} Trials;

static void trials_clear(Trials *trials)
{
	cJSON_Delete(trials->report[0]);
	cJSON_Delete(trials->report[1]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Trials, trials_clear)

static cJSON *update(const Bench *bench, const Data *data, const char *kernels, const char *layout,
	GError **error)
{
	g_autoptr(GPtrArray) words = update_words(bench, data, kernels, layout);
	g_autofree char *said = NULL;
	return words_run(words, &said, error) ? json_parse(said, strlen(said), error) : NULL;
}

static gboolean try_all(const Bench *bench, const Data *data, Trials *trials, GError **error)
{
	static const char *const kernels[] = {"", "SkylakeX"};
	for (guint i = 0; i < (has_avx512() ? 2 : 1); i++) {
		trials->report[i] = update(bench, data, kernels[i], "all", error);
		if (!trials->report[i])
			return FALSE;
		const cJSON *best = fastest(trials->report[i]);
		if (!best)
			return TRUE;
		if (!trials->best || seconds_of(best) < seconds_of(trials->best)) {
			trials->best = best;
			trials->kernels = kernels[i];
		}
	}
	return TRUE;
}

/* The pass, and the update as it times itself: reading the data is not its work. */
static gboolean compare(const Bench *bench, const Data *data, const Trials *trials, Series *pass,
	Series *theirs, GError **error)
{
	g_autoptr(GPtrArray) ours = bench_pass(bench, data, data->paths->len, bench->threads);
	Command command = words_command(ours);
	command.heard = TRUE;
	for (guint round = 0; round < bench->runs; round++) {
		if (!measure_once(&command, pass, error))
			return FALSE;
		g_autoptr(cJSON) report = update(
			bench, data, trials->kernels, report_text(trials->best, "layout"), error);
		if (!report)
			return FALSE;
		series_append(theirs, seconds_of(fastest(report)));
	}
	return TRUE;
}

static void note_trials(Row *row, const Trials *trials)
{
	for (guint i = 0; i < G_N_ELEMENTS(trials->report) && trials->report[i]; i++) {
		const cJSON *each;
		row_note(row, "%s:", report_text(trials->report[i], "library"));
		cJSON_ArrayForEach (
			each, cJSON_GetObjectItemCaseSensitive(trials->report[i], "layouts"))
			row_note(row, "%s %.3f s", report_text(each, "layout"), seconds_of(each));
	}
}

static gboolean add_update(Bench *bench, const Data *data, const Trials *trials, GError **error)
{
	g_auto(Series) pass = {0}, theirs = {0};
	if (!compare(bench, data, trials, &pass, &theirs, error))
		return FALSE;
	g_autoptr(Row) row = row_new("blas", "%u vectors of %.3g M elements, F32", VECTORS,
		(double)data->bytes / 4e6 / VECTORS);
	row_measure(row, &pass, "s");
	row_against(row, "ssyrk in memory", &theirs);
	row->ratio_most = bench_limit(bench, 1.5);
	note_trials(row, trials);
	if (!truth_check(data, pass.output, row, error))
		return FALSE;
	table_add(&bench->table, g_steal_pointer(&row));
	return TRUE;
}

gboolean section_blas(Bench *bench, GError **error)
{
	/* 16 M elements each where all is 2400 MB. */
	DataWanted wanted = {
		.type = "F32", .megabytes = 64 * bench->megabytes / 2400, .tasks = VECTORS - 1};
	const Data *data = data_get(&bench->data, &wanted, error);
	g_auto(Trials) trials = {0};
	if (!data || !try_all(bench, data, &trials, error))
		return FALSE;
	if (trials.best)
		return add_update(bench, data, &trials, error);
	Row *row = row_new("blas", "%u vectors against a rank-k update", VECTORS);
	row_note(row, "not measured: libopenblas.so.0 is not installed");
	table_add(&bench->table, row);
	return TRUE;
}
