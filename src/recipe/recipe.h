/* recipe.h - an edit written down so that it can be repeated: JSON. */
#ifndef TAUSCOPE_RECIPE_H
#define TAUSCOPE_RECIPE_H

#include "core/json.h"
#include "edit/expression.h"

/* Seeds are numbers of JSON: whole ones that a double holds. */
#define SEED_MOST (((guint64)1 << 53) - 1)

/* The keys of a model's metadata: its recipe, and which part of a model it is. */
#define RECIPE_METADATA "tauscope_recipe"
#define PART_METADATA "tauscope.part"

/* The role of a file that masks are read from; of all else it is the member's. */
#define RECIPE_MASK "mask"

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
Recipe *recipe_copy(const Recipe *recipe);
/* Copies the texts. */
void recipe_set_dtype(Recipe *recipe, const char *dtype);
void recipe_set_part(Recipe *recipe, const char *part);
void recipe_add_input(
	Recipe *recipe, const char *name, const char *role, const char *path, const char *hash);
void recipe_free(Recipe *recipe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Recipe, recipe_free)

gboolean recipe_is_mask(const RecipeInput *input);
/* The input of a role and a name, or NULL. */
const RecipeInput *recipe_find(const Recipe *recipe, const char *role, const char *name);
/* What its expression is to be parsed with. */
ExpressionDefaults recipe_defaults(const Recipe *recipe);
/* The type that its part has where none is asked for: "base"; "F32" of a task vector, since
 * differences are small beside the weights, and would lose what sets them apart in BF16. */
const char *recipe_dtype_otherwise(const Recipe *recipe);
/* The type of its float tensors: a Dtype, or -1 for the base's own. */
gint recipe_dtype(const Recipe *recipe);
/* "paper", "mergekit". */
const char *dialect_name(guint dialect);
gboolean dialect_from_name(const char *name, guint *dialect);
/* Whether numbers can be written in a type: a float with a sign. */
gboolean recipe_takes_dtype(Dtype dtype);

/* {"tauscope_recipe": 1, "expression", "scale", "dialect", "seed", "dtype", "part", "infinite",
 * "version", "inputs": [{"name", "role", "path", "hash"}]} */
cJSON *recipe_to_json(const Recipe *recipe);
Recipe *recipe_from_json(const cJSON *json, GError **error);
/* A recipe's file, or a model that was exported with one: a file or a folder. */
Recipe *recipe_read(const char *path, GError **error);
/* What a checkpoint's metadata has; NULL with *error set, also where it has none. */
Recipe *recipe_of(const Checkpoint *checkpoint, GError **error);

#endif
