/* quantised.h - the element types of ggml, and tensors that are stored in blocks of them.
 *
 * A block holds some elements as small integers, with the scales that make them numbers.  Values
 * are computed in float32 and in ggml's own order, so that they equal ggml's bit for bit. */
#ifndef TAUSCOPE_QUANTISED_H
#define TAUSCOPE_QUANTISED_H

#include "checkpoint/source.h"

#define BLOCK_ELEMENTS_MOST 256

/* The values of one block. */
typedef void (*BlockDecode)(const guint8 *restrict block, float *restrict values);

typedef struct {
	const char *name;      /* "Q4_K" */
	guint elements, bytes; /* of a block; no bytes: ggml no longer has the type */
	Dtype dtype;           /* where a block is one element */
	BlockDecode decode;    /* NULL: raw, or known by name alone */
	/* The 16-bit floats in a block: the only numbers in it that have a byte order. */
	guint half_at, halves;
} BlockType;

/* The type of a number in a file, or NULL. */
const BlockType *block_type_find(guint32 number);
gboolean block_type_is_raw(const BlockType *type);

/* Float32 elements out of whole blocks, of a type that is decoded; holds a reference on the bytes.
 * Where `swapped` the halves in the blocks are big-endian. */
Source *quantised_source(const BlockType *type, Bytes *blocks, gboolean swapped);

#endif
