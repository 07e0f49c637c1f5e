/* test_table.c - tables as aligned text and as CSV. */
#include "test.h"

#include "export/table.h"

#include <math.h>
#include <string.h>

static void assert_prints(const Table *table, TableFormat format, const char *expected)
{
	g_autofree char *printed = table_print(table, format);
	g_assert_cmpstr(printed, ==, expected);
}

static Table *sample(void)
{
	Table *table = table_new("norms");
	table_add_text_column(table, "task");
	table_add_number_column(table, "norm");
	table_add_number_column(table, "elements");
	table_add_fixed_column(table, "cosine", 3);
	table_add_text(table, "mnist");
	table_add_number(table, 2.261443071098839);
	table_add_count(table, 63312);
	table_add_number(table, 0.00012345);
	table_add_text(table, "x");
	table_add_number(table, NAN);
	table_add_count(table, G_MAXUINT64);
	table_add_number(table, -INFINITY);
	return table;
}

static void test_text(void)
{
	g_autoptr(Table) table = sample();
	assert_prints(table, TABLE_TEXT,
		"norms\n"
		"task   norm              elements  cosine\n"
		"mnist  2.26                 63312   0.000\n"
		"x         ·  18446744073709551615       ·\n");
}

static void test_csv(void)
{
	g_autoptr(Table) table = sample();
	assert_prints(table, TABLE_CSV,
		"task,norm,elements,cosine\r\n"
		"mnist,2.261443071098839,63312,0.00012345\r\n"
		"x,,18446744073709551615,\r\n");
}

/* Lines above and below are of the text alone; a cell with nothing to tell is empty in CSV. */
static void test_around(void)
{
	g_autoptr(Table) table = table_new("title");
	table_add_line(table, "more");
	table_add_text_column(table, "name");
	table_add_number_column(table, "offset");
	table_add_text(table, "a");
	table_add_none(table);
	table_add_note(table, "below\033");
	table_add_note(table, "last");
	assert_prints(table, TABLE_TEXT,
		"title\n"
		"more\n"
		"name  offset\n"
		"a          -\n"
		"below?\n"
		"last\n");
	assert_prints(table, TABLE_CSV, "name,offset\r\na,\r\n");
}

static void test_csv_cells(void)
{
	static const struct {
		const char *text, *cell;
	} rows[] = {
		{"plain name", "plain name"},
		{"a,b", "\"a,b\""},
		{"say \"no\"", "\"say \"\"no\"\"\""},
		{"two\nlines", "\"two\nlines\""},
		{"=1+1", "'=1+1"},
		{"+a", "'+a"},
		{"-a", "'-a"},
		{"@sum", "'@sum"},
		{"=a,\"b\"", "\"'=a,\"\"b\"\"\""},
		{"-5", "-5"},
		{"+1e3", "+1e3"},
		{"", ""},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Table) table = table_new(NULL);
		g_autofree char *expected = g_strconcat("h,i\r\n", rows[i].cell, ",z\r\n", NULL);
		table_add_text_column(table, "h");
		table_add_text_column(table, "i");
		table_add_text(table, rows[i].text);
		table_add_text(table, "z");
		assert_prints(table, TABLE_CSV, expected);
	}
}

/* Wide characters take two cells, combining ones none, and what would move the cursor is replaced.
 */
static void test_widths(void)
{
	g_autoptr(Table) table = table_new("a \033[2Jtitle");
	table_add_text_column(table, "名前");
	table_add_text_column(table, "z");
	table_add_text(table, "e\xcc\x81");
	table_add_text(table, "1");
	table_add_text(table, "a\nb");
	table_add_text(table, "2");
	g_autofree char *printed = table_print(table, TABLE_TEXT);
	g_auto(GStrv) lines = g_strsplit(printed, "\n", -1);
	g_assert_cmpuint(g_strv_length(lines), ==, 5);
	g_assert_null(strchr(printed, '\033'));
	g_assert_cmpstr(lines[1], ==, "名前  z");
	g_assert_cmpstr(lines[2], ==, "e\xcc\x81     1");
	g_assert_true(g_str_has_suffix(lines[3], "   2"));
}

static void test_empty(void)
{
	g_autoptr(Table) table = table_new(NULL);
	table_add_text_column(table, "a");
	table_add_number_column(table, "b");
	assert_prints(table, TABLE_TEXT, "a  b\n");
	assert_prints(table, TABLE_CSV, "a,b\r\n");
	table_add_text(table, "only");
	assert_prints(table, TABLE_TEXT, "a     b\nonly\n");
	assert_prints(table, TABLE_CSV, "a,b\r\nonly,\r\n");
	g_autoptr(Table) nothing = table_new("nothing");
	assert_prints(nothing, TABLE_TEXT, "nothing\n\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/table/text", test_text);
	g_test_add_func("/table/csv", test_csv);
	g_test_add_func("/table/around", test_around);
	g_test_add_func("/table/csv-cells", test_csv_cells);
	g_test_add_func("/table/widths", test_widths);
	g_test_add_func("/table/empty", test_empty);
	return g_test_run();
}
