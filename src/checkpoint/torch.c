/* torch.c - from a pickle's values to the tensors of a checkpoint.
 *
 * The weights are looked for, walked over, and told of; what lies beside them is passed over by
 * name.  Nothing that a pickle names is ever called. */
#include "checkpoint/torch.h"

#include "checkpoint/torch_root.h"
#include "checkpoint/torch_tensor.h"
#include "checkpoint/torch_walk.h"

#include <string.h>

#define GLOBALS_SHOWN 4

static const struct {
	const char *plain, *of_module;
} formats[] = {
	{"torch-zip", "torch-zip-module"},
	{"torch-legacy", "torch-legacy-module"},
};

/* "posix.system, os.getcwd and 3 more"; NULL where nothing was named. */
static char *name_globals(const Pickle *pickle)
{
	const GPtrArray *globals = pickle_globals(pickle);
	GString *text = g_string_new(NULL);

	if (globals->len == 0)
		return g_string_free(text, TRUE);
	for (guint i = 0; i < globals->len && i < GLOBALS_SHOWN; i++) {
		g_autofree char *name = torch_shorten(globals->pdata[i]);
		g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", name);
	}
	if (globals->len > GLOBALS_SHOWN)
		g_string_append_printf(text, " and %u more", globals->len - GLOBALS_SHOWN);
	return g_string_free(text, FALSE);
}

/* Whether the value is what DeepSpeed saves for one rank. */
static gboolean is_of_deepspeed(const PickleValue *value)
{
	const PickleValue *mapping = pickle_mapping(value);
	return pickle_get(mapping, "ds_version") != NULL ||
	       pickle_get(mapping, "ds_config") != NULL;
}

static gboolean refuse_deepspeed(const TorchStorages *storages, GError **error)
{
	Place place = {.file = storages->path,
		.remedy = "run zero_to_fp32.py, which DeepSpeed puts beside its checkpoints"};
	return fail_at(error, ERROR_INPUT, place,
		"no whole weights in it: DeepSpeed has partitioned them over the ranks");
}

static gboolean refuse_without_tensors(
	const TorchStorages *storages, const Pickle *pickle, const TorchRoot *root, GError **error)
{
	g_autofree char *names = name_globals(pickle);
	Place place = {.file = storages->path};

	if (is_of_deepspeed(pickle_root(pickle)))
		return refuse_deepspeed(storages, error);
	if (root->item.node.kind == TORCH_OPTIMIZER)
		return fail_at(error, ERROR_INPUT, place,
			"no weights in it: this is the state of an optimizer");
	if (root->item.node.value->kind == PICKLE_OBJECT)
		place.remedy = "if it is a model of yours, save its state_dict()";
	return fail_at(error, ERROR_INPUT, place, "no tensors in it%s%s",
		names != NULL ? "; it names " : "", names != NULL ? names : "");
}

static gboolean check_read(const TorchWalk *walk, const Pickle *pickle, GError **error)
{
	Place place = {
		.file = walk->storages->path, .remedy = "save it anew as whole, dense tensors"};

	if (walk->tensors == 0)
		return fail_at(error, ERROR_INPUT, place, "none of its tensors can be read: %s",
			walk->unread);
	if (walk->elements == 0 && is_of_deepspeed(pickle_root(pickle)))
		return refuse_deepspeed(walk->storages, error);
	return TRUE;
}

/* The keys of a mapping that was passed through on the way to the weights. */
static void pass_over_beside(TorchWalk *walk, const TorchRoot *root, guint level)
{
	const TorchNode *mapping = &root->passed[level];
	g_autofree char *prefix = torch_root_text(root, level);
	g_autofree char *text = torch_root_text(root, root->depth);
	g_autofree char *reason = g_strconcat("beside the weights, which are in ", text, NULL);
	TorchCursor cursor = {0};
	TorchChild child;

	g_string_assign(walk->name, prefix);
	while (!torch_passed_enough(walk) && torch_next(mapping, &cursor, &child)) {
		torch_name_child(walk, strlen(prefix), &child);
		gboolean shut = torch_is_shut(mapping, child.key);
		if (child.value != root->taken[level])
			torch_pass_over(
				walk, walk->name->str, shut ? TORCH_OPTIMIZER_REASON : reason);
	}
}

static void tell_of_modules(Checkpoint *checkpoint, const TorchRoot *root)
{
	for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
		if (strcmp(checkpoint->format, formats[i].plain) == 0)
			checkpoint->format = formats[i].of_module;
	if (root->item.node.kind == TORCH_MODULE) {
		g_autofree char *class = torch_class(root->item.node.value);
		checkpoint_tell(checkpoint, "class", class);
	}
	checkpoint_tell(checkpoint, "module",
		"pickled whole; what its own state_dict() or hooks would change cannot be seen");
}

static void tell(TorchWalk *walk, const TorchRoot *root)
{
	g_autofree char *text = torch_root_text(root, root->depth);

	for (guint level = 0; level < root->depth; level++)
		pass_over_beside(walk, root, level);
	if (root->depth > 0)
		checkpoint_tell(walk->checkpoint, "root", text);
	if (walk->modules > 0)
		tell_of_modules(walk->checkpoint, root);
	if (root->item.node.kind == TORCH_SCRIPT) {
		g_autofree char *class = torch_class(root->item.node.value);
		checkpoint_tell(walk->checkpoint, "class", class);
	}
}

gboolean torch_collect(
	Checkpoint *checkpoint, TorchStorages *storages, const Pickle *pickle, GError **error)
{
	g_autoptr(TorchGraph) graph = torch_graph_new(storages->path);
	g_auto(TorchWalk) walk;
	TorchRoot root;

	torch_walk_init(&walk, checkpoint, storages, graph);
	if (!torch_storages_check(pickle, storages, error))
		return FALSE;
	if (!torch_root_find(graph, pickle_root(pickle), &root, error))
		return FALSE;
	if (torch_node_has_children(&root.item.node) || root.item.tensors > 0)
		if (!torch_walk(&walk, &root.item, error))
			return FALSE;
	if (walk.tensors == 0 && walk.unread == NULL)
		return refuse_without_tensors(storages, pickle, &root, error);
	if (!check_read(&walk, pickle, error))
		return FALSE;
	tell(&walk, &root);
	return TRUE;
}
