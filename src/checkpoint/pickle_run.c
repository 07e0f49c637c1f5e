/* pickle_run.c - finds the ends of pickles that follow one another without saying how long they
 * are, by reading a window of the file that grows where a pickle does not end in it. */
#include "checkpoint/pickle_run.h"

#include "core/error.h"

#include <inttypes.h>
#include <string.h>

#define WINDOW_LEAST 4096u
#define WINDOW_GROWTH 16u

/* Reads a window of at least `length` bytes at the run's place, or as many as there are. */
static gboolean read_window(PickleRun *run, guint64 length, GError **error)
{
	gsize wanted = (gsize)MIN(length, run->end - run->at);
	guint8 *window = g_try_realloc(run->window, wanted + 1);
	if (window == NULL)
		return fail_at(error, ERROR_IO, (Place){.file = run->file->path},
			"no memory for %zu bytes of a pickle", wanted);
	run->window = window;
	run->window_at = run->at;
	run->window_length = wanted;
	return file_read(run->file, run->at, wanted, window, error);
}

/* How many bytes of the window lie behind the run's place. */
static gsize ahead(const PickleRun *run)
{
	guint64 window_end = run->window_at + run->window_length;
	if (run->at < run->window_at || run->at > window_end)
		return 0;
	return (gsize)(window_end - run->at);
}

/* The pickle, where the window holds it; else *cut_off says whether a larger one might. */
static Pickle *read_in_window(PickleRun *run, gboolean *cut_off, GError **error)
{
	gsize used = 0;
	Pickle *pickle = pickle_read(run->file->path, run->at,
		run->window + (run->at - run->window_at), ahead(run), &used, error);
	*cut_off = pickle == NULL && used > 0 && run->at + used < run->end;
	if (pickle != NULL)
		run->at += used;
	return pickle;
}

Pickle *pickle_run_next(PickleRun *run, GError **error)
{
	gsize window = MAX(ahead(run), WINDOW_LEAST);
	if (ahead(run) == 0 && !read_window(run, window, error))
		return NULL;
	for (;;) {
		g_autoptr(GError) reason = NULL;
		gboolean cut_off;
		Pickle *pickle = read_in_window(run, &cut_off, &reason);
		if (pickle != NULL)
			return pickle;
		if (!cut_off || window > PICKLE_BYTES_MOST) {
			g_propagate_error(error, g_steal_pointer(&reason));
			return NULL;
		}
		window = MIN(window * WINDOW_GROWTH, PICKLE_BYTES_MOST + 1);
		if (!read_window(run, window, error))
			return NULL;
	}
}

gboolean pickle_run_skip(PickleRun *run, guint64 length, GError **error)
{
	if (length > run->end - run->at)
		return fail_at(error, ERROR_INPUT,
			(Place){.file = run->file->path, .remedy = "download it again"},
			"byte %" PRIu64 ": %" PRIu64 " bytes are wanted, and only %" PRIu64
			" are there",
			run->at, length, run->end - run->at);
	run->at += length;
	return TRUE;
}

gboolean pickle_run_number(PickleRun *run, gint64 *number, GError **error)
{
	guint64 at = run->at;
	if (!pickle_run_skip(run, sizeof *number, error) ||
		!file_read(run->file, at, sizeof *number, number, error))
		return FALSE;
	*number = GINT64_FROM_LE(*number);
	return TRUE;
}

void pickle_run_clear(PickleRun *run)
{
	g_clear_pointer(&run->window, g_free);
}
