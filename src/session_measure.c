/* session_measure.c - what an edit will be: previews, and passes over the weights that make them
 * exact.
 *
 * The sample is kept as numbers, and so are the last few measures; both are of one collection. */
#include "session_private.h"

#include "core/error.h"
#include "preview/preview_sample.h"

#define MEASURES_MOST 8u

typedef struct {
	char *text; /* canonical */
	Measure *measure;
} Measured;

typedef struct Previews {
	GPtrArray *statistics; /* of Statistics, borrowed; NULL like the sample */
	PreviewSample *sample; /* NULL until it is asked for */
	GQueue measures;       /* of Measured, newest first */
} Previews;

static void measured_free(gpointer data)
{
	Measured *measured = data;
	g_free(measured->text);
	measure_free(measured->measure);
	g_free(measured);
}

Previews *previews_new(void)
{
	return g_new0(Previews, 1);
}

static void previews_clear(Previews *previews)
{
	g_queue_clear_full(&previews->measures, measured_free);
	g_clear_pointer(&previews->sample, preview_sample_free);
	g_clear_pointer(&previews->statistics, g_ptr_array_unref);
}

void previews_free(Previews *previews)
{
	previews_clear(previews);
	g_free(previews);
}

void session_drop_previews(Session *session)
{
	previews_clear(session->previews);
}

static PreviewSample *sample_of(const Session *session)
{
	Previews *previews = session->previews;
	if (!previews->sample) {
		previews->statistics = store_statistics(session->store);
		previews->sample = preview_sample_new(session_collection(session),
			session->store->plan, (Statistics **)previews->statistics->pdata);
	}
	return previews->sample;
}

static const Measure *find_measure(const Session *session, const char *text)
{
	for (GList *at = session->previews->measures.head; at; at = at->next)
		if (g_str_equal(((const Measured *)at->data)->text, text))
			return ((const Measured *)at->data)->measure;
	return NULL;
}

/* Takes the measure. */
static void keep_measure(Session *session, const char *text, Measure *measure)
{
	Measured *measured = g_new0(Measured, 1);
	*measured = (Measured){g_strdup(text), measure};
	g_queue_push_head(&session->previews->measures, measured);
	if (session->previews->measures.length > MEASURES_MOST)
		measured_free(g_queue_pop_tail(&session->previews->measures));
}

static gboolean check_known(const Session *session, guint member, GError **error)
{
	const StoreMember *known = session->store->members->pdata[member];
	return known->known ||
	       fail_at(error, ERROR_INPUT, (Place){.remedy = "load it again"},
		       "what is known of %s is stale",
		       collection_member(session_collection(session), member)->name);
}

/* Parses an edit whose base and tasks are all known. */
static Node *parse_known(const Session *session, const char *text, GError **error)
{
	if (!session_check_loaded(session, error))
		return NULL;
	if (!*text) {
		fail(error, ERROR_USAGE, "no term of the edit is on");
		return NULL;
	}
	g_autoptr(Node) edit = expression_parse(session_collection(session), text, error);
	if (!edit || !check_known(session, 0, error))
		return NULL;
	g_autoptr(GArray) members = expression_members(edit);
	for (guint i = 0; i < members->len; i++)
		if (!check_known(session, g_array_index(members, guint, i), error))
			return NULL;
	return g_steal_pointer(&edit);
}

static Preview *preview_of(const Session *session, const Composition *composition, GroupBy by,
	gboolean quick, GError **error)
{
	g_autofree char *text = composition_text(composition);
	g_autoptr(Node) edit = parse_known(session, text, error);
	if (!edit)
		return NULL;
	g_autofree char *canonical = expression_print(session_collection(session), edit);
	PreviewRequest request = {.collection = session_collection(session),
		.gram = session_gram(session),
		.plan = session->store->plan,
		.edit = edit,
		.scale = composition->scale,
		.by = by,
		.measure = find_measure(session, canonical),
		.sample = sample_of(session),
		.quick = quick};
	return preview_new(&request, error);
}

Preview *session_preview(
	const Session *session, const Composition *composition, GroupBy by, GError **error)
{
	return preview_of(session, composition, by, FALSE, error);
}

Preview *session_preview_quick(
	const Session *session, const Composition *composition, GroupBy by, GError **error)
{
	return preview_of(session, composition, by, TRUE, error);
}

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
		keep_measure(of->session, of->text, g_steal_pointer(&of->measure));
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
	g_autoptr(Node) edit = parse_known(session, expression, error);
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
