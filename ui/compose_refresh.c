/* compose_refresh.c - when the previews of the Compose screen are made.
 *
 * What follows from the Gram tables alone is made with every frame.  All else, and what takes long
 * to find of any edit, is made off the main thread: a frame waits for it a moment, so that what
 * comes soon does not flicker; then the last preview stays, called stale, until it is there. */
#include "compose_view.h"

#include "preview/closed.h"

#define REST_MILLISECONDS 150
#define FRAME_MICROSECONDS 8000
#define WHOLE_MICROSECONDS 12000

static void stop_resting(ComposeView *view)
{
	if (view->resting)
		g_source_remove(view->resting);
	view->resting = 0;
}

static void drop_ask(ComposeAsk *ask)
{
	session_drop_asked(ui_session(ask->view->ui), ask);
	g_clear_pointer(&ask->of, composition_free);
}

void compose_refresh_end(ComposeView *view)
{
	stop_resting(view);
	drop_ask(&view->ask);
	drop_ask(&view->ask_reference);
	g_clear_pointer(&view->preview, preview_free);
	g_clear_pointer(&view->ghost, preview_free);
	g_clear_pointer(&view->reference, preview_free);
	g_clear_pointer(&view->error, g_free);
	g_clear_pointer(&view->shown, composition_free);
	g_clear_pointer(&view->compared, composition_free);
}

/* The ghost is what was seen before the last change; changes that are one step of undo keep it. */
static void keep_ghost(ComposeView *view, const Composition *now, guint steps)
{
	if (view->shown && !composition_equal(view->shown, now) && steps != view->steps) {
		g_clear_pointer(&view->ghost, preview_free);
		view->ghost = g_steal_pointer(&view->preview);
	}
	view->steps = steps;
	g_clear_pointer(&view->shown, composition_free);
	view->shown = composition_copy(now);
}

/* Whether what is seen is of an edit before this one. */
static gboolean is_late(const ComposeView *view)
{
	return view->preview &&
	       !composition_equal(view->shown, session_composition(ui_session(view->ui)));
}

/* How the preview is cut into groups, as chosen last. */
static GroupBy chosen_groups(Ui *ui)
{
	return pane_choice(ui, COMPOSE_GROUPS, 2) == 0 ? GROUP_LAYER : GROUP_KIND;
}

/* What the text of the edit is: one with a meaning, and one whose preview is read off tables. */
static void look_at_edit(ComposeView *view, const Session *session)
{
	const Collection *collection = session_collection(session);
	g_autofree char *text = composition_text(session_composition(session));
	g_autoptr(Node) edit = expression_parse(collection, text, NULL);

	view->meaning = edit != NULL;
	view->closed = edit && closed_is(collection, edit, FALSE);
}

/* The keys rest: the preview is made with all that takes long to find. */
static gboolean rested(gpointer data)
{
	ComposeView *view = data;

	view->resting = 0;
	view->behind = TRUE;
	view->quick = FALSE;
	ui_dirty(view->ui);
	return G_SOURCE_REMOVE;
}

static void wait_for_rest(ComposeView *view)
{
	stop_resting(view);
	view->resting = g_timeout_add(REST_MILLISECONDS, rested, view);
}

/* Takes the preview of a composition, or why there is none. */
static void take_preview(ComposeView *view, const Composition *of, guint steps, Preview *preview,
	const GError *error)
{
	keep_ghost(view, of, steps);
	g_clear_pointer(&view->preview, preview_free);
	view->preview = preview;
	string_set(&view->error, error ? error->message : NULL);
}

/* Where keys came meanwhile, what was made is shown, and the next one is asked for. */
static void made(gpointer data, Preview *preview, const GError *error)
{
	ComposeAsk *ask = data;
	ComposeView *view = ask->view;
	g_autoptr(Composition) of = g_steal_pointer(&ask->of);

	take_preview(view, of, ask->steps, preview, error);
	view->by = ask->by;
	view->late = is_late(view);
	if (view->late)
		view->behind = view->quick = TRUE;
	else if (ask->quick)
		wait_for_rest(view);
	ui_dirty(view->ui);
}

static void begin_ask(ComposeView *view, Ui *ui, gboolean quick)
{
	Session *session = ui_session(ui);
	ComposeAsk *ask = &view->ask;

	compose_curve_yield(view);
	drop_ask(ask);
	ask->of = composition_copy(session_composition(session));
	ask->steps = session_undo_steps(session);
	ask->quick = quick;
	ask->by = chosen_groups(ui);
	session_ask_preview(session, ask->of, ask->by, quick, made, ask);
}

/* One that is quick is let finish, so that something is seen while keys come; one that is not has
 * to give way. */
static void ask_preview(ComposeView *view, Ui *ui)
{
	Session *session = ui_session(ui);

	if (!view->ask.quick || !session_asked(session, &view->ask))
		begin_ask(view, ui, TRUE);
	session_wait_previews(session, FRAME_MICROSECONDS);
	view->late = is_late(view);
}

static void make_preview(ComposeView *view, Ui *ui)
{
	const Session *session = ui_session(ui);
	const Composition *now = session_composition(session);
	GroupBy by = view->by = chosen_groups(ui);
	g_autoptr(GError) error = NULL;
	Preview *preview;

	drop_ask(&view->ask);
	preview = view->quick ? session_preview_quick(session, now, by, &error)
			      : session_preview(session, now, by, &error);
	take_preview(view, now, session_undo_steps(session), preview, error);
	view->late = FALSE;
}

static void reference_made(gpointer data, Preview *preview, const GError *error)
{
	ComposeAsk *ask = data;

	(void)error;
	g_clear_pointer(&ask->of, composition_free);
	ask->view->reference = preview;
	ui_dirty(ask->view->ui);
}

static gboolean is_closed(const Session *session, const Composition *composition)
{
	const Collection *collection = session_collection(session);
	g_autofree char *text = composition_text(composition);
	g_autoptr(Node) edit = expression_parse(collection, text, NULL);

	return !edit || closed_is(collection, edit, FALSE);
}

static void make_reference(ComposeView *view, Ui *ui, const Composition *reference)
{
	Session *session = ui_session(ui);
	ComposeAsk *ask = &view->ask_reference;

	if (ui_frozen(ui) || is_closed(session, reference)) {
		view->reference = session_preview_quick(session, reference, GROUP_ALL, NULL);
		return;
	}
	ask->of = composition_copy(reference);
	session_ask_preview(session, reference, GROUP_ALL, TRUE, reference_made, ask);
}

/* Kept until the reference, or what is loaded, is another. */
static void refresh_reference(ComposeView *view, Ui *ui, gboolean loaded)
{
	const Composition *reference = session_reference(ui_session(ui));

	if (!loaded && reference && view->compared && composition_equal(reference, view->compared))
		return;
	drop_ask(&view->ask_reference);
	g_clear_pointer(&view->reference, preview_free);
	g_clear_pointer(&view->compared, composition_free);
	if (!reference)
		return;
	view->compared = composition_copy(reference);
	make_reference(view, ui, reference);
}

static void refresh_previews(ComposeView *view, Ui *ui)
{
	guint version = session_version(ui_session(ui));
	gboolean loaded = version != view->version;

	view->version = version;
	stop_resting(view);
	if (loaded)
		g_clear_pointer(&view->preview, preview_free);
	if (ui_frozen(ui) || !view->meaning || (view->closed && view->quick))
		make_preview(view, ui);
	else if (view->quick)
		ask_preview(view, ui);
	else
		begin_ask(view, ui, FALSE);
	refresh_reference(view, ui, loaded);
	if (view->quick && view->closed)
		wait_for_rest(view);
	view->quick = !ui_frozen(ui);
}

void compose_refresh_rows(ComposeView *view, Ui *ui)
{
	if (!view->stale)
		return;
	view->stale = FALSE;
	compose_rows_refresh(view, ui_session(ui));
	look_at_edit(view, ui_session(ui));
}

void compose_refresh(ComposeView *view, Ui *ui)
{
	compose_refresh_rows(view, ui);
	if (!view->behind)
		return;
	view->behind = FALSE;
	refresh_previews(view, ui);
}

gboolean compose_refresh_whole(ComposeView *view, Ui *ui)
{
	compose_refresh(view, ui);
	if (view->resting) {
		stop_resting(view);
		view->behind = TRUE;
		view->quick = FALSE;
		compose_refresh(view, ui);
	}
	session_wait_previews(ui_session(ui), WHOLE_MICROSECONDS);
	return !view->late && !view->ask.of && !view->resting;
}
