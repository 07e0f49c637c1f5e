/* similarity_matrix.c - the heat map: numbers on ramp colours, names that can always be read.
 *
 * A matrix too wide for its numbers is drawn two columns a cell, its sign and its tenths, and
 * beyond that only the part around the cursor is seen. */
#include "similarity_view.h"

#include "plot.h"

#include <math.h>
#include <string.h>

#define TITLE_ROWS 2
#define TENTHS_LEAST 2 /* columns of a cell without its number */
#define TENTHS_MOST 4

/* Where the parts of the matrix go. */
typedef struct {
	int names;         /* columns of the row names and the cursor's mark */
	int cell;          /* columns of a cell */
	int rows, columns; /* cells that are seen */
	int y;             /* of the first row */
	gboolean numbers;
	double limit; /* the value of the ramp's end */
} Layout;

/* The largest |value| off the diagonal. */
static double largest_value(const SimilarityView *view)
{
	double most = 0;

	for (guint i = 0; i < view->order->len; i++)
		for (guint k = 0; k < i; k++)
			most = fmax(
				most, fabs(similarity_value(view, similarity_position(view, (int)i),
					      similarity_position(view, (int)k))));
	return most;
}

/* Columns of the widest number and its brackets. */
static int number_columns(const SimilarityView *view, double most)
{
	g_autofree char *text = similarity_cell_text(view, -most);

	switch (view->measure) {
	case MEASURE_COSINE:
		return 6;
	case MEASURE_ANGLE:
		return 8;
	default:
		return MAX(7, canvas_columns(text) + 2);
	}
}

static int longest_name(const SimilarityView *view)
{
	return names_columns(view->similarity->name, view->similarity->count, NAME_MOST);
}

static Layout layout_of(const SimilarityView *view, Rect rect)
{
	double most = view->limit;
	Layout layout = {.names = MIN(longest_name(view), rect.width / 4) + 3,
		.cell = number_columns(view, most),
		.limit = most > 0 ? most : 1};
	int count = (int)view->order->len, room = rect.width - layout.names - 1;

	layout.numbers = view->numbers_chosen ? view->numbers : count * layout.cell <= room;
	if (!layout.numbers)
		layout.cell = CLAMP(room / MAX(1, count), TENTHS_LEAST, TENTHS_MOST);
	else if (count > 0)
		layout.cell =
			CLAMP(room / count, layout.cell, MAX(layout.cell, longest_name(view) + 1));
	layout.columns = CLAMP(room / layout.cell, 1, MAX(1, count));
	layout.y = TITLE_ROWS + 2;
	layout.rows = CLAMP(rect.height - layout.y - 2, 1, MAX(1, count));
	return layout;
}

/* Moves the window so that the cursor lies in it. */
static int scrolled(int top, int at, int seen, int count)
{
	top = CLAMP(top, at - seen + 1, at);
	return CLAMP(top, 0, MAX(0, count - seen));
}

static void draw_title(const SimilarityView *view, const Layout *layout, Canvas *canvas, Rect rect)
{
	static const char *const orders[] = {"cluster", "name", "norm"};
	gboolean all = view->matrix == view->similarity->whole;
	guint count = view->order->len;
	g_autofree char *seen = layout->rows == (int)count
					? g_strdup("")
					: g_strdup_printf(" · %d–%d of %u", view->top + 1,
						  view->top + layout->rows, count);
	g_autofree char *title = g_strdup_printf("%s · %s · by %s%s", similarity_measure_name(view),
		all ? "all layers" : view->matrix->scope, orders[view->sort], seen);

	canvas_field(canvas, rect, 1, 0, rect.width - 2, ROLE_HEADING, title);
}

/* Column names over their cells, in two rows by turns where one is too narrow for them; the last
 * ones begin further left rather than be cut. */
static void draw_names(const SimilarityView *view, const Layout *layout, Canvas *canvas, Rect rect)
{
	gboolean by_turns = longest_name(view) >= layout->cell;
	int ends[2] = {0, 0};

	for (int i = 0; i < layout->columns; i++) {
		int place = view->left + i, row = by_turns ? i % 2 : 1;
		const char *name = view->similarity->name[similarity_position(view, place)];
		int room = (by_turns ? 2 : 1) * layout->cell - 1;
		int columns = MIN(canvas_columns(name), room);
		int x = MIN(layout->names + i * layout->cell + 1, rect.width - 1 - columns);
		canvas_field(canvas, rect, MAX(x, ends[row]), layout->y - 2 + row, columns,
			place == view->column_at ? ROLE_TITLE : ROLE_HEADING, name);
		ends[row] = MAX(x, ends[row]) + columns + 1;
	}
}

/* Narrow cells have room for one name: that of the cursor's column. */
static void draw_one_name(
	const SimilarityView *view, const Layout *layout, Canvas *canvas, Rect rect)
{
	int x = layout->names + (view->column_at - view->left) * layout->cell;
	int columns = canvas_columns(view->column);

	canvas_text(canvas, rect, MAX(0, MIN(x, rect.width - columns)), layout->y - 2, ROLE_TITLE,
		view->column);
	canvas_text(canvas, rect, x, layout->y - 1, ROLE_TITLE, "▾");
}

/* Where a value lies on the ramp. */
static double ramp_value(const SimilarityView *view, const Layout *layout, guint a, guint b)
{
	if (view->measure == MEASURE_PRODUCT)
		return similarity_value(view, a, b) / layout->limit;
	return view->matrix->cosine[(gsize)a * view->similarity->count + b];
}

/* A sign and the tenths, so that a cell without room for its number says as much without colour. */
static void draw_tenths(Canvas *canvas, Rect rect, int x, int y, int columns, double value)
{
	int tenths = isfinite(value) ? (int)round(10 * fabs(CLAMP(value, -1, 1))) : 0;
	char text[] = {(char)(tenths < 10 ? '0' + tenths : '#'), '\0'};
	Role role = plot_heat(value);

	canvas_field(canvas, rect, x, y, columns, role, "");
	canvas_text(canvas, rect, x, y, role, !isfinite(value) ? "·" : value < 0 ? "−" : "+");
	if (tenths > 0)
		canvas_text(canvas, rect, x + 1, y, role, text);
}

static void draw_number(const SimilarityView *view, const Layout *layout, Canvas *canvas, Rect rect,
	int x, int y, guint a, guint b)
{
	g_autofree char *text = similarity_cell_text(view, similarity_value(view, a, b));
	Role role = plot_heat(ramp_value(view, layout, a, b));
	int columns = canvas_columns(text);

	canvas_field(canvas, rect, x, y, layout->cell, role, "");
	canvas_text(canvas, rect, x + MAX(1, (layout->cell - columns) / 2), y, role, text);
}

/* Brackets, so that the cell under the cursor is seen without colour. */
static void draw_cursor(
	const SimilarityView *view, const Layout *layout, Canvas *canvas, Rect rect, int x, int y)
{
	Role role = view->level == LEVEL_MATRIX ? ROLE_SELECTED : ROLE_MARKED;

	canvas_paint(canvas, (Rect){rect.x + x, rect.y + y, layout->cell, 1}, role);
	if (!layout->numbers)
		return;
	canvas_text(canvas, rect, x, y, role, "[");
	canvas_text(canvas, rect, x + layout->cell - 1, y, role, "]");
}

static void draw_cell(const SimilarityView *view, const Layout *layout, Canvas *canvas, Rect rect,
	int row, int column)
{
	guint a = similarity_position(view, view->top + row);
	guint b = similarity_position(view, view->left + column);
	int x = layout->names + column * layout->cell, y = layout->y + row;

	if (layout->numbers)
		draw_number(view, layout, canvas, rect, x, y, a, b);
	else
		draw_tenths(canvas, rect, x, y, layout->cell, ramp_value(view, layout, a, b));
	if (view->top + row == view->row_at && view->left + column == view->column_at)
		draw_cursor(view, layout, canvas, rect, x, y);
}

static void draw_row(
	const SimilarityView *view, const Layout *layout, Canvas *canvas, Rect rect, int row)
{
	guint position = similarity_position(view, view->top + row);
	gboolean here = view->top + row == view->row_at;

	if (here)
		canvas_text(canvas, rect, 0, layout->y + row, ROLE_TITLE, "▶");
	canvas_field(canvas, rect, 2, layout->y + row, layout->names - 3,
		here ? ROLE_TITLE : ROLE_HEADING, view->similarity->name[position]);
	for (int column = 0; column < layout->columns; column++)
		draw_cell(view, layout, canvas, rect, row, column);
}

/* "−.8", "0", "+1" */
static char *legend_text(double value)
{
	const char *sign = value < 0 ? "−" : "+";

	if (value == 0)
		return g_strdup(" 0");
	return fabs(value) == 1 ? g_strdup_printf("%s1", sign)
				: g_strdup_printf("%s.%.0f", sign, fabs(value) * 10);
}

/* The eleven levels with their values; too narrow for these, with the limits alone. */
static void draw_legend(const SimilarityView *view, const Layout *layout, Canvas *canvas, Rect rect)
{
	gboolean numbers = rect.width >= 4 * HEAT_LEVELS + 2 && view->measure == MEASURE_COSINE;
	int cell = numbers ? 4 : 2, y = rect.height - 1, x = 1;
	g_autofree char *limit = view->measure == MEASURE_ANGLE
					 ? g_strdup("0°")
					 : similarity_cell_text(view, layout->limit);
	g_autofree char *low = view->measure == MEASURE_ANGLE
				       ? g_strdup("180°")
				       : similarity_cell_text(view, -layout->limit);

	if (!numbers)
		x += canvas_text(canvas, rect, x, y, ROLE_DIM, low) + 1;
	for (int level = 0; level < HEAT_LEVELS; level++, x += cell) {
		double value = (level - HEAT_LEVELS / 2) / (double)(HEAT_LEVELS / 2);
		g_autofree char *text = legend_text(value);
		if (!numbers)
			draw_tenths(canvas, rect, x, y, cell, value);
		else
			canvas_field(canvas, rect, x, y, cell, plot_heat(value), text);
	}
	if (!numbers)
		canvas_text(canvas, rect, x + 1, y, ROLE_DIM, limit);
}

static gboolean is_shown(const SimilarityView *view, guint task)
{
	for (guint i = 0; i < view->order->len; i++)
		if (similarity_position(view, (int)i) == task)
			return TRUE;
	return FALSE;
}

/* The last cluster of those that are shown. */
static guint last_cluster(const SimilarityView *view)
{
	guint last = 0;

	for (guint i = 0; i < view->order->len; i++)
		last = MAX(last, view->similarity->cluster[similarity_position(view, (int)i)]);
	return last;
}

/* The names of one cluster that pass the filter, in the order of clustering; "" for none. */
static char *cluster_names(const SimilarityView *view, guint cluster)
{
	const Similarity *similarity = view->similarity;
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < similarity->count; i++) {
		guint task = similarity->order[i];
		if (similarity->cluster[task] == cluster && is_shown(view, task))
			g_string_append_printf(text, " %s", similarity->name[task]);
	}
	return g_string_free(text, FALSE);
}

/* The clusters under the matrix, as many as there is room for. */
static void draw_clusters(const SimilarityView *view, Canvas *canvas, Rect rect, int y)
{
	guint last = last_cluster(view);

	if (view->order->len < 2)
		return;
	for (guint cluster = 0; cluster <= last && y < rect.height - 2; cluster++) {
		g_autofree char *names = cluster_names(view, cluster);
		g_autofree char *text = g_strdup_printf(
			"%s cluster %u:%s", cluster == last ? "└" : "├", cluster + 1, names);
		if (*names)
			canvas_field(canvas, rect, 2, y++, rect.width - 3, ROLE_NORMAL, text);
	}
}

void similarity_matrix_draw(SimilarityView *view, Canvas *canvas, Rect rect)
{
	int count = (int)view->order->len;
	Layout layout;

	view->limit = view->measure == MEASURE_PRODUCT ? largest_value(view) : 1;
	view->decimals = number_decimals(view->limit);
	layout = layout_of(view, rect);
	view->numbers = layout.numbers;
	if (count == 0) {
		canvas_text(canvas, rect, 2, TITLE_ROWS, ROLE_NORMAL, "no task matches the filter");
		return;
	}
	view->top = scrolled(view->top, view->row_at, layout.rows, count);
	view->left = scrolled(view->left, view->column_at, layout.columns, count);
	draw_title(view, &layout, canvas, rect);
	if (layout.numbers)
		draw_names(view, &layout, canvas, rect);
	else
		draw_one_name(view, &layout, canvas, rect);
	for (int row = 0; row < layout.rows; row++)
		draw_row(view, &layout, canvas, rect, row);
	draw_clusters(view, canvas, rect, layout.y + layout.rows + 1);
	draw_legend(view, &layout, canvas, rect);
}
