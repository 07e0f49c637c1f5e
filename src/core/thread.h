/* thread.h - threads that leave signals to the main thread. */
#ifndef TAUSCOPE_THREAD_H
#define TAUSCOPE_THREAD_H

#include <glib.h>
#include <signal.h>

/* Starts a thread with every signal blocked but those a fault raises, whose handler must run in the
 * thread at fault.  NULL with *error set (ERROR_IO) where the system has no more threads. */
GThread *thread_start(const char *name, GThreadFunc run, gpointer data, GError **error);

/* Lets all signals but those wait until thread_let_signals takes what was let through before.  For
 * a few system calls that belong together. */
void thread_hold_signals(sigset_t *before);
void thread_let_signals(const sigset_t *before);

#endif
