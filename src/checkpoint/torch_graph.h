/* torch_graph.h - what lies under a value of a pickle, counted once whatever the number of paths.
 *
 * Values may be shared, so there can be more paths than any program could walk: they are counted
 * first, and walked only where they are few. */
#ifndef TAUSCOPE_TORCH_GRAPH_H
#define TAUSCOPE_TORCH_GRAPH_H

#include "checkpoint/torch_node.h"

#define TORCH_VISITS_MOST 1000000

typedef struct {
	TorchNode node;
	/* By every path, this value included; at most G_MAXUINT64.  What holds no tensors counts as
	 * one visit, since nobody need enter it. */
	guint64 tensors, visits;
	guint height; /* of values with tensors in them, one within the other; this one included */
} TorchItem;

typedef struct TorchGraph TorchGraph;

TorchGraph *torch_graph_new(const char *path);
void torch_graph_free(TorchGraph *graph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TorchGraph, torch_graph_free)

/* ERROR_INPUT where a value holds itself, or values are nested too deep. */
gboolean torch_graph_look(
	TorchGraph *graph, const PickleValue *value, TorchItem *item, GError **error);

/* How many visits a walk may take: at most TORCH_VISITS_MOST, and less where the values that were
 * looked at are few, so that a small file stays cheap. */
guint64 torch_graph_visits_most(const TorchGraph *graph);

#endif
