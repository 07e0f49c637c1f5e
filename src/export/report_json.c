/* report_json.c - the shapes that the JSON of several reports shares. */
#include "export/report_json.h"

cJSON *report_texts(char *const *texts, guint n)
{
	cJSON *array = cJSON_CreateArray();
	for (guint i = 0; i < n; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(texts[i]));
	return array;
}

cJSON *report_text_array(const GPtrArray *texts)
{
	return report_texts((char *const *)texts->pdata, texts->len);
}

cJSON *report_square(const double *values, guint n)
{
	cJSON *rows = cJSON_CreateArray();
	for (guint i = 0; i < n; i++)
		cJSON_AddItemToArray(rows, json_numbers(values + (gsize)i * n, n));
	return rows;
}

cJSON *report_named(char *const *names, const double *values, guint n)
{
	cJSON *object = cJSON_CreateObject();
	for (guint i = 0; i < n; i++)
		json_add_number(object, names[i], values[i]);
	return object;
}

cJSON *report_indices(const guint *values, guint n)
{
	cJSON *array = cJSON_CreateArray();
	for (guint i = 0; i < n; i++)
		cJSON_AddItemToArray(array, cJSON_CreateNumber(values[i]));
	return array;
}

void report_add_tensors(cJSON *object, guint tensors, guint left_out)
{
	json_add_uint(object, "tensors", tensors);
	json_add_uint(object, "tensors_left_out", left_out);
}

void report_add_left_out(Table *table, guint tensors, guint left_out)
{
	if (!left_out)
		return;
	g_autofree char *line =
		g_strdup_printf("over %u of %u float tensors, those that all tasks share", tensors,
			tensors + left_out);
	table_add_line(table, line);
}
