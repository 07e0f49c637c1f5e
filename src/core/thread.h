/* thread.h - threads that leave signals to the main thread. */
#ifndef TAUSCOPE_THREAD_H
#define TAUSCOPE_THREAD_H

#include <glib.h>

/* Starts a thread with every signal blocked but those a fault raises, whose handler must run in the
 * thread at fault.  NULL with *error set (ERROR_IO) where the system has no more threads. */
GThread *thread_start(const char *name, GThreadFunc run, gpointer data, GError **error);

#endif
