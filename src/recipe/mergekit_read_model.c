/* mergekit_read_model.c - which member a model of a recipe is.
 *
 * A recipe names models by path or by their name on a hub, NAME/MODEL@REVISION+ADAPTER.  What
 * --model says counts first, then a path, then a last word that is a member's name or ends its
 * path. */
#include "recipe/mergekit_private.h"

#include <stdlib.h>
#include <string.h>

static char *last_word(const char *path)
{
	g_autofree char *word = g_path_get_basename(path);
	static const char *const endings[] = {
		".safetensors", ".gguf", ".pt", ".pth", ".bin", ".h5"};
	for (guint i = 0; i < G_N_ELEMENTS(endings); i++)
		if (g_str_has_suffix(word, endings[i]) && strlen(word) > strlen(endings[i]))
			return g_strndup(word, strlen(word) - strlen(endings[i]));
	return g_steal_pointer(&word);
}

static char *whole_path(const char *path)
{
	char *real = realpath(path, NULL);
	char *whole = real ? g_strdup(real) : g_canonicalize_filename(path, NULL);
	free(real);
	return whole;
}

typedef gboolean (*Fits)(const Member *member, const char *reference);

static gboolean fits_path(const Member *member, const char *reference)
{
	g_autofree char *named = whole_path(reference);
	g_autofree char *own = whole_path(member->checkpoint->path);
	return g_str_equal(named, own);
}

/* A checkpoint's file may be named by the folder that it lies in. */
static gboolean fits_folder(const Member *member, const char *reference)
{
	g_autofree char *named = whole_path(reference);
	g_autofree char *own = whole_path(member->checkpoint->path);
	g_autofree char *folder = g_path_get_dirname(own);
	return g_str_equal(named, folder);
}

static gboolean fits_name(const Member *member, const char *reference)
{
	g_autofree char *word = last_word(reference);
	return g_str_equal(word, member->name);
}

static gboolean fits_last_word(const Member *member, const char *reference)
{
	g_autofree char *word = last_word(reference);
	g_autofree char *own = last_word(member->checkpoint->path);
	return g_str_equal(word, own);
}

/* The only member that fits; -1 where none or several do. */
static gint only_member(const Collection *collection, const char *reference, Fits fits)
{
	gint found = -1;
	for (guint i = 0; i < collection_members(collection); i++) {
		if (!fits(collection_member(collection, i), reference))
			continue;
		if (found >= 0)
			return -1;
		found = (gint)i;
	}
	return found;
}

static gint guessed_member(const MergeReader *reader, const char *reference, guint line)
{
	static const Fits sure[] = {fits_path, fits_folder, fits_name};
	for (guint i = 0; i < G_N_ELEMENTS(sure); i++) {
		gint member = only_member(reader->collection, reference, sure[i]);
		if (member >= 0)
			return member;
	}
	gint member = only_member(reader->collection, reference, fits_last_word);
	if (member >= 0) {
		const Member *found = collection_member(reader->collection, (guint)member);
		mergekit_note(reader->notes, line,
			"%s is taken to be %s (%s), by the end of its path", reference, found->name,
			found->checkpoint->path);
	}
	return member;
}

/* What --model says of a reference; NULL where nothing. */
static const char *told_name(const MergeReader *reader, const char *reference)
{
	gsize length = strlen(reference);
	for (guint i = 0; reader->models && reader->models[i]; i++) {
		const char *told = reader->models[i];
		if (strncmp(told, reference, length) != 0 || told[length] != '=')
			continue;
		reader->used[i] = TRUE;
		return told + length + 1;
	}
	return NULL;
}

static char *member_names(const Collection *collection)
{
	g_autoptr(GString) names = g_string_new(NULL);
	for (guint i = 0; i < collection_members(collection); i++) {
		const Member *member = collection_member(collection, i);
		if (member->role != MEMBER_STEP)
			g_string_append_printf(names, "%s%s", names->len ? ", " : "", member->name);
	}
	return g_string_free(g_steal_pointer(&names), FALSE);
}

static gboolean fail_unknown(
	const MergeReader *reader, const char *reference, guint line, GError **error)
{
	g_autofree char *names = member_names(reader->collection);
	g_autofree char *remedy = g_strdup_printf(
		"say which it is with --model %s=NAME, of %s, or load it with tauscope load",
		reference, names);
	return mergekit_fail(reader, line, remedy, error,
		"the store has no model %s: none has its path or name, or several have", reference);
}

static gboolean find_told(
	const MergeReader *reader, const char *name, guint line, guint *member, GError **error)
{
	g_autofree char *names = member_names(reader->collection);
	gint found = collection_find(reader->collection, name);
	*member = (guint)found;
	return found >= 0 || mergekit_fail(reader, line, names, error,
				     "--model names %s, and the store has no such member", name);
}

/* PATH[@REVISION] by itself. */
static gboolean find_path(
	const MergeReader *reader, const char *reference, guint line, guint *member, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(reference, "@", 2);
	if (!parts[0] || !*parts[0])
		return mergekit_fail(reader, line, "write its path or its name on a hub", error,
			"the name of a model is empty");
	gint found = guessed_member(reader, parts[0], line);
	*member = (guint)found;
	if (found < 0)
		return fail_unknown(reader, reference, line, error);
	if (parts[1])
		mergekit_note(reader->notes, line,
			"whether %s is revision %s is not known: what was loaded is taken",
			parts[0], parts[1]);
	return TRUE;
}

/* MODEL+ADAPTER: a member that is this adapter on the base. */
static gboolean find_adapted(
	const MergeReader *reader, char *const *parts, guint line, guint *member, GError **error)
{
	guint model;
	const char *told = told_name(reader, parts[0]);
	if (told ? !find_told(reader, told, line, &model, error)
		 : !find_path(reader, parts[0], line, &model, error))
		return FALSE;
	if (model != 0)
		return mergekit_fail(reader, line, "load it merged, and say so with --model", error,
			"an adapter on %s, which is not the base of the store", parts[0]);
	return find_path(reader, parts[1], line, member, error);
}

static gboolean find_text(
	const MergeReader *reader, const char *reference, guint line, guint *member, GError **error)
{
	const char *told = told_name(reader, reference);
	if (told)
		return find_told(reader, told, line, member, error);
	/* A path may hold what parts an adapter or a revision from it. */
	gint whole = only_member(reader->collection, reference, fits_path);
	if (whole >= 0) {
		*member = (guint)whole;
		return TRUE;
	}
	g_auto(GStrv) parts = g_strsplit(reference, "+", 2);
	return parts[0] && parts[1] ? find_adapted(reader, parts, line, member, error)
				    : find_path(reader, reference, line, member, error);
}

/* PATH[@REVISION] of a text, or of {path, revision}; NULL where it is neither. */
static char *path_text(const YamlNode *node)
{
	if (node->kind == YAML_TEXT)
		return g_strdup(node->text);
	const YamlNode *path = node->kind == YAML_MAP ? yaml_get(node, "path") : NULL;
	const YamlNode *revision = path ? yaml_get(node, "revision") : NULL;
	if (!path || path->kind != YAML_TEXT || (revision && revision->kind != YAML_TEXT))
		return NULL;
	return g_strconcat(path->text, revision ? "@" : NULL, revision ? revision->text : "", NULL);
}

/* The text of a reference that is written as {model, lora}. */
static char *reference_text(const YamlNode *node)
{
	const YamlNode *model = node->kind == YAML_MAP ? yaml_get(node, "model") : NULL;
	if (!model)
		return node->kind == YAML_TEXT ? g_strdup(node->text) : NULL;
	const YamlNode *lora = yaml_get(node, "lora");
	g_autofree char *path = path_text(model);
	g_autofree char *adapter = lora ? path_text(lora) : NULL;
	if (!path || (lora && !adapter))
		return NULL;
	return g_strconcat(path, adapter ? "+" : NULL, adapter, NULL);
}

gboolean model_find(
	const MergeReader *reader, const YamlNode *reference, guint *member, GError **error)
{
	g_autofree char *text = reference_text(reference);
	if (!text)
		return mergekit_fail_node(reader, reference, "write its path or its name on a hub",
			error, "this names no model");
	return find_text(reader, text, reference->line, member, error);
}
