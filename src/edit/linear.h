/* linear.h - what a linear edit is on each tensor: one coefficient for each task vector. */
#ifndef TAUSCOPE_LINEAR_H
#define TAUSCOPE_LINEAR_H

#include "edit/expression.h"

/* Whether an edit is linear in the task vectors, whatever the weights are: its methods, if any, are
 * mixes that want no inner products. */
gboolean linear_is(const Node *edit);

/* c[members]: the coefficient of every τ on one base tensor, of an edit that linear_is; c[0] is
 * that of θ₀.  A member that does not share the tensor has coefficient 0 there. */
void linear_coefficients(const Collection *collection, const Node *edit, guint tensor, double *c);

/* factor[inputs + 1] of a call on one tensor, whose method is a mix that wants no inner products.
 * FALSE with *error set where it has no answer; never where the call was parsed. */
gboolean linear_factors(const Collection *collection, const Node *call, guint tensor,
	double *factor, GError **error);

/* The value of a coefficient (a node that is not a vector) on one tensor. */
double linear_coefficient(const Node *node, guint tensor);
/* The value of a coefficient that is the same on all tensors; FALSE where it holds a
 * ramp, a first or a scope. */
gboolean linear_constant(const Node *node, double *value);

/* Every base tensor's place in the depth of the model, from 0 (first layer) to 1 (last), as `ramp`
 * uses it: the rank of its layer's number among those of the same stack.  Tensors outside of
 * numbered layers: 0 where they come before them (embeddings, stems), else 1.  [base tensors]; free
 * with g_free. */
double *linear_places(const Collection *collection);
/* The same, but 0 for every tensor outside of numbered layers. */
double *linear_block_places(const Collection *collection);

/* Base tensors on which a member that takes part is missing, reshaped or not float, so that the
 * edit leaves it out there: array of guint, ascending. */
GArray *linear_left_out(const Collection *collection, const Node *edit);

#endif
