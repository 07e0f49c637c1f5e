/* layers.h - where task vectors live: norms by layer, by kind, by tensor. */
#ifndef TAUSCOPE_LAYERS_H
#define TAUSCOPE_LAYERS_H

#include "analysis/gram.h"

/* One group of tensors; arrays are [count] in the order of the tasks. */
typedef struct {
	char *name;
	guint first; /* of its tensors */
	guint64 elements;
	double base_norm;
	double *norm;     /* ‖τ_g‖ */
	double *relative; /* ‖τ_g‖ / ‖θ₀_g‖; NaN where the base's norm is 0 */
	double *share; /* ‖τ_g‖² / ‖τ‖², τ over all that the tasks share; NaN where that is 0
			*/
	double *cosine_mean; /* cosine with the mean of these tasks' vectors over the group */
	double *cosine_next; /* cosine with the next of these tasks; NaN of the last */
} LayerGroup;

typedef struct {
	guint count;
	guint *member;
	char **name;
	LayerGroup *whole;
	guint tensors, left_out; /* of the whole: float tensors that all share, and that not all do
				  */
	GPtrArray *groups;       /* of LayerGroup */
} Layers;

Layers *layers_new(const Collection *collection, const Gram *gram, const char *pattern, GroupBy by,
	const guint *members, guint n, GError **error);
void layers_free(Layers *layers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layers, layers_free)

/* One sentence: which group carries most of the first task.  Free with g_free. */
char *layers_sentence(const Layers *layers);

#endif
