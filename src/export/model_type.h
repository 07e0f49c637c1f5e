/* model_type.h - the types and parts that a model is written in, by the names that programs give
 * them. */
#ifndef TAUSCOPE_MODEL_TYPE_H
#define TAUSCOPE_MODEL_TYPE_H

#include "export/model.h"

/* "F32", "bf16", "float16": -1 for "base".  ERROR_USAGE where the word is none of these. */
gboolean model_type_from_word(const char *word, gint *dtype, GError **error);
/* As a recipe has it: "BF16", or "base" for -1. */
const char *model_type_name(gint dtype);
/* As PyTorch and the config of a model have it: "bfloat16"; NULL of a type that they have not. */
const char *model_type_torch(Dtype dtype);

/* "model", "task-vector", "changed". */
const char *model_part_name(ModelPart part);
gboolean model_part_from_word(const char *word, ModelPart *part, GError **error);

/* What a request asks of its edit; `prepared` may be NULL where only types are asked for. */
Apply model_apply(const ModelRequest *request, const Prepared *prepared);
/* The type that a request writes a tensor of the base in. */
Dtype model_dtype(const ModelRequest *request, guint tensor);

#endif
