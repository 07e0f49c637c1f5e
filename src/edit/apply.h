/* apply.h - stream an edit over the weights, block by block.
 *
 * Elements are computed in double, in the association as written, and rounded once to the type that
 * is stored.  Where the edit is exactly zero the base's bytes are copied; where it is exactly one
 * task vector whole, that task's values are. */
#ifndef TAUSCOPE_APPLY_H
#define TAUSCOPE_APPLY_H

#include "edit/expression.h"

/* Elements that one call of apply_block takes at most. */
#define APPLY_BLOCK 65536u

/* Buffers of one thread. */
typedef struct ApplyBuffers ApplyBuffers;
ApplyBuffers *apply_buffers_new(const Node *edit);
void apply_buffers_free(ApplyBuffers *buffers);

/* How the edit treats one tensor; found once, before its blocks. */
typedef enum { APPLY_COPY_BASE, APPLY_COPY_MEMBER, APPLY_COMPUTE } ApplyKind;
typedef struct {
	ApplyKind kind;
	guint member; /* of APPLY_COPY_MEMBER */
} ApplyPlan;
ApplyPlan apply_plan(const Collection *collection, const Node *edit, double scale, guint tensor);

/* Writes elements [first, first+count) of the edited tensor, in the base's type, to raw.
 * *overflowed grows by the finite values that became infinite in that type. */
gboolean apply_block(const Collection *collection, const Node *edit, double scale, guint tensor,
	const ApplyPlan *plan, guint64 first, guint64 count, ApplyBuffers *buffers, void *raw,
	guint64 *overflowed, GError **error);

#endif
