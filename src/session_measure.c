/* session_measure.c - passes over the weights that make previews exact. */
#include "session_private.h"

#include "core/error.h"

typedef struct {
	Session *session;
	Node *edit;
	char *text;
	gboolean *wanted;
	Measure *measure;
} MeasureJob;

static void measure_job_free(gpointer data)
{
	MeasureJob *job = data;
	node_free(job->edit);
	measure_free(job->measure);
	g_free(job->text);
	g_free(job->wanted);
	g_free(job);
}

static gboolean measure_job_run(Job *job, gpointer data, GError **error)
{
	MeasureJob *of = data;
	MeasureRequest request = {.collection = session_collection(of->session),
		.edit = of->edit,
		.wanted = of->wanted,
		.threads = of->session->threads};
	/* It may have waited for other jobs. */
	if (session_check_weights(of->session, of->edit, error))
		of->measure = measure_edit(&request, job, error);
	return of->measure != NULL;
}

static void measure_job_done(G_GNUC_UNUSED Job *job, gpointer data, const GError *error)
{
	MeasureJob *of = data;
	if (error) {
		session_say_failure(of->session, "measuring", error);
	} else {
		previews_keep_measure(of->session, of->text, g_steal_pointer(&of->measure));
		session_say(of->session,
			g_strdup_printf("%s is measured: its preview is exact", of->text));
	}
	session_end_job(of->session);
}

/* The tasks whose weights can be read. */
static gboolean *usable_tasks(const Session *session)
{
	const Collection *collection = session_collection(session);
	gboolean *usable = g_new0(gboolean, collection_members(collection));
	for (guint i = 1; i < collection_members(collection); i++)
		usable[i] = collection_member(collection, i)->role == MEMBER_TASK &&
			    store_member_usable(session->store, i, NULL);
	return usable;
}

gboolean session_measure(Session *session, const char *expression, GError **error)
{
	if (session->loading)
		return fail_at(error, ERROR_USAGE,
			(Place){.remedy = "wait until it is done, or cancel it"},
			"a load is running");
	g_autoptr(Node) edit = previews_parse(session, expression, error);
	if (!edit || !session_check_weights(session, edit, error))
		return FALSE;
	MeasureJob *data = g_new0(MeasureJob, 1);
	data->session = session;
	data->text = expression_print(session_collection(session), edit);
	data->edit = g_steal_pointer(&edit);
	data->wanted = usable_tasks(session);
	g_autofree char *title = g_strdup_printf("measure %s", data->text);
	session_add_job(
		session, job_new(title, measure_job_run, measure_job_done, data, measure_job_free));
	return TRUE;
}
