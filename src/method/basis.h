/* basis.h - the vectors of a mix in coordinates, found from their inner products.
 *
 * In an orthonormal basis of what they span, vectors are a few numbers each, however long they are,
 * and differences of nearly equal ones keep digits that differences of products lose.  Behind its
 * coordinates each vector has its factors: what it is of θ₀ and the bodies.  Sums keep both. */
#ifndef TAUSCOPE_BASIS_H
#define TAUSCOPE_BASIS_H

#include "edit/method.h"

typedef struct {
	guint size;      /* of the basis: the inputs and θ₀ */
	double *vectors; /* [size][2 size]: θ₀ (0; of whole models alone) and the inputs (1 on) */
	gboolean of_weights;
} Basis;

/* Of the bodies' changes xᵢ, or with `of_weights` of the whole models θ₀ + xᵢ. */
Basis *basis_new(const MethodMix *mix, gboolean of_weights);
void basis_free(Basis *basis);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Basis, basis_free)

const double *basis_vector(const Basis *basis, guint i);
/* A new vector of zeros; g_free. */
double *basis_zero(const Basis *basis);
/* out += factor·vector */
void basis_add(const Basis *basis, double *out, double factor, const double *vector);
void basis_scale(const Basis *basis, double *vector, double factor);
double basis_product(const Basis *basis, const double *a, const double *b);
double basis_norm(const Basis *basis, const double *vector);
/* The angle between vectors that are not 0, from 0 to π; a tiny one has all its digits. */
double basis_angle(const Basis *basis, const double *a, const double *b);

/* factor[size]: those of the mix that makes a vector, which is a change, or with of_weights a whole
 * model. */
void basis_factors(const Basis *basis, const double *vector, double *factor);

#endif
