/* beside.h - a model that no store has, lined up with the checkpoints of one. */
#ifndef TAUSCOPE_BESIDE_H
#define TAUSCOPE_BESIDE_H

#include "store/store.h"

typedef struct {
	Collection *collection; /* the store's base and vectors, and the model last */
	Gram *gram;
	GArray *vectors; /* of guint: the store's, in the collection */
	guint model;
	gboolean partial; /* the model's file is a part: where it has no tensor, nothing changed */
} Beside;

/* Opens the model and lines it up as a task of its own would be, beside the store's tasks and,
 * where wanted, steps; all of these must be known, with their weights there.  Headers alone. */
Beside *beside_new(const Store *store, const char *path, const GPtrArray *renames, gboolean steps,
	GError **error);
void beside_free(Beside *beside);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Beside, beside_free)

/* Any thread: the inner products of the model with all others, in one pass. */
gboolean beside_run(Beside *beside, guint threads, gsize budget, Job *job, GError **error);

#endif
