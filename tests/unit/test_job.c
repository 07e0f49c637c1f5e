/* test_job.c - jobs: their result on the main thread, progress, cancellation, lifetime. */
#include "core/job.h"
#include "test.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef struct {
	GThread *main_thread;
	gboolean wait, fails, worked_elsewhere, done_on_main, freed;
	guint done_calls;
	int code;
	sigset_t mask;
} Probe;

static gboolean probe_run(Job *job, gpointer data, GError **error)
{
	Probe *probe = data;
	probe->worked_elsewhere = g_thread_self() != probe->main_thread;
	pthread_sigmask(SIG_SETMASK, NULL, &probe->mask);
	job_expect(job, 200);
	job_set_detail(job, "fc1\x1b.weight");
	job_advance(job, 50);
	while (probe->wait && !job_is_cancelled(job))
		g_usleep(1000);
	if (probe->fails)
		return fail(error, ERROR_INPUT, "no good");
	return job_check(job, error);
}

static void probe_done(Job *job, gpointer data, const GError *error)
{
	(void)job;
	Probe *probe = data;
	probe->done_on_main = g_thread_self() == probe->main_thread;
	probe->done_calls++;
	probe->code = error_exit_status(error);
}

static void probe_free(gpointer data)
{
	((Probe *)data)->freed = TRUE;
}

static Job *probe_job(Probe *probe)
{
	probe->main_thread = g_thread_self();
	return job_new("measure", probe_run, probe_done, probe, probe_free);
}

static JobStatus status_of(const Job *job)
{
	JobStatus status;
	job_status(job, &status);
	return status;
}

static void test_success(void)
{
	Probe probe = {0};
	g_autoptr(GError) error = NULL;
	Job *job = probe_job(&probe);
	g_assert_cmpint(status_of(job).state, ==, JOB_WAITING);
	g_assert_true(job_run(job, &error));
	g_assert_no_error(error);
	g_assert_true(probe.worked_elsewhere && probe.done_on_main);
	g_assert_cmpuint(probe.done_calls, ==, 1);
	JobStatus status = status_of(job);
	g_assert_cmpint(status.state, ==, JOB_DONE);
	g_assert_cmpstr(status.title, ==, "measure");
	g_assert_cmpstr(status.detail, ==, "fc1?.weight");
	g_assert_cmpuint(status.done, ==, 50);
	g_assert_cmpuint(status.total, ==, 200);
	g_assert_cmpfloat(status.fraction, ==, 0.25);
	g_assert_null(status.message);
	job_unref(job);
	g_assert_true(probe.freed);
}

/* A fault must still reach its handler; everything else is for the main thread. */
static void test_signals_blocked(void)
{
	Probe probe = {0};
	g_autoptr(Job) job = probe_job(&probe);
	g_assert_true(job_run(job, NULL));
	g_assert_cmpint(sigismember(&probe.mask, SIGINT), ==, 1);
	g_assert_cmpint(sigismember(&probe.mask, SIGWINCH), ==, 1);
	g_assert_cmpint(sigismember(&probe.mask, SIGSEGV), ==, 0);
	sigset_t mine;
	pthread_sigmask(SIG_SETMASK, NULL, &mine);
	g_assert_cmpint(sigismember(&mine, SIGINT), ==, 0);
}

static void test_failure(void)
{
	Probe probe = {.fails = TRUE};
	g_autoptr(GError) error = NULL;
	g_autoptr(Job) job = probe_job(&probe);
	g_assert_false(job_run(job, &error));
	test_error(error, ERROR_INPUT, "no good");
	g_assert_cmpint(probe.code, ==, ERROR_INPUT);
	g_assert_cmpint(status_of(job).state, ==, JOB_FAILED);
	g_assert_cmpstr(status_of(job).message, ==, "no good");
}

static void test_cancel(void)
{
	Probe probe = {.wait = TRUE};
	g_autoptr(Job) job = probe_job(&probe);
	job_start(job);
	g_assert_cmpint(status_of(job).state, ==, JOB_RUNNING);
	job_cancel(job);
	while (!probe.done_calls)
		g_main_context_iteration(NULL, TRUE);
	g_assert_cmpint(probe.code, ==, ERROR_CANCELLED);
	g_assert_cmpint(status_of(job).state, ==, JOB_CANCELLED);
}

static gboolean interrupt(gpointer data)
{
	(void)data;
	kill(getpid(), SIGINT);
	return G_SOURCE_REMOVE;
}

static void ignore(int signal)
{
	(void)signal;
}

/* Ctrl-C ends the job, not the program, and the handler of before is back afterwards. */
static void test_interrupt(void)
{
	Probe probe = {.wait = TRUE};
	struct sigaction handler = {.sa_handler = ignore}, after;
	sigaction(SIGINT, &handler, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(Job) job = probe_job(&probe);
	g_timeout_add(10, interrupt, NULL);
	g_assert_false(job_run(job, &error));
	test_error(error, ERROR_CANCELLED, "cancelled");
	sigaction(SIGINT, NULL, &after);
	g_assert_true(after.sa_handler == ignore);
	signal(SIGINT, SIG_DFL);
}

/* The work goes on without its owner, and everything is freed once it is over. */
static void test_unref_while_running(void)
{
	Probe probe = {.wait = TRUE};
	Job *job = probe_job(&probe);
	job_start(job);
	job_cancel(job);
	job_unref(job);
	while (!probe.freed)
		g_main_context_iteration(NULL, TRUE);
	g_assert_cmpuint(probe.done_calls, ==, 1);
}

static gboolean long_detail(Job *job, gpointer data, GError **error)
{
	(void)data, (void)error;
	g_autoptr(GString) detail = g_string_new("x");
	for (guint i = 0; i < 100; i++)
		g_string_append(detail, "é");
	job_set_detail(job, detail->str);
	return TRUE;
}

static void test_long_detail(void)
{
	g_autoptr(Job) job = job_new("cut", long_detail, NULL, NULL, NULL);
	g_assert_true(job_run(job, NULL));
	JobStatus status = status_of(job);
	g_assert_cmpuint(strlen(status.detail), ==, sizeof status.detail - 1);
	g_assert_true(g_utf8_validate(status.detail, -1, NULL));
}

static void test_no_job(void)
{
	g_autoptr(GError) error = NULL;
	g_assert_false(job_is_cancelled(NULL));
	g_assert_true(job_check(NULL, &error));
	job_expect(NULL, 1);
	job_advance(NULL, 1);
	job_set_detail(NULL, "x");
	job_unref(NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/job/success", test_success);
	g_test_add_func("/job/signals-blocked", test_signals_blocked);
	g_test_add_func("/job/failure", test_failure);
	g_test_add_func("/job/cancel", test_cancel);
	g_test_add_func("/job/interrupt", test_interrupt);
	g_test_add_func("/job/unref-while-running", test_unref_while_running);
	g_test_add_func("/job/long-detail", test_long_detail);
	g_test_add_func("/job/no-job", test_no_job);
	return g_test_run();
}
