/* compose_files.c - edits that come and go: recipes in files, edits under a name in the store. */
#include "compose_view.h"

#include "core/error.h"
#include "core/file.h"
#include "recipe/mergekit.h"

#include <string.h>

#define EDIT_CURRENT "current" /* what the store calls the edit that was left open */

static gboolean write_recipe(Ui *ui, const char *path, gboolean replace, GError **error)
{
	const Session *session = ui_session(ui);
	const Composition *now = session_composition(session);
	g_autofree char *expression = composition_text(now);
	EditChoice choice = {.expression = expression, .scale = now->scale};
	g_autoptr(Recipe) recipe = session_recipe(session, &choice, error);
	g_autoptr(cJSON) json = recipe ? recipe_to_json(recipe) : NULL;
	g_autofree char *text = json ? json_text(json) : NULL;

	if (!text || !session_check_output(session, path, error) ||
		!file_write_all(path, text, strlen(text), replace, error))
		return FALSE;
	ui_message(ui, "wrote %s: `tauscope export` takes the same edit", path);
	return TRUE;
}

static void replace_recipe(gpointer data, Ui *ui)
{
	const ComposeView *view = data;
	g_autoptr(GError) error = NULL;

	if (!write_recipe(ui, view->file, TRUE, &error))
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
	string_set(&view->file, path);
	question = g_strdup_printf("%s exists.  Replace it?", text);
	ui_confirm(ui, question, view, replace_recipe);
	return TRUE;
}

React compose_save(ComposeView *view, Ui *ui)
{
	ui_prompt(ui, "Write the recipe to", "recipe.json", TRUE, view, accept_save);
	return REACT_DONE;
}

/* A recipe of ours, or one of mergekit; of the latter what differs here is noted. */
static Recipe *read_recipe(
	const Collection *collection, const char *path, GPtrArray *notes, GError **error)
{
	return mergekit_is_config(path) ? mergekit_read(collection, path, NULL, notes, error)
					: recipe_read(path, error);
}

/* The expression of a recipe in words that need no defaults. */
static char *recipe_text(const Collection *collection, const Recipe *recipe, GError **error)
{
	ExpressionDefaults defaults = recipe_defaults(recipe);
	g_autoptr(Node) edit =
		expression_parse_with(collection, recipe->expression, &defaults, error);

	return edit ? expression_print(collection, edit) : NULL;
}

/* What a composition does not hold of a recipe: it is lost unless it is chosen again. */
static void append_choices(GString *said, const Recipe *recipe)
{
	gboolean typed = strcmp(recipe->dtype, recipe_dtype_otherwise(recipe)) != 0;
	gboolean part = strcmp(recipe->part, "model") != 0;

	if (!typed && !part && !recipe->infinite)
		return;
	g_string_append_printf(said, "choose again when you export: %s of type %s%s", recipe->part,
		recipe->dtype, recipe->infinite ? ", infinite" : "");
}

static void say_opened(Ui *ui, const Recipe *recipe, const GPtrArray *notes)
{
	g_autoptr(GString) said = g_string_new(NULL);

	append_choices(said, recipe);
	if (notes->len > 0)
		g_string_append_printf(said, "%s%s", said->len > 0 ? "; " : "",
			((const MergekitNote *)notes->pdata[0])->text);
	if (notes->len > 1)
		g_string_append_printf(
			said, "; %u more: tauscope mergekit says them", notes->len - 1);
	if (said->len > 0)
		ui_message(ui, "%s", said->str);
}

static gboolean accept_read(gpointer data, Ui *ui, const char *text, GError **error)
{
	Session *session = ui_session(ui);
	const Collection *collection = session_collection(session);
	g_autofree char *path = path_typed(text), *label = g_strdup_printf("open %s", text);
	g_autoptr(GPtrArray) notes = mergekit_notes_new();
	g_autoptr(Recipe) recipe = read_recipe(collection, path, notes, error);
	g_autofree char *edit = recipe ? recipe_text(collection, recipe, error) : NULL;
	g_autoptr(Composition) next = composition_new();

	if (!edit || !composition_set_text(next, collection, edit, error))
		return FALSE;
	next->scale = recipe->scale;
	session_compose(session, next, label, NULL);
	compose_go(data, "0");
	say_opened(ui, recipe, notes);
	return TRUE;
}

React compose_read(ComposeView *view, Ui *ui)
{
	ui_prompt(ui, "Open the recipe", "", TRUE, view, accept_read);
	return REACT_DONE;
}

static gboolean is_kept(const StoreEdit *edit)
{
	return strcmp(edit->name, EDIT_CURRENT) != 0;
}

/* The kept edit of a name, or NULL; of no name the first. */
static const StoreEdit *find_kept(Ui *ui, const char *name)
{
	const Store *store = session_store(ui_session(ui));

	for (guint i = 0; i < store->edits->len; i++) {
		const StoreEdit *edit = store->edits->pdata[i];
		if (is_kept(edit) && (!name || strcmp(edit->name, name) == 0))
			return edit;
	}
	return NULL;
}

gboolean compose_has_edits(Ui *ui)
{
	return find_kept(ui, NULL) != NULL;
}

static void keep_edit(gpointer data, Ui *ui)
{
	const ComposeView *view = data;

	session_keep_edit(ui_session(ui), view->name);
	ui_message(ui, "kept as %s: O opens it again", view->name);
}

static gboolean accept_name(gpointer data, Ui *ui, const char *text, GError **error)
{
	ComposeView *view = data;
	g_autofree char *name = g_strstrip(g_strdup(text)), *question = NULL;

	if (!*name)
		return fail(error, ERROR_USAGE, "an edit needs a name to be kept under");
	if (strcmp(name, EDIT_CURRENT) == 0)
		return fail(error, ERROR_USAGE,
			EDIT_CURRENT " is what is composed now: choose another name");
	string_set(&view->name, name);
	if (!find_kept(ui, name)) {
		keep_edit(view, ui);
		return TRUE;
	}
	question = g_strdup_printf("An edit is kept as %s.  Replace it?", name);
	ui_confirm(ui, question, view, keep_edit);
	return TRUE;
}

React compose_keep(ComposeView *view, Ui *ui)
{
	ui_prompt(ui, "Keep the edit in the store as", "", FALSE, view, accept_name);
	return REACT_DONE;
}

/* Chooses one of the kept edits; each is shown with its expression. */
static void pick_kept(ComposeView *view, Ui *ui, const char *title, UiAccept accept)
{
	const Store *store = session_store(ui_session(ui));
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < store->edits->len; i++) {
		const StoreEdit *edit = store->edits->pdata[i];
		g_autofree char *scale = expression_number(edit->scale);
		if (is_kept(edit))
			g_ptr_array_add(
				list, g_strdup_printf("%s\t%s%s%s", edit->name, edit->expression,
					      edit->scale == 1 ? "" : "  --scale=",
					      edit->scale == 1 ? "" : scale));
	}
	ui_pick(ui, title, (const char *const *)list->pdata, list->len, view, accept);
}

static gboolean accept_kept(gpointer data, Ui *ui, const char *text, GError **error)
{
	if (!session_open_edit(ui_session(ui), text, error))
		return FALSE;
	compose_go(data, "0");
	ui_message(ui, "opened %s: u goes back", text);
	return TRUE;
}

React compose_open_edit(ComposeView *view, Ui *ui)
{
	pick_kept(view, ui, "Open an edit", accept_kept);
	return REACT_DONE;
}

static void drop_edit(gpointer data, Ui *ui)
{
	const ComposeView *view = data;

	session_drop_edit(ui_session(ui), view->name);
	ui_message(ui, "%s is no longer kept", view->name);
}

static gboolean accept_drop(gpointer data, Ui *ui, const char *text, GError **error)
{
	ComposeView *view = data;
	g_autofree char *question = g_strdup_printf("Drop the kept edit %s?", text);

	(void)error;
	string_set(&view->name, text);
	ui_confirm(ui, question, view, drop_edit);
	return TRUE;
}

React compose_drop_edit(ComposeView *view, Ui *ui)
{
	pick_kept(view, ui, "Drop a kept edit", accept_drop);
	return REACT_DONE;
}
