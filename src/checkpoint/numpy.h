/* numpy.h - NumPy's .npy (NEP 1: one array behind a small literal) and .npz (a ZIP archive of
 * them). */
#ifndef TAUSCOPE_NUMPY_H
#define TAUSCOPE_NUMPY_H

#include "checkpoint/checkpoint.h"

/* The array of a .npy has the file's name, without .npy. */
extern const CheckpointFormat npy_format;

#endif
