/* mergekit.c - recipes of mergekit: what one is as an edit, and an edit as one. */
#include "recipe/mergekit.h"

#include "cli/mergekit.h"
#include "cli/verb.h"
#include "core/error.h"
#include "export/table.h"
#include "session_export.h"

#include <stdio.h>
#include <string.h>

void mergekit_say(const char *path, const GPtrArray *notes)
{
	for (guint i = 0; i < notes->len; i++) {
		const MergekitNote *note = notes->pdata[i];
		if (note->line)
			fprintf(stderr, "tauscope: note: %s: line %u: %s\n", path, note->line,
				note->text);
		else
			fprintf(stderr, "tauscope: note: %s: %s\n", path, note->text);
	}
}

static cJSON *notes_json(const GPtrArray *notes)
{
	cJSON *json = cJSON_CreateArray();
	for (guint i = 0; i < notes->len; i++) {
		const MergekitNote *note = notes->pdata[i];
		cJSON *item = cJSON_CreateObject();
		if (note->line)
			json_add_uint(item, "line", note->line);
		else
			cJSON_AddNullToObject(item, "line");
		cJSON_AddStringToObject(item, "text", note->text);
		cJSON_AddItemToArray(json, item);
	}
	return json;
}

/* The same recipe with the members that take part in it. */
static Recipe *with_inputs(const Session *session, const Recipe *read, GError **error)
{
	const EditChoice choice = export_choice(read);
	return session_recipe(session, &choice, error);
}

/* `read` is the recipe as it is said, `recipe` the one to repeat it by. */
static cJSON *edit_json(const Recipe *read, const Recipe *recipe, const GPtrArray *notes)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "expression", recipe->expression);
	json_add_number(json, "scale", recipe->scale);
	cJSON_AddStringToObject(json, "dialect", read->dialect);
	cJSON_AddStringToObject(json, "dtype", recipe->dtype);
	cJSON_AddItemToObject(json, "notes", notes_json(notes));
	cJSON_AddItemToObject(json, "recipe", recipe_to_json(recipe));
	return json;
}

static void add_note_rows(Table *table, const GPtrArray *notes)
{
	table_add_text_column(table, "line");
	table_add_text_column(table, "note");
	for (guint i = 0; i < notes->len; i++) {
		const MergekitNote *note = notes->pdata[i];
		g_autofree char *line = g_strdup_printf("%u", note->line);
		if (note->line)
			table_add_text(table, line);
		else
			table_add_none(table);
		table_add_text(table, note->text);
	}
}

static Table *edit_table(const VerbOptions *options, const Recipe *recipe, const GPtrArray *notes)
{
	g_autofree char *scale = expression_number(recipe->scale);
	g_autofree char *how = g_strdup_printf("scale %s, type %s", scale, recipe->dtype);
	g_autofree char *store = g_shell_quote(verb_argument(options, 0));
	g_autofree char *config = g_shell_quote(verb_argument(options, 1));
	g_autoptr(GString) command = g_string_new(NULL);
	g_string_append_printf(command, "tauscope export %s --recipe %s", store, config);
	for (char **model = options->model; model && *model; model++) {
		g_autofree char *quoted = g_shell_quote(*model);
		g_string_append_printf(command, " --model %s", quoted);
	}
	g_string_append(command, " OUT");
	Table *table = table_new(recipe->expression);
	table_add_line(table, how);
	add_note_rows(table, notes);
	table_add_note(table, command->str);
	return table;
}

static gboolean write_text(const VerbOptions *options, const Session *session, const char *path,
	const char *text, GError **error)
{
	return session_check_output(session, path, error) &&
	       file_write_all(path, text, strlen(text), options->overwrite, error);
}

static gboolean write_recipe(
	const VerbOptions *options, const Session *session, const Recipe *recipe, GError **error)
{
	g_autoptr(cJSON) json = recipe_to_json(recipe);
	g_autofree char *text = json_text(json);
	return write_text(options, session, options->out, text, error);
}

/* STORE CONFIG.yaml */
static void read_config(const VerbOptions *options, const Session *session, GError **error)
{
	g_autoptr(GPtrArray) notes = mergekit_notes_new();
	g_autoptr(Recipe) read = mergekit_read(session_collection(session),
		verb_argument(options, 1), (const char *const *)options->model, notes, error);
	g_autoptr(Recipe) recipe = read ? with_inputs(session, read, error) : NULL;
	if (!recipe || (options->out && !write_recipe(options, session, recipe, error)))
		return;
	verb_print(
		options, edit_json(read, recipe, notes), edit_table(options, recipe, notes), error);
}

static cJSON *config_json(const char *path, const char *text, const GPtrArray *notes)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "file", path);
	cJSON_AddStringToObject(json, "yaml", text);
	cJSON_AddItemToObject(json, "notes", notes_json(notes));
	return json;
}

/* STORE --write=EDIT CONFIG.yaml */
static void write_config(const VerbOptions *options, const Session *session, GError **error)
{
	const Collection *collection = session_collection(session);
	const char *path = verb_argument(options, 1);
	g_autoptr(GPtrArray) notes = mergekit_notes_new();
	ExpressionDefaults defaults;
	if (!verb_defaults(options, &defaults, error))
		return;
	g_autoptr(Node) edit = expression_parse_with(collection, options->write, &defaults, error);
	g_autofree char *text =
		edit ? mergekit_write(collection, edit, options->scale, notes, error) : NULL;
	if (!text || !write_text(options, session, path, text, error))
		return;
	mergekit_say(path, notes);
	g_autofree char *written = g_utf8_make_valid(path, -1);
	verb_print_sentence(options, config_json(written, text, notes), written, error);
}

static gboolean check_options(const VerbOptions *options, GError **error)
{
	if (options->write && (options->model || options->out))
		return fail(error, ERROR_USAGE, "--write excludes --model and --out");
	if (!options->write && (options->scale_text || options->dialect || options->seed))
		return fail(error, ERROR_USAGE,
			"--scale, --dialect and --seed are for --write: a recipe says them itself");
	return TRUE;
}

static int run(const VerbOptions *options, GError **error)
{
	if (!check_options(options, error))
		return 0;
	g_autoptr(Session) session = verb_open_session(options, error);
	if (session && options->write)
		write_config(options, session, error);
	else if (session)
		read_config(options, session, error);
	return 0;
}

const Verb verb_mergekit = {
	.name = "mergekit",
	.arguments = "STORE CONFIG.yaml",
	.help = "What a recipe of mergekit is here, or an edit as one",
	.options = "csv model out write scale dialect seed overwrite",
	.least = 2,
	.most = 2,
	.run = run,
};
