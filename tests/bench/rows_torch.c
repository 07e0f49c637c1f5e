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
	if (work->edit) {
		GPtrArray *words = bench_verb(bench, "export");
		const char *rest[] = {"--no-recipe", store, work->edit, output};
		for (guint i = 0; i < G_N_ELEMENTS(rest); i++)
			words_add(words, rest[i]);
		return words;
	}
	g_autofree char *threads = g_strdup_printf("%u", bench->threads);
	GPtrArray *words = bench_program(bench, "bench_pass");
	words_add(words, "--json");
	words_add(words, threads);
	words_add(words, "256");
	words_add_paths(words, data->paths, 4);
	return words;
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

static gboolean add_work(
	Bench *bench, const Data *data, const Work *work, const char *store, GError **error)
{
	g_autofree char *ours_output = bench_path(bench, "ours.safetensors");
	g_autofree char *theirs_output = bench_path(bench, "theirs.safetensors");
	g_autoptr(GPtrArray) ours = our_words(bench, data, work, store, ours_output);
	g_autoptr(GPtrArray) theirs = their_words(bench, data, work, theirs_output);
	Command commands[] = {words_command(ours), words_command(theirs)};
	commands[1].heard = TRUE;
	commands[0].removed[0] = ours_output;
	commands[1].removed[0] = theirs_output;
	Series series[2] = {{0}};
	gboolean done = measure_rounds(commands, 2, bench->runs, series, error);
	if (done) {
		Row *row = row_new("torch", "%s of 3, BF16", work->does);
		row_measure(row, &series[0], "s");
		row_against(row, "torch", &series[1]);
		row_note(row, "torch has up to %.0f MiB", series[1].peak);
		done = work->edit || truth_check(data, series[1].output, row, error);
		table_add(&bench->table, row);
	}
	series_clear(&series[0]);
	series_clear(&series[1]);
	measure_remove(ours_output);
	measure_remove(theirs_output);
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
	const Data *data = bench_data(bench, "BF16", 8, 1, error);
	g_autofree char *store = bench_path(bench, "torch.h5");
	if (!data || !bench_load(bench, data, 4, store, error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(works); i++)
		if (!add_work(bench, data, &works[i], store, error))
			return FALSE;
	bench_remove_store(store);
	return TRUE;
}
