/* estimate.h - what a sample says of an edit that nothing else is known of.
 *
 * ‖y‖² and ⟨y, τ⟩ of an edit y are sums over all elements; the sample has some of them.  Products
 * of the proxies (proxies.h) come near its summands, and their sums are known exactly, so that the
 * sample has only to say how the summands differ from those (generalised regression; Särndal,
 * Swensson and Wretman, Model Assisted Survey Sampling, chapter 6).  Each part of the sample is
 * compared with the proxies as the other parts see them, and has thresholds of its own, so that the
 * error which parts show holds that of both. */
#ifndef TAUSCOPE_ESTIMATE_H
#define TAUSCOPE_ESTIMATE_H

#include "preview/preview_sample.h"
#include "preview/sums.h"

/* The edit's value, without λ, on all elements of a sample: g_free.  NULL with *error set. */
double *estimate_values(const Collection *collection, const Node *edit, const PrepareSample *sample,
	GError **error);
/* The sums with their errors, and the edit's values on the whole sample (*values, g_free), from
 * which all members that take part, and the tasks as far as they are in it, are taken.
 * A job that is cancelled ends it. */
Sums *estimate_sums(PreviewSample *sample, const Gram *gram, const Node *edit, const guint *task,
	guint tasks, Job *job, double **values, GError **error);

#endif
