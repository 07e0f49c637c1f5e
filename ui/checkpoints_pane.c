/* checkpoints_pane.c - draws what checkpoints_detail.c knows of a checkpoint. */
#include "checkpoints_view.h"

#include "core/text.h"
#include "plot.h"

#define VALUE_COLUMNS 9
#define COUNT_COLUMNS 7
#define LABEL_COLUMNS 12
#define TENSOR_INDENT 6

/* Draws the columns at the right; returns where they begin. */
static int draw_numbers(const DetailLine *line, Canvas *canvas, Rect rect, int y)
{
	Role role = line->kind == DETAIL_HEADING && line->count ? ROLE_HEADING : ROLE_NORMAL;
	int end = rect.width - 1;

	if (line->value) {
		canvas_text_right(canvas, rect, end, y, role, line->value);
		end -= VALUE_COLUMNS;
	}
	if (line->count) {
		canvas_text_right(canvas, rect, end, y, role, line->count);
		end -= COUNT_COLUMNS;
	}
	return end;
}

static void draw_tensor(const DetailLine *line, Canvas *canvas, Rect rect, int y)
{
	g_autofree char *name = text_safe(line->name);
	g_autofree char *value = number_fixed(line->number, line->decimals);
	int end = rect.width - 1 - VALUE_COLUMNS;

	canvas_text_right(canvas, rect, rect.width - 1, y, ROLE_NORMAL, value);
	pane_name(canvas, rect, TENSOR_INDENT, y, MAX(0, end - TENSOR_INDENT), ROLE_NORMAL, name);
}

static void draw_line(const DetailLine *line, Canvas *canvas, Rect rect, int y)
{
	static const int indents[] = {[DETAIL_TEXT] = 3, [DETAIL_HEADING] = 2, [DETAIL_LAYER] = 5};
	Role role = line->kind == DETAIL_HEADING ? ROLE_HEADING : ROLE_NORMAL;
	int x, end;

	if (line->kind == DETAIL_SPARK) {
		plot_spark(canvas, rect, 3, y, MIN((int)line->n, rect.width - 4), line->profile,
			line->n, ROLE_BAR);
		return;
	}
	if (line->kind == DETAIL_PATH) {
		g_autofree char *path = path_shortened(line->text, rect.width - 4);
		canvas_text(canvas, rect, 3, y, ROLE_NORMAL, path);
		return;
	}
	if (line->kind == DETAIL_TENSOR) {
		draw_tensor(line, canvas, rect, y);
		return;
	}
	x = line->label ? LABEL_COLUMNS : indents[line->kind];
	end = draw_numbers(line, canvas, rect, y);
	canvas_text(canvas, rect, 2, y, ROLE_HEADING, line->label);
	if (line->kind == DETAIL_LAYER)
		canvas_text(canvas, rect, 3, y, ROLE_NORMAL, line->unfolded ? "▾" : "▸");
	if (line->kind == DETAIL_LAYER)
		pane_name(canvas, rect, x, y, MAX(0, end - x), role, line->text);
	else
		canvas_field(canvas, rect, x, y, MAX(0, end - x), role, line->text);
}

void checkpoint_detail_draw(
	const GPtrArray *lines, ListWidget *list, gboolean focus, Canvas *canvas, Rect rect)
{
	list_fit(list, (int)lines->len, rect.height);
	for (int y = 0; y < rect.height && list->top + y < (int)lines->len; y++) {
		draw_line(lines->pdata[list->top + y], canvas, rect, y);
		if (focus && list->top + y == list->cursor)
			pane_cursor(canvas, rect, y, TRUE);
	}
}
