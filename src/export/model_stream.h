/* model_stream.h - stream an edit into files: block by block, on all cores, in bounded memory. */
#ifndef TAUSCOPE_MODEL_STREAM_H
#define TAUSCOPE_MODEL_STREAM_H

#include "export/model_layout.h"
#include "method/prepare.h"

/* What was found of one of the base's tensors. */
typedef struct {
	gboolean changed;   /* an edit of nothing would have written other bytes */
	guint64 not_finite; /* elements that are NaN or infinite */
	guint64 overflowed; /* finite values too large for the type, now infinite */
} ModelTensor;

/* The request for what the methods of an edit must know first. */
PrepareRequest model_prepare(const ModelRequest *request);

/* Writes the data of the layout's tensors to the outputs (of Output, in step with its files), or
 * with NULL for these only looks at them.  found[base tensors] starts as zeros.  ERROR_INPUT where
 * values are too large for their type, unless these may be infinite. */
gboolean model_stream(const ModelRequest *request, Prepared *prepared, const Layout *layout,
	const GPtrArray *outputs, ModelTensor *found, Job *job, GError **error);

#endif
