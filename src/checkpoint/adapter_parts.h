/* adapter_parts.h - the tensors of an adapter's file, sorted by what they are for: the factors of
 * each module that is adapted, and weights that are kept whole. */
#ifndef TAUSCOPE_ADAPTER_PARTS_H
#define TAUSCOPE_ADAPTER_PARTS_H

#include "checkpoint/adapter_config.h"
#include "checkpoint/checkpoint.h"

/* A module and its factors; tensors are positions in the checkpoint, or -1. */
typedef struct {
	char *name;         /* as the base has it: "enc.q" */
	gboolean embedding; /* factors are of an embedding: their product is [dim][vocabulary] */
	gint a, b, bias, magnitude;
	/* What the factors and the configuration say. */
	guint64 rows, columns, rank;
	double scaling;
} AdapterModule;

/* A weight that stands for the base's, as modules_to_save, trained biases, or the embeddings that
 * PEFT saves beside their factors. */
typedef struct {
	char *name; /* as the base has it: "cls.weight" */
	guint tensor;
} AdapterWhole;

typedef struct {
	const Checkpoint *checkpoint; /* borrowed */
	const char *path;             /* of the factors' file, borrowed */
	GPtrArray *modules;           /* of AdapterModule */
	GHashTable *by_name;          /* name → AdapterModule, borrowed */
	GPtrArray *wholes;            /* of AdapterWhole */
	GPtrArray *copies; /* of char *: tensors that are copies of the base's; borrowed */
	char *adapter;     /* the name within its parts' names, or NULL */
} AdapterParts;

/* Whether a tensor's name is of a factor. */
gboolean adapter_part_is_factor(const char *tensor);

/* Sorts and checks all that can be judged without the base.  ERROR_INPUT where a factor is missing,
 * or they do not fit each other or the configuration. */
AdapterParts *adapter_parts_new(
	const Checkpoint *checkpoint, const AdapterConfig *config, GError **error);
void adapter_parts_free(AdapterParts *parts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AdapterParts, adapter_parts_free)

#endif
