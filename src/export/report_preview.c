/* report_preview.c - what an edit will be, and what became of it, as JSON and as a table. */
#include "export/report.h"

#include "core/text.h"
#include "export/report_json.h"

static void add_group(cJSON *json, const Preview *preview, const PreviewGroup *group)
{
	json_add_uint(json, "elements", group->elements);
	json_add_number(json, "norm", group->norm);
	json_add_number(json, "relative", group->relative);
	cJSON_AddItemToObject(
		json, "cosine", report_named(preview->name, group->cosine, preview->count));
	cJSON_AddItemToObject(
		json, "kept", report_named(preview->name, group->kept, preview->count));
}

static cJSON *group_json(const Preview *preview, const PreviewGroup *group)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "name", group->name);
	add_group(json, preview, group);
	return json;
}

cJSON *report_preview_json(const Preview *preview)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "edit", preview->edit);
	json_add_number(json, "scale", preview->scale);
	cJSON_AddStringToObject(json, "kind", preview->kind);
	cJSON_AddStringToObject(json, "scope", preview->whole->name);
	add_group(json, preview, preview->whole);
	json_add_number(json, "of_largest", preview->of_largest);
	cJSON *groups = cJSON_AddArrayToObject(json, "groups");
	for (guint i = 0; i < preview->groups->len; i++)
		cJSON_AddItemToArray(groups, group_json(preview, preview->groups->pdata[i]));
	cJSON_AddItemToObject(json, "warnings", report_text_array(preview->warnings));
	return json;
}

static void add_rows(Table *table, const Preview *preview, const PreviewGroup *group)
{
	for (guint i = 0; i < preview->count; i++) {
		table_add_text(table, group->name);
		table_add_count(table, group->elements);
		table_add_number(table, group->norm);
		table_add_number(table, group->relative);
		table_add_text(table, preview->name[i]);
		table_add_number(table, group->cosine[i]);
		table_add_number(table, group->kept[i]);
	}
}

/* The edit, what it amounts to, and the warnings, which are part of the result. */
static char *title_of(const Preview *preview)
{
	g_autofree char *scale = text_number(preview->scale);
	g_autofree char *norm = text_number(preview->whole->norm);
	g_autofree char *relative = text_number(preview->whole->relative);
	g_autofree char *largest = text_number(preview->of_largest);
	GString *title = g_string_new(preview->edit);
	g_string_append_printf(title,
		"\nscale %s, %s: norm %s, relative %s, of the largest task %s", scale,
		preview->kind, norm, relative, largest);
	for (guint i = 0; i < preview->warnings->len; i++)
		g_string_append_printf(
			title, "\nwarning: %s", (const char *)preview->warnings->pdata[i]);
	return g_string_free(title, FALSE);
}

Table *report_preview_table(const Preview *preview)
{
	g_autofree char *title = title_of(preview);
	Table *table = table_new(title);
	table_add_text_column(table, "group");
	table_add_number_column(table, "elements");
	table_add_number_column(table, "norm");
	table_add_number_column(table, "relative");
	table_add_text_column(table, "task");
	table_add_number_column(table, "cosine");
	table_add_number_column(table, "kept");
	add_rows(table, preview, preview->whole);
	for (guint i = 0; i < preview->groups->len; i++)
		add_rows(table, preview, preview->groups->pdata[i]);
	return table;
}

cJSON *report_model_json(const ModelReport *report)
{
	cJSON *json = cJSON_CreateObject();
	json_add_uint(json, "tensors", report->tensors);
	json_add_uint(json, "changed", report->changed);
	json_add_uint(json, "bytes", report->bytes);
	cJSON_AddItemToObject(json, "files", report_text_array(report->files));
	cJSON_AddItemToObject(json, "warnings", report_text_array(report->warnings));
	return json;
}
