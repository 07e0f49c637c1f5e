/* recipe.h - an edit written down so that it can be repeated: JSON. */
#ifndef TAUSCOPE_RECIPE_H
#define TAUSCOPE_RECIPE_H

#include "core/json.h"

/* One input: what it was called, where it lay, and the hash of its contents (32 hex digits). */
typedef struct {
	char *name, *role, *path, *hash; /* role: "base", "task", "step", "mask" */
} RecipeInput;

typedef struct {
	char *expression; /* canonical: says every dialect and seed that it means */
	double scale;
	char *dialect;     /* what a method takes that does not say: "paper", "mergekit" */
	guint64 seed;      /* the same */
	char *dtype;       /* "base", or a float type as safetensors writes it: "BF16" */
	char *part;        /* "model", "task-vector", "changed" */
	gboolean infinite; /* values that are too large for the type become infinite */
	char *version;     /* of tauscope */
	GPtrArray *inputs; /* of RecipeInput; the base first */
} Recipe;

/* Everything but the expression and the scale as it is where nothing is said. */
Recipe *recipe_new(const char *expression, double scale);
void recipe_add_input(
	Recipe *recipe, const char *name, const char *role, const char *path, const char *hash);
void recipe_free(Recipe *recipe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Recipe, recipe_free)

/* {"tauscope_recipe": 1, "expression", "scale", "dialect", "seed", "dtype", "part", "infinite",
 * "version", "inputs": [{"name", "role", "path", "hash"}]} */
cJSON *recipe_to_json(const Recipe *recipe);
Recipe *recipe_from_json(const cJSON *json, GError **error);
/* A recipe's file, or a safetensors file that was exported with one. */
Recipe *recipe_read(const char *path, GError **error);

#endif
