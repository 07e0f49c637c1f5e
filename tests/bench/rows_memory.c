/* rows_memory.c - the most memory that the pass and every method's export have, of 1 GB of input
 * and of 16 GB.
 *
 * Methods and what to call them with are the program's own list: none is left out. */
#include "bench.h"

#include <math.h>
#include <string.h>

/* Where all is 2400 MB, as everything is by the same factor: 1 GB and 16 GB. */
#define SMALL_SHARE (1000.0 / 2400)
#define LARGE_SHARE (16000.0 / 2400)
#define BUDGET 256.0 /* MiB */

/* One size: checkpoints, and a store of them. */
typedef struct {
	const Data *data;
	const char *store;
} Input;

/* The most that a command has; NaN with *error set where it fails. */
static double peak_of(GPtrArray *words, const char *output, GError **error)
{
	g_auto(Series) series = {0};
	Command command = words_command(words);
	command.removed[0] = output;
	return measure_once(&command, &series, error) ? series.peak : NAN;
}

static double pass_peak(const Bench *bench, const Input *input, GError **error)
{
	g_autoptr(GPtrArray) words =
		bench_pass(bench, input->data, input->data->paths->len, bench->threads);
	return peak_of(words, NULL, error);
}

static double export_peak(const Bench *bench, const Input *input, const char *edit, GError **error)
{
	g_autofree char *output = bench_path(bench, "edited.safetensors");
	g_autoptr(GPtrArray) words = bench_export(bench, input->store, edit, output);
	double peak = peak_of(words, output, error);
	measure_remove(output);
	return peak;
}

/* A row of an edit, or with NULL of the pass. */
static gboolean add_peaks(
	Bench *bench, const Input *small, const Input *large, const char *edit, GError **error)
{
	double one = edit ? export_peak(bench, small, edit, error) : pass_peak(bench, small, error);
	double other = isnan(one) ? one
		       : edit     ? export_peak(bench, large, edit, error)
				  : pass_peak(bench, large, error);
	if (isnan(other))
		return FALSE;
	g_autofree char *section =
		g_strdup_printf("peak memory of %.3g GB", (double)large->data->bytes / 1e9);
	g_autofree char *against = g_strdup_printf("of %.3g GB", (double)small->data->bytes / 1e9);
	Row *row = row_new(section, "%s", edit ? edit : "the pass");
	row_value(row, other, "MiB");
	row_against_value(row, against, one);
	row->ratio_most = bench_limit(bench, 1.1);
	row->value_most = BUDGET;
	table_add(&bench->table, row);
	return TRUE;
}

/* A linear edit, and the example of each method. */
static GPtrArray *all_edits(const Bench *bench, GError **error)
{
	g_autoptr(GPtrArray) words = words_new(bench->tauscope, "--methods", "--json", NULL);
	g_autofree char *said = NULL;
	g_autoptr(cJSON) list = NULL;
	if (!words_run(words, &said, error) || !(list = json_parse(said, strlen(said), error)))
		return NULL;
	GPtrArray *edits = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(edits, g_strdup("0.4*(a+b)"));
	const cJSON *method;
	cJSON_ArrayForEach (method, cJSON_GetObjectItemCaseSensitive(list, "methods"))
		g_ptr_array_add(
			edits, g_strdup(cJSON_GetStringValue(
				       cJSON_GetObjectItemCaseSensitive(method, "example"))));
	return edits;
}

/* Both sets, for which all that goes again in the end makes room. */
static gboolean open_inputs(Bench *bench, Input *small, Input *large, GError **error)
{
	bench->data.room = MIN(bench->data.room, 1);
	large->data = bench_data(bench, "BF16", 3, LARGE_SHARE, error);
	bench->data.room = 0;
	small->data = large->data ? bench_data(bench, "BF16", 3, SMALL_SHARE, error) : NULL;
	return small->data && bench_load(bench, small->data, 4, small->store, error) &&
	       bench_load(bench, large->data, 4, large->store, error);
}

gboolean section_memory(Bench *bench, GError **error)
{
	g_autoptr(GPtrArray) edits = all_edits(bench, error);
	g_autofree char *one = bench_path(bench, "small.h5");
	g_autofree char *other = bench_path(bench, "large.h5");
	Input small = {NULL, one}, large = {NULL, other};
	if (!edits || !open_inputs(bench, &small, &large, error) ||
		!add_peaks(bench, &small, &large, NULL, error))
		return FALSE;
	for (guint i = 0; i < edits->len; i++)
		if (!add_peaks(bench, &small, &large, g_ptr_array_index(edits, i), error))
			return FALSE;
	return TRUE;
}
