/* adapter_parts.c - sorts the tensors of an adapter by their names.
 *
 * PEFT's names are base_model.model.MODULE.lora_A.weight and the like.  It leaves out the name of
 * the adapter when it saves; files made otherwise have it before or instead of .weight. */
#include "checkpoint/adapter_parts.h"

#include "checkpoint/adapter_check.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>

#define PREFIX "base_model.model."

typedef enum { PART_A, PART_B, PART_MAGNITUDE, PART_BIAS } Part;

static const struct {
	const char *word;
	Part part;
	gboolean embedding;
} words[] = {
	{"lora_A", PART_A, FALSE},
	{"lora_B", PART_B, FALSE},
	{"lora_embedding_A", PART_A, TRUE},
	{"lora_embedding_B", PART_B, TRUE},
	{"lora_magnitude_vector", PART_MAGNITUDE, FALSE},
};

/* A tensor's name, taken apart. */
typedef struct {
	char **parts;      /* all of it, without the prefix */
	guint count, word; /* word: the part that says which factor it is; count where none does */
} Name;

static void module_free(gpointer data)
{
	AdapterModule *module = data;
	g_free(module->name);
	g_free(module);
}

static void whole_free(gpointer data)
{
	AdapterWhole *whole = data;
	g_free(whole->name);
	g_free(whole);
}

void adapter_parts_free(AdapterParts *parts)
{
	if (parts == NULL)
		return;
	g_hash_table_unref(parts->by_name);
	g_ptr_array_unref(parts->modules);
	g_ptr_array_unref(parts->wholes);
	g_ptr_array_unref(parts->copies);
	g_free(parts->adapter);
	g_free(parts);
}

static gboolean is_word(const char *part)
{
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(words[i].word, part) == 0)
			return TRUE;
	return FALSE;
}

static gboolean looks_like_word(const char *part)
{
	return g_str_has_prefix(part, "lora_");
}

static guint last_part(const Name *name, gboolean (*fits)(const char *part))
{
	for (guint i = name->count; i > 0; i--)
		if (fits(name->parts[i - 1]))
			return i - 1;
	return name->count;
}

/* strfreev the parts. */
static Name name_split(const char *tensor)
{
	const char *rest = g_str_has_prefix(tensor, PREFIX) ? tensor + strlen(PREFIX) : tensor;
	Name name = {.parts = g_strsplit(rest, ".", -1)};

	name.count = g_strv_length(name.parts);
	name.word = last_part(&name, is_word);
	if (name.word == name.count)
		name.word = last_part(&name, looks_like_word);
	return name;
}

gboolean adapter_part_is_factor(const char *tensor)
{
	Name name = name_split(tensor);
	g_strfreev(name.parts);
	return name.word < name.count;
}

/* The parts [0, count) joined, without what wrappers put between. */
static char *join(const Name *name, guint count)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < count; i++) {
		const char *part = name->parts[i];
		if (strcmp(part, "base_layer") == 0)
			continue;
		if (strcmp(part, "modules_to_save") == 0 && i + 2 < count) {
			i++;
			continue;
		}
		g_string_append_printf(text, "%s%s", text->len > 0 ? "." : "", part);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean refuse(const AdapterParts *parts, const char *tensor, const char *why,
	const char *remedy, GError **error)
{
	return fail_at(error, ERROR_INPUT,
		(Place){.file = parts->path, .tensor = tensor, .remedy = remedy}, "%s", why);
}

static AdapterModule *module_of(AdapterParts *parts, const Name *name)
{
	g_autofree char *text = join(name, name->word);
	AdapterModule *module = g_hash_table_lookup(parts->by_name, text);

	if (module != NULL)
		return module;
	module = g_new0(AdapterModule, 1);
	module->name = g_steal_pointer(&text);
	module->a = module->b = module->bias = module->magnitude = -1;
	g_ptr_array_add(parts->modules, module);
	g_hash_table_insert(parts->by_name, module->name, module);
	return module;
}

/* What follows the word: nothing, .weight or .bias, with the adapter's name before it or alone. */
static gboolean take_tail(
	AdapterParts *parts, const char *tensor, const Name *name, gboolean *bias, GError **error)
{
	guint left = name->count - name->word - 1;
	const char *last = left > 0 ? name->parts[name->count - 1] : "";
	const char *adapter = NULL;

	*bias = strcmp(last, "bias") == 0;
	if (left > 0 && (*bias || strcmp(last, "weight") == 0))
		left--;
	if (left > 1)
		return refuse(
			parts, tensor, "its name is not of any part of an adapter", NULL, error);
	if (left == 1)
		adapter = name->parts[name->word + 1];
	if (adapter == NULL || g_strcmp0(adapter, parts->adapter) == 0)
		return TRUE;
	if (parts->adapter != NULL)
		return refuse(parts, tensor, "it is of a second adapter in the same file",
			"save each adapter for itself", error);
	parts->adapter = g_strdup(adapter);
	return TRUE;
}

static gint *place_of(AdapterModule *module, Part part)
{
	switch (part) {
	case PART_A:
		return &module->a;
	case PART_B:
		return &module->b;
	case PART_MAGNITUDE:
		return &module->magnitude;
	case PART_BIAS:
		return &module->bias;
	}
	g_assert_not_reached();
}

static gboolean add_factor(
	AdapterParts *parts, const char *tensor, gint position, const Name *name, GError **error)
{
	guint row = 0;
	gboolean bias;

	while (row < G_N_ELEMENTS(words) && strcmp(words[row].word, name->parts[name->word]) != 0)
		row++;
	if (!take_tail(parts, tensor, name, &bias, error))
		return FALSE;
	if (row == G_N_ELEMENTS(words) || (bias && words[row].part != PART_B))
		return refuse(parts, tensor, "it is no part of LoRA that is known", NULL, error);
	AdapterModule *module = module_of(parts, name);
	gint *place = place_of(module, bias ? PART_BIAS : words[row].part);
	if (*place >= 0)
		return refuse(parts, tensor, "its module has two of them", NULL, error);
	if (words[row].part != PART_MAGNITUDE && (module->a >= 0 || module->b >= 0) &&
		module->embedding != words[row].embedding)
		return refuse(parts, tensor,
			"its module has factors of an embedding and of a layer", NULL, error);
	*place = position;
	module->embedding = module->embedding || words[row].embedding;
	return TRUE;
}

static void add_whole(AdapterParts *parts, const char *tensor, gint position, const Name *name)
{
	if (g_strv_contains((const char *const *)name->parts, "original_module")) {
		g_ptr_array_add(parts->copies, (gpointer)tensor);
		return;
	}
	AdapterWhole *whole = g_new0(AdapterWhole, 1);
	whole->name = join(name, name->count);
	whole->tensor = (guint)position;
	g_ptr_array_add(parts->wholes, whole);
}

static gboolean add_tensor(AdapterParts *parts, const char *tensor, gint position, GError **error)
{
	Name name = name_split(tensor);
	gboolean added = TRUE;

	if (name.word < name.count)
		added = add_factor(parts, tensor, position, &name, error);
	else
		add_whole(parts, tensor, position, &name);
	g_strfreev(name.parts);
	return added;
}

static gboolean add_tensors(AdapterParts *parts, GError **error)
{
	const Checkpoint *checkpoint = parts->checkpoint;

	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		if (!add_tensor(parts, checkpoint_tensor(checkpoint, i)->name, (gint)i, error))
			return FALSE;
	for (guint i = 0; i < checkpoint->tied->len; i++) {
		const char *name = g_ptr_array_index(checkpoint->tied, i);
		gint position = checkpoint_find(checkpoint, name);
		if (position >= 0 && !add_tensor(parts, name, position, error))
			return FALSE;
	}
	if (parts->modules->len > 0)
		return TRUE;
	return fail_at(error, ERROR_INPUT, (Place){.file = parts->path},
		"it holds no factors of LoRA, as MODULE.lora_A.weight");
}

AdapterParts *adapter_parts_new(
	const Checkpoint *checkpoint, const AdapterConfig *config, GError **error)
{
	g_autoptr(AdapterParts) parts = g_new0(AdapterParts, 1);

	parts->checkpoint = checkpoint;
	parts->path = ((const CheckpointFile *)g_ptr_array_index(checkpoint->files, 0))->path;
	parts->modules = g_ptr_array_new_with_free_func(module_free);
	parts->wholes = g_ptr_array_new_with_free_func(whole_free);
	parts->copies = g_ptr_array_new();
	parts->by_name = g_hash_table_new(text_table_hash, g_str_equal);
	if (!add_tensors(parts, error))
		return NULL;
	for (guint i = 0; i < parts->modules->len; i++)
		if (!adapter_check_module(
			    parts, config, g_ptr_array_index(parts->modules, i), error))
			return NULL;
	return g_steal_pointer(&parts);
}
