/* model_layout.h - which tensor goes where in the files of an edited checkpoint. */
#ifndef TAUSCOPE_MODEL_LAYOUT_H
#define TAUSCOPE_MODEL_LAYOUT_H

#include "checkpoint/checkpoint.h"
#include "edit/recipe.h"

#define LAYOUT_INDEX "model.safetensors.index.json"

typedef struct {
	guint tensor;   /* of the base */
	guint64 offset; /* of its bytes in the file */
} LayoutTensor;

typedef struct {
	char *name;      /* without a folder */
	GString *header; /* all that stands before the data, its length included */
	GArray *tensors; /* of LayoutTensor, by offset */
	guint64 bytes;   /* of the whole file */
} LayoutFile;

typedef struct {
	GPtrArray *files; /* of LayoutFile */
	char *index;      /* the base's index.json, to be copied beside its shards; or NULL */
	char *new_index;  /* the text of one, where the base's is gone; or NULL */
} Layout;

/* All tensors in one file, in the order in which they lie in the base. */
Layout *layout_new_single(
	const Checkpoint *base, const char *name, const Recipe *recipe, GError **error);
/* As the base has it: its shards, or one model.safetensors. */
Layout *layout_new_like_base(const Checkpoint *base, const Recipe *recipe, GError **error);
void layout_free(Layout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layout, layout_free)

guint64 layout_bytes(const Layout *layout);

#endif
