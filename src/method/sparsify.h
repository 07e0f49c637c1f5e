/* sparsify.h - the ways to make a task vector sparse: magnitude, outliers, drop, ranked drop.
 *
 * A kind is a row: how many cuts it needs through the sizes of the elements, and what is left of a
 * run of them.  Its parameters are those of the call, by name. */
#ifndef TAUSCOPE_SPARSIFY_H
#define TAUSCOPE_SPARSIFY_H

#include "edit/method.h"

typedef struct {
	/* Cuts through the elements of each input; NULL: none. */
	guint (*cuts)(const MethodSite *site);
	/* keys[n]: the numbers that elements are ordered by. */
	void (*keys)(guint dialect, const double *values, guint64 n, double *keys);
	/* How many of an input's n elements stand above one of its cuts. */
	guint64 (*above)(const MethodSite *site, guint64 n, guint cut);
	/* out[n]: what is left of an input; `cuts` are those of that input. */
	void (*apply)(const MethodBlock *block, guint input, const Cut *cuts, double *out);
	/* How many consecutive elements it has to see together; NULL: 1. */
	guint64 (*unit)(const MethodSite *site);
	/* How many numbers of memory it works in, of the block's room, on n elements; NULL: none.
	 */
	gsize (*room)(guint64 n);
	gboolean draws; /* it has `rescale`, `seed` and `mask`; Masks, or NULL, as the context */
} Sparsifier;

/* All but the largest (Yadav et al. 2023): density. */
extern const Sparsifier sparsify_magnitude;
/* The largest, and the smallest (Davari and Belilovsky 2023): density, gamma. */
extern const Sparsifier sparsify_outliers;
/* At random (Yu et al. 2023): p. */
extern const Sparsifier sparsify_drop;
/* At random, the larger ones of a row less often (Deep et al. 2024): density, epsilon. */
extern const Sparsifier sparsify_ranked;

/* A parameter of a call by its name: a number, or the place of a word; 0 where it has none. */
double sparsify_value(const MethodSite *site, const char *name);
gboolean sparsify_is_mergekit(const MethodSite *site);
/* Whether what is left is to be scaled so that it has the L1 norm that the whole had: mergekit's
 * way to rescale what was drawn. */
gboolean sparsify_wants_ratio(const Sparsifier *sparsifier, const MethodSite *site);
/* |value|; mergekit orders what it rounded to float. */
double sparsify_size(guint dialect, double value);

#endif
