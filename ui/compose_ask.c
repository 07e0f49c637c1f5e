/* compose_ask.c - what the Compose screen asks for: a number or an expression, a task, the layers
 * of a term, the path of a recipe. */
#include "compose_view.h"

#include "core/error.h"
#include "core/file.h"
#include "edit/recipe.h"

#include <math.h>
#include <string.h>

#define COEFFICIENT_FIRST 0.4 /* of a term that is added */
#define EVERYTHING "everything"
#define PATTERN "type a pattern"

static gboolean is_number(const char *text, double *number)
{
	g_autofree char *trimmed = g_strstrip(g_strdup(text));
	char *end;

	*number = g_ascii_strtod(trimmed, &end);
	return *trimmed && !*end && isfinite(*number);
}

static gboolean accept_expression(Ui *ui, const char *text, GError **error)
{
	Session *session = ui_session(ui);
	g_autoptr(Composition) next = composition_copy(session_composition(session));
	g_autofree char *label = g_strdup_printf("type %s", text);

	if (!composition_set_text(next, session_collection(session), text, error))
		return FALSE;
	session_compose(session, next, label, NULL);
	return TRUE;
}

static gboolean accept_typed(gpointer data, Ui *ui, const char *text, GError **error)
{
	double number;

	if (!is_number(text, &number))
		return accept_expression(ui, text, error);
	if (compose_set(data, ui, number) == REACT_NONE)
		return fail(
			error, ERROR_USAGE, "a number needs a term: move to one, or type an edit");
	return TRUE;
}

/* A number is typed anew, the whole edit is changed. */
React compose_type(ComposeView *view, Ui *ui)
{
	const Composition *now = session_composition(ui_session(ui));
	int place = compose_term(view, now);
	const Term *term = place < 0 ? NULL : &g_array_index(now->terms, Term, (guint)place);
	g_autofree char *initial = term ? NULL : composition_text(now);
	g_autofree char *name = term ? term_name(term) : g_strdup("of the whole");
	g_autofree char *value = coefficient_text(term ? term->coefficient : now->scale);
	g_autofree char *label =
		g_strdup_printf("λ %s is %s: a number, or a whole edit", name, value);

	if (!term && view->list.cursor != ROW_SCALE)
		string_set(&label, "The edit");
	else
		string_set(&initial, "");
	ui_prompt(ui, label, initial, FALSE, view, accept_typed);
	return REACT_DONE;
}

static gboolean accept_task(gpointer data, Ui *ui, const char *text, GError **error)
{
	ComposeView *view = data;
	Session *session = ui_session(ui);
	g_autoptr(Composition) next = composition_copy(session_composition(session));
	g_autofree char *body = expression_name(text);
	g_autofree char *label = g_strdup_printf("add %s", text);

	(void)error;
	composition_add(next, COEFFICIENT_FIRST, body, NULL);
	view->list.cursor = ROW_FIRST_TERM + (int)next->terms->len - 1;
	session_compose(session, next, label, NULL);
	return TRUE;
}

React compose_pick_task(ComposeView *view, Ui *ui)
{
	const Collection *collection = session_collection(ui_session(ui));
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (int steps = 0; steps <= 1; steps++) {
		for (guint i = 1; i < collection_members(collection); i++) {
			const Member *member = collection_member(collection, i);
			if ((member->role == MEMBER_STEP) == (steps == 1))
				g_ptr_array_add(names, member->name);
		}
	}
	ui_pick(ui, "Add a term", (const char *const *)names->pdata, names->len, view, accept_task);
	return REACT_DONE;
}

static gboolean set_scope(ComposeView *view, Ui *ui, const char *pattern)
{
	Session *session = ui_session(ui);
	g_autoptr(Composition) next = composition_copy(session_composition(session));
	int place = compose_term(view, next);
	g_autofree char *label = NULL, *name = NULL;
	Term *term;

	if (place < 0)
		return TRUE;
	term = &g_array_index(next->terms, Term, (guint)place);
	string_set(&term->scope, pattern);
	name = term_name(term);
	label = g_strdup_printf("%s on %s", name, pattern ? pattern : EVERYTHING);
	session_compose(session, next, label, NULL);
	ui_message(ui, "%s", label);
	return TRUE;
}

static gboolean accept_pattern(gpointer data, Ui *ui, const char *text, GError **error)
{
	const Collection *collection = session_collection(ui_session(ui));
	g_autofree char *pattern = g_strstrip(g_strdup(text));
	g_autoptr(Scope) scope = scope_new(collection, pattern, NULL, 0, error);

	return scope && set_scope(data, ui, pattern);
}

static gboolean accept_scope(gpointer data, Ui *ui, const char *text, GError **error)
{
	ComposeView *view = data;

	if (strcmp(text, PATTERN) == 0) {
		ui_prompt(ui, "Layers, kinds or a glob", "", FALSE, view, accept_pattern);
		return TRUE;
	}
	if (strcmp(text, EVERYTHING) == 0)
		return set_scope(view, ui, NULL);
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
	const Collection *collection = session_collection(ui_session(ui));
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(g_free);

	if (compose_term(view, session_composition(ui_session(ui))) < 0)
		return REACT_NONE;
	for (guint i = 0; i < collection_tensors(collection); i++)
		add_once(layers, collection->layer[i]);
	add_once(list, EVERYTHING);
	add_once(list, PATTERN);
	add_ranges(list, layers);
	for (guint i = 0; i < layers->len; i++)
		add_once(list, layers->pdata[i]);
	for (guint i = 0; i < collection_tensors(collection); i++)
		add_once(list, collection->kind[i]);
	ui_pick(ui, "Where the term applies", (const char *const *)list->pdata, list->len, view,
		accept_scope);
	return REACT_DONE;
}

static gboolean write_recipe(Ui *ui, const char *path, gboolean replace, GError **error)
{
	const Session *session = ui_session(ui);
	const Composition *now = session_composition(session);
	g_autofree char *expression = composition_text(now);
	EditChoice choice = {.expression = expression, .scale = now->scale};
	g_autoptr(Recipe) recipe = session_recipe(session, &choice, error);
	g_autoptr(cJSON) json = recipe ? recipe_to_json(recipe) : NULL;
	g_autofree char *text = json ? json_text(json) : NULL;

	if (!text || !file_write_all(path, text, strlen(text), replace, error))
		return FALSE;
	ui_message(ui, "wrote %s: `tauscope export` takes the same edit", path);
	return TRUE;
}

static void replace_recipe(gpointer data, Ui *ui)
{
	const ComposeView *view = data;
	g_autoptr(GError) error = NULL;

	if (!write_recipe(ui, view->path, TRUE, &error))
		ui_error(ui, error);
}

static gboolean accept_save(gpointer data, Ui *ui, const char *text, GError **error)
{
	ComposeView *view = data;
	g_autofree char *path = path_typed(text), *question = NULL;

	if (!*path)
		return fail(error, ERROR_USAGE, "a recipe needs a path");
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return write_recipe(ui, path, FALSE, error);
	string_set(&view->path, path);
	question = g_strdup_printf("%s exists.  Replace it?", text);
	ui_confirm(ui, question, view, replace_recipe);
	return TRUE;
}

React compose_save(ComposeView *view, Ui *ui)
{
	ui_prompt(ui, "Write the recipe to", "recipe.json", TRUE, view, accept_save);
	return REACT_DONE;
}

static gboolean accept_read(gpointer data, Ui *ui, const char *text, GError **error)
{
	Session *session = ui_session(ui);
	g_autofree char *path = path_typed(text), *label = NULL;
	g_autoptr(Recipe) recipe = recipe_read(path, error);
	g_autoptr(Composition) next = composition_copy(session_composition(session));

	(void)data;
	if (!recipe ||
		!composition_set_text(next, session_collection(session), recipe->expression, error))
		return FALSE;
	next->scale = recipe->scale;
	label = g_strdup_printf("open %s", text);
	session_compose(session, next, label, NULL);
	return TRUE;
}

React compose_read(ComposeView *view, Ui *ui)
{
	ui_prompt(ui, "Open the recipe", "", TRUE, view, accept_read);
	return REACT_DONE;
}
