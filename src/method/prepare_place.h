/* prepare_place.h - a call in a pass of its preparation: which of its cuts are looked for, and what
 * a block yields for it.  For prepare.c and prepare_pass.c. */
#ifndef TAUSCOPE_PREPARE_PLACE_H
#define TAUSCOPE_PREPARE_PLACE_H

#include "method/prepared.h"

typedef struct {
	Call *call;
	guint from, to;    /* the cuts that are looked for */
	gsize sums, parts; /* where they lie within a slot, in bytes */
	gsize part_bytes;  /* of one cut */
} CallPlace;

/* Chooses the next cuts that are not found, `room` at most.  FALSE where there are some and no room
 * for one. */
gboolean place_choose_cuts(CallPlace *place, guint room);
/* Where the next thing in a slot may begin, after so many bytes. */
static inline gsize place_aligned(gsize bytes)
{
	return (bytes + 15) / 16 * 16;
}

/* Lays the parts out for blocks of so many elements, from `at` on; what is behind them. */
gsize place_lay_out(CallPlace *place, guint64 block, gsize at);

/* Whether it still wants a tensor, or elements [first, first+n) of it. */
gboolean place_wants(const CallPlace *place, guint tensor);
gboolean place_wants_part(const CallPlace *place, guint tensor, guint64 first, guint64 n);

/* In a slot: empties the parts for a block of a domain; adds elements to them, with memory for as
 * many keys. */
void place_clear(const CallPlace *place, const Domain *domain, guint8 *slot);
double *place_sums(const CallPlace *place, guint8 *slot);
void place_fill(const CallPlace *place, const Domain *domain, const MethodBlock *block,
	guint8 *slot, double *keys);
/* Adds a slot's parts to what is found of a domain. */
void place_add(const CallPlace *place, Domain *domain, guint8 *slot);

/* Whether a domain is one tensor, so that its searches end with it and hold no memory longer. */
gboolean place_is_one_tensor(const CallPlace *place);
void place_end_searches(const CallPlace *place, Domain *domain);

#endif
