/* content.h - hashes of what tensors hold, of any type, to notice what changed. */
#ifndef TAUSCOPE_CONTENT_H
#define TAUSCOPE_CONTENT_H

#include "checkpoint/checkpoint.h"
#include "core/job.h"

/* A member's tensor, and where its hash goes. */
typedef struct {
	const Checkpoint *checkpoint;
	guint tensor;     /* position in the checkpoint */
	guint64 elements; /* how many of its elements count, from the first on */
	guint64 *hash;
} Content;

/* Hashes the raw bytes of each Content, stripe by stripe: the same value for any threads. */
gboolean content_hash(const GArray *contents, guint threads, Job *job, GError **error);

guint64 content_bytes(const GArray *contents);

#endif
