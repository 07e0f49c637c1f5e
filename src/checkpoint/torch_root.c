/* torch_root.c - goes down from the saved value to its weights. */
#include "checkpoint/torch_root.h"

/* In order of preference. */
static const char *const weight_keys[] = {
	"state_dict", "model_state_dict", "model", "module", "net", "weights", "params"};

/* The first of the keys that has weights under it; *key is NULL where none has. */
static gboolean find_key(TorchGraph *graph, const TorchNode *mapping, const char **key,
	TorchItem *item, GError **error)
{
	*key = NULL;
	for (guint i = 0; i < G_N_ELEMENTS(weight_keys); i++) {
		const PickleValue *value = pickle_get(mapping->parts[0], weight_keys[i]);
		if (value == NULL)
			continue;
		if (!torch_graph_look(graph, value, item, error))
			return FALSE;
		gboolean holds =
			item->node.kind == TORCH_MAPPING || item->node.kind == TORCH_MODULE;
		if (holds && item->tensors > 0) {
			*key = weight_keys[i];
			return TRUE;
		}
	}
	return TRUE;
}

gboolean torch_root_find(
	TorchGraph *graph, const PickleValue *value, TorchRoot *root, GError **error)
{
	TorchNode node = torch_node(value);
	TorchItem item;
	const char *key = NULL;

	root->depth = 0;
	while (node.kind == TORCH_MAPPING && root->depth < TORCH_ROOT_DEPTH_MOST) {
		if (!find_key(graph, &node, &key, &item, error))
			return FALSE;
		if (key == NULL)
			break;
		root->passed[root->depth] = node;
		root->taken[root->depth] = item.node.value;
		root->keys[root->depth++] = key;
		node = item.node;
	}
	return torch_graph_look(graph, node.value, &root->item, error);
}

char *torch_root_text(const TorchRoot *root, guint depth)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < depth; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? "." : "", root->keys[i]);
	return g_string_free(text, FALSE);
}
