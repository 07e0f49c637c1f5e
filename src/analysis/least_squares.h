/* least_squares.h - the nearest combination of vectors of which inner products alone are known. */
#ifndef TAUSCOPE_LEAST_SQUARES_H
#define TAUSCOPE_LEAST_SQUARES_H

#include <glib.h>

typedef struct {
	guint count; /* of the vectors that are not 0 */
	guint rank;  /* how many of them are independent */
	/* The largest singular value of the unit vectors over the smallest: how much the
	 * coefficients make of an error.  Infinite below full rank, 1 of none. */
	double condition;
} LeastSquares;

/* c[n] for which ‖d − Σ cᵢvᵢ‖ is least: products[n][n] = ⟨vᵢ, vⱼ⟩, along[n] = ⟨vᵢ, d⟩.  Of several
 * that do as well, those whose parts cᵢvᵢ are smallest (their sum of squares); 0 for a vector of
 * norm 0. */
LeastSquares least_squares(const double *products, const double *along, guint n, double *c);

#endif
