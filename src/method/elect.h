/* elect.h - sparse task vectors combined into one: their weighted sum, or in each element of those
 * alone that agree with the elected sign. */
#ifndef TAUSCOPE_ELECT_H
#define TAUSCOPE_ELECT_H

#include "edit/method.h"

typedef struct {
	guint inputs;
	const double *weight;
	gboolean elects, normalizes;
	guint dialect;
	double majority; /* the sign, 1 or -1, where the votes cancel out exactly; of the paper */
} Election;

/* The sum of the elected signs of sparse[inputs][n]: 1, -1, or 0 where no input has a vote; those
 * where the votes cancel out count as `majority`, which may be 0. */
double elect_majority(const Election *election, const double *sparse, guint64 n);
/* out[n] from sparse[inputs][n]. */
void elect_combine(const Election *election, const double *sparse, guint64 n, double *out);

#endif
