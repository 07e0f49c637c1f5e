/* collection.h - what is loaded together: a base, its tasks and steps, lined up tensor by tensor.
 *
 * Member 0 is the base.  Everything above this floor speaks of tensors by their place in the base
 * and of vectors by their member's number: vector 0 is θ₀, vector i is τᵢ = θᵢ − θ₀. */
#ifndef TAUSCOPE_COLLECTION_H
#define TAUSCOPE_COLLECTION_H

#include "checkpoint/checkpoint.h"

typedef enum { MEMBER_BASE, MEMBER_TASK, MEMBER_STEP } MemberRole;

typedef enum {
	MATCH_SHARED,    /* float in both, same shape: has a task vector */
	MATCH_MISSING,   /* in the base alone */
	MATCH_RESHAPED,  /* in both, other shape */
	MATCH_NOT_FLOAT, /* integers, bool or opaque, in either */
} Match;

typedef struct {
	char *name; /* "mnist"; of a step "mnist@400" */
	MemberRole role;
	char *run;   /* of a step, and of the task that is its run's final; else NULL */
	gint64 step; /* -1 where there is none */
	Checkpoint *checkpoint;
	gint *place;      /* [base tensors]: position in the checkpoint, or -1 */
	guint8 *match;    /* [base tensors]: Match */
	GPtrArray *extra; /* of char *: names that the base has not */
} Member;

typedef struct {
	GPtrArray *members; /* of Member; [0] is the base */
	char **layer;       /* [base tensors] */
	const char **kind;  /* [base tensors] */
} Collection;

/* Takes the base. */
Collection *collection_new(Checkpoint *base);
void collection_free(Collection *collection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Collection, collection_free)

/* Adds a member and lines it up; takes the checkpoint also on failure.  A name is printable
 * UTF-8 without `@`, `"`, `[` and `]`, and a step's is RUN@STEP; ERROR_USAGE where it is not, or is
 * taken.  Steps of a run are kept in order of their number, before the run's final task. */
gboolean collection_add(Collection *collection, const char *name, MemberRole role, const char *run,
	gint64 step, Checkpoint *checkpoint, GError **error);

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

/* Reads elements of θ of a member for a base tensor that matches (MATCH_SHARED): `scratch` has room
 * for count elements of 8 bytes. */
gboolean collection_read_double(const Collection *collection, guint member, guint tensor,
	guint64 first, guint64 count, void *scratch, double *out, GError **error);

#endif
