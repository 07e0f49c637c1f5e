/* bench_preview.c - times previews: bench_preview FOLDER
 *
 * Of checkpoints that it makes in the folder: a linear edit of 32 tasks on 500 tensors, while a
 * slider moves, and edits of three tasks that are estimated from a full sample.  Inner products and
 * samples are drawn, not read.  Prints a line of JSON for each. */
#include "analysis/pass.h"
#include "core/rng.h"
#include "measure.h"
#include "preview/preview_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RUNS 5

typedef struct {
	Collection *collection;
	SamplePlan *plan;
	Gram *gram;
	Statistics **statistics;
} Model;

/* A checkpoint of `tensors` tensors of rows x 256 numbers, all 0: a hole in the file. */
static Checkpoint *write_checkpoint(
	const char *folder, guint number, guint tensors, guint64 rows, GError **error)
{
	g_autofree char *name = g_strdup_printf("%u-%u.safetensors", tensors, number);
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autoptr(GString) header = g_string_new("{");
	guint64 bytes = rows * 256 * 4;
	for (guint t = 0; t < tensors; t++)
		g_string_append_printf(header,
			"%s\"blocks.%u.part%u.weight\":{\"dtype\":\"F32\",\"shape\":["
			"%" G_GUINT64_FORMAT ",256],\"data_offsets\":[%" G_GUINT64_FORMAT
			",%" G_GUINT64_FORMAT "]}",
			t ? "," : "", t / 10, t % 10, rows, t * bytes, (t + 1) * bytes);
	g_string_append_c(header, '}');
	guint64 length = GUINT64_TO_LE(header->len);
	g_string_prepend_len(header, (const char *)&length, 8);
	if (!g_file_set_contents(path, header->str, (gssize)header->len, error))
		return NULL;
	if (truncate(path, (off_t)(header->len + tensors * bytes)) != 0)
		return NULL;
	return checkpoint_open(path, error);
}

static Statistics *draw(guint member, guint tensors, guint64 sampled)
{
	Statistics *statistics = statistics_new(tensors, sampled);
	for (guint64 i = 0; i < sampled; i++) {
		double change = 0.1 * (rng_uniform(member, i) - rng_uniform(member + 99, i));
		statistics->sample[i] = (float)(rng_uniform(0, i) + (member ? change : 0));
	}
	return statistics;
}

static void model_free(Model *model)
{
	for (guint m = 0; model->statistics && m < collection_members(model->collection); m++)
		g_clear_pointer(&model->statistics[m], statistics_free);
	g_free(model->statistics);
	g_clear_pointer(&model->gram, gram_free);
	g_clear_pointer(&model->plan, sample_plan_free);
	g_clear_pointer(&model->collection, collection_free);
	g_free(model);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Model, model_free)

/* Inner products that the sample agrees with. */
static void multiply(const Model *model)
{
	g_autoptr(PreviewSample) sample =
		preview_sample_new(model->collection, model->plan, model->statistics);
	guint members = collection_members(model->collection);
	for (guint m = 0; m < members; m++)
		preview_sample_take(sample, m);
	const PrepareSample *whole = preview_sample_whole(sample);
	for (guint t = 0; t < collection_tensors(model->collection); t++)
		for (guint i = 0; i < members; i++)
			for (guint j = 0; j <= i; j++) {
				const double *a = i ? whole->task[i][t] : whole->base[t];
				const double *b = j ? whole->task[j][t] : whole->base[t];
				double sum = 0;
				for (guint64 k = 0; k < preview_sample_count(sample, t); k++)
					sum += a[k] * b[k];
				*gram_cell(model->gram, t, i, j) =
					sum * preview_sample_weight(sample, t);
			}
}

static Model *model_new(
	const char *folder, guint tensors, guint64 rows, guint tasks, GError **error)
{
	g_autoptr(Model) model = g_new0(Model, 1);
	for (guint m = 0; m <= tasks; m++) {
		g_autofree char *name = g_strdup_printf("t%u", m);
		Checkpoint *checkpoint = write_checkpoint(folder, m, tensors, rows, error);
		if (!checkpoint)
			return NULL;
		if (m == 0)
			model->collection = collection_new(checkpoint);
		else if (!collection_add(model->collection, name, MEMBER_TASK, NULL, -1, checkpoint,
				 NULL, error))
			return NULL;
	}
	model->plan = sample_plan_new(model->collection);
	model->gram = gram_new(tensors, tasks + 1);
	model->statistics = g_new0(Statistics *, tasks + 1);
	for (guint m = 0; m <= tasks; m++)
		model->statistics[m] = draw(m, tensors, model->plan->first[tensors]);
	multiply(model);
	return g_steal_pointer(&model);
}

static double milliseconds(gint64 start)
{
	return (double)(g_get_monotonic_time() - start) / 1e3;
}

/* One preview of an edit at a scale; how long it takes, or less than 0 on failure. */
static double time_once(const Model *model, PreviewSample *sample, const char *text, double scale,
	gboolean quick, GError **error)
{
	g_autoptr(Node) edit = expression_parse(model->collection, text, error);
	if (!edit)
		return -1;
	PreviewRequest request = {.collection = model->collection,
		.gram = model->gram,
		.plan = model->plan,
		.statistics = model->statistics,
		.edit = edit,
		.scale = scale,
		.by = GROUP_LAYER,
		.sample = sample,
		.quick = quick};
	gint64 start = g_get_monotonic_time();
	g_autoptr(Preview) preview = preview_new(&request, error);
	return preview ? milliseconds(start) : -1;
}

/* The medians of some runs: of an edit of which nothing is known yet, for which every run has
 * another coefficient, and of the same at another scale.  A first run makes the sample ready. */
static gboolean time_edit(
	const Model *model, const char *label, const char *edit, gboolean quick, GError **error)
{
	g_auto(Series) first = {0}, again = {0};
	g_autoptr(PreviewSample) sample =
		preview_sample_new(model->collection, model->plan, model->statistics);
	for (guint run = 0; run <= RUNS; run++) {
		g_autofree char *text = g_strdup_printf("%s + 0.%u*t1", edit, run + 1);
		double once = time_once(model, sample, text, 1, quick, error);
		double scaled = once < 0 ? once : time_once(model, sample, text, 0.5, quick, error);
		if (scaled < 0)
			return FALSE;
		if (run > 0) {
			series_append(&first, once);
			series_append(&again, scaled);
		}
	}
	printf("{\"preview\": \"%s\", \"quick\": %s, \"ms\": %.2f, \"other_scale_ms\": %.2f}\n",
		label, quick ? "true" : "false", series_median(&first), series_median(&again));
	return TRUE;
}

static gboolean time_both(const Model *model, const char *label, const char *edit, GError **error)
{
	return time_edit(model, label, edit, TRUE, error) &&
	       time_edit(model, label, edit, FALSE, error);
}

static gboolean bench_linear(const char *folder, GError **error)
{
	g_autoptr(Model) model = model_new(folder, 500, 1, 32, error);
	if (!model)
		return FALSE;
	g_autoptr(GString) text = g_string_new("0.1*t1");
	for (guint i = 2; i <= 32; i++)
		g_string_append_printf(text, " + 0.%u*t%u", i, i);
	return time_both(model, "32 tasks, 500 tensors", text->str, error);
}

static gboolean bench_estimates(const char *folder, GError **error)
{
	static const char *const edits[] = {"t1 - t2", "dare(t1, t2, t3, p=0.5)",
		"trim(t1, density=0.1)", "ties(t1, t2, t3)", "magmax(t1, t2, t3)",
		"breadcrumbs(t1, t2, t3)"};
	g_autoptr(Model) model = model_new(folder, 100, 400, 3, error);
	for (guint i = 0; model && i < G_N_ELEMENTS(edits); i++)
		if (!time_both(model, edits[i], edits[i], error))
			return FALSE;
	return model != NULL;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	if (argc != 2) {
		fputs("usage: bench_preview FOLDER\n", stderr);
		return EXIT_FAILURE;
	}
	if (bench_linear(argv[1], &error) && bench_estimates(argv[1], &error))
		return EXIT_SUCCESS;
	fprintf(stderr, "%s\n", error ? error->message : "cannot write the checkpoints");
	return EXIT_FAILURE;
}
