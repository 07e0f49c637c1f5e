/* job.c - one piece of long work on a thread of its own, and how far it is. */
#include "core/job.h"

#include "core/error.h"
#include "core/text.h"
#include "core/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

struct Job {
	gatomicrefcount references;
	char *title;
	JobRun run;
	JobDone done;
	gpointer data;
	GDestroyNotify free_data;

	atomic_bool cancelled;
	_Atomic guint64 bytes_done, bytes_total;
	pthread_mutex_t detail_lock;
	char detail[sizeof((JobStatus *)0)->detail];

	/* Of the main thread; the worker leaves the error and the end before it hands over. */
	JobState state;
	gint64 started, ended; /* microseconds, monotonic */
	GThread *thread;
	GError *error;
};

Job *job_new(const char *title, JobRun run, JobDone done, gpointer data, GDestroyNotify free_data)
{
	Job *job = g_new0(Job, 1);
	g_atomic_ref_count_init(&job->references);
	pthread_mutex_init(&job->detail_lock, NULL);
	job->title = g_strdup(title);
	job->run = run;
	job->done = done;
	job->data = data;
	job->free_data = free_data;
	return job;
}

Job *job_ref(Job *job)
{
	g_atomic_ref_count_inc(&job->references);
	return job;
}

void job_unref(Job *job)
{
	if (!job || !g_atomic_ref_count_dec(&job->references))
		return;
	if (job->free_data)
		job->free_data(job->data);
	g_clear_error(&job->error);
	pthread_mutex_destroy(&job->detail_lock);
	g_free(job->title);
	g_free(job);
}

static JobState final_state(const GError *error)
{
	if (!error)
		return JOB_DONE;
	return g_error_matches(error, TAUSCOPE_ERROR, ERROR_CANCELLED) ? JOB_CANCELLED : JOB_FAILED;
}

/* On the main thread: the end of a job, whatever it was. */
static gboolean deliver(gpointer data)
{
	Job *job = data;
	g_clear_pointer(&job->thread, g_thread_join);
	job->state = final_state(job->error);
	if (job->done)
		job->done(job, job->data, job->error);
	return G_SOURCE_REMOVE;
}

/* Not g_main_context_invoke: it would call from the worker while nobody iterates the context.  The
 * source takes over the reference that the work held. */
static void hand_over(Job *job)
{
	job->ended = g_get_monotonic_time();
	g_idle_add_full(G_PRIORITY_DEFAULT, deliver, job, (GDestroyNotify)job_unref);
}

static gpointer work(gpointer data)
{
	Job *job = data;
	job->run(job, job->data, &job->error);
	hand_over(job);
	return NULL;
}

void job_start(Job *job)
{
	g_return_if_fail(job->state == JOB_WAITING);
	job->state = JOB_RUNNING;
	job->started = g_get_monotonic_time();
	GError *error = NULL;
	GThread *thread = thread_start("job", work, job_ref(job), &error);
	job->thread = thread;
	if (!thread) {
		job->error = error;
		hand_over(job);
	}
}

void job_cancel(Job *job)
{
	atomic_store(&job->cancelled, TRUE);
}

gboolean job_is_cancelled(const Job *job)
{
	return job && atomic_load(&job->cancelled);
}

gboolean job_check(const Job *job, GError **error)
{
	return !job_is_cancelled(job) || fail(error, ERROR_CANCELLED, "cancelled");
}

void job_expect(Job *job, guint64 bytes)
{
	if (job)
		atomic_store(&job->bytes_total, bytes);
}

void job_expect_more(Job *job, guint64 bytes)
{
	if (job)
		atomic_fetch_add(&job->bytes_total, bytes);
}

void job_advance(Job *job, guint64 bytes)
{
	if (job)
		atomic_fetch_add(&job->bytes_done, bytes);
}

void job_set_detail(Job *job, const char *detail)
{
	if (!job)
		return;
	g_autofree char *safe = text_safe(detail);
	char cut[sizeof job->detail];
	const char *end;
	g_strlcpy(cut, safe, sizeof cut);
	g_utf8_validate(cut, -1, &end); /* a character cut in two goes whole */
	cut[end - cut] = '\0';
	pthread_mutex_lock(&job->detail_lock);
	memcpy(job->detail, cut, sizeof cut);
	pthread_mutex_unlock(&job->detail_lock);
}

static void copy_detail(const Job *job, char *detail)
{
	pthread_mutex_t *lock =
		(pthread_mutex_t *)&job->detail_lock; /* a look that leaves the job as it was */
	pthread_mutex_lock(lock);
	memcpy(detail, job->detail, sizeof job->detail);
	pthread_mutex_unlock(lock);
}

static double seconds_of(const Job *job)
{
	if (job->state == JOB_WAITING)
		return 0;
	gint64 end = job->state == JOB_RUNNING ? g_get_monotonic_time() : job->ended;
	return (double)(end - job->started) / 1e6;
}

void job_status(const Job *job, JobStatus *status)
{
	*status = (JobStatus){.state = job->state, .title = job->title, .left = -1};
	copy_detail(job, status->detail);
	status->done = atomic_load(&job->bytes_done);
	status->total = atomic_load(&job->bytes_total);
	status->seconds = seconds_of(job);
	if (status->total)
		status->fraction = MIN(1, (double)status->done / (double)status->total);
	if (status->seconds > 0)
		status->rate = (double)status->done / status->seconds;
	if (status->rate > 0 && status->done <= status->total)
		status->left = (double)(status->total - status->done) / status->rate;
	if (job->state == JOB_FAILED)
		status->message = job->error->message;
}

gboolean job_is_over(const Job *job)
{
	return job->state != JOB_WAITING && job->state != JOB_RUNNING;
}

gboolean job_take_error(const Job *job, GError **error)
{
	if (!job->error)
		return TRUE;
	g_propagate_error(error, g_error_copy(job->error));
	return FALSE;
}
