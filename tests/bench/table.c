/* table.c - the rows of a bench, as lines of text and as JSON. */
#include "table.h"

#include "core/text.h"

#include <math.h>
#include <stdio.h>

static const char *const verdict_names[] = {"", "met", "NOT MET", "WRONG"};

Row *row_new(const char *section, const char *format, ...)
{
	Row *row = g_new0(Row, 1);
	va_list arguments;
	va_start(arguments, format);
	row->what = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	row->section = g_strdup(section);
	row->note = g_string_new(NULL);
	row->value = row->against_value = row->peak = NAN;
	row->ratio_most = row->value_most = NAN;
	return row;
}

void row_free(Row *row)
{
	g_free(row->section);
	g_free(row->what);
	g_free(row->against);
	g_clear_pointer(&row->runs, g_array_unref);
	g_clear_pointer(&row->against_runs, g_array_unref);
	g_string_free(row->note, TRUE);
	g_free(row);
}

void row_measure(Row *row, const Series *series, const char *unit)
{
	row_value(row, series_median(series), unit);
	row->runs = g_array_copy(series->seconds);
	row->peak = series->peak;
}

void row_value(Row *row, double value, const char *unit)
{
	row->value = value;
	row->unit = unit;
}

void row_against(Row *row, const char *what, const Series *series)
{
	row_against_value(row, what, series_median(series));
	row->against_runs = g_array_copy(series->seconds);
}

void row_against_value(Row *row, const char *what, double value)
{
	row->against = g_strdup(what);
	row->against_value = value;
}

void row_note(Row *row, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	if (row->note->len > 0)
		g_string_append(row->note, "; ");
	g_string_append_vprintf(row->note, format, arguments);
	va_end(arguments);
}

double row_ratio(const Row *row)
{
	return row->value / row->against_value;
}

Verdict row_verdict(const Row *row)
{
	if (row->wrong)
		return VERDICT_WRONG;
	if (!row->unit || (isnan(row->ratio_most) && isnan(row->value_most)))
		return VERDICT_NONE;
	gboolean met = (isnan(row->ratio_most) || row_ratio(row) <= row->ratio_most) &&
		       (isnan(row->value_most) || row->value <= row->value_most);
	return met ? VERDICT_MET : VERDICT_NOT_MET;
}

/* The limits as a reader would say them: "1.3 x", "50 ms". */
static char *limits_of(const Row *row)
{
	g_autoptr(GString) text = g_string_new(NULL);
	if (!isnan(row->ratio_most))
		g_string_append_printf(text, "%.4g x", row->ratio_most);
	if (!isnan(row->value_most))
		g_string_append_printf(
			text, "%s%.4g %s", text->len ? ", " : "", row->value_most, row->unit);
	return g_strdup(text->str);
}

static char *quantity(double value, const char *unit)
{
	g_autofree char *number = text_number(value);
	return isnan(value) ? g_strdup("") : g_strdup_printf("%s %s", number, unit);
}

static void print_row(const Row *row)
{
	g_autofree char *value = quantity(row->value, row->unit);
	g_autofree char *against = quantity(row->against_value, row->unit);
	g_autofree char *limits = limits_of(row);
	g_autofree char *peak = quantity(row->peak, "MiB");
	g_autofree char *ratio =
		isnan(row_ratio(row)) ? g_strdup("") : g_strdup_printf("%.2f x", row_ratio(row));
	printf("%-56s %10s %10s %-20s %8s %-14s %-8s %9s\n", row->what, value, against,
		row->against ? row->against : "", ratio, limits, verdict_names[row_verdict(row)],
		peak);
	if (row->note->len > 0)
		printf("    %s\n", row->note->str);
	fflush(stdout);
}

static void print_head(const char *section)
{
	printf("\n%-56s %10s %10s %-20s %8s %-14s %-8s %9s\n", section, "ours", "theirs",
		"held against", "ratio", "at most", "", "peak");
}

void table_begin(Table *table)
{
	table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)row_free);
}

void table_clear(Table *table)
{
	g_clear_pointer(&table->rows, g_ptr_array_unref);
}

void table_add(Table *table, Row *row)
{
	const Row *last =
		table->rows->len ? g_ptr_array_index(table->rows, table->rows->len - 1) : NULL;
	if (!last || !g_str_equal(last->section, row->section))
		print_head(row->section);
	print_row(row);
	g_ptr_array_add(table->rows, row);
}

guint table_count(const Table *table, Verdict verdict)
{
	guint count = 0;
	for (guint i = 0; i < table->rows->len; i++)
		count += row_verdict(g_ptr_array_index(table->rows, i)) == verdict;
	return count;
}

static void add_runs(cJSON *object, const char *key, const GArray *runs)
{
	if (runs)
		cJSON_AddItemToObject(object, key,
			json_numbers((const double *)(const void *)runs->data, runs->len));
}

static void add_known(cJSON *object, const char *key, double value)
{
	if (!isnan(value))
		json_add_number(object, key, value);
}

static cJSON *row_json(const Row *row)
{
	cJSON *object = cJSON_CreateObject();
	cJSON_AddStringToObject(object, "section", row->section);
	cJSON_AddStringToObject(object, "what", row->what);
	if (row->unit)
		cJSON_AddStringToObject(object, "unit", row->unit);
	add_known(object, "value", row->value);
	add_runs(object, "runs", row->runs);
	if (row->against)
		cJSON_AddStringToObject(object, "against", row->against);
	add_known(object, "against_value", row->against_value);
	add_runs(object, "against_runs", row->against_runs);
	add_known(object, "ratio", row_ratio(row));
	add_known(object, "ratio_at_most", row->ratio_most);
	add_known(object, "value_at_most", row->value_most);
	add_known(object, "peak_mib", row->peak);
	Verdict verdict = row_verdict(row);
	if (verdict != VERDICT_NONE)
		cJSON_AddBoolToObject(object, "met", verdict == VERDICT_MET);
	if (row->note->len > 0)
		cJSON_AddStringToObject(object, "note", row->note->str);
	return object;
}

cJSON *table_json(const Table *table)
{
	cJSON *rows = cJSON_CreateArray();
	for (guint i = 0; i < table->rows->len; i++)
		cJSON_AddItemToArray(rows, row_json(g_ptr_array_index(table->rows, i)));
	return rows;
}

static void append_section(GString *text, const char *section)
{
	g_string_append_printf(text,
		"%s| %s | ours | theirs | held against | ratio | at most | | peak |\n"
		"|---|--:|--:|---|--:|--:|---|--:|\n",
		text->len ? "\n" : "", section);
}

static void append_row(GString *text, const Row *row)
{
	g_autofree char *value = quantity(row->value, row->unit);
	g_autofree char *against = quantity(row->against_value, row->unit);
	g_autofree char *limits = limits_of(row);
	g_autofree char *peak = quantity(row->peak, "MiB");
	g_string_append_printf(text, "| %s | %s | %s | %s | ", row->what, value, against,
		row->against ? row->against
		: row->unit  ? ""
			     : row->note->str);
	if (!isnan(row_ratio(row)))
		g_string_append_printf(text, "%.2f x", row_ratio(row));
	g_string_append_printf(
		text, " | %s | %s | %s |\n", limits, verdict_names[row_verdict(row)], peak);
}

char *table_markdown(const Table *table)
{
	g_autoptr(GString) text = g_string_new(NULL);
	const char *section = "";
	for (guint i = 0; i < table->rows->len; i++) {
		const Row *row = g_ptr_array_index(table->rows, i);
		if (!g_str_equal(row->section, section))
			append_section(text, row->section);
		section = row->section;
		append_row(text, row);
	}
	return g_strdup(text->str);
}
