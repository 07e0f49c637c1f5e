/* rank.h - the order of a run of sizes, smallest first, equal ones by their place. */
#ifndef TAUSCOPE_RANK_H
#define TAUSCOPE_RANK_H

#include <glib.h>

typedef struct {
	guint64 key; /* rank_key of the size */
	guint64 at;
} Ranked;

/* Sizes, which are not negative, stand in the order of these. */
static inline guint64 rank_key(double size)
{
	union {
		double size;
		guint64 key;
	} bits = {.size = size};
	return bits.key;
}

/* Sorts by key; what is equal stays in its order.  `spare` has room for as many. */
void rank_sort(Ranked *ranked, Ranked *spare, guint64 n);

#endif
