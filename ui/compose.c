/* compose.c - the screen where an edit is built: rows with a slider each, and a preview that
 * follows every key. */
#include "compose_view.h"

#include "batch.h"

#include <math.h>
#include <string.h>

#define LIST_LEAST 46

static gpointer compose_open(Ui *ui)
{
	ComposeView *view = g_new0(ComposeView, 1);

	view->ui = ui;
	view->list.cursor = 1;
	view->turned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	view->stale = view->behind = TRUE;
	view->quick = !ui_frozen(ui);
	view->ask.view = view->ask_reference.view = view;
	return view;
}

static void compose_invalidate(gpointer data, Ui *ui)
{
	ComposeView *view = data;

	(void)ui;
	view->stale = view->behind = TRUE;
}

static void compose_close(gpointer data)
{
	ComposeView *view = data;

	compose_refresh_end(view);
	compose_curve_drop(view);
	g_clear_pointer(&view->outline, outline_free);
	g_clear_pointer(&view->seen, g_array_unref);
	g_hash_table_unref(view->turned);
	g_free(view->path);
	g_free(view->file);
	g_free(view->name);
	g_free(view);
}

static void compose_draw(gpointer data, Ui *ui, Canvas *canvas, Rect rect)
{
	ComposeView *view = data;
	const char *empty = pane_why_empty(ui);
	Panes panes;

	if (empty) {
		pane_note(canvas, rect, empty);
		return;
	}
	compose_refresh(view, ui);
	panes = panes_split(canvas, rect, LIST_LEAST, panes_right(rect));
	compose_list_draw(view, ui, canvas, panes.left);
	if (panes.right.width > 0)
		compose_preview_draw(view, canvas, panes.right);
}

static React keep_reference(Ui *ui)
{
	session_set_reference(ui_session(ui));
	ui_message(ui, "this edit is the reference: x swaps with it");
	return REACT_DONE;
}

static React swap_reference(Ui *ui)
{
	if (!session_reference(ui_session(ui)))
		return REACT_NONE;
	session_swap_reference(ui_session(ui));
	ui_message(ui, "swapped with the reference: x swaps back");
	return REACT_DONE;
}

static React measure(ComposeView *view, Ui *ui)
{
	g_autofree char *text = composition_text(view->outline->composition);
	g_autoptr(GError) error = NULL;

	if (session_measure(ui_session(ui), text, &error))
		ui_message(ui, "measuring in the background: 6 shows how far it is");
	else
		ui_error(ui, error);
	return REACT_DONE;
}

static React change_groups(ComposeView *view, Ui *ui)
{
	guint now = pane_choice(ui, COMPOSE_GROUPS, 2);

	pane_choose_next(ui, COMPOSE_GROUPS, now, 2);
	view->behind = TRUE;
	return REACT_DONE;
}

/* Enter goes nearer: into what opens, else to the number. */
static React open_row(ComposeView *view, Ui *ui)
{
	const OutlineRow *row = compose_row(view);

	if (row->kind == OUTLINE_ADD_TERM)
		return compose_pick_task(view, ui);
	if (row->kind == OUTLINE_ADD_INPUT)
		return compose_pick_input(view, ui);
	if (row->kind == OUTLINE_PARAMETER && row->parameter->type == PARAMETER_CHOICE)
		return compose_pick_word(view, ui);
	if (!row->opens)
		return compose_type(view, ui);
	compose_fold(view, ui_session(ui));
	return REACT_DONE;
}

static React scroll_preview(ComposeView *view, ActionId action)
{
	switch (action) {
	case ACTION_DOWN:
		view->scroll++;
		return REACT_DONE;
	case ACTION_UP:
		view->scroll = MAX(0, view->scroll - 1);
		return REACT_DONE;
	case ACTION_BACK:
		view->in_preview = FALSE;
		return REACT_DONE;
	default:
		return REACT_NONE;
	}
}

static React act_on_value(ComposeView *view, Ui *ui, ActionId action)
{
	switch (action) {
	case ACTION_LEFT:
		return compose_step(view, ui, -1, FALSE);
	case ACTION_RIGHT:
		return compose_step(view, ui, 1, FALSE);
	case ACTION_COMPOSE_FAR_DOWN:
		return compose_step(view, ui, -1, TRUE);
	case ACTION_COMPOSE_FAR_UP:
		return compose_step(view, ui, 1, TRUE);
	case ACTION_COMPOSE_ZERO:
		return compose_set(view, ui, 0);
	case ACTION_COMPOSE_NEGATE:
		return compose_negate(view, ui);
	case ACTION_COMPOSE_TYPE:
		return compose_type(view, ui);
	case ACTION_MARK:
		return compose_toggle(view, ui);
	default:
		return REACT_NONE;
	}
}

static React act_on_rows(ComposeView *view, Ui *ui, ActionId action)
{
	switch (action) {
	case ACTION_OPEN:
		return open_row(view, ui);
	case ACTION_COMPOSE_ADD:
		return compose_pick_task(view, ui);
	case ACTION_COMPOSE_DROP:
		return compose_drop(view, ui);
	case ACTION_COMPOSE_DUPLICATE:
		return compose_duplicate(view, ui);
	case ACTION_COMPOSE_MOVE_DOWN:
		return compose_move(view, ui, 1);
	case ACTION_COMPOSE_MOVE_UP:
		return compose_move(view, ui, -1);
	case ACTION_COMPOSE_METHOD:
		return compose_pick_method(view, ui);
	case ACTION_COMPOSE_UNWRAP:
		return compose_unwrap(view, ui);
	case ACTION_COMPOSE_SCOPE:
		return compose_pick_scope(view, ui);
	default:
		return act_on_value(view, ui, action);
	}
}

static React act_on_edit(ComposeView *view, Ui *ui, ActionId action)
{
	switch (action) {
	case ACTION_COMPOSE_TEXT:
		return compose_type_edit(view, ui);
	case ACTION_COMPOSE_REFERENCE:
		return keep_reference(ui);
	case ACTION_COMPOSE_SWAP:
		return swap_reference(ui);
	case ACTION_COMPOSE_MEASURE:
		return measure(view, ui);
	case ACTION_COMPOSE_GROUPS:
		return change_groups(view, ui);
	case ACTION_COMPOSE_CURVE:
		return compose_curve_toggle(ui);
	case ACTION_COMPOSE_SAVE:
		return compose_save(view, ui);
	case ACTION_COMPOSE_READ:
		return compose_read(view, ui);
	case ACTION_COMPOSE_KEEP:
		return compose_keep(view, ui);
	case ACTION_COMPOSE_OPEN_EDIT:
		return compose_open_edit(view, ui);
	case ACTION_COMPOSE_DROP_EDIT:
		return compose_drop_edit(view, ui);
	default:
		return act_on_rows(view, ui, action);
	}
}

static React compose_act(gpointer data, Ui *ui, ActionId action)
{
	ComposeView *view = data;

	if (pane_why_empty(ui))
		return REACT_NONE;
	compose_refresh_rows(view, ui);
	if (action == ACTION_NEXT_PANE || action == ACTION_PREVIOUS_PANE) {
		view->in_preview = !view->in_preview;
		return REACT_DONE;
	}
	if (view->in_preview && scroll_preview(view, action) == REACT_DONE)
		return REACT_DONE;
	if (list_act(&view->list, action)) {
		compose_moved(view);
		return REACT_DONE;
	}
	return act_on_edit(view, ui, action);
}

static const char *why_not_measure(ComposeView *view, Ui *ui)
{
	compose_refresh(view, ui);
	if (!view->meaning)
		return view->error;
	if (view->preview && !view->late && view->preview->kind == PREVIEW_EXACT)
		return "the preview is exact";
	return session_running(ui_session(ui)) ? "wait until the running job is done" : NULL;
}

static const char *why_no_meaning(ComposeView *view, Ui *ui)
{
	compose_refresh(view, ui);
	return view->error;
}

/* Reasons that are of the whole edit. */
static const char *why_not_edit(ComposeView *view, Ui *ui, ActionId action)
{
	switch (action) {
	case ACTION_COMPOSE_SWAP:
		return session_reference(ui_session(ui)) ? NULL : "b keeps a reference first";
	case ACTION_COMPOSE_SAVE:
	case ACTION_COMPOSE_KEEP:
		return view->meaning ? NULL : why_no_meaning(view, ui);
	case ACTION_COMPOSE_OPEN_EDIT:
	case ACTION_COMPOSE_DROP_EDIT:
		return compose_has_edits(ui) ? NULL : "no edit is kept: W keeps one";
	case ACTION_COMPOSE_MEASURE:
		return why_not_measure(view, ui);
	case ACTION_SORT:
	case ACTION_REVERSE:
		return "J and K move a term";
	case ACTION_FILTER:
		return "there is no list to narrow here";
	default:
		return NULL;
	}
}

static const char *compose_why_not(gpointer data, Ui *ui, ActionId action)
{
	ComposeView *view = data;
	const char *reason;

	if (pane_why_empty(ui))
		return "there are no task vectors yet";
	compose_refresh_rows(view, ui);
	reason = why_not_edit(view, ui, action);
	if (!reason)
		reason = compose_row_why_not(view, action);
	return reason ? reason : pane_why_not(ui, action);
}

static char *sentence(gpointer data, Ui *ui)
{
	if (pane_why_empty(ui))
		return NULL;
	compose_refresh(data, ui);
	return compose_sentence(data, ui);
}

static cJSON *compose_json(gpointer data, Ui *ui)
{
	ComposeView *view = data;

	if (pane_why_empty(ui) || !compose_refresh_whole(view, ui))
		return NULL;
	return view->preview ? report_preview_json(view->preview) : NULL;
}

static Table *compose_table(gpointer data, Ui *ui)
{
	ComposeView *view = data;

	if (pane_why_empty(ui) || !compose_refresh_whole(view, ui))
		return NULL;
	return view->preview ? report_preview_records(view->preview) : NULL;
}

static char *compose_batch(gpointer data, Ui *ui)
{
	const Composition *now = session_composition(ui_session(ui));
	g_autofree char *text = composition_text(now);
	g_autofree char *edit = shell_word(text);
	g_autofree char *scale = expression_number(now->scale);
	g_autofree char *options = g_strdup_printf("%s --by=layer%s%s", edit,
		now->scale == 1 ? "" : " --scale=", now->scale == 1 ? "" : scale);

	(void)data;
	return batch_command(ui, "preview", options);
}

/* The row's number or word; elsewhere the whole edit. */
static char *compose_cell(gpointer data, Ui *ui)
{
	const ComposeView *view = data;
	const OutlineRow *row;

	if (pane_why_empty(ui) || !view->outline)
		return g_strdup("");
	row = compose_row(view);
	if (row->kind == OUTLINE_PARAMETER && !row->has_number)
		return g_strdup(row->value);
	return row->has_number && row->kind != OUTLINE_SCALE
		       ? expression_number(row->number)
		       : composition_text(view->outline->composition);
}

static const char *label(ActionId action)
{
	switch (action) {
	case ACTION_LEFT:
		return "less";
	case ACTION_RIGHT:
		return "more";
	case ACTION_MARK:
		return "on/off";
	default:
		return NULL;
	}
}

static const ActionId compose_footer[] = {ACTION_LEFT, ACTION_RIGHT, ACTION_COMPOSE_TYPE,
	ACTION_COMPOSE_ADD, ACTION_COMPOSE_METHOD, ACTION_COMPOSE_DROP, ACTION_MARK,
	ACTION_COMPOSE_SCOPE, ACTION_UNDO, ACTION_EXPORT, ACTION_COMPOSE_SAVE,
	ACTION_COMPOSE_REFERENCE, ACTION_NONE};

const ViewOps compose_view = {
	.screen = SCREEN_COMPOSE,
	.help = "build an edit, term by term, and see what it will be",
	.explain = "edit          the sum of λ × task vector over the terms that are on\n"
		   "output        θ₀ + (λ of the whole) × edit\n"
		   "|edit|/|θ₀|   its length, relative to the base\n"
		   "of largest τ  relative to the longest task vector that takes part\n"
		   "cos           of the edit with each task's vector\n"
		   "kept          ⟨edit, τ⟩ / |τ|²: how much of τ is in it; 1 is all of it\n"
		   "exact         the numbers of the output, before it is rounded\n"
		   "              to its type\n"
		   "expected ±    the mean over all random draws; 95 % of them lie\n"
		   "              within ±\n"
		   "estimated ±   from a sample of the elements, an interval of 95 %;\n"
		   "              r measures it over all weights\n"
		   "moves         percentiles of |change| over the elements\n"
		   "conflict      the share of the elements that some input moves up\n"
		   "              and another down",
	.footer = compose_footer,
	.label = label,
	.open = compose_open,
	.close = compose_close,
	.draw = compose_draw,
	.act = compose_act,
	.why_not = compose_why_not,
	.sentence = sentence,
	.json = compose_json,
	.table = compose_table,
	.batch = compose_batch,
	.cell = compose_cell,
	.invalidate = compose_invalidate,
};
