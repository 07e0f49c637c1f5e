/* compose.c - the screen where an edit is built: a list of terms with a slider each, and a preview
 * that follows every key, exact from the Gram tables. */
#include "compose_view.h"

#include "batch.h"

#include <math.h>
#include <string.h>

#define LIST_LEAST 46

static gpointer compose_open(Ui *ui)
{
	ComposeView *view = g_new0(ComposeView, 1);

	(void)ui;
	view->list.cursor = ROW_FIRST_TERM;
	view->stale = TRUE;
	return view;
}

static void drop_previews(ComposeView *view)
{
	g_clear_pointer(&view->preview, preview_free);
	g_clear_pointer(&view->ghost, preview_free);
	g_clear_pointer(&view->reference, preview_free);
	g_clear_pointer(&view->error, g_free);
}

static void compose_close(gpointer data)
{
	ComposeView *view = data;

	drop_previews(view);
	g_clear_pointer(&view->shown, composition_free);
	g_free(view->path);
	g_free(view);
}

static void compose_invalidate(gpointer data, Ui *ui)
{
	ComposeView *view = data;

	(void)ui;
	view->stale = TRUE;
}

/* The ghost is what was seen before the last change; changes that are one step of undo keep it. */
static void keep_ghost(ComposeView *view, const Session *session)
{
	const Composition *now = session_composition(session);
	guint steps = session_undo_steps(session);

	if (view->shown && !composition_equal(view->shown, now) && steps != view->steps) {
		g_clear_pointer(&view->ghost, preview_free);
		view->ghost = g_steal_pointer(&view->preview);
	}
	view->steps = steps;
	g_clear_pointer(&view->shown, composition_free);
	view->shown = composition_copy(now);
}

static void refresh(ComposeView *view, Ui *ui)
{
	const Session *session = ui_session(ui);
	const Composition *reference = session_reference(session);
	g_autoptr(GError) error = NULL;

	if (!view->stale)
		return;
	view->stale = FALSE;
	keep_ghost(view, session);
	g_clear_pointer(&view->preview, preview_free);
	g_clear_pointer(&view->reference, preview_free);
	view->preview = session_preview(session, session_composition(session), GROUP_LAYER, &error);
	string_set(&view->error, error ? error->message : NULL);
	if (reference)
		view->reference = session_preview(session, reference, GROUP_ALL, NULL);
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
	refresh(view, ui);
	panes = panes_split(canvas, rect, LIST_LEAST, panes_right(rect));
	compose_list_draw(view, ui, canvas, panes.left);
	if (panes.right.width > 0)
		compose_preview_draw(view, ui_session(ui), canvas, panes.right);
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

static React open_row(ComposeView *view, Ui *ui)
{
	int terms = (int)session_composition(ui_session(ui))->terms->len;

	if (view->list.cursor == ROW_FIRST_TERM + terms)
		return compose_pick_task(view, ui);
	return compose_type(view, ui);
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
		return compose_step(view, ui, -STEP_NEAR);
	case ACTION_RIGHT:
		return compose_step(view, ui, STEP_NEAR);
	case ACTION_COMPOSE_FAR_DOWN:
		return compose_step(view, ui, -STEP_FAR);
	case ACTION_COMPOSE_FAR_UP:
		return compose_step(view, ui, STEP_FAR);
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

static React act_on_terms(ComposeView *view, Ui *ui, ActionId action)
{
	switch (action) {
	case ACTION_OPEN:
		return open_row(view, ui);
	case ACTION_COMPOSE_ADD:
		return compose_pick_task(view, ui);
	case ACTION_COMPOSE_DROP:
		return compose_drop(view, ui);
	case ACTION_COMPOSE_MOVE_DOWN:
		return compose_move(view, ui, 1);
	case ACTION_COMPOSE_MOVE_UP:
		return compose_move(view, ui, -1);
	case ACTION_COMPOSE_SCOPE:
		return compose_pick_scope(view, ui);
	case ACTION_COMPOSE_REFERENCE:
		return keep_reference(ui);
	case ACTION_COMPOSE_SWAP:
		return swap_reference(ui);
	case ACTION_COMPOSE_SAVE:
		return compose_save(view, ui);
	case ACTION_COMPOSE_READ:
		return compose_read(view, ui);
	default:
		return act_on_value(view, ui, action);
	}
}

static React compose_act(gpointer data, Ui *ui, ActionId action)
{
	ComposeView *view = data;

	if (pane_why_empty(ui))
		return REACT_NONE;
	refresh(view, ui);
	if (action == ACTION_NEXT_PANE || action == ACTION_PREVIOUS_PANE) {
		view->in_preview = !view->in_preview;
		return REACT_DONE;
	}
	if (view->in_preview && scroll_preview(view, action) == REACT_DONE)
		return REACT_DONE;
	if (list_act(&view->list, action))
		return REACT_DONE;
	return act_on_terms(view, ui, action);
}

/* Why an action that needs a term has none. */
static const char *why_no_term(
	const ComposeView *view, const Composition *composition, ActionId action)
{
	int term = compose_term(view, composition);

	switch (action) {
	case ACTION_LEFT:
	case ACTION_RIGHT:
	case ACTION_COMPOSE_FAR_DOWN:
	case ACTION_COMPOSE_FAR_UP:
	case ACTION_COMPOSE_ZERO:
	case ACTION_COMPOSE_NEGATE:
		return term >= 0 || view->list.cursor == ROW_SCALE ? NULL : "move to a term first";
	case ACTION_MARK:
	case ACTION_COMPOSE_DROP:
	case ACTION_COMPOSE_SCOPE:
		return term >= 0 ? NULL : "move to a term first";
	case ACTION_COMPOSE_MOVE_DOWN:
	case ACTION_COMPOSE_MOVE_UP:
		return term >= 0 && composition->terms->len > 1 ? NULL : "there is no other term";
	default:
		return NULL;
	}
}

static const char *compose_why_not(gpointer data, Ui *ui, ActionId action)
{
	const ComposeView *view = data;
	const Session *session = ui_session(ui);

	if (pane_why_empty(ui))
		return "there are no task vectors yet";
	if (action == ACTION_COMPOSE_SWAP && !session_reference(session))
		return "b keeps a reference first";
	if (action == ACTION_COMPOSE_SAVE && !view->preview)
		return view->error ? view->error : "the edit is empty";
	if (action == ACTION_SORT || action == ACTION_REVERSE)
		return "J and K move a term";
	if (action == ACTION_FILTER)
		return "there is no list to narrow here";
	if (why_no_term(view, session_composition(session), action))
		return why_no_term(view, session_composition(session), action);
	return pane_why_not(ui, action);
}

/* The tasks with the largest and the smallest cosine; FALSE where none has one. */
static gboolean find_extremes(const Preview *preview, guint *nearest, guint *farthest)
{
	const Estimate *cosine = preview->whole->cosine;
	gboolean found = FALSE;

	for (guint i = 0; i < preview->count; i++) {
		if (!isfinite(cosine[i].value))
			continue;
		*nearest = !found || cosine[i].value > cosine[*nearest].value ? i : *nearest;
		*farthest = !found || cosine[i].value < cosine[*farthest].value ? i : *farthest;
		found = TRUE;
	}
	return found;
}

/* Which task the edit is nearest to, and which it opposes most; cosines below 0.05 are neither. */
static char *extremes_text(const Preview *preview, guint nearest, guint farthest)
{
	const Estimate *cosine = preview->whole->cosine;
	g_autofree char *near = number_signed(cosine[nearest].value, 2);
	g_autofree char *far = number_signed(cosine[farthest].value, 2);
	gboolean is_near = cosine[nearest].value > 0.05, opposes = cosine[farthest].value < -0.05;

	if (!is_near && !opposes)
		return g_strdup("the edit is nearly orthogonal to every task");
	if (!is_near)
		return g_strdup_printf("the edit opposes %s (cos %s) and is near no task",
			preview->name[farthest], far);
	if (!opposes)
		return g_strdup_printf("the edit is nearest to %s (cos %s) and opposes no task",
			preview->name[nearest], near);
	return g_strdup_printf("the edit is nearest to %s (cos %s) and opposes %s (cos %s)",
		preview->name[nearest], near, preview->name[farthest], far);
}

/* Why there is no preview. */
static char *no_preview_text(const ComposeView *view, Ui *ui)
{
	g_autofree char *text = composition_text(session_composition(ui_session(ui)));

	if (!*text)
		return g_strdup("the edit is empty: a adds a term, = takes an expression");
	return g_strdup_printf("the edit has no meaning: %s", view->error);
}

static char *not_finite_text(const Preview *preview)
{
	const char *reason = "its norm is beyond the range of a double";

	for (guint i = 0; i < preview->warnings->len; i++)
		if (strstr(preview->warnings->pdata[i], "not finite"))
			reason = preview->warnings->pdata[i];
	return g_strdup_printf("the edit is not finite: %s", reason);
}

static char *compose_sentence(gpointer data, Ui *ui)
{
	ComposeView *view = data;
	guint nearest = 0, farthest = 0;

	if (pane_why_empty(ui))
		return NULL;
	refresh(view, ui);
	if (!view->preview)
		return no_preview_text(view, ui);
	if (!isfinite(view->preview->whole->norm.value))
		return not_finite_text(view->preview);
	if (view->preview->whole->norm.value == 0)
		return g_strdup("the edit is zero: the output will equal the base");
	if (!find_extremes(view->preview, &nearest, &farthest))
		return g_strdup("no task has a cosine with the edit");
	return extremes_text(view->preview, nearest, farthest);
}

static cJSON *compose_json(gpointer data, Ui *ui)
{
	ComposeView *view = data;

	if (pane_why_empty(ui))
		return NULL;
	refresh(view, ui);
	return view->preview ? report_preview_json(view->preview) : NULL;
}

static Table *compose_table(gpointer data, Ui *ui)
{
	ComposeView *view = data;

	if (pane_why_empty(ui))
		return NULL;
	refresh(view, ui);
	return view->preview ? report_preview_table(view->preview) : NULL;
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

/* A term's coefficient; elsewhere the whole edit. */
static char *compose_cell(gpointer data, Ui *ui)
{
	const ComposeView *view = data;
	const Composition *now = session_composition(ui_session(ui));
	int term = compose_term(view, now);

	if (term < 0)
		return composition_text(now);
	return expression_number(g_array_index(now->terms, Term, (guint)term).coefficient);
}

static const ActionId compose_footer[] = {ACTION_MARK, ACTION_COMPOSE_TYPE, ACTION_COMPOSE_NEGATE,
	ACTION_COMPOSE_ADD, ACTION_COMPOSE_DROP, ACTION_COMPOSE_SCOPE, ACTION_UNDO,
	ACTION_COMPOSE_SAVE, ACTION_EXPORT, ACTION_COMPOSE_REFERENCE, ACTION_NONE};

const ViewOps compose_view = {
	.screen = SCREEN_COMPOSE,
	.help = "build an edit, term by term, and see what it will be",
	.explain = "edit          the sum of λ × task vector over the terms that are on\n"
		   "output        θ₀ + (λ of the whole) × edit\n"
		   "|edit|/|θ₀|   its length, relative to the base\n"
		   "of largest τ  relative to the longest task vector that takes part\n"
		   "cos           of the edit with each task's vector\n"
		   "kept          ⟨edit, τ⟩ / |τ|²: how much of τ is in it; 1 is all of it\n"
		   "exact         from the inner products: the numbers of the output\n"
		   "              before it is rounded to its type",
	.footer = compose_footer,
	.open = compose_open,
	.close = compose_close,
	.draw = compose_draw,
	.act = compose_act,
	.why_not = compose_why_not,
	.sentence = compose_sentence,
	.json = compose_json,
	.table = compose_table,
	.batch = compose_batch,
	.cell = compose_cell,
	.invalidate = compose_invalidate,
};
