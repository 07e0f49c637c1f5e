/* test_script.c - a script's errors name their line; what it does is seen in the golden screens. */
#include "script.h"

#include "test.h"

#include <glib/gstdio.h>
#include <string.h>

/* Runs a script on an empty store in a scratch folder. */
static gboolean run(const char *text, GError **error)
{
	char *folder = test_folder();
	g_assert_cmpint(g_chdir(folder), ==, 0);
	test_write("script.keys", text, strlen(text));
	g_autoptr(GError) reason = NULL;
	Session *session = session_open("store.h5", 1, &reason);
	g_assert_no_error(reason);
	Ui *ui = app_new(session, TRUE);
	gboolean done = script_run(ui, "script.keys", error);
	app_free(ui);
	g_assert_cmpint(g_chdir("/"), ==, 0);
	test_folder_remove(folder);
	return done;
}

static void test_good(void)
{
	static const char *const scripts[] = {"", "# nothing\n\n   # more\n",
		"size 80x24\nascii on\nascii off\nkeys 2 <Enter> <\nwait\ntype =é\n",
		"size 1x1\nkeys : jobs <Enter>\nsize 1000x1000\nsvg picture.svg"};
	for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_true(run(scripts[i], &error));
		g_assert_no_error(error);
	}
}

static void test_bad(void)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"size 80x24\n\nfly away", "line 3: no command is called fly"},
		{"size 80", "line 1: expected a size"},
		{"size 80x24x", "expected a size"},
		{"size 0x24", "expected a size"},
		{"size 99999x24", "expected a size"},
		{"ascii maybe", "expected on or off"},
		{"roles 4", "expected rows"},
		{"roles 4-2", "expected rows"},
		{"svg", "a picture needs the name of a file"},
		{"svg missing/picture.svg", "line 1"},
		{"type \xff", "a script is UTF-8 text"},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_false(run(bad[i].text, &error));
		g_assert_nonnull(error);
		g_assert_nonnull(strstr(error->message, bad[i].says));
		g_assert_nonnull(strstr(error->message, "script.keys"));
	}
}

static void test_missing(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *store = g_build_filename(g_get_tmp_dir(), "no-such-store.h5", NULL);
	Ui *ui = app_new(session_open(store, 1, NULL), TRUE);
	g_assert_false(script_run(ui, "no-such-script", &error));
	test_error(error, ERROR_IO, "no-such-script");
	app_free(ui);
}

int main(int argc, char **argv)
{
	char *home = test_folder();
	g_setenv("XDG_CONFIG_HOME", home, TRUE);
	g_setenv("XDG_STATE_HOME", home, TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/script/good", test_good);
	g_test_add_func("/script/bad", test_bad);
	g_test_add_func("/script/missing", test_missing);
	int status = g_test_run();
	test_folder_remove(home);
	return status;
}
