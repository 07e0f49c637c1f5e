/* recipe.h - an edit written down so that it can be repeated: JSON. */
#ifndef TAUSCOPE_RECIPE_H
#define TAUSCOPE_RECIPE_H

#include "core/json.h"

/* One input: what it was called, where it lay, and the hash of its contents (32 hex digits). */
typedef struct {
	char *name, *role, *path, *hash;
} RecipeInput;

typedef struct {
	char *expression;
	double scale;
	char *dtype;       /* "base" */
	char *version;     /* of tauscope */
	GPtrArray *inputs; /* of RecipeInput; the base first */
} Recipe;

Recipe *recipe_new(const char *expression, double scale);
void recipe_add_input(
	Recipe *recipe, const char *name, const char *role, const char *path, const char *hash);
void recipe_free(Recipe *recipe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Recipe, recipe_free)

/* {"tauscope_recipe": 1, "expression", "scale", "dtype", "version", "inputs": [...]} */
cJSON *recipe_to_json(const Recipe *recipe);
Recipe *recipe_from_json(const cJSON *json, GError **error);
Recipe *recipe_read(const char *path, GError **error);

#endif
