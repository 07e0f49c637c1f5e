/* adapted.h - weights as an adapter makes them of others: more than a product alone. */
#ifndef TAUSCOPE_ADAPTED_H
#define TAUSCOPE_ADAPTED_H

#include "checkpoint/low_rank.h"

/* V = W + product, where W is a tensor as the product is stored.  With a magnitude m, one number
 * for each row of the product, each row of V is scaled to that length: m V / |V| (DoRA: Liu et al.
 * 2024, equation 5).  Where it is a difference, W is taken off again. */
typedef struct {
	LowRank product;
	const Checkpoint *weights;
	guint weight;
	gint magnitude; /* a tensor of the factors' checkpoint, or -1 */
	gboolean difference;
} Adapted;

/* A source of F64; both checkpoints must outlive it: `owner` is what keeps them, released with
 * `release`.  Lengths are found where they are needed, and kept where the product is transposed
 * (8 bytes for each of its rows). */
Source *adapted_source(
	const Adapted *adapted, gpointer owner, GDestroyNotify release, Cache *cache);

/* A tensor's elements times a factor. */
typedef struct {
	const Checkpoint *checkpoint;
	guint tensor;
	double factor;
} Scaled;

/* A source of F64, kept as above. */
Source *scaled_source(const Scaled *scaled, gpointer owner, GDestroyNotify release, Cache *cache);

#endif
