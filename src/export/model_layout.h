/* model_layout.h - which tensor goes where in the files of an edited checkpoint, and in what type.
 */
#ifndef TAUSCOPE_MODEL_LAYOUT_H
#define TAUSCOPE_MODEL_LAYOUT_H

#include "export/model.h"

#define LAYOUT_INDEX "model.safetensors.index.json"

typedef struct {
	guint tensor; /* of the base */
	Dtype dtype;
	guint64 bytes;
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

/* Of the tensors that are chosen ([base tensors]; NULL: all).  Into one file, in the order in which
 * they lie in the base. */
Layout *layout_new_single(
	const ModelRequest *request, const gboolean *chosen, const char *name, GError **error);
/* All of them as the base has them: its shards, or one model.safetensors. */
Layout *layout_new_like_base(const ModelRequest *request, GError **error);
void layout_free(Layout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layout, layout_free)

/* Of the files, headers included; and of the tensors alone. */
guint64 layout_bytes(const Layout *layout);
guint64 layout_tensor_bytes(const Layout *layout);
guint layout_tensors(const Layout *layout);

#endif
