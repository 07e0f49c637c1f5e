/* similarity_pair.c - the right pane of the Similarity screen: two tasks, and the layers and
 * tensors in which they agree or oppose one another. */
#include "similarity_view.h"

#include "core/text.h"
#include "plot.h"

#include <math.h>
#include <string.h>

#define EXTREMES_ROWS 4   /* strongest, weakest, opposed and a blank before them */
#define APART_ROWS 7      /* the same with names in rows of their own */
#define LAYERS_LEAST 8    /* layers that should be seen beside these */
#define EXTREMES_WIDTH 48 /* below which their names need rows of their own */
#define NUMBER_COLUMNS 6
#define BARS_LEAST 5

static void add_row(GArray *rows, const char *name, double cosine)
{
	PairRow row = {name, NULL, cosine};

	g_array_append_val(rows, row);
}

GArray *similarity_pair_layers(const SimilarityView *view)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(PairRow));
	guint a = similarity_position(view, view->row_at);
	guint b = similarity_position(view, view->column_at);

	for (guint i = 0; i < view->similarity->groups->len; i++) {
		const SimilarityMatrix *group = view->similarity->groups->pdata[i];
		add_row(rows, group->scope, group->cosine[(gsize)a * group->count + b]);
	}
	return rows;
}

static GArray *tensors_of(const SimilarityView *view, const char *layer)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(PairRow));

	for (guint i = 0; view->pair && i < view->pair->len; i++) {
		const PairRow *row = &g_array_index(view->pair, PairRow, i);
		if (g_strcmp0(row->layer, layer) == 0)
			g_array_append_vals(rows, row, 1);
	}
	return rows;
}

static int draw_value(Canvas *canvas, Rect rect, int y, const char *label, const char *value)
{
	canvas_field(canvas, rect, 2, y, 16, ROLE_NORMAL, label);
	canvas_text_right(canvas, rect, 27, y, ROLE_NORMAL, value);
	return y + 1;
}

static int draw_norm(const SimilarityView *view, Canvas *canvas, Rect rect, int y, guint task)
{
	g_autofree char *label = g_strdup_printf("|%s|", view->similarity->name[task]);
	g_autofree char *value = number_short(view->matrix->norm[task]);

	return draw_value(canvas, rect, y, label, value);
}

static int draw_pair(const SimilarityView *view, Canvas *canvas, Rect rect, int y)
{
	guint a = similarity_position(view, view->row_at);
	guint b = similarity_position(view, view->column_at);
	double cosine = view->matrix->cosine[(gsize)a * view->similarity->count + b];
	double product = view->matrix->product[(gsize)a * view->similarity->count + b];
	g_autofree char *title = g_strdup_printf("%s × %s", view->row, view->column);
	g_autofree char *cos = number_signed(cosine, 3);
	g_autofree char *angle =
		isfinite(cosine) ? g_strdup_printf("%.1f°", acos(CLAMP(cosine, -1, 1)) * 180 / G_PI)
				 : g_strdup("·");
	g_autofree char *dot = number_signed(product, number_decimals(fabs(product)));

	canvas_field(canvas, rect, 1, y, rect.width - 1, ROLE_HEADING, title);
	y = draw_value(canvas, rect, y + 1, "cos", cos);
	y = draw_value(canvas, rect, y, "angle", angle);
	y = draw_value(canvas, rect, y, "inner product", dot);
	y = draw_norm(view, canvas, rect, y, a);
	return draw_norm(view, canvas, rect, y, b);
}

/* A list of bars, as it is asked for. */
typedef struct {
	const GArray *rows; /* of PairRow */
	ListWidget *list;
	const char *heading;
	const char *layer; /* left out of the names; or NULL */
	gboolean focus;
} BarList;

/* Where its columns go, and the value of a whole bar. */
typedef struct {
	int name, bar, columns; /* columns is 0 where there is no room for bars */
	double limit;
} BarColumns;

static const PairRow *row_of(const BarList *bars, int place)
{
	return &g_array_index(bars->rows, PairRow, place);
}

/* The names are whole if they can be; bars get what is left. */
static BarColumns bar_columns(const BarList *bars, Rect rect)
{
	BarColumns columns = {.name = NAME_LEAST};
	double most = 0;

	for (int i = 0; i < (int)bars->rows->len; i++) {
		const char *name = tensor_in_layer(row_of(bars, i)->name, bars->layer);
		columns.name = MAX(columns.name, canvas_columns(name));
		most = fmax(most, fabs(row_of(bars, i)->cosine));
	}
	columns.name = MIN(columns.name, rect.width - NUMBER_COLUMNS - 3);
	columns.bar = columns.name + NUMBER_COLUMNS + 3;
	columns.columns = rect.width - columns.bar - 1;
	if (columns.columns < BARS_LEAST)
		columns.columns = 0;
	columns.limit = fmin(1, number_limit(most));
	return columns;
}

static void draw_bars_heading(
	const BarList *bars, const BarColumns *columns, Canvas *canvas, Rect rect, int y)
{
	g_autofree char *low = g_strdup_printf("−%g", columns->limit);
	g_autofree char *high = g_strdup_printf("+%g", columns->limit);
	int end = columns->bar + columns->columns;

	canvas_field(
		canvas, rect, 1, y, MAX(columns->bar - 2, NAME_MOST), ROLE_HEADING, bars->heading);
	if (columns->columns < 10)
		return;
	canvas_text(canvas, rect, columns->bar, y, ROLE_DIM, low);
	canvas_text(canvas, rect, columns->bar + columns->columns / 2, y, ROLE_DIM, "0");
	canvas_text_right(canvas, rect, end, y, ROLE_DIM, high);
}

static void draw_bar(const BarList *bars, const BarColumns *columns, const PairRow *row,
	Canvas *canvas, Rect rect, int y)
{
	g_autofree char *text = number_cell(row->cosine);

	pane_name(canvas, rect, 2, y, columns->name, ROLE_NORMAL,
		tensor_in_layer(row->name, bars->layer));
	canvas_text_right(canvas, rect, columns->bar - 1, y, ROLE_NORMAL, text);
	plot_bar_signed(canvas, rect, columns->bar, y, columns->columns,
		row->cosine / columns->limit, NAN, ROLE_BAR);
}

/* Draws into `height` rows from y on; returns the row after the last that is used. */
static int draw_bars(const BarList *bars, Canvas *canvas, Rect rect, int y, int height)
{
	BarColumns columns = bar_columns(bars, rect);
	Rect body = rect_rows(rect, y + 1, MAX(1, height - 1));
	ListWidget *list = bars->list;

	draw_bars_heading(bars, &columns, canvas, rect, y);
	list_fit(list, (int)bars->rows->len, body.height);
	for (int i = 0; i < body.height && list->top + i < (int)bars->rows->len; i++) {
		draw_bar(bars, &columns, row_of(bars, list->top + i), canvas, body, i);
		if (bars->focus && list->top + i == list->cursor)
			pane_cursor(canvas, body, i, TRUE);
	}
	return y + 1 + MIN(body.height, (int)bars->rows->len);
}

/* On one row, or the name on one of its own where that is too narrow and there are rows enough. */
static int draw_extreme(
	const char *label, const PairRow *row, Canvas *canvas, Rect rect, int y, gboolean apart)
{
	g_autofree char *text = row ? number_cell(row->cosine) : NULL;

	canvas_text(canvas, rect, 1, y, ROLE_HEADING, label);
	if (!row) {
		canvas_text(canvas, rect, 11, y, ROLE_NORMAL, "none");
		return y + 1;
	}
	canvas_text_right(canvas, rect, rect.width - 1, y, ROLE_NORMAL, text);
	if (apart)
		pane_name(canvas, rect, 2, ++y, rect.width - 3, ROLE_NORMAL, row->name);
	else
		pane_name(canvas, rect, 11, y, rect.width - 18, ROLE_NORMAL, row->name);
	return y + 1;
}

static void draw_extremes(const Extremes *found, Canvas *canvas, Rect rect, int y)
{
	gboolean apart = rect.width < EXTREMES_WIDTH && rect.height - y >= 6;

	y = draw_extreme("STRONGEST", found->strongest, canvas, rect, y, apart);
	y = draw_extreme("WEAKEST", found->weakest, canvas, rect, y, apart);
	draw_extreme("OPPOSED", found->opposed, canvas, rect, y, apart);
}

static void draw_tensors(SimilarityView *view, Canvas *canvas, Rect rect, int y)
{
	g_autoptr(GArray) rows = tensors_of(view, view->layer);
	g_autofree char *heading = g_strdup_printf("%s BY TENSOR", view->layer);
	BarList bars = {rows, &view->tensors, heading, view->layer, TRUE};

	draw_bars(&bars, canvas, rect, y, rect.height - y - 1);
}

static void draw_layers(SimilarityView *view, Canvas *canvas, Rect rect, int y)
{
	g_autoptr(GArray) rows = similarity_pair_layers(view);
	BarList bars = {rows, &view->layers, "BY LAYER", NULL, view->level == LEVEL_LAYERS};
	int room = rect.height - y - 1;
	gboolean extremes = view->pair && room > EXTREMES_ROWS + 4;
	gboolean apart = rect.width < EXTREMES_WIDTH && room > APART_ROWS + LAYERS_LEAST;

	if (extremes)
		room -= (apart ? APART_ROWS : EXTREMES_ROWS) - 1;
	y = draw_bars(&bars, canvas, rect, y, room);
	if (extremes)
		draw_extremes(&view->extremes, canvas, rect, y + 1);
}

/* On the diagonal: one task, and its cosines with the others. */
static void draw_task(SimilarityView *view, Canvas *canvas, Rect rect)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(PairRow));
	guint task = similarity_position(view, view->row_at);
	const double *cosine = view->matrix->cosine + (gsize)task * view->matrix->count;
	BarList bars = {rows, &view->layers, "WITH THE OTHERS", NULL, FALSE};
	int y;

	for (guint i = 0; i < view->order->len; i++) {
		guint other = similarity_position(view, (int)i);
		if (other != task)
			add_row(rows, view->similarity->name[other], cosine[other]);
	}
	canvas_field(canvas, rect, 1, 0, rect.width - 1, ROLE_HEADING, view->row);
	y = draw_norm(view, canvas, rect, 1, task) + 1;
	if (rows->len == 0 && view->similarity->count > 1)
		pane_wrap(canvas, rect, 2, y, ROLE_NORMAL,
			"The filter hides the other tasks: Esc clears it.");
	else if (rows->len == 0)
		pane_wrap(canvas, rect, 2, y, ROLE_NORMAL,
			"There is no other task here to compare with: load or mark another on "
			"Checkpoints (1).");
	else
		draw_bars(&bars, canvas, rect, y, rect.height - y - 1);
}

void similarity_pair_draw(SimilarityView *view, Canvas *canvas, Rect rect)
{
	int y;

	if (view->order->len == 0)
		return;
	if (view->row_at == view->column_at) {
		draw_task(view, canvas, rect);
		return;
	}
	y = draw_pair(view, canvas, rect, 0) + 1;
	if (view->level == LEVEL_TENSORS)
		draw_tensors(view, canvas, rect, y);
	else
		draw_layers(view, canvas, rect, y);
}
