/* spread.h - what an edit that draws is on average, and how far it varies. */
#ifndef TAUSCOPE_SPREAD_H
#define TAUSCOPE_SPREAD_H

#include "preview/preview_sample.h"
#include "preview/sums.h"

/* E‖e‖² = ‖E e‖² + Σ var, from the Gram tables; how these vary over draws, from the sample, from
 * which all members that take part, and the tasks as far as they are in it, are taken. */
Sums *sums_expected(const Closed *closed, const Gram *gram, PreviewSample *sample,
	const guint *task, guint tasks);

#endif
