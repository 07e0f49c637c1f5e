/* hdf5_filter.h - undoes the filters that a chunk of HDF5 went through: deflate, shuffle and the
 * fletcher32 checksum, as the HDF5 file format specification describes them. */
#ifndef TAUSCOPE_HDF5_FILTER_H
#define TAUSCOPE_HDF5_FILTER_H

#include "checkpoint/hdf5_message.h"

typedef struct {
	guint n;
	guint32 filter[HDF5_FILTERS_MOST]; /* Hdf5Filter, none twice, in the order of writing */
	gsize unit, bytes;                 /* of an element, and of an unpacked chunk */
} Hdf5Pipeline;

/* Whether so many stored bytes can be a chunk. */
gboolean hdf5_stored_fits(const Hdf5Pipeline *pipeline, guint32 mask, guint64 stored);
/* Unpacks into pipeline->bytes of `out`.  Filter i is left out where bit i of the mask is set.
 * NULL, or what is wrong with the chunk. */
const char *hdf5_unpack(const Hdf5Pipeline *pipeline, guint32 mask, const guint8 *stored,
	gsize length, guint8 *out);

#endif
