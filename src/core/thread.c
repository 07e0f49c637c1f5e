/* thread.c - see thread.h. */
#include "core/thread.h"

#include "core/error.h"

void thread_hold_signals(sigset_t *before)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
	sigset_t blocked;
	sigfillset(&blocked);
	for (guint i = 0; i < G_N_ELEMENTS(faults); i++)
		sigdelset(&blocked, faults[i]);
	pthread_sigmask(SIG_SETMASK, &blocked, before);
}

void thread_let_signals(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* A thread inherits the mask of the one that starts it. */
GThread *thread_start(const char *name, GThreadFunc run, gpointer data, GError **error)
{
	g_autoptr(GError) reason = NULL;
	sigset_t before;
	thread_hold_signals(&before);
	GThread *thread = g_thread_try_new(name, run, data, &reason);
	thread_let_signals(&before);
	if (!thread)
		fail(error, ERROR_IO, "cannot start a thread: %s", reason->message);
	return thread;
}
