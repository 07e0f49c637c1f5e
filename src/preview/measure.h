/* measure.h - an edit measured over the weights: what its preview will be, exactly. */
#ifndef TAUSCOPE_MEASURE_H
#define TAUSCOPE_MEASURE_H

#include "core/job.h"
#include "edit/expression.h"

/* Of the edit without λ; sums in double, in a fixed order. */
typedef struct {
	guint tensors, members;
	double *square; /* [tensors] ‖edit‖² */
	double *products; /* [tensors][members] ⟨edit, vⱼ⟩, of j = 0 with θ₀; NaN: not asked for */
} Measure;

typedef struct {
	const Collection *collection;
	const Node *edit;
	const gboolean *wanted; /* [members]: whose products are wanted, beside θ₀'s and those of
				   who takes part; NULL: those of all tasks */
	guint threads;          /* 0: all */
	gsize budget;           /* bytes for buffers; 0: the default */
} MeasureRequest;

/* One pass beside those that its methods need.  NULL with *error set. */
Measure *measure_edit(const MeasureRequest *request, Job *job, GError **error);
void measure_free(Measure *measure);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Measure, measure_free)

#endif
