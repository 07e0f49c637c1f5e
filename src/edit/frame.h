/* frame.h - the vectors of a mix in coordinates, found from their inner products.
 *
 * In an orthonormal basis of what they span, vectors are a few numbers each, however long they are,
 * and differences of nearly equal ones keep digits that differences of products lose.  Behind its
 * coordinates each vector has its factors: what it is of θ₀ and the bodies.  Sums keep both. */
#ifndef TAUSCOPE_FRAME_H
#define TAUSCOPE_FRAME_H

#include "edit/method.h"

typedef struct {
	guint size;      /* of the basis: the inputs and θ₀ */
	double *vectors; /* [size][2 size]: θ₀ (0; of whole models alone) and the inputs (1 on) */
	gboolean of_weights;
} Frame;

/* Of the bodies' changes xᵢ, or with `of_weights` of the whole models θ₀ + xᵢ. */
Frame *frame_new(const MethodMix *mix, gboolean of_weights);
void frame_free(Frame *frame);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Frame, frame_free)

const double *frame_vector(const Frame *frame, guint i);
/* A new vector of zeros; g_free. */
double *frame_zero(const Frame *frame);
/* out += factor·vector */
void frame_add(const Frame *frame, double *out, double factor, const double *vector);
void frame_scale(const Frame *frame, double *vector, double factor);
double frame_product(const Frame *frame, const double *a, const double *b);
double frame_norm(const Frame *frame, const double *vector);
/* The angle between vectors that are not 0, from 0 to π; a tiny one has all its digits. */
double frame_angle(const Frame *frame, const double *a, const double *b);

/* factor[size]: those of the mix that makes a vector, which is a change, or with of_weights a whole
 * model. */
void frame_factors(const Frame *frame, const double *vector, double *factor);

#endif
