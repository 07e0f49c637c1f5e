/* fuzz_yaml.c - any text as a recipe of mergekit: refused with a sentence, or an edit that parses,
 * and that is read as an edit again where it can be written as a recipe. */
#include "recipe/mergekit.h"
#include "fuzz.h"

#include <string.h>

static Checkpoint *make_checkpoint(const char *path)
{
	static const char *const names[] = {"lm_head.weight", "model.embed_tokens.weight",
		"model.layers.0.mlp.up_proj.weight", "model.layers.0.self_attn.q_proj.weight",
		"model.layers.1.mlp.up_proj.weight", "model.layers.1.self_attn.q_proj.weight",
		"model.layers.2.mlp.up_proj.weight", "model.norm.weight"};
	Checkpoint *checkpoint = checkpoint_new(path, "safetensors");
	const guint64 shape = 4;

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		checkpoint_add_tensor(checkpoint, (Tensor){.name = g_strdup(names[i]),
							  .dtype = DTYPE_F32,
							  .rank = 1,
							  .shape = g_memdup2(&shape, sizeof shape),
							  .elements = shape,
							  .bytes = 4 * shape});
	fuzz_check(checkpoint_seal(checkpoint, NULL));
	return checkpoint;
}

static Collection *make_collection(void)
{
	static const char *const tasks[] = {"first-7B", "second-7B", "third-7B"};
	Collection *collection = collection_new(make_checkpoint("/models/base-7B"));

	for (guint i = 0; i < G_N_ELEMENTS(tasks); i++)
		fuzz_check(collection_add(collection, tasks[i], MEMBER_TASK, NULL, -1,
			make_checkpoint(tasks[i]), NULL, NULL));
	return collection;
}

static Recipe *read_text(const Collection *collection, const char *text, gsize length)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) notes = mergekit_notes_new();
	Recipe *recipe =
		mergekit_parse(collection, "input.yaml", text, length, NULL, notes, &error);

	fuzz_check((recipe == NULL) == (error != NULL));
	fuzz_check(error == NULL || (*error->message && g_utf8_validate(error->message, -1, NULL)));
	return recipe;
}

static void write_again(const Collection *collection, const Recipe *recipe)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) notes = mergekit_notes_new();
	g_autoptr(Node) edit = expression_parse(collection, recipe->expression, NULL);

	fuzz_check(edit != NULL);
	g_autofree char *text = mergekit_write(collection, edit, recipe->scale, notes, &error);
	fuzz_check((text == NULL) == (error != NULL));
	if (text == NULL)
		return;
	g_autoptr(Recipe) again = read_text(collection, text, strlen(text));
	fuzz_check(again != NULL);
}

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	g_autoptr(Collection) collection = make_collection();
	g_autoptr(Recipe) recipe = read_text(collection, (const char *)bytes, size);

	if (recipe != NULL)
		write_again(collection, recipe);
	return 0;
}
