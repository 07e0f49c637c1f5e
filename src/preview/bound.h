/* bound.h - how long an edit can be, where no sample can say how long it is.
 *
 * Methods that see rows, filters or columns whole do to each of them what depends on all of its
 * elements.  Of a tensor that is sampled in part the sample has none whole. */
#ifndef TAUSCOPE_BOUND_H
#define TAUSCOPE_BOUND_H

#include "analysis/gram.h"
#include "preview/preview_sample.h"

/* Whether a call sees more than single elements of a tensor, and less than all of them. */
gboolean bound_sees_rows(const Node *call);

/* The most that ‖edit‖ can be on the tensors where such a call changes it and the sample has some
 * elements only: INFINITY where that has no bound, NaN on all other tensors.  [tensors], g_free;
 * NULL where there is no such tensor. */
double *bound_norms(const PreviewSample *sample, const Gram *gram, const Node *edit);

#endif
