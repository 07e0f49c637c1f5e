/* compose_edit.c - what the keys of the Compose screen do to the composition: each a labelled step
 * of undo, those of a held key one step together. */
#include "compose_view.h"

#include <math.h>
#include <string.h>

/* Takes the composition that a change has made; none: the error says why. */
React compose_change(ComposeView *view, Ui *ui, Composition *next, const GError *error,
	const char *label, const char *merge)
{
	g_autoptr(Composition) taken = next;

	if (!taken) {
		ui_error(ui, error);
		return REACT_DONE;
	}
	session_compose(ui_session(ui), taken, label, merge);
	compose_rows_refresh(view, ui_session(ui));
	ui_message(ui, "%s", label);
	return REACT_DONE;
}

/* What the row under the cursor will show. */
static char *value_after(const ComposeView *view, const Composition *next)
{
	g_autoptr(Outline) after = outline_new(view->outline->collection, next, NULL);
	int row = outline_find(after, compose_row(view)->path);

	return row < 0 ? g_strdup("") : outline_value(after, (guint)row);
}

static const char *end_of(const ComposeView *view)
{
	return compose_row(view)->kind == OUTLINE_PARAMETER
		       ? ", the end of its range"
		       : ", the end of its slider: = types a number beyond";
}

/* A change of the row's value, as "density of ties 0.20 → 0.25". */
static React change_value(
	ComposeView *view, Ui *ui, Composition *next, const GError *error, gboolean merges)
{
	guint place = compose_place(view);
	g_autofree char *title = outline_title(view->outline, place);
	g_autofree char *from = outline_value(view->outline, place);
	g_autofree char *to = next ? value_after(view, next) : NULL;
	g_autofree char *label = g_strdup_printf("%s %s → %s", title, from, to ? to : "");
	g_autofree char *merge = g_strdup_printf("value %s", compose_row(view)->path);

	if (next && composition_equal(view->outline->composition, next)) {
		composition_free(next);
		ui_message(ui, "%s stays at %s%s", title, to, merges ? end_of(view) : "");
		return REACT_DONE;
	}
	return compose_change(view, ui, next, error, label, merges ? merge : NULL);
}

React compose_set(ComposeView *view, Ui *ui, double number)
{
	g_autoptr(GError) error = NULL;
	Composition *next = outline_set_number(view->outline, compose_place(view), number, &error);

	return change_value(view, ui, next, error, FALSE);
}

React compose_step(ComposeView *view, Ui *ui, int direction, gboolean far)
{
	const OutlineRow *row = compose_row(view);
	guint place = compose_place(view);
	gboolean choice =
		row->kind == OUTLINE_PARAMETER && row->parameter->type == PARAMETER_CHOICE;
	g_autoptr(GError) error = NULL;
	Composition *next = choice ? outline_choose(view->outline, place, direction, &error)
				   : outline_set_number(view->outline, place,
					     outline_step(row, direction, far), &error);

	return change_value(view, ui, next, error, !choice);
}

React compose_negate(ComposeView *view, Ui *ui)
{
	return compose_set(view, ui, 0.0 - compose_row(view)->number);
}

gboolean compose_typed(ComposeView *view, Ui *ui, const char *text, GError **error)
{
	Composition *next = outline_type(view->outline, compose_place(view), text, error);

	if (next)
		change_value(view, ui, next, NULL, FALSE);
	return next != NULL;
}

React compose_toggle(ComposeView *view, Ui *ui)
{
	const OutlineRow *row = compose_row(view);
	g_autofree char *label = g_strdup_printf("%s %s", row->name, row->on ? "off" : "on");
	g_autoptr(GError) error = NULL;
	Composition *next = outline_toggle(view->outline, compose_place(view), &error);

	return compose_change(view, ui, next, error, label, NULL);
}

React compose_drop(ComposeView *view, Ui *ui)
{
	const OutlineRow *row = compose_row(view);
	g_autofree char *title = outline_title(view->outline, compose_place(view));
	g_autofree char *label = row->kind == OUTLINE_PARAMETER
					 ? g_strdup_printf("%s to its default", title)
					 : g_strdup_printf("drop %s", row->name);
	g_autoptr(GError) error = NULL;
	Composition *next = outline_drop(view->outline, compose_place(view), &error);
	React react = compose_change(view, ui, next, error, label, NULL);

	if (!error)
		ui_message(ui, "%s: u brings it back", label);
	return react;
}

/* The path of a row of the same level, `by` places further. */
static char *path_beside(const char *path, int by)
{
	const char *slash = strrchr(path, '/'), *number = slash ? slash + 1 : path;
	g_autofree char *before = g_strndup(path, (gsize)(number - path));

	return g_strdup_printf("%s%d", before, (int)g_ascii_strtoll(number, NULL, 10) + by);
}

React compose_duplicate(ComposeView *view, Ui *ui)
{
	const OutlineRow *row = compose_row(view);
	g_autofree char *label = g_strdup_printf("double %s", row->name);
	g_autofree char *path = path_beside(row->path, 1);
	g_autoptr(GError) error = NULL;
	Composition *next = outline_duplicate(view->outline, compose_place(view), &error);

	if (next)
		compose_go(view, path);
	return compose_change(view, ui, next, error, label, NULL);
}

React compose_move(ComposeView *view, Ui *ui, int by)
{
	const OutlineRow *row = compose_row(view);
	g_autofree char *label = g_strdup_printf("move %s", row->name);
	g_autofree char *path = path_beside(row->path, by);
	g_autoptr(GError) error = NULL;
	Composition *next = outline_move(view->outline, compose_place(view), by, &error);

	if (next)
		compose_go(view, path);
	return compose_change(view, ui, next, error, label, NULL);
}

React compose_unwrap(ComposeView *view, Ui *ui)
{
	int call = outline_call(view->outline, compose_place(view));
	const OutlineRow *row = outline_row(view->outline, (guint)MAX(call, 0));
	g_autofree char *label = g_strdup_printf("take off %s", row->name);
	g_autofree char *path = g_strdup(row->path);
	g_autoptr(GError) error = NULL;
	Composition *next = outline_unwrap(view->outline, compose_place(view), &error);

	if (next)
		compose_go(view, path);
	return compose_change(view, ui, next, error, label, NULL);
}
