/* survey.h - what info says with --stats: the values of every tensor, read in a job. */
#ifndef TAUSCOPE_SURVEY_H
#define TAUSCOPE_SURVEY_H

#include "checkpoint/checkpoint.h"
#include "cli/values.h"
#include "core/json.h"
#include "export/table.h"

typedef struct {
	const Checkpoint *checkpoint;
	TensorValues *values; /* [tensors] */
	GPtrArray *damage;    /* of char *: checksums that do not agree */
} Survey;

/* Reads all tensors of the checkpoint, which is borrowed; NULL with *error set. */
Survey *survey_new(const Checkpoint *checkpoint, GError **error);
void survey_free(Survey *survey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Survey, survey_free)

/* The report of the checkpoint, with its values. */
cJSON *survey_json(const Survey *survey);
Table *survey_table(const Survey *survey);

#endif
