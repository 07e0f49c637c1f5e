/* weights.h - weights copied into HDF5 datasets of their true shape and float type.
 *
 * The datasets are contiguous and allocated at once, so that workers write and read their bytes at
 * plain offsets, never through HDF5. */
#ifndef TAUSCOPE_WEIGHTS_H
#define TAUSCOPE_WEIGHTS_H

#include "checkpoint/checkpoint.h"
#include "core/job.h"

typedef struct WeightsCopy WeightsCopy;

/* Main thread: makes the file (under a temporary name in `folder`) and its datasets. */
WeightsCopy *weights_begin(const char *folder, const Checkpoint *checkpoint, GError **error);
/* Any thread: streams the bytes across. */
gboolean weights_copy(WeightsCopy *copy, Job *job, GError **error);
/* Main thread: commits under the name weights-HASH.h5, and returns a checkpoint of the same tensors
 * whose spans lie in it. */
Checkpoint *weights_finish(WeightsCopy *copy, const char *hash, GError **error);
void weights_free(WeightsCopy *copy);

#endif
