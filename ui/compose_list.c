/* compose_list.c - the left half of the Compose screen: the rows of the edit with their sliders,
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
#define SLIDER_LEAST 8
#define MARGIN 5 /* before the names: the cursor, a term's box */
#define INDENT 2 /* of a row within another */

/* One line of the list; a term has a second one for its scope. */
typedef struct {
	int place; /* among the rows that are seen */
	gboolean scope;
} ListLine;

typedef struct {
	int name, slider, slider_columns;
} ListColumns;

static const OutlineRow *seen_row(const ComposeView *view, guint place)
{
	return outline_row(view->outline, g_array_index(view->seen, guint, place));
}

static void add_line(GArray *lines, int place, gboolean scope)
{
	ListLine line = {place, scope};

	g_array_append_val(lines, line);
}

/* Scopes of everything are left out where the list would not fit with them. */
static GArray *list_lines(const ComposeView *view, int height)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(ListLine));
	guint terms = view->outline->composition->terms->len;
	gboolean all = (int)(view->seen->len + terms) <= height;

	for (guint i = 0; i < view->seen->len; i++) {
		const OutlineRow *row = seen_row(view, i);
		add_line(lines, (int)i, FALSE);
		if (row->kind == OUTLINE_TERM && (all || row->part.scope))
			add_line(lines, (int)i, TRUE);
	}
	return lines;
}

/* Moves the window so that all lines of the cursor's row lie in it. */
static void scroll_to_cursor(ComposeView *view, const GArray *lines, int height)
{
	int first = -1, last = 0;

	for (guint i = 0; i < lines->len; i++) {
		if (g_array_index(lines, ListLine, i).place != view->list.cursor)
			continue;
		first = first < 0 ? (int)i : first;
		last = (int)i;
	}
	view->top = CLAMP(view->top, last - height + 1, MAX(first, last - height + 1));
	view->top = CLAMP(view->top, 0, MAX(0, (int)lines->len - height));
}

/* A row as it is called: with a mark where it opens, an input with its layers. */
static char *row_text(const OutlineRow *row)
{
	const char *mark = !row->opens ? "" : row->folded ? "▸ " : "▾ ";
	gboolean input = row->kind == OUTLINE_INPUT && row->part.scope;

	return g_strconcat(mark, row->name, input ? "[" : "", input ? row->part.scope : "",
		input ? "]" : "", NULL);
}

static int row_indent(const OutlineRow *row)
{
	return MARGIN + INDENT * (int)row->level;
}

/* Where it is drawn: rows that lie very deep stand below one another, so that names are seen. */
static int drawn_indent(const ListColumns *columns, const OutlineRow *row)
{
	return MIN(row_indent(row), MARGIN + columns->name - NAME_LEAST);
}

static ListColumns columns_of(const ComposeView *view, Rect rect)
{
	ListColumns columns = {.name = NAME_LEAST + 3};

	for (guint i = 0; i < view->seen->len; i++) {
		const OutlineRow *row = seen_row(view, i);
		g_autofree char *text = row_text(row);
		if (row->kind <= OUTLINE_PARAMETER)
			columns.name =
				MAX(columns.name, canvas_columns(text) + row_indent(row) - MARGIN);
	}
	columns.name =
		MIN(columns.name, MAX(NAME_LEAST + 3, rect.width - MARGIN - NUMBER_COLUMNS - 18));
	columns.slider = MARGIN + columns.name + NUMBER_COLUMNS + 2;
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
	double cells = (columns->slider_columns - 1) / (OUTLINE_HIGH - OUTLINE_LOW);
	int y = HEADING_ROWS - 1, zero = columns->slider + (int)round(-OUTLINE_LOW * cells);

	canvas_text(canvas, rect, MARGIN, y, ROLE_HEADING, "TERM");
	canvas_text_right(canvas, rect, columns->slider - 2, y, ROLE_HEADING, "λ");
	if (columns->slider_columns < 12)
		return;
	canvas_text(canvas, rect, columns->slider, y, ROLE_DIM, "−1");
	canvas_text(canvas, rect, zero, y, ROLE_DIM, "0");
	canvas_text_right(
		canvas, rect, columns->slider + columns->slider_columns, y, ROLE_DIM, "+1.5");
}

static void draw_coefficient(
	const ListColumns *columns, const OutlineRow *row, Canvas *canvas, Rect rect, int y)
{
	Role role = row->on ? ROLE_BAR : ROLE_DIM;
	g_autofree char *digits = outline_number(fabs(row->number));
	g_autofree char *text = g_strconcat(row->number < 0 ? "−" : "+", digits, NULL);

	canvas_text_right(canvas, rect, columns->slider - 2, y, role, text);
	plot_slider(canvas, rect, columns->slider, y, columns->slider_columns, row->low, row->high,
		row->number, role);
}

/* The slider of a parameter has a scale of its own, so its ends are written beside it. */
static void draw_own_slider(const ListColumns *columns, const OutlineRow *row, Role role,
	Canvas *canvas, Rect rect, int y)
{
	g_autofree char *low = expression_number(row->low);
	g_autofree char *high = expression_number(row->high);
	int left = canvas_columns(low) + 1, right = canvas_columns(high) + 1;
	int room = MIN(columns->slider_columns, 2 * SLIDER_LEAST + left + right) - left - right;

	if (room < SLIDER_LEAST)
		return;
	canvas_text(canvas, rect, columns->slider, y, ROLE_DIM, low);
	plot_slider(canvas, rect, columns->slider + left, y, room, row->low, row->high, row->number,
		role);
	canvas_text(canvas, rect, columns->slider + left + room + 1, y, ROLE_DIM, high);
}

static void draw_parameter(const ComposeView *view, const ListColumns *columns, guint place,
	Canvas *canvas, Rect rect, int y)
{
	const OutlineRow *row = seen_row(view, place);
	Role role = !row->given || !row->on ? ROLE_DIM : ROLE_BAR;
	g_autofree char *value =
		outline_value(view->outline, g_array_index(view->seen, guint, place));
	int end = columns->slider - 2, beside = columns->slider;

	if (canvas_columns(value) <= NUMBER_COLUMNS) {
		canvas_text_right(canvas, rect, end, y, role, value);
	} else {
		beside = end - NUMBER_COLUMNS;
		canvas_field(canvas, rect, beside, y, rect.width - beside - 1, role, value);
		beside += canvas_columns(value) + 2;
	}
	if (!row->given)
		canvas_text(canvas, rect, beside, y, ROLE_DIM, "default");
	else if (row->has_number && isfinite(row->low))
		draw_own_slider(columns, row, role, canvas, rect, y);
}

static void draw_row(const ComposeView *view, const ListColumns *columns, guint place,
	Canvas *canvas, Rect rect, int y)
{
	const OutlineRow *row = seen_row(view, place);
	int indent = drawn_indent(columns, row);
	g_autofree char *text = row_text(row);
	Role role = row->on ? ROLE_NORMAL : ROLE_DIM;

	if (row->kind == OUTLINE_ADD_TERM || row->kind == OUTLINE_ADD_INPUT) {
		canvas_printf(canvas, rect, row->level ? indent : 1, y,
			row->level ? ROLE_DIM : ROLE_NORMAL, "+ %s%s", row->name,
			row->level ? "" : " (a)");
		return;
	}
	if (row->kind == OUTLINE_TERM)
		canvas_text(canvas, rect, 1, y, role, row->on ? "[x]" : "[ ]");
	canvas_field(canvas, rect, indent, y, columns->name - indent + MARGIN, role, text);
	if (row->kind == OUTLINE_PARAMETER)
		draw_parameter(view, columns, place, canvas, rect, y);
	else
		draw_coefficient(columns, row, canvas, rect, y);
}

static void draw_scope(const OutlineRow *row, Canvas *canvas, Rect rect, int y)
{
	g_autofree char *text = g_strdup_printf("on %s", row->part.scope ? row->part.scope : "all");

	canvas_field(
		canvas, rect, MARGIN + INDENT, y, rect.width - MARGIN - INDENT - 1, ROLE_DIM, text);
}

static void draw_list(ComposeView *view, const GArray *lines, Canvas *canvas, Rect rect,
	const ListColumns *columns)
{
	list_fit(&view->list, (int)view->seen->len, rect.height);
	scroll_to_cursor(view, lines, rect.height);
	for (int y = 0; y < rect.height && view->top + y < (int)lines->len; y++) {
		const ListLine *line = &g_array_index(lines, ListLine, view->top + y);
		if (line->scope)
			draw_scope(seen_row(view, (guint)line->place), canvas, rect, y);
		else
			draw_row(view, columns, (guint)line->place, canvas, rect, y);
		if (line->place == view->list.cursor && !line->scope)
			pane_cursor(canvas, rect, y, !view->in_preview);
	}
}

/* Says of the lines that have no room that they are there. */
static void draw_hidden(int above, int below, Canvas *canvas, Rect rect, int y)
{
	if (above > 0 && below > 0)
		canvas_printf(
			canvas, rect, MARGIN, y, ROLE_DIM, "%d more above, %d below", above, below);
	else if (above > 0 || below > 0)
		canvas_printf(canvas, rect, MARGIN, y, ROLE_DIM, "%d more %s", MAX(above, below),
			above > 0 ? "above" : "below");
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
	g_autofree char *text = expression_text(view->outline->composition);
	ListColumns columns = columns_of(view, rect);
	int below = 1 + wrapped_rows(text, rect) + 1;
	int list = MAX(2, rect.height - HEADING_ROWS - below - 2), used;
	g_autoptr(GArray) lines = list_lines(view, list);

	used = HEADING_ROWS + MIN(list, (int)lines->len) + 1;
	draw_title(session, canvas, rect);
	draw_heading(&columns, canvas, rect);
	draw_list(view, lines, canvas, rect_rows(rect, HEADING_ROWS, list), &columns);
	draw_hidden(view->top, (int)lines->len - view->top - list, canvas, rect, used - 1);
	draw_expression(text, canvas, rect_rows(rect, used, below));
	compose_curve_draw(
		view, ui, canvas, rect_rows(rect, used + below, rect.height - used - below - 2));
	draw_output(session, canvas, rect, rect.height - 1);
}
