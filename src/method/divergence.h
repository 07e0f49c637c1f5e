/* divergence.h - how far the softmax of a row of weights has moved. */
#ifndef TAUSCOPE_DIVERGENCE_H
#define TAUSCOPE_DIVERGENCE_H

#include <glib.h>

/* KL(softmax(base + change) ‖ softmax(base)) of a row of n, with 1e-8 added to each probability;
 * at least 0 but for rounding, and 0 where the row has no softmax (an element is not finite).
 * room[n] is memory to work in. */
double divergence(const double *base, const double *change, guint64 n, double *room);

/* The same in float, with every sum in the order in which PyTorch takes it on eight lanes. Of rows
 * that hardly differ it is little more than rounding, which then decides what a threshold keeps. */
double divergence_float(const double *base, const double *change, guint64 n, double *room);

#endif
