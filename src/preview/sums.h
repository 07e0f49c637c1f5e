/* sums.h - what is known of an edit on each tensor, without λ: sums that groups of tensors add up.
 *
 * What is not exact comes with its errors: of draws as variances, which add up over tensors; of a
 * sample as what parts of it say differently, which adds up within each part. */
#ifndef TAUSCOPE_SUMS_H
#define TAUSCOPE_SUMS_H

#include "preview/closed.h"
#include "preview/measure.h"

/* Sums on each tensor, or their errors. */
typedef struct {
	double *square;  /* [tensors] ‖edit‖² */
	double *product; /* [tensors][tasks] ⟨edit, τ⟩ */
} SumRows;

/* How far the sums over draws vary; or what a sample cannot show of its errors. */
typedef struct {
	SumRows variance;
	double *covariance; /* [tensors][tasks]: of ‖edit‖² with ⟨edit, τ⟩ */
} SumSpread;

typedef struct {
	guint tensors, tasks;
	SumRows value;
	SumSpread *spread; /* or NULL */
	GArray *parts;     /* of SumRows: how far each part is from the whole; or NULL */
	double *bound; /* [tensors] or NULL: not NaN where ‖edit‖ is known to be at most that,
			* and no errors say more */
} Sums;

Sums *sums_new(guint tensors, guint tasks);
void sums_free(Sums *sums);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sums, sums_free)
void sums_add_spread(Sums *sums);
/* One more part, of zeros. */
SumRows *sums_add_part(Sums *sums);

/* Of the tasks with these numbers: from coefficients, or as it was measured. */
Sums *sums_closed(const Closed *closed, const Gram *gram, const guint *task, guint tasks);
/* By what ‖edit‖² may be off, over all tensors, since the tables' products were made in single
 * precision (pass.h).  Where terms cancel each other that can be more than all of it. */
double sums_rounding(const Collection *collection, const Closed *closed, const Gram *gram);
Sums *sums_measured(const Measure *measure, const guint *task, guint tasks);

/* The sums over some tensors, with the variances of their errors. */
typedef struct {
	guint tasks;
	double square, base_square, square_variance;
	double *product, *task_square, *product_variance, *covariance; /* [tasks] */
	/* How far beyond these errors the sums may be, to either side; [tasks]. */
	double square_below, square_above;
	double *product_below, *product_above;
	gboolean bounded; /* some tensor has a bound in place of errors */
	double reach;     /* how many standard deviations hold 95 % */
} Total;

Total *total_new(const Sums *sums, const Gram *gram, const guint *task, const Scope *scope);
void total_free(Total *total);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Total, total_free)

#endif
