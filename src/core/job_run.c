/* job_run.c - a job in a batch command: wait for it, show on a terminal how far it is, and let
 * Ctrl-C or a hangup stop it. */
#include "core/job.h"

#include "core/text.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define UPDATE_MILLISECONDS 200

/* The signals that stop a job. */
static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};

static char *progress_line(const JobStatus *status)
{
	g_autofree char *done = text_bytes(status->done);
	g_autofree char *rate = text_bytes((guint64)status->rate);
	g_autofree char *left = text_duration(status->left);
	const char *gap = *status->detail ? " " : "";
	if (!status->total)
		return g_strdup_printf(
			"%s  %s  %s/s%s%s", status->title, done, rate, gap, status->detail);
	return g_strdup_printf("%s  %.0f%%  %s  %s/s  %s left%s%s", status->title,
		100 * status->fraction, done, rate, left, gap, status->detail);
}

static glong terminal_columns(void)
{
	struct winsize size;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

/* Cut to the terminal: a line that wraps could not be cleared. */
static gboolean show_progress(gpointer data)
{
	JobStatus status;
	job_status(data, &status);
	g_autofree char *line = progress_line(&status);
	g_autofree char *shown =
		g_utf8_substring(line, 0, MIN(terminal_columns() - 1, g_utf8_strlen(line, -1)));
	fprintf(stderr, "\r\033[K%s", shown);
	fflush(stderr);
	return G_SOURCE_CONTINUE;
}

static gboolean cancel(gpointer data)
{
	job_cancel(data);
	return G_SOURCE_CONTINUE;
}

/* A signal that stops the job; GLib leaves the default behind, so what was set before is kept. */
typedef struct {
	int signal;
	guint source; /* 0: the signal is ignored */
	struct sigaction before;
} Stopper;

/* Under nohup a hangup stays without effect. */
static void stopper_start(Stopper *stopper, int signal, Job *job)
{
	stopper->signal = signal;
	sigaction(signal, NULL, &stopper->before);
	gboolean ignored = signal == SIGHUP && stopper->before.sa_handler == SIG_IGN;
	stopper->source = ignored ? 0 : g_unix_signal_add(signal, cancel, job);
}

static void stopper_end(Stopper *stopper)
{
	if (!stopper->source)
		return;
	g_source_remove(stopper->source);
	sigaction(stopper->signal, &stopper->before, NULL);
}

gboolean job_run(Job *job, GError **error)
{
	gboolean show = isatty(STDERR_FILENO);
	Stopper stoppers[G_N_ELEMENTS(stopping)];
	for (guint i = 0; i < G_N_ELEMENTS(stopping); i++)
		stopper_start(&stoppers[i], stopping[i], job);
	guint timer = show ? g_timeout_add(UPDATE_MILLISECONDS, show_progress, job) : 0;
	job_start(job);
	while (!job_is_over(job))
		g_main_context_iteration(NULL, TRUE);
	if (show) {
		g_source_remove(timer);
		fputs("\r\033[K", stderr);
	}
	for (guint i = 0; i < G_N_ELEMENTS(stopping); i++)
		stopper_end(&stoppers[i]);
	return job_take_error(job, error);
}
