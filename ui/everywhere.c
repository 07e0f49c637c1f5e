/* everywhere.c - the actions that every screen has: filter, copy, write, undo, help, quit. */
#include "core/error.h"
#include "core/file.h"
#include "frame.h"
#include "pane.h"
#include "theme.h"

#include <glib/gstdio.h>
#include <string.h>

enum { INTERRUPT_AGAIN = 2 * G_USEC_PER_SEC };

static void set_filter(Ui *ui, const char *text)
{
	g_free(ui->folded[ui->screen]);
	ui->folded[ui->screen] = g_utf8_strdown(text, -1);
	if (ui_view(ui)->invalidate)
		ui_view(ui)->invalidate(ui_view_state(ui), ui);
	ui->stale = TRUE;
}

static void act_filter(Ui *ui)
{
	if (!ui->filter[ui->screen])
		ui->filter[ui->screen] = line_new("");
	ui->filtering = TRUE;
}

static void clear_filter(Ui *ui)
{
	line_free(ui->filter[ui->screen]);
	ui->filter[ui->screen] = NULL;
	ui->filtering = FALSE;
	set_filter(ui, "");
}

void everywhere_filter_key(Ui *ui, const char *key)
{
	LineWidget *line = ui->filter[ui->screen];
	if (g_str_equal(key, "<Esc>") || g_str_equal(key, "<C-c>"))
		clear_filter(ui);
	else if (g_str_equal(key, "<Enter>"))
		ui->filtering = FALSE;
	else if (line_key(line, key))
		set_filter(ui, line->text->str);
}

static void act_back(Ui *ui)
{
	if (*ui_filter(ui))
		clear_filter(ui);
}

static void act_copy(Ui *ui)
{
	g_autofree char *text = ui_view(ui)->cell(ui_view_state(ui), ui);
	if (text)
		ui_copy(ui, text);
	else
		ui_message(ui, "there is nothing to copy under the cursor");
}

char *ui_print_csv(gpointer table)
{
	return table_print(table, TABLE_CSV);
}

/* Takes the table. */
static void copy_long_table(Ui *ui, Table *table)
{
	g_autofree char *path = ui_copied_path();
	session_write_text(
		ui->session, path, TRUE, ui_print_csv, table, (GDestroyNotify)table_free);
	ui_message(ui, "too long for the clipboard: being written to %s", path);
}

static void act_copy_table(Ui *ui)
{
	g_autoptr(Table) table = ui_view(ui)->table(ui_view_state(ui), ui);
	if (table && table_cells(table) >= LONG_CELLS) {
		copy_long_table(ui, g_steal_pointer(&table));
		return;
	}
	g_autofree char *text = table ? table_print(table, TABLE_CSV) : NULL;
	if (text)
		ui_copy(ui, text);
	else
		ui_message(ui, "there is no table to copy yet");
}

typedef struct {
	char *path, *text;
} PendingFile;

static void pending_file_free(gpointer data)
{
	PendingFile *file = data;
	g_free(file->path);
	g_free(file->text);
	g_free(file);
}

/* The one file that the program itself lives from is never overwritten by a text. */
static gboolean is_store(const Ui *ui, const char *path)
{
	GStatBuf store, target;
	return g_stat(session_path(ui->session), &store) == 0 && g_stat(path, &target) == 0 &&
	       store.st_dev == target.st_dev && store.st_ino == target.st_ino;
}

static gboolean check_path(const Ui *ui, const char *path, GError **error)
{
	if (!*path)
		return fail(error, ERROR_USAGE, "a file needs a name");
	if (is_store(ui, path))
		return fail_at(error, ERROR_USAGE,
			(Place){.file = path, .remedy = "choose another name"},
			"this is the store that is open");
	return session_check_output(ui->session, path, error);
}

gboolean ui_write_long(Ui *ui, const char *path, gboolean replace, SessionPrint print,
	gpointer data, GDestroyNotify free_data, GError **error)
{
	if (!check_path(ui, path, error)) {
		free_data(data);
		return FALSE;
	}
	session_write_text(ui->session, path, replace, print, data, free_data);
	ui_message(ui, "writing %s in the background: 6 shows how far it is", path);
	return TRUE;
}

gboolean ui_write_text(Ui *ui, const char *path, const char *text, gboolean replace, GError **error)
{
	if (!check_path(ui, path, error) ||
		!file_write_all(path, text, strlen(text), replace, error))
		return FALSE;
	ui_message(ui, "wrote %s", path);
	return TRUE;
}

static void replace_file(gpointer data, Ui *ui)
{
	g_autoptr(GError) error = NULL;
	PendingFile *file = data;
	if (!ui_write_text(ui, file->path, file->text, TRUE, &error))
		ui_error(ui, error);
}

static void ask_to_replace(Ui *ui, const char *path, const char *text)
{
	PendingFile *file = g_new(PendingFile, 1);
	*file = (PendingFile){g_strdup(path), g_strdup(text)};
	g_autofree char *question = g_strdup_printf("%s exists. Replace it?", path);
	overlay_confirm(ui, question, file, pending_file_free, replace_file);
}

static gboolean accept_screen_path(
	G_GNUC_UNUSED gpointer view, Ui *ui, const char *typed, GError **error)
{
	g_autoptr(Canvas) canvas = frame_picture(ui);
	g_autofree char *text = canvas_to_text(canvas);
	g_autofree char *path = path_typed(typed);
	if (is_store(ui, path) || !g_file_test(path, G_FILE_TEST_EXISTS))
		return ui_write_text(ui, path, text, FALSE, error);
	ask_to_replace(ui, path, text);
	return TRUE;
}

static void act_write_screen(Ui *ui)
{
	g_autofree char *name = g_ascii_strdown(screen_name(ui->screen), -1);
	g_autofree char *path = g_strconcat(name, ".txt", NULL);
	ui_prompt(ui, "Write this screen as text to", path, TRUE, NULL, accept_screen_path);
}

static void act_undo(Ui *ui)
{
	g_autofree char *label = NULL;
	if (session_undo(ui->session, &label))
		ui_message(ui, "undid: %s", label);
	else
		ui_message(ui, "nothing to undo");
}

static void act_redo(Ui *ui)
{
	g_autofree char *label = NULL;
	if (session_redo(ui->session, &label))
		ui_message(ui, "redid: %s", label);
	else
		ui_message(ui, "nothing to redo");
}

static void act_reload(Ui *ui)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(LoadRequest) request = load_request_new();
	if (!session_load(ui->session, request, &error))
		ui_error(ui, error);
}

static void act_palette(Ui *ui)
{
	palette_open(ui, FALSE);
}

static void act_help(Ui *ui)
{
	palette_open(ui, TRUE);
}

static void act_explain(Ui *ui)
{
	overlay_text(ui, screen_name(ui->screen), ui_view(ui)->explain);
}

static void act_theme(Ui *ui)
{
	ui->theme = theme_next(ui->theme, ui->colours);
	session_set(ui->session, "theme", theme_get(ui->theme)->name);
	ui_message(ui, "colours: %s", theme_get(ui->theme)->name);
}

static void act_repaint(Ui *ui)
{
	ui->repaint = TRUE;
}

static void act_suspend(Ui *ui)
{
	ui->suspend = TRUE;
}

static void cancel_all_jobs(Ui *ui)
{
	const GPtrArray *jobs = session_jobs(ui->session);
	for (guint i = 0; jobs && i < jobs->len; i++)
		job_cancel(jobs->pdata[i]);
}

static void quit_now(G_GNUC_UNUSED gpointer data, Ui *ui)
{
	cancel_all_jobs(ui);
	ui->quit = TRUE;
}

static void act_quit(Ui *ui)
{
	guint running = session_running(ui->session);
	if (running == 0) {
		ui->quit = TRUE;
		return;
	}
	g_autofree char *question = g_strdup_printf(
		"%u job%s not finished. Cancel and quit?", running, running == 1 ? " is" : "s are");
	overlay_confirm(ui, question, NULL, NULL, quit_now);
}

static void act_interrupt(Ui *ui)
{
	gint64 now = g_get_monotonic_time();
	gboolean again = ui->interrupted && now - ui->interrupted < INTERRUPT_AGAIN;
	ui->interrupted = now;
	Job *job = ui_front_job(ui);
	if (again) {
		quit_now(NULL, ui);
	} else if (job) {
		JobStatus status;
		job_status(job, &status);
		job_cancel(job);
		ui_message(ui, "cancelling %s; C-c again quits", status.title);
	} else {
		ui_message(ui, "C-c again quits");
	}
}

static void act_previous_screen(Ui *ui)
{
	ui_go(ui, (ScreenId)((ui->screen + SCREEN_COUNT - 1) % SCREEN_COUNT));
}

static void act_next_screen(Ui *ui)
{
	ui_go(ui, (ScreenId)((ui->screen + 1) % SCREEN_COUNT));
}

/* `fallback`: only where the screen makes nothing of it. */
static const struct {
	ActionId action;
	gboolean fallback;
	void (*act)(Ui *ui);
} everywhere_actions[] = {
	{ACTION_PREVIOUS_SCREEN, FALSE, act_previous_screen},
	{ACTION_NEXT_SCREEN, FALSE, act_next_screen},
	{ACTION_FILTER, FALSE, act_filter},
	{ACTION_BACK, TRUE, act_back},
	{ACTION_COPY, TRUE, act_copy},
	{ACTION_COPY_TABLE, TRUE, act_copy_table},
	{ACTION_EXPORT, TRUE, ui_export},
	{ACTION_WRITE_SCREEN, FALSE, act_write_screen},
	{ACTION_UNDO, TRUE, act_undo},
	{ACTION_REDO, TRUE, act_redo},
	{ACTION_RELOAD, TRUE, act_reload},
	{ACTION_PALETTE, FALSE, act_palette},
	{ACTION_HELP, FALSE, act_help},
	{ACTION_EXPLAIN, FALSE, act_explain},
	{ACTION_THEME, FALSE, act_theme},
	{ACTION_REPAINT, FALSE, act_repaint},
	{ACTION_SUSPEND, FALSE, act_suspend},
	{ACTION_INTERRUPT, FALSE, act_interrupt},
	{ACTION_QUIT, FALSE, act_quit},
};

gboolean everywhere_owns(ActionId action)
{
	if (action >= ACTION_GO_1 && action <= ACTION_GO_6)
		return TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(everywhere_actions); i++)
		if (everywhere_actions[i].action == action)
			return !everywhere_actions[i].fallback && action != ACTION_FILTER;
	return FALSE;
}

gboolean everywhere_act(Ui *ui, ActionId action, gboolean fallback)
{
	for (gsize i = 0; i < G_N_ELEMENTS(everywhere_actions); i++) {
		if (everywhere_actions[i].action == action &&
			everywhere_actions[i].fallback == fallback) {
			everywhere_actions[i].act(ui);
			return TRUE;
		}
	}
	return FALSE;
}

const char *everywhere_why_not(Ui *ui, ActionId action)
{
	const ViewOps *view = ui_view(ui);
	switch (action) {
	case ACTION_COPY:
		return view->cell ? NULL : "this screen has no cells to copy";
	case ACTION_COPY_TABLE:
		return view->table ? NULL : "this screen has no table";
	case ACTION_RELOAD:
		return session_collection(ui->session) ? NULL : "nothing is loaded";
	case ACTION_UNDO:
		return session_undo_steps(ui->session) ? NULL : "nothing to undo";
	case ACTION_REDO:
		return session_redo_steps(ui->session) ? NULL : "nothing to redo";
	default:
		return NULL;
	}
}
