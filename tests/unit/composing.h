/* composing.h - the workbench on the Compose screen, for the tests of its keys. */
#ifndef TAUSCOPE_TEST_COMPOSING_H
#define TAUSCOPE_TEST_COMPOSING_H

#include "workbench.h"

#include "compose_view.h"

static inline void load_digits(Session *session)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LoadRequest) request = load_request_new();
	static const char *const names[] = {"mnist", "fashion", "optdigits", "greek"};
	request->base = test_source("data/digits/base");
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *relative =
			g_strdup_printf("data/digits/%s/model.safetensors", names[i]);
		g_autofree char *path = test_source(relative);
		load_request_add(request, names[i], path, FALSE);
	}
	session_load(session, request, &error);
	test_no_error(error);
	wait_for_jobs(session);
}

/* A workbench on the Compose screen, with an edit of what is loaded. */
static inline Bench bench_on(void (*load)(Session *session), const char *edit)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Composition) composition = composition_new();
	Bench bench = bench_open(load, 40);
	Session *session = bench.ui->session;
	composition_set_text(composition, session_collection(session), edit, &error);
	test_no_error(error);
	session_compose(session, composition, "edit", NULL);
	ui_go(bench.ui, SCREEN_COMPOSE);
	app_draw(bench.ui, bench.canvas);
	return bench;
}

static inline Bench bench_new(const char *edit)
{
	return bench_on(load_digits, edit);
}

static inline void assert_edit(const Bench *bench, const char *text)
{
	g_autofree char *found = composition_text(session_composition(bench->ui->session));
	g_assert_cmpstr(found, ==, text);
}

#endif
