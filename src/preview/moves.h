/* moves.h - how large the changes of single elements are, and where inputs pull apart: from the
 * sample. */
#ifndef TAUSCOPE_MOVES_H
#define TAUSCOPE_MOVES_H

#include "preview/preview.h"
#include "preview/preview_sample.h"

/* Sampled elements of each tensor. */
typedef struct {
	guint64 *moved;   /* [tensors]: that an input moves */
	guint64 *opposed; /* [tensors]: that one input moves up and another down */
} Conflicts;

/* Of inputs with the signs of c[tensors][members]. */
Conflicts *conflicts_new(const PreviewSample *sample, const double *c);
void conflicts_free(Conflicts *conflicts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Conflicts, conflicts_free)

/* The share over a scope, with an interval of 95 %; NaN where nothing is moved. */
Estimate conflicts_share(
	const PreviewSample *sample, const Conflicts *conflicts, const Scope *scope);

/* The percentiles of the sizes of `values`, those of the whole sample, over a scope. */
void moves_of(const PreviewSample *sample, const double *values, const Scope *scope,
	double moves[PREVIEW_PERCENTILES]);

#endif
