/* hdf5_dataset.h - a dataset of an HDF5 file as a tensor. */
#ifndef TAUSCOPE_HDF5_DATASET_H
#define TAUSCOPE_HDF5_DATASET_H

#include "checkpoint/checkpoint.h"
#include "checkpoint/hdf5_reply.h"

/* Adds the row's dataset under a name.  `whole` is the HDF5 file, which lies in file number `file`
 * of the checkpoint.  ERROR_INPUT where what the row claims cannot be. */
gboolean hdf5_add_dataset(Checkpoint *checkpoint, guint file, Bytes *whole, const char *name,
	const Hdf5Row *row, GError **error);

#endif
