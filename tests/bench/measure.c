/* measure.c - runs commands, and tells how long they took and how much memory they had. */
#include "measure.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The end of a command, and the wish to end. */
static void watched_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGCHLD);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGPIPE);
	sigaddset(signals, SIGTERM);
}

void measure_begin(void)
{
	sigset_t signals;
	watched_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

static int remove_entry(const char *path, G_GNUC_UNUSED const struct stat *status,
	G_GNUC_UNUSED int kind, G_GNUC_UNUSED struct FTW *place)
{
	return remove(path) != 0 && errno != ENOENT ? errno : 0;
}

void measure_remove(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static char *read_back(int file)
{
	off_t length = MAX(lseek(file, 0, SEEK_END), 0);
	char *text = g_malloc0((gsize)length + 1);
	if (pread(file, text, (gsize)length, 0) != length)
		text[0] = '\0';
	return text;
}

/* Starts a command that writes to two files, with the signals that programs expect. */
static int start(const char *const *argv, int output, int errors, pid_t *child)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	int failure =
		posix_spawnp(child, argv[0], &files, &attributes, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return failure;
}

/* Waits for the command's end; FALSE where a signal asked to end it before. */
static gboolean await(pid_t child, int *status, struct rusage *usage)
{
	sigset_t signals;
	watched_signals(&signals);
	while (wait4(child, status, WNOHANG, usage) == 0) {
		int signal = sigwaitinfo(&signals, NULL);
		if (signal < 0 || signal == SIGCHLD)
			continue;
		kill(child, SIGTERM);
		wait4(child, status, 0, usage);
		return FALSE;
	}
	return TRUE;
}

static gboolean judge(const char *name, int status, int errors, GError **error)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return TRUE;
	g_autofree char *said = read_back(errors);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return fail(error, ERROR_IO, "%s ended with status %d: %s", name, code, g_strchomp(said));
}

static gboolean run(const Command *command, int output, int errors, Series *series, GError **error)
{
	pid_t child;
	int status = 0;
	struct rusage usage = {0};
	gint64 begin = g_get_monotonic_time();
	int failure = start(command->argv, output, errors, &child);
	if (failure)
		return fail(error, ERROR_IO, "%s: %s", command->argv[0], g_strerror(failure));
	if (!await(child, &status, &usage))
		return fail(error, ERROR_CANCELLED, "interrupted");
	series_append(series, (double)(g_get_monotonic_time() - begin) / 1e6);
	double peak = (double)usage.ru_maxrss / 1024;
	series->peak = isnan(series->peak) ? peak : MAX(series->peak, peak);
	g_free(series->output);
	series->output = command->heard ? read_back(output) : NULL;
	return judge(command->argv[0], status, errors, error);
}

gboolean measure_once(const Command *command, Series *series, GError **error)
{
	if (!series->seconds)
		series->peak = NAN;
	for (guint i = 0; i < MEASURE_REMOVED_MOST && command->removed[i]; i++)
		measure_remove(command->removed[i]);
	int output = command->heard ? memfd_create("stdout", MFD_CLOEXEC)
				    : open("/dev/null", O_WRONLY | O_CLOEXEC);
	int errors = memfd_create("stderr", MFD_CLOEXEC);
	gboolean done = output >= 0 && errors >= 0
				? run(command, output, errors, series, error)
				: fail(error, ERROR_IO, "no file in memory: %s", g_strerror(errno));
	if (output >= 0)
		close(output);
	if (errors >= 0)
		close(errors);
	return done;
}

gboolean measure_rounds(
	const Command *commands, guint n, guint rounds, Series *series, GError **error)
{
	for (guint round = 0; round < rounds; round++)
		for (guint i = 0; i < n; i++)
			if (!measure_once(&commands[i], &series[i], error))
				return FALSE;
	return TRUE;
}

void series_clear(Series *series)
{
	g_clear_pointer(&series->seconds, g_array_unref);
	g_clear_pointer(&series->output, g_free);
}

void series_append(Series *series, double seconds)
{
	if (!series->seconds)
		series->seconds = g_array_new(FALSE, FALSE, sizeof(double));
	g_array_append_val(series->seconds, seconds);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double series_median(const Series *series)
{
	if (!series->seconds || series->seconds->len == 0)
		return NAN;
	g_autoptr(GArray) sorted = g_array_copy(series->seconds);
	g_array_sort(sorted, compare_doubles);
	guint half = sorted->len / 2;
	double above = g_array_index(sorted, double, half);
	return sorted->len % 2 ? above : (g_array_index(sorted, double, half - 1) + above) / 2;
}

void series_add(Series *sum, const Series *other)
{
	for (guint i = 0; i < sum->seconds->len; i++)
		g_array_index(sum->seconds, double, i) += g_array_index(other->seconds, double, i);
}

void series_scale(Series *series, double factor)
{
	for (guint i = 0; i < series->seconds->len; i++)
		g_array_index(series->seconds, double, i) *= factor;
}

void comparison_clear(Comparison *comparison)
{
	for (guint i = 0; i < COMPARED_MOST; i++)
		series_clear(&comparison->series[i]);
}
