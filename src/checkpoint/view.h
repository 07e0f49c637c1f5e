/* view.h - a tensor as a view of stored elements: an offset, a shape and strides, in either byte
 * order (torch storages, NumPy arrays, HDF5 datasets). */
#ifndef TAUSCOPE_VIEW_H
#define TAUSCOPE_VIEW_H

#include "checkpoint/checkpoint.h"
#include "checkpoint/source.h"

/* Tensors that repeat elements (stride 0, or overlapping) may not be larger than this. */
#define VIEW_EXPANDED_MOST (1u << 30)

/* Nothing in it need have been checked. */
typedef struct {
	const char *name;
	Dtype dtype;
	gboolean swapped; /* elements are big-endian */
	Bytes *bytes;     /* the storage, borrowed */
	guint file;       /* the checkpoint's file that they lie in */
	guint64 offset;   /* of the first element, in elements of dtype */
	guint rank;
	const guint64 *shape;   /* [rank] */
	const guint64 *strides; /* [rank] in elements; NULL: C order */
} View;

/* Checks name, rank, sizes, strides and that every element lies in the bytes, with arithmetic that
 * cannot wrap; then adds the tensor: as a raw span where the bytes lie raw, in C order,
 * little-endian, else through a source.  ERROR_INPUT names the file and the tensor. */
gboolean checkpoint_add_view(Checkpoint *checkpoint, const View *view, GError **error);

#endif
