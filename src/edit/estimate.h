/* estimate.h - what a sample says of an edit that nothing else is known of.
 *
 * A linear edit u that comes near the edit y is found first: ‖u‖² and ⟨u, τ⟩ are exact from the
 * Gram tables, and the sample has only to say how y differs from it, where tails are short (a
 * difference estimator; Särndal, Swensson and Wretman, Model Assisted Survey Sampling, chapter 6).
 * Thresholds are those of the sample, and of each part of it for itself, so that the error holds
 * theirs. */
#ifndef TAUSCOPE_ESTIMATE_H
#define TAUSCOPE_ESTIMATE_H

#include "edit/preview_sample.h"
#include "edit/sums.h"

/* The edit's value, without λ, on all elements of a sample: g_free.  NULL with *error set. */
double *estimate_values(const Collection *collection, const Node *edit, const PrepareSample *sample,
	GError **error);
/* The sums with their errors; `values` are those of the whole sample, from which all members that
 * take part, and the tasks as far as they are in it, are taken. */
Sums *estimate_sums(PreviewSample *sample, const Gram *gram, const Node *edit, const double *values,
	const guint *task, guint tasks, GError **error);

#endif
