/* methods.c - the table of methods, for people and for programs. */
#include "cli/methods.h"

#include "edit/method.h"

#include <math.h>

static const char *const dialects[] = {"paper", "mergekit"};

/* What a parameter is where it is not given; NULL where there is no default.  Free with g_free. */
static char *default_text(const Parameter *row, guint dialect)
{
	if (row->type == PARAMETER_TEXT || isnan(row->otherwise[dialect]))
		return NULL;
	if (row->type == PARAMETER_CHOICE)
		return parameter_word(row, (guint)row->otherwise[dialect]);
	return expression_number(row->otherwise[dialect]);
}

static gboolean is_required(const Parameter *row)
{
	gboolean number = row->type == PARAMETER_NUMBER || row->type == PARAMETER_COUNT;
	return number && !row->optional && isnan(row->otherwise[DIALECT_PAPER]);
}

static void append_default(GString *text, const Parameter *row)
{
	g_autofree char *paper = default_text(row, DIALECT_PAPER);
	g_autofree char *mergekit = default_text(row, DIALECT_MERGEKIT);
	if (paper)
		g_string_append_printf(text, "; default %s", paper);
	else
		g_string_append(text, is_required(row) ? "; must be given" : "; may be left out");
	if (mergekit && g_strcmp0(paper, mergekit) != 0)
		g_string_append_printf(text, ", with dialect=mergekit %s", mergekit);
}

static void append_parameter(GString *text, const Parameter *row)
{
	g_autofree char *range = parameter_range(row);
	g_string_append_printf(text, "  %-11s  %s\n", row->name, row->help);
	g_string_append_printf(text, "  %-11s  %s", "", range);
	append_default(text, row);
	g_string_append_c(text, '\n');
}

static void append_inputs(GString *text, const Method *method)
{
	const char *plural = method->most > 1 ? "s" : "";
	if (method->most == G_MAXUINT)
		g_string_append_printf(text, "  %u or more", method->least);
	else if (method->least == method->most)
		g_string_append_printf(text, "  %u", method->least);
	else
		g_string_append_printf(text, "  %u %s %u", method->least,
			method->most == method->least + 1 ? "or" : "to", method->most);
	g_string_append_printf(text, " task vector%s%s\n", plural,
		method->weighted ? ", their coefficients as weights" : "");
}

static void append_method(GString *text, const Method *method)
{
	g_string_append_printf(
		text, "%s%s: %s\n", text->len ? "\n" : "", method->name, method->help);
	g_string_append_printf(text, "  %s\n", method->example);
	append_inputs(text, method);
	for (guint i = 0; i < method_parameters(method); i++)
		append_parameter(text, &method->parameters[i]);
	if (method->whole)
		g_string_append_printf(
			text, "  sees %s at once: --budget must hold its numbers\n", method->whole);
	if (method->source)
		g_string_append_printf(text, "  from %s\n", method->source);
}

char *methods_text(void)
{
	GString *text = g_string_new(NULL);
	for (const Method *const *method = methods; *method; method++)
		append_method(text, *method);
	return g_string_free(text, FALSE);
}

static const char *type_name(ParameterType type)
{
	switch (type) {
	case PARAMETER_NUMBER:
		return "number";
	case PARAMETER_COUNT:
		return "count";
	case PARAMETER_CHOICE:
		return "choice";
	case PARAMETER_TEXT:
		break;
	}
	return "text";
}

static void add_text(cJSON *object, const char *key, const char *text)
{
	cJSON_AddItemToObject(object, key, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

static cJSON *defaults_json(const Parameter *row)
{
	cJSON *json = cJSON_CreateObject();
	for (guint i = 0; i < G_N_ELEMENTS(dialects); i++) {
		g_autofree char *text = default_text(row, i);
		if (row->type == PARAMETER_CHOICE || row->type == PARAMETER_TEXT)
			add_text(json, dialects[i], text);
		else
			json_add_number(json, dialects[i], row->otherwise[i]);
	}
	return json;
}

static void add_range(cJSON *json, const Parameter *row)
{
	g_autofree char *range = parameter_range(row);
	add_text(json, "range", range);
	if (row->type == PARAMETER_NUMBER || row->type == PARAMETER_COUNT) {
		json_add_number(json, "least", fabs(row->least) < G_MAXDOUBLE ? row->least : NAN);
		json_add_number(json, "most", fabs(row->most) < G_MAXDOUBLE ? row->most : NAN);
	}
	if (row->type == PARAMETER_CHOICE) {
		g_auto(GStrv) words = g_strsplit(row->choices, " ", -1);
		cJSON_AddItemToObject(json, "choices",
			cJSON_CreateStringArray(
				(const char *const *)words, (int)g_strv_length(words)));
	}
}

static cJSON *parameter_json(const Parameter *row)
{
	cJSON *json = cJSON_CreateObject();
	add_text(json, "name", row->name);
	add_text(json, "type", type_name(row->type));
	add_text(json, "help", row->help);
	add_range(json, row);
	cJSON_AddBoolToObject(json, "required", is_required(row));
	cJSON_AddItemToObject(json, "default", defaults_json(row));
	return json;
}

static cJSON *inputs_json(const Method *method)
{
	cJSON *json = cJSON_CreateObject();
	json_add_uint(json, "least", method->least);
	json_add_number(json, "most", method->most == G_MAXUINT ? (double)NAN : method->most);
	return json;
}

static cJSON *method_json(const Method *method)
{
	cJSON *json = cJSON_CreateObject();
	add_text(json, "name", method->name);
	add_text(json, "help", method->help);
	add_text(json, "example", method->example);
	add_text(json, "source", method->source);
	add_text(json, "whole", method->whole);
	cJSON_AddItemToObject(json, "inputs", inputs_json(method));
	cJSON_AddBoolToObject(json, "weighted", method->weighted);
	cJSON *parameters = cJSON_AddArrayToObject(json, "parameters");
	for (guint i = 0; i < method_parameters(method); i++)
		cJSON_AddItemToArray(parameters, parameter_json(&method->parameters[i]));
	return json;
}

cJSON *methods_json(void)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(json, "methods");
	for (const Method *const *method = methods; *method; method++)
		cJSON_AddItemToArray(list, method_json(*method));
	return json;
}
