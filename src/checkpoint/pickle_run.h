/* pickle_run.h - pickles in a row in a file, with other bytes between them. */
#ifndef TAUSCOPE_PICKLE_RUN_H
#define TAUSCOPE_PICKLE_RUN_H

#include "checkpoint/pickle.h"
#include "core/file.h"

/* Reads on from `at` and never reaches `end`, which lies in the file. */
typedef struct {
	const File *file; /* borrowed */
	guint64 at, end;
	guint8 *window; /* bytes of the file from window_at on */
	guint64 window_at;
	gsize window_length;
} PickleRun;

/* The pickle that begins at `at`, which moves behind it. */
Pickle *pickle_run_next(PickleRun *run, GError **error);
/* Moves behind bytes that must be there; reads a little-endian number and moves behind it. */
gboolean pickle_run_skip(PickleRun *run, guint64 length, GError **error);
gboolean pickle_run_number(PickleRun *run, gint64 *number, GError **error);
void pickle_run_clear(PickleRun *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PickleRun, pickle_run_clear)

#endif
