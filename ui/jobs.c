/* jobs.c - the screen of long work: what runs, how far it is, what came of it. */
#include "view.h"
#include "widget.h"

#include "core/text.h"

#include <math.h>
#include <string.h>

#include "plot.h"

enum { STATE_COLUMNS = 11, FIGURES_COLUMNS = 28, TITLE_LEAST = 20, DETAIL_ROWS = 5 };

typedef struct {
	ListWidget list;
	gboolean details; /* of the job under the cursor */
} JobsScreen;

static const struct {
	const char *name, *mark;
	Role role;
} states[] = {
	[JOB_WAITING] = {"waiting", " ", ROLE_DIM},
	[JOB_RUNNING] = {"running", " ", ROLE_NORMAL},
	[JOB_DONE] = {"done", "✓", ROLE_GOOD},
	[JOB_FAILED] = {"failed", "✗", ROLE_ERROR},
	[JOB_CANCELLED] = {"cancelled", "–", ROLE_DIM},
};

static gpointer jobs_open(G_GNUC_UNUSED Ui *ui)
{
	return g_new0(JobsScreen, 1);
}

static guint job_count(Ui *ui)
{
	const GPtrArray *jobs = session_jobs(ui_session(ui));
	return jobs ? jobs->len : 0;
}

/* The job under the cursor, or NULL. */
static Job *current_job(const JobsScreen *screen, Ui *ui)
{
	const GPtrArray *jobs = session_jobs(ui_session(ui));
	if (screen->list.cursor < 0 || screen->list.cursor >= (int)job_count(ui))
		return NULL;
	return jobs->pdata[screen->list.cursor];
}

static gboolean is_finished(const JobStatus *status)
{
	return status->state != JOB_WAITING && status->state != JOB_RUNNING;
}

/* "3.1 GB in 0:04", "412 MB/s  0:31"; without clocks where they are frozen. */
static char *figures(const JobStatus *status, gboolean frozen)
{
	g_autofree char *bytes = text_bytes(status->done);
	g_autofree char *seconds = text_duration(frozen ? -1 : status->seconds);
	g_autofree char *left = text_duration(frozen ? -1 : status->left);
	gboolean fast = !frozen && isfinite(status->rate) && status->rate >= 0;
	g_autofree char *rate = fast ? text_bytes((guint64)status->rate) : g_strdup("–");
	if (status->state == JOB_WAITING)
		return g_strdup("");
	if (is_finished(status))
		return g_strdup_printf("%s in %s", bytes, seconds);
	return g_strdup_printf("%s/s  %s left", rate, left);
}

static void draw_progress(
	Canvas *canvas, Rect row, int x, int columns, const JobStatus *status, gboolean frozen)
{
	int bar = columns - 6;
	Rect cells = rect_left(rect_right_of(row, x), bar);
	canvas_fill(canvas, cells, ROLE_RULE, U'░');
	plot_bar(canvas, cells, 0, 0, bar, frozen ? 0 : status->fraction, ROLE_BAR);
	if (!frozen && status->state == JOB_RUNNING)
		canvas_printf(canvas, row, x + bar + 1, 0, ROLE_NORMAL, "%3.0f%%",
			floor(100 * status->fraction));
}

/* Where the columns of the list begin, and how wide those are that share what is left. */
typedef struct {
	int title, title_columns, state, progress, progress_columns;
} JobColumns;

static JobColumns place_columns(int width)
{
	int shared = width - STATE_COLUMNS - FIGURES_COLUMNS - 6;
	JobColumns columns = {.title = 4, .title_columns = MAX(TITLE_LEAST, shared * 3 / 5)};
	columns.state = columns.title + columns.title_columns + 2;
	columns.progress = columns.state + STATE_COLUMNS;
	columns.progress_columns = width - FIGURES_COLUMNS - columns.progress - 1;
	return columns;
}

static void draw_headings(Canvas *canvas, Rect row)
{
	JobColumns columns = place_columns(row.width);
	canvas_text(canvas, row, columns.title, 0, ROLE_HEADING, "JOB");
	canvas_text(canvas, row, columns.state, 0, ROLE_HEADING, "STATE");
	canvas_text(canvas, row, columns.progress, 0, ROLE_HEADING, "PROGRESS");
	canvas_text_right(canvas, row, row.width - 1, 0, ROLE_HEADING, "RATE  LEFT");
}

/* What came of a failed job takes the place of progress and figures. */
static void draw_outcome(Canvas *canvas, Rect row, const JobColumns *columns,
	const JobStatus *status, Role role, gboolean frozen)
{
	if (status->state == JOB_FAILED) {
		canvas_field(canvas, row, columns->progress, 0, row.width - columns->progress - 1,
			role, status->message);
		return;
	}
	if (!is_finished(status) && columns->progress_columns > 12)
		draw_progress(
			canvas, row, columns->progress, columns->progress_columns, status, frozen);
	g_autofree char *text = figures(status, frozen);
	canvas_text_right(canvas, row, row.width - 1, 0, role, text);
}

static void draw_job(Canvas *canvas, Rect row, const Job *job, gboolean selected, gboolean frozen)
{
	JobStatus status;
	job_status(job, &status);
	JobColumns columns = place_columns(row.width);
	Role role = selected ? ROLE_SELECTED : states[status.state].role;
	canvas_fill(canvas, row, selected ? ROLE_SELECTED : ROLE_NORMAL, ' ');
	canvas_text(canvas, row, 0, 0, role, selected ? "▶" : " ");
	canvas_text(canvas, row, 2, 0, role, states[status.state].mark);
	canvas_field(canvas, row, columns.title, 0, columns.title_columns, role, status.title);
	canvas_field(
		canvas, row, columns.state, 0, STATE_COLUMNS - 1, role, states[status.state].name);
	draw_outcome(canvas, row, &columns, &status, role, frozen);
}

static void draw_details(Canvas *canvas, Rect rect, const Job *job, gboolean frozen)
{
	JobStatus status;
	job_status(job, &status);
	g_autofree char *done = text_bytes(status.done);
	g_autofree char *total = text_bytes(status.total);
	g_autofree char *seconds = text_duration(frozen ? -1 : status.seconds);
	canvas_horizontal(canvas, rect, 0);
	canvas_field(canvas, rect, 1, 1, rect.width - 2, ROLE_HEADING, status.title);
	canvas_printf(canvas, rect, 1, 2, ROLE_NORMAL, "%s of %s · %s · %s", done,
		status.total ? total : "?", seconds, states[status.state].name);
	g_auto(GStrv) lines =
		text_wrap(status.message ? status.message : status.detail, rect.width - 2);
	for (int i = 0; lines[i] && i < rect.height - 3; i++)
		canvas_text(canvas, rect, 1, 3 + i, status.message ? ROLE_ERROR : ROLE_NORMAL,
			lines[i]);
}

static void draw_list(JobsScreen *screen, Ui *ui, Canvas *canvas, Rect rect)
{
	const GPtrArray *jobs = session_jobs(ui_session(ui));
	draw_headings(canvas, rect_rows(rect, 0, 1));
	Rect rows = rect_rows(rect, 2, rect.height - 2);
	list_fit(&screen->list, (int)job_count(ui), rows.height);
	for (int y = 0; y < rows.height && screen->list.top + y < screen->list.count; y++) {
		int job = screen->list.top + y;
		draw_job(canvas, rect_rows(rows, y, 1), jobs->pdata[job],
			job == screen->list.cursor, ui_frozen(ui));
	}
	if (screen->list.count == 0)
		canvas_text(canvas, rows, 4, 0, ROLE_DIM,
			"no job yet: opening checkpoints and writing models run here");
}

static void jobs_draw(gpointer view, Ui *ui, Canvas *canvas, Rect rect)
{
	JobsScreen *screen = view;
	int details = screen->details && job_count(ui) > 0 ? DETAIL_ROWS : 0;
	draw_list(screen, ui, canvas, rect_rows(rect, 0, rect.height - details));
	const Job *job = current_job(screen, ui);
	if (details && job)
		draw_details(canvas, rect_rows(rect, rect.height - details, details), job,
			ui_frozen(ui));
}

static void cancel_all(G_GNUC_UNUSED gpointer view, Ui *ui)
{
	const GPtrArray *jobs = session_jobs(ui_session(ui));
	for (guint i = 0; jobs && i < jobs->len; i++)
		job_cancel(jobs->pdata[i]);
	ui_message(ui, "cancelling all jobs");
}

static void cancel_one(JobsScreen *screen, Ui *ui)
{
	JobStatus status;
	Job *job = current_job(screen, ui);
	job_status(job, &status);
	job_cancel(job);
	ui_message(ui, "cancelling %s: nothing half-written stays behind", status.title);
}

static React jobs_act(gpointer view, Ui *ui, ActionId action)
{
	JobsScreen *screen = view;
	switch (action) {
	case ACTION_OPEN:
		screen->details = !screen->details;
		return REACT_DONE;
	case ACTION_BACK:
		screen->details = FALSE;
		return REACT_DONE;
	case ACTION_JOBS_CANCEL:
		cancel_one(screen, ui);
		return REACT_DONE;
	case ACTION_JOBS_CANCEL_ALL:
		ui_confirm(ui, "Cancel all jobs that run or wait?", view, cancel_all);
		return REACT_DONE;
	case ACTION_JOBS_CLEAR:
		session_clear_jobs(ui_session(ui));
		return REACT_DONE;
	default:
		return list_act(&screen->list, action) ? REACT_DONE : REACT_NONE;
	}
}

static const char *why_not_cancel(const JobsScreen *screen, Ui *ui)
{
	const Job *job = current_job(screen, ui);
	if (!job)
		return "there is no job";
	JobStatus status;
	job_status(job, &status);
	return is_finished(&status) ? "this job is finished" : NULL;
}

static const char *jobs_why_not(gpointer view, Ui *ui, ActionId action)
{
	guint running = session_running(ui_session(ui));
	switch (action) {
	case ACTION_OPEN:
		return job_count(ui) ? NULL : "there is no job";
	case ACTION_JOBS_CANCEL:
		return why_not_cancel(view, ui);
	case ACTION_JOBS_CANCEL_ALL:
		return running ? NULL : "no job is running";
	case ACTION_JOBS_CLEAR:
		return job_count(ui) > running ? NULL : "no job is finished";
	case ACTION_FILTER:
	case ACTION_MARK:
	case ACTION_INVERT:
	case ACTION_SORT:
	case ACTION_REVERSE:
		return "jobs stand in the order of their start";
	default:
		return NULL;
	}
}

static char *jobs_sentence(gpointer view, Ui *ui)
{
	guint running = session_running(ui_session(ui)), count = job_count(ui);
	if (running > 0)
		return g_strdup_printf("%u job%s not finished; cancelling leaves no partial file",
			running, running == 1 ? " is" : "s are");
	Job *job = current_job(view, ui);
	if (!job)
		return NULL;
	return g_strdup_printf("%u job%s finished", count, count == 1 ? " is" : "s are");
}

static cJSON *jobs_json(G_GNUC_UNUSED gpointer view, Ui *ui)
{
	const GPtrArray *jobs = session_jobs(ui_session(ui));
	cJSON *json = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(json, "jobs");
	for (guint i = 0; jobs && i < jobs->len; i++) {
		JobStatus status;
		job_status(jobs->pdata[i], &status);
		cJSON *row = cJSON_CreateObject();
		cJSON_AddStringToObject(row, "title", status.title);
		cJSON_AddStringToObject(row, "state", states[status.state].name);
		json_add_uint(row, "bytes_done", status.done);
		json_add_number(row, "seconds", status.seconds);
		cJSON_AddItemToArray(list, row);
	}
	return json;
}

static Table *jobs_table(G_GNUC_UNUSED gpointer view, Ui *ui)
{
	const GPtrArray *jobs = session_jobs(ui_session(ui));
	Table *table = table_new("jobs");
	table_add_text_column(table, "job");
	table_add_text_column(table, "state");
	table_add_number_column(table, "bytes");
	table_add_number_column(table, "seconds");
	for (guint i = 0; jobs && i < jobs->len; i++) {
		JobStatus status;
		job_status(jobs->pdata[i], &status);
		table_add_text(table, status.title);
		table_add_text(table, states[status.state].name);
		table_add_count(table, status.done);
		table_add_number(table, status.seconds);
	}
	return table;
}

static char *jobs_cell(gpointer view, Ui *ui)
{
	const Job *job = current_job(view, ui);
	if (!job)
		return NULL;
	JobStatus status;
	job_status(job, &status);
	return g_strdup(status.message ? status.message : status.title);
}

static const ActionId jobs_footer[] = {ACTION_JOBS_CANCEL, ACTION_JOBS_CANCEL_ALL,
	ACTION_JOBS_CLEAR, ACTION_OPEN, ACTION_COPY, ACTION_EXPORT, ACTION_NONE};

const ViewOps jobs_view = {
	.screen = SCREEN_JOBS,
	.help = "What runs in the background, and what came of it.",
	.explain = "A job is work that reads or writes weights: loading checkpoints, writing a "
		   "model.\n\n"
		   "The bar counts bytes; the rate is the mean since the start; the time left "
		   "supposes that it stays so.\n\n"
		   "Cancelling is safe at any moment: results go into the store, and a model to "
		   "its name, only when they are whole.",
	.footer = jobs_footer,
	.open = jobs_open,
	.close = g_free,
	.draw = jobs_draw,
	.act = jobs_act,
	.why_not = jobs_why_not,
	.sentence = jobs_sentence,
	.json = jobs_json,
	.table = jobs_table,
	.cell = jobs_cell,
};
