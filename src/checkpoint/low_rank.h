/* low_rank.h - the product of two factors, any run of its elements at a time. */
#ifndef TAUSCOPE_LOW_RANK_H
#define TAUSCOPE_LOW_RANK_H

#include "checkpoint/checkpoint.h"

/* scaling * B A, where A is [rank][columns] and B is [rows][rank]: tensors of the adapter's
 * checkpoint, of a float type, raw or from a source of their own.  Element (i, j) of the product
 * is element i * columns + j, or j * rows + i where transposed.  Sums in double, in the order of
 * the rank, which is not 0.  At most SOURCE_BLOCK * 8 bytes of either factor are held at a time. */
typedef struct {
	const Checkpoint *factors; /* must outlive the source: owner is kept */
	guint a, b;                /* tensors */
	guint64 rows, columns, rank;
	double scaling;
	gboolean transposed;
} LowRank;

/* Elements [first, first+count) of the product, which they must lie in; any thread.  The same bits
 * whatever the run. */
gboolean low_rank_read(
	const LowRank *product, guint64 first, guint64 count, double *out, GError **error);

/* A source of F64; `owner` is what keeps the factors alive: released with `release`. */
Source *low_rank_source(
	const LowRank *product, gpointer owner, GDestroyNotify release, Cache *cache);

#endif
