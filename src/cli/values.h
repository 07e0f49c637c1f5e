/* values.h - what the values of a checkpoint's tensors are, found by reading all of them. */
#ifndef TAUSCOPE_CLI_VALUES_H
#define TAUSCOPE_CLI_VALUES_H

#include "checkpoint/checkpoint.h"
#include "core/job.h"

typedef struct {
	double l2;               /* NaN where an element is not finite, or the type is opaque */
	double minimum, maximum; /* of the finite elements; NaN where there is none */
	guint64 nonfinite;       /* nothing is known of opaque types */
	char sha256[65]; /* of the values as little-endian float32; of integers, bool and opaque
			    types: of their own bytes */
} TensorValues;

/* Streams one tensor in blocks; `job` may be NULL. */
gboolean tensor_values_read(
	const Checkpoint *checkpoint, guint tensor, TensorValues *values, Job *job, GError **error);

#endif
