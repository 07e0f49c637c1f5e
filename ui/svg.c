/* svg.c - a canvas as a picture: rectangles for grounds, shapes for blocks, lines and dots, text
 * for the rest, so that a plot looks the same whatever the font is. */
#include "svg.h"

#include "theme.h"

#include <string.h>

enum { CELL_WIDTH = 9, CELL_HEIGHT = 18, MARGIN = 12, BASELINE = 13, FONT_SIZE = 15 };

/* Arms of a line character, from the middle of its cell. */
enum { ARM_LEFT = 1, ARM_RIGHT = 2, ARM_UP = 4, ARM_DOWN = 8 };

static const struct {
	gunichar glyph;
	guint arms;
} lines[] = {
	{U'─', ARM_LEFT | ARM_RIGHT},
	{U'│', ARM_UP | ARM_DOWN},
	{U'┌', ARM_RIGHT | ARM_DOWN},
	{U'┐', ARM_LEFT | ARM_DOWN},
	{U'└', ARM_RIGHT | ARM_UP},
	{U'┘', ARM_LEFT | ARM_UP},
	{U'├', ARM_RIGHT | ARM_UP | ARM_DOWN},
	{U'┤', ARM_LEFT | ARM_UP | ARM_DOWN},
	{U'┬', ARM_LEFT | ARM_RIGHT | ARM_DOWN},
	{U'┴', ARM_LEFT | ARM_RIGHT | ARM_UP},
	{U'┼', ARM_LEFT | ARM_RIGHT | ARM_UP | ARM_DOWN},
};

/* Part of a cell, in eighths of it, and how much of its ground shows through a shade. */
typedef struct {
	int x, y, width, height;
	double opacity;
} Block;

typedef struct {
	const Canvas *canvas;
	guint theme;
	GString *out;
	GString *strokes[ROLE_COUNT], *dots[ROLE_COUNT]; /* path data; NULL where there is none */
} Picture;

static const Cell *cell_at(const Picture *picture, int x, int y)
{
	return &picture->canvas->cells[y * picture->canvas->width + x];
}

static guint32 page_ground(guint theme)
{
	return g_str_equal(theme_get(theme)->name, "light") ? 0xffffff : 0x14161a;
}

static guint32 page_ink(guint theme)
{
	return g_str_equal(theme_get(theme)->name, "light") ? 0x1c1c1c : 0xdadada;
}

static guint32 ink(guint theme, Role role)
{
	Style style = theme_style(theme, role);
	gboolean reverse = (style.flags & STYLE_REVERSE) != 0;
	gint16 index = reverse ? style.background : style.foreground;
	if (index < 0)
		return reverse ? page_ground(theme) : page_ink(theme);
	return theme_rgb(index);
}

static guint32 ground(guint theme, Role role)
{
	Style style = theme_style(theme, role);
	gboolean reverse = (style.flags & STYLE_REVERSE) != 0;
	gint16 index = reverse ? style.foreground : style.background;
	if (index < 0)
		return reverse ? page_ink(theme) : page_ground(theme);
	return theme_rgb(index);
}

static int left_of(int x)
{
	return MARGIN + x * CELL_WIDTH;
}

static int top_of(int y)
{
	return MARGIN + y * CELL_HEIGHT;
}

/* The columns from x on that share a role. */
static int run_of_role(const Picture *picture, int x, int y)
{
	int end = x + 1;
	guint8 role = cell_at(picture, x, y)->role;
	while (end < picture->canvas->width && cell_at(picture, end, y)->role == role)
		end++;
	return end - x;
}

static void draw_grounds(Picture *picture, int y)
{
	for (int x = 0, run; x < picture->canvas->width; x += run) {
		run = run_of_role(picture, x, y);
		guint32 colour = ground(picture->theme, cell_at(picture, x, y)->role);
		if (colour == page_ground(picture->theme))
			continue;
		g_string_append_printf(picture->out,
			"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n",
			left_of(x), top_of(y), run * CELL_WIDTH, CELL_HEIGHT, colour);
	}
}

static gboolean find_block(gunichar glyph, Block *block)
{
	int part = (int)glyph;
	if (glyph >= 0x2581 && glyph <= 0x2588)
		*block = (Block){0, 0x2588 - part, 8, part - 0x2580, 1};
	else if (glyph >= 0x2589 && glyph <= 0x258f)
		*block = (Block){0, 0, 0x2590 - part, 8, 1};
	else if (glyph >= 0x2591 && glyph <= 0x2593)
		*block = (Block){0, 0, 8, 8, (part - 0x2590) / 4.0};
	else if (glyph == 0x2590)
		*block = (Block){4, 0, 4, 8, 1};
	else if (glyph == 0x2595)
		*block = (Block){7, 0, 1, 8, 1};
	else
		return FALSE;
	return TRUE;
}

static void draw_block(Picture *picture, int x, int y, const Block *block)
{
	g_string_append_printf(picture->out,
		"<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"#%06x\"",
		left_of(x) + block->x * CELL_WIDTH / 8.0, top_of(y) + block->y * CELL_HEIGHT / 8.0,
		block->width * CELL_WIDTH / 8.0, block->height * CELL_HEIGHT / 8.0,
		ink(picture->theme, cell_at(picture, x, y)->role));
	if (block->opacity < 1)
		g_string_append_printf(picture->out, " opacity=\"%g\"", block->opacity);
	g_string_append(picture->out, "/>\n");
}

static GString *path_of(GString **paths, guint8 role)
{
	if (!paths[role])
		paths[role] = g_string_new(NULL);
	return paths[role];
}

static guint find_arms(gunichar glyph)
{
	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
		if (lines[i].glyph == glyph)
			return lines[i].arms;
	return 0;
}

static void add_lines(Picture *picture, int x, int y, guint arms)
{
	GString *path = path_of(picture->strokes, cell_at(picture, x, y)->role);
	double middle_x = left_of(x) + CELL_WIDTH / 2.0, middle_y = top_of(y) + CELL_HEIGHT / 2.0;
	double left = arms & ARM_LEFT ? left_of(x) : middle_x;
	double right = arms & ARM_RIGHT ? left_of(x + 1) : middle_x;
	double up = arms & ARM_UP ? top_of(y) : middle_y;
	double down = arms & ARM_DOWN ? top_of(y + 1) : middle_y;
	if (left < right)
		g_string_append_printf(path, "M%g %gH%g", left, middle_y, right);
	if (up < down)
		g_string_append_printf(path, "M%g %gV%g", middle_x, up, down);
}

static void add_dots(Picture *picture, int x, int y, gunichar glyph)
{
	static const guint8 bits[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
	GString *path = path_of(picture->dots, cell_at(picture, x, y)->role);
	for (int row = 0; row < 4; row++)
		for (int column = 0; column < 2; column++)
			if ((glyph - 0x2800) & bits[row][column])
				g_string_append_printf(path, "M%g %gh0",
					left_of(x) + (column + 0.5) * CELL_WIDTH / 2.0,
					top_of(y) + (row + 0.5) * CELL_HEIGHT / 4.0);
}

/* Draws a cell that is a shape; FALSE where it is text. */
static gboolean draw_shape(Picture *picture, int x, int y)
{
	gunichar glyph = cell_at(picture, x, y)->character;
	Block block;
	guint arms = find_arms(glyph);
	if (find_block(glyph, &block))
		draw_block(picture, x, y, &block);
	else if (arms)
		add_lines(picture, x, y, arms);
	else if (glyph > 0x2800 && glyph <= 0x28ff)
		add_dots(picture, x, y, glyph);
	else
		return FALSE;
	return TRUE;
}

static gboolean is_text(const Cell *cell)
{
	Block block;
	gunichar glyph = cell->character;
	gboolean dots = glyph >= 0x2800 && glyph <= 0x28ff;
	return glyph != ' ' && !dots && !find_arms(glyph) && !find_block(glyph, &block);
}

/* A word: beyond ASCII each character stands alone, as its width depends on the font. */
static int word_columns(const Picture *picture, int x, int y)
{
	const Cell *first = cell_at(picture, x, y);
	int end = x + 1;
	while (end < picture->canvas->width) {
		const Cell *cell = cell_at(picture, end, y);
		gboolean plain = first->character < 0x7f && cell->character < 0x7f;
		if (cell->character && (!plain || cell->role != first->role || !is_text(cell)))
			break;
		end++;
	}
	return end - x;
}

static const char *weight(const Style *style)
{
	return style->flags & STYLE_BOLD ? " font-weight=\"bold\"" : "";
}

static const char *decoration(const Style *style)
{
	return style->flags & STYLE_UNDERLINE ? " text-decoration=\"underline\"" : "";
}

static void draw_word(Picture *picture, int x, int y, int columns)
{
	g_autoptr(GString) text = g_string_new(NULL);
	for (int i = 0; i < columns; i++)
		if (cell_at(picture, x + i, y)->character)
			g_string_append_unichar(text, cell_at(picture, x + i, y)->character);
	g_autofree char *escaped = g_markup_escape_text(text->str, -1);
	guint8 role = cell_at(picture, x, y)->role;
	Style style = theme_style(picture->theme, role);
	g_string_append_printf(picture->out,
		"<text x=\"%d\" y=\"%d\" fill=\"#%06x\"%s%s>%s</text>\n", left_of(x),
		top_of(y) + BASELINE, ink(picture->theme, role), weight(&style), decoration(&style),
		escaped);
}

static void draw_row(Picture *picture, int y)
{
	draw_grounds(picture, y);
	for (int x = 0; x < picture->canvas->width; x++) {
		if (draw_shape(picture, x, y) || !is_text(cell_at(picture, x, y)))
			continue;
		int columns = word_columns(picture, x, y);
		draw_word(picture, x, y, columns);
		x += columns - 1;
	}
}

static void draw_paths(Picture *picture, GString **paths, double width)
{
	for (guint role = 0; role < ROLE_COUNT; role++) {
		if (!paths[role])
			continue;
		g_string_append_printf(picture->out,
			"<path d=\"%s\" fill=\"none\" stroke=\"#%06x\" stroke-width=\"%g\" "
			"stroke-linecap=\"round\"/>\n",
			paths[role]->str, ink(picture->theme, (Role)role), width);
		g_string_free(paths[role], TRUE);
	}
}

char *svg_from_canvas(const Canvas *canvas, guint theme)
{
	Picture picture = {.canvas = canvas, .theme = theme, .out = g_string_new(NULL)};
	int width = 2 * MARGIN + canvas->width * CELL_WIDTH;
	int height = 2 * MARGIN + canvas->height * CELL_HEIGHT;
	g_string_append_printf(picture.out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\">\n"
		"<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#%06x\"/>\n"
		"<g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" "
		"font-size=\"%d\">\n",
		width, height, width, height, width, height, page_ground(theme), FONT_SIZE);
	for (int y = 0; y < canvas->height; y++)
		draw_row(&picture, y);
	draw_paths(&picture, picture.strokes, 1);
	draw_paths(&picture, picture.dots, 2.4);
	g_string_append(picture.out, "</g>\n</svg>\n");
	return g_string_free(picture.out, FALSE);
}
