/* compose_preview.c - the right half of the Compose screen: what the edit will be, with the marks
 * of what it was before the last change. */
#include "compose_view.h"

#include "core/text.h"
#include "plot.h"

#include <math.h>
#include <string.h>

#define WIDTH_OF_KEPT 36
#define CHANGES_SHOWN 3
#define LAYER_NAME_LEAST 10
#define LAYER_NUMBER 10 /* columns of a layer's number and the blanks around it */
#define INTERVAL_COLUMNS 7
#define MOVE_COLUMNS 9

/* Half the width of an interval, "±0.012"; "" where the number is exact.  g_free. */
static char *interval_text(const Estimate *estimate)
{
	double half = (estimate->high - estimate->low) / 2;

	return isfinite(half) && half > 0 ? g_strdup_printf("±%.2g", half) : g_strdup("");
}

/* The same in hundredths, never less than it is. */
static char *hundredths_text(const Estimate *estimate)
{
	double half = (estimate->high - estimate->low) / 2;

	return isfinite(half) && half > 0 ? g_strdup_printf("±%.2f", ceil(half * 100) / 100)
					  : g_strdup("");
}

static int draw_value(Canvas *canvas, Rect rect, int y, const char *label, const Estimate *estimate)
{
	g_autofree char *interval = interval_text(estimate);
	g_autofree char *number = number_short(estimate->value);
	int least = 1 + canvas_columns(label) + 1 + canvas_columns(number);
	int end = MAX(MIN(24, rect.width - 10), least);

	canvas_text(canvas, rect, 1, y, ROLE_NORMAL, label);
	canvas_text_right(canvas, rect, end, y, ROLE_NORMAL, number);
	canvas_text(canvas, rect, end + 1, y, ROLE_DIM, interval);
	return y + 1;
}

/* What kind of numbers these are, and how far they may be off. */
static char *kind_text(const ComposeView *view, int columns)
{
	const Preview *preview = view->preview;
	const Estimate *norm = &preview->whole->norm;
	g_autofree char *share = number_percent((norm->high - norm->low) / 2 / norm->value);
	const char *kind = preview_kind_name(preview->kind);

	if (view->late)
		return g_strdup("stale");
	if (preview->kind == PREVIEW_EXACT)
		return g_strconcat(kind,
			columns < WIDTH_OF_KEPT ? ""
			: view->closed          ? " · from Gram tables"
						: " · over all elements",
			NULL);
	return g_strdup_printf("%s ±%s%s", kind, share,
		columns >= WIDTH_OF_KEPT && preview->kind == PREVIEW_EXPECTED ? " by the draw"
									      : "");
}

static int draw_sizes(const ComposeView *view, Canvas *canvas, Rect rect, int y)
{
	const Preview *preview = view->preview;
	Estimate largest = {preview->of_largest, NAN, NAN};
	gboolean estimated = view->late || preview->kind == PREVIEW_ESTIMATED;
	g_autofree char *kind = kind_text(view, rect.width);
	int x = 1 + canvas_text(canvas, rect, 1, y, ROLE_HEADING, "PREVIEW") + 2;

	canvas_text(canvas, rect, x, y, estimated ? ROLE_WARNING : ROLE_GOOD, kind);
	y = draw_value(canvas, rect, y + 1, "|edit|/|θ₀|", &preview->whole->relative);
	if (estimated && rect.width >= WIDTH_OF_KEPT)
		canvas_text_right(canvas, rect, rect.width - 1, y, ROLE_DIM, "r measures");
	return draw_value(canvas, rect, y, "of largest τ", &largest);
}

static int draw_warnings(const Preview *preview, Canvas *canvas, Rect rect, int y)
{
	for (guint i = 0; i < preview->warnings->len; i++) {
		canvas_text(canvas, rect, 1, y, ROLE_WARNING, "!");
		y = pane_wrap(canvas, rect, 3, y, ROLE_WARNING, preview->warnings->pdata[i]);
	}
	return y;
}

/* The cosine with a task in another preview, by the task's name; NaN where it has none. */
static double cosine_in(const Preview *preview, const char *name)
{
	int place = preview ? names_find(preview->name, preview->count, name) : -1;

	return place < 0 ? NAN : preview->whole->cosine[place].value;
}

/* Where the columns of the tasks go. */
typedef struct {
	int name, cosine, kept, bar, bar_columns; /* kept is 0 where there is no room */
	int interval;                             /* columns of the cosines' intervals */
} TaskColumns;

static TaskColumns task_columns(const Preview *preview, Rect rect)
{
	TaskColumns columns;

	columns.name = names_columns(preview->name, preview->count, rect.width / 3);
	columns.cosine = 2 + columns.name + 7;
	columns.interval = preview->kind == PREVIEW_EXACT ? 0 : INTERVAL_COLUMNS;
	columns.kept = rect.width >= WIDTH_OF_KEPT ? columns.cosine + columns.interval + 7 : 0;
	columns.bar = MAX(columns.cosine + columns.interval, columns.kept) + 1;
	columns.bar_columns = MIN(41, rect.width - columns.bar - 1) | 1;
	if (columns.bar + columns.bar_columns > rect.width)
		columns.bar_columns -= 2;
	return columns;
}

static void draw_tasks_heading(const TaskColumns *columns, Canvas *canvas, Rect rect, int y)
{
	canvas_text(canvas, rect, 1, y, ROLE_HEADING, "TASK");
	canvas_text_right(canvas, rect, columns->cosine, y, ROLE_HEADING, "cos");
	if (columns->kept)
		canvas_text_right(canvas, rect, columns->kept, y, ROLE_HEADING, "kept");
	if (columns->bar_columns < 7)
		return;
	canvas_text(canvas, rect, columns->bar, y, ROLE_DIM, "−1");
	canvas_text(canvas, rect, columns->bar + columns->bar_columns / 2, y, ROLE_DIM, "0");
	canvas_text_right(canvas, rect, columns->bar + columns->bar_columns, y, ROLE_DIM, "+1");
}

static void draw_task(const ComposeView *view, const TaskColumns *columns, guint task,
	Canvas *canvas, Rect rect, int y)
{
	const Preview *preview = view->preview;
	const Estimate *cosine = &preview->whole->cosine[task];
	g_autofree char *interval = hundredths_text(cosine);

	canvas_field(canvas, rect, 2, y, columns->name, ROLE_NORMAL, preview->name[task]);
	pane_signed(canvas, rect, columns->cosine, y, ROLE_NORMAL, cosine->value, 2);
	if (columns->interval)
		canvas_text(canvas, rect, columns->cosine + 1, y, ROLE_DIM, interval);
	if (columns->kept)
		pane_signed(canvas, rect, columns->kept, y, ROLE_NORMAL,
			preview->whole->kept[task].value, 2);
	plot_bar_signed(canvas, rect, columns->bar, y, columns->bar_columns, cosine->value,
		cosine_in(view->ghost, preview->name[task]), ROLE_BAR);
}

static int draw_tasks(const ComposeView *view, Canvas *canvas, Rect rect, int y)
{
	TaskColumns columns = task_columns(view->preview, rect);

	draw_tasks_heading(&columns, canvas, rect, y++);
	for (guint i = 0; i < view->preview->count; i++)
		draw_task(view, &columns, i, canvas, rect, y++);
	return y;
}

static const PreviewGroup *group_at(const Preview *preview, guint group)
{
	return preview->groups->pdata[group];
}

/* Where the layers go: a row each with a bar, or their numbers in columns, or one line of bars. */
typedef struct {
	int name;    /* columns of a layer's name */
	int columns; /* of layers side by side; 0: one line for all */
} LayerColumns;

static int layer_rows(const LayerColumns *columns, int count)
{
	return 1 + (columns->columns ? (count + columns->columns - 1) / columns->columns : 1);
}

static LayerColumns layer_columns(const Preview *preview, Rect rect, int room)
{
	LayerColumns columns = {LAYER_NAME_LEAST, 1};
	int count = (int)preview->groups->len, most;

	for (int i = 0; i < count; i++)
		columns.name = MAX(columns.name, canvas_columns(group_at(preview, (guint)i)->name));
	columns.name = MIN(columns.name, MAX(LAYER_NAME_LEAST, rect.width / 3));
	most = (rect.width - 1) / (columns.name + LAYER_NUMBER);
	while (columns.columns <= most && layer_rows(&columns, count) > room)
		columns.columns++;
	if (columns.columns > MAX(1, most) || layer_rows(&columns, count) > room)
		columns.columns = 0;
	return columns;
}

static void draw_layer(const PreviewGroup *group, const LayerColumns *columns, double most,
	Canvas *canvas, Rect rect, int x, int y)
{
	g_autofree char *text = number_fixed(group->norm.value, number_decimals(most));
	int end = x + columns->name + LAYER_NUMBER - 2;

	pane_name(canvas, rect, x, y, columns->name, ROLE_NORMAL, group->name);
	canvas_text_right(canvas, rect, end, y, ROLE_NORMAL, text);
	if (columns->columns == 1)
		plot_bar(canvas, rect, end + 1, y, rect.width - end - 2,
			most > 0 ? group->norm.value / most : 0, ROLE_BAR);
}

static void draw_layers_heading(
	const Preview *preview, const char *what, Canvas *canvas, Rect rect, int y)
{
	const Estimate *norm = &preview->whole->norm;
	g_autofree char *number = number_short(norm->value);
	g_autofree char *interval = interval_text(norm);
	int x = 1 + canvas_text(canvas, rect, 1, y, ROLE_HEADING, "|edit| ");

	x += canvas_printf(
		canvas, rect, x, y, ROLE_NORMAL, "%s%s%s ", number, *interval ? " " : "", interval);
	canvas_printf(canvas, rect, x, y, ROLE_HEADING, "BY %s", what);
}

/* |edit| of every layer on one scale, in at most `room` rows. */
static int draw_layers(
	const Preview *preview, const char *what, Canvas *canvas, Rect rect, int y, int room)
{
	int n = (int)preview->groups->len;
	LayerColumns columns = layer_columns(preview, rect, room);
	int rows = layer_rows(&columns, n) - 1;
	g_autofree double *norms = g_new0(double, (gsize)n + 1);
	double most = 0;

	draw_layers_heading(preview, what, canvas, rect, y++);
	for (int i = 0; i < n; i++) {
		norms[i] = group_at(preview, (guint)i)->norm.value;
		most = fmax(most, norms[i]);
	}
	if (columns.columns == 0)
		plot_spark(canvas, rect, 2, y, MIN(n, rect.width - 3), norms, (guint)n, ROLE_BAR);
	for (int i = 0; i < n && columns.columns > 0; i++)
		draw_layer(group_at(preview, (guint)i), &columns, most, canvas, rect,
			2 + i / rows * (columns.name + LAYER_NUMBER), y + i % rows);
	return y + rows;
}

/* How far elements move, and how often tasks would move one both ways. */
static int draw_moves(const Preview *preview, Canvas *canvas, Rect rect, int y)
{
	const Estimate *conflict = &preview->whole->conflict;
	g_autofree char *share = number_percent(conflict->value);

	canvas_text(canvas, rect, 1, y, ROLE_HEADING, "MOVES");
	for (int i = 0; i < PREVIEW_PERCENTILES; i++) {
		int end = 1 + (i + 1) * MOVE_COLUMNS;
		if (end > rect.width)
			break;
		g_autofree char *label = g_strdup_printf("%g%%", preview_percentiles[i]);
		canvas_text_right(canvas, rect, end, y, ROLE_DIM, label);
		pane_number(canvas, rect, end, y + 1, ROLE_NORMAL, preview->whole->moves[i]);
	}
	y += 2;
	if (!isfinite(conflict->value))
		return y;
	canvas_printf(canvas, rect, 2, y, ROLE_NORMAL, "%s of the signs are in conflict", share);
	return y + 1;
}

static int draw_change(
	Canvas *canvas, Rect rect, int y, const char *label, double change, int decimals)
{
	canvas_field(canvas, rect, 2, y, 16, ROLE_NORMAL, label);
	pane_signed(canvas, rect, 25, y, ROLE_NORMAL, change, decimals);
	return y + 1;
}

/* The task, among those not shown yet, whose cosine changed most; -1 where none changed. */
static int largest_change(const ComposeView *view, const gboolean *shown)
{
	const Preview *preview = view->preview;
	double most = 0.005;
	int task = -1;

	for (guint i = 0; i < preview->count; i++) {
		double change = fabs(preview->whole->cosine[i].value -
				     cosine_in(view->reference, preview->name[i]));
		if (shown[i] || !(change > most))
			continue;
		most = change;
		task = (int)i;
	}
	return task;
}

static int draw_changes(const ComposeView *view, Canvas *canvas, Rect rect, int y)
{
	const Preview *preview = view->preview, *reference = view->reference;
	g_autofree gboolean *shown = g_new0(gboolean, preview->count + 1);
	int task;

	if (!reference) {
		canvas_text(canvas, rect, 1, y, ROLE_DIM, "b keeps this as the reference");
		return y + 1;
	}
	canvas_text(canvas, rect, 1, y++, ROLE_HEADING, "CHANGE since the reference");
	y = draw_change(canvas, rect, y, "|edit|/|θ₀|",
		preview->whole->relative.value - reference->whole->relative.value, 4);
	for (int i = 0; i < CHANGES_SHOWN && (task = largest_change(view, shown)) >= 0; i++) {
		g_autofree char *label = g_strdup_printf("cos %s", preview->name[task]);
		shown[task] = TRUE;
		y = draw_change(canvas, rect, y, label,
			preview->whole->cosine[task].value -
				cosine_in(reference, preview->name[task]),
			2);
	}
	return y;
}

static void draw_nothing(const ComposeView *view, Canvas *canvas, Rect rect)
{
	const char *why = view->error ? view->error : "nothing is on";

	canvas_text(canvas, rect, 1, 0, ROLE_HEADING, "PREVIEW");
	pane_wrap(canvas, rect, 1, 2, ROLE_DIM, view->ask.of ? "it is being made" : why);
}

/* Returns the rows that all of it takes. */
static int draw_all(const ComposeView *view, const char *by, Canvas *canvas, Rect rect, int y)
{
	const Preview *preview = view->preview;
	int start = y, below = 1 + (view->reference ? 2 + CHANGES_SHOWN : 1);

	y = draw_sizes(view, canvas, rect, y);
	y = draw_warnings(preview, canvas, rect, y) + 1;
	y = draw_tasks(view, canvas, rect, y) + 1;
	y = draw_layers(preview, by, canvas, rect, y, rect.height - (y - start) - below) + 1;
	y = draw_changes(view, canvas, rect, y);
	if (isfinite(preview->whole->moves[0]) || view->resting || view->ask.of)
		y = draw_moves(preview, canvas, rect, y + 1);
	return y - start;
}

void compose_preview_draw(ComposeView *view, Canvas *canvas, Rect rect)
{
	const char *by = view->by == GROUP_KIND ? "KIND" : "LAYER";
	int rows;

	if (!view->preview) {
		draw_nothing(view, canvas, rect);
		return;
	}
	rows = draw_all(view, by, canvas, rect, -view->scroll);
	if (view->scroll > MAX(0, rows - rect.height)) {
		view->scroll = MAX(0, rows - rect.height);
		canvas_fill(canvas, rect, ROLE_NORMAL, ' ');
		draw_all(view, by, canvas, rect, -view->scroll);
	}
	if (view->in_preview)
		canvas_text(canvas, rect, 0, 0, ROLE_SELECTED, "▶");
}
