/* model_masks.h - what the masks of an edit hold: they are inputs like the checkpoints. */
#ifndef TAUSCOPE_MODEL_MASKS_H
#define TAUSCOPE_MODEL_MASKS_H

#include "core/job.h"
#include "recipe/recipe.h"

/* Whether the recipe has masks. */
gboolean model_has_masks(const Recipe *recipe);
/* Fills in the hashes of the recipe's masks, by reading them: of the names, types, shapes and bytes
 * of all tensors of a file. */
gboolean model_hash_masks(Recipe *recipe, guint threads, Job *job, GError **error);

#endif
