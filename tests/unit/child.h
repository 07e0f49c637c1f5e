/* child.h - the program as a child process: what it said, how long it took, what memory it held. */
#ifndef TAUSCOPE_TEST_CHILD_H
#define TAUSCOPE_TEST_CHILD_H

#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Longer than anything takes, also where sanitizers slow it down. */
#define CHILD_SECONDS_MOST 60.0

typedef struct {
	int status;     /* of exit; -1 where it was killed by a signal */
	double seconds; /* of wall time */
	double busy;    /* seconds of processor time, of it and of processes that it waited for */
	glong kib;      /* the most that was resident, of it or of one of those */
	char *out, *error; /* what it wrote */
} Child;

static inline void child_clear(Child *child)
{
	g_clear_pointer(&child->out, g_free);
	g_clear_pointer(&child->error, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Child, child_clear)

static inline pid_t child_spawn(char **words, const char *out, const char *error)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addopen(&actions, 2, error, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	g_assert_cmpint(posix_spawn(&pid, words[0], &actions, NULL, words, environ), ==, 0);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static inline double child_busy(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / G_USEC_PER_SEC;
}

/* Waits for its end; one that never comes fails the test. */
static inline void child_wait(pid_t pid, Child *child)
{
	gint64 start = g_get_monotonic_time();
	struct rusage usage;
	int status;

	while (wait4(pid, &status, WNOHANG, &usage) == 0) {
		g_usleep(500);
		if ((double)(g_get_monotonic_time() - start) < CHILD_SECONDS_MOST * G_USEC_PER_SEC)
			continue;
		kill(pid, SIGKILL);
		g_error("the program did not end");
	}
	child->seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
	child->busy = child_busy(&usage.ru_utime) + child_busy(&usage.ru_stime);
	child->kib = usage.ru_maxrss;
	child->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Runs words[0], a path, with its outputs kept in files of a folder; child_clear the result. */
static inline Child child_run(const char *folder, char **words)
{
	g_autofree char *out = g_build_filename(folder, "child.out", NULL);
	g_autofree char *error = g_build_filename(folder, "child.err", NULL);
	Child child = {0};

	child_wait(child_spawn(words, out, error), &child);
	g_assert_true(g_file_get_contents(out, &child.out, NULL, NULL));
	g_assert_true(g_file_get_contents(error, &child.error, NULL, NULL));
	return child;
}

#endif
