/* torch_walk.c - walks over mappings, lists and modules, and adds the tensors that it meets.
 *
 * The names of a module's tensors, and their order, are those of its state_dict(). */
#include "checkpoint/torch_walk.h"

#include "checkpoint/torch_tensor.h"
#include "core/text.h"

#include <inttypes.h>
#include <string.h>

#define PASSED_MOST 1000
#define UNREAD_MOST 100000
#define NAME_BYTES_MOST (32u << 20)

/* A value whose children are being visited. */
typedef struct {
	TorchNode node;
	TorchCursor cursor;
	gsize prefix;          /* bytes of its name */
	GHashTable *transient; /* names of a module's buffers that are not saved; or NULL */
} Frame;

typedef struct {
	TorchWalk *walk;
	Frame frames[TORCH_DEPTH_MOST];
	guint depth;
} Path;

void torch_walk_init(
	TorchWalk *walk, Checkpoint *checkpoint, TorchStorages *storages, TorchGraph *graph)
{
	*walk = (TorchWalk){.checkpoint = checkpoint, .storages = storages, .graph = graph};
	walk->first = g_hash_table_new_full(text_table_hash, g_str_equal, g_free, g_free);
	walk->name = g_string_new(NULL);
}

void torch_walk_clear(TorchWalk *walk)
{
	g_hash_table_unref(walk->first);
	g_string_free(walk->name, TRUE);
	g_free(walk->unread);
}

static Place here(const TorchWalk *walk)
{
	return (Place){.file = walk->storages->path, .tensor = walk->name->str};
}

gboolean torch_passed_enough(const TorchWalk *walk)
{
	return walk->passed > PASSED_MOST;
}

void torch_pass_over(TorchWalk *walk, const char *name, const char *reason)
{
	if (torch_passed_enough(walk))
		return;
	if (walk->passed++ < PASSED_MOST)
		checkpoint_skip(walk->checkpoint, name, reason);
	else
		checkpoint_skip(walk->checkpoint, "…", "more values that are not tensors");
}

static void pass_over_value(TorchWalk *walk, const PickleValue *value)
{
	if (torch_passed_enough(walk))
		return;
	g_autofree char *what = torch_describe(value);
	g_autofree char *reason = g_strconcat(what, ", not a tensor", NULL);
	torch_pass_over(walk, walk->name->str, reason);
}

/* A key that is too long stays so when it is cut. */
static void append_key(GString *name, const PickleValue *key)
{
	const char *end = key->text + MIN(key->length, TENSOR_NAME_MOST + 1);
	while ((*end & 0xc0) == 0x80)
		end++;
	g_string_append_len(name, key->text, end - key->text);
}

gboolean torch_name_child(TorchWalk *walk, gsize prefix, const TorchChild *child)
{
	const PickleValue *key = child->key;

	g_string_truncate(walk->name, prefix);
	if (prefix > 0)
		g_string_append_c(walk->name, '.');
	if (key == NULL)
		g_string_append_printf(walk->name, "%u", child->number);
	else if (key->kind == PICKLE_INTEGER)
		g_string_append_printf(walk->name, "%" PRId64, key->integer);
	else if (key->kind == PICKLE_TEXT && strlen(key->text) == key->length)
		append_key(walk->name, key);
	else {
		g_string_append_c(walk->name, '?');
		return FALSE;
	}
	return TRUE;
}

static gboolean check_length(const TorchWalk *walk, GError **error)
{
	if (walk->name->len <= TENSOR_NAME_MOST)
		return TRUE;
	return fail_at(error, ERROR_INPUT, (Place){.file = walk->storages->path},
		"the name of a tensor is longer than %d bytes", TENSOR_NAME_MOST);
}

static gboolean check_name(TorchWalk *walk, GError **error)
{
	Place place = {.file = walk->storages->path};

	if (walk->name->len == 0)
		return fail_at(error, ERROR_INPUT, place, "a tensor has an empty name");
	if (!check_length(walk, error))
		return FALSE;
	walk->name_bytes += walk->name->len;
	if (walk->name_bytes > NAME_BYTES_MOST)
		return fail_at(error, ERROR_INPUT, place,
			"the names of its tensors together are longer than %u bytes",
			NAME_BYTES_MOST);
	return TRUE;
}

/* Unlike those of tensors their names may be the same, so many of them take few bytes. */
static gboolean skip_tensor(TorchWalk *walk, const char *reason, GError **error)
{
	if (walk->unread_tensors++ == UNREAD_MOST)
		return fail_at(error, ERROR_INPUT, (Place){.file = walk->storages->path},
			"more than %d of its tensors are not read", UNREAD_MOST);
	checkpoint_skip(walk->checkpoint, walk->name->str, reason);
	if (walk->unread == NULL) {
		g_autofree char *shown = torch_shorten(walk->name->str);
		walk->unread = g_strdup_printf("%s: %s", shown, reason);
	}
	return TRUE;
}

static void count_elements(TorchWalk *walk, const TorchTensor *tensor)
{
	guint64 elements = 1;
	for (guint i = 0; i < tensor->rank; i++)
		if (__builtin_mul_overflow(elements, tensor->shape[i], &elements))
			elements = G_MAXUINT64;
	if (__builtin_add_overflow(walk->elements, elements, &walk->elements))
		walk->elements = G_MAXUINT64;
	walk->tensors++;
}

/* A tensor that was met before under another name is tied to it. */
static gboolean add_tensor(TorchWalk *walk, const TorchTensor *tensor, GError **error)
{
	g_autofree char *identity = torch_tensor_identity(tensor);
	const char *first = g_hash_table_lookup(walk->first, identity);

	count_elements(walk, tensor);
	if (first != NULL && strcmp(first, walk->name->str) != 0) {
		walk->name_bytes += strlen(first);
		checkpoint_add_alias(walk->checkpoint, walk->name->str, first);
		return TRUE;
	}
	if (!torch_tensor_add(walk->checkpoint, walk->storages, tensor, walk->name->str, error))
		return FALSE;
	g_hash_table_insert(walk->first, g_steal_pointer(&identity), g_strdup(walk->name->str));
	return TRUE;
}

static gboolean visit_tensor(TorchWalk *walk, const PickleValue *value, GError **error)
{
	TorchTensor tensor = {0};

	if (!check_name(walk, error) ||
		!torch_tensor_take(value, walk->storages, here(walk), &tensor, error))
		return FALSE;
	g_autofree char *unread = tensor.unread;
	return unread != NULL ? skip_tensor(walk, unread, error) : add_tensor(walk, &tensor, error);
}

static GHashTable *names_of(const PickleValue *list)
{
	if (list == NULL || list->count == 0)
		return NULL;
	GHashTable *names = g_hash_table_new(text_table_hash, g_str_equal);
	for (guint i = 0; i < list->count; i++)
		if (list->items[i]->kind == PICKLE_TEXT)
			g_hash_table_add(names, (gpointer)list->items[i]->text);
	return names;
}

/* The height of the root was checked, so there is a frame left. */
static void enter(Path *path, const TorchNode *node)
{
	Frame *frame = &path->frames[path->depth++];
	*frame = (Frame){.node = *node, .prefix = path->walk->name->len};
	frame->transient = names_of(node->transient);
	if (node->kind == TORCH_MODULE)
		path->walk->modules++;
}

static void leave(Path *path)
{
	Frame *frame = &path->frames[--path->depth];
	g_clear_pointer(&frame->transient, g_hash_table_unref);
}

/* What stands where a module has a parameter, a buffer or a module, and is none. */
static gboolean visit_misfit(TorchWalk *walk, const TorchChild *child, GError **error)
{
	static const char *const parts[] = {"parameters", "buffers", "modules"};

	if (child->value->kind == PICKLE_NONE)
		return TRUE;
	if (child->value->kind == PICKLE_OBJECT) {
		pass_over_value(walk, child->value);
		return TRUE;
	}
	g_autofree char *what = torch_describe(child->value);
	return fail_at(error, ERROR_INPUT, here(walk), "among the %s of its module stands %s",
		parts[child->part], what);
}

static gboolean is_transient(const Frame *frame, const TorchChild *child)
{
	return child->part == TORCH_BUFFERS && frame->transient != NULL &&
	       child->key->kind == PICKLE_TEXT &&
	       g_hash_table_contains(frame->transient, child->key->text);
}

static void visit_transient(TorchWalk *walk, const TorchChild *child)
{
	if (child->value->kind != PICKLE_NONE)
		torch_pass_over(walk, walk->name->str,
			"a buffer that its module does not save (not persistent)");
}

static gboolean visit_of_module(
	Path *path, const TorchChild *child, const TorchItem *item, GError **error)
{
	TorchKind wanted = child->part == TORCH_MODULES ? TORCH_MODULE : TORCH_TENSOR;

	if (item->node.kind != wanted)
		return visit_misfit(path->walk, child, error);
	if (wanted == TORCH_TENSOR)
		return visit_tensor(path->walk, child->value, error);
	if (item->tensors > 0)
		enter(path, &item->node);
	return TRUE;
}

/* Tensors under a key that gives them no name. */
static gboolean visit_unnamed(TorchWalk *walk, const TorchChild *child, GError **error)
{
	if (child->key->kind == PICKLE_TEXT)
		return fail_at(error, ERROR_INPUT, (Place){.file = walk->storages->path},
			"the name of a tensor holds a zero byte");
	return check_name(walk, error) &&
	       skip_tensor(walk, "its key is not one that a name can be made of", error);
}

/* Under a key of an optimizer: a tensor may have such a name, but nothing is entered. */
static gboolean visit_shut(TorchWalk *walk, const TorchChild *child, gboolean named, GError **error)
{
	if (torch_is_tensor(child->value))
		return named ? visit_tensor(walk, child->value, error)
			     : visit_unnamed(walk, child, error);
	if (child->value->kind >= PICKLE_LIST)
		torch_pass_over(walk, walk->name->str, TORCH_OPTIMIZER_REASON);
	else
		pass_over_value(walk, child->value);
	return TRUE;
}

static gboolean visit(Path *path, const Frame *frame, const TorchChild *child, GError **error)
{
	TorchWalk *walk = path->walk;
	TorchItem item;
	gboolean named = torch_name_child(walk, frame->prefix, child);

	if (is_transient(frame, child)) {
		visit_transient(walk, child);
		return TRUE;
	}
	if (torch_is_shut(&frame->node, child->key))
		return visit_shut(walk, child, named, error);
	if (!torch_graph_look(walk->graph, child->value, &item, error))
		return FALSE;
	if (!named && item.tensors > 0)
		return visit_unnamed(walk, child, error);
	if (item.tensors > 0 && !check_length(walk, error))
		return FALSE;
	if (frame->node.kind == TORCH_MODULE)
		return visit_of_module(path, child, &item, error);
	if (item.node.kind == TORCH_TENSOR)
		return visit_tensor(walk, child->value, error);
	if (item.node.kind == TORCH_OPTIMIZER)
		torch_pass_over(walk, walk->name->str, TORCH_OPTIMIZER_REASON);
	else if (item.tensors > 0)
		enter(path, &item.node);
	else if (frame->node.kind != TORCH_SCRIPT)
		pass_over_value(walk, child->value);
	return TRUE;
}

/* Paths to a value that is shared may be longer than the one on which it was counted. */
static gboolean check_paths(const TorchWalk *walk, const TorchItem *item, GError **error)
{
	Place place = {.file = walk->storages->path};
	guint64 most = torch_graph_visits_most(walk->graph);

	if (item->height > TORCH_DEPTH_MOST)
		return fail_at(error, ERROR_INPUT, place,
			"the values of its pickle are nested more than %d deep", TORCH_DEPTH_MOST);
	if (item->visits > most)
		return fail_at(error, ERROR_INPUT, place,
			"its values refer to each other in more than %" PRIu64
			" ways, so they cannot all be named",
			most);
	return TRUE;
}

gboolean torch_walk(TorchWalk *walk, const TorchItem *item, GError **error)
{
	Path path = {.walk = walk};
	TorchChild child;
	gboolean failed = FALSE;

	if (!check_paths(walk, item, error))
		return FALSE;
	if (item->node.kind == TORCH_TENSOR) {
		g_string_assign(walk->name, "tensor");
		return visit_tensor(walk, item->node.value, error);
	}
	enter(&path, &item->node);
	while (path.depth > 0) {
		Frame *frame = &path.frames[path.depth - 1];
		if (failed || !torch_next(&frame->node, &frame->cursor, &child))
			leave(&path);
		else
			failed = !visit(&path, frame, &child, error);
	}
	return !failed;
}
