/* test_compose_slow.c - the Compose screen where a preview takes its time: it is measured, or made
 * off the main thread, and the keys go on. */
#include "composing.h"

#include <math.h>

/* More elements than a sample holds: the values are those of a fixed sequence. */
static void write_large(const char *path, guint seed)
{
	enum { ELEMENTS = 400000 };
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	g_autofree double *values = g_new(double, ELEMENTS);
	for (guint i = 0; i < ELEMENTS; i++)
		values[i] = g_rand_double_range(rand, -1, 1);
	TestTensor tensor = {"w", DTYPE_F32, 1, {ELEMENTS}, values};
	test_write_safetensors(path, &tensor, 1);
}

static void load_large(Session *session)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LoadRequest) request = load_request_new();
	write_large("base.safetensors", 1);
	write_large("left.safetensors", 2);
	write_large("right.safetensors", 3);
	request->base = g_strdup("base.safetensors");
	load_request_add(request, "left", "left.safetensors", FALSE);
	load_request_add(request, "right", "right.safetensors", FALSE);
	session_load(session, request, &error);
	test_no_error(error);
	wait_for_jobs(session);
}

/* An estimate says so, and how far it may be off; measured it is exact. */
static void test_measure(void)
{
	Bench bench = bench_on(load_large, "magmax(left, right)");
	g_assert_true(shows(&bench, "estimated ±"));
	g_assert_true(shows(&bench, "r measures"));
	press(&bench, "r");
	g_assert_true(shows(&bench, "measuring in the background"));
	wait_for_jobs(bench.ui->session);
	app_draw(bench.ui, bench.canvas);
	g_assert_true(shows(&bench, "magmax(left, right) is measured"));
	g_assert_true(shows(&bench, "exact · over all elements"));
	press(&bench, "r");
	g_assert_true(shows(&bench, "measure: the preview is exact"));
	press(&bench, "l");
	g_assert_true(shows(&bench, "estimated ±"));
	bench_free(&bench);
}

/* Until nothing is to be made any more, with a frame wherever one is asked for. */
static void wait_for_rest(Bench *bench)
{
	const ComposeView *view = ui_view_state(bench->ui);
	gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	while (view->resting || view->behind || view->ask.of) {
		g_assert_cmpint(g_get_monotonic_time(), <, end);
		app_draw(bench->ui, bench->canvas);
		g_main_context_iteration(NULL, TRUE);
	}
	app_draw(bench->ui, bench->canvas);
}

/* While keys come, what takes long is left out; it follows by itself. */
static void test_rest(void)
{
	Bench bench = bench_new("mnist + greek");
	bench.ui->frozen = FALSE;
	press(&bench, "l l");
	g_assert_true(shows(&bench, "exact · from Gram tables"));
	g_assert_false(shows(&bench, "of the signs are in conflict"));
	wait_for_rest(&bench);
	g_assert_true(shows(&bench, "of the signs are in conflict"));
	press(&bench, "h");
	bench_free(&bench);
}

static void ignore(gpointer data, Preview *preview, const GError *error)
{
	(void)data;
	test_no_error(error);
	preview_free(preview);
}

/* Gives the thread that makes previews work for some seconds. */
static void keep_busy(Session *session)
{
	for (guint i = 0; i < 2000; i++) {
		g_autoptr(Composition) other = composition_new();
		g_autofree char *body = g_strdup_printf("magmax(%u*left, right)", i + 2);
		composition_add(other, 1, body, NULL);
		session_ask_preview(session, other, GROUP_LAYER, FALSE, ignore, session);
	}
}

/* Where a preview takes longer than a frame may, the last one stays for a while, and is called so.
 */
static void test_stale(void)
{
	Bench bench = bench_on(load_large, "magmax(left, right)");
	Session *session = bench.ui->session;
	bench.ui->frozen = FALSE;
	press(&bench, "l");
	wait_for_rest(&bench);
	g_assert_true(shows(&bench, "estimated ±"));
	keep_busy(session);
	press(&bench, "l");
	g_assert_true(shows(&bench, "PREVIEW  stale"));
	press(&bench, "Y");
	g_assert_true(shows(&bench, "there is no table to copy yet"));
	press(&bench, "l");
	session_drop_asked(session, session);
	wait_for_rest(&bench);
	const ComposeView *view = ui_view_state(bench.ui);
	g_assert_true(composition_equal(view->shown, session_composition(session)));
	g_assert_true(isfinite(view->preview->whole->moves[0]));
	g_assert_true(shows(&bench, "estimated ±"));
	press(&bench, "Y");
	g_assert_false(shows(&bench, "there is no table"));
	bench_free(&bench);
}

/* The reference and the curve come off the main thread too, where they are estimated. */
static void test_estimated_beside(void)
{
	Bench bench = bench_on(load_large, "0.3*left + magmax(left, right)");
	bench.ui->frozen = FALSE;
	press(&bench, "b j k l");
	wait_for_rest(&bench);
	g_assert_true(shows(&bench, "CHANGE since the reference"));
	g_assert_true(shows(&bench, "estimated"));
	gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	while (!shows(&bench, "cos ●")) {
		g_assert_cmpint(g_get_monotonic_time(), <, end);
		g_main_context_iteration(NULL, TRUE);
		app_draw(bench.ui, bench.canvas);
	}
	bench_free(&bench);
}

/* Keys that come at once make no preview each: there is one, of the last, with the next frame. */
static void test_many_keys(void)
{
	Bench bench = bench_new("0.1*mnist + 0.2*ties(mnist, greek)");
	const ComposeView *view = ui_view_state(bench.ui);
	g_autoptr(Composition) before = composition_copy(view->shown);
	const Preview *preview = view->preview;
	bench.ui->frozen = FALSE;
	for (guint i = 0; i < 500; i++) {
		app_key(bench.ui, i % 7 ? "l" : "j");
		app_key(bench.ui, i % 5 ? "h" : "k");
	}
	g_assert_false(composition_equal(before, session_composition(bench.ui->session)));
	g_assert_true(view->preview == preview);
	g_assert_true(composition_equal(view->shown, before));
	g_assert_false(session_asked(bench.ui->session, &view->ask));
	wait_for_rest(&bench);
	g_assert_true(composition_equal(view->shown, session_composition(bench.ui->session)));
	bench_free(&bench);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/compose/measure", test_measure);
	g_test_add_func("/compose/rest", test_rest);
	g_test_add_func("/compose/stale", test_stale);
	g_test_add_func("/compose/estimated-beside", test_estimated_beside);
	g_test_add_func("/compose/many-keys", test_many_keys);
	return g_test_run();
}
