/* compose_list.c - the left half of the Compose screen: the scale, the terms with their sliders,
 * the edit as text, and what an export would write. */
#include "compose_view.h"

#include "core/text.h"
#include "plot.h"

#include <math.h>
#include <string.h>

#define HEADING_ROWS 3
#define EXPRESSION_ROWS_MOST 4
#define NUMBER_COLUMNS 8
#define SLIDER_MOST 51

/* One line of the list; a term has a second one for its scope. */
typedef struct {
	int row;
	gboolean scope;
} ListLine;

typedef struct {
	int name, slider, slider_columns;
} ListColumns;

static const Term *term_at(const Composition *composition, guint term)
{
	return &g_array_index(composition->terms, Term, term);
}

static void add_line(GArray *lines, int row, gboolean scope)
{
	ListLine line = {row, scope};

	g_array_append_val(lines, line);
}

/* Scopes of everything are left out where the list would not fit with them. */
static GArray *list_lines(const Composition *composition, int height)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(ListLine));
	int terms = (int)composition->terms->len;
	gboolean all = 2 * terms + 2 <= height;

	add_line(lines, ROW_SCALE, FALSE);
	for (int i = 0; i < terms; i++) {
		add_line(lines, ROW_FIRST_TERM + i, FALSE);
		if (all || term_at(composition, (guint)i)->scope)
			add_line(lines, ROW_FIRST_TERM + i, TRUE);
	}
	add_line(lines, ROW_FIRST_TERM + terms, FALSE);
	return lines;
}

/* Moves the window so that all lines of the cursor's row lie in it. */
static void scroll_to_cursor(ComposeView *view, const GArray *lines, int height)
{
	int first = -1, last = 0;

	for (guint i = 0; i < lines->len; i++) {
		if (g_array_index(lines, ListLine, i).row != view->list.cursor)
			continue;
		first = first < 0 ? (int)i : first;
		last = (int)i;
	}
	view->top = CLAMP(view->top, last - height + 1, MAX(first, last - height + 1));
	view->top = CLAMP(view->top, 0, MAX(0, (int)lines->len - height));
}

static ListColumns columns_of(const Composition *composition, Rect rect)
{
	ListColumns columns = {.name = NAME_LEAST + 3};

	for (guint i = 0; i < composition->terms->len; i++) {
		g_autofree char *name = term_name(term_at(composition, i));
		columns.name = MAX(columns.name, canvas_columns(name));
	}
	columns.name = MIN(columns.name, MAX(NAME_LEAST + 3, rect.width - 5 - NUMBER_COLUMNS - 18));
	columns.slider = 5 + columns.name + NUMBER_COLUMNS + 2;
	columns.slider_columns = CLAMP(rect.width - columns.slider - 1, 0, SLIDER_MOST);
	return columns;
}

/* The base that is edited, and how much can be undone. */
static void draw_title(const Session *session, Canvas *canvas, Rect rect)
{
	const Checkpoint *base = collection_member(session_collection(session), 0)->checkpoint;
	guint undo = session_undo_steps(session), redo = session_redo_steps(session);
	g_autofree char *steps = g_strdup_printf("%u to undo, %u to redo", undo, redo);
	g_autofree char *path = path_shown(base->path);
	int room = MAX(0, rect.width - 10 - (undo + redo > 0 ? canvas_columns(steps) + 2 : 0));
	g_autofree char *shown = path_shortened(path, room);

	canvas_text(canvas, rect, 1, 0, ROLE_HEADING, "EDIT of");
	canvas_field(canvas, rect, 9, 0, room, ROLE_NORMAL, shown);
	if (undo + redo > 0)
		canvas_text_right(canvas, rect, rect.width - 1, 0, ROLE_DIM, steps);
}

static void draw_heading(const ListColumns *columns, Canvas *canvas, Rect rect)
{
	double cells = (columns->slider_columns - 1) / (SLIDER_HIGH - SLIDER_LOW);
	int y = HEADING_ROWS - 1, zero = columns->slider + (int)round(-SLIDER_LOW * cells);

	canvas_text(canvas, rect, 5, y, ROLE_HEADING, "TERM");
	canvas_text_right(canvas, rect, columns->slider - 2, y, ROLE_HEADING, "λ");
	if (columns->slider_columns < 12)
		return;
	canvas_text(canvas, rect, columns->slider, y, ROLE_DIM, "−1");
	canvas_text(canvas, rect, zero, y, ROLE_DIM, "0");
	canvas_text_right(
		canvas, rect, columns->slider + columns->slider_columns, y, ROLE_DIM, "+1.5");
}

static void draw_value(
	const ListColumns *columns, double value, Role role, Canvas *canvas, Rect rect, int y)
{
	g_autofree char *digits = coefficient_text(fabs(value));
	g_autofree char *text = g_strconcat(value < 0 ? "−" : "+", digits, NULL);

	canvas_text_right(canvas, rect, columns->slider - 2, y, role, text);
	plot_slider(canvas, rect, columns->slider, y, columns->slider_columns, SLIDER_LOW,
		SLIDER_HIGH, value, role);
}

static void draw_term(const ListColumns *columns, const Term *term, gboolean scope, Canvas *canvas,
	Rect rect, int y)
{
	Role role = term->on ? ROLE_NORMAL : ROLE_DIM;
	g_autofree char *name = NULL;

	if (scope) {
		g_autofree char *text = g_strdup_printf("on %s", term->scope ? term->scope : "all");
		canvas_field(canvas, rect, 7, y, rect.width - 8, ROLE_DIM, text);
		return;
	}
	name = term_name(term);
	canvas_text(canvas, rect, 1, y, role, term->on ? "[x]" : "[ ]");
	canvas_field(canvas, rect, 5, y, columns->name, role, name);
	draw_value(columns, term->coefficient, term->on ? ROLE_BAR : ROLE_DIM, canvas, rect, y);
}

static void draw_line(const ListColumns *columns, const Composition *composition,
	const ListLine *line, Canvas *canvas, Rect rect, int y)
{
	int term = line->row - ROW_FIRST_TERM;

	if (line->row == ROW_SCALE) {
		canvas_field(canvas, rect, 5, y, columns->name, ROLE_NORMAL, "× the whole");
		draw_value(columns, composition->scale, ROLE_BAR, canvas, rect, y);
	} else if (term < (int)composition->terms->len) {
		draw_term(columns, term_at(composition, (guint)term), line->scope, canvas, rect, y);
	} else {
		canvas_text(canvas, rect, 1, y, ROLE_NORMAL, "+ add a term (a)");
	}
}

static void draw_list(ComposeView *view, const Composition *composition, Canvas *canvas, Rect rect,
	const ListColumns *columns)
{
	g_autoptr(GArray) lines = list_lines(composition, rect.height);

	list_fit(&view->list, ROW_FIRST_TERM + (int)composition->terms->len + 1, rect.height);
	scroll_to_cursor(view, lines, rect.height);
	for (int y = 0; y < rect.height && view->top + y < (int)lines->len; y++) {
		const ListLine *line = &g_array_index(lines, ListLine, view->top + y);
		draw_line(columns, composition, line, canvas, rect, y);
		if (line->row == view->list.cursor && !line->scope)
			pane_cursor(canvas, rect, y, !view->in_preview);
	}
}

/* The edit in the language that the batch verbs take. */
static char *expression_text(const Composition *composition)
{
	g_autofree char *text = composition_text(composition);
	g_autofree char *scale = expression_number(composition->scale);

	if (!*text)
		return g_strdup("nothing is on: a adds a task");
	if (composition->scale == 1)
		return g_steal_pointer(&text);
	return g_strdup_printf("%s  --scale=%s", text, scale);
}

/* Rows that the text takes when wrapped. */
static int wrapped_rows(const char *text, Rect rect)
{
	Canvas *scratch = canvas_new(0, 0, FALSE);
	int rows = pane_wrap(scratch, rect, 2, 0, ROLE_NORMAL, text);

	canvas_free(scratch);
	return MIN(rows, EXPRESSION_ROWS_MOST);
}

static void draw_expression(const char *text, Canvas *canvas, Rect rect)
{
	canvas_text(canvas, rect, 1, 0, ROLE_HEADING, "RECIPE");
	pane_wrap(canvas, rect, 2, 1, ROLE_NORMAL, text);
}

static void draw_output(const Session *session, Canvas *canvas, Rect rect, int y)
{
	const Checkpoint *base = collection_member(session_collection(session), 0)->checkpoint;
	g_autofree char *bytes = text_bytes(checkpoint_bytes(base));
	const char *type = "";

	for (guint i = 0; i < checkpoint_count(base); i++) {
		const char *name = dtype_info(checkpoint_tensor(base, i)->dtype)->name;
		type = i == 0 || strcmp(type, name) == 0 ? name : "types of the base";
	}
	canvas_text(canvas, rect, 1, y, ROLE_HEADING, "OUTPUT");
	canvas_printf(canvas, rect, 9, y, ROLE_NORMAL, "%u tensors, %s, %s", checkpoint_count(base),
		bytes, type);
}

void compose_list_draw(ComposeView *view, Ui *ui, Canvas *canvas, Rect rect)
{
	const Session *session = ui_session(ui);
	const Composition *composition = session_composition(session);
	g_autofree char *text = expression_text(composition);
	ListColumns columns = columns_of(composition, rect);
	int below = 1 + wrapped_rows(text, rect) + 1;
	int list = MAX(2, rect.height - HEADING_ROWS - below - 2);
	int used = MIN(list, 2 * (int)composition->terms->len + 2);

	draw_title(session, canvas, rect);
	draw_heading(&columns, canvas, rect);
	draw_list(view, composition, canvas, rect_rows(rect, HEADING_ROWS, list), &columns);
	draw_expression(text, canvas, rect_rows(rect, HEADING_ROWS + used + 1, below));
	draw_output(session, canvas, rect, rect.height - 1);
}
