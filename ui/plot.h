/* plot.h - bars, heat cells, lines of braille and sparks, drawn on a canvas. */
#ifndef TAUSCOPE_PLOT_H
#define TAUSCOPE_PLOT_H

#include "canvas.h"

/* The ramp's role for a value in [-1, 1]; ROLE_DIM where it is not finite. */
Role plot_heat(double value);

/* A bar from the left, `fraction` of `columns` long, in eighths of a cell (in ASCII, `#`). */
void plot_bar(Canvas *canvas, Rect rect, int x, int y, int columns, double fraction, Role role);
/* A bar from a zero mark in the middle: value in [-1, 1] of half the columns.  `ghost` is a previous
 * value shown behind it, NaN for none. */
void plot_bar_signed(
	Canvas *canvas, Rect rect, int x, int y, int columns, double value, double ghost, Role role);
/* A slider with a zero mark and a knob: `────────┼──●──────`. */
void plot_slider(Canvas *canvas, Rect rect, int x, int y, int columns, double low, double high,
	double value, Role role);
/* One column a value, eight heights; shrunk by the largest of neighbours where there are more. */
void plot_spark(
	Canvas *canvas, Rect rect, int x, int y, int columns, const double *values, guint n, Role role);

typedef struct {
	const double *x, *y; /* [n]; points with NaN are gaps */
	guint n;
	Role role;
	gunichar marker;     /* 0: none */
} PlotSeries;

/* Axes, lines in braille (in ASCII, `*`), a dotted crosshair at `cross` (NaN: none).  The ranges are
 * given; ticks are chosen. */
void plot_lines(Canvas *canvas, Rect rect, const PlotSeries *series, guint n, double x_low,
	double x_high, double y_low, double y_high, double cross);

#endif
