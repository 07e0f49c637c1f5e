/* torch_graph.c - counts the tensors under a value, and the steps of a walk to all of them. */
#include "checkpoint/torch_graph.h"

#include "checkpoint/torch_tensor.h"

/* A list or dict of no more plain values than this is counted anew rather than remembered. */
#define SMALL 8
/* Real modules are shared a few times, those of a recurrent stack some dozens. */
#define VISITS_ALWAYS 100000
#define VISITS_OF_A_CHILD 16

struct TorchGraph {
	const char *path;
	GHashTable *places; /* value → place of its item + 1 */
	GArray *items;      /* of TorchItem */
	guint64 looked;     /* children, once for each value that they are in */
};

typedef struct {
	TorchItem item;
	TorchCursor cursor;
	gboolean nested; /* it holds more than plain values */
} Frame;

typedef struct {
	TorchGraph *graph;
	Frame frames[TORCH_DEPTH_MOST];
	guint depth;
} Count;

TorchGraph *torch_graph_new(const char *path)
{
	TorchGraph *graph = g_new0(TorchGraph, 1);
	graph->path = path;
	graph->places = g_hash_table_new(NULL, NULL);
	graph->items = g_array_new(FALSE, FALSE, sizeof(TorchItem));
	return graph;
}

void torch_graph_free(TorchGraph *graph)
{
	g_hash_table_unref(graph->places);
	g_array_unref(graph->items);
	g_free(graph);
}

static gboolean refuse(const TorchGraph *graph, const char *reason, GError **error)
{
	return fail_at(error, ERROR_INPUT, (Place){.file = graph->path}, "%s", reason);
}

static gboolean remember(TorchGraph *graph, const TorchItem *item, GError **error)
{
	if (graph->items->len == TORCH_VISITS_MOST)
		return refuse(
			graph, "it has more than 1,000,000 values that could hold tensors", error);
	g_array_append_val(graph->items, *item);
	g_hash_table_insert(
		graph->places, (gpointer)item->node.value, GUINT_TO_POINTER(graph->items->len));
	return TRUE;
}

/* What is known without entering the value; FALSE where it must be entered. */
static gboolean find(const TorchGraph *graph, const PickleValue *value, TorchItem *item)
{
	guint place = GPOINTER_TO_UINT(g_hash_table_lookup(graph->places, value));

	if (place > 0) {
		*item = g_array_index(graph->items, TorchItem, place - 1);
		return TRUE;
	}
	*item = (TorchItem){.node = torch_node(value), .visits = 1};
	item->tensors = item->node.kind == TORCH_TENSOR ? 1 : 0;
	if (item->node.transient != NULL)
		item->visits += item->node.transient->count;
	return item->node.kind == TORCH_TENSOR ||
	       (item->node.kind == TORCH_OTHER && value->kind != PICKLE_OBJECT);
}

static void add(guint64 *sum, guint64 more)
{
	if (__builtin_add_overflow(*sum, more, sum))
		*sum = G_MAXUINT64;
}

static gboolean is_open(const Count *count, const PickleValue *value)
{
	for (guint i = 0; i < count->depth; i++)
		if (count->frames[i].item.node.value == value)
			return TRUE;
	return FALSE;
}

static gboolean enter(Count *count, const TorchItem *item, GError **error)
{
	if (is_open(count, item->node.value))
		return refuse(count->graph,
			"a value of its pickle holds itself, so its tensors "
			"have no end",
			error);
	if (count->depth == TORCH_DEPTH_MOST)
		return refuse(count->graph, "the values of its pickle are nested more than 48 deep",
			error);
	count->frames[count->depth++] = (Frame){.item = *item};
	return TRUE;
}

/* What lies in a value counts for it too. */
static void take_in(Frame *frame, const TorchItem *item)
{
	add(&frame->item.tensors, item->tensors);
	add(&frame->item.visits, item->visits);
	frame->item.height = MAX(frame->item.height, item->height);
}

/* The innermost value is counted; it goes into `item`, and into the value that it is in. */
static gboolean leave(Count *count, TorchItem *item, GError **error)
{
	const Frame *frame = &count->frames[--count->depth];
	TorchKind kind = frame->item.node.kind;
	gboolean small = (kind == TORCH_LIST || kind == TORCH_MAPPING) && !frame->nested &&
			 frame->item.visits <= SMALL;

	*item = frame->item;
	if (item->tensors == 0)
		item->visits = 1;
	else
		item->height++;
	if (count->depth > 0)
		take_in(&count->frames[count->depth - 1], item);
	return small || remember(count->graph, item, error);
}

static gboolean count_child(Count *count, Frame *frame, const TorchChild *child, GError **error)
{
	TorchItem item;

	count->graph->looked++;
	if (torch_is_shut(&frame->item.node, child->key)) {
		add(&frame->item.tensors, torch_is_tensor(child->value) ? 1 : 0);
		add(&frame->item.visits, 1);
		return TRUE;
	}
	gboolean found = find(count->graph, child->value, &item);
	frame->nested |= child->value->kind >= PICKLE_LIST;
	if (!found)
		return enter(count, &item, error);
	take_in(frame, &item);
	return TRUE;
}

gboolean torch_graph_look(
	TorchGraph *graph, const PickleValue *value, TorchItem *item, GError **error)
{
	Count count = {.graph = graph};
	TorchChild child;

	if (find(graph, value, item))
		return TRUE;
	if (!enter(&count, item, error))
		return FALSE;
	while (count.depth > 0) {
		Frame *frame = &count.frames[count.depth - 1];
		gboolean done = torch_next(&frame->item.node, &frame->cursor, &child)
					? count_child(&count, frame, &child, error)
					: leave(&count, item, error);
		if (!done)
			return FALSE;
	}
	return TRUE;
}

guint64 torch_graph_visits_most(const TorchGraph *graph)
{
	return MIN(VISITS_ALWAYS + VISITS_OF_A_CHILD * graph->looked, TORCH_VISITS_MOST);
}
