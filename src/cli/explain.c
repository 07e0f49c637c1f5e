/* explain.c - which tasks of a store a model is made of. */
#include "cli/verb.h"

#include "cli/beside.h"
#include "recipe/recipe.h"
#include "preview/warning.h"
#include "export/report.h"

#include <string.h>

typedef struct {
	Beside *beside;
	const VerbOptions *options;
} Reading;

static gboolean run_reading(Job *job, gpointer data, GError **error)
{
	const Reading *reading = data;
	return beside_run(reading->beside, (guint)reading->options->threads,
		verb_budget(reading->options), job, error);
}

static Beside *read_model(const VerbOptions *options, const Store *store, GError **error)
{
	g_autoptr(GPtrArray) renames = g_ptr_array_new();
	for (char **rule = options->rename; rule && *rule; rule++)
		g_ptr_array_add(renames, *rule);
	g_autoptr(Beside) beside =
		beside_new(store, verb_argument(options, 0), renames, options->steps, error);
	if (!beside)
		return NULL;
	Reading reading = {beside, options};
	g_autoptr(Job) job = job_new("explain", run_reading, NULL, &reading, NULL);
	return job_run(job, error) ? g_steal_pointer(&beside) : NULL;
}

static const char *hash_of(const Store *store, const char *role, const char *name)
{
	gint member = g_str_equal(role, "base") ? 0 : collection_find(store->collection, name);
	return member < 0 ? NULL : ((const StoreMember *)store->members->pdata[member])->hash;
}

/* How an input of the model's recipe stands to what the store has. */
static const char *input_state(const Store *store, const RecipeInput *input)
{
	if (recipe_is_mask(input))
		return "mask";
	const char *hash = hash_of(store, input->role, input->name);
	if (!hash)
		return "not in the store";
	return g_str_equal(hash, input->hash) ? "same" : "other contents";
}

static cJSON *recipe_json(const Store *store, const Recipe *recipe)
{
	cJSON *json = recipe_to_json(recipe);
	guint i = 0;
	cJSON *input;
	cJSON_ArrayForEach (input, cJSON_GetObjectItemCaseSensitive(json, "inputs"))
		cJSON_AddStringToObject(
			input, "state", input_state(store, recipe->inputs->pdata[i++]));
	return json;
}

/* Below the table: the recipe that the model bears, and which of its inputs are not the store's. */
static void add_recipe_notes(Table *table, const Store *store, const Recipe *recipe)
{
	g_autofree char *number = expression_number(recipe->scale);
	g_autofree char *line = g_strdup_printf("its recipe: %s, scale %s, %s of type %s",
		recipe->expression, number, recipe->part, recipe->dtype);
	table_add_note(table, line);
	for (guint i = 0; i < recipe->inputs->len; i++) {
		const RecipeInput *input = recipe->inputs->pdata[i];
		g_autofree char *state = g_strdup_printf(
			"  %s %s: %s", input->role, input->name, input_state(store, input));
		table_add_note(table, state);
	}
}

/* NULL where it bears none; a broken one is a warning. */
static Recipe *recipe_of_model(const Beside *beside, GPtrArray *warnings)
{
	g_autoptr(GError) problem = NULL;
	const Checkpoint *model = collection_member(beside->collection, beside->model)->checkpoint;
	if (!g_hash_table_contains(model->metadata, RECIPE_METADATA))
		return NULL;
	Recipe *recipe = recipe_of(model, &problem);
	if (!recipe)
		warning_add(warnings, "its recipe cannot be read: %s", problem->message);
	return recipe;
}

static gboolean print(const VerbOptions *options, const Store *store, const Beside *beside,
	const Explanation *explanation, GError **error)
{
	g_autoptr(Recipe) recipe = recipe_of_model(beside, explanation->warnings);
	cJSON *json = report_explain_json(explanation);
	Table *table = report_explain_table(explanation);
	if (recipe) {
		cJSON_AddItemToObject(json, "recipe", recipe_json(store, recipe));
		add_recipe_notes(table, store, recipe);
	} else {
		cJSON_AddNullToObject(json, "recipe");
	}
	verb_warn(explanation->warnings, 0);
	return verb_print(options, json, table, error);
}

static int run(const VerbOptions *options, GError **error)
{
	GroupBy by = GROUP_ALL;
	if (!verb_group_by(options, &by, error))
		return 0;
	g_autoptr(Store) store = verb_open_analysed_store(verb_argument(options, 1), error);
	g_autoptr(Beside) beside = store ? read_model(options, store, error) : NULL;
	if (!beside)
		return 0;
	ExplainRequest request = {.collection = beside->collection,
		.gram = beside->gram,
		.model = beside->model,
		.vectors = beside->vectors,
		.partial = beside->partial,
		.by = by};
	g_autoptr(Explanation) explanation = explain_new(&request, error);
	if (explanation)
		print(options, store, beside, explanation, error);
	return 0;
}

const Verb verb_explain = {
	.name = "explain",
	.arguments = "MODEL STORE",
	.help = "Which tasks of a store a model is made of",
	.options = "csv by rename steps",
	.least = 2,
	.most = 2,
	.run = run,
};
