/* report_explain.c - what a model is made of, as JSON and as a table. */
#include "export/report.h"

#include "core/text.h"
#include "export/report_json.h"

static void add_group(cJSON *json, const ExplainGroup *group)
{
	json_add_uint(json, "elements", group->elements);
	json_add_number(json, "norm", group->norm);
	json_add_number(json, "residual", group->residual);
	json_add_number(json, "relative_residual", group->relative);
	json_add_number(json, "explained", group->explained);
}

static cJSON *groups_json(const Explanation *explanation)
{
	cJSON *groups = cJSON_CreateArray();
	for (guint i = 0; i < explanation->groups->len; i++) {
		const ExplainGroup *group = explanation->groups->pdata[i];
		cJSON *json = cJSON_CreateObject();
		cJSON_AddStringToObject(json, "name", group->name);
		add_group(json, group);
		cJSON_AddItemToArray(groups, json);
	}
	return groups;
}

cJSON *report_explain_json(const Explanation *explanation)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "sentence", explanation->sentence);
	if (explanation->expression)
		cJSON_AddStringToObject(json, "expression", explanation->expression);
	else
		cJSON_AddNullToObject(json, "expression");
	cJSON_AddItemToObject(json, "coefficients",
		report_named(explanation->name, explanation->coefficient, explanation->count));
	cJSON_AddItemToObject(json, "parts",
		report_named(explanation->name, explanation->part, explanation->count));
	add_group(json, explanation->whole);
	json_add_uint(json, "vectors", explanation->fit.count);
	json_add_uint(json, "rank", explanation->fit.rank);
	json_add_number(json, "condition", explanation->fit.condition);
	if (explanation->groups->len)
		cJSON_AddItemToObject(json, "groups", groups_json(explanation));
	cJSON_AddItemToObject(json, "warnings", report_text_array(explanation->warnings));
	return json;
}

static Table *groups_table(const Explanation *explanation)
{
	Table *table = table_new(explanation->sentence);
	table_add_text_column(table, "group");
	table_add_number_column(table, "elements");
	table_add_number_column(table, "norm");
	table_add_number_column(table, "residual");
	table_add_number_column(table, "relative");
	table_add_number_column(table, "explained");
	for (guint i = 0; i < explanation->groups->len; i++) {
		const ExplainGroup *group = explanation->groups->pdata[i];
		table_add_text(table, group->name);
		table_add_count(table, group->elements);
		table_add_number(table, group->norm);
		table_add_number(table, group->residual);
		table_add_number(table, group->relative);
		table_add_number(table, group->explained);
	}
	return table;
}

static Table *coefficients_table(const Explanation *explanation)
{
	Table *table = table_new(explanation->sentence);
	table_add_text_column(table, "task");
	table_add_number_column(table, "coefficient");
	table_add_number_column(table, "part");
	for (guint i = 0; i < explanation->count; i++) {
		table_add_text(table, explanation->name[i]);
		table_add_number(table, explanation->coefficient[i]);
		table_add_number(table, explanation->part[i]);
	}
	return table;
}

static char *fit_text(const Explanation *explanation)
{
	g_autofree char *norm = text_number(explanation->whole->norm);
	g_autofree char *residual = text_number(explanation->whole->relative);
	g_autofree char *condition = text_number(explanation->fit.condition);
	return g_strdup_printf("norm %s, residual %s of it; condition number of the tasks %s", norm,
		residual, condition);
}

Table *report_explain_table(const Explanation *explanation)
{
	gboolean grouped = explanation->groups->len > 0;
	Table *table = grouped ? groups_table(explanation) : coefficients_table(explanation);
	g_autofree char *fit = fit_text(explanation);
	if (!explanation->expression)
		return table;
	g_autofree char *edit = g_strdup_printf("as an edit: %s", explanation->expression);
	table_add_line(table, fit);
	table_add_line(table, edit);
	return table;
}
