/* closed.h - edits whose coefficients follow from the Gram tables alone.
 *
 * A linear edit has them at once; a mix of linear edits (slerp, orthogonal) finds its factors from
 * inner products, and those are in the tables.  A method that draws has them on average, and what
 * it varies by. */
#ifndef TAUSCOPE_CLOSED_H
#define TAUSCOPE_CLOSED_H

#include "analysis/gram.h"
#include "edit/expression.h"

/* What one input of a method that draws varies by, about its mean: in proportion to the input, or
 * normally.  All noise of one kind that has the same key sees the same draws. */
typedef struct {
	guint64 key;
	double *deviation; /* [tensors][vectors]: by (Σ deviation·v)² of an element; or NULL */
	double *kept;      /* [tensors], with that: the share of the elements that is not dropped */
	double *rest;      /* [tensors]: by rest²; with a sign; or NULL */
} ClosedNoise;

typedef struct {
	guint tensors, vectors;
	double *c;        /* [tensors][vectors]: the coefficients, c[..][0] on θ₀ */
	GPtrArray *noise; /* of ClosedNoise; empty where nothing draws: exact then */
} Closed;

/* Whether the edit is of that kind.  With `random`, also where it holds methods that draw, of
 * closed inputs, outside of any method but sums: their mean takes their place then. */
gboolean closed_is(const Collection *collection, const Node *edit, gboolean random);

/* Whether all that the Gram tables say of the tasks in an edit, on all tensors, is finite. */
gboolean closed_is_known(const Collection *collection, const Gram *gram, const Node *edit);

/* Of an edit that closed_is with `random`.  NULL with *error set (ERROR_INPUT) where a mix has no
 * answer, or its inputs hold what is no finite number. */
Closed *closed_new(
	const Collection *collection, const Gram *gram, const Node *edit, GError **error);
void closed_free(Closed *closed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Closed, closed_free)

/* The covariance of what two noises vary an element by, as a part of the product of their standard
 * deviations: of those that drop by the same draws, the one that keeps more keeps all that the
 * other does. */
double closed_correlation(const ClosedNoise *a, const ClosedNoise *b, guint tensor);

/* The coefficients that tasks would have, were every method the sum of its inputs, with their
 * weights: [tensors][vectors], free with g_free.  Where these cancel, the sum of their sizes. */
double *closed_inputs(const Collection *collection, const Node *edit);

#endif
