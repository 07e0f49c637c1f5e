/* test_theme.c - that what must be told apart is, on every kind of terminal. */
#include "theme.h"

#include <math.h>

static double channel(guint32 value)
{
	double part = value / 255.0;
	return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

/* Relative luminance, WCAG 2. */
static double luminance(gint16 index)
{
	guint32 rgb = theme_rgb(index);
	return 0.2126 * channel(rgb >> 16 & 0xff) + 0.7152 * channel(rgb >> 8 & 0xff) +
	       0.0722 * channel(rgb & 0xff);
}

static double contrast(gint16 a, gint16 b)
{
	double one = luminance(a), other = luminance(b);
	return (MAX(one, other) + 0.05) / (MIN(one, other) + 0.05);
}

static guint find_theme(const char *name)
{
	for (guint i = 0; i < theme_count(); i++)
		if (g_str_equal(theme_get(i)->name, name))
			return i;
	g_assert_not_reached();
}

static void test_cube(void)
{
	g_assert_cmphex(theme_rgb(16), ==, 0x000000);
	g_assert_cmphex(theme_rgb(231), ==, 0xffffff);
	g_assert_cmphex(theme_rgb(208), ==, 0xff8700);
	g_assert_cmphex(theme_rgb(24), ==, 0x005f87);
	g_assert_cmphex(theme_rgb(232), ==, 0x080808);
	g_assert_cmphex(theme_rgb(255), ==, 0xeeeeee);
	g_assert_cmphex(theme_rgb(9), ==, 0xff0000);
}

/* Lightness changes in one direction on each side of zero, and numbers can be read on it. */
static void check_ramp(const char *name, gboolean light_middle)
{
	guint theme = find_theme(name);
	for (int level = 0; level < HEAT_LEVELS; level++) {
		Style style = theme_style(theme, (Role)(ROLE_HEAT + level));
		g_assert_cmpfloat(contrast(style.foreground, style.background), >=, 4.5);
		if (level == HEAT_LEVELS / 2)
			continue;
		int inner = level < HEAT_LEVELS / 2 ? level + 1 : level - 1;
		Style nearer = theme_style(theme, (Role)(ROLE_HEAT + inner));
		double step = luminance(nearer.background) - luminance(style.background);
		g_assert_cmpfloat(light_middle ? step : -step, >, 0);
	}
}

static void test_ramps(void)
{
	check_ramp("light", TRUE);
	check_ramp("dark", FALSE);
}

/* Texts of all roles on the grounds that terminals of that kind have. */
static void test_text_is_readable(void)
{
	const struct {
		const char *name;
		gint16 ground;
	} grounds[] = {{"light", 231}, {"dark", 16}};
	for (gsize i = 0; i < G_N_ELEMENTS(grounds); i++) {
		for (guint role = 0; role < ROLE_HEAT; role++) {
			Style style = theme_style(find_theme(grounds[i].name), (Role)role);
			gint16 ground = style.background < 0 ? grounds[i].ground : style.background;
			if (role != ROLE_RULE && style.foreground >= 0)
				g_assert_cmpfloat(contrast(style.foreground, ground), >=, 3);
		}
	}
}

static void test_selection_needs_no_colour(void)
{
	guint plain = find_theme("plain");
	for (guint role = 0; role < ROLE_COUNT; role++) {
		Style style = theme_style(plain, (Role)role);
		g_assert_cmpint(style.foreground, ==, -1);
		g_assert_cmpint(style.background, ==, -1);
	}
	g_assert_cmpint(theme_style(plain, ROLE_SELECTED).flags & STYLE_REVERSE, !=, 0);
}

static void test_eight_colours_stay_below_eight(void)
{
	guint eight = find_theme("eight");
	for (guint role = 0; role < ROLE_COUNT; role++) {
		Style style = theme_style(eight, (Role)role);
		g_assert_cmpint(style.foreground, <, 8);
		g_assert_cmpint(style.background, <, 8);
	}
}

static void test_choice(void)
{
	g_unsetenv("COLORFGBG");
	g_assert_cmpuint(theme_for(256), ==, find_theme("dark"));
	g_assert_cmpuint(theme_for(8), ==, find_theme("eight"));
	g_assert_cmpuint(theme_for(0), ==, find_theme("plain"));
	g_setenv("COLORFGBG", "0;15", TRUE);
	g_assert_cmpuint(theme_for(256), ==, find_theme("light"));
	g_setenv("COLORFGBG", "15;default;0", TRUE);
	g_assert_cmpuint(theme_for(256), ==, find_theme("dark"));
	g_unsetenv("COLORFGBG");
}

static void test_next_only_shows_what_can_be(void)
{
	guint plain = find_theme("plain"), eight = find_theme("eight");
	g_assert_cmpuint(theme_next(plain, 0), ==, plain);
	g_assert_cmpuint(theme_next(plain, 8), ==, eight);
	g_assert_cmpuint(theme_next(eight, 8), ==, plain);
	guint seen = 0, theme = plain;
	do {
		theme = theme_next(theme, 256);
		seen++;
	} while (theme != plain);
	g_assert_cmpuint(seen, ==, theme_count());
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/theme/cube", test_cube);
	g_test_add_func("/theme/ramps", test_ramps);
	g_test_add_func("/theme/text-is-readable", test_text_is_readable);
	g_test_add_func("/theme/selection-needs-no-colour", test_selection_needs_no_colour);
	g_test_add_func("/theme/eight-colours", test_eight_colours_stay_below_eight);
	g_test_add_func("/theme/choice", test_choice);
	g_test_add_func("/theme/next", test_next_only_shows_what_can_be);
	return g_test_run();
}
