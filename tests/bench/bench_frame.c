/* bench_frame.c - how long a key takes to become a frame, at rest and while a job runs.
 *
 * Usage: bench_frame DEMO_STORE [BIG_STORE BASE TASK…].  Opens the demo's store, presses keys on
 * every screen, and draws a frame after each; then again while a pass over BASE and the tasks runs
 * in a second session of the same process.  Prints medians and maxima as JSON. */
#include "app.h"

#include "core/json.h"

#include <stdio.h>

#define ROUNDS 40

static const char *const KEYS[] = {
	"2", "j", "l", "o", "3", "j", "m", "4", "l", "m", "5", "l", "h", "j", "1", "j", "6"};

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double key_to_frame(Ui *ui, Canvas *canvas, const char *key)
{
	gint64 start = g_get_monotonic_time();
	app_key(ui, key);
	app_draw(ui, canvas);
	return (double)(g_get_monotonic_time() - start) / 1000;
}

static void report(const char *name, GArray *milliseconds)
{
	g_array_sort(milliseconds, compare_doubles);
	double median = g_array_index(milliseconds, double, milliseconds->len / 2);
	double most = g_array_index(milliseconds, double, milliseconds->len - 1);
	g_print("{\"frame\": \"%s\", \"frames\": %u, \"median_ms\": %.3f, \"most_ms\": %.3f}\n",
		name, milliseconds->len, median, most);
}

static void press_all(Ui *ui, Canvas *canvas, GArray *milliseconds)
{
	for (guint i = 0; i < G_N_ELEMENTS(KEYS); i++) {
		double spent = key_to_frame(ui, canvas, KEYS[i]);
		g_array_append_val(milliseconds, spent);
		g_main_context_iteration(NULL, FALSE);
	}
}

static void at_rest(Ui *ui, Canvas *canvas)
{
	g_autoptr(GArray) milliseconds = g_array_new(FALSE, FALSE, sizeof(double));
	for (guint round = 0; round < ROUNDS; round++)
		press_all(ui, canvas, milliseconds);
	report("at rest", milliseconds);
}

static gboolean while_loading(Ui *ui, Canvas *canvas, int argc, char **argv, GError **error)
{
	g_autoptr(Session) big = session_open(argv[0], 0, error);
	if (!big)
		return FALSE;
	g_autoptr(LoadRequest) request = load_request_new();
	request->base = g_strdup(argv[1]);
	request->weights = WEIGHTS_LINK;
	for (int i = 2; i < argc; i++) {
		g_autofree char *name = g_strdup_printf("task%d", i - 1);
		load_request_add(request, name, argv[i], FALSE);
	}
	if (!session_load(big, request, error))
		return FALSE;
	g_autoptr(GArray) milliseconds = g_array_new(FALSE, FALSE, sizeof(double));
	while (session_running(big)) {
		press_all(ui, canvas, milliseconds);
		g_usleep(2000);
	}
	report("while a job runs", milliseconds);
	return TRUE;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	if (argc < 2) {
		g_printerr("usage: bench_frame DEMO_STORE [BIG_STORE BASE TASK...]\n");
		return 2;
	}
	Session *session = session_open(argv[1], 0, &error);
	if (!session) {
		g_printerr("%s\n", error->message);
		return 4;
	}
	Ui *ui = app_new(session, FALSE);
	g_autoptr(Canvas) canvas = canvas_new(160, 50, FALSE);
	at_rest(ui, canvas);
	gboolean done = argc < 5 || while_loading(ui, canvas, argc - 2, argv + 2, &error);
	app_free(ui);
	if (!done)
		g_printerr("%s\n", error->message);
	return done ? 0 : 4;
}
