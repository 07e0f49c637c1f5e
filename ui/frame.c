/* frame.c - what stands around every screen: names and job above, message and keys below. */
#include "frame.h"

#include <math.h>
#include <string.h>

enum {
	HEADER_ROWS = 2,
	FOOTER_ROWS = 3,
	WIDE_HEADER = 100, /* columns from which the names of the screens stand apart */
	MESSAGE_ROWS_MOST = 5,
};

/* What the footer shows after the screen's own choice, as far as there is room. */
static const ActionId common_footer[] = {ACTION_OPEN, ACTION_MARK, ACTION_FILTER, ACTION_SORT,
	ACTION_COPY, ACTION_EXPORT, ACTION_UNDO, ACTION_EXPLAIN, ACTION_NEXT_PANE, ACTION_NONE};
/* What it shows at its end, always. */
static const ActionId last_footer[] = {ACTION_PALETTE, ACTION_HELP, ACTION_QUIT, ACTION_NONE};

/* "43% write edit", for the right end of the first row; NULL where nothing runs. */
static char *job_summary(const Ui *ui)
{
	Job *job = ui_front_job(ui);
	if (!job)
		return NULL;
	JobStatus status;
	job_status(job, &status);
	if (ui->frozen || status.state == JOB_WAITING)
		return g_strdup(status.title);
	return g_strdup_printf("%.0f%% %s", floor(100 * status.fraction), status.title);
}

static int draw_names(const Ui *ui, Canvas *canvas, Rect row, int x, int gap)
{
	for (guint i = 0; i < SCREEN_COUNT; i++) {
		gboolean open = i == ui->screen;
		g_autofree char *name = g_strdup_printf("%c%u %s%c", open ? '[' : ' ', i + 1,
			screen_name((ScreenId)i), open ? ']' : ' ');
		x += gap + canvas_text(canvas, row, x, 0, open ? ROLE_TITLE : ROLE_NORMAL, name);
	}
	return x;
}

static void draw_header(const Ui *ui, Canvas *canvas, Rect rect)
{
	gboolean wide = rect.width >= WIDE_HEADER;
	canvas_text(canvas, rect, 1, 0, ROLE_HEADING, "τ");
	int end = draw_names(ui, canvas, rect, wide ? 5 : 3, wide ? 2 : 0);
	g_autofree char *job = job_summary(ui);
	int room = rect.width - end - 1;
	if (job && room >= 4)
		canvas_field(canvas, rect, rect.width - 1 - MIN(canvas_columns(job), room), 0,
			MIN(canvas_columns(job), room), ROLE_WARNING, job);
	canvas_horizontal(canvas, rect, 1);
}

static gboolean is_vertical(const Canvas *canvas, int x, int y)
{
	gunichar character = canvas->cells[y * canvas->width + x].character;
	return character == U'│' || character == U'┤' || character == U'├';
}

/* Lets the line between two panes run into the rules above and below. */
static void join_rules(Canvas *canvas, int top, int bottom)
{
	for (int x = 0; x < canvas->width; x++) {
		if (is_vertical(canvas, x, top + 1))
			canvas_text(canvas, canvas_rect(canvas), x, top, ROLE_RULE, "┬");
		if (is_vertical(canvas, x, bottom - 1))
			canvas_text(canvas, canvas_rect(canvas), x, bottom, ROLE_RULE, "┴");
	}
}

static const char *label_of(Ui *ui, ActionId action)
{
	const ViewOps *view = ui_view(ui);
	const char *label = view->label ? view->label(action) : NULL;
	return label ? label : action_get(action)->name;
}

/* One key and what it does; returns its columns, 0 where it would go beyond `end`. */
static int draw_key(Ui *ui, Canvas *canvas, Rect row, int x, int end, ActionId action)
{
	const char *key = keymap_key(ui->keymap, action);
	g_autofree char *label = g_strdelimit(g_strdup(label_of(ui, action)), "-", ' ');
	int columns = canvas_columns(key) + 1 + canvas_columns(label);
	if (x + columns > end || !*key)
		return 0;
	gboolean works = ui_why_not(ui, action) == NULL;
	canvas_text(canvas, row, x, 0, works ? ROLE_KEY : ROLE_DIM, key);
	canvas_text(
		canvas, row, x + canvas_columns(key) + 1, 0, works ? ROLE_NORMAL : ROLE_DIM, label);
	return columns;
}

static gboolean holds(const ActionId *actions, ActionId action)
{
	for (guint i = 0; actions && actions[i]; i++)
		if (actions[i] == action)
			return TRUE;
	return FALSE;
}

/* Draws the keys of a list that are not in `shown`; returns the next free column. */
static int draw_keys(Ui *ui, Canvas *canvas, Rect row, int x, int end, const ActionId *actions,
	const ActionId *shown)
{
	for (guint i = 0; actions && actions[i]; i++) {
		if (holds(shown, actions[i]) || (shown && holds(last_footer, actions[i])))
			continue;
		int columns = draw_key(ui, canvas, row, x, end, actions[i]);
		if (columns > 0)
			x += columns + 2;
	}
	return x;
}

static int keys_columns(Ui *ui, const ActionId *actions)
{
	int columns = 0;
	for (guint i = 0; actions[i]; i++)
		columns += canvas_columns(keymap_key(ui->keymap, actions[i])) + 1 +
			   canvas_columns(action_get(actions[i])->name) + 2;
	return columns - 2;
}

static void draw_footer_keys(Ui *ui, Canvas *canvas, Rect row)
{
	static const ActionId none[] = {ACTION_NONE};
	const ActionId *own = ui_view(ui)->footer;
	int last = row.width - 1 - keys_columns(ui, last_footer);
	int x = draw_keys(ui, canvas, row, 1, last - 2, own, none);
	draw_keys(ui, canvas, row, x, last - 2, common_footer, own ? own : none);
	draw_keys(ui, canvas, row, last, row.width, last_footer, NULL);
}

/* Pairs "KEY label" separated by two blanks. */
static void draw_footer_text(Canvas *canvas, Rect row, const char *footer)
{
	g_auto(GStrv) pairs = g_strsplit(footer, "  ", -1);
	int x = 1;
	for (guint i = 0; pairs[i]; i++) {
		const char *blank = strchr(pairs[i], ' ');
		gsize length = blank ? (gsize)(blank - pairs[i]) : strlen(pairs[i]);
		g_autofree char *key = g_strndup(pairs[i], length);
		x += canvas_text(canvas, row, x, 0, ROLE_KEY, key);
		x += canvas_text(canvas, row, x, 0, ROLE_NORMAL, blank) + 2;
	}
}

static const char *overlay_footer(const Ui *ui)
{
	if (ui->overlays->len == 0)
		return NULL;
	const Overlay *front = ui->overlays->pdata[ui->overlays->len - 1];
	return front->ops->footer;
}

static void draw_footer(Ui *ui, Canvas *canvas, Rect row)
{
	if (overlay_footer(ui))
		draw_footer_text(canvas, row, overlay_footer(ui));
	else if (ui->filtering)
		draw_footer_text(canvas, row, "type to narrow  Enter keep  Esc clear");
	else
		draw_footer_keys(ui, canvas, row);
}

/* What a newcomer should do, where the screen has nothing to say. */
static const char *hint(const Ui *ui)
{
	if (session_running(ui->session) > 0)
		return "numbers follow when the weights have been read: 6 shows how far that is";
	if (!session_collection(ui->session))
		return ui->screen == SCREEN_CHECKPOINTS
			       ? "nothing is loaded: o opens a base checkpoint, then its "
				 "fine-tuned ones"
			       : "nothing is loaded: 1 goes to Checkpoints, o opens one there";
	if (!session_ready(ui->session))
		return "the inner products are not complete: R reads what is missing";
	return NULL;
}

static void draw_filter(Ui *ui, Canvas *canvas, Rect row)
{
	int x = 1 + canvas_text(canvas, row, 1, 0, ROLE_KEY, "/");
	line_draw(ui->filter[ui->screen], canvas, row, x, 0, row.width - x - 1);
}

/* The filter that is kept, at the right end of the row; returns the columns that are left. */
static int draw_kept_filter(Ui *ui, Canvas *canvas, Rect row)
{
	if (!*ui_filter(ui))
		return row.width - 1;
	g_autofree char *text = g_strdup_printf("/%s  Esc clears", ui_filter(ui));
	int columns = MIN(canvas_columns(text), row.width / 3);
	canvas_field(canvas, row, row.width - 1 - columns, 0, columns, ROLE_MARKED, text);
	return row.width - columns - 3;
}

static void draw_sentence(Ui *ui, Canvas *canvas, Rect row)
{
	const ViewOps *view = ui_view(ui);
	g_autofree char *sentence = view->sentence ? view->sentence(ui_view_state(ui), ui) : NULL;
	const char *shown = sentence ? sentence : hint(ui);
	int end = draw_kept_filter(ui, canvas, row);
	if (shown)
		canvas_field(canvas, row, 1, 0, end - 1, ROLE_NORMAL, shown);
}

/* A message, over the rows above its own where it is long, so that none of an error is cut. */
static void draw_message(Ui *ui, Canvas *canvas, int y)
{
	g_auto(GStrv) lines = text_wrap(ui->message, canvas->width - 2);
	int count = MIN((int)g_strv_length(lines), MESSAGE_ROWS_MOST);
	Rect rows = rect_rows(canvas_rect(canvas), y - count + 1, count);
	canvas_fill(canvas, rows, ROLE_NORMAL, ' ');
	if (count > 1)
		canvas_horizontal(canvas, canvas_rect(canvas), y - count);
	for (int i = 0; i < count; i++)
		canvas_text(canvas, rows, 1, i, ui->failed ? ROLE_ERROR : ROLE_GOOD, lines[i]);
}

void frame_draw(Ui *ui, Canvas *canvas)
{
	Rect all = canvas_rect(canvas);
	int rule = all.height - FOOTER_ROWS;
	ui_view(ui)->draw(
		ui_view_state(ui), ui, canvas, rect_rows(all, HEADER_ROWS, rule - HEADER_ROWS));
	draw_header(ui, canvas, rect_rows(all, 0, HEADER_ROWS));
	canvas_horizontal(canvas, all, rule);
	if (!canvas->ascii)
		join_rules(canvas, HEADER_ROWS - 1, rule);
	draw_footer(ui, canvas, rect_rows(all, rule + 2, 1));
	if (ui->filtering)
		draw_filter(ui, canvas, rect_rows(all, rule + 1, 1));
	else if (ui->message)
		draw_message(ui, canvas, rule + 1);
	else
		draw_sentence(ui, canvas, rect_rows(all, rule + 1, 1));
}

Canvas *frame_picture(Ui *ui)
{
	Canvas *canvas = canvas_new(ui->width, ui->height, ui->ascii);
	g_autofree char *message = g_steal_pointer(&ui->message);
	frame_draw(ui, canvas);
	ui->message = g_steal_pointer(&message);
	return canvas;
}
