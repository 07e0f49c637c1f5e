/* rank.h - which place each of a run of sizes has in their order, smallest first, equal ones as
 * they come. */
#ifndef TAUSCOPE_RANK_H
#define TAUSCOPE_RANK_H

#include <glib.h>

/* Bytes of memory to rank n sizes in. */
gsize rank_bytes(guint64 n);
/* rank[i * stride] is the place of sizes[i], from 0; n below 2^32, none negative or NaN. */
void rank_sizes(const double *sizes, guint64 n, guint64 stride, guint32 *rank, gpointer memory);

#endif
