/* table.c - any table as aligned text or CSV. */
#include "export/table.h"

#include "core/text.h"
#include "edit/expression.h"

#include <math.h>
#include <string.h>

#define COLUMN_GAP 2
#define DECIMALS_AS_NEEDED G_MAXUINT

typedef struct {
	char *heading;
	gboolean is_number;
	guint decimals;
} Column;

/* A cell as both forms show it, or a number, which becomes text when it is printed. */
typedef struct {
	char *text, *csv; /* NULL of a number */
	double number;
} Cell;

struct Table {
	char *title;      /* lines above the rows, or NULL */
	GPtrArray *notes; /* of char *: lines below them */
	GArray *columns;  /* of Column */
	GArray *cells;    /* of Cell, row by row */
};

static void column_clear(Column *column)
{
	g_free(column->heading);
}

static void cell_clear(Cell *cell)
{
	g_free(cell->text);
	g_free(cell->csv);
}

Table *table_new(const char *title)
{
	Table *table = g_new0(Table, 1);
	table->title = g_strdup(title);
	table->notes = g_ptr_array_new_with_free_func(g_free);
	table->columns = g_array_new(FALSE, TRUE, sizeof(Column));
	table->cells = g_array_new(FALSE, TRUE, sizeof(Cell));
	g_array_set_clear_func(table->columns, (GDestroyNotify)column_clear);
	g_array_set_clear_func(table->cells, (GDestroyNotify)cell_clear);
	return table;
}

void table_add_line(Table *table, const char *line)
{
	g_autofree char *above = table->title;
	table->title = above ? g_strconcat(above, "\n", line, NULL) : g_strdup(line);
}

void table_add_note(Table *table, const char *line)
{
	g_ptr_array_add(table->notes, text_safe(line));
}

void table_free(Table *table)
{
	if (!table)
		return;
	g_free(table->title);
	g_ptr_array_unref(table->notes);
	g_array_unref(table->columns);
	g_array_unref(table->cells);
	g_free(table);
}

static void add_column(Table *table, const char *heading, gboolean is_number, guint decimals)
{
	Column column = {g_strdup(heading), is_number, decimals};
	g_array_append_val(table->columns, column);
}

void table_add_text_column(Table *table, const char *heading)
{
	add_column(table, heading, FALSE, DECIMALS_AS_NEEDED);
}

void table_add_number_column(Table *table, const char *heading)
{
	add_column(table, heading, TRUE, DECIMALS_AS_NEEDED);
}

void table_add_fixed_column(Table *table, const char *heading, guint decimals)
{
	add_column(table, heading, TRUE, decimals);
}

static const Column *column_at(const Table *table, guint column)
{
	return &g_array_index(table->columns, Column, column);
}

/* Takes both texts. */
static void add_cell(Table *table, char *text, char *csv)
{
	Cell cell = {text, csv, NAN};
	g_array_append_val(table->cells, cell);
}

static gboolean is_number(const char *text)
{
	char *end;
	g_ascii_strtod(text, &end);
	return *text && !*end;
}

/* A spreadsheet takes a cell that begins like this for a formula. */
static gboolean looks_like_formula(const char *text)
{
	return *text && strchr("=+-@\t\r", *text) && !is_number(text);
}

static char *csv_text(const char *text)
{
	const char *guard = looks_like_formula(text) ? "'" : "";
	if (!strpbrk(text, ",\"\r\n"))
		return g_strconcat(guard, text, NULL);
	g_auto(GStrv) parts = g_strsplit(text, "\"", -1);
	g_autofree char *doubled = g_strjoinv("\"\"", parts);
	return g_strconcat("\"", guard, doubled, "\"", NULL);
}

void table_add_text(Table *table, const char *text)
{
	const char *shown = text ? text : "";
	add_cell(table, text_safe(shown), csv_text(shown));
}

static char *number_text(const Column *column, double value)
{
	if (column->decimals == DECIMALS_AS_NEEDED || !isfinite(value))
		return text_number(value);
	char text[G_ASCII_DTOSTR_BUF_SIZE * 2], format[16];
	g_snprintf(format, sizeof format, "%%.%uf", column->decimals);
	return g_strdup(g_ascii_formatd(text, sizeof text, format, value));
}

void table_add_number(Table *table, double value)
{
	Cell cell = {NULL, NULL, value};
	g_array_append_val(table->cells, cell);
}

guint table_cells(const Table *table)
{
	return table->cells->len;
}

/* A cell in a column of the text form; g_free. */
static char *shown_text(const Column *column, const Cell *cell)
{
	if (!cell)
		return g_strdup("");
	return cell->text ? g_strdup(cell->text) : number_text(column, cell->number);
}

/* The same of the CSV; g_free. */
static char *stored_text(const Cell *cell)
{
	if (cell && !cell->csv && isfinite(cell->number))
		return expression_number(cell->number);
	return g_strdup(cell && cell->csv ? cell->csv : "");
}

void table_add_count(Table *table, guint64 value)
{
	char *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);
	add_cell(table, text, g_strdup(text));
}

void table_add_none(Table *table)
{
	add_cell(table, g_strdup("-"), g_strdup(""));
}

/* The cells of a terminal that a text takes. */
static gsize display_width(const char *text)
{
	gsize width = 0;
	for (; *text; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);
		width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
	}
	return width;
}

static void append_spaces(GString *out, gsize count)
{
	for (gsize i = 0; i < count; i++)
		g_string_append_c(out, ' ');
}

static void append_padded(GString *out, const char *text, gsize width, gboolean right)
{
	gsize padding = width - MIN(width, display_width(text));
	append_spaces(out, right ? padding : 0);
	g_string_append(out, text);
	append_spaces(out, right ? 0 : padding);
}

static guint count_rows(const Table *table)
{
	guint columns = table->columns->len;
	return columns ? (table->cells->len + columns - 1) / columns : 0;
}

/* A cell, or NULL past the end of a last row that is not full. */
static const Cell *cell_at(const Table *table, guint row, guint column)
{
	guint index = row * table->columns->len + column;
	return index < table->cells->len ? &g_array_index(table->cells, Cell, index) : NULL;
}

static gsize column_width(const Table *table, guint column)
{
	g_autofree char *heading = text_safe(column_at(table, column)->heading);
	gsize width = display_width(heading);
	for (guint row = 0; row < count_rows(table); row++) {
		g_autofree char *text =
			shown_text(column_at(table, column), cell_at(table, row, column));
		width = MAX(width, display_width(text));
	}
	return width;
}

static void trim_end(GString *out)
{
	while (out->len && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
}

static void end_line(GString *out)
{
	trim_end(out);
	g_string_append_c(out, '\n');
}

static void append_in_column(
	GString *out, const Table *table, guint column, gsize width, const char *text)
{
	append_spaces(out, column ? COLUMN_GAP : 0);
	append_padded(out, text, width, column_at(table, column)->is_number);
}

static void append_headings(GString *out, const Table *table, const gsize *widths)
{
	for (guint i = 0; i < table->columns->len; i++) {
		g_autofree char *heading = text_safe(column_at(table, i)->heading);
		append_in_column(out, table, i, widths[i], heading);
	}
	end_line(out);
}

static void append_row(GString *out, const Table *table, guint row, const gsize *widths)
{
	for (guint i = 0; i < table->columns->len; i++) {
		g_autofree char *text = shown_text(column_at(table, i), cell_at(table, row, i));
		append_in_column(out, table, i, widths[i], text);
	}
	end_line(out);
}

/* Titles come from us, but name tasks and edits: each of their lines is made safe by itself. */
static void append_title(GString *out, const char *title)
{
	g_auto(GStrv) lines = g_strsplit(title, "\n", -1);
	for (char **line = lines; *line; line++) {
		g_autofree char *safe = text_safe(*line);
		g_string_append_printf(out, "%s\n", safe);
	}
}

static char *print_text(const Table *table)
{
	GString *out = g_string_new(NULL);
	g_autofree gsize *widths = g_new0(gsize, table->columns->len + 1);
	for (guint i = 0; i < table->columns->len; i++)
		widths[i] = column_width(table, i);
	if (table->title)
		append_title(out, table->title);
	append_headings(out, table, widths);
	for (guint row = 0; row < count_rows(table); row++)
		append_row(out, table, row, widths);
	for (guint i = 0; i < table->notes->len; i++)
		g_string_append_printf(out, "%s\n", (const char *)table->notes->pdata[i]);
	return g_string_free(out, FALSE);
}

static char *print_csv(const Table *table)
{
	GString *out = g_string_new(NULL);
	for (guint i = 0; i < table->columns->len; i++) {
		g_autofree char *heading = csv_text(column_at(table, i)->heading);
		g_string_append_printf(out, "%s%s", i ? "," : "", heading);
	}
	g_string_append(out, "\r\n");
	for (guint row = 0; row < count_rows(table); row++) {
		for (guint i = 0; i < table->columns->len; i++) {
			g_autofree char *text = stored_text(cell_at(table, row, i));
			g_string_append_printf(out, "%s%s", i ? "," : "", text);
		}
		g_string_append(out, "\r\n");
	}
	return g_string_free(out, FALSE);
}

char *table_print(const Table *table, TableFormat format)
{
	return format == TABLE_CSV ? print_csv(table) : print_text(table);
}
