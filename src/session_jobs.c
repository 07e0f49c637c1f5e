/* session_jobs.c - what the session does in the background: loads and exports.
 *
 * An export, or a measurement, reads the collection that a load would replace, so these exclude
 * each other; they wait for one another. */
#include "session_private.h"

#include "core/error.h"
#include "core/text.h"
#include "session_export.h"

const GPtrArray *session_jobs(const Session *session)
{
	return session->jobs;
}

guint session_running(const Session *session)
{
	guint running = 0;
	for (guint i = 0; i < session->jobs->len; i++)
		running += job_is_over(session->jobs->pdata[i]) ? 0 : 1;
	return running;
}

void session_clear_jobs(Session *session)
{
	for (guint i = session->jobs->len; i > 0; i--)
		if (job_is_over(session->jobs->pdata[i - 1]))
			g_ptr_array_remove_index(session->jobs, i - 1);
	session_tell(session);
}

void session_add_job(Session *session, Job *job)
{
	gboolean idle = session_running(session) == 0;
	g_ptr_array_insert(session->jobs, 0, job);
	if (idle)
		job_start(job);
	else
		g_queue_push_tail(session->waiting, job);
	session_tell(session);
}

void session_end_job(Session *session)
{
	Job *next = g_queue_pop_head(session->waiting);
	if (next)
		job_start(next);
	session_tell(session);
}

/* What did not start is dropped; what runs is cancelled and hands in its end. */
void session_stop_jobs(Session *session)
{
	Job *job;
	while ((job = g_queue_pop_head(session->waiting)))
		g_ptr_array_remove(session->jobs, job);
	for (guint i = 0; i < session->jobs->len; i++)
		job_cancel(session->jobs->pdata[i]);
	while (session_running(session) > 0)
		g_main_context_iteration(NULL, TRUE);
}

void session_say_failure(Session *session, const char *what, const GError *error)
{
	gboolean cancelled = g_error_matches(error, TAUSCOPE_ERROR, ERROR_CANCELLED);
	session_say(session, cancelled ? g_strdup_printf("%s cancelled", what)
				       : g_strdup_printf("%s failed: %s", what, error->message));
}

typedef struct {
	Session *session;
	Load *load;
} LoadJob;

static void load_job_free(gpointer data)
{
	LoadJob *job = data;
	load_free(job->load);
	g_free(job);
}

static gboolean load_job_run(Job *job, gpointer data, GError **error)
{
	return load_run(((LoadJob *)data)->load, job, error);
}

static void load_job_done(G_GNUC_UNUSED Job *job, gpointer data, const GError *error)
{
	LoadJob *of = data;
	Session *session = of->session;
	g_autoptr(GError) problem = NULL;
	session_drop_previews(session);
	if (error)
		session_say_failure(session, "load", error);
	else if (!load_finish(of->load, &problem))
		session_say_failure(session, "load", problem);
	else
		session_say(session, load_summary(of->load));
	g_clear_pointer(&of->load, load_free);
	store_unlock(session->store);
	session->loading = FALSE;
	session_end_job(session);
}

/* What tells one load from the next in a list of jobs. */
static char *load_title(const LoadRequest *request)
{
	if (request->drop->len)
		return g_strconcat("drop ", request->drop->pdata[0], NULL);
	const LoadItem *item = request->items->len ? request->items->pdata[0] : NULL;
	const char *name = item ? item->name : request->base ? "the base" : NULL;
	return g_strconcat("load", name ? " " : NULL, name, NULL);
}

gboolean session_load(Session *session, const LoadRequest *request, GError **error)
{
	if (session_running(session) > 0)
		return fail_at(error, ERROR_USAGE,
			(Place){.remedy = "wait until it is done, or cancel it"}, "%s is running",
			session->loading ? "a load" : "another job");
	/* A mask may be read from an HDF5 file for one of them. */
	previews_stop(session->previews);
	Load *load = load_begin(session->store, request, error);
	if (!load) {
		store_unlock(session->store);
		return FALSE;
	}
	LoadJob *data = g_new0(LoadJob, 1);
	data->session = session;
	data->load = load;
	session->loading = TRUE;
	g_autofree char *title = load_title(request);
	session_add_job(session, job_new(title, load_job_run, load_job_done, data, load_job_free));
	return TRUE;
}

typedef struct {
	Session *session;
	Export *export;
	char *output;
} ExportJob;

static void export_job_free(gpointer data)
{
	ExportJob *job = data;
	export_free(job->export);
	g_free(job->output);
	g_free(job);
}

static gboolean export_job_run(Job *job, gpointer data, GError **error)
{
	return export_run(((ExportJob *)data)->export, job, error);
}

static void append_sentences(GString *text, const GPtrArray *sentences)
{
	for (guint i = 0; i < sentences->len; i++)
		g_string_append_printf(text, "; %s", (const char *)sentences->pdata[i]);
}

static char *report_sentence(const ExportJob *job)
{
	const ModelReport *report = export_report(job->export);
	g_autofree char *bytes = text_bytes(report->bytes);
	g_autofree char *output = text_safe(job->output);
	GString *text = g_string_new(NULL);
	g_string_append_printf(text,
		"%s written: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " tensors changed, %s",
		output, report->changed, report->tensors, bytes);
	append_sentences(text, report->notes);
	append_sentences(text, report->warnings);
	return g_string_free(text, FALSE);
}

static void export_job_done(G_GNUC_UNUSED Job *job, gpointer data, const GError *error)
{
	ExportJob *of = data;
	Session *session = of->session;
	const Recipe *recipe = export_recipe(of->export);
	if (error) {
		session_say_failure(session, "export", error);
	} else {
		session_say(session, report_sentence(of));
		store_add_edit(session->store, of->output, recipe->expression, recipe->scale);
	}
	session_end_job(session);
}

gboolean session_export(Session *session, const EditChoice *choice, const char *output,
	gboolean replace, gboolean write_recipe, GError **error)
{
	if (session->loading)
		return fail_at(error, ERROR_USAGE,
			(Place){.remedy = "wait until it is done, or cancel it"},
			"a load is running");
	ExportRequest request = {.choice = *choice,
		.output = output,
		.replace = replace,
		.write_recipe = write_recipe};
	Export *export = export_new(session, &request, error);
	if (!export)
		return FALSE;
	ExportJob *data = g_new0(ExportJob, 1);
	*data = (ExportJob){session, export, g_strdup(output)};
	g_autofree char *base = g_path_get_basename(output);
	g_autofree char *title = g_strdup_printf("export %s", base);
	session_add_job(
		session, job_new(title, export_job_run, export_job_done, data, export_job_free));
	return TRUE;
}
