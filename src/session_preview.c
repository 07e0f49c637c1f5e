/* session_preview.c - what an edit will be: previews on the main thread, and off it one after
 * another where they take long.
 *
 * The sample is kept as numbers, and so are the last few measures; both are of one collection.  The
 * sample is of one thread: while previews are made off the main thread, those that are made on it
 * do without. */
#include "session_private.h"

#include "core/error.h"
#include "core/thread.h"
#include "preview/preview_sample.h"

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MEASURES_MOST 8u
#define NICENESS 10

typedef struct {
	char *text; /* canonical */
	Measure *measure;
} Measured;

/* A preview that is wanted off the main thread. */
typedef struct {
	PreviewRequest request; /* owns its edit and job */
	PreviewMade made;       /* NULL once nobody wants it */
	gpointer data;
	Preview *preview;
	GError *error;
} Asked;

typedef struct Previews {
	GPtrArray *statistics; /* of Statistics, borrowed; NULL like the sample */
	PreviewSample *sample; /* NULL until it is asked for */
	GQueue measures;       /* of Measured, newest first */

	GThread *thread;      /* makes what is asked for; NULL until the first time */
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	GQueue waiting, ready; /* of Asked, oldest first */
	Asked *running;
	gboolean ending;
	guint source; /* hands over what is ready; 0: none */
} Previews;

static void measured_free(gpointer data)
{
	Measured *measured = data;
	g_free(measured->text);
	measure_free(measured->measure);
	g_free(measured);
}

static void asked_free(gpointer data)
{
	Asked *asked = data;
	node_free((Node *)asked->request.edit);
	job_unref(asked->request.job);
	g_clear_pointer(&asked->preview, preview_free);
	g_clear_error(&asked->error);
	g_free(asked);
}

/* Waits by the clock of g_get_monotonic_time. */
static void init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

Previews *previews_new(void)
{
	Previews *previews = g_new0(Previews, 1);
	pthread_mutex_init(&previews->lock, NULL);
	init_condition(&previews->changed);
	return previews;
}

/* Off the main thread. */

static void make(Asked *asked)
{
	if (!job_is_cancelled(asked->request.job))
		asked->preview = preview_new(&asked->request, &asked->error);
}

static gboolean hand_over(gpointer data);

/* With the lock: takes the next that waits, makes it without the lock, and lays it with the others
 * that are ready. */
static void make_next(Previews *previews)
{
	Asked *asked = previews->running = g_queue_pop_head(&previews->waiting);
	pthread_mutex_unlock(&previews->lock);
	make(asked);
	pthread_mutex_lock(&previews->lock);
	previews->running = NULL;
	g_queue_push_tail(&previews->ready, asked);
	if (!previews->source)
		previews->source = g_idle_add_full(G_PRIORITY_DEFAULT, hand_over, previews, NULL);
	pthread_cond_broadcast(&previews->changed);
}

/* Keys and frames come first where there are few processors; the threads that help inherit it. */
static void give_way(void)
{
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
}

static gpointer make_all(gpointer data)
{
	Previews *previews = data;
	give_way();
	pthread_mutex_lock(&previews->lock);
	while (!previews->ending)
		if (previews->waiting.length)
			make_next(previews);
		else
			pthread_cond_wait(&previews->changed, &previews->lock);
	pthread_mutex_unlock(&previews->lock);
	return NULL;
}

/* On the main thread. */

static Asked *take_ready(Previews *previews)
{
	pthread_mutex_lock(&previews->lock);
	Asked *asked = g_queue_pop_head(&previews->ready);
	pthread_mutex_unlock(&previews->lock);
	return asked;
}

/* What is made of one may ask for others, or drop them. */
static void hand_over_ready(Previews *previews)
{
	for (Asked *asked; (asked = take_ready(previews)); asked_free(asked))
		if (asked->made)
			asked->made(asked->data, g_steal_pointer(&asked->preview), asked->error);
}

static gboolean hand_over(gpointer data)
{
	Previews *previews = data;
	pthread_mutex_lock(&previews->lock);
	previews->source = 0;
	pthread_mutex_unlock(&previews->lock);
	hand_over_ready(previews);
	return G_SOURCE_REMOVE;
}

static gboolean is_busy(Previews *previews)
{
	pthread_mutex_lock(&previews->lock);
	gboolean busy = previews->running || previews->waiting.length;
	pthread_mutex_unlock(&previews->lock);
	return busy;
}

void session_wait_previews(Session *session, gint64 microseconds)
{
	Previews *previews = session->previews;
	gint64 end = g_get_monotonic_time() + microseconds;
	struct timespec at = {end / G_USEC_PER_SEC, end % G_USEC_PER_SEC * 1000};
	gboolean in_time = TRUE;
	pthread_mutex_lock(&previews->lock);
	while (in_time && (previews->running || previews->waiting.length))
		in_time = pthread_cond_timedwait(&previews->changed, &previews->lock, &at) == 0;
	pthread_mutex_unlock(&previews->lock);
	hand_over_ready(previews);
}

static gboolean is_wanted(const Asked *asked, gconstpointer data)
{
	return asked && asked->made && asked->data == data;
}

gboolean session_asked(const Session *session, gconstpointer data)
{
	Previews *previews = session->previews;
	pthread_mutex_lock(&previews->lock);
	gboolean wanted = is_wanted(previews->running, data);
	for (GList *at = previews->waiting.head; at; at = at->next)
		wanted = wanted || is_wanted(at->data, data);
	for (GList *at = previews->ready.head; at; at = at->next)
		wanted = wanted || is_wanted(at->data, data);
	pthread_mutex_unlock(&previews->lock);
	return wanted;
}

static void unwant(Asked *asked, gconstpointer data)
{
	if (!asked || (data && asked->data != data))
		return;
	asked->made = NULL;
	job_cancel(asked->request.job);
}

/* With the lock. */
static void unwant_all(Previews *previews, gconstpointer data)
{
	unwant(previews->running, data);
	for (GList *at = previews->waiting.head; at; at = at->next)
		unwant(at->data, data);
	for (GList *at = previews->ready.head; at; at = at->next)
		unwant(at->data, data);
}

void session_drop_asked(Session *session, gconstpointer data)
{
	Previews *previews = session->previews;
	pthread_mutex_lock(&previews->lock);
	unwant_all(previews, data);
	pthread_mutex_unlock(&previews->lock);
}

void previews_stop(Previews *previews)
{
	pthread_mutex_lock(&previews->lock);
	unwant_all(previews, NULL);
	while (previews->running || previews->waiting.length)
		pthread_cond_wait(&previews->changed, &previews->lock);
	g_queue_clear_full(&previews->ready, asked_free);
	pthread_mutex_unlock(&previews->lock);
}

static void end_thread(Previews *previews)
{
	pthread_mutex_lock(&previews->lock);
	previews->ending = TRUE;
	pthread_cond_broadcast(&previews->changed);
	pthread_mutex_unlock(&previews->lock);
	g_clear_pointer(&previews->thread, g_thread_join);
}

static void previews_clear(Previews *previews)
{
	previews_stop(previews);
	g_queue_clear_full(&previews->measures, measured_free);
	g_clear_pointer(&previews->sample, preview_sample_free);
	g_clear_pointer(&previews->statistics, g_ptr_array_unref);
}

void previews_free(Previews *previews)
{
	previews_clear(previews);
	end_thread(previews);
	if (previews->source)
		g_source_remove(previews->source);
	pthread_mutex_destroy(&previews->lock);
	pthread_cond_destroy(&previews->changed);
	g_free(previews);
}

void session_drop_previews(Session *session)
{
	previews_clear(session->previews);
	session->version++;
}

static void take_sample(const Session *session)
{
	Previews *previews = session->previews;
	if (previews->sample)
		return;
	previews->statistics = store_statistics(session->store);
	previews->sample = preview_sample_new(session_collection(session), session->store->plan,
		(Statistics **)previews->statistics->pdata);
}

static const Measure *find_measure(const Session *session, const char *text)
{
	for (GList *at = session->previews->measures.head; at; at = at->next)
		if (g_str_equal(((const Measured *)at->data)->text, text))
			return ((const Measured *)at->data)->measure;
	return NULL;
}

void previews_keep_measure(Session *session, const char *text, Measure *measure)
{
	previews_stop(session->previews);
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

Node *previews_parse(const Session *session, const char *text, GError **error)
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

/* Owns nothing; the text is what it prints as. */
static PreviewRequest request_of(
	const Session *session, const Node *edit, double scale, GroupBy by, gboolean quick)
{
	g_autofree char *canonical = expression_print(session_collection(session), edit);
	take_sample(session);
	return (PreviewRequest){.collection = session_collection(session),
		.gram = session_gram(session),
		.plan = session->store->plan,
		.statistics = (Statistics **)session->previews->statistics->pdata,
		.edit = edit,
		.scale = scale,
		.by = by,
		.measure = find_measure(session, canonical),
		.quick = quick};
}

static Preview *preview_of(const Session *session, const Composition *composition, GroupBy by,
	gboolean quick, GError **error)
{
	g_autofree char *text = composition_text(composition);
	g_autoptr(Node) edit = previews_parse(session, text, error);
	if (!edit)
		return NULL;
	PreviewRequest request = request_of(session, edit, composition->scale, by, quick);
	if (!is_busy(session->previews))
		request.sample = session->previews->sample;
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

/* Without a thread all is made at once. */
static void ask(Previews *previews, Asked *asked)
{
	if (!previews->thread)
		previews->thread = thread_start("previews", make_all, previews, NULL);
	pthread_mutex_lock(&previews->lock);
	g_queue_push_tail(&previews->waiting, asked);
	pthread_cond_broadcast(&previews->changed);
	while (!previews->thread && previews->waiting.length)
		make_next(previews);
	pthread_mutex_unlock(&previews->lock);
}

void session_ask_preview(Session *session, const Composition *composition, GroupBy by,
	gboolean quick, PreviewMade made, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = composition_text(composition);
	Node *edit = previews_parse(session, text, &error);
	if (!edit) {
		made(data, NULL, error);
		return;
	}
	Asked *asked = g_new0(Asked, 1);
	asked->request = request_of(session, edit, composition->scale, by, quick);
	asked->request.sample = session->previews->sample;
	asked->request.job = job_new("preview", NULL, NULL, NULL, NULL);
	asked->made = made;
	asked->data = data;
	ask(session->previews, asked);
}

guint session_version(const Session *session)
{
	return session->version;
}
