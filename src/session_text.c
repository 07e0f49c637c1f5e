/* session_text.c - texts that take long to print, written in the background. */
#include "session_private.h"

#include "core/file.h"
#include "core/text.h"

#include <string.h>

typedef struct {
	Session *session;
	char *path;
	gboolean replace;
	SessionPrint print;
	gpointer data;
	GDestroyNotify free_data;
} TextJob;

static void text_job_free(gpointer data)
{
	TextJob *job = data;
	job->free_data(job->data);
	g_free(job->path);
	g_free(job);
}

static gboolean text_job_run(Job *job, gpointer data, GError **error)
{
	const TextJob *of = data;
	g_autofree char *text = of->print(of->data);
	return job_check(job, error) &&
	       file_write_all(of->path, text, strlen(text), of->replace, error);
}

static void text_job_done(G_GNUC_UNUSED Job *job, gpointer data, const GError *error)
{
	const TextJob *of = data;
	g_autofree char *path = text_safe(of->path);
	if (error)
		session_say_failure(of->session, "writing", error);
	else
		session_say(of->session, g_strdup_printf("wrote %s", path));
	session_end_job(of->session);
}

void session_write_text(Session *session, const char *path, gboolean replace, SessionPrint print,
	gpointer data, GDestroyNotify free_data)
{
	TextJob *job = g_new0(TextJob, 1);
	*job = (TextJob){session, g_strdup(path), replace, print, data, free_data};
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *title = g_strdup_printf("write %s", name);
	session_add_job(session, job_new(title, text_job_run, text_job_done, job, text_job_free));
}
