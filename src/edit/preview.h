/* preview.h - what an edit will be, known before it is written.
 *
 * A linear edit is exact from the Gram tables: ‖edit‖² = cᵀGc and ⟨edit, τⱼ⟩ = (Gc)ⱼ, with
 * coefficients that may differ by tensor. */
#ifndef TAUSCOPE_PREVIEW_H
#define TAUSCOPE_PREVIEW_H

#include "analysis/gram.h"
#include "edit/expression.h"

typedef struct {
	char *name;
	guint64 elements;
	double norm;     /* ‖λ·edit‖ over the group */
	double relative; /* ‖λ·edit‖ / ‖θ₀‖ over the group */
	double *cosine;  /* [count] with each task; NaN where a norm is 0 */
	double *kept;    /* [count] ⟨λ·edit, τ⟩ / ‖τ‖²; NaN where ‖τ‖ is 0 */
} PreviewGroup;

typedef struct {
	char *edit;       /* canonical text */
	double scale;     /* λ */
	const char *kind; /* "exact" */
	guint count;
	guint *member; /* [count]: the tasks */
	char **name;
	PreviewGroup *whole;
	double of_largest;   /* ‖λ·edit‖ / the largest ‖τ‖ that takes part */
	GPtrArray *groups;   /* of PreviewGroup */
	GPtrArray *warnings; /* of char *: sentences; part of the result */
} Preview;

/* Over all float tensors of the base; a member counts as 0 on tensors it does not share, as it
 * does in the export.  ERROR_USAGE where the scale is no number.  `pattern` narrows what is shown, not what is edited. */
Preview *preview_new(const Collection *collection, const Gram *gram, const Node *edit, double scale,
	const char *pattern, GroupBy by, GError **error);
void preview_free(Preview *preview);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Preview, preview_free)

#endif
