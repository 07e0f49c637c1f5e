/* test_canvas.c - text in columns, clipping, wide characters, ASCII twins, roles. */
#include "canvas.h"

#include <string.h>

static void check_text(const Canvas *canvas, const char *expected)
{
	g_autofree char *text = canvas_to_text(canvas);
	g_assert_cmpstr(text, ==, expected);
}

static void test_text_is_clipped(void)
{
	g_autoptr(Canvas) canvas = canvas_new(10, 3, FALSE);
	Rect rect = {2, 1, 4, 1};
	g_assert_cmpint(canvas_text(canvas, rect, 1, 0, ROLE_NORMAL, "abcdef"), ==, 3);
	canvas_text(canvas, rect, 0, 1, ROLE_NORMAL, "below");
	canvas_text(canvas, rect, 0, -1, ROLE_NORMAL, "above");
	canvas_text(canvas, rect, -2, 0, ROLE_NORMAL, "xyz");
	check_text(canvas, "\n  zabc\n\n");
}

static void test_rectangle_beyond_the_canvas(void)
{
	g_autoptr(Canvas) canvas = canvas_new(4, 2, FALSE);
	canvas_fill(canvas, (Rect){-5, -5, 7, 7}, ROLE_NORMAL, '#');
	canvas_text(canvas, (Rect){2, 1, 50, 50}, 0, 0, ROLE_NORMAL, "long text");
	canvas_box(canvas, (Rect){-1, -1, 100, 100}, "title");
	canvas_paint(canvas, (Rect){3, 0, 9, 9}, ROLE_ERROR);
	check_text(canvas, "##\n##lo\n");
}

static void test_negative_sizes_draw_nothing(void)
{
	g_autoptr(Canvas) canvas = canvas_new(4, 2, FALSE);
	Rect rect = {1, 1, -3, -3};
	canvas_text(canvas, rect, 0, 0, ROLE_NORMAL, "a");
	canvas_field(canvas, rect, 0, 0, 5, ROLE_NORMAL, "a");
	canvas_box(canvas, rect, "a");
	canvas_horizontal(canvas, rect, 0);
	canvas_vertical(canvas, rect, 0);
	check_text(canvas, "\n\n");
}

static void test_wide_characters(void)
{
	g_autoptr(Canvas) canvas = canvas_new(6, 1, FALSE);
	Rect all = canvas_rect(canvas);
	g_assert_cmpint(canvas_columns("a漢字"), ==, 5);
	canvas_text(canvas, all, 0, 0, ROLE_NORMAL, "a漢字漢");
	check_text(canvas, "a漢字\n");
	canvas_text(canvas, all, 2, 0, ROLE_NORMAL, "x");
	check_text(canvas, "a x字\n");
	canvas_text(canvas, all, 3, 0, ROLE_NORMAL, "y");
	check_text(canvas, "a xy\n");
}

static void test_unsafe_bytes(void)
{
	g_autoptr(Canvas) canvas = canvas_new(20, 1, FALSE);
	canvas_text(canvas, canvas_rect(canvas), 0, 0, ROLE_NORMAL, "a\033[1m\xff\tb\xc3");
	check_text(canvas, "a?[1m??b?\n");
	canvas_clear(canvas);
	canvas_text(canvas, canvas_rect(canvas), 0, 0, ROLE_NORMAL, "e\xcc\x81\xe2\x80\xaeg");
	check_text(canvas, "eg\n");
}

static void test_field_pads_and_shortens(void)
{
	g_autoptr(Canvas) canvas = canvas_new(12, 3, FALSE);
	Rect all = canvas_rect(canvas);
	canvas_fill(canvas, all, ROLE_NORMAL, '.');
	canvas_field(canvas, all, 1, 0, 5, ROLE_NORMAL, "abc");
	canvas_field(canvas, all, 1, 1, 5, ROLE_NORMAL, "abcdefg");
	canvas_field(canvas, all, 1, 2, 5, ROLE_NORMAL, "漢字漢");
	check_text(canvas, ".abc  ......\n.abcd…......\n.漢字…......\n");
}

static void test_right_aligned(void)
{
	g_autoptr(Canvas) canvas = canvas_new(8, 1, FALSE);
	canvas_text_right(canvas, canvas_rect(canvas), 6, 0, ROLE_NORMAL, "−0.5");
	check_text(canvas, "  −0.5\n");
}

static void test_ascii_twins(void)
{
	g_autoptr(Canvas) canvas = canvas_new(30, 3, TRUE);
	Rect all = canvas_rect(canvas);
	canvas_box(canvas, rect_rows(all, 0, 3), "τ λ");
	canvas_text(canvas, all, 2, 1, ROLE_NORMAL, "▶ ● … ⣿ ⠀ ⟨é⟩ 漢 ≤ ×");
	g_autofree char *text = canvas_to_text(canvas);
	g_assert_true(g_str_is_ascii(text));
	check_text(canvas, "+ t l -----------------------+\n"
			   "| > * ~ *   <?> ?? < x       |\n"
			   "+----------------------------+\n");
}

static void test_roles(void)
{
	g_autoptr(Canvas) canvas = canvas_new(8, 3, FALSE);
	Rect all = canvas_rect(canvas);
	canvas_text(canvas, all, 0, 1, ROLE_SELECTED, "ab");
	canvas_text(canvas, all, 2, 1, ROLE_HEAT, "c");
	canvas_text(canvas, all, 3, 1, (Role)(ROLE_HEAT + HEAT_LEVELS - 1), "d");
	canvas_text(canvas, all, 4, 1, (Role)(ROLE_SERIES + SERIES_COUNT - 1), "e");
	canvas_text(canvas, all, 5, 1, ROLE_OVERLAY, "f");
	g_autofree char *one = canvas_to_roles(canvas, 1, 1);
	g_assert_cmpstr(one, ==, "ss0AZv\n");
	g_autofree char *beyond = canvas_to_roles(canvas, 2, 99);
	g_assert_cmpstr(beyond, ==, "\n");
}

static void check_rect(Rect rect, int x, int y, int width, int height)
{
	g_assert_cmpint(rect.x, ==, x);
	g_assert_cmpint(rect.y, ==, y);
	g_assert_cmpint(rect.width, ==, width);
	g_assert_cmpint(rect.height, ==, height);
}

static void test_splits(void)
{
	Rect rect = {3, 4, 10, 5};
	check_rect(rect_left(rect, 4), 3, 4, 4, 5);
	check_rect(rect_left(rect, 40), 3, 4, 10, 5);
	check_rect(rect_right_of(rect, 4), 7, 4, 6, 5);
	check_rect(rect_right_of(rect, 40), 13, 4, 0, 5);
	check_rect(rect_rows(rect, 1, 2), 3, 5, 10, 2);
	check_rect(rect_rows(rect, 4, 9), 3, 8, 10, 1);
	check_rect(rect_rows(rect, 9, 2), 3, 9, 10, 0);
	check_rect(rect_rows(rect, -2, -1), 3, 4, 10, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/canvas/text-is-clipped", test_text_is_clipped);
	g_test_add_func("/canvas/rectangle-beyond", test_rectangle_beyond_the_canvas);
	g_test_add_func("/canvas/negative-sizes", test_negative_sizes_draw_nothing);
	g_test_add_func("/canvas/wide-characters", test_wide_characters);
	g_test_add_func("/canvas/unsafe-bytes", test_unsafe_bytes);
	g_test_add_func("/canvas/field", test_field_pads_and_shortens);
	g_test_add_func("/canvas/right-aligned", test_right_aligned);
	g_test_add_func("/canvas/ascii-twins", test_ascii_twins);
	g_test_add_func("/canvas/roles", test_roles);
	g_test_add_func("/canvas/splits", test_splits);
	return g_test_run();
}
