/* compose_refresh.c - when the previews of the Compose screen are made.
 *
 * Exact ones follow every key.  Of others what takes long is left out while keys come; where even
 * the rest takes long, the last preview stays, called stale, until the keys rest. */
#include "compose_view.h"

#include "preview/closed.h"

#define REST_MILLISECONDS 150
#define SLOW_MICROSECONDS 25000 /* no key should wait longer */

static void drop_previews(ComposeView *view)
{
	g_clear_pointer(&view->preview, preview_free);
	g_clear_pointer(&view->ghost, preview_free);
	g_clear_pointer(&view->reference, preview_free);
	g_clear_pointer(&view->error, g_free);
}

static void stop_resting(ComposeView *view)
{
	if (view->resting)
		g_source_remove(view->resting);
	view->resting = 0;
}

void compose_refresh_end(ComposeView *view)
{
	stop_resting(view);
	drop_previews(view);
	g_clear_pointer(&view->shown, composition_free);
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

GroupBy compose_group_by(Ui *ui)
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
	view->stale = TRUE;
	view->quick = FALSE;
	ui_dirty(view->ui);
	return G_SOURCE_REMOVE;
}

static void wait_for_rest(ComposeView *view)
{
	stop_resting(view);
	view->resting = g_timeout_add(REST_MILLISECONDS, rested, view);
}

/* Whether the last preview stays for now. */
static gboolean must_wait(const ComposeView *view)
{
	return view->quick && view->slow && view->preview && view->meaning && !view->closed;
}

static void make_preview(ComposeView *view, Ui *ui, GError **error)
{
	const Session *session = ui_session(ui);
	const Composition *now = session_composition(session);
	GroupBy by = compose_group_by(ui);
	gint64 start = g_get_monotonic_time(), taken;

	g_clear_pointer(&view->preview, preview_free);
	view->preview = view->quick ? session_preview_quick(session, now, by, error)
				    : session_preview(session, now, by, error);
	taken = g_get_monotonic_time() - start;
	view->slow = (view->quick || view->slow) && taken > SLOW_MICROSECONDS;
}

static void refresh_preview(ComposeView *view, Ui *ui)
{
	const Session *session = ui_session(ui);
	const Composition *reference = session_reference(session);
	g_autoptr(GError) error = NULL;

	keep_ghost(view, session);
	make_preview(view, ui, &error);
	string_set(&view->error, error ? error->message : NULL);
	g_clear_pointer(&view->reference, preview_free);
	if (reference)
		view->reference = session_preview_quick(session, reference, GROUP_ALL, NULL);
}

void compose_refresh(ComposeView *view, Ui *ui)
{
	if (!view->stale)
		return;
	view->stale = FALSE;
	compose_rows_refresh(view, ui_session(ui));
	look_at_edit(view, ui_session(ui));
	view->late = must_wait(view);
	if (!view->late)
		refresh_preview(view, ui);
	if (view->quick)
		wait_for_rest(view);
	view->quick = !ui_frozen(ui);
}

void compose_refresh_whole(ComposeView *view, Ui *ui)
{
	compose_refresh(view, ui);
	if (!view->resting)
		return;
	stop_resting(view);
	view->stale = TRUE;
	view->quick = FALSE;
	compose_refresh(view, ui);
}
