/* hdf5_chunks.h - the elements of an HDF5 dataset that lies in chunks, or was never written.
 *
 * Chunks are read and unpacked without libhdf5; what was never written is the fill value. */
#ifndef TAUSCOPE_HDF5_CHUNKS_H
#define TAUSCOPE_HDF5_CHUNKS_H

#include "checkpoint/hdf5_reply.h"
#include "checkpoint/source.h"
#include "core/error.h"

/* Checks all that the row's dataset and chunks claim of `whole`, the HDF5 file.  `elements` is the
 * product of its shape, not 0, whose bytes do not overflow.  NULL with *error set; `place` is
 * theirs. */
Source *hdf5_chunks_source(Bytes *whole, const Hdf5Row *row, guint64 elements, Cache *cache,
	Place place, GError **error);

#endif
