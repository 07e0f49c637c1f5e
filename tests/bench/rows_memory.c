/* rows_memory.c - the most memory that the pass and every method's export have, of 1 GB of input
 * and of 16 GB.
 *
 * Methods and what to call them with are the program's own list: none is left out. */
#include "bench.h"

#include <math.h>
#include <string.h>

#define SMALL_MEGABYTES 1000u
#define LARGE_MEGABYTES 16000u
#define BUDGET 256.0 /* MiB */

/* What is measured of one size: the peak of each, by what it is. */
typedef struct {
	GPtrArray *edits; /* of char *; the first is NULL, for the pass */
	GArray *peaks;    /* of double, in step */
} Peaks;

static gboolean add_peak(Peaks *peaks, const Command *command, GError **error)
{
	g_auto(Series) series = {0};
	if (!measure_once(command, &series, error))
		return FALSE;
	g_array_append_val(peaks->peaks, series.peak);
	return TRUE;
}

static gboolean pass_peak(const Bench *bench, const Data *data, Peaks *peaks, GError **error)
{
	g_autofree char *threads = g_strdup_printf("%u", bench->threads);
	g_autoptr(GPtrArray) words = bench_program(bench, "bench_pass");
	words_add(words, threads);
	words_add(words, "256");
	words_add_paths(words, data->paths, data->paths->len);
	Command command = words_command(words);
	return add_peak(peaks, &command, error);
}

static gboolean export_peak(
	const Bench *bench, const char *store, const char *edit, Peaks *peaks, GError **error)
{
	g_autofree char *output = bench_path(bench, "edited.safetensors");
	g_autoptr(GPtrArray) words = bench_verb(bench, "export");
	words_add(words, "--no-recipe");
	words_add(words, store);
	words_add(words, edit);
	words_add(words, output);
	Command command = words_command(words);
	command.removed[0] = output;
	gboolean done = add_peak(peaks, &command, error);
	measure_remove(output);
	return done;
}

/* The pass, and every edit, of BF16 checkpoints of some megabytes in all. */
static gboolean measure_peaks(Bench *bench, guint megabytes, Peaks *peaks, GError **error)
{
	double share = (double)megabytes / (double)bench->megabytes;
	const Data *data = bench_data(bench, "BF16", 3, share, error);
	g_autofree char *store = bench_path(bench, "memory.h5");
	if (!data || !pass_peak(bench, data, peaks, error) ||
		!bench_load(bench, data, 4, store, error))
		return FALSE;
	for (guint i = 1; i < peaks->edits->len; i++)
		if (!export_peak(bench, store, g_ptr_array_index(peaks->edits, i), peaks, error))
			return FALSE;
	bench_remove_store(store);
	return TRUE;
}

/* The pass, a linear edit, and the example of each method. */
static GPtrArray *all_edits(const Bench *bench, GError **error)
{
	g_autoptr(GPtrArray) words = words_new(bench->tauscope, "--methods", "--json", NULL);
	g_autofree char *said = NULL;
	g_autoptr(cJSON) list = NULL;
	if (!words_run(words, &said, error) || !(list = json_parse(said, strlen(said), error)))
		return NULL;
	GPtrArray *edits = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(edits, NULL);
	g_ptr_array_add(edits, g_strdup("0.4*(a+b)"));
	const cJSON *method;
	cJSON_ArrayForEach (method, cJSON_GetObjectItemCaseSensitive(list, "methods"))
		g_ptr_array_add(
			edits, g_strdup(cJSON_GetStringValue(
				       cJSON_GetObjectItemCaseSensitive(method, "example"))));
	return edits;
}

gboolean section_memory(Bench *bench, GError **error)
{
	g_autoptr(GPtrArray) edits = all_edits(bench, error);
	g_autoptr(GArray) small = g_array_new(FALSE, FALSE, sizeof(double));
	g_autoptr(GArray) large = g_array_new(FALSE, FALSE, sizeof(double));
	if (!edits || !measure_peaks(bench, SMALL_MEGABYTES, &(Peaks){edits, small}, error) ||
		!measure_peaks(bench, LARGE_MEGABYTES, &(Peaks){edits, large}, error))
		return FALSE;
	for (guint i = 0; i < edits->len; i++) {
		const char *edit = g_ptr_array_index(edits, i);
		Row *row = row_new("peak memory of 16 GB", "%s", edit ? edit : "the pass");
		row_value(row, g_array_index(large, double, i), "MiB");
		row_against_value(row, "of 1 GB", g_array_index(small, double, i));
		row->ratio_most = 1.1;
		row->value_most = BUDGET;
		table_add(&bench->table, row);
	}
	return TRUE;
}
