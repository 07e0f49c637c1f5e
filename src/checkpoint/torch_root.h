/* torch_root.h - where in a saved value the weights are: under "state_dict", "model" and the like.
 *
 * formats.md, "Choosing the weights". */
#ifndef TAUSCOPE_TORCH_ROOT_H
#define TAUSCOPE_TORCH_ROOT_H

#include "checkpoint/torch_graph.h"

#define TORCH_ROOT_DEPTH_MOST 4

typedef struct {
	TorchItem item;
	guint depth;
	TorchNode passed[TORCH_ROOT_DEPTH_MOST]; /* the mappings that were passed through */
	const char *keys[TORCH_ROOT_DEPTH_MOST]; /* and under which key each was left */
	const PickleValue *taken[TORCH_ROOT_DEPTH_MOST];
} TorchRoot;

gboolean torch_root_find(
	TorchGraph *graph, const PickleValue *value, TorchRoot *root, GError **error);
/* The keys to it, with points between them; g_free. */
char *torch_root_text(const TorchRoot *root, guint depth);

#endif
