/* json_print.c - the printed form of JSON.  cJSON's own printer drops the last digit of some
 * doubles and passes invalid UTF-8 on, so that what is written would not be what was computed, or
 * no JSON. */
#include "core/json.h"

#include <math.h>

#define ONE_LINE G_MAXUINT /* a depth at which no line is broken */

static void print_value(GString *text, const cJSON *item, guint depth);

/* The shortest digits that give the same double again. */
static void print_number(GString *text, double value)
{
	static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};
	char digits[G_ASCII_DTOSTR_BUF_SIZE];
	if (!isfinite(value)) {
		g_string_append(text, "null");
		return;
	}
	for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
		g_ascii_formatd(digits, sizeof digits, formats[i], value);
		if (g_ascii_strtod(digits, NULL) == value)
			break;
	}
	g_string_append(text, digits);
}

static void print_string(GString *text, const char *string)
{
	g_autofree char *valid = g_utf8_make_valid(string ? string : "", -1);
	g_string_append_c(text, '"');
	for (const char *p = valid; *p; p++) {
		if (*p == '"' || *p == '\\')
			g_string_append_c(text, '\\');
		if ((guchar)*p < 0x20)
			g_string_append_printf(text, "\\u%04x", (guint)*p);
		else
			g_string_append_c(text, *p);
	}
	g_string_append_c(text, '"');
}

static void new_line(GString *text, guint depth)
{
	g_string_append_printf(text, "\n%*s", (int)(2 * depth), "");
}

/* A list of plain values stays on one line, however long: a row of a matrix. */
static gboolean is_flat(const cJSON *list)
{
	for (const cJSON *item = list->child; item; item = item->next)
		if (item->child)
			return FALSE;
	return cJSON_IsArray(list) || !list->child;
}

static void print_list(GString *text, const cJSON *list, guint depth)
{
	gboolean flat = depth == ONE_LINE || is_flat(list), object = cJSON_IsObject(list);
	g_string_append_c(text, object ? '{' : '[');
	for (const cJSON *item = list->child; item; item = item->next) {
		if (item != list->child)
			g_string_append(text, flat ? ", " : ",");
		if (!flat)
			new_line(text, depth + 1);
		if (object) {
			print_string(text, item->string);
			g_string_append(text, ": ");
		}
		print_value(text, item, flat ? ONE_LINE : depth + 1);
	}
	if (!flat)
		new_line(text, depth);
	g_string_append_c(text, object ? '}' : ']');
}

static void print_value(GString *text, const cJSON *item, guint depth)
{
	if (cJSON_IsNumber(item))
		print_number(text, item->valuedouble);
	else if (cJSON_IsString(item))
		print_string(text, item->valuestring);
	else if (cJSON_IsRaw(item))
		g_string_append(text, item->valuestring);
	else if (cJSON_IsBool(item))
		g_string_append(text, cJSON_IsTrue(item) ? "true" : "false");
	else if (cJSON_IsArray(item) || cJSON_IsObject(item))
		print_list(text, item, depth);
	else
		g_string_append(text, "null");
}

char *json_text(const cJSON *item)
{
	GString *text = g_string_new(NULL);
	print_value(text, item, 0);
	g_string_append_c(text, '\n');
	return g_string_free(text, FALSE);
}

char *json_line(const cJSON *item)
{
	GString *text = g_string_new(NULL);
	print_value(text, item, ONE_LINE);
	return g_string_free(text, FALSE);
}
