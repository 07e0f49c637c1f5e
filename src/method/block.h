/* block.h - what several methods ask about one element of a block. */
#ifndef TAUSCOPE_BLOCK_H
#define TAUSCOPE_BLOCK_H

#include "edit/method.h"

#include <math.h>

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

#endif
