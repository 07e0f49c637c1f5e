/* export.c - write an edited model, from an edit or from a recipe. */
#include "cli/verb.h"

#include "core/error.h"
#include "export/report.h"
#include "session.h"

static gboolean check_arguments(const VerbOptions *options, GError **error)
{
	gboolean edit = verb_argument(options, 2) != NULL;
	if (edit && options->recipe)
		return fail(error, ERROR_USAGE, "an export takes an edit or --recipe, not both");
	if (!edit && !options->recipe)
		return fail(error, ERROR_USAGE,
			"an export takes a store, an edit (or --recipe FILE) and an output");
	return TRUE;
}

/* A session by itself would begin an empty store where there is none. */
static Session *open_session(const VerbOptions *options, GError **error)
{
	const char *path = verb_argument(options, 0);
	g_autoptr(Store) store = verb_open_store(path, error);
	if (!store)
		return NULL;
	g_clear_pointer(&store, store_free);
	return session_open(path, (guint)options->threads, error);
}

/* The recipe that --recipe names, or of the edit that is given. */
static Recipe *wanted_recipe(const VerbOptions *options, Session *session, GError **error)
{
	if (!options->recipe)
		return session_recipe(session, verb_argument(options, 1), options->scale, error);
	return recipe_read(options->recipe, error);
}

static const RecipeInput *find_input(const Recipe *recipe, const char *name)
{
	for (guint i = 0; i < recipe->inputs->len; i++) {
		const RecipeInput *input = recipe->inputs->pdata[i];
		if (g_strcmp0(input->name, name) == 0)
			return input;
	}
	return NULL;
}

/* Whether what takes part now is what took part when the recipe was written.  One that was written
 * by hand need not say. */
static gboolean check_inputs(
	const VerbOptions *options, const Recipe *written, const Recipe *now, GError **error)
{
	for (guint i = 0; written->inputs->len > 0 && i < now->inputs->len; i++) {
		const RecipeInput *input = now->inputs->pdata[i];
		const RecipeInput *then = find_input(written, input->name);
		if (then && g_strcmp0(then->hash, input->hash) == 0)
			continue;
		return fail_at(error, ERROR_INPUT,
			(Place){.file = options->recipe,
				.remedy = "load the checkpoint that the recipe was written with"},
			then ? "the contents of %s have changed since the recipe was written"
			     : "%s takes part in the edit and is no input of the recipe",
			input->name);
	}
	return TRUE;
}

static gboolean check_recipe(
	const VerbOptions *options, Session *session, const Recipe *recipe, GError **error)
{
	if (!options->recipe)
		return TRUE;
	g_autoptr(Recipe) now = session_recipe(session, recipe->expression, recipe->scale, error);
	return now && check_inputs(options, recipe, now, error);
}

/* What the job writes, and what came of it. */
typedef struct {
	const ModelRequest *request;
	ModelReport *report;
} Writing;

static gboolean write_run(Job *job, gpointer data, GError **error)
{
	Writing *writing = data;
	writing->report = model_write(writing->request, job, error);
	return writing->report != NULL;
}

static Table *report_table(const ModelReport *report)
{
	g_autofree char *title = g_strdup_printf("%" G_GUINT64_FORMAT " tensors, %" G_GUINT64_FORMAT
						 " changed, %" G_GUINT64_FORMAT " bytes",
		report->tensors, report->changed, report->bytes);
	Table *table = table_new(title);
	table_add_text_column(table, "written");
	for (guint i = 0; i < report->files->len; i++)
		table_add_text(table, report->files->pdata[i]);
	return table;
}

static gboolean write_model(const VerbOptions *options, const Session *session,
	const ModelRequest *request, GError **error)
{
	Writing writing = {request, NULL};
	g_autoptr(Job) job = job_new("export", write_run, NULL, &writing, NULL);
	if (!model_check(request, error) || !job_run(job, error))
		return FALSE;
	g_autoptr(ModelReport) report = writing.report;
	g_autoptr(GArray) members = expression_members(request->edit);
	store_add_notices(session_store(session), members, report->warnings);
	verb_warn(report->warnings, 0);
	return verb_print(options, report_model_json(report), report_table(report), error);
}

static gboolean export_recipe(
	const VerbOptions *options, Session *session, const Recipe *recipe, GError **error)
{
	const Collection *collection = session_collection(session);
	g_autoptr(Node) edit = expression_parse(collection, recipe->expression, error);
	if (!edit || !session_check_weights(session, edit, error))
		return FALSE;
	g_autoptr(GPtrArray) kept = store_kept_paths(session_store(session));
	if (options->recipe)
		g_ptr_array_add(kept, g_strdup(options->recipe));
	ModelRequest request = {
		.collection = collection,
		.edit = edit,
		.scale = recipe->scale,
		.recipe = recipe,
		.output = verb_argument(options, options->recipe ? 1 : 2),
		.replace = options->overwrite,
		.write_recipe = !options->no_recipe,
		.kept = kept,
		.threads = (guint)options->threads,
		.budget = verb_budget(options),
	};
	return write_model(options, session, &request, error);
}

static int run(const VerbOptions *options, GError **error)
{
	if (!check_arguments(options, error))
		return 0;
	g_autoptr(Session) session = open_session(options, error);
	if (!session)
		return 0;
	g_autoptr(Recipe) recipe = wanted_recipe(options, session, error);
	if (recipe && check_recipe(options, session, recipe, error))
		export_recipe(options, session, recipe, error);
	return 0;
}

const Verb verb_export = {
	.name = "export",
	.arguments = "STORE EDIT|--recipe=FILE OUT",
	.help = "Write an edited model",
	.options = "scale recipe overwrite no-recipe",
	.least = 2,
	.most = 3,
	.run = run,
};
