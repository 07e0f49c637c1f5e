/* trajectory_draw.c - the lines of the Trajectory screen, and the values at the crosshair. */
#include "trajectory_view.h"

#include "core/text.h"
#include "plot.h"

#include <math.h>

#define STATISTICS_ROWS 8

static const gunichar markers[SERIES_COUNT] = {U'●', U'▲', U'■', U'◆', U'○', U'★'};

static Role series_role(int place)
{
	return (Role)(ROLE_SERIES + place % SERIES_COUNT);
}

static gunichar series_marker(int place)
{
	return markers[place % SERIES_COUNT];
}

static const char *measure_formula(const TrajectoryView *view)
{
	static const char *const formulas[] = {
		"", "|τ(t)|", "turn at t, degrees", "speed |τ(t)−τ(t−1)|"};

	if (view->measure != PATH_COSINE)
		return formulas[view->measure];
	return view->reference ? NULL : "cos( τ(t), τ(final) )";
}

static void draw_title(const TrajectoryView *view, Canvas *canvas, Rect rect)
{
	const char *formula = measure_formula(view);
	g_autofree char *cosine =
		formula ? NULL : g_strdup_printf("cos( τ(t), %s )", view->reference);
	g_autofree char *title = g_strdup_printf("%s · %s · %u checkpoints",
		formula ? formula : cosine, view->trajectory->run, view->trajectory->count);

	canvas_field(canvas, rect, 1, 0, rect.width - 2, ROLE_HEADING, title);
}

/* The series that are drawn, the whole last so that it lies over its layers. */
static GArray *plotted(const TrajectoryView *view)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(PlotSeries));
	guint count = trajectory_series_count(view);

	for (guint k = 1; k <= count; k++) {
		guint i = k % count;
		int place = trajectory_series_place(view, i);
		PlotSeries series = {
			.x = view->x,
			.y = trajectory_values(view, trajectory_series(view, i)),
			.n = view->trajectory->count,
		};
		if (place < 0)
			continue;
		series.role = series_role(place);
		series.marker = view->plain ? 0 : series_marker(place);
		g_array_append_val(list, series);
	}
	return list;
}

/* Cosines with the end go up to 1, lengths from 0; below 0 only where there is something. */
static void value_range(const TrajectoryView *view, const GArray *list, double *low, double *high)
{
	double least = 0, most = 0;

	for (guint i = 0; i < list->len; i++) {
		const PlotSeries *series = &g_array_index(list, PlotSeries, i);
		for (guint k = 0; k < series->n; k++) {
			least = fmin(least, isfinite(series->y[k]) ? series->y[k] : least);
			most = fmax(most, isfinite(series->y[k]) ? series->y[k] : most);
		}
	}
	*low = floor(least * 10) / 10;
	if (view->measure == PATH_COSINE)
		*high = view->reference ? ceil(fmax(most, 0.1) * 10) / 10 : 1;
	else
		*high = most > 0 ? most * 1.05 : 1;
}

/* A final checkpoint of unknown step stands one interval after the last, and says so. */
static void draw_final(const TrajectoryView *view, Canvas *canvas, Rect rect, double high)
{
	guint last = view->trajectory->count - 1;

	if (view->trajectory->step[last] < 0 && high >= view->x[last])
		canvas_text_right(canvas, rect, rect.width, rect.height - 2, ROLE_DIM, "final");
}

static void draw_speed(const TrajectoryView *view, Canvas *canvas, Rect rect)
{
	const Trajectory *trajectory = view->trajectory;
	const double *update = trajectory->whole->update;
	int x = canvas_text(canvas, rect, 2, 0, ROLE_HEADING, "speed |τ(t)−τ(t−1)|") + 4;
	int columns = MIN((int)trajectory->count, rect.width - x - 20);
	g_autofree char *here = number_short(update[view->at]);
	g_autofree char *step = trajectory_step_text(view, (guint)view->at);

	plot_spark(canvas, rect, x, 0, columns, update, trajectory->count, ROLE_BAR);
	canvas_printf(canvas, rect, x + columns + 2, 0, ROLE_NORMAL, "%s at %s", here, step);
}

void trajectory_plot_draw(const TrajectoryView *view, Canvas *canvas, Rect rect)
{
	g_autoptr(GArray) list = plotted(view);
	gboolean speed = rect.height >= 14;
	Rect plot = rect_rows(rect, 2, rect.height - (speed ? 4 : 2));
	double x_low, x_high, y_low, y_high;

	plot.width -= 1;
	trajectory_range(view, &x_low, &x_high);
	value_range(view, list, &y_low, &y_high);
	draw_title(view, canvas, rect);
	plot_lines(canvas, plot, (const PlotSeries *)(gpointer)list->data, list->len, x_low, x_high,
		y_low, y_high, view->x[view->at]);
	draw_final(view, canvas, plot, x_high);
	if (speed)
		draw_speed(view, canvas, rect_rows(rect, rect.height - 1, 1));
}

static char *value_text(const TrajectoryView *view, double value)
{
	if (view->measure == PATH_COSINE)
		return number_signed(value, 3);
	if (view->measure == PATH_TURN && isfinite(value))
		return g_strdup_printf("%.1f°", value);
	return number_short(value);
}

static void draw_series(const TrajectoryView *view, guint series, Canvas *canvas, Rect rect, int y)
{
	const double *values = trajectory_values(view, trajectory_series(view, series));
	int place = trajectory_series_place(view, series);
	g_autofree char *value = value_text(view, values[view->at]);
	char marker[7] = {0};

	canvas_text(canvas, rect, 1, y, ROLE_NORMAL, place < 0 ? "[ ]" : "[x]");
	if (place >= 0) {
		g_unichar_to_utf8(series_marker(place), marker);
		canvas_text(canvas, rect, 5, y, series_role(place), marker);
	}
	pane_name(canvas, rect, 7, y, MAX(0, rect.width - 16), ROLE_NORMAL,
		trajectory_series_name(view, series));
	canvas_text_right(canvas, rect, rect.width - 1, y, ROLE_NORMAL, value);
}

static int draw_list(TrajectoryView *view, Canvas *canvas, Rect rect, int height)
{
	guint count = trajectory_series_count(view);
	g_autofree char *step = trajectory_step_text(view, (guint)view->at);
	Rect body = rect_rows(rect, 1, MAX(1, height - 1));

	canvas_printf(canvas, rect, 1, 0, ROLE_HEADING, "AT %s", step);
	list_fit(&view->series, (int)count, body.height);
	for (int y = 0; y < body.height && view->series.top + y < (int)count; y++) {
		draw_series(view, (guint)(view->series.top + y), canvas, body, y);
		if (view->series.top + y == view->series.cursor)
			pane_cursor(canvas, body, y, TRUE);
	}
	return 1 + MIN(body.height, (int)count);
}

static int draw_value(Canvas *canvas, Rect rect, int y, const char *label, const char *value)
{
	canvas_text(canvas, rect, 1, y, ROLE_NORMAL, label);
	canvas_text_right(canvas, rect, rect.width - 1, y, ROLE_NORMAL, value);
	return y + 1;
}

/* Length, turn and path of the whole vector. */
static void draw_statistics(const TrajectoryView *view, Canvas *canvas, Rect rect, int y)
{
	const TrajectoryPath *whole = view->trajectory->whole;
	double turn = whole->turn_degrees[view->at];
	g_autofree char *norm = number_short(whole->norm[view->at]);
	g_autofree char *part = number_short(whole->norm[view->at] / whole->displacement);
	g_autofree char *degrees = isfinite(turn) ? g_strdup_printf("%.1f°", turn) : g_strdup("·");
	g_autofree char *length = number_short(whole->path_length);
	g_autofree char *displacement = number_short(whole->displacement);

	y = draw_value(canvas, rect, y, "|τ(t)|", norm);
	y = draw_value(canvas, rect, y, "|τ(t)|/|τ(final)|", part);
	y = draw_value(canvas, rect, y, "turn at t", degrees);
	y = draw_value(canvas, rect, y, "path length", length);
	y = draw_value(canvas, rect, y, "displacement", displacement);
	y = draw_value(
		canvas, rect, y, "compared with", view->reference ? view->reference : "final");
}

void trajectory_pane_draw(TrajectoryView *view, Canvas *canvas, Rect rect)
{
	gboolean statistics = rect.height >= STATISTICS_ROWS + 4;
	int y = draw_list(view, canvas, rect, rect.height - (statistics ? STATISTICS_ROWS - 1 : 0));

	if (statistics)
		draw_statistics(view, canvas, rect, y + 1);
}
