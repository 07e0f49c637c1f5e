/* test_recipe.c - recipes as JSON: written, read back, and refused. */
#include "test.h"

#include "edit/recipe.h"

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
		"\"scale\":0.1,\"dtype\":\"base\",\"version\":\"" TAUSCOPE_VERSION "\","
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
	g_assert_cmpstr(recipe->dtype, ==, "base");
	g_assert_cmpuint(recipe->inputs->len, ==, 0);
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
		{"{\"tauscope_recipe\": 1, \"expression\": \"a\", \"dtype\": \"F16\"}",
			"only \"base\" can be written"},
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

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/recipe/written", test_written);
	g_test_add_func("/recipe/read", test_read);
	g_test_add_func("/recipe/least", test_least);
	g_test_add_func("/recipe/refused", test_refused);
	g_test_add_func("/recipe/file", test_file);
	return g_test_run();
}
