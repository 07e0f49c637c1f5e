/* apply.h - stream an edit over the weights, block by block.
 *
 * Elements are computed in double, in the association as written, and rounded once to the type that
 * is stored.  Where the edit is exactly zero the base's bytes are copied, where the type is the
 * base's; where it is exactly one task vector whole, that task's values are. */
#ifndef TAUSCOPE_APPLY_H
#define TAUSCOPE_APPLY_H

#include "method/evaluate.h"

/* Elements that one call of apply_block takes, so that the numbers of a few members stay in the
 * cache, unless its scratch was made for fewer, or one unit of the edit (evaluate.h) has more. */
#define APPLY_BLOCK 16384u

/* What is written of an edit. */
typedef struct {
	const Collection *collection;
	const Node *edit;
	const Prepared *prepared;
	double scale;        /* λ */
	gint dtype;          /* a float Dtype for all float tensors, or -1: as the base has it */
	gboolean difference; /* λ·edit itself, not θ₀ + λ·edit */
} Apply;

/* The type that a tensor of the base is written in. */
Dtype apply_dtype(const Apply *apply, guint tensor);

/* The block for a tensor: `block` elements, cut or stretched to whole units. */
guint64 apply_block_elements(const Apply *apply, guint tensor, guint64 block);
/* Bytes of scratch that blocks of `elements` of a tensor need; one scratch for each thread. */
gsize apply_scratch_bytes(const Apply *apply, guint tensor, guint64 elements);

/* How the edit treats one tensor; found once, before its blocks. */
typedef enum { APPLY_COPY_BASE, APPLY_COPY_MEMBER, APPLY_COMPUTE } ApplyKind;
typedef struct {
	ApplyKind kind;
	guint member; /* of APPLY_COPY_MEMBER */
} ApplyPlan;
/* APPLY_COPY_BASE where the edit does not act on the tensor; of a difference that is 0. */
ApplyPlan apply_plan(const Apply *apply, guint tensor);

/* Writes elements [first, first+count) of the tensor to raw, in its apply_dtype; [first,
 * first+count) must be whole units.  *overflowed grows by the finite values that became infinite in
 * that type, or on the way to it. */
gboolean apply_block(const Apply *apply, guint tensor, const ApplyPlan *plan, guint64 first,
	guint64 count, gpointer scratch, void *raw, guint64 *overflowed, GError **error);

#endif
