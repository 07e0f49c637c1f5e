/* plot_lines.c - line plots: axes with chosen ticks, lines in braille dots, markers, a crosshair.
 *
 * A cell holds two by four dots; lines are clipped to the area before they are stepped along, so a
 * value far outside costs nothing. */
#include "plot.h"

#include <math.h>
#include <string.h>

enum { TICKS_MOST = 12, AXIS_ROWS = 2 };

typedef struct {
	Canvas *canvas;
	Rect area;    /* where lines go, without axes */
	guint8 *dots; /* [area.width * area.height] of braille dots */
	Role *roles;  /* of the last line through each cell */
	double x_low, x_high, y_low, y_high;
} LinePlot;

typedef struct {
	double first, step;
	int count, decimals;
} Ticks;

static void put_glyph(Canvas *canvas, Rect rect, int x, int y, Role role, gunichar glyph)
{
	char text[7] = {0};
	g_unichar_to_utf8(glyph, text);
	canvas_text(canvas, rect, x, y, role, text);
}

/* The smallest of 1, 2, 5 x 10^k that gives at most `most` ticks. */
static double nice_step(double span, int most)
{
	double raw = span / most, power = pow(10, floor(log10(raw)));
	for (int i = 0; i < 3; i++) {
		double step = power * (double[]){1, 2, 5}[i];
		if (step >= raw * (1 - 1e-9))
			return step;
	}
	return 10 * power;
}

static Ticks choose_ticks(double low, double high, int most)
{
	double step = nice_step(high - low, CLAMP(most, 1, TICKS_MOST));
	double first = ceil(low / step - 1e-6) * step;
	int count = (int)floor((high - first) / step + 1e-6) + 1;
	int decimals = CLAMP((int)ceil(-log10(step) - 1e-9), 0, 9);
	return (Ticks){first, step, CLAMP(count, 0, TICKS_MOST + 2), decimals};
}

static char *tick_label(const Ticks *ticks, int i)
{
	double value = ticks->first + i * ticks->step;
	g_autofree char *text = NULL;
	if (fabs(value) >= 1e7)
		text = g_strdup_printf("%.3g", value);
	else
		text = g_strdup_printf(
			"%.*f", ticks->decimals, fabs(value) < ticks->step / 2 ? 0 : value);
	return canvas_minus(text);
}

static int label_columns(const Ticks *ticks)
{
	int most = 0;
	for (int i = 0; i < ticks->count; i++) {
		g_autofree char *label = tick_label(ticks, i);
		most = MAX(most, canvas_columns(label));
	}
	return most;
}

/* Dot coordinates; y grows downwards. */
static double dot_x(const LinePlot *plot, double x)
{
	return (x - plot->x_low) / (plot->x_high - plot->x_low) * (2 * plot->area.width - 1);
}

static double dot_y(const LinePlot *plot, double y)
{
	return (plot->y_high - y) / (plot->y_high - plot->y_low) * (4 * plot->area.height - 1);
}

static void set_dot(LinePlot *plot, int x, int y, Role role)
{
	static const guint8 bits[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
	int column = x / 2, row = y / 4;
	if (x < 0 || y < 0 || column >= plot->area.width || row >= plot->area.height)
		return;
	plot->dots[row * plot->area.width + column] |= bits[y % 4][x % 2];
	plot->roles[row * plot->area.width + column] = role;
}

/* Cuts the parameter range [*from, *to] of a segment to where start + t·change lies in [0, most].
 */
static gboolean clip_axis(double start, double change, double most, double *from, double *to)
{
	if (change == 0)
		return start >= 0 && start <= most;
	double enter = (change > 0 ? 0 - start : most - start) / change;
	double leave = (change > 0 ? most - start : 0 - start) / change;
	*from = MAX(*from, enter);
	*to = MIN(*to, leave);
	return *from <= *to;
}

static void draw_segment(LinePlot *plot, const double start[2], const double end[2], Role role)
{
	double change[2] = {end[0] - start[0], end[1] - start[1]}, from = 0, to = 1;
	if (!clip_axis(start[0], change[0], 2 * plot->area.width - 1, &from, &to) ||
		!clip_axis(start[1], change[1], 4 * plot->area.height - 1, &from, &to))
		return;
	double longest = MAX(fabs(change[0]), fabs(change[1])) * (to - from);
	int steps = MAX((int)ceil(longest), 1);
	for (int i = 0; i <= steps; i++) {
		double t = from + (to - from) * i / steps;
		set_dot(plot, (int)round(start[0] + t * change[0]),
			(int)round(start[1] + t * change[1]), role);
	}
}

static gboolean point_is_finite(const PlotSeries *series, guint i)
{
	return i < series->n && isfinite(series->x[i]) && isfinite(series->y[i]);
}

static void draw_line(LinePlot *plot, const PlotSeries *series)
{
	for (guint i = 0; i < series->n; i++) {
		if (!point_is_finite(series, i))
			continue;
		guint next = point_is_finite(series, i + 1) ? i + 1 : i;
		double start[2] = {dot_x(plot, series->x[i]), dot_y(plot, series->y[i])};
		double end[2] = {dot_x(plot, series->x[next]), dot_y(plot, series->y[next])};
		draw_segment(plot, start, end, series->role);
	}
}

static void draw_markers(LinePlot *plot, const PlotSeries *series)
{
	for (guint i = 0; series->marker && i < series->n; i++) {
		if (!point_is_finite(series, i))
			continue;
		double x = dot_x(plot, series->x[i]) / 2, y = dot_y(plot, series->y[i]) / 4;
		if (x >= 0 && x < plot->area.width && y >= 0 && y < plot->area.height)
			put_glyph(plot->canvas, plot->area, (int)x, (int)y, series->role,
				series->marker);
	}
}

static void draw_cross(LinePlot *plot, double cross)
{
	double column = dot_x(plot, cross) / 2;
	if (!isfinite(cross) || column < 0 || column >= plot->area.width)
		return;
	for (int y = 0; y < plot->area.height; y++)
		put_glyph(plot->canvas, plot->area, (int)column, y, ROLE_GHOST, U'┊');
}

static void draw_dots(LinePlot *plot)
{
	for (int y = 0; y < plot->area.height; y++) {
		for (int x = 0; x < plot->area.width; x++) {
			int cell = y * plot->area.width + x;
			if (plot->dots[cell])
				put_glyph(plot->canvas, plot->area, x, y, plot->roles[cell],
					0x2800u + plot->dots[cell]);
		}
	}
}

static void draw_y_axis(const LinePlot *plot, Rect rect, const Ticks *ticks)
{
	int axis = plot->area.x - rect.x - 1;
	for (int y = 0; y < plot->area.height; y++)
		put_glyph(plot->canvas, rect, axis, y, ROLE_RULE, U'│');
	put_glyph(plot->canvas, rect, axis, plot->area.height, ROLE_RULE, U'└');
	for (int i = 0; i < ticks->count; i++) {
		int row = (int)(dot_y(plot, ticks->first + i * ticks->step) / 4);
		if (row < 0 || row >= plot->area.height)
			continue;
		g_autofree char *label = tick_label(ticks, i);
		canvas_text_right(plot->canvas, rect, axis - 1, row, ROLE_DIM, label);
		put_glyph(plot->canvas, rect, axis, row, ROLE_RULE, U'┤');
	}
}

static void draw_x_axis(const LinePlot *plot, Rect rect, const Ticks *ticks)
{
	int left = plot->area.x - rect.x, row = plot->area.height, free_from = 0;
	for (int x = 0; x < plot->area.width; x++)
		put_glyph(plot->canvas, rect, left + x, row, ROLE_RULE, U'─');
	for (int i = 0; i < ticks->count; i++) {
		int column = (int)(dot_x(plot, ticks->first + i * ticks->step) / 2);
		if (column < 0 || column >= plot->area.width)
			continue;
		put_glyph(plot->canvas, rect, left + column, row, ROLE_RULE, U'┬');
		g_autofree char *label = tick_label(ticks, i);
		int columns = canvas_columns(label);
		int start = MIN(left + column - columns / 2, rect.width - columns);
		if (start < free_from)
			continue;
		canvas_text(plot->canvas, rect, start, row + 1, ROLE_DIM, label);
		free_from = start + columns + 1;
	}
}

static void draw_plot(LinePlot *plot, const PlotSeries *series, guint n, double cross)
{
	gsize cells = (gsize)plot->area.width * (gsize)plot->area.height;
	g_autofree guint8 *dots = g_new0(guint8, cells);
	g_autofree Role *roles = g_new0(Role, cells);
	plot->dots = dots;
	plot->roles = roles;
	for (guint i = 0; i < n; i++)
		draw_line(plot, &series[i]);
	draw_cross(plot, cross);
	draw_dots(plot);
	for (guint i = 0; i < n; i++)
		draw_markers(plot, &series[i]);
}

void plot_lines(Canvas *canvas, Rect rect, const PlotSeries *series, guint n, double x_low,
	double x_high, double y_low, double y_high, double cross)
{
	if (!(x_high > x_low) || !(y_high > y_low) || !isfinite(x_high - x_low) ||
		!isfinite(y_high - y_low))
		return;
	Ticks y_ticks = choose_ticks(y_low, y_high, (rect.height - AXIS_ROWS) / 3);
	int left = label_columns(&y_ticks) + 2;
	Rect area = {rect.x + left, rect.y, rect.width - left, rect.height - AXIS_ROWS};
	if (area.width < 8 || area.height < 3)
		return;
	Ticks x_ticks = choose_ticks(x_low, x_high, area.width / 12);
	LinePlot plot = {canvas, area, NULL, NULL, x_low, x_high, y_low, y_high};
	draw_y_axis(&plot, rect, &y_ticks);
	draw_x_axis(&plot, rect, &x_ticks);
	draw_plot(&plot, series, n, cross);
}
