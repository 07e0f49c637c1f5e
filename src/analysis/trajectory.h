/* trajectory.h - how a task vector came about: its direction and length over a training run.
 *
 * Definitions (design.md 7), with τ₋₁ = 0: turn at step t is the angle between τ_t − τ_(t−1) and
 * τ_(t−1) − τ_(t−2); path length is Σ ‖τ_t − τ_(t−1)‖ from 0; displacement is ‖τ_final‖. */
#ifndef TAUSCOPE_TRAJECTORY_H
#define TAUSCOPE_TRAJECTORY_H

#include "analysis/gram.h"

/* One run over one scope; arrays are [count]; NaN where undefined. */
typedef struct {
	char *scope;
	guint64 elements;
	guint count;
	double *norm, *relative;
	double *cosine_to_final; /* with the last of the run, or with `reference` where one is given
				  */
	double *cosine_to_previous; /* NaN at the first */
	double *turn_degrees;       /* NaN at the first */
	double *update;             /* ‖τ_t − τ_(t−1)‖ */
	double path_length, displacement;
} TrajectoryPath;

typedef struct {
	char *run;
	guint count;
	guint *member; /* [count]: steps in order, the final checkpoint last */
	gint64 *step;  /* [count]: -1 for a final checkpoint of unknown step */
	TrajectoryPath *whole;
	GPtrArray *groups; /* of TrajectoryPath */
} Trajectory;

/* `reference` is a member to take cosines with, or -1 for the run's own final vector; it counts as
 * 0 on tensors that it does not share. */
Trajectory *trajectory_new(const Collection *collection, const Gram *gram, const char *run,
	gint reference, const char *pattern, GroupBy by, GError **error);
void trajectory_free(Trajectory *trajectory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Trajectory, trajectory_free)

/* One sentence: when the direction settles, and how straight the path is.  Free with g_free. */
char *trajectory_sentence(const Trajectory *trajectory);

#endif
