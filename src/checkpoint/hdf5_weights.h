/* hdf5_weights.h - weights in HDF5 files that we did not write: Keras' .h5, .weights.h5 and .keras,
 * and any other file's numeric datasets.
 *
 * libhdf5 1.10.8 crashes and hangs on crafted files (formats.md 1, fact 8), so it walks them in a
 * child process with limits, which sends back where each dataset's bytes lie; the weights
 * themselves are then read without it. */
#ifndef TAUSCOPE_HDF5_WEIGHTS_H
#define TAUSCOPE_HDF5_WEIGHTS_H

#include "checkpoint/checkpoint.h"

extern const CheckpointFormat hdf5_format;

#endif
