/* report_check.c - how checkpoints line up with the base, as JSON and as a table. */
#include "export/report.h"

#include "core/text.h"
#include "export/report_json.h"

#define NAMES_COLUMNS 64 /* for names below the table, of each way not to line up; JSON has all */

/* The names of the base's tensors that stand so to the member. */
static GPtrArray *matching_names(const Collection *collection, const Member *member, Match match)
{
	GPtrArray *names = g_ptr_array_new();
	for (guint i = 0; i < collection_tensors(collection); i++)
		if (member->match[i] == match)
			g_ptr_array_add(names, collection_tensor(collection, i)->name);
	return names;
}

/* What is not compared: what is not float, and what the reader left aside. */
static GPtrArray *skipped_names(const Collection *collection, const Member *member)
{
	GPtrArray *names = matching_names(collection, member, MATCH_NOT_FLOAT);
	const GPtrArray *skipped = member->checkpoint->skipped;
	for (guint i = 0; i < skipped->len; i++)
		g_ptr_array_add(names, ((const Skipped *)skipped->pdata[i])->name);
	return names;
}

/* The rows of a base tensor's embedding or head, of the member's, and those that both have. */
static cJSON *resized_row(const Collection *collection, guint number, guint tensor)
{
	const Member *member = collection_member(collection, number);
	const Tensor *base = collection_tensor(collection, tensor);
	const Tensor *own = checkpoint_tensor(member->checkpoint, (guint)member->place[tensor]);
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "name", base->name);
	json_add_uint(json, "rows", own->shape[0]);
	json_add_uint(json, "base_rows", base->shape[0]);
	json_add_uint(json, "shared_rows", MIN(own->shape[0], base->shape[0]));
	return json;
}

static char *resized_sentence(const Collection *collection, guint number, guint tensor)
{
	const Member *member = collection_member(collection, number);
	const Tensor *base = collection_tensor(collection, tensor);
	const Tensor *own = checkpoint_tensor(member->checkpoint, (guint)member->place[tensor]);
	g_autofree char *name = text_safe(base->name);
	return g_strdup_printf("%s has %" G_GUINT64_FORMAT " rows, the base's %" G_GUINT64_FORMAT
			       ": the first %" G_GUINT64_FORMAT " are compared",
		name, own->shape[0], base->shape[0], MIN(own->shape[0], base->shape[0]));
}

static cJSON *resized_json(const Collection *collection, guint number)
{
	cJSON *array = cJSON_CreateArray();
	for (guint i = 0; i < collection_tensors(collection); i++)
		if (collection_is_resized(collection, number, i))
			cJSON_AddItemToArray(array, resized_row(collection, number, i));
	return array;
}

static void add_matching(cJSON *json, const Collection *collection, guint number)
{
	const Member *member = collection_member(collection, number);
	if (member->matched_by)
		cJSON_AddStringToObject(json, "matched_by", member->matched_by);
	else
		cJSON_AddNullToObject(json, "matched_by");
	cJSON_AddItemToObject(json, "resized", resized_json(collection, number));
	cJSON_AddBoolToObject(json, "differences", collection_has_differences(collection, number));
	cJSON_AddItemToObject(json, "renames", report_text_array(member->renames));
	cJSON_AddItemToObject(json, "notes", report_text_array(member->notes));
}

static cJSON *member_json(const Collection *collection, guint number)
{
	const Member *member = collection_member(collection, number);
	g_autoptr(GPtrArray) missing = matching_names(collection, member, MATCH_MISSING);
	g_autoptr(GPtrArray) reshaped = matching_names(collection, member, MATCH_RESHAPED);
	g_autoptr(GPtrArray) skipped = skipped_names(collection, member);
	cJSON *json = cJSON_CreateObject();
	cJSON_AddItemToObject(json, "missing", report_text_array(missing));
	cJSON_AddItemToObject(json, "extra", report_text_array(member->extra));
	cJSON_AddItemToObject(json, "reshaped", report_text_array(reshaped));
	cJSON_AddItemToObject(json, "skipped", report_text_array(skipped));
	add_matching(json, collection, number);
	return json;
}

static gboolean is_shared_by_all(const Collection *collection, guint tensor)
{
	if (!collection_is_float(collection, tensor))
		return FALSE;
	for (guint i = 1; i < collection_members(collection); i++)
		if (collection_member(collection, i)->match[tensor] != MATCH_SHARED)
			return FALSE;
	return TRUE;
}

static void count_shared(const Collection *collection, guint64 *tensors, guint64 *elements)
{
	*tensors = *elements = 0;
	for (guint i = 0; i < collection_tensors(collection); i++) {
		if (!is_shared_by_all(collection, i))
			continue;
		*tensors += 1;
		*elements += collection_tensor(collection, i)->elements;
	}
}

cJSON *report_check_json(const Collection *collection)
{
	guint64 tensors, elements;
	count_shared(collection, &tensors, &elements);
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "base", collection_member(collection, 0)->checkpoint->path);
	json_add_uint(json, "tensors_shared", tensors);
	json_add_uint(json, "elements_shared", elements);
	cJSON *checkpoints = cJSON_AddObjectToObject(json, "checkpoints");
	for (guint i = 1; i < collection_members(collection); i++) {
		const char *name = collection_member(collection, i)->name;
		cJSON_AddItemToObject(checkpoints, name, member_json(collection, i));
	}
	return json;
}

static void add_member_row(Table *table, const Collection *collection, const Member *member)
{
	g_autoptr(GPtrArray) shared = matching_names(collection, member, MATCH_SHARED);
	g_autoptr(GPtrArray) missing = matching_names(collection, member, MATCH_MISSING);
	g_autoptr(GPtrArray) reshaped = matching_names(collection, member, MATCH_RESHAPED);
	g_autoptr(GPtrArray) skipped = skipped_names(collection, member);
	table_add_text(table, member->name);
	table_add_count(table, shared->len);
	table_add_count(table, missing->len);
	table_add_count(table, member->extra->len);
	table_add_count(table, reshaped->len);
	table_add_count(table, skipped->len);
}

GPtrArray *report_alignment(const Collection *collection, guint number)
{
	const Member *member = collection_member(collection, number);
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	if (collection_has_differences(collection, number))
		g_ptr_array_add(lines, g_strdup("holds changes to the base, not whole weights"));
	if (member->matched_by)
		g_ptr_array_add(lines, g_strdup_printf("names matched %s", member->matched_by));
	for (guint i = 0; i < collection_tensors(collection); i++)
		if (collection_is_resized(collection, number, i))
			g_ptr_array_add(lines, resized_sentence(collection, number, i));
	for (guint i = 0; i < member->notes->len; i++)
		g_ptr_array_add(lines, g_strdup(member->notes->pdata[i]));
	return lines;
}

static void add_alignment_notes(Table *table, const Collection *collection, guint number)
{
	g_autoptr(GPtrArray) lines = report_alignment(collection, number);
	for (guint i = 0; i < lines->len; i++) {
		g_autofree char *line = g_strdup_printf("%s: %s",
			collection_member(collection, number)->name, (char *)lines->pdata[i]);
		table_add_note(table, line);
	}
}

static void add_names_note(
	Table *table, const Member *member, const char *what, const GPtrArray *names)
{
	if (names->len == 0)
		return;
	g_autoptr(GString) text = g_string_new(member->name);
	guint shown = 0;
	g_string_append_printf(text, ": %s", what);
	do
		g_string_append_printf(
			text, "%s %s", shown > 0 ? "," : "", (char *)names->pdata[shown]);
	while (++shown < names->len && text->len + strlen(names->pdata[shown]) < NAMES_COLUMNS);
	if (shown < names->len)
		g_string_append_printf(text, " and %u more", names->len - shown);
	table_add_note(table, text->str);
}

/* Which tensors the counts of a row are of. */
static void add_names_notes(Table *table, const Collection *collection, const Member *member)
{
	g_autoptr(GPtrArray) missing = matching_names(collection, member, MATCH_MISSING);
	g_autoptr(GPtrArray) reshaped = matching_names(collection, member, MATCH_RESHAPED);
	g_autoptr(GPtrArray) skipped = skipped_names(collection, member);
	add_names_note(table, member, "lacks", missing);
	add_names_note(table, member, "has what the base lacks:", member->extra);
	add_names_note(table, member, "has another shape of", reshaped);
	add_names_note(table, member, "not compared:", skipped);
}

Table *report_check_table(const Collection *collection)
{
	static const char *const counts[] = {"shared", "missing", "extra", "reshaped", "skipped"};
	guint64 tensors, elements;
	count_shared(collection, &tensors, &elements);
	g_autofree char *title =
		g_strdup_printf("base %s\n%" G_GUINT64_FORMAT " tensor%s, %" G_GUINT64_FORMAT
				" elements shared by all",
			collection_member(collection, 0)->checkpoint->path, tensors,
			tensors == 1 ? "" : "s", elements);
	Table *table = table_new(title);
	table_add_text_column(table, "checkpoint");
	for (gsize i = 0; i < G_N_ELEMENTS(counts); i++)
		table_add_number_column(table, counts[i]);
	for (guint i = 1; i < collection_members(collection); i++)
		add_member_row(table, collection, collection_member(collection, i));
	for (guint i = 1; i < collection_members(collection); i++) {
		add_alignment_notes(table, collection, i);
		add_names_notes(table, collection, collection_member(collection, i));
	}
	return table;
}
