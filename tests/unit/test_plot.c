/* test_plot.c - what bars, sliders, sparks and line plots draw, cell by cell. */
#include "plot.h"

#include <math.h>

static void check_text(const Canvas *canvas, const char *expected)
{
	g_autofree char *text = canvas_to_text(canvas);
	g_assert_cmpstr(text, ==, expected);
}

static void test_heat_levels(void)
{
	g_assert_cmpint(plot_heat(-1), ==, ROLE_HEAT);
	g_assert_cmpint(plot_heat(-7), ==, ROLE_HEAT);
	g_assert_cmpint(plot_heat(0), ==, ROLE_HEAT + 5);
	g_assert_cmpint(plot_heat(0.11), ==, ROLE_HEAT + 6);
	g_assert_cmpint(plot_heat(1), ==, ROLE_HEAT + 10);
	g_assert_cmpint(plot_heat(NAN), ==, ROLE_DIM);
	g_assert_cmpint(plot_heat(INFINITY), ==, ROLE_DIM);
}

static void test_bar_in_eighths(void)
{
	g_autoptr(Canvas) canvas = canvas_new(10, 6, FALSE);
	Rect all = canvas_rect(canvas);
	const double fractions[] = {0, 0.5, 5.0 / 64, 1, 3, NAN};
	for (int y = 0; y < 6; y++)
		plot_bar(canvas, all, 1, y, 8, fractions[y], ROLE_BAR);
	check_text(canvas, "\n ████\n ▋\n ████████\n ████████\n\n");
}

static void test_bar_in_ascii(void)
{
	g_autoptr(Canvas) canvas = canvas_new(10, 2, TRUE);
	plot_bar(canvas, canvas_rect(canvas), 0, 0, 8, 0.45, ROLE_BAR);
	plot_bar(canvas, canvas_rect(canvas), 0, 1, 8, 0.43, ROLE_BAR);
	check_text(canvas, "####\n###\n");
}

static void test_signed_bar(void)
{
	g_autoptr(Canvas) canvas = canvas_new(9, 5, FALSE);
	Rect all = canvas_rect(canvas);
	plot_bar_signed(canvas, all, 0, 0, 9, 0.5, NAN, ROLE_BAR);
	plot_bar_signed(canvas, all, 0, 1, 9, -1, NAN, ROLE_BAR);
	plot_bar_signed(canvas, all, 0, 2, 9, -0.1, NAN, ROLE_BAR);
	plot_bar_signed(canvas, all, 0, 3, 9, NAN, NAN, ROLE_BAR);
	plot_bar_signed(canvas, all, 0, 4, 9, 0.25, 1, ROLE_BAR);
	check_text(canvas, "    │██\n████│\n   ▕│\n    │\n    │█  ┊\n");
}

static void test_slider(void)
{
	g_autoptr(Canvas) canvas = canvas_new(11, 4, FALSE);
	Rect all = canvas_rect(canvas);
	plot_slider(canvas, all, 0, 0, 11, -1, 1, 0.6, ROLE_BAR);
	plot_slider(canvas, all, 0, 1, 11, -1, 1, 0, ROLE_BAR);
	plot_slider(canvas, all, 0, 2, 11, -1, 1, 7, ROLE_BAR);
	plot_slider(canvas, all, 0, 3, 11, 1, 2, 0.5, ROLE_BAR);
	check_text(canvas, "─────┼──●──\n─────●─────\n─────┼────▶\n◀──────────\n");
}

static void test_spark(void)
{
	g_autoptr(Canvas) canvas = canvas_new(10, 4, FALSE);
	Rect all = canvas_rect(canvas);
	const double rising[] = {0, 1, 2, 3, 4, 5, 6, 7};
	const double gap[] = {7, NAN, 7};
	const double none[] = {NAN, 0};
	plot_spark(canvas, all, 0, 0, 10, rising, 8, ROLE_BAR);
	plot_spark(canvas, all, 0, 1, 4, rising, 8, ROLE_BAR);
	plot_spark(canvas, all, 0, 2, 10, gap, 3, ROLE_BAR);
	plot_spark(canvas, all, 0, 3, 10, none, 2, ROLE_BAR);
	check_text(canvas, "▁▂▃▄▅▆▇█\n▂▄▆█\n█ █\n ▁\n");
}

/* Whether the dot at column x, row y of the area at (left, 0) is set. */
static gboolean dot_is_set(const Canvas *canvas, int left, int x, int y)
{
	static const guint bits[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
	const Cell *cell = &canvas->cells[y / 4 * canvas->width + left + x / 2];
	return cell->character >= 0x2800 && ((cell->character - 0x2800) & bits[y % 4][x % 2]);
}

/* A diagonal over 22 by 16 dots: in column x the dot of row 15 - 15x/21 alone. */
static void test_lines(void)
{
	g_autoptr(Canvas) canvas = canvas_new(14, 6, FALSE);
	const double x[] = {0, 1}, y[] = {0, 1};
	PlotSeries series = {x, y, 2, ROLE_SERIES, 0};
	plot_lines(canvas, canvas_rect(canvas), &series, 1, 0, 1, 0, 1, NAN);
	for (int column = 0; column < 22; column++)
		for (int row = 0; row < 16; row++)
			g_assert_cmpint(dot_is_set(canvas, 3, column, row), ==,
				row == 15 - (int)round(15.0 * column / 21));
}

static void test_axes(void)
{
	g_autoptr(Canvas) canvas = canvas_new(30, 8, FALSE);
	plot_lines(canvas, canvas_rect(canvas), NULL, 0, 0, 10000, -0.5, 0.5, NAN);
	check_text(canvas, " 0.5 ┤\n     │\n 0.0 ┤\n     │\n     │\n−0.5 ┤\n"
			   "     └┬──────────┬───────────┬\n"
			   "      0        5000      10000\n");
}

static void test_lines_beyond_the_ranges(void)
{
	g_autoptr(Canvas) canvas = canvas_new(40, 12, FALSE);
	const double x[] = {-1e12, 5, NAN, 1e300, 2}, y[] = {-1e300, 1e12, 0, NAN, -1e9};
	PlotSeries series = {x, y, 5, ROLE_SERIES, U'●'};
	plot_lines(canvas, canvas_rect(canvas), &series, 1, 0, 10, 0, 1, 1e9);
	plot_lines(canvas, canvas_rect(canvas), &series, 1, 0, 0, 0, 1, 0);
	plot_lines(canvas, canvas_rect(canvas), &series, 1, 0, 1, NAN, 1, 0);
	plot_lines(canvas, (Rect){0, 0, 5, 2}, &series, 1, 0, 10, 0, 1, 0);
	g_autofree char *text = canvas_to_text(canvas);
	g_assert_null(g_strstr_len(text, -1, "●"));
}

static gsize count_of(const char *text, const char *part)
{
	g_auto(GStrv) pieces = g_strsplit(text, part, -1);
	return g_strv_length(pieces) - 1;
}

static void test_markers_and_cross(void)
{
	g_autoptr(Canvas) canvas = canvas_new(40, 12, FALSE);
	const double x[] = {0, 5, 10}, y[] = {0.5, 0.5, 0.5};
	PlotSeries series = {x, y, 3, ROLE_SERIES, U'▲'};
	plot_lines(canvas, canvas_rect(canvas), &series, 1, 0, 10, 0, 1, 2.5);
	g_autofree char *text = canvas_to_text(canvas);
	g_assert_cmpuint(count_of(text, "▲"), ==, 3);
	g_assert_cmpuint(count_of(text, "┊"), ==, 9);
}

static void test_lines_in_ascii(void)
{
	g_autoptr(Canvas) canvas = canvas_new(30, 8, TRUE);
	const double x[] = {0, 1}, y[] = {0, 1};
	PlotSeries series = {x, y, 2, ROLE_SERIES, 0};
	plot_lines(canvas, canvas_rect(canvas), &series, 1, 0, 1, 0, 1, NAN);
	g_autofree char *text = canvas_to_text(canvas);
	g_assert_true(g_str_is_ascii(text));
	g_assert_cmpuint(count_of(text, "*"), >=, 20);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/plot/heat-levels", test_heat_levels);
	g_test_add_func("/plot/bar-in-eighths", test_bar_in_eighths);
	g_test_add_func("/plot/bar-in-ascii", test_bar_in_ascii);
	g_test_add_func("/plot/signed-bar", test_signed_bar);
	g_test_add_func("/plot/slider", test_slider);
	g_test_add_func("/plot/spark", test_spark);
	g_test_add_func("/plot/lines", test_lines);
	g_test_add_func("/plot/axes", test_axes);
	g_test_add_func("/plot/lines-beyond-the-ranges", test_lines_beyond_the_ranges);
	g_test_add_func("/plot/markers-and-cross", test_markers_and_cross);
	g_test_add_func("/plot/lines-in-ascii", test_lines_in_ascii);
	return g_test_run();
}
