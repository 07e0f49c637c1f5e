/* estimate_part.h - one part of the sample, as an estimate looks at it; for estimate*.c.
 *
 * Figure 0 is ‖y‖², whose summands are compared with the pairs of proxies; figure 1 + j is ⟨y, τⱼ⟩,
 * compared with the proxies times τⱼ. */
#ifndef TAUSCOPE_ESTIMATE_PART_H
#define TAUSCOPE_ESTIMATE_PART_H

#include "preview/proxies.h"

/* What is the same for all parts. */
typedef struct {
	const Collection *collection;
	const Node *edit;
	const Proxies *proxies;
	const PreviewSample *sample;
	const guint *task; /* [tasks] */
	guint tensors, tasks, figures;
	guint compared; /* products: of all figures */
	gboolean alone; /* parts have thresholds of their own */
	Job *job;
} Looking;

/* What a part adds to the equations that find a figure's factors; of the matrix the lower half.
 * Their weights make errors count in proportion to the proxies. */
typedef struct {
	double *matrix; /* [size][size] */
	double *right;  /* [size] */
	double square;  /* of the summands */
	double size;    /* of the proxies' products, to compare what is left of that with */
} Equations;

typedef struct {
	const PrepareSample *sample;
	const guint64 *order; /* which elements of the whole sample it has */
	Equations *equations; /* [figures] */
	double *missing;      /* [tensors][compared]: how much less it has than there is */
	double *sum;          /* [tensors][figures], with the thresholds of the whole sample */
	double *own;          /* [tensors][figures], with those of the part */
} EstimatePart;

/* How many products a figure is compared with, and where they stand among all. */
guint looking_size(const Looking *looking, guint figure);
guint looking_place(const Looking *looking, guint figure);

void estimate_part_init(EstimatePart *part, const Looking *looking, const PrepareSample *sample,
	const guint64 *order);
void estimate_part_clear(EstimatePart *part, const Looking *looking);
/* Fills `own`; any thread. */
gboolean estimate_part_alone(EstimatePart *part, const Looking *looking, GError **error);
/* Fills all else, and where parts have no thresholds of their own that too; any thread.  `values`
 * are the edit's on the whole sample. */
void estimate_part_look(EstimatePart *part, const Looking *looking, const double *values);

/* Σ of the summands of all figures over the elements of a slice on one tensor, from the edit's
 * values on them: out[figures]. */
void looking_sums(const Looking *looking, const PrepareSample *sample, guint tensor,
	const double *values, double *out);

#endif
