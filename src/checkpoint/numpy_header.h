/* numpy_header.h - what stands before the elements of a .npy array. */
#ifndef TAUSCOPE_NUMPY_HEADER_H
#define TAUSCOPE_NUMPY_HEADER_H

#include "checkpoint/checkpoint.h"
#include "core/error.h"

typedef struct {
	guint64 length; /* bytes before the first element */
	/* Whether its elements are strings or dates, which are no numbers; dtype is then unset. */
	gboolean text;
	Dtype dtype;
	gboolean swapped; /* elements are big-endian */
	gboolean fortran; /* the first index runs fastest */
	guint rank;
	guint64 shape[TENSOR_RANK_MOST];
} NumpyHeader;

/* Reads the header of an array that begins with the bytes.  ERROR_INPUT, at `place`, where it is
 * not one, or its elements are of a type that is not read. */
gboolean numpy_header_read(Bytes *bytes, Place place, NumpyHeader *header, GError **error);

#endif
