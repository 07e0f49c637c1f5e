/* trajectory.c - the screen of how a task vector came about: its direction and length over the
 * steps of a run.
 *
 * h and l move the crosshair, j and k the list of series beside it; both are always at hand. */
#include "trajectory_view.h"

#include "batch.h"

#include <math.h>
#include <string.h>

#define PLOT_LEAST 40
#define FAR_STEPS 10
#define STATE_MEASURE "trajectory.measure"
#define STATE_RUN "trajectory.run"

static gpointer trajectory_open(Ui *ui)
{
	TrajectoryView *view = g_new0(TrajectoryView, 1);

	view->measure = pane_choice(ui, STATE_MEASURE, PATH_MEASURE_COUNT);
	view->run = g_strdup(session_get(ui_session(ui), STATE_RUN));
	return view;
}

static void trajectory_invalidate(gpointer data, Ui *ui)
{
	TrajectoryView *view = data;

	(void)ui;
	trajectory_drop(view);
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

/* Why no path can be shown, in lines; NULL where it can. */
static const char *why_empty(TrajectoryView *view, Ui *ui)
{
	const char *empty = pane_why_empty(ui);

	if (empty)
		return empty;
	if (!trajectory_choose_run(view, session_collection(ui_session(ui))))
		return "No training run is loaded.\n"
		       "On Checkpoints (1) press o and type NAME=FOLDER of a folder that holds "
		       "checkpoint-N folders.\n"
		       "Or from a shell:  tauscope load STORE --run NAME=FOLDER";
	return NULL;
}

static gboolean is_ready(TrajectoryView *view, Ui *ui)
{
	return !why_empty(view, ui) && trajectory_refresh(view, ui, NULL) &&
	       view->trajectory->count > 1;
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

	if (empty || !trajectory_refresh(view, ui, &error)) {
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

static React step_run(TrajectoryView *view, Ui *ui, int by)
{
	g_autoptr(GPtrArray) runs = collection_runs(session_collection(ui_session(ui)));
	int place = names_find((char **)runs->pdata, runs->len, view->run) + by;

	if (place < 0 || place >= (int)runs->len) {
		if (runs->len == 1)
			ui_message(ui, "%s is the only run", view->run);
		else
			ui_message(ui, "%s is the %s of %u runs", view->run,
				by > 0 ? "last" : "first", runs->len);
		return REACT_DONE;
	}
	string_set(&view->run, runs->pdata[place]);
	session_set(ui_session(ui), STATE_RUN, view->run);
	g_clear_pointer(&view->at_name, g_free);
	view->zoomed = FALSE;
	trajectory_drop(view);
	return REACT_DONE;
}

#define FINAL "final checkpoint of the run"

static gboolean accept_reference(gpointer data, Ui *ui, const char *text, GError **error)
{
	TrajectoryView *view = data;

	(void)ui;
	(void)error;
	string_set(&view->reference, strcmp(text, FINAL) == 0 ? NULL : text);
	trajectory_drop(view);
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

/* The points that an action moves the crosshair by; 0 where it does not. */
static int points_by(const TrajectoryView *view, ActionId action)
{
	int count = (int)view->trajectory->count;

	switch (action) {
	case ACTION_LEFT:
		return -1;
	case ACTION_RIGHT:
		return 1;
	case ACTION_TRAJECTORY_FAR_LEFT:
		return -FAR_STEPS;
	case ACTION_TRAJECTORY_FAR_RIGHT:
		return FAR_STEPS;
	case ACTION_FIRST:
		return -count;
	case ACTION_LAST:
		return count;
	default:
		return 0;
	}
}

static React act_on_plot(TrajectoryView *view, Ui *ui, ActionId action)
{
	switch (action) {
	case ACTION_MARK:
		trajectory_toggle(view, ui);
		return REACT_DONE;
	case ACTION_TRAJECTORY_MEASURE:
		view->measure =
			pane_choose_next(ui, STATE_MEASURE, view->measure, PATH_MEASURE_COUNT);
		return REACT_DONE;
	case ACTION_TRAJECTORY_ZOOM_IN:
	case ACTION_TRAJECTORY_ZOOM_OUT:
		trajectory_zoom(view, action == ACTION_TRAJECTORY_ZOOM_IN ? 0.5 : 2);
		return REACT_DONE;
	case ACTION_TRAJECTORY_FIT:
		view->zoomed = FALSE;
		return REACT_DONE;
	case ACTION_TRAJECTORY_MARKERS:
		view->plain = !view->plain;
		return REACT_DONE;
	default:
		return REACT_NONE;
	}
}

static React act_on_points(TrajectoryView *view, Ui *ui, ActionId action)
{
	int by = points_by(view, action);

	if (by != 0) {
		trajectory_move(view, ui, by);
		return REACT_DONE;
	}
	if (list_act(&view->series, action))
		return REACT_DONE;
	return act_on_plot(view, ui, action);
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
	if (action == ACTION_SORT || action == ACTION_REVERSE)
		return "steps have one order";
	if (action == ACTION_FILTER)
		return "there is no list to narrow here";
	return pane_why_not(ui, action);
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

	if (why_empty(view, ui) || !trajectory_refresh(view, ui, NULL))
		return NULL;
	g_ptr_array_add(list, view->trajectory);
	return report_trajectories_json(list);
}

static Table *trajectory_table(gpointer data, Ui *ui)
{
	TrajectoryView *view = data;
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	if (why_empty(view, ui) || !trajectory_refresh(view, ui, NULL))
		return NULL;
	g_ptr_array_add(list, view->trajectory);
	return report_trajectories_table(list);
}

static char *trajectory_batch(gpointer data, Ui *ui)
{
	TrajectoryView *view = data;
	g_autofree char *run = NULL, *reference = NULL, *options = NULL;

	if (why_empty(view, ui))
		return NULL;
	run = shell_word(view->run);
	reference = view->reference ? shell_word(view->reference) : NULL;
	options = g_strdup_printf("--run=%s --by=layer%s%s", run, reference ? " --reference=" : "",
		reference ? reference : "");
	return batch_command(ui, "trajectory", options);
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
	.batch = trajectory_batch,
	.cell = trajectory_cell,
	.invalidate = trajectory_invalidate,
};
