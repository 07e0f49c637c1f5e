/* weights.h - weights copied into HDF5 datasets of their true shape and float type.
 *
 * The datasets are contiguous and allocated at once, so that workers write and read their bytes at
 * plain offsets, never through HDF5. */
#ifndef TAUSCOPE_WEIGHTS_H
#define TAUSCOPE_WEIGHTS_H

#include "checkpoint/checkpoint.h"
#include "core/job.h"

/* What a copy tells of weights that were decoded from blocks (Checkpoint.about): their type. */
#define WEIGHTS_QUANTISED "quantised"

typedef struct WeightsCopy WeightsCopy;

/* Main thread: makes the file (under a temporary name in `folder`) and its datasets.  Borrows the
 * checkpoint until weights_free. */
WeightsCopy *weights_begin(const char *folder, const Checkpoint *checkpoint, GError **error);
/* Any thread: streams the bytes of all of them across.  Threads 0: all. */
gboolean weights_copy(
	WeightsCopy *const *copies, guint count, guint threads, Job *job, GError **error);
/* Any thread: waits until they are on the disk, which would keep the main thread for long. */
gboolean weights_sync(WeightsCopy *copy, GError **error);
/* The name that its contents give it, once they are copied; free with g_free. */
char *weights_path(const WeightsCopy *copy);
/* Main thread: commits under the name weights-HASH.h5, and returns a checkpoint of the same tensors
 * whose spans lie in it; the folder is the caller's to sync.  *hash is that of all that was copied
 * and of where it lies; free with g_free. */
Checkpoint *weights_finish(WeightsCopy *copy, char **hash, GError **error);
/* Removes what was not finished. */
void weights_free(WeightsCopy *copy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeightsCopy, weights_free)

/* The hash of a copy, by reading it again; free with g_free. */
char *weights_hash(const Checkpoint *copy, guint threads, Job *job, GError **error);

/* A checkpoint of the same tensors, metadata and paths, without its files: the caller adds those
 * and seals it. */
Checkpoint *checkpoint_without_files(const Checkpoint *checkpoint);

#endif
