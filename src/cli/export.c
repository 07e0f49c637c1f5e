/* export.c - write an edited model, from an edit or from a recipe. */
#include "cli/verb.h"

#include "cli/mergekit.h"
#include "core/error.h"
#include "recipe/mergekit.h"
#include "edit/method.h"
#include "export/model_type.h"
#include "export/report.h"
#include "session_export.h"

static gboolean check_arguments(const VerbOptions *options, GError **error)
{
	gboolean edit = verb_argument(options, 2) != NULL;
	if (edit && options->recipe)
		return fail(error, ERROR_USAGE, "an export takes an edit or --recipe, not both");
	if (!edit && !options->recipe)
		return fail(error, ERROR_USAGE,
			"an export takes a store, an edit (or --recipe FILE) and an output");
	if (options->model && (!options->recipe || !mergekit_is_config(options->recipe)))
		return fail(error, ERROR_USAGE,
			"--model is for --recipe with a recipe of mergekit (.yaml)");
	return TRUE;
}

/* What the options say, as far as they say something. */
static gboolean choose(const VerbOptions *options, EditChoice *choice, GError **error)
{
	choice->scale = options->scale;
	choice->infinite = options->infinite;
	choice->dtype = options->dtype;
	return verb_defaults(options, &choice->defaults, error) &&
	       (!options->part || model_part_from_word(options->part, &choice->part, error));
}

static gboolean same_type(const char *a, const char *b)
{
	gint one, other;
	return model_type_from_word(a, &one, NULL) && model_type_from_word(b, &other, NULL) &&
	       one == other;
}

/* Whether every method of an edit that takes a parameter has this value: recipes say in their
 * expression what an option said once. */
static gboolean all_take(const Node *edit, const char *parameter, double value)
{
	g_autoptr(GPtrArray) calls = expression_calls(edit);
	for (guint i = 0; i < calls->len; i++) {
		const Node *call = calls->pdata[i];
		gint place = method_parameter(call->method, parameter);
		if (place >= 0 && method_value(call, (guint)place, 0) != value)
			return FALSE;
	}
	return TRUE;
}

/* The first option beside --recipe that says another thing than it, or NULL. */
static const char *contradiction(const VerbOptions *options, const Node *edit,
	const EditChoice *said, const EditChoice *recipe)
{
	const struct {
		gboolean differs;
		const char *option;
	} rows[] = {
		{options->scale_text && said->scale != recipe->scale, "--scale"},
		{options->dialect && !all_take(edit, DIALECT, said->defaults.dialect), "--dialect"},
		{options->seed && !all_take(edit, SEED, (double)said->defaults.seed), "--seed"},
		{options->dtype && !same_type(said->dtype, recipe->dtype), "--dtype"},
		{options->part && said->part != recipe->part, "--part"},
		{options->infinite && !recipe->infinite, "--infinite"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].differs)
			return rows[i].option;
	return NULL;
}

/* A recipe is repeated as it is, or not at all. */
static gboolean check_repeated(const VerbOptions *options, const Session *session,
	const EditChoice *said, const EditChoice *recipe, GError **error)
{
	g_autoptr(Node) edit = expression_parse_with(
		session_collection(session), recipe->expression, &recipe->defaults, error);
	const char *option = edit ? contradiction(options, edit, said, recipe) : NULL;
	if (!edit)
		return FALSE;
	return !option ||
	       fail_at(error, ERROR_USAGE,
		       (Place){.file = options->recipe,
			       .remedy =
				       "leave the option out, or export the edit without --recipe"},
		       "%s contradicts the recipe", option);
}

/* What is to be written: of the recipe (may be NULL), or of the edit that is given. */
static gboolean fill_request(const VerbOptions *options, const Session *session,
	const Recipe *recipe, ExportRequest *request, GError **error)
{
	EditChoice said = {0};
	*request = (ExportRequest){.repeated = recipe,
		.repeated_path = options->recipe,
		.output = verb_argument(options, recipe ? 1 : 2),
		.replace = options->overwrite,
		.write_recipe = !options->no_recipe,
		.budget = verb_budget(options)};
	if (!choose(options, &said, error))
		return FALSE;
	said.expression = verb_argument(options, 1);
	request->choice = recipe ? export_choice(recipe) : said;
	return !recipe || check_repeated(options, session, &said, &request->choice, error);
}

static gboolean run_export(Job *job, gpointer data, GError **error)
{
	return export_run(data, job, error);
}

static gboolean write_model(
	const VerbOptions *options, Session *session, const ExportRequest *request, GError **error)
{
	g_autoptr(Export) export = export_new(session, request, error);
	g_autoptr(Job) job = export ? job_new("export", run_export, NULL, export, NULL) : NULL;
	if (!job || !job_run(job, error))
		return FALSE;
	const ModelReport *report = export_report(export);
	verb_warn(report->warnings, 0);
	return verb_print(options, report_model_json(report), report_model_table(report), error);
}

/* A recipe of ours, or of mergekit's, which is YAML. */
static Recipe *read_recipe(const VerbOptions *options, const Session *session, GError **error)
{
	if (!mergekit_is_config(options->recipe))
		return recipe_read(options->recipe, error);
	g_autoptr(GPtrArray) notes = mergekit_notes_new();
	Recipe *recipe = mergekit_read(session_collection(session), options->recipe,
		(const char *const *)options->model, notes, error);
	mergekit_say(options->recipe, notes);
	return recipe;
}

static int run(const VerbOptions *options, GError **error)
{
	ExportRequest request;
	if (!check_arguments(options, error))
		return 0;
	g_autoptr(Session) session = verb_open_session(options, error);
	if (!session)
		return 0;
	g_autoptr(Recipe) recipe = options->recipe ? read_recipe(options, session, error) : NULL;
	if (options->recipe && !recipe)
		return 0;
	if (fill_request(options, session, recipe, &request, error))
		write_model(options, session, &request, error);
	return 0;
}

const Verb verb_export = {
	.name = "export",
	.arguments = "STORE EDIT|--recipe=FILE OUT",
	.help = "Write an edited model",
	.options = "scale recipe model overwrite no-recipe dtype part infinite dialect seed",
	.least = 2,
	.most = 3,
	.run = run,
};
