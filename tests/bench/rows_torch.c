/* rows_torch.c - the cosine matrix and two merges against a straightforward script for torch. */
#include "bench.h"

#include <math.h>
#include <string.h>

/* What the script does; and what of ours is held against it. */
typedef struct {
	const char *does, *edit; /* edit NULL: the pass */
} Work;

static const Work works[] = {
	{"cosine", NULL}, {"linear", "0.4*(a+b+c)"}, {"ties", "ties(a, b, c, density=0.2)"}};

static GPtrArray *our_words(const Bench *bench, const Data *data, const Work *work,
	const char *store, const char *output)
{
	return work->edit ? bench_export(bench, store, work->edit, output)
			  : bench_pass(bench, data, 4, bench->threads);
}

static GPtrArray *their_words(
	const Bench *bench, const Data *data, const Work *work, const char *output)
{
	g_autofree char *script =
		g_build_filename(bench->sources, "..", "tests", "bench", "with_torch.py", NULL);
	GPtrArray *words = words_new("python3", script, work->does, output, NULL);
	words_add_paths(words, data->paths, 4);
	return words;
}

/* Notes the cosine of two edits of a base, one ours and one theirs; whether it is 1 is for the
 * reader to say: their sums are in single precision. */
static gboolean note_agreement(const Bench *bench, const char *base, const char *ours,
	const char *theirs, Row *row, GError **error)
{
	g_autofree char *store = bench_path(bench, "agree.h5");
	g_autoptr(GPtrArray) load = bench_verb(bench, "load");
	g_autoptr(GPtrArray) similarity = bench_verb(bench, "similarity");
	const char *rest[] = {"--weights=link", store, "--base", base, ours, theirs};
	g_autofree char *said = NULL;
	for (guint i = 0; i < G_N_ELEMENTS(rest); i++)
		words_add(load, rest[i]);
	words_add(similarity, "--json");
	words_add(similarity, store);
	gboolean done = words_run(load, NULL, error) && words_run(similarity, &said, error);
	bench_remove_store(store);
	g_autoptr(cJSON) report = done ? json_parse(said, strlen(said), error) : NULL;
	const cJSON *rows = cJSON_GetObjectItemCaseSensitive(report, "cosine");
	if (report)
		row_note(row, "the cosine of the two edits is %.6f",
			cJSON_GetNumberValue(cJSON_GetArrayItem(cJSON_GetArrayItem(rows, 0), 1)));
	return report != NULL;
}

/* Runs both in turn; of torch the script's own time, since it takes long to start. */
static gboolean compare(const Bench *bench, const Command *commands, Series *ours, Series *theirs,
	Series *own, GError **error)
{
	for (guint round = 0; round < bench->runs; round++) {
		if (!measure_once(&commands[0], ours, error) ||
			!measure_once(&commands[1], theirs, error))
			return FALSE;
		g_autoptr(cJSON) said = json_parse(theirs->output, strlen(theirs->output), error);
		if (!said)
			return FALSE;
		series_append(own, report_number(said, "seconds"));
	}
	return TRUE;
}

static gboolean add_work(
	Bench *bench, const Data *data, const Work *work, const char *store, GError **error)
{
	g_autofree char *one = bench_path(bench, "ours.safetensors");
	g_autofree char *other = bench_path(bench, "theirs.safetensors");
	g_autoptr(GPtrArray) our = our_words(bench, data, work, store, one);
	g_autoptr(GPtrArray) their = their_words(bench, data, work, other);
	Command commands[] = {words_command(our), words_command(their)};
	commands[0].removed[0] = one;
	commands[1].removed[0] = other;
	commands[1].heard = TRUE;
	g_auto(Series) ours = {0}, theirs = {0}, own = {0};
	if (!compare(bench, commands, &ours, &theirs, &own, error))
		return FALSE;
	g_autoptr(Row) row = row_new("torch", "%s of 3, F32", work->does);
	row_measure(row, &ours, "s");
	row_against(row, "torch", &own);
	row_note(row, "torch takes %.1f s more to start, and has up to %.0f MiB",
		series_median(&theirs) - row->against_value, theirs.peak);
	gboolean done = work->edit ? note_agreement(bench, g_ptr_array_index(data->paths, 0), one,
					     other, row, error)
				   : truth_check(data, theirs.output, row, error);
	measure_remove(one);
	measure_remove(other);
	if (done)
		table_add(&bench->table, g_steal_pointer(&row));
	return done;
}

static gboolean has_torch(void)
{
	g_autoptr(GPtrArray) words = words_new("python3", "-c", "import torch", NULL);
	return words_run(words, NULL, NULL);
}

gboolean section_torch(Bench *bench, GError **error)
{
	if (!has_torch()) {
		Row *row = row_new("torch", "cosines and merges by torch");
		row_note(row, "not measured: python3 has no torch");
		table_add(&bench->table, row);
		return TRUE;
	}
	const Data *data = bench_data(bench, "F32", 8, 1, error);
	g_autofree char *store = bench_path(bench, "torch.h5");
	if (!data || !bench_load(bench, data, 4, store, error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(works); i++)
		if (!add_work(bench, data, &works[i], store, error))
			return FALSE;
	bench_remove_store(store);
	return TRUE;
}
