/* collection.h - what is loaded together: a base, its tasks and steps, lined up tensor by tensor.
 *
 * Member 0 is the base.  Everything above this floor speaks of tensors by their place in the base
 * and of vectors by their member's number: vector 0 is θ₀, vector i is τᵢ = θᵢ − θ₀. */
#ifndef TAUSCOPE_COLLECTION_H
#define TAUSCOPE_COLLECTION_H

#include "checkpoint/checkpoint.h"

typedef enum { MEMBER_BASE, MEMBER_TASK, MEMBER_STEP } MemberRole;

typedef enum {
	MATCH_SHARED,   /* float in both, same shape: has a task vector.  Also where only the number
			   of rows of an embedding or head differs: see Member.shared */
	MATCH_MISSING,  /* in the base alone */
	MATCH_RESHAPED, /* in both, other shape */
	MATCH_NOT_FLOAT, /* integers, bool or opaque, in either */
} Match;

typedef struct {
	char *name; /* "mnist"; of a step "mnist@400" */
	MemberRole role;
	char *run;   /* of a step, and of the task that is its run's final; else NULL */
	gint64 step; /* -1 where there is none */
	Checkpoint *checkpoint;
	gint *place;   /* [base tensors]: position in the checkpoint, or -1 */
	guint8 *match; /* [base tensors]: Match */
	/* [base tensors]: how many elements, counted from the first, both have: all of them, but
	 * for a vocabulary that grew or shrank, where it is the shared rows.  τ is 0 beyond them.
	 */
	guint64 *shared;
	/* Every float tensor of the base is shared, with just as many elements: nothing is left out. */
	gboolean whole;
	GPtrArray *renames; /* of char *: REGEX=TEXT, applied to its names before matching; owned */
	char *matched_by;   /* how names were matched where they were not the same, as a sentence
			       part ("without the prefix module."); NULL where they were */
	GPtrArray *extra;   /* of char *: names that the base has not */
	GPtrArray *notes;   /* of char *: what else is to be said of how it lines up */
} Member;

typedef struct {
	GPtrArray *members; /* of Member; [0] is the base */
	char **layer;       /* [base tensors] */
	const char **kind;  /* [base tensors] */
} Collection;

/* Whether a checkpoint can be the base: ERROR_INPUT for an adapter or a saved task vector, which
 * say what changed and not from what. */
gboolean collection_check_base(const Checkpoint *checkpoint, GError **error);
/* Takes the base. */
Collection *collection_new(Checkpoint *base);
void collection_free(Collection *collection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Collection, collection_free)

/* Adds a member and lines it up; takes the checkpoint also on failure.  A name is printable
 * UTF-8 without `@`, `"`, `[` and `]`, and a step's is RUN@STEP; ERROR_USAGE where it is not, or is
 * taken.  `renames` (may be NULL) are the member's REGEX=TEXT rules, which an adapter does not
 * take; ERROR_USAGE where one is not valid.  An adapter is bound to the base.  Steps of a run are
 * kept in order of their number, before the run's final task. */
gboolean collection_add(Collection *collection, const char *name, MemberRole role, const char *run,
	gint64 step, Checkpoint *checkpoint, const GPtrArray *renames, GError **error);

guint collection_members(const Collection *collection);
const Member *collection_member(const Collection *collection, guint member);
/* The member of a name ("mnist", "mnist@400"), or -1. */
gint collection_find(const Collection *collection, const char *name);
/* The base's tensors. */
guint collection_tensors(const Collection *collection);
const Tensor *collection_tensor(const Collection *collection, guint tensor);
gboolean collection_is_float(const Collection *collection, guint tensor);

/* The numbers of the tasks, in order (GArray of guint); the steps of a run with its final last. */
GArray *collection_tasks(const Collection *collection);
GArray *collection_run(const Collection *collection, const char *run);
/* The names of the runs, in order; borrowed strings. */
GPtrArray *collection_runs(const Collection *collection);

/* Reads elements of a member for a base tensor that matches (MATCH_SHARED), θ, or τ where
 * collection_is_difference: `scratch` has room for count elements of 8 bytes.  The elements must be
 * shared (Member.shared). */
gboolean collection_read_double(const Collection *collection, guint member, guint tensor,
	guint64 first, guint64 count, void *scratch, double *out, GError **error);
/* Whether the member's elements of a base tensor are of τ, not of θ. */
gboolean collection_is_difference(const Collection *collection, guint member, guint tensor);
/* Whether any are: the member is a saved task vector or an adapter. */
gboolean collection_has_differences(const Collection *collection, guint member);
/* Whether only some of the rows are shared (Member.shared). */
gboolean collection_is_resized(const Collection *collection, guint member, guint tensor);

#endif
