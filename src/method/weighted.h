/* weighted.h - a cut of a sample in which each number stands for several. */
#ifndef TAUSCOPE_WEIGHTED_H
#define TAUSCOPE_WEIGHTED_H

#include "edit/cut.h"

typedef struct {
	double key, weight; /* the weight is above 0 */
	guint64 index;
} WeightedKey;

/* The cut with numbers of weight `above` above it, as nearly as whole numbers allow: where that is
 * none though some are wanted, its key is next to the largest, which then stands for what is
 * wanted. Reorders the keys; none is NaN. */
Cut weighted_cut(WeightedKey *keys, gsize n, double above);

#endif
