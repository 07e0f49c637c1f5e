/* session_export.c - an export from what was chosen to its report, for the verb and for the job. */
#include "session_export.h"

#include "core/error.h"
#include "preview/warning.h"
#include "export/model_masks.h"
#include "export/model_type.h"
#include "session_private.h"

struct Export {
	const Session *session;
	Node *edit;
	Recipe *now;      /* as it would be written today */
	Recipe *repeated; /* or NULL */
	char *repeated_path;
	GPtrArray *kept;
	char *output;
	ModelRequest request; /* borrows the above */
	ModelReport *report;
	gboolean noticed; /* the report has the store's notices */
};

void export_free(Export *export)
{
	if (!export)
		return;
	g_clear_pointer(&export->edit, node_free);
	g_clear_pointer(&export->now, recipe_free);
	g_clear_pointer(&export->repeated, recipe_free);
	g_clear_pointer(&export->kept, g_ptr_array_unref);
	g_clear_pointer(&export->report, model_report_free);
	g_free(export->repeated_path);
	g_free(export->output);
	g_free(export);
}

EditChoice export_choice(const Recipe *recipe)
{
	EditChoice choice = {.expression = recipe->expression,
		.scale = recipe->scale,
		.defaults = recipe_defaults(recipe),
		.dtype = recipe->dtype,
		.infinite = recipe->infinite};
	model_part_from_word(recipe->part, &choice.part, NULL);
	return choice;
}

/* A mask's file may be called as a task is. */
static const RecipeInput *find_input(const Recipe *recipe, const RecipeInput *wanted)
{
	for (guint i = 0; i < recipe->inputs->len; i++) {
		const RecipeInput *input = recipe->inputs->pdata[i];
		if (recipe_is_mask(input) == recipe_is_mask(wanted) &&
			g_strcmp0(input->name, wanted->name) == 0)
			return input;
	}
	return NULL;
}

static gboolean refuse_input(
	const Export *export, const RecipeInput *input, const RecipeInput *then, GError **error)
{
	Place place = {.file = export->repeated_path,
		.remedy = recipe_is_mask(input)
				  ? "bring back the mask that the recipe was written with"
				  : "load the checkpoint that the recipe was written with"};
	return fail_at(error, ERROR_INPUT, place,
		then ? "the contents of %s have changed since the recipe was written"
		     : "%s takes part in the edit and is no input of the recipe",
		input->name);
}

/* Whether what takes part now, and is known, is what took part when the recipe was written.  One
 * that was written by hand need not say. */
static gboolean check_inputs(const Export *export, GError **error)
{
	const GPtrArray *inputs = export->now->inputs;
	gboolean says = export->repeated && export->repeated->inputs->len > 0;
	for (guint i = 0; says && i < inputs->len; i++) {
		const RecipeInput *input = inputs->pdata[i];
		const RecipeInput *then = find_input(export->repeated, input);
		gboolean unknown = recipe_is_mask(input) && !input->hash;
		if (!then || (!unknown && g_strcmp0(then->hash, input->hash) != 0))
			return refuse_input(export, input, then, error);
	}
	return TRUE;
}

static void add_masks(const Export *export)
{
	for (guint i = 0; i < export->now->inputs->len; i++) {
		const RecipeInput *input = export->now->inputs->pdata[i];
		if (recipe_is_mask(input))
			g_ptr_array_add(export->kept, g_strdup(input->path));
	}
}

/* What stays as it is, whatever is written. */
static void find_kept(Export *export)
{
	export->kept = store_kept_paths(export->session->store);
	if (export->repeated_path)
		g_ptr_array_add(export->kept, g_strdup(export->repeated_path));
	add_masks(export);
}

const Recipe *export_recipe(const Export *export)
{
	gboolean complete = export->repeated && export->repeated->inputs->len > 0;
	return complete ? export->repeated : export->now;
}

static void fill_request(Export *export, const ExportRequest *request)
{
	export->request = (ModelRequest){.collection = session_collection(export->session),
		.edit = export->edit,
		.scale = export->now->scale,
		.recipe = export_recipe(export),
		.output = export->output,
		.part = request->choice.part,
		.dtype = recipe_dtype(export->now),
		.infinite = export->now->infinite,
		.replace = request->replace,
		.write_recipe = request->write_recipe,
		.kept = export->kept,
		.threads = export->session->threads,
		.budget = request->budget};
}

static Export *begin(const Session *session, const ExportRequest *request)
{
	Export *export = g_new0(Export, 1);
	export->session = session;
	export->output = g_strdup(request->output);
	export->repeated = request->repeated ? recipe_copy(request->repeated) : NULL;
	export->repeated_path = g_strdup(request->repeated_path);
	return export;
}

/* The edit is parsed as its recipe will be. */
static gboolean settle(Export *export, const EditChoice *choice, GError **error)
{
	export->now = session_recipe(export->session, choice, error);
	if (!export->now)
		return FALSE;
	ExpressionDefaults defaults = recipe_defaults(export->now);
	export->edit = expression_parse_with(
		session_collection(export->session), export->now->expression, &defaults, error);
	return export->edit && check_inputs(export, error) &&
	       session_check_weights(export->session, export->edit, error);
}

Export *export_new(const Session *session, const ExportRequest *request, GError **error)
{
	g_autoptr(Export) export = begin(session, request);
	if (!settle(export, &request->choice, error))
		return NULL;
	find_kept(export);
	fill_request(export, request);
	return model_check(&export->request, error) ? g_steal_pointer(&export) : NULL;
}

/* Masks are read whole to be known, so that is left to the job. */
static gboolean check_masks(Export *export, Job *job, GError **error)
{
	return !model_has_masks(export->now) ||
	       (model_hash_masks(export->now, export->request.threads, job, error) &&
		       check_inputs(export, error));
}

/* It may have waited for other jobs, and what it reads may have changed meanwhile. */
gboolean export_run(Export *export, Job *job, GError **error)
{
	if (!session_check_weights(export->session, export->edit, error) ||
		!check_masks(export, job, error))
		return FALSE;
	export->report = model_write(&export->request, job, error);
	return export->report != NULL;
}

static void warn_version(const Export *export)
{
	const char *version = export->repeated ? export->repeated->version : TAUSCOPE_VERSION;
	if (*version && !g_str_equal(version, TAUSCOPE_VERSION))
		warning_add(export->report->warnings,
			"the recipe was written by tauscope %s, and this is %s: the bytes may "
			"differ",
			version, TAUSCOPE_VERSION);
}

const ModelReport *export_report(Export *export)
{
	if (export->noticed)
		return export->report;
	g_autoptr(GArray) members = expression_members(export->edit);
	store_add_notices(export->session->store, members, export->report->warnings);
	warn_version(export);
	export->noticed = TRUE;
	return export->report;
}
