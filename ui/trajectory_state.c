/* trajectory_state.c - what the Trajectory screen stands on: the run's path, which of its layers
 * are drawn, the crosshair, and the range of steps that is seen. */
#include "trajectory_view.h"

#include <math.h>
#include <string.h>

#define WHOLE "all layers"
#define ZOOM_MOST 256 /* times */

void trajectory_drop(TrajectoryView *view)
{
	g_clear_pointer(&view->trajectory, trajectory_free);
	g_clear_pointer(&view->x, g_free);
}

guint trajectory_series_count(const TrajectoryView *view)
{
	return 1 + view->trajectory->groups->len;
}

const TrajectoryPath *trajectory_series(const TrajectoryView *view, guint series)
{
	return series == 0 ? view->trajectory->whole : view->trajectory->groups->pdata[series - 1];
}

const char *trajectory_series_name(const TrajectoryView *view, guint series)
{
	return series == 0 ? WHOLE : trajectory_series(view, series)->scope;
}

int trajectory_series_place(const TrajectoryView *view, guint series)
{
	int place = 0;

	if (!g_hash_table_contains(view->shown, trajectory_series_name(view, series)))
		return -1;
	for (guint i = 0; i < series; i++)
		place +=
			g_hash_table_contains(view->shown, trajectory_series_name(view, i)) ? 1 : 0;
	return place;
}

const double *trajectory_values(const TrajectoryView *view, const TrajectoryPath *path)
{
	switch (view->measure) {
	case PATH_NORM:
		return path->norm;
	case PATH_TURN:
		return path->turn_degrees;
	case PATH_SPEED:
		return path->update;
	default:
		return path->cosine_to_final;
	}
}

char *trajectory_step_text(const TrajectoryView *view, guint point)
{
	gint64 step = view->trajectory->step[point];

	return step < 0 ? g_strdup("final") : g_strdup_printf("step %" G_GINT64_FORMAT, step);
}

void trajectory_range(const TrajectoryView *view, double *low, double *high)
{
	*low = view->zoomed ? view->low : fmin(0, view->x[0]);
	*high = view->zoomed ? view->high : view->x[view->trajectory->count - 1];
}

/* Points stand at their step; a final of unknown step one interval after the last. */
static double *positions(const Trajectory *trajectory)
{
	double *x = g_new0(double, trajectory->count);

	for (guint i = 0; i < trajectory->count; i++) {
		double before = i > 0 ? x[i - 1] : 0;
		double interval = i > 1 ? before - x[i - 2] : fmax(1, before);
		x[i] = trajectory->step[i] >= 0 ? (double)trajectory->step[i] : before + interval;
	}
	return x;
}

static void show(TrajectoryView *view, const char *name)
{
	g_hash_table_add(view->shown, g_strdup(name));
}

/* At first the whole, the layer that all screens look at, and the first and last layer that move.
 */
static void choose_series(TrajectoryView *view, Ui *ui)
{
	const char *first = NULL, *last = NULL;

	view->shown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	show(view, WHOLE);
	if (ui_layer(ui))
		show(view, ui_layer(ui));
	for (guint i = 1; i < trajectory_series_count(view); i++) {
		if (!(trajectory_series(view, i)->displacement > 0))
			continue;
		first = first ? first : trajectory_series_name(view, i);
		last = trajectory_series_name(view, i);
	}
	if (first)
		show(view, first);
	if (last)
		show(view, last);
}

static const char *point_name(const TrajectoryView *view, const Collection *collection, int point)
{
	return collection_member(collection, view->trajectory->member[point])->name;
}

/* The crosshair goes back to its checkpoint; at first it stands on the last. */
static void place_cross(TrajectoryView *view, const Collection *collection)
{
	int last = (int)view->trajectory->count - 1;

	if (!view->at_name)
		view->at = last;
	for (int i = 0; view->at_name && i <= last; i++)
		if (strcmp(point_name(view, collection, i), view->at_name) == 0)
			view->at = i;
	view->at = CLAMP(view->at, 0, last);
}

/* The run that is shown, or the first where it is gone; NULL where there is none. */
const char *trajectory_choose_run(TrajectoryView *view, const Collection *collection)
{
	g_autoptr(GPtrArray) runs = collection_runs(collection);

	if (runs->len == 0)
		return NULL;
	if (names_find((char **)runs->pdata, runs->len, view->run) < 0)
		string_set(&view->run, runs->pdata[0]);
	return view->run;
}

gboolean trajectory_refresh(TrajectoryView *view, Ui *ui, GError **error)
{
	const Session *session = ui_session(ui);
	const Collection *collection = session_collection(session);
	gint reference = view->reference ? collection_find(collection, view->reference) : -1;

	if (view->trajectory)
		return TRUE;
	view->trajectory = trajectory_new(
		collection, session_gram(session), view->run, reference, NULL, GROUP_LAYER, error);
	if (!view->trajectory)
		return FALSE;
	view->x = positions(view->trajectory);
	if (!view->shown)
		choose_series(view, ui);
	place_cross(view, collection);
	return TRUE;
}

void trajectory_move(TrajectoryView *view, Ui *ui, int by)
{
	int last = (int)view->trajectory->count - 1;

	view->at = CLAMP(view->at + by, 0, last);
	string_set(&view->at_name, point_name(view, session_collection(ui_session(ui)), view->at));
}

void trajectory_toggle(TrajectoryView *view, Ui *ui)
{
	const char *name = trajectory_series_name(view, (guint)view->series.cursor);

	if (!g_hash_table_remove(view->shown, name)) {
		if (g_hash_table_size(view->shown) >= SERIES_COUNT)
			ui_message(ui, "%d lines are as many as can be told apart", SERIES_COUNT);
		else
			show(view, name);
	}
}

/* Half or twice the steps, around the crosshair, within the run. */
void trajectory_zoom(TrajectoryView *view, double factor)
{
	double first = fmin(0, view->x[0]), last = view->x[view->trajectory->count - 1];
	double low, high, span, at = view->x[view->at];

	trajectory_range(view, &low, &high);
	span = fmax((high - low) * factor, (last - first) / ZOOM_MOST);
	view->zoomed = span < last - first;
	view->low = CLAMP(at - span / 2, first, fmax(first, last - span));
	view->high = view->low + span;
}
