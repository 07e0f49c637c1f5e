/* thread.c - see thread.h. */
#include "core/thread.h"

#include "core/error.h"

#include <sched.h>
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

#ifdef CPU_SET
/* The number-th of the processors in a set, counted around. */
static guint nth_processor(const cpu_set_t *set, guint number)
{
	guint wanted = number % (guint)CPU_COUNT(set), processor = 0;
	while (!CPU_ISSET(processor, set) || wanted-- > 0)
		processor++;
	return processor;
}

void thread_spread(guint number, guint count)
{
	cpu_set_t allowed, one;
	if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 ||
		count < (guint)CPU_COUNT(&allowed) || count < 2)
		return;
	CPU_ZERO(&one);
	CPU_SET(nth_processor(&allowed, number), &one);
	if (sched_setaffinity(0, sizeof one, &one) == 0)
		sched_setaffinity(0, sizeof allowed, &allowed);
}
#else
void thread_spread(G_GNUC_UNUSED guint number, G_GNUC_UNUSED guint count)
{
}
#endif
