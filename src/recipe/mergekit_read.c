/* mergekit_read.c - a recipe of mergekit's as an edit: the file, its notes, and the whole of it. */
#include "recipe/mergekit_private.h"

#include "checkpoint/scope.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>

#define SHOWN_MOST 200

static void note_free(gpointer data)
{
	MergekitNote *note = data;
	g_free(note->text);
	g_free(note);
}

GPtrArray *mergekit_notes_new(void)
{
	return g_ptr_array_new_with_free_func(note_free);
}

static gboolean is_said(const GPtrArray *notes, guint line, const char *text)
{
	for (guint i = 0; i < notes->len; i++) {
		const MergekitNote *note = notes->pdata[i];
		if (note->line == line && g_str_equal(note->text, text))
			return TRUE;
	}
	return FALSE;
}

void mergekit_note(GPtrArray *notes, guint line, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	if (is_said(notes, line, text))
		return;
	MergekitNote *note = g_new0(MergekitNote, 1);
	*note = (MergekitNote){line, text_safe(text)};
	g_ptr_array_add(notes, note);
}

gboolean mergekit_fail(const MergeReader *reader, guint line, const char *remedy, GError **error,
	const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return fail_at(error, ERROR_INPUT, (Place){.file = reader->file, .remedy = remedy},
		"line %u: %s", line, text);
}

gboolean mergekit_fail_node(const MergeReader *reader, const YamlNode *node, const char *remedy,
	GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return fail_at(error, ERROR_INPUT, (Place){.file = reader->file, .remedy = remedy},
		"line %u, column %u: %s", node->line, node->column, text);
}

gboolean mergekit_is_config(const char *path)
{
	g_autofree char *lower = g_ascii_strdown(path, -1);
	return g_str_has_suffix(lower, ".yml") || g_str_has_suffix(lower, ".yaml");
}

/* The scope of a slice: its layers, and what it says of the tensors around them. */
static char *slice_pattern(const MergeReader *reader, const MergeSlice *slice)
{
	const Depth *depth = reader->depth;
	g_autoptr(GString) pattern = g_string_new(NULL);
	g_autofree char *range = depth_range(depth->stem, slice->first, slice->end);
	g_string_append(pattern, range);
	for (guint i = 0; i < collection_tensors(reader->collection); i++)
		if (depth->number[i] < 0 && slice_has(reader, slice, i))
			g_string_append_printf(
				pattern, ",%s", collection_tensor(reader->collection, i)->name);
	return g_string_free(g_steal_pointer(&pattern), FALSE);
}

/* Whether a scope chooses the tensors of the slice and no others: names may lead other names. */
static gboolean check_pattern(
	const MergeReader *reader, const MergeSlice *slice, const char *pattern, GError **error)
{
	for (guint i = 0; i < collection_tensors(reader->collection); i++) {
		gboolean chosen = scope_matches(reader->collection, i, pattern) != FALSE;
		if (collection_is_float(reader->collection, i) &&
			chosen != (slice_has(reader, slice, i) != FALSE))
			return mergekit_fail(reader, slice->line, "list models: instead of slices",
				error, "no scope chooses the tensors of this slice without %s",
				collection_tensor(reader->collection, i)->name);
	}
	return TRUE;
}

/* What the slices become, and by what each is multiplied. */
typedef struct {
	GPtrArray *texts, *lambdas; /* of char * */
} Parts;

static void parts_clear(Parts *parts)
{
	g_ptr_array_unref(parts->texts);
	g_ptr_array_unref(parts->lambdas);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parts, parts_clear)

static gboolean read_slices(
	const MergeReader *reader, const MergeConfig *config, Parts *parts, GError **error)
{
	parts->texts = g_ptr_array_new_with_free_func(g_free);
	parts->lambdas = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < config->slices->len; i++) {
		char *lambda = NULL;
		char *text =
			merge_slice_text(reader, config, config->slices->pdata[i], &lambda, error);
		if (!text)
			return FALSE;
		g_ptr_array_add(parts->texts, text);
		g_ptr_array_add(parts->lambdas, lambda);
	}
	return TRUE;
}

static gboolean all_equal(const GPtrArray *texts)
{
	for (guint i = 1; i < texts->len; i++)
		if (!g_str_equal(texts->pdata[i], texts->pdata[0]))
			return FALSE;
	return TRUE;
}

static gboolean append_scoped(const MergeReader *reader, const MergeSlice *slice, const char *text,
	GString *sum, GError **error)
{
	g_autofree char *pattern = slice_pattern(reader, slice);
	g_string_append_printf(sum, "%s(%s)[%s]", sum->len ? " + " : "", text, pattern);
	return check_pattern(reader, slice, pattern, error);
}

/* The sum of what the slices become; a slice that leaves the base as it is adds nothing. */
static char *join_slices(
	const MergeReader *reader, const MergeConfig *config, const Parts *parts, GError **error)
{
	const GPtrArray *texts = parts->texts;
	if (all_equal(texts))
		return g_strdup(texts->pdata[0]);
	g_autoptr(GString) sum = g_string_new(NULL);
	for (guint i = 0; i < texts->len; i++) {
		const MergeSlice *slice = config->slices->pdata[i];
		if (!g_str_equal(texts->pdata[i], "base") &&
			!append_scoped(reader, slice, texts->pdata[i], sum, error))
			return NULL;
	}
	return g_string_free(g_steal_pointer(&sum), FALSE);
}

/* Takes λ out of the slices where it is one number for all of them, else into each. */
static double common_scale(const Parts *parts)
{
	char *end;
	double scale = g_ascii_strtod(parts->lambdas->pdata[0], &end);
	if (all_equal(parts->lambdas) && *end == '\0')
		return scale;
	for (guint i = 0; i < parts->texts->len; i++) {
		const char *lambda = parts->lambdas->pdata[i];
		char **text = (char **)&parts->texts->pdata[i];
		if (g_str_equal(lambda, "1"))
			continue;
		g_autofree char *alone = *text;
		*text = g_strdup_printf("%s*(%s)", lambda, alone);
	}
	return 1;
}

/* A text that an error can show. */
static char *shortened(const char *text)
{
	return strlen(text) <= SHOWN_MOST ? g_strdup(text)
					  : g_strdup_printf("%.*s...", SHOWN_MOST, text);
}

/* What is wrong with the edit is wrong with the recipe: the column is that of a text that nobody
 * has seen, so that it is shown. */
static Node *parse_text(
	const MergeReader *reader, const MergeConfig *config, const char *text, GError **error)
{
	const ExpressionDefaults defaults = {.dialect = DIALECT_MERGEKIT};
	g_autoptr(GError) reason = NULL;
	Node *edit = expression_parse_with(reader->collection, text, &defaults, &reason);
	g_autofree char *shown = shortened(text);
	if (!edit)
		mergekit_fail(reader, config->method_line, NULL, error,
			"%s cannot be done here: %s, in %s", config->method->name, reason->message,
			shown);
	return edit;
}

static Recipe *read_recipe(const MergeReader *reader, const MergeConfig *config, GError **error)
{
	g_auto(Parts) parts = {0};
	if (!read_slices(reader, config, &parts, error))
		return NULL;
	double scale = common_scale(&parts);
	g_autofree char *text = join_slices(reader, config, &parts, error);
	g_autoptr(Node) edit = text ? parse_text(reader, config, text, error) : NULL;
	if (!edit)
		return NULL;
	g_autofree char *canonical = expression_print(reader->collection, edit);
	Recipe *recipe = recipe_new(canonical, scale);
	g_free(recipe->dialect);
	recipe->dialect = g_strdup("mergekit");
	if (config->dtype) {
		g_free(recipe->dtype);
		recipe->dtype = g_strdup(config->dtype);
	}
	return recipe;
}

static int compare_notes(gconstpointer a, gconstpointer b)
{
	const MergekitNote *left = *(const MergekitNote *const *)a;
	const MergekitNote *right = *(const MergekitNote *const *)b;
	return (left->line > right->line) - (left->line < right->line);
}

Recipe *mergekit_parse(const Collection *collection, const char *file, const char *text,
	gsize length, const char *const *models, GPtrArray *notes, GError **error)
{
	g_autoptr(YamlNode) root = yaml_parse(file, text, length, error);
	if (!root)
		return NULL;
	g_autoptr(Depth) depth = depth_new(collection);
	guint told = models ? g_strv_length((char **)models) : 0;
	g_autofree guint8 *used = g_new0(guint8, told + 1);
	const MergeReader reader = {collection, file, models, used, depth, notes};
	g_autoptr(MergeConfig) config = merge_config_new(&reader, root, error);
	if (!config)
		return NULL;
	g_autoptr(Recipe) recipe = read_recipe(&reader, config, error);
	if (!recipe)
		return NULL;
	merge_add_notes(&reader, config);
	for (guint i = 0; i < told; i++)
		if (!used[i])
			mergekit_note(
				notes, 0, "--model %s: the recipe names no such model", models[i]);
	g_ptr_array_sort(notes, compare_notes);
	return g_steal_pointer(&recipe);
}

Recipe *mergekit_read(const Collection *collection, const char *path, const char *const *models,
	GPtrArray *notes, GError **error)
{
	gsize length;
	g_autofree char *text = file_read_text(path, YAML_BYTES_MOST, &length, error);
	if (!text)
		return NULL;
	return mergekit_parse(collection, path, text, length, models, notes, error);
}
