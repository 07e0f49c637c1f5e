/* canvas.c - the grid of cells that everything is drawn on.
 *
 * Text is measured in columns, not bytes: a wide character owns two cells, and overwriting one half
 * blanks the other.  In ASCII mode each glyph is replaced by its twin as it is put down. */
#include "canvas.h"

#include <stdarg.h>
#include <string.h>

typedef struct {
	gunichar glyph;
	char ascii;
} Twin;

/* Every glyph that a screen uses and its ASCII twin of the same width. */
static const Twin twins[] = {
	{U'─', '-'},
	{U'│', '|'},
	{U'┌', '+'},
	{U'┐', '+'},
	{U'└', '+'},
	{U'┘', '+'},
	{U'├', '+'},
	{U'┤', '+'},
	{U'┬', '+'},
	{U'┴', '+'},
	{U'┼', '+'},
	{U'┊', ':'},
	{U'┆', ':'},
	{U'╎', ':'},
	{U'▶', '>'},
	{U'▸', '>'},
	{U'▾', 'v'},
	{U'▼', 'v'},
	{U'▲', '^'},
	{U'▴', '^'},
	{U'◀', '<'},
	{U'◂', '<'},
	{U'●', '*'},
	{U'○', 'o'},
	{U'■', '#'},
	{U'□', 'o'},
	{U'◆', '+'},
	{U'◇', 'o'},
	{U'★', '*'},
	{U'·', '.'},
	{U'…', '~'},
	{U'•', '*'},
	{U'–', '-'},
	{U'—', '-'},
	{U'−', '-'},
	{U'▁', '_'},
	{U'▂', '.'},
	{U'▃', ':'},
	{U'▄', '-'},
	{U'▅', '='},
	{U'▆', '+'},
	{U'▇', '*'},
	{U'█', '#'},
	{U'▉', '#'},
	{U'▊', '#'},
	{U'▋', '#'},
	{U'▌', '#'},
	{U'▍', '|'},
	{U'▎', '|'},
	{U'▏', '|'},
	{U'▐', '#'},
	{U'▕', '|'},
	{U'░', '.'},
	{U'▒', ':'},
	{U'▓', '%'},
	{U'▀', '#'},
	{U'τ', 't'},
	{U'λ', 'l'},
	{U'θ', 'o'},
	{U'Σ', 'S'},
	{U'Δ', 'D'},
	{U'α', 'a'},
	{U'μ', 'u'},
	{U'≤', '<'},
	{U'≥', '>'},
	{U'≠', '!'},
	{U'≈', '~'},
	{U'±', '~'},
	{U'∓', '~'},
	{U'×', 'x'},
	{U'‖', '|'},
	{U'√', 'V'},
	{U'⟨', '<'},
	{U'⟩', '>'},
	{U'∞', 'i'},
	{U'→', '>'},
	{U'←', '<'},
	{U'↑', '^'},
	{U'↓', 'v'},
	{U'✓', 'v'},
	{U'✗', 'x'},
	{U'⚠', '!'},
	{U'°', 'd'},
	{U'²', '2'},
	{U'³', '3'},
	{U'⁻', '-'},
	{U'₀', '0'},
	{U'₁', '1'},
	{U'₂', '2'},
	{U'₃', '3'},
	{U'ₜ', 't'},
	{U'ⱼ', 'j'},
	{U'ᵢ', 'i'},
	{U'ᵀ', 'T'},
	{U'“', '"'},
	{U'”', '"'},
	{U'‘', '\''},
	{U'’', '\''},
};

/* One letter for each role in the plane that tests see. */
static const char role_letters[ROLE_COUNT + 1] = ".dTh-smkwegboiv"
						 "UVWXYZ"
						 "0123456789A";

Canvas *canvas_new(int width, int height, gboolean ascii)
{
	Canvas *canvas = g_new0(Canvas, 1);
	canvas->width = MAX(width, 0);
	canvas->height = MAX(height, 0);
	canvas->cells = g_new0(Cell, (gsize)canvas->width * (gsize)canvas->height);
	canvas->ascii = ascii;
	canvas_clear(canvas);
	return canvas;
}

void canvas_free(Canvas *canvas)
{
	if (!canvas)
		return;
	g_free(canvas->cells);
	g_free(canvas);
}

void canvas_clear(Canvas *canvas)
{
	canvas_fill(canvas, canvas_rect(canvas), ROLE_NORMAL, ' ');
	canvas->cursor_x = canvas->cursor_y = -1;
}

Rect canvas_rect(const Canvas *canvas)
{
	return (Rect){0, 0, canvas->width, canvas->height};
}

static gunichar ascii_twin(gunichar character)
{
	if (character < 0x7f)
		return character;
	if (character >= 0x2800 && character <= 0x28ff)
		return character == 0x2800 ? ' ' : '*';
	for (gsize i = 0; i < G_N_ELEMENTS(twins); i++)
		if (twins[i].glyph == character)
			return (gunichar)twins[i].ascii;
	return '?';
}

static Cell *cell_at(const Canvas *canvas, int x, int y)
{
	if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height)
		return NULL;
	return &canvas->cells[(gsize)y * (gsize)canvas->width + (gsize)x];
}

/* Blanks the other half of a wide character of which (x, y) is about to be overwritten. */
static void split_wide(Canvas *canvas, int x, int y)
{
	Cell *cell = cell_at(canvas, x, y);
	Cell *previous = cell_at(canvas, x - 1, y), *next = cell_at(canvas, x + 1, y);
	if (previous && cell->character == 0)
		previous->character = ' ';
	if (next && next->character == 0)
		next->character = ' ';
}

static void put(Canvas *canvas, int x, int y, Role role, gunichar character)
{
	Cell *cell = cell_at(canvas, x, y);
	if (!cell)
		return;
	split_wide(canvas, x, y);
	*cell = (Cell){character, (guint8)role};
}

static int character_width(gunichar character)
{
	if (g_unichar_iszerowidth(character))
		return 0;
	return g_unichar_iswide(character) ? 2 : 1;
}

/* The next character as it may be shown; moves *text past it. */
static gunichar next_character(const char **text)
{
	gunichar character = g_utf8_get_char_validated(*text, -1);
	if (character == (gunichar)-1 || character == (gunichar)-2) {
		(*text)++;
		return '?';
	}
	*text = g_utf8_next_char(*text);
	return g_unichar_iscntrl(character) ? '?' : character;
}

/* Puts a character that lies within [0, width) of the rectangle. */
static void put_clipped(Canvas *canvas, Rect rect, int x, int y, Role role, gunichar character)
{
	int width = character_width(character);
	if (x < 0 || y < 0 || y >= rect.height || x >= rect.width)
		return;
	if (width == 2 && (x + 2 > rect.width || rect.x + x + 2 > canvas->width)) {
		put(canvas, rect.x + x, rect.y + y, role, ' ');
		return;
	}
	put(canvas, rect.x + x, rect.y + y, role, character);
	Cell *right = width == 2 ? cell_at(canvas, rect.x + x + 1, rect.y + y) : NULL;
	if (right) {
		split_wide(canvas, rect.x + x + 1, rect.y + y);
		cell_at(canvas, rect.x + x, rect.y + y)->character = character;
		*right = (Cell){0, (guint8)role};
	}
}

int canvas_text(Canvas *canvas, Rect rect, int x, int y, Role role, const char *text)
{
	int column = x;
	while (text && *text && column < rect.width) {
		gunichar character = next_character(&text);
		if (canvas->ascii && character_width(character) == 1)
			character = ascii_twin(character);
		int width = character_width(character);
		if (canvas->ascii && width == 2) {
			put_clipped(canvas, rect, column, y, role, '?');
			put_clipped(canvas, rect, column + 1, y, role, '?');
		} else if (width > 0) {
			put_clipped(canvas, rect, column, y, role, character);
		}
		column += width;
	}
	return MIN(column, MAX(rect.width, x)) - x;
}

int canvas_printf(Canvas *canvas, Rect rect, int x, int y, Role role, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return canvas_text(canvas, rect, x, y, role, text);
}

int canvas_text_right(Canvas *canvas, Rect rect, int x, int y, Role role, const char *text)
{
	return canvas_text(canvas, rect, x - canvas_columns(text), y, role, text);
}

/* The part of `rect` that `columns` columns from x are; clips what is left of the rectangle. */
static Rect field_rect(Rect rect, int x, int columns)
{
	int left = CLAMP(x, 0, MAX(rect.width, 0));
	int right = CLAMP(x + MAX(columns, 0), left, MAX(rect.width, 0));
	return (Rect){rect.x + left, rect.y, right - left, rect.height};
}

void canvas_field(Canvas *canvas, Rect rect, int x, int y, int columns, Role role, const char *text)
{
	Rect field = field_rect(rect, x, columns);
	if (y < 0 || y >= rect.height || field.width == 0)
		return;
	canvas_fill(canvas, (Rect){field.x, field.y + y, field.width, 1}, role, ' ');
	if (canvas_columns(text) <= field.width) {
		canvas_text(canvas, field, 0, y, role, text);
		return;
	}
	Rect shortened = {field.x, field.y, field.width - 1, field.height};
	canvas_text(canvas, shortened, 0, y, role, text);
	canvas_text(canvas, field, field.width - 1, y, role, "…");
}

void canvas_fill(Canvas *canvas, Rect rect, Role role, gunichar character)
{
	gunichar shown = canvas->ascii ? ascii_twin(character) : character;
	for (int y = MAX(rect.y, 0); y < MIN(rect.y + rect.height, canvas->height); y++)
		for (int x = MAX(rect.x, 0); x < MIN(rect.x + rect.width, canvas->width); x++)
			put(canvas, x, y, role, shown);
}

void canvas_paint(Canvas *canvas, Rect rect, Role role)
{
	for (int y = MAX(rect.y, 0); y < MIN(rect.y + rect.height, canvas->height); y++)
		for (int x = MAX(rect.x, 0); x < MIN(rect.x + rect.width, canvas->width); x++)
			cell_at(canvas, x, y)->role = (guint8)role;
}

void canvas_horizontal(Canvas *canvas, Rect rect, int y)
{
	if (y >= 0 && y < rect.height)
		canvas_fill(canvas, (Rect){rect.x, rect.y + y, rect.width, 1}, ROLE_RULE, U'─');
}

void canvas_vertical(Canvas *canvas, Rect rect, int x)
{
	if (x >= 0 && x < rect.width)
		canvas_fill(canvas, (Rect){rect.x + x, rect.y, 1, rect.height}, ROLE_RULE, U'│');
}

void canvas_box(Canvas *canvas, Rect rect, const char *title)
{
	int right = rect.width - 1, bottom = rect.height - 1;
	canvas_horizontal(canvas, rect, 0);
	canvas_horizontal(canvas, rect, bottom);
	canvas_vertical(canvas, rect, 0);
	canvas_vertical(canvas, rect, right);
	canvas_text(canvas, rect, 0, 0, ROLE_RULE, "┌");
	canvas_text(canvas, rect, right, 0, ROLE_RULE, "┐");
	canvas_text(canvas, rect, 0, bottom, ROLE_RULE, "└");
	canvas_text(canvas, rect, right, bottom, ROLE_RULE, "┘");
	Rect inside = {rect.x + 1, rect.y, rect.width - 2, rect.height};
	if (title)
		canvas_printf(canvas, inside, 0, 0, ROLE_HEADING, " %s ", title);
}

char *canvas_minus(const char *number)
{
	g_auto(GStrv) parts = g_strsplit(number, "-", -1);
	return g_strjoinv("−", parts);
}

int canvas_columns(const char *text)
{
	int columns = 0;
	while (text && *text)
		columns += character_width(next_character(&text));
	return columns;
}

static void append_trimmed(GString *out, GString *line, char blank)
{
	while (line->len > 0 && line->str[line->len - 1] == blank)
		g_string_truncate(line, line->len - 1);
	g_string_append_len(out, line->str, (gssize)line->len);
	g_string_append_c(out, '\n');
	g_string_truncate(line, 0);
}

char *canvas_to_text(const Canvas *canvas)
{
	GString *out = g_string_new(NULL);
	g_autoptr(GString) line = g_string_new(NULL);
	for (int y = 0; y < canvas->height; y++) {
		for (int x = 0; x < canvas->width; x++) {
			gunichar character = cell_at(canvas, x, y)->character;
			if (character)
				g_string_append_unichar(line, character);
		}
		append_trimmed(out, line, ' ');
	}
	return g_string_free(out, FALSE);
}

char *canvas_to_roles(const Canvas *canvas, int first, int last)
{
	GString *out = g_string_new(NULL);
	g_autoptr(GString) line = g_string_new(NULL);
	for (int y = MAX(first, 0); y <= MIN(last, canvas->height - 1); y++) {
		for (int x = 0; x < canvas->width; x++)
			g_string_append_c(line, role_letters[cell_at(canvas, x, y)->role]);
		append_trimmed(out, line, role_letters[ROLE_NORMAL]);
	}
	return g_string_free(out, FALSE);
}

Rect rect_left(Rect rect, int width)
{
	rect.width = CLAMP(width, 0, MAX(rect.width, 0));
	return rect;
}

Rect rect_right_of(Rect rect, int width)
{
	int cut = CLAMP(width, 0, MAX(rect.width, 0));
	return (Rect){rect.x + cut, rect.y, MAX(rect.width, 0) - cut, rect.height};
}

Rect rect_rows(Rect rect, int y, int height)
{
	int top = CLAMP(y, 0, MAX(rect.height, 0));
	int rows = CLAMP(height, 0, MAX(rect.height, 0) - top);
	return (Rect){rect.x, rect.y + top, rect.width, rows};
}
