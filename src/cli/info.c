/* info.c - what is in a checkpoint, a training run or a store. */
#include "cli/contents.h"
#include "cli/survey.h"
#include "cli/verb.h"

#include "checkpoint/directory.h"
#include "core/error.h"
#include "export/report.h"

static cJSON *steps_json(const GArray *steps)
{
	cJSON *list = cJSON_CreateArray();
	for (guint i = 0; i < steps->len; i++) {
		gint64 step = g_array_index(steps, RunStep, i).step;
		cJSON_AddItemToArray(list, cJSON_CreateNumber((double)step));
	}
	return list;
}

static char *steps_text(const GArray *steps)
{
	GString *text = g_string_new("a run, with the steps");
	for (guint i = 0; i < steps->len; i++)
		g_string_append_printf(text, "%s %" G_GINT64_FORMAT, i ? "," : "",
			g_array_index(steps, RunStep, i).step);
	return g_string_free(text, FALSE);
}

/* Takes the JSON or the table, whichever is not NULL; `steps` may be NULL.  Of many tensors each
 * takes far more than the checkpoint itself, so only what is printed is made. */
static gboolean print(
	const VerbOptions *options, cJSON *json, Table *table, const GArray *steps, GError **error)
{
	g_autofree char *line = steps ? steps_text(steps) : NULL;
	if (steps && json)
		cJSON_AddItemToObject(json, "steps", steps_json(steps));
	if (steps && table)
		table_add_line(table, line);
	return verb_print(options, json, table, error);
}

static gboolean show_values(const VerbOptions *options, const Checkpoint *checkpoint,
	const GArray *steps, GError **error)
{
	g_autoptr(Survey) survey = survey_new(checkpoint, error);
	if (!survey)
		return FALSE;
	verb_warn(survey->damage, 0);
	return options->json ? print(options, survey_json(survey), NULL, steps, error)
			     : print(options, NULL, survey_table(survey), steps, error);
}

static gboolean show_checkpoint(
	const VerbOptions *options, const char *path, const GArray *steps, GError **error)
{
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, error);
	if (!checkpoint)
		return FALSE;
	if (options->stats)
		return show_values(options, checkpoint, steps, error);
	return options->json
		       ? print(options, report_checkpoint_json(checkpoint), NULL, steps, error)
		       : print(options, NULL, report_checkpoint_table(checkpoint), steps, error);
}

/* A run with no model beside its steps has the keys of a checkpoint, and nothing in them. */
static cJSON *empty_json(void)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "format", "run");
	cJSON_AddObjectToObject(json, "about");
	cJSON_AddObjectToObject(json, "metadata");
	cJSON_AddArrayToObject(json, "tensors");
	cJSON_AddArrayToObject(json, "skipped");
	return json;
}

static Table *steps_table(const char *path, const GArray *steps)
{
	Table *table = table_new(path);
	table_add_number_column(table, "step");
	table_add_text_column(table, "path");
	for (guint i = 0; i < steps->len; i++) {
		const RunStep *step = &g_array_index(steps, RunStep, i);
		table_add_count(table, (guint64)step->step);
		table_add_text(table, step->path);
	}
	return table;
}

static gboolean show_run(const VerbOptions *options, const char *path, GError **error)
{
	g_autofree char *final = NULL;
	gint64 final_step;
	g_autoptr(GArray) steps = directory_run(path, &final, &final_step, error);
	if (!steps)
		return FALSE;
	if (final)
		return show_checkpoint(options, final, steps, error);
	return print(options, empty_json(), steps_table(path, steps), steps, error);
}

static gboolean show_store(const VerbOptions *options, const char *path, GError **error)
{
	if (options->stats)
		return fail_at(error, ERROR_USAGE, (Place){.file = path},
			"--stats is about the values of a checkpoint, and this is a store");
	g_autoptr(Store) store = store_open(path, error);
	return store && verb_print(options, contents_json(store), contents_table(store), error);
}

static int run(const VerbOptions *options, GError **error)
{
	const char *path = verb_argument(options, 0);
	if (store_is(path))
		show_store(options, path, error);
	else if (directory_is_run(path))
		show_run(options, path, error);
	else
		show_checkpoint(options, path, NULL, error);
	return 0;
}

const Verb verb_info = {
	.name = "info",
	.arguments = "PATH|STORE",
	.help = "What is in a checkpoint, a run or a store",
	.options = "csv stats",
	.least = 1,
	.most = 1,
	.run = run,
};
