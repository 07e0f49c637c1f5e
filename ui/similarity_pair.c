/* similarity_pair.c - the right pane of the Similarity screen: two tasks, and the layers and
 * tensors in which they agree or oppose one another. */
#include "similarity_view.h"

#include "plot.h"

#include <math.h>
#include <string.h>

#define EXTREMES_ROWS 4 /* strongest, weakest, opposed and a blank before them */
#define BARS_LEAST 6

static void add_row(GArray *rows, const char *name, double cosine)
{
	PairRow row = {name, cosine};

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

GArray *similarity_pair_tensors(
	const SimilarityView *view, const Collection *collection, const char *layer)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(PairRow));

	for (guint i = 0; view->pair && i < view->pair->groups->len; i++) {
		const SimilarityMatrix *group = view->pair->groups->pdata[i];
		if (!layer || g_strcmp0(tensor_layer(collection, group->scope), layer) == 0)
			add_row(rows, group->scope, group->cosine[1]);
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
	g_autofree char *value = g_strdup_printf("%.3g", view->matrix->norm[task]);

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
	g_autofree char *dot = g_strdup_printf("%+.3g", product);

	canvas_field(canvas, rect, 1, y, rect.width - 1, ROLE_HEADING, title);
	y = draw_value(canvas, rect, y + 1, "cos", cos);
	y = draw_value(canvas, rect, y, "angle", angle);
	y = draw_value(canvas, rect, y, "inner product", dot);
	y = draw_norm(view, canvas, rect, y, a);
	return a == b ? y : draw_norm(view, canvas, rect, y, b);
}

/* The scale of all bars: the least round number that holds them. */
static double bars_limit(const GArray *rows)
{
	double most = 0;

	for (guint i = 0; i < rows->len; i++)
		most = fmax(most, fabs(g_array_index(rows, PairRow, i).cosine));
	return fmin(1, number_limit(most));
}

static void draw_bars_heading(
	Canvas *canvas, Rect rect, int y, int x, int columns, double limit, const char *heading)
{
	g_autofree char *low = g_strdup_printf("−%g", limit), *high = g_strdup_printf("+%g", limit);

	canvas_field(canvas, rect, 1, y, x - 2, ROLE_HEADING, heading);
	if (columns < 10)
		return;
	canvas_text(canvas, rect, x, y, ROLE_DIM, low);
	canvas_text(canvas, rect, x + columns / 2, y, ROLE_DIM, "0");
	canvas_text_right(canvas, rect, x + columns, y, ROLE_DIM, high);
}

static void draw_bar(const PairRow *row, const char *layer, double limit, Canvas *canvas, Rect rect,
	int y, int name, int columns)
{
	g_autofree char *text = number_cell(row->cosine);

	canvas_field(canvas, rect, 2, y, name, ROLE_NORMAL, tensor_in_layer(row->name, layer));
	canvas_text_right(canvas, rect, name + 8, y, ROLE_NORMAL, text);
	plot_bar_signed(canvas, rect, name + 9, y, columns, row->cosine / limit, NAN, ROLE_BAR);
}

/* Columns of the names: the longest, as long as a bar is left. */
static int bars_names(const GArray *rows, const char *layer, Rect rect)
{
	int longest = NAME_LEAST;

	for (guint i = 0; i < rows->len; i++)
		longest = MAX(longest, canvas_columns(tensor_in_layer(
					       g_array_index(rows, PairRow, i).name, layer)));
	return MIN(longest, rect.width - 10 - BARS_LEAST);
}

static int draw_bars(const GArray *rows, ListWidget *list, gboolean focus, const char *layer,
	const char *heading, Canvas *canvas, Rect rect, int y, int height)
{
	int name = bars_names(rows, layer, rect), columns = rect.width - name - 10;
	double limit = bars_limit(rows);
	Rect body = rect_rows(rect, y + 1, MAX(1, height - 1));

	draw_bars_heading(canvas, rect, y, name + 9, columns, limit, heading);
	list_fit(list, (int)rows->len, body.height);
	for (int i = 0; i < body.height && list->top + i < (int)rows->len; i++) {
		draw_bar(&g_array_index(rows, PairRow, list->top + i), layer, limit, canvas, body,
			i, name, columns);
		if (focus && list->top + i == list->cursor)
			pane_cursor(canvas, body, i, TRUE);
	}
	return y + 1 + MIN(body.height, (int)rows->len);
}

static void draw_extreme(Canvas *canvas, Rect rect, int y, const char *label, const PairRow *row)
{
	g_autofree char *text = row ? number_cell(row->cosine) : NULL;
	int room = rect.width - 18;

	canvas_text(canvas, rect, 1, y, ROLE_HEADING, label);
	canvas_field(canvas, rect, 11, y, room, ROLE_NORMAL, row ? row->name : "none");
	if (row)
		canvas_text_right(canvas, rect, rect.width - 1, y, ROLE_NORMAL, text);
}

/* The tensors of the pair that agree most, matter least, and oppose one another most. */
static void draw_extremes(const GArray *tensors, Canvas *canvas, Rect rect, int y)
{
	const PairRow *strongest = NULL, *weakest = NULL, *opposed = NULL;

	for (guint i = 0; i < tensors->len; i++) {
		const PairRow *row = &g_array_index(tensors, PairRow, i);
		if (!isfinite(row->cosine))
			continue;
		if (!strongest || row->cosine > strongest->cosine)
			strongest = row;
		if (!weakest || fabs(row->cosine) < fabs(weakest->cosine))
			weakest = row;
		if (row->cosine < 0 && (!opposed || row->cosine < opposed->cosine))
			opposed = row;
	}
	draw_extreme(canvas, rect, y, "STRONGEST", strongest);
	draw_extreme(canvas, rect, y + 1, "WEAKEST", weakest);
	draw_extreme(canvas, rect, y + 2, "OPPOSED", opposed);
}

static void draw_tensors(
	SimilarityView *view, const Collection *collection, Canvas *canvas, Rect rect, int y)
{
	g_autoptr(GArray) rows = similarity_pair_tensors(view, collection, view->layer);
	g_autofree char *heading = g_strdup_printf("%s BY TENSOR", view->layer);

	draw_bars(
		rows, &view->tensors, TRUE, view->layer, heading, canvas, rect, y, rect.height - y);
}

static void draw_layers(
	SimilarityView *view, const Collection *collection, Canvas *canvas, Rect rect, int y)
{
	g_autoptr(GArray) rows = similarity_pair_layers(view);
	g_autoptr(GArray) tensors = similarity_pair_tensors(view, collection, NULL);
	int room = rect.height - y;
	gboolean extremes = view->pair && room > EXTREMES_ROWS + 4;

	y = draw_bars(rows, &view->layers, view->level == LEVEL_LAYERS, NULL, "BY LAYER", canvas,
		rect, y, extremes ? room - EXTREMES_ROWS : room);
	if (extremes)
		draw_extremes(tensors, canvas, rect, y + 1);
}

void similarity_pair_draw(
	SimilarityView *view, const Collection *collection, Canvas *canvas, Rect rect)
{
	int y;

	if (view->order->len == 0)
		return;
	y = draw_pair(view, canvas, rect, 0) + 1;
	if (view->level == LEVEL_TENSORS)
		draw_tensors(view, collection, canvas, rect, y);
	else
		draw_layers(view, collection, canvas, rect, y);
}
