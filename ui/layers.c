/* layers.c - the screen of where task vectors live: their length by layer, by kind, by tensor.
 *
 * Enter opens a layer's tensors, and makes it the layer that the other screens look at. */
#include "layers_view.h"

#include "batch.h"

#include <math.h>
#include <string.h>

#define BELOW_LEAST 4 /* rows that the lower half needs */
#define STATE_MEASURE "layers.measure"
#define STATE_LOG "layers.log"
#define STATE_BY_VALUE "layers.by-value"
#define STATE_REVERSE "layers.reverse"

static gpointer layers_open(Ui *ui)
{
	LayersView *view = g_new0(LayersView, 1);

	view->measure = pane_choice(ui, STATE_MEASURE, LAYER_MEASURE_COUNT);
	view->log = pane_choice(ui, STATE_LOG, 2) != 0;
	view->by_value = pane_choice(ui, STATE_BY_VALUE, 2) != 0;
	view->reverse = pane_choice(ui, STATE_REVERSE, 2) != 0;
	view->by = GROUP_LAYER;
	return view;
}

static void layers_invalidate(gpointer data, Ui *ui)
{
	LayersView *view = data;

	(void)ui;
	layers_drop(view);
}

static void layers_close(gpointer data)
{
	LayersView *view = data;

	layers_invalidate(view, NULL);
	g_free(view->filter);
	g_free(view->below_of);
	g_free(view->inside);
	g_free(view->inside_at);
	g_free(view->at);
	g_free(view->first);
	g_free(view);
}

/* The bars take their rows, and what is left below is for the kinds. */
static void draw_halves(LayersView *view, Canvas *canvas, Rect rect)
{
	int bars = (int)view->rows->len + 3, below = rect.height - bars - 1;

	if (!view->below || below < BELOW_LEAST) {
		layers_bars_draw(view, canvas, rect);
		return;
	}
	layers_bars_draw(view, canvas, rect_rows(rect, 0, bars));
	layers_below_draw(view, canvas, rect_rows(rect, bars + 1, below));
}

static void layers_draw(gpointer data, Ui *ui, Canvas *canvas, Rect rect)
{
	LayersView *view = data;
	const char *empty = pane_why_empty(ui);
	g_autoptr(GError) error = NULL;

	if (empty || !layers_refresh(view, ui, &error)) {
		pane_note(canvas, rect, empty ? empty : error->message);
		return;
	}
	draw_halves(view, canvas, rect);
	pane_shared(
		canvas, rect, 1, session_collection(ui_session(ui)), view->layers->whole->elements);
}

static React moved(LayersView *view)
{
	const LayerGroup *group = layers_current(view);

	if (group)
		string_set(&view->at, group->name);
	return REACT_DONE;
}

/* Other groups: what was computed by the old ones goes; `at` is the row to stand on. */
static React regroup(LayersView *view, GroupBy by, const char *inside, const char *at)
{
	g_autofree char *row = g_strdup(at);

	view->inside_by = view->by;
	string_set(&view->inside, inside);
	view->by = by;
	string_set(&view->at, row);
	view->list = (ListWidget){0};
	layers_drop(view);
	return REACT_DONE;
}

static React open_group(LayersView *view, Ui *ui)
{
	const LayerGroup *group = layers_current(view);
	g_autofree char *name = NULL;

	if (!group || view->by == GROUP_TENSOR)
		return REACT_DONE;
	name = g_strdup(group->name);
	string_set(&view->inside_at, name);
	if (view->by == GROUP_LAYER)
		ui_set_layer(ui, name);
	return regroup(view, GROUP_TENSOR, name, NULL);
}

static React back(LayersView *view, Ui *ui)
{
	if (!view->inside)
		return REACT_NONE;
	if (view->inside_by == GROUP_LAYER)
		ui_set_layer(ui, NULL);
	return regroup(view, view->inside_by, NULL, view->inside_at);
}

static React next_group(LayersView *view)
{
	GroupBy by = view->by == GROUP_TENSOR ? GROUP_LAYER : view->by + 1;

	return regroup(view, by, NULL, NULL);
}

/* Scale and order outlive the program, as the measure does. */
static void keep_order(const LayersView *view, Ui *ui)
{
	pane_choose(ui, STATE_LOG, view->log ? 1 : 0);
	pane_choose(ui, STATE_BY_VALUE, view->by_value ? 1 : 0);
	pane_choose(ui, STATE_REVERSE, view->reverse ? 1 : 0);
}

static React sort_rows(LayersView *view, Ui *ui, ActionId action)
{
	if (action == ACTION_SORT)
		view->by_value = !view->by_value;
	else
		view->reverse = !view->reverse;
	keep_order(view, ui);
	layers_drop_rows(view);
	return REACT_DONE;
}

static React step_task(LayersView *view, int by)
{
	int place = CLAMP((int)view->first_at + by, 0, (int)view->layers->count - 1);

	view->first_at = (guint)place;
	string_set(&view->first, view->layers->name[place]);
	layers_drop_rows(view);
	return REACT_DONE;
}

static React reset(LayersView *view, Ui *ui)
{
	g_clear_pointer(&view->first, g_free);
	view->log = view->by_value = view->reverse = FALSE;
	keep_order(view, ui);
	ui_set_layer(ui, NULL);
	return regroup(view, GROUP_LAYER, NULL, view->inside ? view->inside_at : view->at);
}

/* A picked line is a mark and a name. */
static gboolean accept_task(gpointer data, Ui *ui, const char *text, GError **error)
{
	Session *session = ui_session(ui);
	const char *name = strchr(text, ' ');
	gint member = name ? collection_find(session_collection(session), name + 1) : -1;

	(void)data;
	(void)error;
	if (member > 0)
		session_mark(session, (guint)member, !session_is_marked(session, (guint)member));
	return TRUE;
}

static React pick_task(LayersView *view, Ui *ui)
{
	const Session *session = ui_session(ui);
	const Collection *collection = session_collection(session);
	g_autoptr(GArray) tasks = collection_tasks(collection);
	g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < tasks->len; i++) {
		guint member = g_array_index(tasks, guint, i);
		g_ptr_array_add(items,
			g_strdup_printf("%s %s", session_is_marked(session, member) ? "●" : "○",
				collection_member(collection, member)->name));
	}
	ui_pick(ui, "Show or hide a task", (const char *const *)items->pdata, items->len, view,
		accept_task);
	return REACT_DONE;
}

static React layers_act(gpointer data, Ui *ui, ActionId action)
{
	LayersView *view = data;

	if (pane_why_empty(ui) || !layers_refresh(view, ui, NULL))
		return REACT_NONE;
	action = pane_match(action);
	if (list_act(&view->list, action))
		return moved(view);
	switch (action) {
	case ACTION_OPEN:
		return open_group(view, ui);
	case ACTION_BACK:
		return back(view, ui);
	case ACTION_MARK:
		return pick_task(view, ui);
	case ACTION_INVERT:
		session_invert_marks(ui_session(ui));
		return REACT_DONE;
	case ACTION_LAYERS_MEASURE:
		view->measure =
			pane_choose_next(ui, STATE_MEASURE, view->measure, LAYER_MEASURE_COUNT);
		layers_drop_rows(view);
		return REACT_DONE;
	case ACTION_SORT:
	case ACTION_REVERSE:
		return sort_rows(view, ui, action);
	case ACTION_LAYERS_LOG:
		view->log = !view->log;
		keep_order(view, ui);
		return REACT_DONE;
	case ACTION_LAYERS_GROUP:
		return next_group(view);
	case ACTION_LAYERS_NEXT:
		return step_task(view, 1);
	case ACTION_LAYERS_PREVIOUS:
		return step_task(view, -1);
	case ACTION_LAYERS_RESET:
		return reset(view, ui);
	default:
		return REACT_NONE;
	}
}

static const char *layers_why_not(gpointer data, Ui *ui, ActionId action)
{
	const LayersView *view = data;

	if (pane_why_empty(ui))
		return "there are no task vectors yet";
	if (action == ACTION_OPEN && view->by == GROUP_TENSOR)
		return "tensors are the last level";
	if (action == ACTION_LAYERS_LOG && view->measure == LAYER_COSINE)
		return "a cosine has no log scale";
	return pane_why_not(ui, action);
}

static char *layers_sentence_here(gpointer data, Ui *ui)
{
	LayersView *view = data;
	const LayerGroup *group;
	g_autofree char *share = NULL, *cosine = NULL;
	double pair;

	if (pane_why_empty(ui) || !layers_refresh(view, ui, NULL) ||
		!(group = layers_current(view)))
		return NULL;
	share = number_percent(group->share[view->first_at]);
	pair = layers_pair_cosine(view, group);
	if (!isfinite(pair))
		return g_strdup_printf("%s carries %s of |%s|²", group->name, share,
			view->layers->name[view->first_at]);
	cosine = number_signed(pair, 2);
	return g_strdup_printf("%s carries %s of |%s|²; cos with %s %s", group->name, share,
		view->layers->name[view->first_at], view->layers->name[view->first_at + 1], cosine);
}

static cJSON *layers_json(gpointer data, Ui *ui)
{
	LayersView *view = data;

	if (pane_why_empty(ui) || !layers_refresh(view, ui, NULL))
		return NULL;
	return report_layers_json(view->layers);
}

static Table *layers_table(gpointer data, Ui *ui)
{
	LayersView *view = data;

	if (pane_why_empty(ui) || !layers_refresh(view, ui, NULL))
		return NULL;
	return report_layers_table(view->layers);
}

/* All groups are written, whatever the list is narrowed to, so that the shares add up. */
static char *layers_batch(gpointer data, Ui *ui)
{
	const LayersView *view = data;
	g_autofree char *by = g_strconcat("--by=", group_by_name(view->by), NULL);

	if (pane_why_empty(ui) || !batch_has_all_tasks(ui))
		return NULL;
	return batch_command(ui, "norms", by);
}

static char *layers_cell(gpointer data, Ui *ui)
{
	LayersView *view = data;
	const LayerGroup *group;

	if (pane_why_empty(ui) || !layers_refresh(view, ui, NULL) ||
		!(group = layers_current(view)))
		return NULL;
	return g_strdup_printf("%.9g", layer_value(view, group, view->first_at));
}

static const ActionId layers_footer[] = {ACTION_OPEN, ACTION_MARK, ACTION_LAYERS_MEASURE,
	ACTION_LAYERS_LOG, ACTION_LAYERS_GROUP, ACTION_LAYERS_NEXT, ACTION_LAYERS_RESET,
	ACTION_NONE};

const ViewOps layers_view = {
	.screen = SCREEN_LAYERS,
	.help = "where task vectors live: by layer, by kind, by tensor",
	.explain = "|τ|/|θ₀|           length of τ in a group, relative to the base there\n"
		   "|τ|                that length itself\n"
		   "share              |τ in the group|² / |τ|², of the first task shown\n"
		   "cos                of the first two tasks shown, over the group\n"
		   "cos with the mean  of τ with the mean of the marked tasks' vectors",
	.footer = layers_footer,
	.open = layers_open,
	.close = layers_close,
	.draw = layers_draw,
	.act = layers_act,
	.why_not = layers_why_not,
	.sentence = layers_sentence_here,
	.json = layers_json,
	.table = layers_table,
	.batch = layers_batch,
	.cell = layers_cell,
	.invalidate = layers_invalidate,
};
