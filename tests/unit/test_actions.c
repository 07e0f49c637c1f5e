/* test_actions.c - the table of actions keeps its promises; a user's keys go on top of it. */
#include "actions.h"

#include "test.h"

#include <string.h>

typedef struct {
	GHashTable *seen;
	ScreenId screen;
} KeyCheck;

/* A screen takes no key that means something everywhere. */
static gboolean check_key(gpointer data, const char *key)
{
	KeyCheck *check = data;
	gboolean named = key[0] == '<' && key[1] != '\0';
	g_assert_true(named ? g_str_has_suffix(key, ">") : g_utf8_strlen(key, -1) == 1);
	g_assert_true(g_hash_table_add(check->seen, g_strdup(key)));
	if (check->screen != SCREEN_EVERYWHERE)
		g_assert_cmpint(action_find(SCREEN_EVERYWHERE, key), ==, ACTION_NONE);
	return TRUE;
}

static void test_no_key_means_two_things(void)
{
	for (guint screen = 0; screen <= SCREEN_COUNT; screen++) {
		g_autoptr(GHashTable) seen =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		KeyCheck check = {seen, (ScreenId)screen};
		for (guint id = 1; id < ACTION_COUNT; id++)
			if (action_get((ActionId)id)->screen == screen)
				keys_foreach(action_get((ActionId)id)->keys, check_key, &check);
	}
}

static void test_every_action_is_described(void)
{
	for (guint id = 1; id < ACTION_COUNT; id++) {
		const Action *action = action_get((ActionId)id);
		g_assert_cmpint(action->id, ==, id);
		g_assert_cmpuint(strlen(action->help), >, 3);
		g_assert_cmpuint(strlen(action->help), <, 40);
		g_assert_cmpuint(strlen(action->name), <=, 16);
		g_assert_cmpint(action_named(action->screen, action->name), ==, id);
		g_assert_cmpuint(strlen(action_key((ActionId)id)), >, 0);
	}
}

static gboolean finds_its_action(gpointer data, const char *key)
{
	const Action *action = data;
	g_assert_cmpint(action_find(action->screen, key), ==, action->id);
	return TRUE;
}

static void test_every_key_is_found(void)
{
	for (guint id = 1; id < ACTION_COUNT; id++) {
		const Action *action = action_get((ActionId)id);
		keys_foreach(action->keys, finds_its_action, (gpointer)action);
	}
}

static void test_lookup(void)
{
	g_assert_cmpint(action_find(SCREEN_SIMILARITY, "m"), ==, ACTION_SIMILARITY_MEASURE);
	g_assert_cmpint(action_find(SCREEN_LAYERS, "m"), ==, ACTION_LAYERS_MEASURE);
	g_assert_cmpint(action_find(SCREEN_JOBS, "j"), ==, ACTION_DOWN);
	g_assert_cmpint(action_find(SCREEN_JOBS, "m"), ==, ACTION_NONE);
	g_assert_cmpint(action_find(SCREEN_JOBS, ""), ==, ACTION_NONE);
	g_assert_cmpint(action_find(SCREEN_JOBS, "j <Down>"), ==, ACTION_NONE);
	g_assert_cmpint(action_find(SCREEN_JOBS, "<Dow"), ==, ACTION_NONE);
	g_assert_cmpint(action_find(SCREEN_SIMILARITY, "<"), ==, ACTION_SIMILARITY_WIDER);
	g_assert_cmpstr(action_key(ACTION_OPEN), ==, "Enter");
	g_assert_cmpstr(action_key(ACTION_DOWN), ==, "j");
	g_assert_cmpstr(action_key(ACTION_REDO), ==, "C-r");
	g_assert_cmpstr(action_key(ACTION_SIMILARITY_WIDER), ==, "<");
	g_assert_cmpstr(action_key(ACTION_NONE), ==, "");
}

static void test_table_as_text(void)
{
	g_autofree char *text = actions_text();
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++)
		g_assert_cmpuint(strlen(lines[i]), <=, 80);
	for (guint id = 1; id < ACTION_COUNT; id++)
		g_assert_nonnull(strstr(text, action_get((ActionId)id)->help));
}

static gboolean read_keys(Keymap *keymap, const char *text, GError **error)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "keys", NULL);
	test_write(path, text, strlen(text));
	gboolean done = keymap_read(keymap, path, error);
	test_folder_remove(folder);
	return done;
}

static void test_user_keys(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Keymap) keymap = keymap_new();
	g_assert_cmpint(keymap_find(keymap, SCREEN_JOBS, "x"), ==, ACTION_JOBS_CANCEL);
	read_keys(keymap,
		"# mine\n\n  bind everywhere <C-x> quit\nbind similarity\tM\tmeasure\n"
		"bind Jobs x none\nbind everywhere j up\n",
		&error);
	g_assert_no_error(error);
	g_assert_cmpint(keymap_find(keymap, SCREEN_JOBS, "<C-x>"), ==, ACTION_QUIT);
	g_assert_cmpint(keymap_find(keymap, SCREEN_JOBS, "q"), ==, ACTION_QUIT);
	g_assert_cmpint(keymap_find(keymap, SCREEN_SIMILARITY, "M"), ==, ACTION_SIMILARITY_MEASURE);
	g_assert_cmpint(keymap_find(keymap, SCREEN_JOBS, "x"), ==, ACTION_NONE);
	g_assert_cmpint(keymap_find(keymap, SCREEN_JOBS, "j"), ==, ACTION_UP);
	g_assert_cmpstr(keymap_key(keymap, ACTION_QUIT), ==, "C-x");
	g_assert_cmpstr(keymap_key(keymap, ACTION_JOBS_CANCEL), ==, "");
	g_assert_cmpstr(keymap_key(keymap, ACTION_DOWN), ==, "Down");
}

static void test_bad_user_keys(void)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"bind everywhere x quit\nbind nowhere x quit",
			"line 2: no screen is called nowhere"},
		{"bind jobs x fly", "line 1: Jobs has no action called fly"},
		{"bind jobs x measure", "Jobs has no action called measure"},
		{"bind jobs xy quit", "xy is no key"},
		{"bind jobs x", "bind SCREEN KEY ACTION"},
		{"map jobs x quit", "bind SCREEN KEY ACTION"},
		{"bind jobs \xff quit", "is no key"},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Keymap) keymap = keymap_new();
		g_assert_false(read_keys(keymap, bad[i].text, &error));
		test_error(error, ERROR_USAGE, bad[i].says);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/actions/no-key-means-two-things", test_no_key_means_two_things);
	g_test_add_func("/actions/every-action-is-described", test_every_action_is_described);
	g_test_add_func("/actions/every-key-is-found", test_every_key_is_found);
	g_test_add_func("/actions/lookup", test_lookup);
	g_test_add_func("/actions/table-as-text", test_table_as_text);
	g_test_add_func("/actions/user-keys", test_user_keys);
	g_test_add_func("/actions/bad-user-keys", test_bad_user_keys);
	return g_test_run();
}
