/* model_masks.c - what the masks of an edit hold: they are inputs like the checkpoints. */
#include "export/model_masks.h"

#include "analysis/content.h"
#include "core/text.h"

#include <string.h>
#include <xxhash.h>

gboolean model_has_masks(const Recipe *recipe)
{
	for (guint i = 0; i < recipe->inputs->len; i++)
		if (recipe_is_mask(recipe->inputs->pdata[i]))
			return TRUE;
	return FALSE;
}

/* One hash of all tensors, which are in order of their names. */
static char *joined(const Checkpoint *checkpoint, const guint64 *hash)
{
	XXH3_state_t *state = XXH3_createState();
	XXH3_128bits_reset(state);
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		const Tensor *tensor = checkpoint_tensor(checkpoint, i);
		const char *type = dtype_info(tensor->dtype)->name;
		g_autofree char *shape = tensor_shape_text(tensor);
		guint64 bytes = GUINT64_TO_LE(hash[i]);
		XXH3_128bits_update(state, tensor->name, strlen(tensor->name) + 1);
		XXH3_128bits_update(state, type, strlen(type) + 1);
		XXH3_128bits_update(state, shape, strlen(shape) + 1);
		XXH3_128bits_update(state, &bytes, sizeof bytes);
	}
	XXH128_hash_t sum = XXH3_128bits_digest(state);
	XXH3_freeState(state);
	return text_hash(sum.high64, sum.low64);
}

static char *hash_of(const Checkpoint *checkpoint, guint threads, Job *job, GError **error)
{
	guint count = checkpoint_count(checkpoint);
	g_autofree guint64 *hash = g_new0(guint64, count + 1);
	g_autoptr(GArray) contents = g_array_new(FALSE, FALSE, sizeof(Content));
	for (guint i = 0; i < count; i++) {
		Content content = {.checkpoint = checkpoint,
			.tensor = i,
			.elements = checkpoint_tensor(checkpoint, i)->elements,
			.hash = &hash[i]};
		g_array_append_val(contents, content);
	}
	job_expect_more(job, content_bytes(contents));
	return content_hash(contents, threads, job, error) ? joined(checkpoint, hash) : NULL;
}

gboolean model_hash_masks(Recipe *recipe, guint threads, Job *job, GError **error)
{
	for (guint i = 0; i < recipe->inputs->len; i++) {
		RecipeInput *input = recipe->inputs->pdata[i];
		if (!recipe_is_mask(input))
			continue;
		g_autoptr(Checkpoint) checkpoint = checkpoint_open(input->path, error);
		g_free(input->hash);
		input->hash = checkpoint ? hash_of(checkpoint, threads, job, error) : NULL;
		if (!input->hash)
			return FALSE;
	}
	return TRUE;
}
