/* app.c - the program around the screens: what it is given, what it gives them, keys to actions.
 *
 * A key goes to the overlay in front, else to the filter that is being typed, else it is looked up;
 * an action goes to the screen first, unless it is the frame's own. */
#include "app.h"

#include "core/file.h"
#include "frame.h"
#include "theme.h"

#include <string.h>

enum { CLIPBOARD_MOST = 100000 };

static const ViewOps *const views[SCREEN_COUNT] = {
	[SCREEN_CHECKPOINTS] = &checkpoints_view,
	[SCREEN_SIMILARITY] = &similarity_view,
	[SCREEN_LAYERS] = &layers_view,
	[SCREEN_TRAJECTORY] = &trajectory_view,
	[SCREEN_COMPOSE] = &compose_view,
	[SCREEN_JOBS] = &jobs_view,
};

const ViewOps *ui_view(const Ui *ui)
{
	return views[ui->screen];
}

gpointer ui_view_state(const Ui *ui)
{
	return ui->views[ui->screen];
}

void ui_dirty(Ui *ui)
{
	if (ui->dirty)
		ui->dirty(ui->dirty_data);
}

static void set_message(Ui *ui, const char *text, gboolean failed)
{
	g_free(ui->message);
	ui->message = g_strdup(text);
	ui->failed = failed;
	ui_dirty(ui);
}

static void session_changed(gpointer data)
{
	Ui *ui = data;
	for (guint i = 0; i < SCREEN_COUNT; i++)
		if (ui->views[i] && views[i]->invalidate)
			views[i]->invalidate(ui->views[i], ui);
	ui->stale = ui->stale || !ui->acting;
	g_autofree char *message = session_take_message(ui->session);
	if (message)
		set_message(ui, message, FALSE);
	ui_dirty(ui);
}

static void read_user_keys(Ui *ui)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(g_get_user_config_dir(), "tauscope", "keys", NULL);
	if (g_file_test(path, G_FILE_TEST_EXISTS) && !keymap_read(ui->keymap, path, &error))
		ui_error(ui, error);
}

static ScreenId saved_screen(const Session *session)
{
	const char *name = session_get(session, "screen");
	for (guint i = 0; name && i < SCREEN_COUNT; i++)
		if (g_str_equal(name, screen_name((ScreenId)i)))
			return (ScreenId)i;
	return SCREEN_CHECKPOINTS;
}

Ui *app_new(Session *session, gboolean frozen)
{
	Ui *ui = g_new0(Ui, 1);
	ui->session = session;
	ui->frozen = frozen;
	ui->keymap = keymap_new();
	ui->overlays = g_ptr_array_new_with_free_func((GDestroyNotify)overlay_free);
	ui->history = g_ptr_array_new_with_free_func(g_free);
	ui->width = APP_WIDTH_LEAST;
	ui->height = APP_HEIGHT_LEAST;
	for (guint i = 0; i < SCREEN_COUNT; i++)
		ui->folded[i] = g_strdup("");
	app_set_colours(ui, 256);
	ui_go(ui, saved_screen(session));
	session_on_change(session, session_changed, ui);
	read_user_keys(ui);
	return ui;
}

void app_free(Ui *ui)
{
	session_on_change(ui->session, NULL, NULL);
	g_ptr_array_unref(ui->overlays);
	for (guint i = 0; i < SCREEN_COUNT; i++) {
		if (ui->views[i])
			views[i]->close(ui->views[i]);
		line_free(ui->filter[i]);
		g_free(ui->folded[i]);
	}
	session_free(ui->session);
	keymap_free(ui->keymap);
	g_ptr_array_unref(ui->history);
	g_free(ui->message);
	g_free(ui->clipboard);
	g_free(ui->layer);
	g_free(ui);
}

Session *ui_session(Ui *ui)
{
	return ui->session;
}

const char *ui_filter(Ui *ui)
{
	return ui->folded[ui->screen];
}

gboolean ui_filter_matches(Ui *ui, const char *text)
{
	int score;
	return !*ui_filter(ui) || text_fuzzy(ui_filter(ui), text, &score);
}

void ui_message(Ui *ui, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	set_message(ui, text, FALSE);
}

void ui_error(Ui *ui, const GError *error)
{
	if (error)
		set_message(ui, error->message, TRUE);
}

void ui_go(Ui *ui, ScreenId screen)
{
	ui->screen = screen;
	ui->filtering = FALSE;
	if (!ui->views[screen])
		ui->views[screen] = views[screen]->open(ui);
	session_set(ui->session, "screen", screen_name(screen));
	ui->stale = TRUE;
	ui_dirty(ui);
}

gboolean ui_frozen(Ui *ui)
{
	return ui->frozen;
}

const char *ui_layer(Ui *ui)
{
	return ui->layer;
}

void ui_set_layer(Ui *ui, const char *layer)
{
	char *copy = g_strdup(layer);
	g_free(ui->layer);
	ui->layer = copy;
}

char *ui_copied_path(void)
{
	g_autofree char *folder = g_build_filename(g_get_user_state_dir(), "tauscope", NULL);
	g_mkdir_with_parents(folder, 0700);
	return g_build_filename(folder, "copied.txt", NULL);
}

static void copy_to_file(Ui *ui, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = ui_copied_path();
	if (!file_write_all(path, text, strlen(text), TRUE, &error))
		ui_error(ui, error);
	else
		ui_message(ui, "too long for the clipboard: written to %s", path);
}

void ui_copy(Ui *ui, const char *text)
{
	if (strlen(text) > CLIPBOARD_MOST) {
		copy_to_file(ui, text);
		return;
	}
	g_free(ui->clipboard);
	ui->clipboard = g_strdup(text);
	gsize line = strcspn(text, "\r\n");
	if (text[line + strspn(text + line, "\r\n")])
		ui_message(ui, "copied %" G_GSIZE_FORMAT " bytes", strlen(text));
	else
		ui_message(ui, "copied: %.*s", (int)line, text);
}

Job *ui_front_job(const Ui *ui)
{
	const GPtrArray *jobs = session_jobs(ui->session);
	Job *waiting = NULL;
	for (guint i = 0; jobs && i < jobs->len; i++) {
		JobStatus status;
		job_status(jobs->pdata[i], &status);
		if (status.state == JOB_RUNNING)
			return jobs->pdata[i];
		if (status.state == JOB_WAITING)
			waiting = jobs->pdata[i];
	}
	return waiting;
}

const char *ui_why_not(Ui *ui, ActionId action)
{
	const ViewOps *view = ui_view(ui);
	const char *reason = NULL;
	if (view->why_not && !everywhere_owns(action))
		reason = view->why_not(ui_view_state(ui), ui, action);
	return reason ? reason : everywhere_why_not(ui, action);
}

/* A screen acts on what it has drawn, also where keys come faster than frames, and so does what
 * lies over it: a load may have replaced what the screen was made of.  What a key itself changed,
 * the screen that took it brings up to date, so that many keys at once draw no frame for each. */
static void catch_up(Ui *ui)
{
	if (ui->stale)
		canvas_free(frame_picture(ui));
	ui->stale = FALSE;
}

/* Esc clears the filter before it means anything to the screen. */
static gboolean view_act(Ui *ui, ActionId action)
{
	if (action == ACTION_BACK && *ui_filter(ui))
		return FALSE;
	return ui_view(ui)->act(ui_view_state(ui), ui, action) == REACT_DONE;
}

void ui_act(Ui *ui, ActionId action)
{
	if (action >= ACTION_GO_1 && action <= ACTION_GO_6) {
		ui_go(ui, (ScreenId)(action - ACTION_GO_1));
		return;
	}
	ScreenId screen = action_get(action)->screen;
	if (screen != SCREEN_EVERYWHERE && screen != ui->screen)
		ui_go(ui, screen);
	catch_up(ui);
	const char *reason = ui_why_not(ui, action);
	if (reason)
		ui_message(ui, "%s: %s", action_get(action)->name, reason);
	else if (!everywhere_act(ui, action, FALSE) && !view_act(ui, action))
		everywhere_act(ui, action, TRUE);
}

/* What must work whatever lies over the screen; never a key that could be text. */
static gboolean is_urgent(const char *key, ActionId action)
{
	return strlen(key) > 1 && (action == ACTION_REPAINT || action == ACTION_SUSPEND);
}

static void act_on_key(Ui *ui, const char *key)
{
	ActionId action = keymap_find(ui->keymap, ui->screen, key);
	if (is_urgent(key, action)) {
		ui_act(ui, action);
	} else if (ui->overlays->len > 0) {
		catch_up(ui);
		overlay_key(ui, key);
	} else if (ui->filtering)
		everywhere_filter_key(ui, key);
	else if (action)
		ui_act(ui, action);
	else
		ui_message(ui, "%s does nothing here: ? shows the keys that do", key);
}

void app_key(Ui *ui, const char *key)
{
	g_clear_pointer(&ui->message, g_free);
	ui->failed = FALSE;
	ui->acting = TRUE;
	act_on_key(ui, key);
	ui->acting = FALSE;
	ui_dirty(ui);
}

static void draw_too_small(Canvas *canvas)
{
	g_autofree char *text = g_strdup_printf("tauscope needs %d × %d, this is %d × %d",
		APP_WIDTH_LEAST, APP_HEIGHT_LEAST, canvas->width, canvas->height);
	g_auto(GStrv) lines = text_wrap(text, canvas->width);
	int y = (canvas->height - (int)g_strv_length(lines)) / 2;
	for (guint i = 0; lines[i]; i++)
		canvas_text(canvas, canvas_rect(canvas),
			(canvas->width - canvas_columns(lines[i])) / 2, y + (int)i, ROLE_WARNING,
			lines[i]);
}

void app_draw(Ui *ui, Canvas *canvas)
{
	canvas_clear(canvas);
	if (canvas->width < APP_WIDTH_LEAST || canvas->height < APP_HEIGHT_LEAST) {
		draw_too_small(canvas);
		return;
	}
	ui->width = canvas->width;
	ui->height = canvas->height;
	ui->ascii = canvas->ascii;
	frame_draw(ui, canvas);
	ui->stale = FALSE;
	for (guint i = 0; i < ui->overlays->len; i++) {
		const Overlay *overlay = ui->overlays->pdata[i];
		overlay->ops->draw(overlay->state, ui, canvas);
	}
}

gboolean app_quit(const Ui *ui)
{
	return ui->quit;
}

gboolean app_is_live(const Ui *ui)
{
	return !ui->frozen && session_running(ui->session) > 0;
}

static gboolean take(gboolean *flag)
{
	gboolean was = *flag;
	*flag = FALSE;
	return was;
}

gboolean app_take_suspend(Ui *ui)
{
	return take(&ui->suspend);
}

gboolean app_take_repaint(Ui *ui)
{
	return take(&ui->repaint);
}

char *app_take_clipboard(Ui *ui)
{
	return g_steal_pointer(&ui->clipboard);
}

guint app_theme(const Ui *ui)
{
	return ui->theme;
}

void app_set_colours(Ui *ui, guint colours)
{
	const char *saved = session_get(ui->session, "theme");
	ui->colours = colours;
	ui->theme = theme_for(colours);
	for (guint i = 0; saved && i < theme_count(); i++)
		if (g_str_equal(theme_get(i)->name, saved) && theme_get(i)->colours <= colours)
			ui->theme = i;
}

void app_on_dirty(Ui *ui, void (*dirty)(gpointer data), gpointer data)
{
	ui->dirty = dirty;
	ui->dirty_data = data;
}
