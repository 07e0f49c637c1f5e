/* report_preview.c - what an edit will be, and what became of it, as JSON and as a table. */
#include "export/report.h"

#include "core/text.h"
#include "export/report_json.h"

#include <math.h>

/* A number, with its interval beside it where it is not exact. */
static void add_estimate(cJSON *json, const char *key, const Estimate *estimate, gboolean exact)
{
	g_autofree char *low = g_strconcat(key, "_low", NULL);
	g_autofree char *high = g_strconcat(key, "_high", NULL);
	json_add_number(json, key, estimate->value);
	if (exact)
		return;
	json_add_number(json, low, estimate->low);
	json_add_number(json, high, estimate->high);
}

/* The same for each task, in objects by their names. */
static void add_estimates(
	cJSON *json, const char *key, const Preview *preview, const Estimate *estimates)
{
	g_autofree char *low_key = g_strconcat(key, "_low", NULL);
	g_autofree char *high_key = g_strconcat(key, "_high", NULL);
	g_autofree double *value = g_new(double, preview->count + 1);
	g_autofree double *low = g_new(double, preview->count + 1);
	g_autofree double *high = g_new(double, preview->count + 1);
	for (guint i = 0; i < preview->count; i++) {
		value[i] = estimates[i].value;
		low[i] = estimates[i].low;
		high[i] = estimates[i].high;
	}
	cJSON_AddItemToObject(json, key, report_named(preview->name, value, preview->count));
	if (preview->kind == PREVIEW_EXACT)
		return;
	cJSON_AddItemToObject(json, low_key, report_named(preview->name, low, preview->count));
	cJSON_AddItemToObject(json, high_key, report_named(preview->name, high, preview->count));
}

/* "p50", "p99.9". */
static char *percentile_key(guint i)
{
	g_autofree char *number = expression_number(preview_percentiles[i]);
	return g_strconcat("p", number, NULL);
}

static cJSON *moves_json(const PreviewGroup *group)
{
	cJSON *json = cJSON_CreateObject();
	for (guint i = 0; i < PREVIEW_PERCENTILES; i++) {
		g_autofree char *key = percentile_key(i);
		json_add_number(json, key, group->moves[i]);
	}
	return json;
}

static void add_group(cJSON *json, const Preview *preview, const PreviewGroup *group)
{
	gboolean exact = preview->kind == PREVIEW_EXACT;
	json_add_uint(json, "elements", group->elements);
	add_estimate(json, "norm", &group->norm, exact);
	add_estimate(json, "relative", &group->relative, exact);
	add_estimates(json, "cosine", preview, group->cosine);
	add_estimates(json, "kept", preview, group->kept);
	add_estimate(json, "conflict", &group->conflict, preview->whole_sample);
	cJSON_AddItemToObject(json, "moves", moves_json(group));
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
	cJSON_AddStringToObject(json, "kind", preview_kind_name(preview->kind));
	cJSON_AddBoolToObject(json, "whole_sample", preview->whole_sample);
	cJSON_AddStringToObject(json, "scope", preview->whole->name);
	add_group(json, preview, preview->whole);
	json_add_number(json, "of_largest", preview->of_largest);
	cJSON *groups = cJSON_AddArrayToObject(json, "groups");
	for (guint i = 0; i < preview->groups->len; i++)
		cJSON_AddItemToArray(groups, group_json(preview, preview->groups->pdata[i]));
	cJSON_AddItemToObject(json, "warnings", report_text_array(preview->warnings));
	return json;
}

/* A number, and by how much it may be off at most; the larger side where the sides differ. */
static void add_spread(Table *table, const Estimate *estimate, gboolean exact)
{
	table_add_number(table, estimate->value);
	if (!exact)
		table_add_number(table,
			fmax(estimate->high - estimate->value, estimate->value - estimate->low));
}

static void add_rows(Table *table, const Preview *preview, const PreviewGroup *group)
{
	gboolean exact = preview->kind == PREVIEW_EXACT;
	for (guint i = 0; i < preview->count; i++) {
		table_add_text(table, group->name);
		if (exact)
			table_add_count(table, group->elements);
		add_spread(table, &group->norm, exact);
		if (exact)
			table_add_number(table, group->relative.value);
		table_add_text(table, preview->name[i]);
		add_spread(table, &group->cosine[i], exact);
		add_spread(table, &group->kept[i], exact);
	}
}

/* "1.23", or "1.23 (1.20 to 1.26)". */
static char *with_interval(const Estimate *estimate)
{
	g_autofree char *value = text_number(estimate->value);
	g_autofree char *low = text_number(estimate->low);
	g_autofree char *high = text_number(estimate->high);
	if (estimate->low == estimate->high || isnan(estimate->value))
		return g_steal_pointer(&value);
	return g_strdup_printf("%s (%s to %s)", value, low, high);
}

/* "changes at 50, 90, 99, 99.9%: 0.001, 0.002, 0.01, 0.1" */
static void add_moves(GString *title, const PreviewGroup *group)
{
	g_autoptr(GString) sizes = g_string_new(NULL);
	if (isnan(group->moves[0]))
		return;
	for (guint i = 0; i < PREVIEW_PERCENTILES; i++) {
		g_autofree char *percentile = expression_number(preview_percentiles[i]);
		g_autofree char *size = text_number(group->moves[i]);
		g_string_append_printf(title, "%s%s", i ? ", " : "\nchanges at ", percentile);
		g_string_append_printf(sizes, "%s%s", i ? ", " : "", size);
	}
	g_string_append_printf(title, "%%: %s", sizes->str);
}

static void add_conflict(GString *title, const PreviewGroup *group)
{
	const Estimate *conflict = &group->conflict;
	Estimate percent = {conflict->value * 100, conflict->low * 100, conflict->high * 100};
	g_autofree char *share = with_interval(&percent);
	if (!isnan(conflict->value))
		g_string_append_printf(title,
			"\ninputs of opposite signs: %s%% of the elements that any moves", share);
}

/* The edit, what it amounts to, and the warnings, which are part of the result. */
static char *title_of(const Preview *preview)
{
	g_autofree char *scale = text_number(preview->scale);
	g_autofree char *norm = with_interval(&preview->whole->norm);
	g_autofree char *relative = with_interval(&preview->whole->relative);
	g_autofree char *largest = text_number(preview->of_largest);
	GString *title = g_string_new(preview->edit);
	g_string_append_printf(title,
		"\nscale %s, %s: norm %s,%srelative %s, of the largest task %s", scale,
		preview_kind_name(preview->kind), norm, preview->kind == PREVIEW_EXACT ? " " : "\n",
		relative, largest);
	add_moves(title, preview->whole);
	add_conflict(title, preview->whole);
	for (guint i = 0; i < preview->warnings->len; i++)
		g_string_append_printf(
			title, "\nwarning: %s", (const char *)preview->warnings->pdata[i]);
	return g_string_free(title, FALSE);
}

static void add_spread_column(Table *table, const char *heading, gboolean exact)
{
	table_add_number_column(table, heading);
	if (!exact)
		table_add_number_column(table, "+-");
}

/* Intervals take the room of the elements and the relative norm. */
Table *report_preview_table(const Preview *preview)
{
	gboolean exact = preview->kind == PREVIEW_EXACT;
	g_autofree char *title = title_of(preview);
	Table *table = table_new(title);
	table_add_text_column(table, "group");
	if (exact)
		table_add_number_column(table, "elements");
	add_spread_column(table, "norm", exact);
	if (exact)
		table_add_number_column(table, "relative");
	table_add_text_column(table, "task");
	add_spread_column(table, "cosine", exact);
	add_spread_column(table, "kept", exact);
	add_rows(table, preview, preview->whole);
	for (guint i = 0; i < preview->groups->len; i++)
		add_rows(table, preview, preview->groups->pdata[i]);
	return table;
}

static void add_record_estimate(Table *table, const Estimate *estimate)
{
	table_add_number(table, estimate->value);
	table_add_number(table, estimate->low);
	table_add_number(table, estimate->high);
}

static void add_records(Table *table, const Preview *preview, const PreviewGroup *group)
{
	for (guint i = 0; i < preview->count; i++) {
		table_add_text(table, group->name);
		table_add_count(table, group->elements);
		table_add_text(table, preview->name[i]);
		table_add_text(table, preview_kind_name(preview->kind));
		add_record_estimate(table, &group->norm);
		add_record_estimate(table, &group->relative);
		add_record_estimate(table, &group->cosine[i]);
		add_record_estimate(table, &group->kept[i]);
		add_record_estimate(table, &group->conflict);
		for (guint p = 0; p < PREVIEW_PERCENTILES; p++)
			table_add_number(table, group->moves[p]);
	}
}

static void add_record_column(Table *table, const char *heading)
{
	g_autofree char *low = g_strconcat(heading, "_low", NULL);
	g_autofree char *high = g_strconcat(heading, "_high", NULL);
	table_add_number_column(table, heading);
	table_add_number_column(table, low);
	table_add_number_column(table, high);
}

Table *report_preview_records(const Preview *preview)
{
	static const char *const figures[] = {"norm", "relative", "cosine", "kept", "conflict"};
	Table *table = table_new(NULL);
	table_add_text_column(table, "group");
	table_add_number_column(table, "elements");
	table_add_text_column(table, "task");
	table_add_text_column(table, "kind");
	for (guint i = 0; i < G_N_ELEMENTS(figures); i++)
		add_record_column(table, figures[i]);
	for (guint i = 0; i < PREVIEW_PERCENTILES; i++) {
		g_autofree char *key = percentile_key(i);
		table_add_number_column(table, key);
	}
	add_records(table, preview, preview->whole);
	for (guint i = 0; i < preview->groups->len; i++)
		add_records(table, preview, preview->groups->pdata[i]);
	return table;
}
