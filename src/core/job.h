/* job.h - long work: progress, cancellation, ordered parallel blocks, results to the main loop.
 *
 * A job runs on its own thread, sees only its arguments, asks at each block whether it was
 * cancelled, and hands one result to the main loop.  All signals are blocked in its threads. */
#ifndef TAUSCOPE_JOB_H
#define TAUSCOPE_JOB_H

#include <glib.h>

typedef struct Job Job;

typedef enum { JOB_WAITING, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED } JobState;

/* The work; on a worker thread.  FALSE with *error set on failure. */
typedef gboolean (*JobRun)(Job *job, gpointer data, GError **error);
/* The result; on the main thread, once, whatever the outcome (error is NULL on success). */
typedef void (*JobDone)(Job *job, gpointer data, const GError *error);

/* A job that owns `data` (freed with `free_data`, may be NULL).  Starts with one reference. */
Job *job_new(const char *title, JobRun run, JobDone done, gpointer data, GDestroyNotify free_data);
Job *job_ref(Job *job);
void job_unref(Job *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_unref)

/* Starts the thread; `done` is called from the default main context. */
void job_start(Job *job);
/* Starts the job, shows progress on stderr when that is a terminal, and waits, iterating the
 * default main context; SIGINT, SIGTERM and SIGHUP cancel it.  Calls `done` before it returns. */
gboolean job_run(Job *job, GError **error);
void job_cancel(Job *job);

/* For the work itself; all take NULL for work without a job. */
gboolean job_is_cancelled(const Job *job);
/* FALSE with ERROR_CANCELLED set where the job was cancelled. */
gboolean job_check(const Job *job, GError **error);
void job_expect(Job *job, guint64 bytes);          /* sets the total */
void job_expect_more(Job *job, guint64 bytes);     /* adds to it */
void job_advance(Job *job, guint64 bytes);         /* any thread */
void job_set_detail(Job *job, const char *detail); /* any thread: "blocks.5.mlp.fc1.weight" */

/* A consistent look at a job from the main thread. */
typedef struct {
	JobState state;
	const char *title; /* borrowed from the job */
	char detail[96];
	guint64 done, total; /* bytes */
	double fraction;     /* 0 to 1; 0 while the total is unknown */
	double rate;         /* bytes a second since the start */
	double left;         /* seconds, or -1 */
	double seconds;      /* since the start, until the end */
	const char *message; /* of a failed job, borrowed; or NULL */
} JobStatus;
void job_status(const Job *job, JobStatus *status);
/* Whether its end has come, on the main thread. */
gboolean job_is_over(const Job *job);
/* FALSE with a copy of the error where a job that is over failed or was cancelled. */
gboolean job_take_error(const Job *job, GError **error);

/* A list of blocks shared out over threads, merged in order: the same bits for any number of
 * threads.  `work` may run in any order, each on a slot of its own; `merge` is called for the
 * first item, the next one … in turn, one at a time, on any of the threads.  Memory: threads x 2
 * slots at most. */
typedef struct {
	guint64 first, items; /* items `first` and on */
	guint threads;        /* 0: as many as there are processors */
	gsize slot_bytes;     /* zeroed once when made, then reused as it is */
	gpointer data;
	gboolean (*work)(gpointer data, guint64 item, gpointer slot, GError **error);
	gboolean (*merge)(gpointer data, guint64 item, gpointer slot, GError **error); /* or NULL */
} Parallel;

/* Runs all items; stops at the first failure or when `job` (may be NULL) is cancelled.  The error
 * is that of the lowest item that failed, and all before it are merged, as with one thread. */
gboolean parallel_run(const Parallel *parallel, Job *job, GError **error);

/* How many threads `wanted` means on this machine. */
guint parallel_threads(guint wanted);
/* The same, but no more than whose slots fit a budget; at least one. */
guint parallel_threads_within(guint wanted, gsize slot_bytes, gsize budget);

#endif
