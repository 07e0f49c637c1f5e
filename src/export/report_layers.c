/* report_layers.c - where task vectors live, as JSON and as a table. */
#include "export/report.h"

#include "export/report_json.h"

static cJSON *task_json(const LayerGroup *group, guint task)
{
	cJSON *json = cJSON_CreateObject();
	json_add_number(json, "norm", group->norm[task]);
	json_add_number(json, "relative", group->relative[task]);
	json_add_number(json, "share", group->share[task]);
	json_add_number(json, "cosine_mean", group->cosine_mean[task]);
	return json;
}

static cJSON *group_json(const Layers *layers, const LayerGroup *group)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "name", group->name);
	json_add_uint(json, "elements", group->elements);
	json_add_number(json, "base_norm", group->base_norm);
	cJSON *tasks = cJSON_AddObjectToObject(json, "tasks");
	for (guint i = 0; i < layers->count; i++)
		cJSON_AddItemToObject(tasks, layers->name[i], task_json(group, i));
	return json;
}

/* Ungrouped, the whole is the one group. */
static guint count_groups(const Layers *layers)
{
	return MAX(layers->groups->len, 1);
}

static const LayerGroup *group_at(const Layers *layers, guint group)
{
	return layers->groups->len ? layers->groups->pdata[group] : layers->whole;
}

cJSON *report_layers_json(const Layers *layers)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *base = cJSON_AddArrayToObject(json, "base");
	cJSON *groups = cJSON_AddArrayToObject(json, "groups");
	for (guint i = 0; i < count_groups(layers); i++) {
		const LayerGroup *group = group_at(layers, i);
		cJSON_AddItemToArray(base, json_number(group->base_norm));
		cJSON_AddItemToArray(groups, group_json(layers, group));
	}
	cJSON_AddItemToObject(json, "whole", group_json(layers, layers->whole));
	report_add_tensors(json, layers->tensors, layers->left_out);
	return json;
}

static void add_row(Table *table, const Layers *layers, const LayerGroup *group, guint task)
{
	table_add_text(table, group->name);
	table_add_count(table, group->elements);
	table_add_number(table, group->base_norm);
	table_add_text(table, layers->name[task]);
	table_add_number(table, group->norm[task]);
	table_add_number(table, group->relative[task]);
	table_add_number(table, group->share[task]);
	table_add_number(table, group->cosine_mean[task]);
}

Table *report_layers_table(const Layers *layers)
{
	g_autofree char *title = g_strdup_printf("norms of task vectors, %s", layers->whole->name);
	Table *table = table_new(title);
	report_add_left_out(table, layers->tensors, layers->left_out);
	table_add_text_column(table, "group");
	table_add_number_column(table, "elements");
	table_add_number_column(table, "base_norm");
	table_add_text_column(table, "task");
	table_add_number_column(table, "norm");
	table_add_number_column(table, "relative");
	table_add_number_column(table, "share");
	table_add_number_column(table, "cos_mean");
	for (guint i = 0; i < count_groups(layers); i++)
		for (guint task = 0; task < layers->count; task++)
			add_row(table, layers, group_at(layers, i), task);
	return table;
}
