/* adapter.h - LoRA adapters (PEFT directories): a task vector of its own, kept factored.
 *
 * An adapter opens as what is in its file, the factors; bound to a base, it is the change that
 * they make: scaling * B A for each weight they target, as a source that makes any run of elements
 * from the factors and never the whole product. */
#ifndef TAUSCOPE_ADAPTER_H
#define TAUSCOPE_ADAPTER_H

#include "checkpoint/checkpoint.h"

/* What a bound adapter tells of the prefixes with or without which its names are the base's; a
 * store keeps it. */
#define ADAPTER_MATCHED "targets matched"

/* Whether a folder holds an adapter: adapter_config.json or adapter_model.*. */
gboolean adapter_is(const char *folder);
/* The folder of the adapter that a file is a part of: its configuration, or its factors where the
 * configuration lies beside them.  NULL for any other file; g_free it. */
char *adapter_folder_of(const char *path);
/* Opens the folder's factors under the names of its file; checks the configuration, and that the
 * factors agree with it and with each other.  ERROR_INPUT with what is wrong. */
Checkpoint *adapter_open(const char *folder, GError **error);

/* Whether a checkpoint is an adapter that is not bound. */
gboolean adapter_is_unbound(const Checkpoint *checkpoint);
/* The adapter as a task of the base: tensors under the base's names and of its shapes.  Those that
 * are made of factors are differences (Tensor.difference, F64), with DoRA's magnitudes too; those
 * of modules_to_save and full biases are whole weights, under their own names where the base has
 * none such.  Holds references on both.  ERROR_INPUT where a target is not in the base or has
 * another shape. */
Checkpoint *adapter_bind(const Checkpoint *adapter, const Checkpoint *base, GError **error);

#endif
