/* apply.h - stream an edit over the weights, block by block.
 *
 * Elements are computed in double, in the association as written, and rounded once to the type that
 * is stored.  Where the edit is exactly zero the base's bytes are copied; where it is exactly one
 * task vector whole, that task's values are. */
#ifndef TAUSCOPE_APPLY_H
#define TAUSCOPE_APPLY_H

#include "edit/expression.h"

/* Elements that one call of apply_block takes at most, unless its scratch was made for fewer. */
#define APPLY_BLOCK 65536u

/* Bytes of scratch that blocks of `block` elements need; one scratch for each thread. */
gsize apply_scratch_bytes(const Collection *collection, const Node *edit, guint64 block);

/* How the edit treats one tensor; found once, before its blocks. */
typedef enum { APPLY_COPY_BASE, APPLY_COPY_MEMBER, APPLY_COMPUTE } ApplyKind;
typedef struct {
	ApplyKind kind;
	guint member; /* of APPLY_COPY_MEMBER */
} ApplyPlan;
ApplyPlan apply_plan(const Collection *collection, const Node *edit, double scale, guint tensor);

/* The difference of equal values is 0, also of infinities and NaNs, so that a mask of -Inf
 * survives.
 *
 * Writes elements [first, first+count) of the edited tensor, in the base's type, to raw.
 * *overflowed grows by the finite values that became infinite in that type, or on the way to it. */
gboolean apply_block(const Collection *collection, const Node *edit, double scale, guint tensor,
	const ApplyPlan *plan, guint64 first, guint64 count, gpointer scratch, void *raw,
	guint64 *overflowed, GError **error);

#endif
