/* survey.c - the values of every tensor of a checkpoint, as JSON and as a table. */
#include "cli/survey.h"

#include "checkpoint/integrity.h"
#include "export/report.h"
#include "export/report_json.h"

#include <math.h>

static gboolean survey_run(Job *job, gpointer data, GError **error)
{
	Survey *survey = data;
	IntegrityCounts counts = {0};
	job_expect(job, checkpoint_bytes(survey->checkpoint));
	for (guint i = 0; i < checkpoint_count(survey->checkpoint); i++) {
		job_set_detail(job, checkpoint_tensor(survey->checkpoint, i)->name);
		if (!tensor_values_read(survey->checkpoint, i, &survey->values[i], job, error))
			return FALSE;
	}
	return integrity_compare_checksums(survey->checkpoint, survey->damage, &counts, job, error);
}

Survey *survey_new(const Checkpoint *checkpoint, GError **error)
{
	g_autoptr(Survey) survey = g_new0(Survey, 1);
	survey->checkpoint = checkpoint;
	survey->values = g_new0(TensorValues, checkpoint_count(checkpoint));
	survey->damage = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(Job) job = job_new("read values", survey_run, NULL, survey, NULL);
	return job_run(job, error) ? g_steal_pointer(&survey) : NULL;
}

void survey_free(Survey *survey)
{
	if (!survey)
		return;
	g_ptr_array_unref(survey->damage);
	g_free(survey->values);
	g_free(survey);
}

static gboolean is_opaque(const Tensor *tensor)
{
	return dtype_info(tensor->dtype)->class == CLASS_OPAQUE;
}

static void add_values(cJSON *object, const Tensor *tensor, const TensorValues *values)
{
	json_add_uint(object, "elements", tensor->elements);
	json_add_number(object, "l2", values->l2);
	json_add_number(object, "min", values->minimum);
	json_add_number(object, "max", values->maximum);
	if (is_opaque(tensor))
		cJSON_AddNullToObject(object, "nonfinite");
	else
		json_add_uint(object, "nonfinite", values->nonfinite);
	cJSON_AddStringToObject(object, "sha256", values->sha256);
}

cJSON *survey_json(const Survey *survey)
{
	g_autoptr(GArray) rows = report_checkpoint_rows(survey->checkpoint);
	cJSON *result = report_checkpoint_json(survey->checkpoint);
	guint i = 0;
	cJSON *object;
	cJSON_ArrayForEach (object, cJSON_GetObjectItemCaseSensitive(result, "tensors")) {
		guint tensor = g_array_index(rows, TensorLine, i++).tensor;
		add_values(object, checkpoint_tensor(survey->checkpoint, tensor),
			&survey->values[tensor]);
	}
	cJSON_AddItemToObject(result, "damaged", report_text_array(survey->damage));
	return result;
}

static void add_row(Table *table, const Survey *survey, const TensorLine *row)
{
	const Tensor *tensor = checkpoint_tensor(survey->checkpoint, row->tensor);
	const TensorValues *values = &survey->values[row->tensor];
	table_add_text(table, row->name);
	table_add_text(table, tensor_type(tensor));
	table_add_count(table, tensor->elements);
	table_add_number(table, values->l2);
	table_add_number(table, values->minimum);
	table_add_number(table, values->maximum);
	if (is_opaque(tensor))
		table_add_number(table, NAN);
	else
		table_add_count(table, values->nonfinite);
	table_add_text(table, values->sha256);
	report_add_tied(table, survey->checkpoint, row);
}

Table *survey_table(const Survey *survey)
{
	static const char *const numbers[] = {"elements", "l2", "min", "max", "nonfinite"};
	g_autoptr(GArray) rows = report_checkpoint_rows(survey->checkpoint);
	Table *table = table_new(survey->checkpoint->path);
	table_add_text_column(table, "tensor");
	table_add_text_column(table, "type");
	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
		table_add_number_column(table, numbers[i]);
	table_add_text_column(table, "sha256");
	report_add_tied_column(table, survey->checkpoint);
	for (guint i = 0; i < rows->len; i++)
		add_row(table, survey, &g_array_index(rows, TensorLine, i));
	report_add_skipped(table, survey->checkpoint);
	return table;
}
