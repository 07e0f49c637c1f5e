/* actions.c - the table of actions, looked up by key and by name; a user's own keys on top. */
#include "actions.h"

#include "core/error.h"
#include "core/file.h"

#include <string.h>

enum { KEY_FILE_MOST = 1 << 20 };

static const Action actions[ACTION_COUNT] = {
#define ACTION_ROW(id, screen, name, keys, help)                                                   \
	[ACTION_##id] = {ACTION_##id, SCREEN_##screen, name, keys, help},
	ACTIONS(ACTION_ROW)
#undef ACTION_ROW
};

static const char *const screen_names[SCREEN_COUNT + 1] = {
	"Checkpoints", "Similarity", "Layers", "Trajectory", "Compose", "Jobs", "everywhere"};

struct Keymap {
	GHashTable *bound[SCREEN_COUNT + 1]; /* of each screen: key → ActionId, over the table's */
};

const Action *action_get(ActionId id)
{
	return &actions[id];
}

/* Whether a blank-separated list of keys holds a key. */
static gboolean has_key(const char *keys, const char *key)
{
	gsize length = strlen(key);
	for (const char *at = strstr(keys, key); at; at = strstr(at + 1, key)) {
		gboolean begins = at == keys || at[-1] == ' ';
		if (begins && (at[length] == ' ' || at[length] == '\0'))
			return TRUE;
	}
	return FALSE;
}

static ActionId find_on(ScreenId screen, const char *key)
{
	for (guint id = 1; id < ACTION_COUNT; id++)
		if (actions[id].screen == screen && has_key(actions[id].keys, key))
			return (ActionId)id;
	return ACTION_NONE;
}

ActionId action_find(ScreenId screen, const char *key)
{
	if (!*key || strchr(key, ' '))
		return ACTION_NONE;
	ActionId id = find_on(screen, key);
	return id || screen == SCREEN_EVERYWHERE ? id : find_on(SCREEN_EVERYWHERE, key);
}

/* A key as it is shown: without the angle brackets of its name. */
static const char *shown_key(const char *key)
{
	gsize length = strlen(key);
	if (length < 3 || key[0] != '<' || key[length - 1] != '>')
		return g_intern_string(key);
	g_autofree char *name = g_strndup(key + 1, length - 2);
	return g_intern_string(name);
}

const char *action_key(ActionId id)
{
	const char *keys = id ? actions[id].keys : "";
	g_autofree char *first = g_strndup(keys, strcspn(keys, " "));
	return shown_key(first);
}

ActionId action_named(ScreenId screen, const char *name)
{
	ActionId everywhere = ACTION_NONE;
	for (guint id = 1; id < ACTION_COUNT; id++) {
		if (!g_str_equal(actions[id].name, name))
			continue;
		if (actions[id].screen == screen)
			return (ActionId)id;
		if (actions[id].screen == SCREEN_EVERYWHERE)
			everywhere = (ActionId)id;
	}
	return everywhere;
}

const char *screen_name(ScreenId screen)
{
	return screen_names[screen];
}

static gboolean append_shown(gpointer data, const char *key)
{
	GString *out = data;
	g_string_append_printf(out, "%s%s", out->len ? " " : "", shown_key(key));
	return TRUE;
}

static void append_screen(GString *out, ScreenId screen)
{
	g_string_append_printf(out, "%s%s\n", out->len ? "\n" : "", screen_name(screen));
	for (guint id = 1; id < ACTION_COUNT; id++) {
		if (actions[id].screen != screen)
			continue;
		g_autoptr(GString) keys = g_string_new(NULL);
		keys_foreach(actions[id].keys, append_shown, keys);
		g_string_append_printf(
			out, "  %-14s %-18s %s\n", keys->str, actions[id].name, actions[id].help);
	}
}

char *actions_text(void)
{
	GString *out = g_string_new(NULL);
	append_screen(out, SCREEN_EVERYWHERE);
	for (guint screen = 0; screen < SCREEN_COUNT; screen++)
		append_screen(out, (ScreenId)screen);
	return g_string_free(out, FALSE);
}

void keys_foreach(const char *keys, gboolean (*each)(gpointer data, const char *key), gpointer data)
{
	g_auto(GStrv) list = g_strsplit(keys, " ", -1);
	for (guint i = 0; list[i]; i++)
		if (*list[i] && !each(data, list[i]))
			return;
}

Keymap *keymap_new(void)
{
	Keymap *keymap = g_new0(Keymap, 1);
	for (guint i = 0; i <= SCREEN_COUNT; i++)
		keymap->bound[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return keymap;
}

void keymap_free(Keymap *keymap)
{
	if (!keymap)
		return;
	for (guint i = 0; i <= SCREEN_COUNT; i++)
		g_hash_table_unref(keymap->bound[i]);
	g_free(keymap);
}

static gboolean find_screen(const char *name, ScreenId *screen)
{
	for (guint i = 0; i <= SCREEN_COUNT; i++) {
		if (g_ascii_strcasecmp(name, screen_names[i]) == 0) {
			*screen = (ScreenId)i;
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean is_key(const char *key)
{
	gsize length = strlen(key);
	if (!g_utf8_validate(key, -1, NULL))
		return FALSE;
	return g_utf8_strlen(key, -1) == 1 || (key[0] == '<' && key[length - 1] == '>');
}

static gboolean bind_words(Keymap *keymap, char **words, GError **error)
{
	ScreenId screen;
	if (g_strv_length(words) != 4 || !g_str_equal(words[0], "bind"))
		return fail(error, ERROR_USAGE, "expected `bind SCREEN KEY ACTION`");
	if (!find_screen(words[1], &screen))
		return fail(error, ERROR_USAGE, "no screen is called %s", words[1]);
	if (!is_key(words[2]))
		return fail(error, ERROR_USAGE,
			"%s is no key: write one character, or a name such as <C-x>", words[2]);
	ActionId id = action_named(screen, words[3]);
	if (!id && !g_str_equal(words[3], "none"))
		return fail(error, ERROR_USAGE, "%s has no action called %s", screen_name(screen),
			words[3]);
	g_hash_table_insert(keymap->bound[screen], g_strdup(words[2]), GUINT_TO_POINTER(id));
	return TRUE;
}

/* The words of a line, without the empty ones that runs of blanks make. */
static char **split_words(char *line)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) parts = g_strsplit_set(line, " \t\r", -1);
	for (guint i = 0; parts[i]; i++)
		if (*parts[i])
			g_strv_builder_add(builder, parts[i]);
	return g_strv_builder_end(builder);
}

static gboolean read_line(
	Keymap *keymap, const char *path, guint number, char *line, GError **error)
{
	g_autoptr(GError) reason = NULL;
	g_auto(GStrv) words = split_words(line);
	if (!words[0] || words[0][0] == '#' || bind_words(keymap, words, &reason))
		return TRUE;
	return fail_at(
		error, ERROR_USAGE, (Place){.file = path}, "line %u: %s", number, reason->message);
}

gboolean keymap_read(Keymap *keymap, const char *path, GError **error)
{
	g_autofree char *text = file_read_text(path, KEY_FILE_MOST, NULL, error);
	if (!text)
		return FALSE;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++)
		if (!read_line(keymap, path, i + 1, lines[i], error))
			return FALSE;
	return TRUE;
}

ActionId keymap_find(const Keymap *keymap, ScreenId screen, const char *key)
{
	const ScreenId order[2] = {screen, SCREEN_EVERYWHERE};
	for (guint i = 0; i < 2; i++) {
		gpointer bound = NULL;
		if (g_hash_table_lookup_extended(keymap->bound[order[i]], key, NULL, &bound))
			return (ActionId)GPOINTER_TO_UINT(bound);
		ActionId id = *key && !strchr(key, ' ') ? find_on(order[i], key) : ACTION_NONE;
		if (id)
			return id;
	}
	return ACTION_NONE;
}

typedef struct {
	const Keymap *keymap;
	ActionId id;
	const char *found;
} KeySearch;

/* Stops at the first key of the table that the user has not given another meaning. */
static gboolean key_still_means(gpointer data, const char *key)
{
	KeySearch *search = data;
	ScreenId screen = action_get(search->id)->screen;
	if (keymap_find(search->keymap, screen, key) == search->id)
		search->found = shown_key(key);
	return search->found == NULL;
}

const char *keymap_key(const Keymap *keymap, ActionId id)
{
	GHashTableIter bindings;
	gpointer key, bound;
	const char *best = NULL;
	g_hash_table_iter_init(&bindings, keymap->bound[actions[id].screen]);
	while (g_hash_table_iter_next(&bindings, &key, &bound))
		if (GPOINTER_TO_UINT(bound) == id && (!best || strcmp(key, best) < 0))
			best = key;
	if (best)
		return shown_key(best);
	KeySearch search = {keymap, id, NULL};
	keys_foreach(actions[id].keys, key_still_means, &search);
	return search.found ? search.found : "";
}
