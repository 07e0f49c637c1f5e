/* compose_rows.c - the rows of the Compose screen: which are seen, where the cursor is, what can be
 * done there. */
#include "compose_view.h"

#include <string.h>

/* The row of a path, or the one around it that is seen; -1 where there is none, and of rows that
 * only add: what was added stands in their place. */
static int seen_row(const ComposeView *view, const char *path)
{
	int row = path ? outline_find(view->outline, path) : -1;

	if (row >= 0 && outline_row(view->outline, (guint)row)->kind > OUTLINE_PARAMETER)
		return -1;
	while (row >= 0 && outline_row(view->outline, (guint)row)->hidden)
		row = outline_row(view->outline, (guint)row)->parent;
	return row;
}

static void place_cursor(ComposeView *view)
{
	int row = seen_row(view, view->path);

	for (guint i = 0; row >= 0 && i < view->seen->len; i++)
		if (g_array_index(view->seen, guint, i) == (guint)row)
			view->list.cursor = (int)i;
	view->list.cursor = CLAMP(view->list.cursor, 0, (int)view->seen->len - 1);
	if (row < 0)
		compose_moved(view);
}

void compose_rows_refresh(ComposeView *view, const Session *session)
{
	g_clear_pointer(&view->outline, outline_free);
	g_clear_pointer(&view->seen, g_array_unref);
	view->outline = outline_new(
		session_collection(session), session_composition(session), view->turned);
	view->seen = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < view->outline->rows->len; i++)
		if (!outline_row(view->outline, i)->hidden)
			g_array_append_val(view->seen, i);
	place_cursor(view);
}

guint compose_place(const ComposeView *view)
{
	return g_array_index(view->seen, guint, view->list.cursor);
}

const OutlineRow *compose_row(const ComposeView *view)
{
	return outline_row(view->outline, compose_place(view));
}

void compose_go(ComposeView *view, const char *path)
{
	string_set(&view->path, path);
}

void compose_moved(ComposeView *view)
{
	view->list.cursor = CLAMP(view->list.cursor, 0, (int)view->seen->len - 1);
	string_set(&view->path, compose_row(view)->path);
}

void compose_fold(ComposeView *view, const Session *session)
{
	g_autofree char *key = outline_fold_key(compose_row(view));

	if (!g_hash_table_remove(view->turned, key))
		g_hash_table_add(view->turned, g_steal_pointer(&key));
	compose_rows_refresh(view, session);
}

static gboolean is_vector(const OutlineRow *row)
{
	return row->kind == OUTLINE_TERM || row->kind == OUTLINE_INPUT;
}

static gboolean is_number(const OutlineRow *row)
{
	return row->has_number ||
	       (row->kind == OUTLINE_PARAMETER && row->parameter->type <= PARAMETER_COUNT);
}

static gboolean is_choice(const OutlineRow *row)
{
	return row->kind == OUTLINE_PARAMETER && row->parameter->type == PARAMETER_CHOICE;
}

/* A number that differs by tensor has no place on a slider. */
static const char *why_no_step(const OutlineRow *row)
{
	if (is_choice(row) || row->has_number || (is_number(row) && !row->given))
		return NULL;
	return is_number(row) ? "it differs by tensor: = types another"
			      : "move to a term or a parameter first";
}

static const char *why_no_move(const ComposeView *view, const OutlineRow *row)
{
	guint others = 0;

	if (!is_vector(row))
		return "move to a term or an input first";
	for (guint i = 0; i < view->outline->rows->len; i++) {
		const OutlineRow *other = outline_row(view->outline, i);
		others += other != row && other->kind == row->kind && other->parent == row->parent;
	}
	return others ? NULL : "there is nothing to change places with";
}

static const char *why_no_drop(const OutlineRow *row)
{
	if (row->kind == OUTLINE_PARAMETER)
		return row->given ? NULL : "it is at its default";
	return is_vector(row) ? NULL : "move to a term first";
}

static const char *why_no_method(const ComposeView *view, const OutlineRow *row)
{
	if (row->kind == OUTLINE_SCALE)
		return view->outline->composition->terms->len ? NULL : "there is no term yet";
	return is_vector(row) ? NULL : "move to a term or an input first";
}

const char *compose_row_why_not(const ComposeView *view, ActionId action)
{
	const OutlineRow *row = compose_row(view);

	switch (action) {
	case ACTION_LEFT:
	case ACTION_RIGHT:
	case ACTION_COMPOSE_FAR_DOWN:
	case ACTION_COMPOSE_FAR_UP:
		return why_no_step(row);
	case ACTION_COMPOSE_ZERO:
	case ACTION_COMPOSE_NEGATE:
		return is_number(row) ? NULL : "move to a term or a number first";
	case ACTION_MARK:
		return row->kind == OUTLINE_TERM ? NULL : "only a term is on or off";
	case ACTION_COMPOSE_DROP:
		return why_no_drop(row);
	case ACTION_COMPOSE_DUPLICATE:
	case ACTION_COMPOSE_SCOPE:
		return is_vector(row) ? NULL : "move to a term or an input first";
	case ACTION_COMPOSE_MOVE_DOWN:
	case ACTION_COMPOSE_MOVE_UP:
		return why_no_move(view, row);
	case ACTION_COMPOSE_METHOD:
		return why_no_method(view, row);
	case ACTION_COMPOSE_UNWRAP:
		return outline_call(view->outline, compose_place(view)) >= 0
			       ? NULL
			       : "there is no method here";
	default:
		return NULL;
	}
}
