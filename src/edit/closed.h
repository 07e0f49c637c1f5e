/* closed.h - edits whose coefficients follow from the Gram tables alone.
 *
 * A linear edit has them at once; a mix of linear edits (slerp, orthogonal) finds its factors from
 * inner products, and those are in the tables. */
#ifndef TAUSCOPE_CLOSED_H
#define TAUSCOPE_CLOSED_H

#include "analysis/gram.h"
#include "edit/expression.h"

/* Whether the edit is of that kind.  With `random`, also where it holds methods that draw, of closed
 * inputs, outside of any other method: their mean takes their place then. */
gboolean closed_is(const Node *edit, gboolean random);

/* The coefficients of an edit that closed_is on all tensors: c[tensors][vectors], c[..][0] on θ₀.
 * square[tensors][vectors] and constant[tensors] (NULL where nothing draws) become the variance of
 * an element about them: Σ square·v² + constant.  FALSE with *error set where a mix has no answer. */
gboolean closed_coefficients(const Collection *collection, const Gram *gram, const Node *edit,
	double *c, double *square, double *constant, GError **error);

#endif
