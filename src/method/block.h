/* block.h - what several methods ask about the elements of a block. */
#ifndef TAUSCOPE_BLOCK_H
#define TAUSCOPE_BLOCK_H

#include "edit/method.h"
#include "method/elements.h"

#include <math.h>
#include <string.h>

/* 1, -1, or 0. */
static inline int sign_of(double value)
{
	return (value > 0) - (value < 0);
}

/* A number that can be ranked, of one that has left the range of doubles on the way: the largest of
 * its sign, and 0 where it has no sign. */
static inline double rankable(double value)
{
	return isnan(value) ? 0 : CLAMP(value, -G_MAXDOUBLE, G_MAXDOUBLE);
}

/* sum[n]: Σⱼ xⱼ of the elements from `first` on. */
static inline void block_sum(const MethodBlock *block, guint64 first, guint64 n, double *sum)
{
	memset(sum, 0, n * sizeof *sum);
	for (guint j = 0; j < block->site.inputs; j++)
		elements_add(sum, sum, block->input[j] + first, n);
}

#endif
