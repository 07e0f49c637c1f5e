/* torch_node.c - tells the values that may hold weights from those that cannot. */
#include "checkpoint/torch_node.h"

#include "checkpoint/torch_tensor.h"

#include <string.h>

#define SHOWN_MOST 100

static const PickleValue *list_of(const PickleValue *value)
{
	if (value->kind == PICKLE_LIST || value->kind == PICKLE_TUPLE)
		return value;
	return value->kind == PICKLE_OBJECT ? value->object->list : NULL;
}

static const PickleValue *argument(const PickleValue *object, guint number)
{
	const PickleValue *arguments = object->object->arguments;
	if (arguments == NULL || arguments->kind != PICKLE_TUPLE || number >= arguments->count)
		return NULL;
	return arguments->items[number];
}

/* The attributes of an object: its state, or the first of (attributes, slots). */
static const PickleValue *attributes_of(const PickleValue *object)
{
	const PickleValue *state = object->object->state;
	if (state != NULL && state->kind == PICKLE_TUPLE && state->count == 2)
		state = state->items[0];
	return pickle_mapping(state);
}

/* A set, which before protocol 4 is a call with a list. */
static const PickleValue *set_items(const PickleValue *set)
{
	if (set == NULL || set->kind != PICKLE_OBJECT)
		return set != NULL && set->kind == PICKLE_SET ? set : NULL;
	const PickleValue *items = argument(set, 0);
	return items != NULL ? list_of(items) : NULL;
}

static gboolean take_module(TorchNode *node, const PickleValue *attributes)
{
	const PickleValue *parameters = pickle_mapping(pickle_get(attributes, "_parameters"));
	const PickleValue *modules = pickle_mapping(pickle_get(attributes, "_modules"));
	if (parameters == NULL || modules == NULL)
		return FALSE;
	node->kind = TORCH_MODULE;
	node->parts[TORCH_PARAMETERS] = parameters;
	node->parts[TORCH_BUFFERS] = pickle_mapping(pickle_get(attributes, "_buffers"));
	node->parts[TORCH_MODULES] = modules;
	node->transient = set_items(pickle_get(attributes, "_non_persistent_buffers_set"));
	return TRUE;
}

/* Modules have their attributes as state; those of torch.fx as the first argument. */
static gboolean is_module(TorchNode *node, const PickleValue *object)
{
	return take_module(node, attributes_of(object)) ||
	       take_module(node, pickle_mapping(argument(object, 0)));
}

static gboolean is_script(TorchNode *node, const PickleValue *object)
{
	const PickleValue *callee = object->object->callee, *state = attributes_of(object);
	if (callee->kind != PICKLE_GLOBAL || state == NULL ||
		!g_str_has_prefix(callee->module, "__torch__"))
		return FALSE;
	node->kind = TORCH_SCRIPT;
	node->parts[0] = state;
	return TRUE;
}

static gboolean is_optimizer(const PickleValue *mapping)
{
	const PickleValue *groups = pickle_get(mapping, "param_groups");
	const PickleValue *state = pickle_get(mapping, "state");
	return groups != NULL && state != NULL && list_of(groups) != NULL &&
	       pickle_mapping(state) != NULL;
}

static gboolean is_mapping(TorchNode *node, const PickleValue *value)
{
	node->parts[0] = pickle_mapping(value);
	if (node->parts[0] == NULL)
		return FALSE;
	node->kind = TORCH_MAPPING;
	if (is_optimizer(node->parts[0]))
		*node = (TorchNode){.kind = TORCH_OPTIMIZER, .value = value};
	return TRUE;
}

TorchNode torch_node(const PickleValue *value)
{
	TorchNode node = {.kind = TORCH_OTHER, .value = value};

	if (torch_is_tensor(value)) {
		node.kind = TORCH_TENSOR;
		return node;
	}
	if (value->kind == PICKLE_OBJECT && (is_module(&node, value) || is_script(&node, value)))
		return node;
	if (is_mapping(&node, value))
		return node;
	node.parts[0] = list_of(value);
	if (node.parts[0] != NULL)
		node.kind = TORCH_LIST;
	return node;
}

gboolean torch_is_shut(const TorchNode *node, const PickleValue *key)
{
	return node->kind == TORCH_MAPPING && key->kind == PICKLE_TEXT &&
	       g_str_has_prefix(key->text, "optimizer");
}

gboolean torch_node_has_children(const TorchNode *node)
{
	return node->kind == TORCH_MAPPING || node->kind == TORCH_LIST ||
	       node->kind == TORCH_MODULE || node->kind == TORCH_SCRIPT;
}

gboolean torch_next(const TorchNode *node, TorchCursor *cursor, TorchChild *child)
{
	guint step = node->kind == TORCH_LIST ? 1 : 2;

	for (; cursor->part < TORCH_PARTS; cursor->part++, cursor->item = 0) {
		const PickleValue *part = node->parts[cursor->part];
		if (part == NULL || part->count < step || cursor->item > part->count - step)
			continue;
		child->part = cursor->part;
		child->number = cursor->item;
		child->key = step == 2 ? part->items[cursor->item] : NULL;
		child->value = part->items[cursor->item + step - 1];
		cursor->item += step;
		return TRUE;
	}
	return FALSE;
}

char *torch_shorten(const char *text)
{
	if (g_utf8_strlen(text, -1) <= SHOWN_MOST)
		return g_strdup(text);
	g_autofree char *start = g_utf8_substring(text, 0, SHOWN_MOST);
	return g_strconcat(start, "…", NULL);
}

/* The legacy format wraps the classes of modules in a persistent id: ("module", class, …). */
static const PickleValue *unwrap_class(const PickleValue *callee)
{
	const PickleValue *id = callee->kind == PICKLE_PERSISTENT ? callee->object->callee : NULL;
	if (id != NULL && id->kind == PICKLE_TUPLE && id->count >= 2 &&
		pickle_is_text(id->items[0], "module"))
		return id->items[1];
	return callee;
}

char *torch_class(const PickleValue *object)
{
	const PickleValue *class = unwrap_class(object->object->callee);
	if (pickle_is_global(class, "copy_reg", "_reconstructor") ||
		pickle_is_global(class, "copyreg", "_reconstructor"))
		class = argument(object, 0);
	if (class == NULL || class->kind != PICKLE_GLOBAL)
		return g_strdup("something without a name");
	g_autofree char *name = g_strconcat(class->module, ".", class->name, NULL);
	return torch_shorten(name);
}

char *torch_describe(const PickleValue *value)
{
	static const char *const kinds[] = {
		[PICKLE_NONE] = "None",
		[PICKLE_BOOL] = "a truth value",
		[PICKLE_INTEGER] = "a number",
		[PICKLE_HUGE] = "a number",
		[PICKLE_FLOAT] = "a number",
		[PICKLE_TEXT] = "a text",
		[PICKLE_BYTES] = "bytes",
		[PICKLE_LIST] = "a list without tensors",
		[PICKLE_TUPLE] = "a tuple without tensors",
		[PICKLE_SET] = "a set",
		[PICKLE_DICT] = "a dict without tensors",
		[PICKLE_GLOBAL] = "the name of a class or function",
		[PICKLE_PERSISTENT] = "a storage without a shape",
	};
	if (value->kind != PICKLE_OBJECT)
		return g_strdup(kinds[value->kind]);
	g_autofree char *class = torch_class(value);
	return g_strdup_printf("what %s would make", class);
}
