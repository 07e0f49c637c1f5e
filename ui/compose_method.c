/* compose_method.c - putting a method around what the cursor is on. */
#include "compose_view.h"

#include <string.h>

/* The path of what is wrapped, once it is. */
static char *path_after(const ComposeView *view, const Composition *next)
{
	const OutlineRow *row = compose_row(view);

	if (row->kind == OUTLINE_INPUT)
		return g_strdup(row->path);
	for (guint i = 0; i < next->terms->len; i++) {
		const char *body = g_array_index(next->terms, Term, i).body;
		if (g_str_has_prefix(body, view->method->name) &&
			body[strlen(view->method->name)] == '(' &&
			(row->kind == OUTLINE_SCALE || (int)i <= row->term))
			return g_strdup_printf("%u", i);
	}
	return g_strdup(row->path);
}

static gboolean wrap(ComposeView *view, Ui *ui, const char *further, GError **error)
{
	guint place = compose_place(view);
	const char *name =
		compose_row(view)->kind == OUTLINE_SCALE ? "the whole" : compose_row(view)->name;
	g_autofree char *label = g_strdup_printf("%s around %s", view->method->name, name);
	g_autofree char *path = NULL;
	Composition *next = outline_wrap(view->outline, place, view->method, further, error);

	if (!next)
		return FALSE;
	path = path_after(view, next);
	compose_go(view, path);
	compose_change(view, ui, next, NULL, label, NULL);
	return TRUE;
}

static gboolean accept_further(gpointer data, Ui *ui, const char *text, GError **error)
{
	g_autofree char *body = expression_name(text);

	return wrap(data, ui, body, error);
}

static gboolean accept_method(gpointer data, Ui *ui, const char *text, GError **error)
{
	ComposeView *view = data;

	view->method = method_find(text);
	if (!outline_wrap_needs(view->outline, compose_place(view), view->method))
		return wrap(view, ui, NULL, error);
	compose_pick_member(view, ui, "It takes one more input", accept_further);
	return TRUE;
}

React compose_pick_method(ComposeView *view, Ui *ui)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *title = NULL;
	const OutlineRow *row = compose_row(view);

	for (const Method *const *method = methods; *method; method++)
		g_ptr_array_add(list, g_strdup_printf("%s\t%s", (*method)->name, (*method)->help));
	title = g_strdup_printf("A method around %s",
		row->kind == OUTLINE_SCALE ? "all terms that are on" : row->name);
	ui_pick(ui, title, (const char *const *)list->pdata, list->len, view, accept_method);
	return REACT_DONE;
}
