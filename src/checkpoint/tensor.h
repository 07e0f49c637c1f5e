/* tensor.h - one named array of a checkpoint, and where its elements come from. */
#ifndef TAUSCOPE_TENSOR_H
#define TAUSCOPE_TENSOR_H

#include "checkpoint/source.h"

#define TENSOR_RANK_MOST 32
#define TENSOR_NAME_MOST 4096

/* One named array.  Its elements, of one Dtype, are either the raw bytes of a span, in C order and
 * little-endian, or are made by a source. */
typedef struct {
	char *name;
	Dtype dtype;
	guint rank;
	guint64 *shape;        /* [rank]; NULL for a scalar */
	guint64 elements;      /* product of the shape; 1 for a scalar */
	guint file;            /* index into the checkpoint's files */
	guint64 offset, bytes; /* bytes: of all elements; offset: 0 where there is a source */
	Source *source;        /* NULL: the span */
	/* What the file has where that is no Dtype ("Q4_K"), interned, and how many bytes of it;
	 * NULL and 0 elsewhere. */
	const char *stored_type;
	guint64 stored_bytes;
	/* Elements are of τ, not of θ: of a saved task vector, or a product of LoRA. */
	gboolean difference;
	/* Where it lay when the checkpoint was opened: index into the shards, and offset there. The
	 * same as file and offset but where the weights were copied. */
	guint shard;
	guint64 shard_offset;
} Tensor;

/* Frees a tensor's name and shape and drops its source, not the tensor. */
void tensor_clear(Tensor *tensor);
/* A tensor of the same contents, with its own name, shape and reference on the source. */
Tensor tensor_copy(const Tensor *tensor);
/* The name of its type as the file has it: "Q4_K", "F32". */
const char *tensor_type(const Tensor *tensor);
gboolean tensor_same_shape(const Tensor *a, const Tensor *b);
/* "48 x 96", "scalar"; free with g_free. */
char *tensor_shape_text(const Tensor *tensor);

#endif
