/* gram.h - what inner products alone can tell about task vectors.
 *
 * Every norm, cosine and linear preview is a function of these small tables, so the weights are
 * read once and never again.  For each base tensor ℓ: G_ℓ[i][j] = ⟨vᵢ, vⱼ⟩ with v₀ = θ₀ and
 * vᵢ = θᵢ − θ₀, summed in double. */
#ifndef TAUSCOPE_GRAM_H
#define TAUSCOPE_GRAM_H

#include "checkpoint/scope.h"

typedef struct {
	guint tensors, vectors;
	double *products; /* [tensors][vectors (vectors+1) / 2], lower triangles by rows; NaN:
			     unknown */
} Gram;

/* All unknown (NaN). */
Gram *gram_new(guint tensors, guint vectors);
/* The same, or NULL with *error set (ERROR_INPUT) where that is more than memory can hold: the
 * numbers may come from a file. */
Gram *gram_try_new(guint tensors, guint vectors, GError **error);
void gram_free(Gram *gram);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Gram, gram_free)

/* Index of i and j into a lower triangle that is packed by rows. */
static inline gsize gram_packed(guint i, guint j)
{
	gsize high = MAX(i, j), low = MIN(i, j);
	return high * (high + 1) / 2 + low;
}

/* The triangle of one tensor. */
static inline double *gram_table(const Gram *gram, guint tensor)
{
	return gram->products + tensor * gram_packed(gram->vectors, 0);
}

/* The cell of ⟨vᵢ, vⱼ⟩ of one tensor; the order of i and j does not matter. */
static inline double *gram_cell(const Gram *gram, guint tensor, guint i, guint j)
{
	return gram_table(gram, tensor) + gram_packed(i, j);
}

/* Over a scope: ⟨vᵢ, vⱼ⟩ and ‖vᵢ‖. */
double gram_product(const Gram *gram, const Scope *scope, guint i, guint j);
double gram_norm(const Gram *gram, const Scope *scope, guint i);

/* The cosine from an inner product and two norms; NaN where a norm is 0 or unknown.  Products and
 * norms are summed over a scope, then divided; cosines are never averaged. */
double cosine_of(double product, double norm_a, double norm_b);

/* The sum of the tables over a scope: out is packed like one tensor's table. */
void gram_sum(const Gram *gram, const Scope *scope, double *out);
/* The same of n chosen vectors alone: out is packed by their places among these. */
void gram_sum_of(const Gram *gram, const Scope *scope, const guint *member, guint n, double *out);

/* For an edit Σ c[i] vᵢ on one tensor (c has `vectors` entries, c[0] unused and 0):
 * adds ⟨edit, vⱼ⟩ = (Gc)ⱼ to products[j] for all j, and returns ‖edit‖² = cᵀGc. */
double gram_linear(const Gram *gram, guint tensor, const double *c, double *products);
/* The same for n vectors alone, in ascending order, of which all with a coefficient must be: the
 * others' products are left as they are.  To the same bits. */
double gram_linear_of(const Gram *gram, guint tensor, const double *c, const guint *vector, guint n,
	double *products);

#endif
