/* model_finite.h - where a written model holds values that are not finite, and whose they are. */
#ifndef TAUSCOPE_MODEL_FINITE_H
#define TAUSCOPE_MODEL_FINITE_H

#include "export/model_stream.h"

/* Adds a sentence where some of the tensors written hold such elements (`found`: [base tensors]),
 * and one where values became infinite that were too large.  Reads these tensors once more to name
 * the members that they come from. */
gboolean model_warn_not_finite(
	const ModelRequest *request, const ModelTensor *found, GPtrArray *warnings, GError **error);

#endif
