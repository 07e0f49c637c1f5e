/* plot.c - bars, sliders, heat and sparks: everything that is one row high. */
#include "plot.h"

#include <math.h>

static const gunichar left_eighths[] = {' ', U'▏', U'▎', U'▍', U'▌', U'▋', U'▊', U'▉', U'█'};
static const gunichar height_eighths[] = {U'▁', U'▂', U'▃', U'▄', U'▅', U'▆', U'▇', U'█'};

static void put_glyph(Canvas *canvas, Rect rect, int x, int y, Role role, gunichar glyph)
{
	char text[7] = {0};
	g_unichar_to_utf8(glyph, text);
	canvas_text(canvas, rect, x, y, role, text);
}

Role plot_heat(double value)
{
	if (!isfinite(value))
		return ROLE_DIM;
	double level = round((CLAMP(value, -1, 1) + 1) / 2 * (HEAT_LEVELS - 1));
	return (Role)(ROLE_HEAT + (int)level);
}

/* Length in eighths of a cell; whole cells in ASCII, where there are no parts. */
static int bar_eighths(const Canvas *canvas, int columns, double fraction)
{
	double cells = CLAMP(fraction, 0, 1) * columns;
	return (int)(canvas->ascii ? 8 * round(cells) : round(8 * cells));
}

void plot_bar(Canvas *canvas, Rect rect, int x, int y, int columns, double fraction, Role role)
{
	if (!isfinite(fraction) || columns <= 0)
		return;
	int eighths = bar_eighths(canvas, columns, fraction);
	for (int i = 0; i < columns && eighths > 8 * i; i++)
		put_glyph(canvas, rect, x + i, y, role, left_eighths[MIN(eighths - 8 * i, 8)]);
}

/* Only a half and an eighth block exist that hang on the right side of a cell. */
static gunichar right_part(int eighths)
{
	if (eighths >= 8)
		return U'█';
	return eighths >= 4 ? U'▐' : U'▕';
}

/* A bar that ends at x (exclusive) and grows to the left. */
static void bar_leftwards(
	Canvas *canvas, Rect rect, int x, int y, int columns, double fraction, Role role)
{
	int eighths = bar_eighths(canvas, columns, fraction);
	for (int i = 0; i < columns && eighths > 8 * i; i++)
		put_glyph(canvas, rect, x - 1 - i, y, role, right_part(eighths - 8 * i));
}

/* The column of a value in [-1, 1] on a signed bar. */
static int signed_column(int columns, double value)
{
	int middle = columns / 2, span = value < 0 ? middle : columns - middle - 1;
	return middle + (int)round(CLAMP(value, -1, 1) * span);
}

void plot_bar_signed(
	Canvas *canvas, Rect rect, int x, int y, int columns, double value, double ghost, Role role)
{
	if (columns < 3)
		return;
	int middle = columns / 2;
	if (isfinite(value) && value > 0)
		plot_bar(canvas, rect, x + middle + 1, y, columns - middle - 1, value, role);
	if (isfinite(value) && value < 0)
		bar_leftwards(canvas, rect, x + middle, y, middle, -value, role);
	put_glyph(canvas, rect, x + middle, y, ROLE_RULE, U'│');
	int mark = isfinite(ghost) ? signed_column(columns, ghost) : middle;
	if (mark != middle && (!isfinite(value) || mark != signed_column(columns, value)))
		put_glyph(canvas, rect, x + mark, y, ROLE_GHOST, U'┊');
}

static gunichar slider_knob(double low, double high, double value)
{
	if (value < low)
		return U'◀';
	return value > high ? U'▶' : U'●';
}

void plot_slider(Canvas *canvas, Rect rect, int x, int y, int columns, double low, double high,
	double value, Role role)
{
	if (columns < 3 || !(high > low))
		return;
	double cells = (columns - 1) / (high - low);
	for (int i = 0; i < columns; i++)
		put_glyph(canvas, rect, x + i, y, ROLE_RULE, U'─');
	if (low <= 0 && high >= 0)
		put_glyph(canvas, rect, x + (int)round(-low * cells), y, ROLE_RULE, U'┼');
	if (!isfinite(value))
		return;
	int knob = (int)round((CLAMP(value, low, high) - low) * cells);
	put_glyph(canvas, rect, x + knob, y, role, slider_knob(low, high, value));
}

/* The largest finite value of values[from, to), or NaN. */
static double largest(const double *values, guint from, guint to)
{
	double most = NAN;
	for (guint i = from; i < to; i++)
		if (isfinite(values[i]) && !(values[i] <= most))
			most = values[i];
	return most;
}

void plot_spark(Canvas *canvas, Rect rect, int x, int y, int columns, const double *values, guint n,
	Role role)
{
	double most = largest(values, 0, n);
	guint cells = MIN((guint)MAX(columns, 0), n);
	for (guint i = 0; i < cells; i++) {
		guint from = (guint)((guint64)i * n / cells);
		guint to = (guint)(((guint64)i + 1) * n / cells);
		double value = largest(values, from, to);
		if (!isfinite(value))
			continue;
		double height = most > 0 ? CLAMP(value / most, 0, 1) : 0;
		put_glyph(
			canvas, rect, x + (int)i, y, role, height_eighths[(int)round(7 * height)]);
	}
}
