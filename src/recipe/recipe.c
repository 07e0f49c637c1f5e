/* recipe.c - an edit written down so that it can be repeated: JSON. */
#include "recipe/recipe.h"

#include "core/error.h"
#include "core/file.h"
#include "edit/method.h"

#include <math.h>
#include <string.h>

/* The version of the form; a reader refuses a later one. */
#define RECIPE_FORM 1
#define RECIPE_FILE_MOST (1u << 20)

static const char *const dialects[] = {[DIALECT_PAPER] = "paper", [DIALECT_MERGEKIT] = "mergekit"};
enum { PART_MODEL, PART_TASK_VECTOR, PART_CHANGED };
static const char *const parts[] = {
	[PART_MODEL] = "model", [PART_TASK_VECTOR] = "task-vector", [PART_CHANGED] = "changed"};

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
	recipe->dialect = g_strdup(dialects[DIALECT_PAPER]);
	recipe->dtype = g_strdup("base");
	recipe->part = g_strdup(parts[PART_MODEL]);
	recipe->version = g_strdup(TAUSCOPE_VERSION);
	recipe->inputs = g_ptr_array_new_with_free_func((GDestroyNotify)input_free);
	return recipe;
}

static void set_text(char **field, const char *text)
{
	char *copy = g_strdup(text);
	g_free(*field);
	*field = copy;
}

void recipe_set_dtype(Recipe *recipe, const char *dtype)
{
	set_text(&recipe->dtype, dtype);
}

void recipe_set_part(Recipe *recipe, const char *part)
{
	set_text(&recipe->part, part);
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

Recipe *recipe_copy(const Recipe *recipe)
{
	Recipe *copy = recipe_new(recipe->expression, recipe->scale);
	set_text(&copy->dialect, recipe->dialect);
	copy->seed = recipe->seed;
	set_text(&copy->dtype, recipe->dtype);
	set_text(&copy->part, recipe->part);
	copy->infinite = recipe->infinite;
	set_text(&copy->version, recipe->version);
	for (guint i = 0; i < recipe->inputs->len; i++) {
		const RecipeInput *input = recipe->inputs->pdata[i];
		recipe_add_input(copy, input->name, input->role, input->path, input->hash);
	}
	return copy;
}

void recipe_free(Recipe *recipe)
{
	if (!recipe)
		return;
	g_free(recipe->expression);
	g_free(recipe->dialect);
	g_free(recipe->dtype);
	g_free(recipe->part);
	g_free(recipe->version);
	g_ptr_array_unref(recipe->inputs);
	g_free(recipe);
}

gboolean recipe_is_mask(const RecipeInput *input)
{
	return g_strcmp0(input->role, RECIPE_MASK) == 0;
}

const RecipeInput *recipe_find(const Recipe *recipe, const char *role, const char *name)
{
	for (guint i = 0; i < recipe->inputs->len; i++) {
		const RecipeInput *input = recipe->inputs->pdata[i];
		if (g_strcmp0(input->role, role) == 0 && g_strcmp0(input->name, name) == 0)
			return input;
	}
	return NULL;
}

static gboolean find_word(const char *const *words, guint n, const char *word, guint *place)
{
	for (guint i = 0; i < n; i++)
		if (g_str_equal(words[i], word)) {
			*place = i;
			return TRUE;
		}
	return FALSE;
}

const char *dialect_name(guint dialect)
{
	return dialects[dialect];
}

gboolean dialect_from_name(const char *name, guint *dialect)
{
	return find_word(dialects, G_N_ELEMENTS(dialects), name, dialect);
}

gboolean recipe_takes_dtype(Dtype dtype)
{
	return dtype_info(dtype)->class == CLASS_FLOAT && dtype != DTYPE_F8_E8M0;
}

ExpressionDefaults recipe_defaults(const Recipe *recipe)
{
	ExpressionDefaults defaults = {.seed = recipe->seed};
	dialect_from_name(recipe->dialect, &defaults.dialect);
	return defaults;
}

const char *recipe_dtype_otherwise(const Recipe *recipe)
{
	return g_str_equal(recipe->part, parts[PART_TASK_VECTOR]) ? "F32" : "base";
}

gint recipe_dtype(const Recipe *recipe)
{
	Dtype dtype;
	return dtype_from_name(recipe->dtype, &dtype) ? (gint)dtype : -1;
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
	add_text(json, "dialect", recipe->dialect);
	json_add_uint(json, "seed", recipe->seed);
	add_text(json, "dtype", recipe->dtype);
	add_text(json, "part", recipe->part);
	cJSON_AddBoolToObject(json, "infinite", recipe->infinite);
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

/* One of some words; the first where nothing is said. */
static gboolean set_word(char **field, const cJSON *json, const char *key, const char *const *words,
	guint n, GError **error)
{
	guint place;
	const char *word = get_text(json, key, words[0], error);
	if (!word)
		return FALSE;
	if (!find_word(words, n, word, &place))
		return fail(error, ERROR_INPUT, "the recipe's \"%s\" is %s, which is unknown", key,
			word);
	set_text(field, word);
	return TRUE;
}

static gboolean set_dtype(Recipe *recipe, const cJSON *json, GError **error)
{
	Dtype dtype;
	const char *name = get_text(json, "dtype", recipe_dtype_otherwise(recipe), error);
	if (!name)
		return FALSE;
	if (!g_str_equal(name, "base") &&
		!(dtype_from_name(name, &dtype) && recipe_takes_dtype(dtype)))
		return fail(error, ERROR_INPUT,
			"the recipe's \"dtype\" is %s, which is neither \"base\" nor a float type "
			"such as \"BF16\"",
			name);
	recipe_set_dtype(recipe, name);
	return TRUE;
}

static gboolean set_seed(Recipe *recipe, const cJSON *json, GError **error)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "seed");
	if (!item)
		return TRUE;
	return json_get_uint(item, &recipe->seed) ||
	       fail(error, ERROR_INPUT, "the recipe's \"seed\" must be a whole number");
}

static gboolean set_infinite(Recipe *recipe, const cJSON *json, GError **error)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "infinite");
	if (item && !cJSON_IsBool(item))
		return fail(error, ERROR_INPUT, "the recipe's \"infinite\" must be true or false");
	recipe->infinite = cJSON_IsTrue(item);
	return TRUE;
}

static gboolean set_version(Recipe *recipe, const cJSON *json, GError **error)
{
	const char *version = get_text(json, "version", "", error);
	if (version)
		set_text(&recipe->version, version);
	return version != NULL;
}

static gboolean set_all(Recipe *recipe, const cJSON *json, GError **error)
{
	return get_scale(json, &recipe->scale, error) &&
	       set_word(&recipe->dialect, json, "dialect", dialects, G_N_ELEMENTS(dialects),
		       error) &&
	       set_seed(recipe, json, error) &&
	       set_word(&recipe->part, json, "part", parts, G_N_ELEMENTS(parts), error) &&
	       set_dtype(recipe, json, error) && set_infinite(recipe, json, error) &&
	       set_version(recipe, json, error) && add_inputs(recipe, json, error);
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
	return set_all(recipe, json, error) ? g_steal_pointer(&recipe) : NULL;
}

/* The same error, at a file. */
static void place_error(GError *problem, const char *path, GError **error)
{
	fail_at(error, (ErrorCode)error_exit_status(problem), (Place){.file = path}, "%s",
		problem->message);
}

Recipe *recipe_of(const Checkpoint *checkpoint, GError **error)
{
	g_autoptr(GError) problem = NULL;
	const char *text = g_hash_table_lookup(checkpoint->metadata, RECIPE_METADATA);
	if (!text) {
		fail_at(error, ERROR_INPUT, (Place){.file = checkpoint->path},
			"it bears no recipe: it was not exported by tauscope");
		return NULL;
	}
	g_autoptr(cJSON) json = json_parse(text, strlen(text), &problem);
	Recipe *recipe = json ? recipe_from_json(json, &problem) : NULL;
	if (!recipe)
		place_error(problem, checkpoint->path, error);
	return recipe;
}

/* A text holds no zero byte; a safetensors file begins with a length of 64 bits. */
static gboolean is_text(const char *path)
{
	char head[sizeof(guint64)];
	g_autoptr(File) file = file_open(path, NULL);
	return !file || file->size < sizeof head || !file_read(file, 0, sizeof head, head, NULL) ||
	       !memchr(head, '\0', sizeof head);
}

static Recipe *read_json(const char *path, GError **error)
{
	g_autoptr(cJSON) json = json_read_file(path, RECIPE_FILE_MOST, error);
	if (!json)
		return NULL;
	g_autoptr(GError) problem = NULL;
	Recipe *recipe = recipe_from_json(json, &problem);
	if (!recipe)
		place_error(problem, path, error);
	return recipe;
}

Recipe *recipe_read(const char *path, GError **error)
{
	if (!g_file_test(path, G_FILE_TEST_IS_DIR) && is_text(path))
		return read_json(path, error);
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, error);
	return checkpoint ? recipe_of(checkpoint, error) : NULL;
}
