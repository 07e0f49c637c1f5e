/* model_stream.h - stream an edit into files: block by block, on all cores, in bounded memory. */
#ifndef TAUSCOPE_MODEL_STREAM_H
#define TAUSCOPE_MODEL_STREAM_H

#include "export/model.h"
#include "export/model_layout.h"

/* Writes the data of all tensors to the outputs (of Output, in step with the layout's files).
 * ERROR_INPUT where values overflow their stored type.  *changed is how many tensors are not copies
 * of the base's. */
gboolean model_stream(const ModelRequest *request, const Layout *layout, const GPtrArray *outputs,
	guint64 *changed, Job *job, GError **error);

#endif
