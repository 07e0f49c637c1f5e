/* recipe.c - an edit written down so that it can be repeated: JSON. */
#include "edit/recipe.h"

#include "core/error.h"

#include <math.h>

/* The version of the form; a reader refuses a later one. */
#define RECIPE_FORM 1
#define RECIPE_FILE_MOST (1u << 20)

static void input_free(RecipeInput *input)
{
	g_free(input->name);
	g_free(input->role);
	g_free(input->path);
	g_free(input->hash);
	g_free(input);
}

Recipe *recipe_new(const char *expression, double scale)
{
	Recipe *recipe = g_new0(Recipe, 1);
	recipe->expression = g_strdup(expression);
	recipe->scale = scale;
	recipe->dtype = g_strdup("base");
	recipe->version = g_strdup(TAUSCOPE_VERSION);
	recipe->inputs = g_ptr_array_new_with_free_func((GDestroyNotify)input_free);
	return recipe;
}

/* A path is there to be read by people; JSON holds no other text than UTF-8. */
void recipe_add_input(
	Recipe *recipe, const char *name, const char *role, const char *path, const char *hash)
{
	RecipeInput *input = g_new0(RecipeInput, 1);
	input->name = g_strdup(name);
	input->role = g_strdup(role);
	input->path = path ? g_utf8_make_valid(path, -1) : NULL;
	input->hash = g_strdup(hash);
	g_ptr_array_add(recipe->inputs, input);
}

void recipe_free(Recipe *recipe)
{
	if (!recipe)
		return;
	g_free(recipe->expression);
	g_free(recipe->dtype);
	g_free(recipe->version);
	g_ptr_array_unref(recipe->inputs);
	g_free(recipe);
}

static void add_text(cJSON *object, const char *key, const char *text)
{
	if (text)
		cJSON_AddStringToObject(object, key, text);
	else
		cJSON_AddNullToObject(object, key);
}

static cJSON *input_to_json(const RecipeInput *input)
{
	cJSON *json = cJSON_CreateObject();
	add_text(json, "name", input->name);
	add_text(json, "role", input->role);
	add_text(json, "path", input->path);
	add_text(json, "hash", input->hash);
	return json;
}

cJSON *recipe_to_json(const Recipe *recipe)
{
	cJSON *json = cJSON_CreateObject();
	json_add_uint(json, "tauscope_recipe", RECIPE_FORM);
	add_text(json, "expression", recipe->expression);
	json_add_number(json, "scale", recipe->scale);
	add_text(json, "dtype", recipe->dtype);
	add_text(json, "version", recipe->version);
	cJSON *inputs = cJSON_AddArrayToObject(json, "inputs");
	for (guint i = 0; i < recipe->inputs->len; i++)
		cJSON_AddItemToArray(inputs, input_to_json(recipe->inputs->pdata[i]));
	return json;
}

/* A text, borrowed.  Where it is not there or null, `otherwise`; NULL there makes it required. */
static const char *get_text(
	const cJSON *json, const char *key, const char *otherwise, GError **error)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
	if (cJSON_IsString(item))
		return item->valuestring;
	if (otherwise && (!item || cJSON_IsNull(item)))
		return otherwise;
	fail(error, ERROR_INPUT,
		item ? "the recipe's \"%s\" must be a text" : "the recipe has no \"%s\"", key);
	return NULL;
}

static gboolean check_form(const cJSON *json, GError **error)
{
	guint64 form;
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "tauscope_recipe");
	if (!item)
		return fail(error, ERROR_INPUT, "this is no recipe: it has no \"tauscope_recipe\"");
	if (!json_get_uint(item, &form) || form == 0)
		return fail(error, ERROR_INPUT,
			"the recipe's \"tauscope_recipe\" must be a version number");
	if (form > RECIPE_FORM)
		return fail(error, ERROR_INPUT,
			"the recipe is of version %" G_GUINT64_FORMAT
			", and this program knows version %d; use a newer tauscope",
			form, RECIPE_FORM);
	return TRUE;
}

static gboolean get_scale(const cJSON *json, double *scale, GError **error)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "scale");
	if (!item)
		return TRUE;
	if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
		return fail(error, ERROR_INPUT, "the recipe's \"scale\" must be a number");
	*scale = item->valuedouble;
	return TRUE;
}

static gboolean add_input(Recipe *recipe, const cJSON *json, GError **error)
{
	if (!cJSON_IsObject(json))
		return fail(error, ERROR_INPUT, "the recipe's \"inputs\" must be objects");
	const char *name = get_text(json, "name", NULL, error);
	const char *role = name ? get_text(json, "role", "", error) : NULL;
	const char *path = role ? get_text(json, "path", "", error) : NULL;
	const char *hash = path ? get_text(json, "hash", "", error) : NULL;
	if (!hash)
		return FALSE;
	recipe_add_input(recipe, name, role, path, hash);
	return TRUE;
}

static gboolean add_inputs(Recipe *recipe, const cJSON *json, GError **error)
{
	const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(json, "inputs"), *input;
	if (inputs && !cJSON_IsArray(inputs))
		return fail(error, ERROR_INPUT, "the recipe's \"inputs\" must be an array");
	cJSON_ArrayForEach (input, inputs)
		if (!add_input(recipe, input, error))
			return FALSE;
	return TRUE;
}

static gboolean set_texts(Recipe *recipe, const cJSON *json, GError **error)
{
	const char *dtype = get_text(json, "dtype", "base", error);
	const char *version = dtype ? get_text(json, "version", "", error) : NULL;
	if (!version)
		return FALSE;
	if (!g_str_equal(dtype, "base"))
		return fail(error, ERROR_INPUT,
			"the recipe's \"dtype\" is %s; only \"base\" can be written", dtype);
	g_free(recipe->dtype);
	recipe->dtype = g_strdup(dtype);
	g_free(recipe->version);
	recipe->version = g_strdup(version);
	return TRUE;
}

Recipe *recipe_from_json(const cJSON *json, GError **error)
{
	if (!cJSON_IsObject(json)) {
		fail(error, ERROR_INPUT, "the recipe must be a JSON object");
		return NULL;
	}
	if (!check_form(json, error))
		return NULL;
	const char *expression = get_text(json, "expression", NULL, error);
	if (!expression)
		return NULL;
	g_autoptr(Recipe) recipe = recipe_new(expression, 1);
	if (!get_scale(json, &recipe->scale, error) || !set_texts(recipe, json, error) ||
		!add_inputs(recipe, json, error))
		return NULL;
	return g_steal_pointer(&recipe);
}

Recipe *recipe_read(const char *path, GError **error)
{
	g_autoptr(cJSON) json = json_read_file(path, RECIPE_FILE_MOST, error);
	if (!json)
		return NULL;
	g_autoptr(GError) problem = NULL;
	Recipe *recipe = recipe_from_json(json, &problem);
	if (!recipe)
		fail_at(error, (ErrorCode)problem->code, (Place){.file = path}, "%s",
			problem->message);
	return recipe;
}
