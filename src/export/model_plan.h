/* model_plan.h - everything about a write that is settled before a byte is written. */
#ifndef TAUSCOPE_MODEL_PLAN_H
#define TAUSCOPE_MODEL_PLAN_H

#include "export/model_copy.h"

typedef struct {
	char *folder;        /* where the files go */
	gboolean new_folder; /* it is to be made */
	Layout *layout;
	char *recipe;                /* the name of the recipe's file, or NULL */
	GPtrArray *copies;           /* of ModelCopy; NULL where the output is a file */
	char *missing_side;          /* the base's folder, where it has one that is gone; or NULL */
	GPtrArray *notes, *warnings; /* of char *: about the copies */
} ModelPlan;

/* Makes the plan and checks it: the output's place, that it is none of the inputs, that nothing is
 * replaced unless told, that the inputs are there, and the free space.  `changed` ([base tensors])
 * says which tensors are written where only the changed ones are; NULL, while that is not known,
 * for all that may be. */
ModelPlan *model_plan_new(const ModelRequest *request, const gboolean *changed, GError **error);
void model_plan_free(ModelPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ModelPlan, model_plan_free)

/* The tensors that a part may hold, the float ones on which the edit acts: [base tensors], g_free.
 * NULL of a whole model: all. */
gboolean *model_plan_tensors(const ModelRequest *request);

/* The path of a file of the output, as a person would write it; free with g_free. */
char *model_plan_path(const ModelPlan *plan, const char *name);

/* "PATH: needs 1.2 GB, and 3 MB are free here". */
gboolean model_plan_fail_space(const ModelPlan *plan, GError **error);

#endif
