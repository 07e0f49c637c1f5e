/* report_trajectory.c - how task vectors came about, as JSON and as a table. */
#include "export/report.h"

#include "core/text.h"
#include "export/report_json.h"

#include <string.h>

/* A final checkpoint of unknown step is called "final". */
static cJSON *steps_json(const Trajectory *trajectory)
{
	cJSON *steps = cJSON_CreateArray();
	for (guint i = 0; i < trajectory->count; i++)
		cJSON_AddItemToArray(steps,
			trajectory->step[i] < 0 ? cJSON_CreateString("final")
						: cJSON_CreateNumber((double)trajectory->step[i]));
	return steps;
}

static cJSON *path_json(const Trajectory *trajectory, const TrajectoryPath *path)
{
	const struct {
		const char *key;
		const double *values;
	} series[] = {
		{"norm", path->norm},
		{"relative", path->relative},
		{"cosine_to_final", path->cosine_to_final},
		{"cosine_to_previous", path->cosine_to_previous},
		{"turn_degrees", path->turn_degrees},
		{"update", path->update},
	};
	cJSON *json = cJSON_CreateObject();
	cJSON_AddItemToObject(json, "steps", steps_json(trajectory));
	for (gsize i = 0; i < G_N_ELEMENTS(series); i++)
		cJSON_AddItemToObject(
			json, series[i].key, json_numbers(series[i].values, path->count));
	json_add_number(json, "path_length", path->path_length);
	json_add_number(json, "displacement", path->displacement);
	return json;
}

static const Trajectory *trajectory_at(const GPtrArray *trajectories, guint i)
{
	return trajectories->pdata[i];
}

static cJSON *find_group(const cJSON *groups, const char *name)
{
	cJSON *group;
	cJSON_ArrayForEach (group, groups) {
		const cJSON *found = cJSON_GetObjectItemCaseSensitive(group, "name");
		if (strcmp(found->valuestring, name) == 0)
			return group;
	}
	return NULL;
}

/* The runs of one group; runs may have different groups, where their tensors differ. */
static cJSON *group_runs(cJSON *groups, const TrajectoryPath *path)
{
	cJSON *group = find_group(groups, path->scope);
	if (group)
		return cJSON_GetObjectItemCaseSensitive(group, "runs");
	group = cJSON_CreateObject();
	cJSON_AddItemToArray(groups, group);
	cJSON_AddStringToObject(group, "name", path->scope);
	json_add_uint(group, "elements", path->elements);
	return cJSON_AddObjectToObject(group, "runs");
}

static void add_groups(cJSON *groups, const Trajectory *trajectory)
{
	for (guint i = 0; i < trajectory->groups->len; i++) {
		const TrajectoryPath *path = trajectory->groups->pdata[i];
		cJSON_AddItemToObject(
			group_runs(groups, path), trajectory->run, path_json(trajectory, path));
	}
}

cJSON *report_trajectories_json(const GPtrArray *trajectories)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *runs = cJSON_AddObjectToObject(json, "runs");
	g_autoptr(cJSON) groups = cJSON_CreateArray();
	for (guint i = 0; i < trajectories->len; i++) {
		const Trajectory *trajectory = trajectory_at(trajectories, i);
		cJSON_AddItemToObject(
			runs, trajectory->run, path_json(trajectory, trajectory->whole));
		add_groups(groups, trajectory);
	}
	if (cJSON_GetArraySize(groups))
		cJSON_AddItemToObject(json, "groups", g_steal_pointer(&groups));
	return json;
}

static void add_rows(
	Table *table, const Trajectory *trajectory, const TrajectoryPath *path, gboolean grouped)
{
	for (guint i = 0; i < path->count; i++) {
		if (grouped)
			table_add_text(table, path->scope);
		table_add_text(table, trajectory->run);
		if (trajectory->step[i] < 0)
			table_add_text(table, "final");
		else
			table_add_count(table, (guint64)trajectory->step[i]);
		table_add_number(table, path->norm[i]);
		table_add_number(table, path->relative[i]);
		table_add_number(table, path->cosine_to_final[i]);
		table_add_number(table, path->cosine_to_previous[i]);
		table_add_number(table, path->turn_degrees[i]);
		table_add_number(table, path->update[i]);
	}
}

static gboolean are_grouped(const GPtrArray *trajectories)
{
	gboolean grouped = FALSE;
	for (guint i = 0; i < trajectories->len; i++)
		grouped |= trajectory_at(trajectories, i)->groups->len > 0;
	return grouped;
}

/* One line a run: how straight its path is. */
static char *title_of(const GPtrArray *trajectories)
{
	GString *title = g_string_new(NULL);
	for (guint i = 0; i < trajectories->len; i++) {
		const Trajectory *trajectory = trajectory_at(trajectories, i);
		g_autofree char *length = text_number(trajectory->whole->path_length);
		g_autofree char *displacement = text_number(trajectory->whole->displacement);
		g_string_append_printf(title, "%s%s: path length %s, displacement %s",
			i ? "\n" : "", trajectory->run, length, displacement);
	}
	return g_string_free(title, FALSE);
}

static Table *columns_new(const GPtrArray *trajectories)
{
	static const char *const numbers[] = {
		"step", "norm", "relative", "cos_final", "cos_previous", "turn_deg", "update"};
	g_autofree char *title = title_of(trajectories);
	Table *table = table_new(title);
	if (are_grouped(trajectories))
		table_add_text_column(table, "group");
	table_add_text_column(table, "run");
	for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
		table_add_number_column(table, numbers[i]);
	return table;
}

Table *report_trajectories_table(const GPtrArray *trajectories)
{
	gboolean grouped = are_grouped(trajectories);
	Table *table = columns_new(trajectories);
	for (guint i = 0; i < trajectories->len; i++) {
		const Trajectory *trajectory = trajectory_at(trajectories, i);
		add_rows(table, trajectory, trajectory->whole, grouped);
		for (guint j = 0; j < trajectory->groups->len; j++)
			add_rows(table, trajectory, trajectory->groups->pdata[j], grouped);
	}
	return table;
}
