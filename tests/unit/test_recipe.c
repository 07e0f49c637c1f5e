/* test_recipe.c - recipes as JSON: written, read back, and refused. */
#include "test.h"

#include "recipe/recipe.h"

#include <math.h>
#include <string.h>

static cJSON *json_of(const char *text)
{
	g_autoptr(GError) error = NULL;
	cJSON *json = json_parse(text, strlen(text), &error);
	test_no_error(error);
	return json;
}

static void write_text(const char *path, const char *text)
{
	test_write(path, text, strlen(text));
}

static void test_written(void)
{
	g_autoptr(Recipe) recipe = recipe_new("0.4*(mnist + \"mnist-inv\")", 0.1);
	recipe_add_input(recipe, "base", "base", "/models/base", "00ff");
	recipe_add_input(recipe, "mnist", "task", "/models/mnist", NULL);
	g_autoptr(cJSON) json = recipe_to_json(recipe);
	char *text = cJSON_PrintUnformatted(json);
	g_assert_cmpstr(text, ==,
		"{\"tauscope_recipe\":1,\"expression\":\"0.4*(mnist + \\\"mnist-inv\\\")\","
		"\"scale\":0.1,\"dialect\":\"paper\",\"seed\":0,\"dtype\":\"base\","
		"\"part\":\"model\",\"infinite\":false,\"version\":\"" TAUSCOPE_VERSION "\","
		"\"inputs\":[{\"name\":\"base\",\"role\":\"base\",\"path\":\"/models/base\","
		"\"hash\":\"00ff\"},{\"name\":\"mnist\",\"role\":\"task\","
		"\"path\":\"/models/mnist\",\"hash\":null}]}");
	cJSON_free(text);
}

static void test_read(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(cJSON) json = json_of("{\"tauscope_recipe\": 1, \"expression\": \"a - b\", "
					"\"scale\": -0.3, \"later\": [1],"
					" \"version\": \"9.9\", \"dtype\": \"base\", \"inputs\": "
					"[{\"name\": \"a\", \"role\":"
					" \"task\", \"path\": \"p\", \"hash\": \"h\"}, {\"name\": "
					"\"b\", \"hash\": null}]}");
	g_autoptr(Recipe) recipe = recipe_from_json(json, &error);
	test_no_error(error);
	g_assert_cmpstr(recipe->expression, ==, "a - b");
	g_assert_cmpfloat(recipe->scale, ==, -0.3);
	g_assert_cmpstr(recipe->version, ==, "9.9");
	g_assert_cmpuint(recipe->inputs->len, ==, 2);
	const RecipeInput *a = recipe->inputs->pdata[0], *b = recipe->inputs->pdata[1];
	g_assert_cmpstr(a->name, ==, "a");
	g_assert_cmpstr(a->role, ==, "task");
	g_assert_cmpstr(a->path, ==, "p");
	g_assert_cmpstr(a->hash, ==, "h");
	g_assert_cmpstr(b->name, ==, "b");
	g_assert_cmpstr(b->hash, ==, "");
}

static void test_least(void)
{
	g_autoptr(cJSON) json = json_of("{\"tauscope_recipe\": 1, \"expression\": \"a\"}");
	g_autoptr(Recipe) recipe = recipe_from_json(json, NULL);
	g_assert_nonnull(recipe);
	g_assert_cmpfloat(recipe->scale, ==, 1);
	g_assert_cmpstr(recipe->dialect, ==, "paper");
	g_assert_cmpuint(recipe->seed, ==, 0);
	g_assert_cmpstr(recipe->dtype, ==, "base");
	g_assert_cmpint(recipe_dtype(recipe), ==, -1);
	g_assert_cmpstr(recipe->part, ==, "model");
	g_assert_false(recipe->infinite);
	g_assert_cmpuint(recipe->inputs->len, ==, 0);
}

/* All that a recipe says, there and back. */
static void test_complete(void)
{
	g_autoptr(cJSON) json = json_of(
		"{\"tauscope_recipe\": 1, \"expression\": \"dare(a, p=0.5)\", \"scale\": 2, "
		"\"dialect\": \"mergekit\", \"seed\": 9007199254740991, \"dtype\": \"BF16\", "
		"\"part\": \"changed\", \"infinite\": true, \"version\": \"0\", \"inputs\": "
		"[{\"name\": \"m\", \"role\": \"mask\", \"path\": \"m\", \"hash\": \"1\"},"
		" {\"name\": \"m\", \"role\": \"task\", \"path\": \"p\", \"hash\": \"2\"}]}");
	g_autoptr(Recipe) recipe = recipe_from_json(json, NULL);
	g_assert_nonnull(recipe);
	g_assert_cmpuint(recipe_defaults(recipe).dialect, ==, 1);
	g_assert_cmpuint(recipe_defaults(recipe).seed, ==, 9007199254740991u);
	g_assert_cmpint(recipe_dtype(recipe), ==, DTYPE_BF16);
	g_assert_cmpstr(recipe_find(recipe, "task", "m")->hash, ==, "2");
	g_assert_null(recipe_find(recipe, "step", "m"));
	g_autoptr(cJSON) again = recipe_to_json(recipe);
	g_assert_true(cJSON_Compare(json, again, TRUE));
}

/* A task vector whose recipe does not say so is not rounded to the base's type. */
static void test_task_vector(void)
{
	g_autoptr(cJSON) json = json_of("{\"tauscope_recipe\": 1, \"expression\": \"a\","
					" \"part\": \"task-vector\"}");
	g_autoptr(Recipe) recipe = recipe_from_json(json, NULL);
	g_assert_cmpstr(recipe->dtype, ==, "F32");
}

static void test_refused(void)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"[]", "must be a JSON object"},
		{"{\"expression\": \"a\"}", "this is no recipe"},
		{"{\"tauscope_recipe\": \"1\", \"expression\": \"a\"}", "\"tauscope_recipe\" must"},
		{"{\"tauscope_recipe\": 0, \"expression\": \"a\"}", "\"tauscope_recipe\" must"},
		{"{\"tauscope_recipe\": 2, \"expression\": \"a\"}", "use a newer tauscope"},
		{"{\"tauscope_recipe\": 1}", "has no \"expression\""},
		{"{\"tauscope_recipe\": 1, \"expression\": 5}", "\"expression\" must be a text"},
		{"{\"tauscope_recipe\": 1, \"expression\": null}", "\"expression\" must be a text"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"scale\": \"1\"}",
			"\"scale\" must be a number"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"dtype\": 16}",
			"\"dtype\" must be a text"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"dtype\": \"I32\"}",
			"\"dtype\" is I32, which is neither \"base\" nor a float type"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"dtype\": \"F8_E8M0\"}",
			"nor a float type"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"dtype\": \"f16\"}",
			"nor a float type"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"part\": \"half\"}",
			"\"part\" is half, which is unknown"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"dialect\": 1}",
			"\"dialect\" must be a text"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"dialect\": \"x\"}",
			"\"dialect\" is x, which is unknown"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"seed\": -1}",
			"\"seed\" must be a whole number"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"seed\": 1e300}",
			"\"seed\" must be a whole number"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"infinite\": 1}",
			"\"infinite\" must be true or false"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"version\": true}",
			"\"version\" must be a text"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"inputs\": {}}",
			"\"inputs\" must be an array"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"inputs\": [1]}",
			"\"inputs\" must be objects"},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"inputs\": [{}]}",
			"has no \"name\""},
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"inputs\": [{\"name\": \"a\","
		 " \"hash\": 7}]}",
			"\"hash\" must be a text"},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(cJSON) json = json_of(rows[i].text);
		g_assert_null(recipe_from_json(json, &error));
		test_error(error, ERROR_INPUT, rows[i].says);
	}
}

static void test_file(void)
{
	g_autoptr(GError) error = NULL;
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "r.json", NULL);
	g_autoptr(Recipe) recipe = recipe_new("a/3", 1.0 / 3);
	recipe_add_input(recipe, "é", "task", "p", "h");
	g_autoptr(cJSON) json = recipe_to_json(recipe);
	g_autofree char *text = json_text(json);
	write_text(path, text);
	g_autoptr(Recipe) again = recipe_read(path, &error);
	test_no_error(error);
	g_assert_cmpstr(again->expression, ==, "a/3");
	g_assert_cmpfloat(again->scale, ==, 1.0 / 3);
	g_assert_cmpstr(((RecipeInput *)again->inputs->pdata[0])->name, ==, "é");
	write_text(path, "{\"tauscope_recipe\": 1, \"tauscope_recipe\": 1}");
	g_assert_null(recipe_read(path, &error));
	test_error(error, ERROR_INPUT, "r.json");
	g_clear_error(&error);
	write_text(path, "{\"tauscope_recipe\": 1}");
	g_assert_null(recipe_read(path, &error));
	test_error(error, ERROR_INPUT, "r.json: the recipe has no \"expression\"");
	test_folder_remove(folder);
}

/* A model that was exported bears its recipe; any other file does not. */
static void test_model(void)
{
	g_autoptr(GError) error = NULL;
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "m.safetensors", NULL);
	test_write_safetensors(path, &(TestTensor){"w", DTYPE_F32, 1, {1}, NULL}, 1);
	g_assert_null(recipe_read(path, &error));
	test_error(error, ERROR_INPUT, "m.safetensors: it bears no recipe");
	g_clear_error(&error);
	static const char header[] =
		"{\"__metadata__\":{\"tauscope_recipe\":"
		"\"{\\\"tauscope_recipe\\\":1,\\\"expression\\\":\\\"a\\\",\\\"scale\\\":3}\"}}";
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	guint64 length = GUINT64_TO_LE((guint64)strlen(header));
	g_byte_array_append(bytes, (const guint8 *)&length, sizeof length);
	g_byte_array_append(bytes, (const guint8 *)header, sizeof header - 1);
	test_write(path, bytes->data, bytes->len);
	g_autoptr(Recipe) recipe = recipe_read(path, &error);
	test_no_error(error);
	g_assert_cmpstr(recipe->expression, ==, "a");
	g_assert_cmpfloat(recipe->scale, ==, 3);
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/recipe/written", test_written);
	g_test_add_func("/recipe/read", test_read);
	g_test_add_func("/recipe/least", test_least);
	g_test_add_func("/recipe/complete", test_complete);
	g_test_add_func("/recipe/task-vector", test_task_vector);
	g_test_add_func("/recipe/model", test_model);
	g_test_add_func("/recipe/refused", test_refused);
	g_test_add_func("/recipe/file", test_file);
	return g_test_run();
}
