/* unchanged.c - see unchanged.h. */
#include "checkpoint/unchanged.h"

#include <string.h>

/* All its bits zero are the number 0. */
#define ZERO_TYPE DTYPE_F8_E5M2

static gboolean read_zeros(G_GNUC_UNUSED gconstpointer state, G_GNUC_UNUSED guint64 first,
	guint64 count, void *out, G_GNUC_UNUSED GError **error)
{
	memset(out, 0, count);
	return TRUE;
}

static const SourceClass unchanged_class = {UNCHANGED_SOURCE, read_zeros, NULL, FALSE};

void checkpoint_add_unchanged(Checkpoint *checkpoint, const Tensor *base)
{
	Tensor tensor = {
		.name = g_strdup(base->name),
		.dtype = ZERO_TYPE,
		.rank = base->rank,
		.shape = g_memdup2(base->shape, base->rank * sizeof *base->shape),
		.elements = base->elements,
		.bytes = base->elements,
		.source = source_new(&unchanged_class, NULL, ZERO_TYPE, base->elements, NULL),
		.difference = TRUE,
	};
	checkpoint_add_tensor(checkpoint, tensor);
}
