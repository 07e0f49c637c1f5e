/* torch_walk.h - the walk over weights that adds them to a checkpoint under their dotted names. */
#ifndef TAUSCOPE_TORCH_WALK_H
#define TAUSCOPE_TORCH_WALK_H

#include "checkpoint/torch.h"
#include "checkpoint/torch_graph.h"

#define TORCH_OPTIMIZER_REASON "the state of an optimizer, not weights"

typedef struct {
	Checkpoint *checkpoint;
	TorchStorages *storages;
	TorchGraph *graph;
	GHashTable *first;  /* of each tensor, by what it is made of: its first name */
	GString *name;      /* of the value that is looked at */
	guint64 name_bytes; /* of all names so far */
	guint tensors;      /* with aliases */
	guint64 elements;   /* of all of them, at most G_MAXUINT64 */
	guint modules;
	guint passed; /* values that are no tensors, until there are enough */
	guint unread_tensors;
	char *unread; /* the first of them: its name, and why */
} TorchWalk;

void torch_walk_init(
	TorchWalk *walk, Checkpoint *checkpoint, TorchStorages *storages, TorchGraph *graph);
void torch_walk_clear(TorchWalk *walk);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TorchWalk, torch_walk_clear)

/* Adds all tensors under an item, in order; a tensor alone is called "tensor". */
gboolean torch_walk(TorchWalk *walk, const TorchItem *item, GError **error);
/* Lists a value that is no tensor, unless enough of them have been. */
void torch_pass_over(TorchWalk *walk, const char *name, const char *reason);
gboolean torch_passed_enough(const TorchWalk *walk);
/* Makes walk->name of a child of something whose name has `prefix` bytes, which are kept; FALSE
 * where its key is neither text nor number. */
gboolean torch_name_child(TorchWalk *walk, gsize prefix, const TorchChild *child);

#endif
