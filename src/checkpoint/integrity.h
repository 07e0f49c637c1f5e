/* integrity.h - whether the files of a checkpoint can be read to the end, and hold what they
 * promise.
 *
 * Opening reads headers alone.  This reads all of it, and compares what the format gives to
 * compare: a ZIP archive (PyTorch, NumPy, Keras) has a checksum for each entry. */
#ifndef TAUSCOPE_INTEGRITY_H
#define TAUSCOPE_INTEGRITY_H

#include "checkpoint/checkpoint.h"
#include "core/job.h"

/* What was looked at. */
typedef struct {
	guint tensors, checksums;
} IntegrityCounts;

/* Reads every tensor through; adds a sentence for each that cannot be read to `problems` (of
 * char *).  FALSE with *error set only where the job was cancelled; `job` may be NULL. */
gboolean integrity_read_tensors(const Checkpoint *checkpoint, GPtrArray *problems,
	IntegrityCounts *counts, Job *job, GError **error);
/* The same for the entries of the checkpoint's archives and their checksums; no entry where no file
 * is an archive. */
gboolean integrity_compare_checksums(const Checkpoint *checkpoint, GPtrArray *problems,
	IntegrityCounts *counts, Job *job, GError **error);

#endif
