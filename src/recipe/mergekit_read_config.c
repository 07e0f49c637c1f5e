/* mergekit_read_config.c - the keys of a recipe: method, models or slices, types, tokenizers.
 *
 * Models without slices are one slice of all layers, as they are to mergekit. */
#include "recipe/mergekit_private.h"

#include "core/text.h"

#include <string.h>

static void source_free(gpointer data)
{
	MergeSource *source = data;
	g_ptr_array_unref(source->settings);
	g_free(source);
}

static void slice_free(gpointer data)
{
	MergeSlice *slice = data;
	g_ptr_array_unref(slice->sources);
	g_ptr_array_unref(slice->settings);
	g_free(slice);
}

void merge_config_free(MergeConfig *config)
{
	if (!config)
		return;
	g_ptr_array_unref(config->slices);
	g_ptr_array_unref(config->settings);
	g_free(config);
}

static GPtrArray *settings_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)setting_free);
}

static MergeConfig *config_new(void)
{
	MergeConfig *config = g_new0(MergeConfig, 1);
	config->slices = g_ptr_array_new_with_free_func(slice_free);
	config->settings = settings_new();
	config->base = -1;
	return config;
}

static MergeSlice *add_slice(MergeConfig *config, guint line)
{
	MergeSlice *slice = g_new0(MergeSlice, 1);
	slice->line = line;
	slice->base = config->base;
	slice->sources = g_ptr_array_new_with_free_func(source_free);
	slice->settings = settings_new();
	g_ptr_array_add(config->slices, slice);
	return slice;
}

static MergeSource *add_source(MergeSlice *slice, guint line, guint member)
{
	MergeSource *source = g_new0(MergeSource, 1);
	source->line = line;
	source->member = member;
	source->settings = settings_new();
	g_ptr_array_add(slice->sources, source);
	return source;
}

const MergeSource *merge_source(const MergeSlice *slice, guint member)
{
	for (guint i = 0; i < slice->sources->len; i++) {
		const MergeSource *source = slice->sources->pdata[i];
		if (source->member == member)
			return source;
	}
	return NULL;
}

gboolean merge_names(const MergeConfig *config, guint member)
{
	for (guint i = 0; i < config->slices->len; i++) {
		const MergeSlice *slice = config->slices->pdata[i];
		if (slice->base == (gint)member || merge_source(slice, member))
			return TRUE;
	}
	return FALSE;
}

/* Says of each key that is not in the list that nothing comes of it. */
static void note_unknown_keys(
	const MergeReader *reader, const YamlNode *map, const char *const *known)
{
	for (guint i = 0; i < yaml_count(map); i++) {
		const YamlNode *key = map->keys->pdata[i];
		if (g_strv_contains(known, key->text))
			continue;
		const char *nearest = text_nearest(key->text, known, g_strv_length((char **)known));
		mergekit_note(reader->notes, key->line,
			"%s is no key of a recipe here: mergekit ignores it without a word, and so "
			"does this%s%s",
			key->text, nearest ? "; the nearest is " : "", nearest ? nearest : "");
	}
}

/* A value that must be a list of maps with something in it. */
static gboolean check_list(
	const MergeReader *reader, const YamlNode *list, const char *name, GError **error)
{
	gboolean right = list->kind == YAML_LIST && yaml_count(list) > 0;
	for (guint i = 0; right && i < yaml_count(list); i++)
		right = yaml_child(list, i)->kind == YAML_MAP;
	return right || mergekit_fail_node(reader, list, "begin each with a dash and model:", error,
				"%s must be a list of maps", name);
}

static gboolean read_layers(
	const MergeReader *reader, const YamlNode *map, MergeSource *source, GError **error)
{
	const YamlNode *range = yaml_get(map, "layer_range");
	if (range && range->kind == YAML_LIST && yaml_count(range) == 2 &&
		yaml_count_of(yaml_child(range, 0), G_MAXINT16, &source->first) &&
		yaml_count_of(yaml_child(range, 1), G_MAXINT16, &source->end) &&
		source->first < source->end)
		return TRUE;
	return mergekit_fail(reader, range ? range->line : map->line,
		"write layer_range: [FIRST, END], where END is not in it any more", error,
		"a source of a slice has no range of layers");
}

/* One of `models` or of `sources`. */
static gboolean read_source(const MergeReader *reader, const MergeConfig *config, MergeSlice *slice,
	const YamlNode *map, gboolean of_slice, GError **error)
{
	static const char *const of_models[] = {"model", "parameters", NULL};
	static const char *const of_slices[] = {"model", "parameters", "layer_range", NULL};
	guint member;
	const YamlNode *model = yaml_get(map, "model");
	if (!model)
		return mergekit_fail_node(reader, map, "write model: PATH", error,
			"the name of the model is missing");
	if (!model_find(reader, model, &member, error))
		return FALSE;
	if (merge_source(slice, member))
		return mergekit_fail_node(reader, model, "leave one of them", error,
			"%s is named twice, of which mergekit would keep one",
			collection_member(reader->collection, member)->name);
	note_unknown_keys(reader, map, of_slice ? of_slices : of_models);
	MergeSource *source = add_source(slice, map->line, member);
	return (!of_slice || read_layers(reader, map, source, error)) &&
	       settings_read(reader, config->method, yaml_get(map, "parameters"), TRUE,
		       source->settings, error);
}

static gboolean read_sources(const MergeReader *reader, const MergeConfig *config,
	MergeSlice *slice, const YamlNode *list, gboolean of_slice, GError **error)
{
	if (!check_list(reader, list, of_slice ? "sources" : "models", error))
		return FALSE;
	for (guint i = 0; i < yaml_count(list); i++)
		if (!read_source(reader, config, slice, yaml_child(list, i), of_slice, error))
			return FALSE;
	return TRUE;
}

/* The base counts among the models also where they do not name it. */
static gboolean read_models(
	const MergeReader *reader, MergeConfig *config, const YamlNode *models, GError **error)
{
	MergeSlice *slice = add_slice(config, models->line);
	slice->head = slice->tail = TRUE;
	slice->end = reader->depth->layers;
	if (!read_sources(reader, config, slice, models, FALSE, error))
		return FALSE;
	if (slice->base >= 0 && !merge_source(slice, (guint)slice->base))
		add_source(slice, models->line, (guint)slice->base)->added = TRUE;
	return TRUE;
}

/* All sources of a slice take the same layers: what else it takes would move them. */
static gboolean check_in_place(const MergeReader *reader, MergeSlice *slice, GError **error)
{
	const MergeSource *first = slice->sources->pdata[0];
	for (guint i = 1; i < slice->sources->len; i++) {
		const MergeSource *source = slice->sources->pdata[i];
		if (source->first != first->first || source->end != first->end)
			return mergekit_fail(reader, source->line,
				"an edit leaves every layer in its place: give all sources the "
				"same layers",
				error, "it takes layers %u to %u where others take %u to %u",
				source->first, source->end - 1, first->first, first->end - 1);
	}
	slice->first = first->first;
	slice->end = first->end;
	return TRUE;
}

static gboolean read_slice(
	const MergeReader *reader, MergeConfig *config, const YamlNode *map, GError **error)
{
	static const char *const known[] = {
		"sources", "base_model", "parameters", "residual_weight", NULL};
	MergeSlice *slice = add_slice(config, map->line);
	const YamlNode *sources = yaml_get(map, "sources"), *base = yaml_get(map, "base_model");
	const YamlNode *residual = yaml_get(map, "residual_weight");
	guint member;
	if (base && !model_find(reader, base, &member, error))
		return FALSE;
	if (base)
		slice->base = (gint)member;
	if (!sources)
		return mergekit_fail_node(
			reader, map, "write sources: and a list", error, "a slice has no sources");
	if (residual)
		mergekit_note(reader->notes, residual->line,
			"residual_weight changes nothing: mergekit reads it and never uses it");
	note_unknown_keys(reader, map, known);
	return read_sources(reader, config, slice, sources, TRUE, error) &&
	       check_in_place(reader, slice, error) &&
	       settings_read(reader, config->method, yaml_get(map, "parameters"), FALSE,
		       slice->settings, error);
}

static guint output_layers(const MergeConfig *config)
{
	guint layers = 0;
	for (guint i = 0; i < config->slices->len; i++) {
		const MergeSlice *slice = config->slices->pdata[i];
		layers += slice->end - slice->first;
	}
	return layers;
}

/* Whether the slices, one after the other, are the base's layers, each once and in order. */
static gboolean check_cover(const MergeReader *reader, MergeConfig *config, GError **error)
{
	const Depth *depth = reader->depth;
	static const char remedy[] = "an edit leaves every layer in its place: stacking, dropping "
				     "and reordering layers is mergekit's alone";
	guint at = 0;
	for (guint i = 0; i < config->slices->len; i++) {
		MergeSlice *slice = config->slices->pdata[i];
		if (slice->end > depth->layers)
			return mergekit_fail(reader, slice->line, NULL, error,
				"the slice has layers %u to %u, and the base has %u layers, the "
				"last of which is %u",
				slice->first, slice->end - 1, depth->layers, depth->layers - 1);
		if (slice->first != at)
			return mergekit_fail(reader, slice->line, remedy, error,
				"the slice puts layer %u at the place of layer %u: the result has "
				"%u layers, and the base has %u",
				slice->first, at, output_layers(config), depth->layers);
		at = slice->end;
		slice->head = i == 0;
		slice->tail = i + 1 == config->slices->len;
	}
	const MergeSlice *last = config->slices->pdata[config->slices->len - 1];
	return at == depth->layers ||
	       mergekit_fail(reader, last->line, remedy, error,
		       "the slices end before layer %u, and the base has %u layers", at,
		       depth->layers);
}

static gboolean read_slices(
	const MergeReader *reader, MergeConfig *config, const YamlNode *slices, GError **error)
{
	if (!check_list(reader, slices, "slices", error))
		return FALSE;
	if (reader->depth->stacks != 1)
		return mergekit_fail_node(reader, slices, "list models: instead of slices", error,
			"the base has %u runs of numbered layers, so that no range of layers says "
			"which it means",
			reader->depth->stacks);
	for (guint i = 0; i < yaml_count(slices); i++)
		if (!read_slice(reader, config, yaml_child(slices, i), error))
			return FALSE;
	return check_cover(reader, config, error);
}

/* What holds models or slices: the recipe, or its only module. */
static gboolean read_inputs(
	const MergeReader *reader, MergeConfig *config, const YamlNode *map, GError **error)
{
	const YamlNode *models = yaml_get(map, "models"), *slices = yaml_get(map, "slices");
	if (!models == !slices)
		return mergekit_fail_node(reader, map, "keep one of them", error,
			models ? "there are both models and slices"
			       : "there are neither models nor slices");
	return models ? read_models(reader, config, models, error)
		      : read_slices(reader, config, slices, error);
}

/* The only module counts as the whole model. */
static gboolean read_module(
	const MergeReader *reader, MergeConfig *config, const YamlNode *modules, GError **error)
{
	static const char *const known[] = {"models", "slices", "parameters", NULL};
	if (modules->kind != YAML_MAP || yaml_count(modules) != 1 ||
		yaml_child(modules, 0)->kind != YAML_MAP)
		return mergekit_fail_node(reader, modules,
			"put the parts into edits of their own, with scopes", error,
			"modules with several parts have layers of their own each, which one edit "
			"cannot tell apart by number");
	const YamlNode *module = yaml_child(modules, 0);
	note_unknown_keys(reader, module, known);
	return settings_read(reader, config->method, yaml_get(module, "parameters"), FALSE,
		       config->settings, error) &&
	       read_inputs(reader, config, module, error);
}

static gboolean read_parts(
	const MergeReader *reader, MergeConfig *config, const YamlNode *root, GError **error)
{
	const YamlNode *modules = yaml_get(root, "modules");
	gboolean other = yaml_get(root, "models") || yaml_get(root, "slices");
	if (modules && other)
		return mergekit_fail_node(reader, modules, "keep one of them", error,
			"modules exclude models and slices beside them");
	return (modules ? read_module(reader, config, modules, error)
			: read_inputs(reader, config, root, error)) &&
	       settings_read(reader, config->method, yaml_get(root, "parameters"), FALSE,
		       config->settings, error);
}

static gboolean read_method(
	const MergeReader *reader, MergeConfig *config, const YamlNode *root, GError **error)
{
	const YamlNode *name = yaml_get(root, "merge_method");
	if (!name || name->kind != YAML_TEXT)
		return mergekit_fail(reader, name ? name->line : root->line,
			"write merge_method: NAME", error, "there is no merge_method");
	config->method_line = name->line;
	config->method = mergekit_method(name->text);
	if (config->method)
		return TRUE;
	const char *names[32];
	guint n = 0;
	for (const MergekitMethod *method = mergekit_methods; method->name; method++)
		names[n++] = method->name;
	const char *nearest = text_nearest(name->text, names, n);
	g_autofree char *remedy = nearest ? g_strdup_printf("the nearest is %s", nearest) : NULL;
	return mergekit_fail_node(reader, name, remedy, error,
		"%s is no method of mergekit that "
		"is known here",
		name->text);
}

static gboolean read_base(
	const MergeReader *reader, MergeConfig *config, const YamlNode *root, GError **error)
{
	const YamlNode *base = yaml_get(root, "base_model");
	guint member;
	if (base && !model_find(reader, base, &member, error))
		return FALSE;
	if (base)
		config->base = (gint)member;
	return TRUE;
}

static const char *type_named(const char *name)
{
	static const char *const types[][2] = {
		{"bfloat16", "BF16"}, {"float16", "F16"}, {"float32", "F32"}};
	if (g_str_has_prefix(name, "torch."))
		name += strlen("torch.");
	for (guint i = 0; i < G_N_ELEMENTS(types); i++)
		if (g_str_equal(name, types[i][0]))
			return types[i][1];
	return NULL;
}

/* dtype is what it computes in, and writes where out_dtype does not say. */
static gboolean read_type(const MergeReader *reader, MergeConfig *config, const YamlNode *root,
	const char *key, GError **error)
{
	const YamlNode *node = yaml_get(root, key);
	if (!node)
		return TRUE;
	config->dtype = node->kind == YAML_TEXT ? type_named(node->text) : NULL;
	if (config->dtype)
		return TRUE;
	return mergekit_fail_node(reader, node, "write bfloat16, float16 or float32", error,
		"%s is no type that a model is written in", key);
}

static gboolean read_types(
	const MergeReader *reader, MergeConfig *config, const YamlNode *root, GError **error)
{
	const YamlNode *dtype = yaml_get(root, "dtype");
	config->dtype_line = dtype ? dtype->line : 0;
	return read_type(reader, config, root, "dtype", error) &&
	       read_type(reader, config, root, "out_dtype", error);
}

/* The first tensor of which some model has other rows than the base, or NULL. */
static const char *resized_tensor(const Collection *collection, const MergeConfig *config)
{
	for (guint i = 0; i < collection_tensors(collection); i++)
		for (guint m = 1; m < collection_members(collection); m++)
			if (merge_names(config, m) && collection_is_resized(collection, m, i))
				return collection_tensor(collection, i)->name;
	return NULL;
}

/* Vocabularies of one size are taken to be the same: then mergekit's tokenizer changes no weight.
 */
static gboolean check_tokenizer(
	const MergeReader *reader, const MergeConfig *config, const YamlNode *node, GError **error)
{
	static const char remedy[] = "put the models on one vocabulary first, or leave it out";
	const char *resized = resized_tensor(reader->collection, config);
	if (node->kind == YAML_MAP &&
		(yaml_get(node, "tokens") || yaml_get(node, "pad_to_multiple_of")))
		return mergekit_fail_node(reader, node, remedy, error,
			"it makes embeddings for tokens, which no edit does");
	if (resized)
		return mergekit_fail_node(reader, node, remedy, error,
			"it moves the rows of %s from one vocabulary to another, which no edit "
			"does",
			resized);
	mergekit_note(reader->notes, node->line,
		"all vocabularies have the same size and are taken to be the same: the tokenizer's "
		"files are copied from the base, and no row of an embedding is moved");
	return TRUE;
}

static gboolean check_template(const MergeReader *reader, const YamlNode *node, GError **error)
{
	if (node->kind != YAML_TEXT || !g_str_equal(node->text, "auto"))
		return mergekit_fail_node(reader, node,
			"leave it out, and write the template into the result's "
			"tokenizer_config.json",
			error, "no edit writes a chat template");
	mergekit_note(reader->notes, node->line,
		"the chat template is the base's; mergekit takes the one that most models have");
	return TRUE;
}

static gboolean check_side_files(
	const MergeReader *reader, const MergeConfig *config, const YamlNode *root, GError **error)
{
	const YamlNode *source = yaml_get(root, "tokenizer_source");
	const YamlNode *tokenizer = yaml_get(root, "tokenizer");
	const YamlNode *template = yaml_get(root, "chat_template");
	if (source && tokenizer)
		return mergekit_fail_node(reader, tokenizer, "keep one of them", error,
			"tokenizer and tokenizer_source exclude each other");
	if (source && !check_tokenizer(reader, config, source, error))
		return FALSE;
	if (tokenizer && !check_tokenizer(reader, config, tokenizer, error))
		return FALSE;
	return !template || check_template(reader, template, error);
}

MergeConfig *merge_config_new(const MergeReader *reader, const YamlNode *root, GError **error)
{
	static const char *const known[] = {"merge_method", "models", "slices", "modules",
		"base_model", "parameters", "dtype", "out_dtype", "tokenizer_source", "tokenizer",
		"chat_template", NULL};
	g_autoptr(MergeConfig) config = config_new();
	if (root->kind != YAML_MAP) {
		mergekit_fail_node(reader, root, "begin with merge_method: NAME", error,
			"this is no recipe of mergekit");
		return NULL;
	}
	note_unknown_keys(reader, root, known);
	if (!read_method(reader, config, root, error) || !read_base(reader, config, root, error) ||
		!read_parts(reader, config, root, error) ||
		!read_types(reader, config, root, error) ||
		!check_side_files(reader, config, root, error))
		return NULL;
	return g_steal_pointer(&config);
}
