/* bench_open.c - how long a store takes to open, and then the first frame: bench_open STORE
 *
 * Once, as a program that has just started does it.  Prints both as JSON, in milliseconds from the
 * beginning of the opening. */
#include "app.h"

#include <stdio.h>
#include <stdlib.h>

static double milliseconds(gint64 begin)
{
	return (double)(g_get_monotonic_time() - begin) / 1000;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	if (argc != 2) {
		fputs("usage: bench_open STORE\n", stderr);
		return EXIT_FAILURE;
	}
	gint64 begin = g_get_monotonic_time();
	Session *session = session_open(argv[1], 0, &error);
	if (!session) {
		fprintf(stderr, "%s\n", error->message);
		return EXIT_FAILURE;
	}
	double open = milliseconds(begin);
	Ui *ui = app_new(session, FALSE);
	g_autoptr(Canvas) canvas = canvas_new(160, 50, FALSE);
	app_draw(ui, canvas);
	printf("{\"open_ms\": %.3f, \"frame_ms\": %.3f}\n", open, milliseconds(begin));
	app_free(ui);
	return EXIT_SUCCESS;
}
