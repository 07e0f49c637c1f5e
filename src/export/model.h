/* model.h - write an edited checkpoint: the base's layout, types and sharding, streamed and atomic.
 */
#ifndef TAUSCOPE_MODEL_H
#define TAUSCOPE_MODEL_H

#include "core/job.h"
#include "method/apply.h"
#include "recipe/recipe.h"

typedef enum {
	MODEL_WHOLE,
	MODEL_TASK_VECTOR, /* λ·edit alone, of the tensors that it acts on */
	MODEL_CHANGED,     /* the tensors whose values are not the base's, in the type written */
} ModelPart;

typedef struct {
	const Collection *collection;
	const Node *edit;
	double scale;
	const Recipe *recipe; /* goes into the metadata and beside the output */
	const char *output;   /* FILE.safetensors, or a directory (ends with / or exists as one) */
	ModelPart part;
	gint dtype;            /* a float Dtype for all float tensors, or -1: as the base */
	gboolean infinite;     /* values too large for their type may become infinite */
	gboolean replace;      /* may overwrite */
	gboolean write_recipe; /* also recipe.json in a directory, or FILE.recipe.json */
	const GPtrArray *kept; /* of char *: further files that must not be replaced; or NULL */
	guint threads;
	gsize budget;
} ModelRequest;

typedef struct {
	guint64 tensors;   /* that were written */
	guint64 changed;   /* of these, others than an edit of nothing would have written */
	guint64 converted; /* of these, in another type than the base's */
	guint64 bytes;
	GPtrArray *files;    /* of char *: what was written */
	GPtrArray *notes;    /* of char *: what was changed besides weights */
	GPtrArray *warnings; /* of char * */
} ModelReport;
void model_report_free(ModelReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ModelReport, model_report_free)

/* Checks everything that can be checked before a byte is written: the output's place, free space,
 * that it is none of the inputs nor of the kept files (same device and inode), nor the folder of an
 * input, that nothing is overwritten unless told. */
gboolean model_check(const ModelRequest *request, GError **error);

/* Writes.  A directory gets the base's side files (config, tokenizer, …) copied, and is renamed
 * into place whole where it did not exist.  NULL with *error set and nothing left behind. */
ModelReport *model_write(const ModelRequest *request, Job *job, GError **error);

/* The bytes of weights that a write will produce, but for a few of the headers of shards; of the
 * changed tensors at most so many. */
guint64 model_bytes(const ModelRequest *request);

#endif
