/* thread.h - threads that leave signals to the main thread. */
#ifndef TAUSCOPE_THREAD_H
#define TAUSCOPE_THREAD_H

#include <glib.h>

/* Starts a thread with every signal blocked but those a fault raises, whose handler must run in the
 * thread at fault.  NULL with *error set (ERROR_IO) where the system has no more threads. */
GThread *thread_start(const char *name, GThreadFunc run, gpointer data, GError **error);

/* Called by worker `number` of `count` at its start: where there is a worker for every processor,
 * each goes to one of its own, and is then free to move on.  Some schedulers keep new threads
 * beside their parent for a tenth of a second, which is the length of a whole short job. */
void thread_spread(guint number, guint count);

#endif
