/* linear.h - what a linear edit is on each tensor: one coefficient for each task vector. */
#ifndef TAUSCOPE_LINEAR_H
#define TAUSCOPE_LINEAR_H

#include "edit/expression.h"

/* c[members]: the coefficient of every τ on one base tensor (c[0] is 0).  A member that does not
 * share the tensor has coefficient 0 there. */
void linear_coefficients(
	const Collection *collection, const Node *edit, guint tensor, double *c);

/* The value of a coefficient (a node that is not a vector) on one tensor. */
double linear_coefficient(const Collection *collection, const Node *node, guint tensor);

/* The layer's place from 0 (first) to 1 (last) among the numbered layers, as `ramp` uses it;
 * tensors outside of numbered layers: before them 0, after them 1. */
double linear_depth(const Collection *collection, guint tensor);

/* Base tensors on which a member that takes part is missing, reshaped or not float, so that the edit
 * leaves it out there: array of guint, ascending. */
GArray *linear_left_out(const Collection *collection, const Node *edit);

#endif
