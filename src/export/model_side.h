/* model_side.h - what lies beside the weights of a model: config, tokenizer, licence. */
#ifndef TAUSCOPE_MODEL_SIDE_H
#define TAUSCOPE_MODEL_SIDE_H

#include <glib.h>

/* The names of a folder's files that belong to a model but are not weights, sorted; empty where the
 * folder cannot be read. */
GPtrArray *side_files(const char *folder);

#endif
