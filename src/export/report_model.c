/* report_model.c - what an export has written, as JSON and as a table. */
#include "export/report.h"

#include "export/report_json.h"

cJSON *report_model_json(const ModelReport *report)
{
	cJSON *json = cJSON_CreateObject();
	json_add_uint(json, "tensors", report->tensors);
	json_add_uint(json, "changed", report->changed);
	json_add_uint(json, "converted", report->converted);
	json_add_uint(json, "bytes", report->bytes);
	cJSON_AddItemToObject(json, "files", report_text_array(report->files));
	cJSON_AddItemToObject(json, "notes", report_text_array(report->notes));
	cJSON_AddItemToObject(json, "warnings", report_text_array(report->warnings));
	return json;
}

static char *title_of(const ModelReport *report)
{
	GString *title = g_string_new(NULL);
	g_string_append_printf(title,
		"%" G_GUINT64_FORMAT " tensors, %" G_GUINT64_FORMAT " changed", report->tensors,
		report->changed);
	if (report->converted)
		g_string_append_printf(
			title, ", %" G_GUINT64_FORMAT " of another type", report->converted);
	g_string_append_printf(title, ", %" G_GUINT64_FORMAT " bytes", report->bytes);
	return g_string_free(title, FALSE);
}

Table *report_model_table(const ModelReport *report)
{
	g_autofree char *title = title_of(report);
	Table *table = table_new(title);
	table_add_text_column(table, "written");
	for (guint i = 0; i < report->files->len; i++)
		table_add_text(table, report->files->pdata[i]);
	for (guint i = 0; i < report->notes->len; i++)
		table_add_note(table, report->notes->pdata[i]);
	return table;
}
