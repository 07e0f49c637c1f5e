/* lineup.h - which vectors take part in the pass on one tensor, and how tensors are cut up. */
#ifndef TAUSCOPE_LINEUP_H
#define TAUSCOPE_LINEUP_H

#include "checkpoint/collection.h"

#include <xxhash.h>

/* The elements of a unit of work; part of what the results and content hashes mean. */
#define STRIPE_ELEMENTS (1u << 18)

/* The vectors of a tensor: first those that are only needed beside fresh ones, then the fresh. */
typedef struct {
	guint count, first; /* vectors, and the place of the first fresh one */
	guint base;         /* the place of the base */
	guint *member;      /* [count], with room for all members */
} Lineup;

void lineup_init(Lineup *lineup, const Collection *collection);
void lineup_clear(Lineup *lineup);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Lineup, lineup_clear)

/* No vectors at all where no fresh member shares the tensor. */
void lineup_fill(Lineup *lineup, const Collection *collection, const gboolean *fresh, guint tensor);

/* Whether the member has a vector on a base tensor. */
gboolean lineup_shares(const Collection *collection, guint member, guint tensor);
/* A member's own tensor for a base tensor, or NULL; *place is its position in the checkpoint. */
const Tensor *lineup_tensor(const Collection *collection, guint member, guint tensor, guint *place);

/* How many elements of a member's own tensor count for a base tensor: those that both have where it
 * has a vector (Member.shared), else all of its own. */
guint64 lineup_elements(const Collection *collection, guint member, guint tensor);

/* A unit of work: some elements of entry `subject` of a list. */
typedef struct {
	guint subject;
	gboolean last; /* of its subject */
	guint64 first, count;
} Stripe;

/* Cuts a tensor; an empty one is one empty stripe. */
void stripes_add(GArray *stripes, guint subject, guint64 elements);

/* Joins the hash of a stripe to those before it; the last gives the hash of the tensor. */
void stripe_hash_join(XXH3_state_t *joined, const Stripe *stripe, guint64 hash, guint64 *out);

#endif
