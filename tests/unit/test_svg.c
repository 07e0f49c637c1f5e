/* test_svg.c - a picture is well-formed XML and holds what the canvas shows. */
#include "svg.h"

#include "theme.h"

#include <string.h>

/* The text of all elements, in the order of the document. */
static void collect(G_GNUC_UNUSED GMarkupParseContext *context, const char *text, gsize length,
	gpointer data, G_GNUC_UNUSED GError **error)
{
	g_string_append_len(data, text, (gssize)length);
}

static char *texts_of(const char *svg)
{
	const GMarkupParser parser = {.text = collect};
	g_autoptr(GError) error = NULL;
	GString *texts = g_string_new(NULL);
	GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, texts, NULL);
	g_markup_parse_context_parse(context, svg, -1, &error);
	g_assert_no_error(error);
	g_markup_parse_context_end_parse(context, &error);
	g_assert_no_error(error);
	g_markup_parse_context_free(context);
	g_auto(GStrv) lines = g_strsplit(texts->str, "\n", -1);
	g_string_free(texts, TRUE);
	return g_strjoinv("", lines);
}

static gsize count_of(const char *text, const char *part)
{
	g_auto(GStrv) pieces = g_strsplit(text, part, -1);
	return g_strv_length(pieces) - 1;
}

static void test_text_is_escaped(void)
{
	g_autoptr(Canvas) canvas = canvas_new(30, 2, FALSE);
	canvas_text(canvas, canvas_rect(canvas), 0, 0, ROLE_NORMAL, "a<b>&\"c'");
	canvas_text(canvas, canvas_rect(canvas), 0, 1, ROLE_ERROR, "λ 漢x");
	for (guint theme = 0; theme < theme_count(); theme++) {
		g_autofree char *svg = svg_from_canvas(canvas, theme);
		g_autofree char *texts = texts_of(svg);
		g_assert_cmpstr(texts, ==, "a<b>&\"c'λ漢x");
	}
}

static void test_shapes_are_no_text(void)
{
	g_autoptr(Canvas) canvas = canvas_new(20, 4, FALSE);
	canvas_box(canvas, canvas_rect(canvas), NULL);
	canvas_text(canvas, canvas_rect(canvas), 1, 1, ROLE_BAR, "█▌▏▃░▐▕");
	canvas_text(canvas, canvas_rect(canvas), 1, 2, ROLE_SERIES, "⣿⠁");
	g_autofree char *svg = svg_from_canvas(canvas, 0);
	g_autofree char *texts = texts_of(svg);
	g_assert_cmpstr(texts, ==, "");
	g_assert_cmpuint(count_of(svg, "<rect"), ==, 1 + 7);
	g_assert_cmpuint(count_of(svg, "h0"), ==, 9);
}

/* The ground of each level of the ramp is in the picture, in the theme's own colour. */
static void test_heat_has_grounds(void)
{
	g_autoptr(Canvas) canvas = canvas_new(HEAT_LEVELS, 1, FALSE);
	for (int level = 0; level < HEAT_LEVELS; level++)
		canvas_text(canvas, canvas_rect(canvas), level, 0, (Role)(ROLE_HEAT + level), "0");
	guint theme = theme_for(256);
	g_autofree char *svg = svg_from_canvas(canvas, theme);
	for (int level = 0; level < HEAT_LEVELS; level++) {
		Style style = theme_style(theme, (Role)(ROLE_HEAT + level));
		g_autofree char *fill =
			g_strdup_printf("fill=\"#%06x\"/>", theme_rgb(style.background));
		g_assert_nonnull(strstr(svg, fill));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/svg/text-is-escaped", test_text_is_escaped);
	g_test_add_func("/svg/shapes-are-no-text", test_shapes_are_no_text);
	g_test_add_func("/svg/heat-has-grounds", test_heat_has_grounds);
	return g_test_run();
}
