/* thread.c - see thread.h. */
#include "core/thread.h"

#include "core/error.h"

#include <signal.h>

static void block_signals(sigset_t *before)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
	sigset_t blocked;
	sigfillset(&blocked);
	for (guint i = 0; i < G_N_ELEMENTS(faults); i++)
		sigdelset(&blocked, faults[i]);
	pthread_sigmask(SIG_SETMASK, &blocked, before);
}

/* A thread inherits the mask of the one that starts it. */
GThread *thread_start(const char *name, GThreadFunc run, gpointer data, GError **error)
{
	g_autoptr(GError) reason = NULL;
	sigset_t before;
	block_signals(&before);
	GThread *thread = g_thread_try_new(name, run, data, &reason);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!thread)
		fail(error, ERROR_IO, "cannot start a thread: %s", reason->message);
	return thread;
}
