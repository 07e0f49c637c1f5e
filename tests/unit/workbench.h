/* workbench.h - the workbench without a terminal, for the tests of its keys. */
#ifndef TAUSCOPE_TEST_WORKBENCH_H
#define TAUSCOPE_TEST_WORKBENCH_H

#include "app.h"

#include "frame.h"
#include "test.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
	Ui *ui;
	Canvas *canvas;
	char *folder;
} Bench;

static inline void settle(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static inline void wait_for_jobs(const Session *session)
{
	gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	while (session_running(session) > 0) {
		g_assert_cmpint(g_get_monotonic_time(), <, end);
		g_main_context_iteration(NULL, TRUE);
	}
	settle();
}

/* A workbench of 100 columns in a scratch folder, which becomes the current one.  What is loaded
 * there, if not NULL, is there before the first frame. */
static inline Bench bench_open(void (*load)(Session *session), int rows)
{
	g_autoptr(GError) error = NULL;
	Bench bench = {.folder = test_folder()};
	g_assert_cmpint(g_chdir(bench.folder), ==, 0);
	Session *session = session_open("store.h5", 1, &error);
	test_no_error(error);
	if (load)
		load(session);
	bench.ui = app_new(session, TRUE);
	bench.canvas = canvas_new(100, rows, FALSE);
	app_draw(bench.ui, bench.canvas);
	return bench;
}

static inline void bench_free(Bench *bench)
{
	wait_for_jobs(bench->ui->session);
	app_free(bench->ui);
	canvas_free(bench->canvas);
	g_assert_cmpint(g_chdir("/"), ==, 0);
	test_folder_remove(bench->folder);
}

static inline void press(Bench *bench, const char *keys)
{
	g_auto(GStrv) list = g_strsplit(keys, " ", -1);
	for (guint i = 0; list[i]; i++) {
		app_key(bench->ui, list[i]);
		app_draw(bench->ui, bench->canvas);
	}
}

static inline void type(Bench *bench, const char *text)
{
	for (const char *at = text; *at; at = g_utf8_next_char(at)) {
		g_autofree char *key = g_strndup(at, (gsize)(g_utf8_next_char(at) - at));
		app_key(bench->ui, key);
	}
	app_draw(bench->ui, bench->canvas);
}

static inline gboolean shows(const Bench *bench, const char *text)
{
	g_autofree char *screen = canvas_to_text(bench->canvas);
	if (strstr(screen, text))
		return TRUE;
	g_test_message("the screen has no \"%s\":\n%s", text, screen);
	return FALSE;
}

#endif
