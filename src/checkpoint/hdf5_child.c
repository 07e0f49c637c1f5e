/* hdf5_child.c - see hdf5_child.h.
 *
 * A hang is told by the processor time that has gone by since the child last got on, so that a slow
 * disk or a busy machine is no hang.  What waits without end is ended by the clock. */
#include "checkpoint/hdf5_child.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define STUCK_MS 600
#define PROCESSOR_SECONDS 10
#define CLOCK_SECONDS 30
#define MEMORY_LEFT (512u << 20)
/* A reply is no longer than what it tells of, but for a little. */
#define REPLY_LEAST (1u << 20)
#define REPLY_MOST (64u << 20)

/* Ends the process by SIGPROF unless it is called again in time. */
static void stay_alive(void)
{
	struct itimerval timer = {.it_value.tv_usec = STUCK_MS * 1000};
	setitimer(ITIMER_PROF, &timer, NULL);
}

static void limit(enum __rlimit_resource what, rlim_t most)
{
	setrlimit(what, &(struct rlimit){most, most});
}

/* The least limit of 1 GiB or twice, four times as much that leaves room: what the parent has
 * mapped counts too, and with a sanitizer that is terabytes. */
static void limit_memory(void)
{
	struct rlimit space;

	if (getrlimit(RLIMIT_AS, &space) != 0)
		return;
	for (rlim_t most = 1u << 30; most < MIN(space.rlim_max, RLIM_INFINITY / 2); most *= 2) {
		space.rlim_cur = most;
		setrlimit(RLIMIT_AS, &space);
		void *room = mmap(NULL, MEMORY_LEFT, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (room == MAP_FAILED)
			continue;
		munmap(room, MEMORY_LEFT);
		limit(RLIMIT_AS, most);
		return;
	}
}

/* The terminal's signals are for the parent, which decides; all others end the child. */
static void take_no_signals(void)
{
	static const int ignored[] = {SIGINT, SIGQUIT, SIGHUP, SIGTSTP};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	for (guint i = 0; i < G_N_ELEMENTS(ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_range_of(int first, int last)
{
	if (first <= last)
		close_range((unsigned)first, (unsigned)last, 0);
}

/* Closes all but two, standard error too: the library and libc may say there what they like. */
static void keep_only(int a, int b)
{
	int low = MIN(a, b), high = MAX(a, b);
	close_range_of(0, low - 1);
	close_range_of(low + 1, high - 1);
	close_range_of(high + 1, G_MAXINT);
}

G_NORETURN static void run_child(Hdf5Work work, const Hdf5Image *image, int pipe_end)
{
	take_no_signals();
	keep_only(pipe_end, image->memory != NULL ? pipe_end : image->fd);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, PROCESSOR_SECONDS);
	limit_memory();
	alarm(CLOCK_SECONDS);
	stay_alive();
	work(image, pipe_end, stay_alive);
	_exit(0);
}

/* Signals wait meanwhile: none may find the child with the parent's handlers, which would put the
 * parent's terminal and files in order. */
static pid_t start_child(Hdf5Work work, const Hdf5Image *image, const int ends[2])
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t child = fork();
	int reason = errno;
	if (child == 0)
		run_child(work, image, ends[1]);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	errno = reason;
	return child;
}

static gboolean wait_for_more(int fd, gint64 until)
{
	for (;;) {
		gint64 left = (until - g_get_monotonic_time()) / 1000;
		struct pollfd wanted = {.fd = fd, .events = POLLIN};
		int ready = left <= 0 ? 0 : poll(&wanted, 1, (int)left);
		if (ready >= 0 || errno != EINTR)
			return ready > 0;
	}
}

static gboolean take_reply(int fd, gsize most, const char *path, GByteArray *reply, GError **error)
{
	gint64 until = g_get_monotonic_time() + CLOCK_SECONDS * G_USEC_PER_SEC;
	guint8 block[65536];

	while (wait_for_more(fd, until)) {
		ssize_t n = read(fd, block, sizeof block);
		if (n == 0)
			return TRUE;
		if (n < 0 && errno != EINTR)
			return fail_system(error, path, "cannot be told of by a child", errno);
		if (n > 0 && reply->len + (gsize)n > most)
			return fail_at(error, ERROR_INPUT, (Place){.file = path},
				"what libhdf5 says of it is longer than its size explains");
		if (n > 0)
			g_byte_array_append(reply, block, (guint)n);
	}
	return fail_at(error, ERROR_INPUT, (Place){.file = path},
		"libhdf5 could not say what is in it in %d seconds", CLOCK_SECONDS);
}

/* Kills, since it need not end by itself.  One that has closed its end of the pipe has ended
 * already, and keeps its status.  0 where someone else has taken that. */
static int reap(pid_t child)
{
	int status = 0;
	kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return status;
}

static gboolean judge(int status, const char *path, GError **error)
{
	Place place = {.file = path, .remedy = "the file is damaged, or made to do harm"};

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return TRUE;
	if (WIFEXITED(status))
		return fail_at(error, ERROR_INPUT, place, "libhdf5 failed on it (status %d)",
			WEXITSTATUS(status));
	int number = WTERMSIG(status);
	if (number == SIGPROF || number == SIGXCPU || number == SIGALRM)
		return fail_at(error, ERROR_INPUT, place, "libhdf5 hangs on it");
	return fail_at(error, ERROR_INPUT, place, "libhdf5 crashed on it (signal %d)", number);
}

GByteArray *hdf5_child_ask(Hdf5Work work, const Hdf5Image *image, const char *path, GError **error)
{
	g_autoptr(GByteArray) reply = g_byte_array_new();
	gsize most = REPLY_LEAST + (gsize)MIN(image->length, (REPLY_MOST - REPLY_LEAST) / 4) * 4;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0) {
		fail_system(error, path, "cannot be told of by a child", errno);
		return NULL;
	}
	pid_t child = start_child(work, image, ends);
	if (child < 0) {
		fail_system(error, path, "cannot be looked at in a child", errno);
		close(ends[0]);
		return NULL;
	}
	gboolean complete = take_reply(ends[0], most, path, reply, error);
	close(ends[0]);
	int status = reap(child);
	return complete && judge(status, path, error) ? g_steal_pointer(&reply) : NULL;
}
