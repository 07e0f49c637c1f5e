/* test_widget.c - a list keeps its cursor in sight; a line is edited as readline does. */
#include "widget.h"

#include "test.h"

#include <glib/gstdio.h>
#include <string.h>

static void test_list_moves(void)
{
	ListWidget list = {0};
	list_fit(&list, 10, 4);
	g_assert_true(list_act(&list, ACTION_UP));
	g_assert_cmpint(list.cursor, ==, 0);
	list_act(&list, ACTION_PAGE_DOWN);
	g_assert_cmpint(list.cursor, ==, 2);
	list_act(&list, ACTION_LAST);
	g_assert_cmpint(list.cursor, ==, 9);
	g_assert_cmpint(list.top, ==, 6);
	list_act(&list, ACTION_DOWN);
	g_assert_cmpint(list.cursor, ==, 9);
	list_act(&list, ACTION_FIRST);
	g_assert_cmpint(list.top, ==, 0);
	g_assert_false(list_act(&list, ACTION_OPEN));
}

/* Whatever happens to it, the cursor is a row that exists and is seen. */
static void test_list_stays_in_sight(void)
{
	static const ActionId moves[] = {ACTION_DOWN, ACTION_UP, ACTION_FIRST, ACTION_LAST,
		ACTION_PAGE_DOWN, ACTION_PAGE_UP};
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	ListWidget list = {0};
	for (int i = 0; i < 10000; i++) {
		if (g_rand_int_range(random, 0, 10) == 0)
			list_fit(&list, g_rand_int_range(random, -1, 30),
				g_rand_int_range(random, -1, 12));
		list_act(&list, moves[g_rand_int_range(random, 0, G_N_ELEMENTS(moves))]);
		g_assert_cmpint(list.cursor, >=, 0);
		g_assert_cmpint(list.cursor, <, MAX(list.count, 1));
		g_assert_cmpint(list.top, >=, 0);
		g_assert_cmpint(list.cursor, >=, list.top);
		g_assert_cmpint(list.cursor, <, list.top + list.page);
	}
}

static void press(LineWidget *line, const char *keys)
{
	g_auto(GStrv) list = g_strsplit(keys, " ", -1);
	for (guint i = 0; list[i]; i++)
		line_key(line, list[i]);
}

static void test_line_edits(void)
{
	static const struct {
		const char *initial, *keys, *expected;
	} cases[] = {
		{"", "a b <Space> c", "ab c"},
		{"abc", "<Left> x", "abxc"},
		{"abc", "<C-a> x <C-e> y", "xabcy"},
		{"abc", "<Backspace> <Backspace>", "a"},
		{"abc", "<C-a> <Delete> <C-d>", "c"},
		{"one two", "<C-w>", "one "},
		{"dir/file", "<C-w>", "dir/"},
		{"one two  ", "<C-w>", "one "},
		{"abc", "<Left> <C-u>", "c"},
		{"abc", "<C-a> <Right> <C-k>", "a"},
		{"λμ", "<Left> <Backspace> é", "éμ"},
		{"", "<Backspace> <Delete> <C-w> <C-u> <C-k> <Left> <Right>", ""},
		{"", "<Enter> <Tab> <F1> <C-x>", ""},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		LineWidget *line = line_new(cases[i].initial);
		press(line, cases[i].keys);
		g_assert_cmpstr(line->text->str, ==, cases[i].expected);
		line_free(line);
	}
}

static void test_line_refuses_what_is_no_text(void)
{
	LineWidget *line = line_new("");
	g_assert_false(line_key(line, "<Enter>"));
	g_assert_false(line_key(line, "\xff"));
	g_assert_false(line_key(line, "\t"));
	g_assert_true(line_key(line, "<"));
	g_assert_cmpstr(line->text->str, ==, "<");
	line_free(line);
}

static void check_completion(const char *folder, const char *typed, const char *expected)
{
	g_autofree char *start = g_build_filename(folder, typed, NULL);
	g_autofree char *end = g_build_filename(folder, expected, NULL);
	LineWidget *line = line_new(start);
	gboolean added = line_complete_path(line);
	g_assert_cmpstr(line->text->str, ==, end);
	g_assert_cmpint(added, ==, strlen(end) > strlen(start));
	line_free(line);
}

static void test_path_completion(void)
{
	char *folder = test_folder();
	static const char *const names[] = {"model-1.bin", "model-2.bin", "other.txt", ".hidden"};
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(folder, names[i], NULL);
		test_write(path, "", 0);
	}
	g_autofree char *inner = g_build_filename(folder, "weights", NULL);
	g_assert_cmpint(g_mkdir(inner, 0700), ==, 0);
	check_completion(folder, "mo", "model-");
	check_completion(folder, "model-1", "model-1.bin");
	check_completion(folder, "w", "weights/");
	check_completion(folder, "zzz", "zzz");
	check_completion(folder, ".h", ".hidden");
	check_completion(folder, "missing/x", "missing/x");
	LineWidget *line = line_new("name=");
	g_string_append_printf(line->text, "%s/w", folder);
	line->cursor = line->text->len;
	g_assert_true(line_complete_path(line));
	g_assert_true(g_str_has_suffix(line->text->str, "/weights/"));
	line_free(line);
	test_folder_remove(folder);
}

static void test_line_is_scrolled_to_its_cursor(void)
{
	g_autoptr(Canvas) canvas = canvas_new(12, 1, FALSE);
	LineWidget *line = line_new("0123456789");
	line_draw(line, canvas, canvas_rect(canvas), 2, 0, 6);
	g_autofree char *end = canvas_to_text(canvas);
	g_assert_cmpstr(end, ==, "  56789\n");
	g_assert_cmpint(canvas->cursor_x, ==, 7);
	line_key(line, "<C-a>");
	line_draw(line, canvas, canvas_rect(canvas), 2, 0, 6);
	g_autofree char *start = canvas_to_text(canvas);
	g_assert_cmpstr(start, ==, "  012345\n");
	g_assert_cmpint(canvas->cursor_x, ==, 2);
	line_free(line);
}

static void check_wrap(const char *text, int columns, const char *expected)
{
	g_auto(GStrv) lines = text_wrap(text, columns);
	g_autofree char *joined = g_strjoinv("|", lines);
	g_assert_cmpstr(joined, ==, expected);
}

static void test_wrap(void)
{
	check_wrap("one two three", 8, "one two|three");
	check_wrap("onetwothree", 4, "onet|woth|ree");
	check_wrap("a\n\nb", 4, "a||b");
	check_wrap("", 4, "");
	check_wrap("λμν ξ", 3, "λμν|ξ");
	check_wrap("ab  one two", 8, "ab  one|    two");
	check_wrap("漢字", 1, "漢|字");
}

static void test_fuzzy(void)
{
	int near, far;
	g_assert_true(text_fuzzy("", "anything", &near));
	g_assert_true(text_fuzzy("mn", "MNIST", &near));
	g_assert_false(text_fuzzy("nm", "mnist", &near));
	g_assert_true(text_fuzzy("exp", "export", &near));
	g_assert_true(text_fuzzy("exp", "enter x past", &far));
	g_assert_cmpint(near, >, far);
	g_assert_true(text_fuzzy("é", "É", &near));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/widget/list-moves", test_list_moves);
	g_test_add_func("/widget/list-stays-in-sight", test_list_stays_in_sight);
	g_test_add_func("/widget/line-edits", test_line_edits);
	g_test_add_func("/widget/line-refuses", test_line_refuses_what_is_no_text);
	g_test_add_func("/widget/path-completion", test_path_completion);
	g_test_add_func("/widget/line-is-scrolled", test_line_is_scrolled_to_its_cursor);
	g_test_add_func("/widget/wrap", test_wrap);
	g_test_add_func("/widget/fuzzy", test_fuzzy);
	return g_test_run();
}
