/* outline_step.c - where a step on a slider leads to. */
#include "edit/outline.h"

#include <math.h>

#define STEPS 20 /* of a parameter's slider */
#define FAR 5    /* times as far */
#define COEFFICIENT_STEP 0.05

/* Sums of steps are kept free of the last bits. */
static double tidy(double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	g_ascii_formatd(text, sizeof text, "%.12g", value);
	return g_ascii_strtod(text, NULL) + 0.0;
}

/* Where there is no slider, a tenth of the number's order of magnitude. */
static double size_of_step(const OutlineRow *row)
{
	if (row->kind != OUTLINE_PARAMETER)
		return COEFFICIENT_STEP;
	if (row->parameter->type == PARAMETER_COUNT)
		return 1;
	if (isfinite(row->low))
		return (row->high - row->low) / STEPS;
	return row->number == 0 ? COEFFICIENT_STEP : pow(10, floor(log10(fabs(row->number)))) / 10;
}

/* A step stops at the slider's end, unless the value was typed beyond it. */
static double within_slider(const OutlineRow *row, double next, int direction)
{
	if (direction > 0 && next > row->high)
		return fmax(row->number, row->high);
	if (direction < 0 && next < row->low)
		return fmin(row->number, row->low);
	return next;
}

/* An end that is open is not reached. */
static double within_range(const OutlineRow *row, double next)
{
	const Parameter *parameter = row->parameter;
	double clamped = fmin(fmax(next, parameter->least), parameter->most);
	return parameter_holds(parameter, clamped) ? clamped : row->number;
}

/* Where to begin with a number that was left out. */
static double first_number(const Parameter *parameter)
{
	double middle = (parameter->least + parameter->most) / 2;
	if (parameter->type == PARAMETER_COUNT)
		return parameter->least;
	return isfinite(middle) ? middle : isfinite(parameter->least) ? parameter->least + 1 : 1;
}

double outline_step(const OutlineRow *row, int direction, gboolean far)
{
	if (!row->has_number)
		return first_number(row->parameter);
	double next = tidy(row->number + direction * size_of_step(row) * (far ? FAR : 1));
	return row->kind == OUTLINE_PARAMETER ? within_range(row, next)
					      : within_slider(row, next, direction);
}
