/* info.c - what is in a checkpoint or a store. */
#include "cli/contents.h"
#include "cli/values.h"
#include "cli/verb.h"

#include "core/error.h"
#include "export/report.h"

/* The values of all tensors of a checkpoint, read in a job. */
typedef struct {
	const Checkpoint *checkpoint;
	TensorValues *values; /* [tensors] */
} Survey;

static gboolean survey_run(Job *job, gpointer data, GError **error)
{
	Survey *survey = data;
	job_expect(job, checkpoint_bytes(survey->checkpoint));
	for (guint i = 0; i < checkpoint_count(survey->checkpoint); i++) {
		job_set_detail(job, checkpoint_tensor(survey->checkpoint, i)->name);
		if (!values_read(survey->checkpoint, i, &survey->values[i], job, error))
			return FALSE;
	}
	return TRUE;
}

static void add_values(cJSON *object, const Tensor *tensor, const TensorValues *values)
{
	json_add_uint(object, "elements", tensor->elements);
	json_add_number(object, "l2", values->l2);
	json_add_number(object, "min", values->minimum);
	json_add_number(object, "max", values->maximum);
	json_add_uint(object, "nonfinite", values->nonfinite);
	cJSON_AddStringToObject(object, "sha256", values->sha256);
}

static cJSON *survey_json(const Survey *survey)
{
	cJSON *result = report_checkpoint_json(survey->checkpoint);
	guint i = 0;
	cJSON *tensor;
	cJSON_ArrayForEach (tensor, cJSON_GetObjectItemCaseSensitive(result, "tensors")) {
		add_values(tensor, checkpoint_tensor(survey->checkpoint, i), &survey->values[i]);
		i++;
	}
	return result;
}

static Table *survey_table(const Survey *survey)
{
	static const char *const numbers[] = {"elements", "l2", "min", "max", "nonfinite"};
	Table *table = table_new(survey->checkpoint->path);
	table_add_text_column(table, "tensor");
	table_add_text_column(table, "type");
	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
		table_add_number_column(table, numbers[i]);
	table_add_text_column(table, "sha256");
	for (guint i = 0; i < checkpoint_count(survey->checkpoint); i++) {
		const Tensor *tensor = checkpoint_tensor(survey->checkpoint, i);
		const TensorValues *values = &survey->values[i];
		table_add_text(table, tensor->name);
		table_add_text(table, dtype_info(tensor->dtype)->name);
		table_add_count(table, tensor->elements);
		table_add_number(table, values->l2);
		table_add_number(table, values->minimum);
		table_add_number(table, values->maximum);
		table_add_count(table, values->nonfinite);
		table_add_text(table, values->sha256);
	}
	return table;
}

static gboolean show_values(
	const VerbOptions *options, const Checkpoint *checkpoint, GError **error)
{
	g_autofree TensorValues *values = g_new0(TensorValues, checkpoint_count(checkpoint));
	Survey survey = {checkpoint, values};
	g_autoptr(Job) job = job_new("read values", survey_run, NULL, &survey, NULL);
	return job_run(job, error) &&
	       verb_print(options, survey_json(&survey), survey_table(&survey), error);
}

static gboolean show_checkpoint(const VerbOptions *options, const char *path, GError **error)
{
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, error);
	if (!checkpoint)
		return FALSE;
	if (options->stats)
		return show_values(options, checkpoint, error);
	return verb_print(options, report_checkpoint_json(checkpoint),
		report_checkpoint_table(checkpoint), error);
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
	else
		show_checkpoint(options, path, error);
	return 0;
}

const Verb verb_info = {
	.name = "info",
	.arguments = "PATH|STORE",
	.help = "What is in a checkpoint or a store",
	.options = "csv stats",
	.least = 1,
	.most = 1,
	.run = run,
};
