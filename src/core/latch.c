/* latch.c - one error, behind a lock that only a failure has to take. */
#include "core/latch.h"

#include <pthread.h>

/* The lock is POSIX's for the sake of the thread sanitizer, as in job.c. */
struct Latch {
	pthread_mutex_t lock;
	gint failed; /* atomic */
	GError *error;
};

Latch *latch_new(void)
{
	Latch *latch = g_new0(Latch, 1);
	pthread_mutex_init(&latch->lock, NULL);
	return latch;
}

void latch_free(Latch *latch)
{
	if (!latch)
		return;
	pthread_mutex_destroy(&latch->lock);
	g_clear_error(&latch->error);
	g_free(latch);
}

void latch_fail(Latch *latch, GError *error)
{
	pthread_mutex_lock(&latch->lock);
	if (latch->error)
		g_error_free(error);
	else
		latch->error = error;
	pthread_mutex_unlock(&latch->lock);
	g_atomic_int_set(&latch->failed, TRUE);
}

gboolean latch_check(Latch *latch, GError **error)
{
	if (!g_atomic_int_get(&latch->failed))
		return TRUE;
	pthread_mutex_lock(&latch->lock);
	g_propagate_error(error, g_error_copy(latch->error));
	pthread_mutex_unlock(&latch->lock);
	return FALSE;
}
