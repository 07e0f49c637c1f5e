/* report.h - each analysis as a table and as JSON: one function for the batch verb and the screen.
 *
 * JSON keys are those of design.md section 7; units are in the key; not finite is null. */
#ifndef TAUSCOPE_REPORT_H
#define TAUSCOPE_REPORT_H

#include "analysis/layers.h"
#include "analysis/similarity.h"
#include "analysis/trajectory.h"
#include "recipe/explain.h"
#include "preview/preview.h"
#include "export/model.h"
#include "export/table.h"

cJSON *report_similarity_json(const Similarity *similarity);
Table *report_similarity_table(const Similarity *similarity);

cJSON *report_layers_json(const Layers *layers);
Table *report_layers_table(const Layers *layers);

/* Over several runs (GPtrArray of Trajectory). */
cJSON *report_trajectories_json(const GPtrArray *trajectories);
Table *report_trajectories_table(const GPtrArray *trajectories);

cJSON *report_preview_json(const Preview *preview);
Table *report_preview_table(const Preview *preview);
/* The same with all there is, in columns that are the same for every kind of preview: for CSV. */
Table *report_preview_records(const Preview *preview);

cJSON *report_check_json(const Collection *collection);
Table *report_check_table(const Collection *collection);
/* How a member lines up beyond equal names and shapes, as sentences (char *, owned). */
GPtrArray *report_alignment(const Collection *collection, guint member);

/* A line of what is in a checkpoint: a tensor, or another name that is tied to it. */
typedef struct {
	const char *name; /* borrowed */
	guint tensor;
	gboolean tied;
} TensorLine;
/* All names in order, tied ones right after their tensor (array of TensorLine, owned). */
GArray *report_checkpoint_rows(const Checkpoint *checkpoint);
/* A last column that says what a name is tied to, where any name is; and its cell. */
void report_add_tied_column(Table *table, const Checkpoint *checkpoint);
void report_add_tied(Table *table, const Checkpoint *checkpoint, const TensorLine *row);
/* What was passed over and why, below the table. */
void report_add_skipped(Table *table, const Checkpoint *checkpoint);

cJSON *report_checkpoint_json(const Checkpoint *checkpoint);
Table *report_checkpoint_table(const Checkpoint *checkpoint);

cJSON *report_explain_json(const Explanation *explanation);
Table *report_explain_table(const Explanation *explanation);

cJSON *report_model_json(const ModelReport *report);
Table *report_model_table(const ModelReport *report);

#endif
