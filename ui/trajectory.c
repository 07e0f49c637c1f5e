/* trajectory.c - the screen of how a task vector came about: its direction and length over the
 * steps of a run.
 *
 * h and l move the crosshair, j and k the list of series beside it; both are always at hand. */
#include "trajectory_view.h"

#include <math.h>
#include <string.h>

#define PLOT_LEAST 40
#define FAR_STEPS 10
#define WHOLE "all layers"

static gpointer trajectory_open(Ui *ui)
{
	(void)ui;
	return g_new0(TrajectoryView, 1);
}

static void trajectory_invalidate(gpointer data, Ui *ui)
{
	TrajectoryView *view = data;

	(void)ui;
	g_clear_pointer(&view->trajectory, trajectory_free);
	g_clear_pointer(&view->x, g_free);
}

static void trajectory_close(gpointer data)
{
	TrajectoryView *view = data;

	trajectory_invalidate(view, NULL);
	g_clear_pointer(&view->shown, g_hash_table_unref);
	g_free(view->run);
	g_free(view->reference);
	g_free(view->at_name);
	g_free(view);
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
static const char *choose_run(TrajectoryView *view, const Collection *collection)
{
	g_autoptr(GPtrArray) runs = collection_runs(collection);

	if (runs->len == 0)
		return NULL;
	if (names_find((char **)runs->pdata, runs->len, view->run) < 0)
		string_set(&view->run, runs->pdata[0]);
	return view->run;
}

static gboolean refresh(TrajectoryView *view, Ui *ui, GError **error)
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

/* Why no path can be shown, in lines; NULL where it can. */
static const char *why_empty(TrajectoryView *view, Ui *ui)
{
	const char *empty = pane_why_empty(ui);

	if (empty)
		return empty;
	if (!choose_run(view, session_collection(ui_session(ui))))
		return "No training run is loaded.\n"
		       "On Checkpoints (1) press o and type NAME=FOLDER of a folder that holds "
		       "checkpoint-N folders.\n"
		       "Or from a shell:  tauscope load STORE --run NAME=FOLDER";
	return NULL;
}

static gboolean is_ready(TrajectoryView *view, Ui *ui)
{
	return !why_empty(view, ui) && refresh(view, ui, NULL) && view->trajectory->count > 1;
}

static void draw_single(const TrajectoryView *view, Canvas *canvas, Rect rect)
{
	g_autofree char *note =
		g_strdup_printf("The run %s has one checkpoint.\n"
				"A path needs two: load more of its steps, or > for the next run.",
			view->run);

	pane_note(canvas, rect, note);
}

static void trajectory_draw(gpointer data, Ui *ui, Canvas *canvas, Rect rect)
{
	TrajectoryView *view = data;
	const char *empty = why_empty(view, ui);
	g_autoptr(GError) error = NULL;
	Panes panes;

	if (empty || !refresh(view, ui, &error)) {
		pane_note(canvas, rect, empty ? empty : error->message);
		return;
	}
	if (view->trajectory->count < 2) {
		draw_single(view, canvas, rect);
		return;
	}
	panes = panes_split(canvas, rect, PLOT_LEAST, CLAMP(rect.width / 4, 28, 40));
	trajectory_plot_draw(view, canvas, panes.left);
	if (panes.right.width > 0)
		trajectory_pane_draw(view, canvas, panes.right);
}

static React move_cross(TrajectoryView *view, Ui *ui, int by)
{
	int last = (int)view->trajectory->count - 1;

	view->at = CLAMP(view->at + by, 0, last);
	string_set(&view->at_name, point_name(view, session_collection(ui_session(ui)), view->at));
	return REACT_DONE;
}

static React toggle_series(TrajectoryView *view, Ui *ui)
{
	const char *name = trajectory_series_name(view, (guint)view->series.cursor);

	if (!g_hash_table_remove(view->shown, name)) {
		if (g_hash_table_size(view->shown) >= SERIES_COUNT)
			ui_message(ui, "%d lines are as many as can be told apart", SERIES_COUNT);
		else
			show(view, name);
	}
	return REACT_DONE;
}

/* Half or twice the steps, around the crosshair, within the run. */
static React zoom(TrajectoryView *view, double factor)
{
	double first = fmin(0, view->x[0]), last = view->x[view->trajectory->count - 1];
	double low, high, span, at = view->x[view->at];

	trajectory_range(view, &low, &high);
	span = fmax((high - low) * factor, (last - first) / 256);
	view->zoomed = span < last - first;
	view->low = CLAMP(at - span / 2, first, fmax(first, last - span));
	view->high = view->low + span;
	return REACT_DONE;
}

static React step_run(TrajectoryView *view, Ui *ui, int by)
{
	g_autoptr(GPtrArray) runs = collection_runs(session_collection(ui_session(ui)));
	int place = names_find((char **)runs->pdata, runs->len, view->run) + by;

	if (place < 0 || place >= (int)runs->len) {
		ui_message(ui, "%s is the %s of %u runs", view->run, by > 0 ? "last" : "first",
			runs->len);
		return REACT_DONE;
	}
	string_set(&view->run, runs->pdata[place]);
	g_clear_pointer(&view->at_name, g_free);
	view->zoomed = FALSE;
	trajectory_invalidate(view, ui);
	return REACT_DONE;
}

#define FINAL "final checkpoint of the run"

static gboolean accept_reference(gpointer data, Ui *ui, const char *text, GError **error)
{
	TrajectoryView *view = data;

	(void)error;
	string_set(&view->reference, strcmp(text, FINAL) == 0 ? NULL : text);
	trajectory_invalidate(view, ui);
	return TRUE;
}

static React pick_reference(TrajectoryView *view, Ui *ui)
{
	const Collection *collection = session_collection(ui_session(ui));
	g_autoptr(GArray) tasks = collection_tasks(collection);
	g_autoptr(GPtrArray) items = g_ptr_array_new();

	g_ptr_array_add(items, (char *)FINAL);
	for (guint i = 0; i < tasks->len; i++)
		g_ptr_array_add(
			items, collection_member(collection, g_array_index(tasks, guint, i))->name);
	ui_pick(ui, "Compare directions with", (const char *const *)items->pdata, items->len, view,
		accept_reference);
	return REACT_DONE;
}

static React act_on_points(TrajectoryView *view, Ui *ui, ActionId action)
{
	switch (action) {
	case ACTION_LEFT:
		return move_cross(view, ui, -1);
	case ACTION_RIGHT:
		return move_cross(view, ui, 1);
	case ACTION_TRAJECTORY_FAR_LEFT:
		return move_cross(view, ui, -FAR_STEPS);
	case ACTION_TRAJECTORY_FAR_RIGHT:
		return move_cross(view, ui, FAR_STEPS);
	case ACTION_FIRST:
		return move_cross(view, ui, -(int)view->trajectory->count);
	case ACTION_LAST:
		return move_cross(view, ui, (int)view->trajectory->count);
	case ACTION_MARK:
		return toggle_series(view, ui);
	case ACTION_TRAJECTORY_MEASURE:
		view->measure = (view->measure + 1) % PATH_MEASURE_COUNT;
		return REACT_DONE;
	case ACTION_TRAJECTORY_ZOOM_IN:
		return zoom(view, 0.5);
	case ACTION_TRAJECTORY_ZOOM_OUT:
		return zoom(view, 2);
	case ACTION_TRAJECTORY_FIT:
		view->zoomed = FALSE;
		return REACT_DONE;
	case ACTION_TRAJECTORY_MARKERS:
		view->plain = !view->plain;
		return REACT_DONE;
	default:
		return list_act(&view->series, action) ? REACT_DONE : REACT_NONE;
	}
}

static React trajectory_act(gpointer data, Ui *ui, ActionId action)
{
	TrajectoryView *view = data;

	if (why_empty(view, ui))
		return REACT_NONE;
	switch (action) {
	case ACTION_TRAJECTORY_RUN:
		return step_run(view, ui, 1);
	case ACTION_TRAJECTORY_RUN_BACK:
		return step_run(view, ui, -1);
	case ACTION_TRAJECTORY_REFERENCE:
		return pick_reference(view, ui);
	default:
		return is_ready(view, ui) ? act_on_points(view, ui, action) : REACT_NONE;
	}
}

static const char *trajectory_why_not(gpointer data, Ui *ui, ActionId action)
{
	TrajectoryView *view = data;

	if (why_empty(view, ui))
		return "no run is loaded";
	if (action == ACTION_TRAJECTORY_FIT && !view->zoomed)
		return "the whole run is seen already";
	return NULL;
}

static char *trajectory_sentence_here(gpointer data, Ui *ui)
{
	TrajectoryView *view = data;

	return is_ready(view, ui) ? trajectory_sentence(view->trajectory) : NULL;
}

static cJSON *trajectory_json(gpointer data, Ui *ui)
{
	TrajectoryView *view = data;
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	if (why_empty(view, ui) || !refresh(view, ui, NULL))
		return NULL;
	g_ptr_array_add(list, view->trajectory);
	return report_trajectories_json(list);
}

static Table *trajectory_table(gpointer data, Ui *ui)
{
	TrajectoryView *view = data;
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	if (why_empty(view, ui) || !refresh(view, ui, NULL))
		return NULL;
	g_ptr_array_add(list, view->trajectory);
	return report_trajectories_table(list);
}

static char *trajectory_cell(gpointer data, Ui *ui)
{
	TrajectoryView *view = data;
	const TrajectoryPath *path;

	if (!is_ready(view, ui))
		return NULL;
	path = trajectory_series(view, (guint)view->series.cursor);
	return g_strdup_printf("%.9g", trajectory_values(view, path)[view->at]);
}

static const ActionId trajectory_footer[] = {ACTION_MARK, ACTION_TRAJECTORY_MEASURE,
	ACTION_TRAJECTORY_REFERENCE, ACTION_TRAJECTORY_RUN, ACTION_TRAJECTORY_ZOOM_IN,
	ACTION_TRAJECTORY_FIT, ACTION_NONE};

const ViewOps trajectory_view = {
	.screen = SCREEN_TRAJECTORY,
	.help = "how a task vector came about over a training run",
	.explain = "τ(t)          the task vector of step t\n"
		   "cos           of τ(t) with the run's final vector, or a task's (f)\n"
		   "turn at t     angle between τ(t) − τ(t−1) and τ(t−1) − τ(t−2),\n"
		   "              where τ is 0 before the first\n"
		   "speed         |τ(t) − τ(t−1)|, from one checkpoint to the next\n"
		   "path length   the sum of these, from the base\n"
		   "displacement  |τ(final)|: the straight line",
	.footer = trajectory_footer,
	.open = trajectory_open,
	.close = trajectory_close,
	.draw = trajectory_draw,
	.act = trajectory_act,
	.why_not = trajectory_why_not,
	.sentence = trajectory_sentence_here,
	.json = trajectory_json,
	.table = trajectory_table,
	.cell = trajectory_cell,
	.invalidate = trajectory_invalidate,
};
