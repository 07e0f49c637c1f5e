/* layout.h - where the tensors of a generated checkpoint lie: in one safetensors file, or shards.
 */
#ifndef TAUSCOPE_BENCH_LAYOUT_H
#define TAUSCOPE_BENCH_LAYOUT_H

#include "core/dtype.h"
#include "llama.h"

/* The same for the base and all tasks. */
typedef struct {
	const GArray *tensors; /* of LlamaTensor; borrowed */
	Dtype dtype;
	guint shards;
	guint *shard;       /* [tensors] */
	guint64 *offset;    /* [tensors], from the start of its file */
	GPtrArray *headers; /* [shards] of GString: the length and the header of each file */
} Layout;

Layout *layout_new(const GArray *tensors, Dtype dtype, guint shards);
void layout_free(Layout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layout, layout_free)

guint64 layout_bytes(const Layout *layout, guint tensor);
/* The name of a shard's file: "model.safetensors" where there is one. */
char *layout_name(const Layout *layout, guint shard);
/* The text of model.safetensors.index.json. */
char *layout_index(const Layout *layout);

#endif
