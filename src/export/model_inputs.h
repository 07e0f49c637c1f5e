/* model_inputs.h - whether the inputs of an export stayed what they were while it was written. */
#ifndef TAUSCOPE_MODEL_INPUTS_H
#define TAUSCOPE_MODEL_INPUTS_H

#include "export/model.h"

/* The times and sizes of the files of the base and of the members that take part. */
typedef GArray ModelInputs;

ModelInputs *model_inputs_look(const ModelRequest *request);
/* FALSE with ERROR_INPUT, naming the file, where one was written to since. */
gboolean model_inputs_unchanged(const ModelInputs *inputs, GError **error);

#endif
