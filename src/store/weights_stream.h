/* weights_stream.h - all bytes of checkpoints, hashed and, where wanted, written elsewhere. */
#ifndef TAUSCOPE_WEIGHTS_STREAM_H
#define TAUSCOPE_WEIGHTS_STREAM_H

#include "checkpoint/checkpoint.h"
#include "core/job.h"

typedef struct {
	const Checkpoint *from;
	Output *output;        /* or NULL */
	const guint64 *offset; /* [tensors]: in the output; NULL: as in `from` */
	char *hash;            /* the result: of all bytes and where they lie; free with g_free */
} WeightsStream;

/* Any thread.  Takes turns between the streams, so that threads seldom write the same file at the
 * same time, which the kernel would not let them.  Sets every hash, or none. */
gboolean weights_stream(
	WeightsStream *streams, guint count, guint threads, Job *job, GError **error);

#endif
