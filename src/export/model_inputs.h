/* model_inputs.h - whether the inputs of an export stayed what they were while it was written. */
#ifndef TAUSCOPE_MODEL_INPUTS_H
#define TAUSCOPE_MODEL_INPUTS_H

#include "export/model.h"

/* The times and sizes of the files of the base, of the members that take part and of masks. */
typedef struct ModelInputs ModelInputs;

ModelInputs *model_inputs_look(const ModelRequest *request);
void model_inputs_free(ModelInputs *inputs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ModelInputs, model_inputs_free)
/* FALSE with ERROR_INPUT, naming the file, where one was written to since. */
gboolean model_inputs_unchanged(const ModelInputs *inputs, GError **error);

#endif
