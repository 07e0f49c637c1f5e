/* compose_ask.c - what the Compose screen asks for: a number, an expression, a word, a task, the
 * layers of a term. */
#include "compose_view.h"

#include "core/error.h"
#include "edit/expression_complete.h"

#include <math.h>
#include <string.h>

#define COEFFICIENT_FIRST 0.4 /* of a term that is added */
#define EVERYTHING "everything"
#define PATTERN "type a pattern"

static char **complete(gpointer data, Ui *ui, const char *text, gsize cursor, gsize *start)
{
	(void)data;
	return expression_complete(session_collection(ui_session(ui)), text, cursor, start);
}

static gboolean accept_edit(gpointer data, Ui *ui, const char *text, GError **error)
{
	ComposeView *view = data;
	g_autoptr(Composition) next = composition_copy(view->outline->composition);
	g_autofree char *label = g_strdup_printf("type %s", text);

	if (!composition_set_text(next, view->outline->collection, text, error))
		return FALSE;
	session_compose(ui_session(ui), next, label, NULL);
	return TRUE;
}

static gboolean is_number(const char *text)
{
	g_autofree char *trimmed = g_strstrip(g_strdup(text));
	char *end;
	double number = g_ascii_strtod(trimmed, &end);

	return *trimmed && !*end && isfinite(number);
}

/* Whether a text is a coefficient of the language, such as ramp(0, 1). */
static gboolean is_coefficient(const ComposeView *view, const char *text)
{
	g_autofree char *product = g_strdup_printf("(%s)*base", text);
	g_autoptr(Node) node = expression_parse(view->outline->collection, product, NULL);

	return node != NULL;
}

/* What is no value of the row may be a whole edit, but not for a parameter. */
static gboolean accept_typed(gpointer data, Ui *ui, const char *text, GError **error)
{
	ComposeView *view = data;
	const OutlineRow *row = compose_row(view);
	gboolean has_value = row->has_number || row->kind == OUTLINE_PARAMETER;

	if (is_number(text) && !has_value)
		return fail(
			error, ERROR_USAGE, "a number needs a term: move to one, or type an edit");
	if (row->kind == OUTLINE_PARAMETER || is_number(text) ||
		(has_value && row->kind != OUTLINE_SCALE && is_coefficient(view, text)))
		return compose_typed(view, ui, text, error);
	return accept_edit(view, ui, text, error);
}

React compose_type_edit(ComposeView *view, Ui *ui)
{
	g_autofree char *text = composition_text(view->outline->composition);

	ui_prompt_completing(ui, "The edit", text, complete, view, accept_edit);
	return REACT_DONE;
}

static char *type_label(const ComposeView *view)
{
	const OutlineRow *row = compose_row(view);
	g_autofree char *title = outline_title(view->outline, compose_place(view));
	g_autofree char *value = outline_value(view->outline, compose_place(view));

	if (row->kind != OUTLINE_PARAMETER)
		return g_strdup_printf("%s is %s: a number, or a whole edit", title, value);
	g_autofree char *range = parameter_range(row->parameter);
	return g_strdup_printf("%s is %s: %s", title, value, range);
}

/* A number is typed anew; rows without one take the whole edit, to be changed. */
React compose_type(ComposeView *view, Ui *ui)
{
	const OutlineRow *row = compose_row(view);
	gboolean text = row->kind == OUTLINE_PARAMETER && !row->has_number && row->given;
	g_autofree char *label = NULL;

	if (!row->has_number && row->kind != OUTLINE_PARAMETER)
		return compose_type_edit(view, ui);
	label = type_label(view);
	ui_prompt_completing(ui, label, text ? row->value : "", complete, view, accept_typed);
	return REACT_DONE;
}

static gboolean accept_word(gpointer data, Ui *ui, const char *text, GError **error)
{
	return compose_typed(data, ui, text, error);
}

React compose_pick_word(ComposeView *view, Ui *ui)
{
	const OutlineRow *row = compose_row(view);
	g_auto(GStrv) words = g_strsplit(row->parameter->choices, " ", -1);
	g_autofree char *title = outline_title(view->outline, compose_place(view));

	ui_pick(ui, title, (const char *const *)words, g_strv_length(words), view, accept_word);
	return REACT_DONE;
}

void compose_pick_member(ComposeView *view, Ui *ui, const char *title, UiAccept accept)
{
	const Collection *collection = view->outline->collection;
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (int steps = 0; steps <= 1; steps++) {
		for (guint i = 1; i < collection_members(collection); i++) {
			const Member *member = collection_member(collection, i);
			if ((member->role == MEMBER_STEP) == (steps == 1))
				g_ptr_array_add(names, member->name);
		}
	}
	ui_pick(ui, title, (const char *const *)names->pdata, names->len, view, accept);
}

static gboolean accept_task(gpointer data, Ui *ui, const char *text, GError **error)
{
	ComposeView *view = data;
	Composition *next = composition_copy(view->outline->composition);
	g_autofree char *body = expression_name(text);
	g_autofree char *label = g_strdup_printf("add %s", text);
	g_autofree char *path = g_strdup_printf("%u", next->terms->len);

	(void)error;
	composition_add(next, COEFFICIENT_FIRST, body, NULL);
	compose_go(view, path);
	compose_change(view, ui, next, NULL, label, NULL);
	return TRUE;
}

React compose_pick_task(ComposeView *view, Ui *ui)
{
	compose_pick_member(view, ui, "Add a term", accept_task);
	return REACT_DONE;
}

static gboolean accept_input(gpointer data, Ui *ui, const char *text, GError **error)
{
	ComposeView *view = data;
	g_autofree char *body = expression_name(text);
	Composition *next = outline_add_input(view->outline, compose_place(view), body, error);
	g_autofree char *label = g_strdup_printf("add %s to %s", text,
		outline_row(view->outline, (guint)compose_row(view)->parent)->name);

	if (!next)
		return FALSE;
	compose_change(view, ui, next, NULL, label, NULL);
	return TRUE;
}

React compose_pick_input(ComposeView *view, Ui *ui)
{
	compose_pick_member(view, ui, "Add an input", accept_input);
	return REACT_DONE;
}

static gboolean set_scope(ComposeView *view, Ui *ui, const char *pattern, GError **error)
{
	Composition *next = outline_set_scope(view->outline, compose_place(view), pattern, error);
	g_autofree char *label = g_strdup_printf(
		"%s on %s", compose_row(view)->name, pattern ? pattern : EVERYTHING);

	if (!next)
		return FALSE;
	compose_change(view, ui, next, NULL, label, NULL);
	return TRUE;
}

static gboolean accept_pattern(gpointer data, Ui *ui, const char *text, GError **error)
{
	const ComposeView *view = data;
	g_autofree char *pattern = g_strstrip(g_strdup(text));
	g_autoptr(Scope) scope = scope_new(view->outline->collection, pattern, NULL, 0, error);

	return scope && set_scope(data, ui, pattern, error);
}

static gboolean accept_scope(gpointer data, Ui *ui, const char *text, GError **error)
{
	ComposeView *view = data;

	if (strcmp(text, PATTERN) == 0) {
		ui_prompt(ui, "Layers, kinds or a glob", "", FALSE, view, accept_pattern);
		return TRUE;
	}
	if (strcmp(text, EVERYTHING) == 0)
		return set_scope(view, ui, NULL, error);
	return accept_pattern(view, ui, text, error);
}

static void add_once(GPtrArray *list, const char *text)
{
	for (guint i = 0; i < list->len; i++)
		if (strcmp(list->pdata[i], text) == 0)
			return;
	g_ptr_array_add(list, g_strdup(text));
}

static void add_range(GPtrArray *list, const char *stem, guint64 first, guint64 last)
{
	if (first < last)
		g_ptr_array_add(list, g_strdup_printf("%s.%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT,
					      stem, first, last));
}

/* "blocks.0-5" and "blocks.6-11": the halves of the layers that are numbered alike. */
static void add_ranges(GPtrArray *list, const GPtrArray *layers)
{
	g_autofree char *stem = NULL;
	guint64 last = 0;

	for (guint i = 0; i < layers->len; i++) {
		const char *layer = layers->pdata[i], *dot = strrchr(layer, '.');
		if (!dot || !g_ascii_isdigit(dot[1]))
			continue;
		if (!stem)
			stem = g_strndup(layer, (gsize)(dot - layer));
		if (g_str_has_prefix(layer, stem) && layer[strlen(stem)] == '.')
			last = MAX(last, g_ascii_strtoull(dot + 1, NULL, 10));
	}
	if (!stem)
		return;
	add_range(list, stem, 0, last / 2);
	add_range(list, stem, last / 2 + 1, last);
}

React compose_pick_scope(ComposeView *view, Ui *ui)
{
	const Collection *collection = view->outline->collection;
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < collection_tensors(collection); i++)
		add_once(layers, collection->layer[i]);
	add_once(list, EVERYTHING);
	add_once(list, PATTERN);
	add_ranges(list, layers);
	for (guint i = 0; i < layers->len; i++)
		add_once(list, layers->pdata[i]);
	for (guint i = 0; i < collection_tensors(collection); i++)
		add_once(list, collection->kind[i]);
	ui_pick_or_type(ui, "Where it applies", (const char *const *)list->pdata, list->len, view,
		accept_scope);
	return REACT_DONE;
}
