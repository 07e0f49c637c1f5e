/* layers_bars.c - the bars of the Layers screen: one row a group, one column of bars a task, all on
 * one scale. */
#include "layers_view.h"

#include "core/text.h"
#include "plot.h"

#include <math.h>
#include <string.h>

#define TASK_LEAST 26 /* columns of a task: number and bar */
#define TASKS_MOST 4
#define NAME_BESIDE_TWO 19 /* columns of a name on a screen that is just wide enough for two */
#define NAME_BESIDE_ONE 24
#define NUMBER_COLUMNS 8
#define END_COLUMNS 8    /* of cos and of share, each */
#define OTHER_COLUMNS 10 /* of the task's name that cos is with, where it has no bars */
#define HEADING_ROWS 3

/* Where the columns go, and the scale that all bars share. */
typedef struct {
	int name, task;     /* columns of the names, and of one task */
	guint first, count; /* tasks that are shown */
	gboolean cosine;    /* with the column of cosines between the first two */
	double low, high;   /* of the bars; `low` counts on a log scale alone */
	int decimals;       /* of the numbers */
} BarLayout;

double layer_value(const LayersView *view, const LayerGroup *group, guint task)
{
	switch (view->measure) {
	case LAYER_NORM:
		return group->norm[task];
	case LAYER_SHARE:
		return group->share[task];
	case LAYER_COSINE:
		return group->cosine_mean[task];
	default:
		return group->relative[task];
	}
}

static const char *layer_measure_name(const LayersView *view)
{
	static const char *const names[] = {
		"|τ|/|θ₀|", "|τ|", "share of |τ|²", "cos with the mean"};

	return names[view->measure];
}

double layers_pair_cosine(const LayersView *view, const LayerGroup *group)
{
	return group->cosine_next[view->first_at];
}

const char *layers_row_name(const LayersView *view, const LayerGroup *group)
{
	if (view->inside && view->inside_by == GROUP_LAYER)
		return tensor_in_layer(group->name, view->inside);
	return group->name;
}

/* The range of the values that are shown. */
static void find_scale(const LayersView *view, BarLayout *layout)
{
	layout->low = INFINITY;
	layout->high = 0;
	for (guint i = 0; i < view->rows->len; i++) {
		for (guint k = 0; k < layout->count; k++) {
			double value =
				fabs(layer_value(view, view->rows->pdata[i], layout->first + k));
			layout->high = value > layout->high ? value : layout->high;
			layout->low = value > 0 && value < layout->low ? value : layout->low;
		}
	}
	if (view->measure == LAYER_COSINE)
		layout->high = 1;
	if (!(layout->high > 0))
		layout->high = 1;
	layout->low = fmin(layout->low, layout->high / 10);
	layout->decimals = number_decimals(layout->high);
}

static BarLayout layout_of(const LayersView *view, Rect rect)
{
	BarLayout layout = {
		.first = view->first_at, .cosine = view->first_at + 1 < view->layers->count};
	int room, fit;

	layout.name = MIN(view->longest, rect.width >= 100 ? NAME_MOST
					 : rect.width > 90 ? NAME_BESIDE_TWO
							   : NAME_BESIDE_ONE);
	room = rect.width - 3 - layout.name - 1 - END_COLUMNS * (layout.cosine ? 2 : 1);
	fit = CLAMP(room / TASK_LEAST, 1, TASKS_MOST);
	layout.count = MIN((guint)fit, view->layers->count - layout.first);
	if (layout.cosine && layout.count == 1)
		room -= OTHER_COLUMNS;
	layout.task = room / (int)layout.count;
	find_scale(view, &layout);
	return layout;
}

static double bar_fraction(const LayersView *view, const BarLayout *layout, double value)
{
	if (!view->log || view->measure == LAYER_COSINE)
		return value / layout->high;
	if (!(value > 0))
		return 0;
	/* The least value still has a bar: the scale begins half its way below it. */
	return (log(value / layout->low) + log(2)) / (log(layout->high / layout->low) + log(2));
}

static char *value_text(const LayersView *view, double value, int decimals)
{
	if (view->measure == LAYER_COSINE)
		return number_signed(value, 2);
	if (view->measure == LAYER_SHARE)
		return number_percent(value);
	return number_fixed(value, decimals);
}

static void draw_bar(const LayersView *view, const BarLayout *layout, const LayerGroup *group,
	Canvas *canvas, Rect rect, int y, guint k)
{
	int x = 3 + layout->name + (int)k * layout->task,
	    columns = layout->task - NUMBER_COLUMNS - 3;
	double value = layer_value(view, group, layout->first + k);
	g_autofree char *text = value_text(view, value, layout->decimals);
	Role role = (Role)(ROLE_SERIES + k);

	canvas_text_right(canvas, rect, x + NUMBER_COLUMNS + 1, y, ROLE_NORMAL, text);
	if (view->measure == LAYER_COSINE)
		plot_bar_signed(canvas, rect, x + NUMBER_COLUMNS + 2, y, columns, value, NAN, role);
	else
		plot_bar(canvas, rect, x + NUMBER_COLUMNS + 2, y, columns,
			bar_fraction(view, layout, value), role);
}

static void draw_row(const LayersView *view, const BarLayout *layout, const LayerGroup *group,
	Canvas *canvas, Rect rect, int y)
{
	g_autofree char *share = number_percent(group->share[layout->first]);

	pane_name(canvas, rect, 3, y, layout->name, ROLE_NORMAL, layers_row_name(view, group));
	for (guint k = 0; k < layout->count; k++)
		draw_bar(view, layout, group, canvas, rect, y, k);
	if (layout->cosine)
		pane_signed(canvas, rect, rect.width - END_COLUMNS - 1, y, ROLE_NORMAL,
			layers_pair_cosine(view, group), 2);
	canvas_text_right(canvas, rect, rect.width - 1, y, ROLE_NORMAL, share);
}

static void append_tasks(GString *text, guint first, guint last, guint count)
{
	if (first == last)
		g_string_append_printf(text, " · task %u of %u", first, count);
	else
		g_string_append_printf(text, " · tasks %u–%u of %u", first, last, count);
}

static void draw_title(const LayersView *view, const BarLayout *layout, Canvas *canvas, Rect rect)
{
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_append_printf(text, "%s by %s", layer_measure_name(view), group_by_name(view->by));
	if (view->inside)
		g_string_append_printf(text, " of %s", view->inside);
	if (view->measure != LAYER_COSINE)
		g_string_append_printf(text, " · %s scale", view->log ? "log" : "linear");
	if (view->by_value || view->reverse)
		g_string_append_printf(text, " · %s%s", view->by_value ? "by value" : "by depth",
			view->reverse ? ", reversed" : "");
	if (view->layers->count > layout->count)
		append_tasks(text, layout->first + 1, layout->first + layout->count,
			view->layers->count);
	canvas_field(canvas, rect, 1, 0, rect.width - 2, ROLE_HEADING, text->str);
}

/* The second task has a name of its own only where it is not drawn. */
static char *cosine_heading(const LayersView *view, guint tasks)
{
	g_autofree char *name = NULL;

	if (tasks > 1)
		return g_strdup("cos");
	name = name_shortened(view->layers->name[view->first_at + 1], OTHER_COLUMNS);
	return g_strdup_printf("cos %s", name);
}

static void draw_heading(const LayersView *view, const BarLayout *layout, Canvas *canvas, Rect rect)
{
	static const char *const headings[] = {"ALL", "LAYER", "KIND", "TENSOR"};
	int y = HEADING_ROWS - 1;

	canvas_text(canvas, rect, 3, y, ROLE_HEADING, headings[view->by]);
	for (guint k = 0; k < layout->count; k++)
		canvas_field(canvas, rect,
			3 + layout->name + (int)k * layout->task + NUMBER_COLUMNS + 2, y,
			layout->task - NUMBER_COLUMNS - 3, (Role)(ROLE_SERIES + k),
			view->layers->name[layout->first + k]);
	if (layout->cosine) {
		g_autofree char *heading = cosine_heading(view, layout->count);
		canvas_text_right(
			canvas, rect, rect.width - END_COLUMNS - 1, y, ROLE_HEADING, heading);
	}
	canvas_text_right(canvas, rect, rect.width - 1, y, ROLE_HEADING, "share");
}

void layers_bars_draw(LayersView *view, Canvas *canvas, Rect rect)
{
	BarLayout layout = layout_of(view, rect);
	Rect body = rect_rows(rect, HEADING_ROWS, MAX(1, rect.height - HEADING_ROWS));
	ListWidget *list = &view->list;

	view->shown = layout.count;
	draw_title(view, &layout, canvas, rect);
	draw_heading(view, &layout, canvas, rect);
	if (view->rows->len == 0)
		canvas_text(canvas, body, 3, 0, ROLE_NORMAL, "nothing matches the filter");
	list_fit(list, (int)view->rows->len, body.height);
	for (int y = 0; y < body.height && list->top + y < (int)view->rows->len; y++) {
		draw_row(view, &layout, view->rows->pdata[list->top + y], canvas, body, y);
		if (list->top + y == list->cursor)
			pane_cursor(canvas, body, y, TRUE);
	}
}

/* The group whose kinds point most apart, or NULL. */
static const char *most_opposed(const LayersView *view)
{
	const char *name = NULL;
	double least = 0;

	for (guint i = 0; i < view->below->groups->len; i++) {
		const LayerGroup *group = view->below->groups->pdata[i];
		double cosine = layers_pair_cosine(view, group);
		if (cosine < least) {
			least = cosine;
			name = group->name;
		}
	}
	return name;
}

/* The decimals that suit the kinds' numbers. */
static int below_decimals(const LayersView *view, guint tasks)
{
	double most = 0;

	for (guint i = 0; i < view->below->groups->len; i++)
		for (guint k = 0; k < tasks; k++)
			most = fmax(most, layer_value(view, view->below->groups->pdata[i],
						  view->first_at + k));
	return number_decimals(most);
}

/* Where the column of cosines ends, counted from the last task's. */
static int cosine_end(guint tasks)
{
	return tasks > 1 ? 8 : 8 + OTHER_COLUMNS;
}

static void draw_below_row(const LayersView *view, const LayerGroup *group, guint tasks,
	int decimals, gboolean opposed, Canvas *canvas, Rect rect, int y)
{
	int x = 22;

	pane_name(canvas, rect, 5, y, x - 6, ROLE_NORMAL, group->name);
	for (guint k = 0; k < tasks; k++, x += 12) {
		g_autofree char *text =
			value_text(view, layer_value(view, group, view->first_at + k), decimals);
		canvas_text_right(canvas, rect, x + 11, y, ROLE_NORMAL, text);
	}
	if (view->layers->count > 1)
		pane_signed(canvas, rect, x + cosine_end(tasks), y, ROLE_NORMAL,
			layers_pair_cosine(view, group), 2);
	if (opposed)
		canvas_text(canvas, rect, x + cosine_end(tasks) + 2, y, ROLE_DIM, "← most opposed");
}

void layers_below_draw(const LayersView *view, Canvas *canvas, Rect rect)
{
	guint tasks = MIN(MIN(view->shown, 4u), view->layers->count - view->first_at);
	g_autofree char *heading = NULL;
	const char *opposed;
	int x = 22, decimals;

	if (!view->below)
		return;
	opposed = most_opposed(view);
	decimals = below_decimals(view, tasks);
	heading = g_strdup_printf("%s by kind", view->below_of);
	canvas_field(canvas, rect, 3, 0, x - 4, ROLE_HEADING, heading);
	for (guint k = 0; k < tasks; k++, x += 12)
		canvas_field(canvas, rect, x + 1, 0, 11, (Role)(ROLE_SERIES + k),
			view->layers->name[view->first_at + k]);
	if (view->first_at + 1 < view->layers->count) {
		g_autofree char *cosine = cosine_heading(view, tasks);
		canvas_text_right(canvas, rect, x + cosine_end(tasks), 0, ROLE_HEADING, cosine);
	}
	for (int y = 1; y < rect.height && y <= (int)view->below->groups->len; y++) {
		const LayerGroup *group = view->below->groups->pdata[y - 1];
		draw_below_row(
			view, group, tasks, decimals, group->name == opposed, canvas, rect, y);
	}
}
