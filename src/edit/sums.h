/* sums.h - what is known of an edit on each tensor, without λ: sums that groups of tensors add up.
 *
 * What is not exact comes with its errors: of draws as variances, which add up over tensors; of a
 * sample as the deviations that parts of the sample show, which add up within each part. */
#ifndef TAUSCOPE_SUMS_H
#define TAUSCOPE_SUMS_H

#include "edit/closed.h"
#include "edit/measure.h"

typedef struct {
	guint tensors, tasks;
	double *square;  /* [tensors] ‖edit‖² */
	double *product; /* [tensors][tasks] ⟨edit, τ⟩ */
} Sums;

/* Of the tasks with these numbers: from coefficients, or as it was measured. */
Sums *sums_closed(const Closed *closed, const Gram *gram, const guint *task, guint tasks);
Sums *sums_measured(const Measure *measure, const guint *task, guint tasks);
void sums_free(Sums *sums);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sums, sums_free)

/* The sums over some tensors. */
typedef struct {
	guint tasks;
	double square, base_square;
	double *product, *task_square; /* [tasks] */
} Total;

Total *total_new(const Sums *sums, const Gram *gram, const guint *task, const Scope *scope);
void total_free(Total *total);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Total, total_free)

#endif
