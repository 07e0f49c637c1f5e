/* model_stream.h - stream an edit into files: block by block, on all cores, in bounded memory. */
#ifndef TAUSCOPE_MODEL_STREAM_H
#define TAUSCOPE_MODEL_STREAM_H

#include "export/model.h"
#include "export/model_layout.h"

/* Writes the data of all tensors to the outputs (of Output, in step with the layout's files).
 * ERROR_INPUT where values overflow their stored type.  *changed is how many tensors have other
 * bytes than the base's; not_finite[base tensors] is how many elements of each are NaN or
 * infinite. */
gboolean model_stream(const ModelRequest *request, const Layout *layout, const GPtrArray *outputs,
	guint64 *changed, guint64 *not_finite, Job *job, GError **error);

#endif
