/* preview.h - what an edit will be, known before it is written.
 *
 * A linear edit is exact from the Gram tables: ‖edit‖² = cᵀGc and ⟨edit, τⱼ⟩ = (Gc)ⱼ, with
 * coefficients that may differ by tensor; so are mixes of linear edits (slerp, orthogonal), whose
 * factors follow from the same tables.  Sums of these with random methods have an expectation and a
 * spread in closed form.  Everything else is estimated from the sample, with an interval of 95 %,
 * or exact after a pass over the weights (measure.h). */
#ifndef TAUSCOPE_PREVIEW_H
#define TAUSCOPE_PREVIEW_H

#include "analysis/pass.h"
#include "preview/measure.h"

typedef enum {
	PREVIEW_EXACT,     /* low = value = high */
	PREVIEW_EXPECTED,  /* the mean over all draws; [low, high] holds 95 % of them */
	PREVIEW_ESTIMATED, /* from the sample; [low, high] is an interval of 95 % */
} PreviewKind;
const char *preview_kind_name(PreviewKind kind); /* "exact", "expected", "estimated" */

typedef struct {
	double value, low, high; /* all NaN where it is not known */
} Estimate;

/* Of the sizes of an edit's changes to the elements of the base: which percentiles are shown. */
#define PREVIEW_PERCENTILES 4
extern const double preview_percentiles[PREVIEW_PERCENTILES]; /* 50, 90, 99, 99.9 */

typedef struct {
	char *name;
	guint64 elements;
	Estimate norm;     /* ‖λ·edit‖ over the group */
	Estimate relative; /* ‖λ·edit‖ / ‖θ₀‖ over the group */
	Estimate *cosine;  /* [count] with each task; NaN where a norm is 0 */
	Estimate *kept;    /* [count] ⟨λ·edit, τ⟩ / ‖τ‖²; NaN where ‖τ‖ is 0 */
	/* The share of the elements that some input moves up and another down, among those that any
	 * moves; inputs are the task vectors that take part, with the signs of their coefficients,
	 * as though every method were the sum of its inputs.  From the sample; NaN of fewer than
	 * two inputs. */
	Estimate conflict;
	/* From the sample: the size of |λ·edit| that 50, 10, 1 and 0.1 % of the elements reach. */
	double moves[PREVIEW_PERCENTILES];
} PreviewGroup;

typedef struct {
	char *edit;   /* canonical text */
	double scale; /* λ */
	PreviewKind kind;
	gboolean whole_sample; /* the sample has every element: what is from it is exact */
	guint count;
	guint *member; /* [count]: the tasks */
	char **name;
	PreviewGroup *whole;
	double of_largest;   /* ‖λ·edit‖ / the largest ‖τ‖ that takes part */
	GPtrArray *groups;   /* of PreviewGroup */
	GPtrArray *warnings; /* of char *: sentences; part of the result */
} Preview;

typedef struct PreviewSample PreviewSample; /* preview_sample.h */

typedef struct {
	const Collection *collection;
	const Gram *gram;
	const SamplePlan *plan;
	Statistics *const *statistics; /* [members]: their samples; NULL, or one of NULL: none */
	const Node *edit;
	double scale;
	const char *pattern; /* narrows what is shown, not what is edited; or NULL */
	GroupBy by;
	/* Of the same edit: then all but conflict and moves is exact.  Or NULL. */
	const Measure *measure;
	/* Of the same collection, plan and statistics: a sample that is kept makes the next preview
	 * of the same edit, at any scale, cost little.  Or NULL. */
	PreviewSample *sample;
	gboolean quick; /* without conflict and moves, unless they are known already */
	Job *job;       /* whose cancelling ends it with ERROR_CANCELLED; or NULL */
} PreviewRequest;

/* Over all float tensors of the base; a member counts as 0 on tensors it does not share, as it
 * does in the export.  ERROR_USAGE where the scale is no number, ERROR_INPUT where a method has no
 * answer for these inputs, or where a sample is wanted that is not there (steps have none). */
Preview *preview_new(const PreviewRequest *request, GError **error);
void preview_free(Preview *preview);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Preview, preview_free)

#endif
