/* mergekit_read_setting.c - the parameters of a recipe: numbers, gradients, and values by filter.
 */
#include "recipe/mergekit_private.h"

#include "core/text.h"

#include <string.h>

#define FILTERS_MOST 1000u

void setting_free(Setting *setting)
{
	g_array_unref(setting->cases);
	g_ptr_array_unref(setting->owned);
	g_free(setting);
}

static Setting *setting_new(const YamlNode *key)
{
	Setting *setting = g_new0(Setting, 1);
	setting->line = key->line;
	setting->name = key->text;
	setting->cases = g_array_new(FALSE, FALSE, sizeof(Case));
	setting->owned = g_ptr_array_new_with_free_func(g_free);
	return setting;
}

/* A number, or yes and no as 1 and 0. */
static gboolean read_number(const MergeReader *reader, const char *name, const YamlNode *node,
	double *value, GError **error)
{
	gboolean yes;
	if (yaml_boolean(node, &yes)) {
		*value = yes;
		return TRUE;
	}
	if (!yaml_number(node, value))
		return mergekit_fail_node(reader, node,
			"write a finite decimal number, such as 0.5, or a list of them", error,
			"%s is no number", name);
	if (yaml_is_text_to_python(node))
		mergekit_note(reader->notes, node->line,
			"%s is read as a number; mergekit's reader takes %s for a text: write it "
			"with a point and a sign of the exponent, as in 1.0e-5",
			node->text, node->text);
	return TRUE;
}

/* Adds a case with the numbers of a gradient, or with the only one. */
static gboolean add_case(const MergeReader *reader, Setting *setting, const YamlNode *value,
	const char *filter, GError **error)
{
	gboolean list = value->kind == YAML_LIST;
	guint n = list ? yaml_count(value) : 1;
	if (n == 0)
		return mergekit_fail_node(reader, value, "write a number", error,
			"the list of %s is empty", setting->name);
	double *numbers = g_new(double, n);
	g_ptr_array_add(setting->owned, numbers);
	for (guint i = 0; i < n; i++)
		if (!read_number(reader, setting->name, list ? yaml_child(value, i) : value,
			    &numbers[i], error))
			return FALSE;
	Case one = {value->line, filter, n, numbers};
	g_array_append_val(setting->cases, one);
	return TRUE;
}

static void note_other_keys(const MergeReader *reader, const YamlNode *condition)
{
	for (guint i = 0; i < yaml_count(condition); i++) {
		const YamlNode *key = condition->keys->pdata[i];
		if (!g_str_equal(key->text, "value") && !g_str_equal(key->text, "filter"))
			mergekit_note(reader->notes, key->line,
				"%s has no meaning beside value and filter, and mergekit "
				"ignores it",
				key->text);
	}
}

/* A filter is a part of a tensor's name.  One that holds what ends a scope can be said only where
 * it fits nothing. */
static gboolean check_filter(const MergeReader *reader, const YamlNode *filter, GError **error)
{
	if (!strpbrk(filter->text, "[],"))
		return TRUE;
	for (guint i = 0; i < collection_tensors(reader->collection); i++)
		if (strstr(collection_tensor(reader->collection, i)->name, filter->text))
			return mergekit_fail_node(reader, filter,
				"choose these tensors by another part of their names", error,
				"a scope cannot hold the filter \"%s\"", filter->text);
	return TRUE;
}

/* {value: ..., filter: ...} */
static gboolean add_condition(
	const MergeReader *reader, Setting *setting, const YamlNode *node, GError **error)
{
	const YamlNode *value = node->kind == YAML_MAP ? yaml_get(node, "value") : NULL;
	const YamlNode *filter = value ? yaml_get(node, "filter") : NULL;
	if (!value || value->kind == YAML_MAP || (filter && filter->kind != YAML_TEXT))
		return mergekit_fail_node(reader, node,
			"write numbers alone, or value: and filter: in each item", error,
			"%s has an item that is not a value with a filter", setting->name);
	if (filter && !check_filter(reader, filter, error))
		return FALSE;
	note_other_keys(reader, node);
	gboolean all = !filter || g_str_equal(filter->text, "*");
	return add_case(reader, setting, value, all ? NULL : filter->text, error);
}

static gboolean add_list(
	const MergeReader *reader, Setting *setting, const YamlNode *list, GError **error)
{
	gboolean conditions = yaml_count(list) > 0 && yaml_child(list, 0)->kind != YAML_TEXT;
	if (!conditions)
		return add_case(reader, setting, list, NULL, error);
	if (yaml_count(list) > FILTERS_MOST)
		return mergekit_fail_node(reader, list, "use fewer", error,
			"%s has more than %u filters", setting->name, FILTERS_MOST);
	for (guint i = 0; i < yaml_count(list); i++)
		if (!add_condition(reader, setting, yaml_child(list, i), error))
			return FALSE;
	return TRUE;
}

static gboolean read_setting(
	const MergeReader *reader, Setting *setting, const YamlNode *value, GError **error)
{
	switch (value->kind) {
	case YAML_TEXT:
		return add_case(reader, setting, value, NULL, error);
	case YAML_LIST:
		return add_list(reader, setting, value, error);
	case YAML_MAP:
		break;
	}
	mergekit_note(reader->notes, value->line,
		"a value with a filter is read as a list of one; mergekit stops at one that is "
		"not in a list");
	return add_condition(reader, setting, value, error);
}

/* The name of the table that is nearest, for a name that is not in it. */
static const char *nearest_parameter(const MergekitMethod *method, const char *name)
{
	const char *names[16];
	guint n = 0;
	for (const MergekitParameter *row = method->parameters; row->name; row++)
		names[n++] = row->name;
	return text_nearest(name, names, n);
}

/* Whether mergekit looks at a parameter here; says so where it does not. */
static gboolean is_looked_at(const MergeReader *reader, const MergekitMethod *method,
	const YamlNode *key, gboolean of_model)
{
	const MergekitParameter *row = mergekit_parameter(method, key->text);
	if (row && row->role == ROLE_NONE)
		mergekit_note(reader->notes, key->line, "%s changes nothing in the result of %s",
			key->text, method->name);
	else if (row && of_model && !row->of_model)
		mergekit_note(reader->notes, key->line,
			"%s counts for all models together: mergekit ignores it here, and so does "
			"this; write it under the parameters of the slice or of the whole",
			key->text);
	if (row)
		return row->role != ROLE_NONE && (row->of_model || !of_model);
	const char *nearest = nearest_parameter(method, key->text);
	mergekit_note(reader->notes, key->line,
		"%s is no parameter of %s: mergekit ignores it without a word, and so does "
		"this%s%s",
		key->text, method->name, nearest ? "; the nearest is " : "",
		nearest ? nearest : "");
	return FALSE;
}

gboolean settings_read(const MergeReader *reader, const MergekitMethod *method,
	const YamlNode *parameters, gboolean of_model, GPtrArray *settings, GError **error)
{
	if (parameters && parameters->kind != YAML_MAP)
		return mergekit_fail_node(
			reader, parameters, "write NAME: VALUE", error, "parameters must be a map");
	for (guint i = 0; parameters && i < yaml_count(parameters); i++) {
		const YamlNode *key = parameters->keys->pdata[i];
		if (!is_looked_at(reader, method, key, of_model))
			continue;
		Setting *setting = setting_new(key);
		g_ptr_array_add(settings, setting);
		if (!read_setting(reader, setting, yaml_child(parameters, i), error))
			return FALSE;
	}
	return TRUE;
}
