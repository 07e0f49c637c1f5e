/* compose_curve.c - what the edit is over the whole range of one coefficient.
 *
 * An edit is linear in a coefficient that lies in no method, so its squared norm is a quadratic and
 * its inner products are straight lines: three previews, at -1, 0 and 1, say all of it. */
#include "compose_view.h"

#include "plot.h"

#include <math.h>
#include <string.h>

#define CURVE_KEY "compose-curve"
#define CURVES_MOST 4 /* tasks whose cosines are drawn */
#define POINTS 51
#define ROWS_LEAST 8
#define ROWS_MOST 12
#define COLUMNS_LEAST 22 /* of one of the two plots */

struct ComposeCurve {
	char *key;        /* of all that it depends on */
	char *why;        /* there is none; else NULL */
	Preview *made[3]; /* at -1, 0 and 1, until all are there */
	gboolean whole;   /* what is below is known */
	Ui *ui;
	PreviewKind kind; /* the least certain of its previews */
	double square[3]; /* |edit|² = [0] + [1]·λ + [2]·λ² */
	double base;      /* |θ₀|; NaN where it is not known */
	guint count;
	char **name;   /* [count] of the tasks */
	double *along; /* [count][2] ⟨edit, τ⟩/|τ| = [0] + [1]·λ */
};

static const gunichar markers[CURVES_MOST] = {U'●', U'▲', U'■', U'◆'};

static void drop_previews(ComposeCurve *curve)
{
	for (int i = 0; i < 3; i++)
		g_clear_pointer(&curve->made[i], preview_free);
}

void compose_curve_yield(ComposeView *view)
{
	if (view->curve)
		session_drop_asked(ui_session(view->ui), view->curve);
}

void compose_curve_drop(ComposeView *view)
{
	ComposeCurve *curve = view->curve;

	compose_curve_yield(view);
	view->curve = NULL;
	if (!curve)
		return;
	drop_previews(curve);
	g_free(curve->key);
	g_free(curve->why);
	g_strfreev(curve->name);
	g_free(curve->along);
	g_free(curve);
}

/* The edit with another number under the cursor. */
static Composition *composition_at(const ComposeView *view, double number)
{
	return outline_set_number(view->outline, compose_place(view), number, NULL);
}

static char *curve_key(const ComposeView *view)
{
	g_autoptr(Composition) zero = composition_at(view, 0);
	g_autofree char *text = zero ? composition_text(zero) : g_strdup("");
	g_autofree char *scale = expression_number(zero ? zero->scale : 0);

	return g_strdup_printf("%u %s %d %s %s", session_version(ui_session(view->ui)),
		compose_row(view)->path, compose_row(view)->on, scale, text);
}

/* Why there is no curve of the number under the cursor; "" where that needs no saying. */
static char *why_none(const ComposeView *view)
{
	const OutlineRow *row = compose_row(view);
	guint place = compose_place(view);
	g_autofree char *title = outline_title(view->outline, place);

	if (row->kind > OUTLINE_PARAMETER)
		return g_strdup("");
	if (!outline_is_linear(view->outline, place))
		return g_strdup_printf(
			"no curve: the edit is not linear in %s, which is in a method", title);
	return row->on ? NULL : g_strdup("no curve: the term is off");
}

/* ⟨edit, τ⟩/|τ| of a preview; 0 where the edit is. */
static double along(const Preview *preview, guint task)
{
	double norm = preview->whole->norm.value;

	return norm == 0 ? 0 : preview->whole->cosine[task].value * norm;
}

static void take_norms(ComposeCurve *curve, Preview *const previews[3])
{
	double square[3];

	curve->base = NAN;
	for (int i = 0; i < 3; i++) {
		const PreviewGroup *whole = previews[i]->whole;
		square[i] = whole->norm.value * whole->norm.value;
		if (whole->norm.value > 0)
			curve->base = whole->norm.value / whole->relative.value;
		curve->kind = MAX(curve->kind, previews[i]->kind);
	}
	curve->square[0] = square[1];
	curve->square[1] = (square[2] - square[0]) / 2;
	curve->square[2] = (square[2] + square[0]) / 2 - square[1];
}

static void take_previews(ComposeCurve *curve, Preview *const previews[3])
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();

	take_norms(curve, previews);
	curve->count = previews[0]->count;
	curve->along = g_new0(double, 2 * (gsize)curve->count + 1);
	for (guint i = 0; i < curve->count; i++) {
		double low = along(previews[0], i), high = along(previews[2], i);
		g_strv_builder_add(names, previews[0]->name[i]);
		curve->along[2 * i] = along(previews[1], i);
		curve->along[2 * i + 1] = (high - low) / 2;
	}
	curve->name = g_strv_builder_end(names);
}

/* There is none: the first reason counts. */
static void give_up(ComposeCurve *curve, const GError *error)
{
	if (!curve->why)
		curve->why = g_strdup_printf(
			"no curve: %s", error ? error->message : "the number has no such range");
}

/* The previews are asked for in order, and come in it. */
static void take_next(gpointer data, Preview *preview, const GError *error)
{
	ComposeCurve *curve = data;
	int next = 0;

	while (next < 2 && curve->made[next])
		next++;
	curve->made[next] = preview;
	if (!preview)
		give_up(curve, error);
	if (curve->made[2] && !curve->why) {
		take_previews(curve, curve->made);
		curve->whole = TRUE;
	}
	if (curve->whole || curve->why)
		drop_previews(curve);
	ui_dirty(curve->ui);
}

/* One of the three: at once where it follows from tables, else off the main thread. */
static void make_next(ComposeCurve *curve, const ComposeView *view, double number)
{
	Session *session = ui_session(view->ui);
	g_autoptr(Composition) composition = composition_at(view, number);
	g_autoptr(GError) error = NULL;
	Preview *preview;

	if (!composition) {
		give_up(curve, NULL);
	} else if (!view->closed && !ui_frozen(view->ui)) {
		session_ask_preview(session, composition, GROUP_ALL, TRUE, take_next, curve);
	} else {
		preview = session_preview_quick(session, composition, GROUP_ALL, &error);
		take_next(curve, preview, error);
	}
}

/* The preview of the edit itself comes first. */
static void make_missing(ComposeCurve *curve, const ComposeView *view)
{
	int next = 0;

	if (curve->whole || curve->why || view->ask.of ||
		session_asked(ui_session(view->ui), curve))
		return;
	while (next < 3 && curve->made[next])
		next++;
	for (; next < 3 && !curve->why; next++)
		make_next(curve, view, next - 1);
}

/* Kept until something else than the number under the cursor changes. */
static const ComposeCurve *refresh_curve(ComposeView *view)
{
	g_autofree char *why = why_none(view);
	g_autofree char *key = why ? g_strdup(why) : curve_key(view);

	if (!view->curve || !g_str_equal(view->curve->key, key)) {
		compose_curve_drop(view);
		view->curve = g_new0(ComposeCurve, 1);
		view->curve->ui = view->ui;
		view->curve->key = g_steal_pointer(&key);
		view->curve->why = g_steal_pointer(&why);
	}
	make_missing(view->curve, view);
	return view->curve;
}

double compose_curve_norm(const ComposeCurve *curve, double number)
{
	const double *square = curve->square;

	return sqrt(fmax(0, square[0] + number * (square[1] + number * square[2])));
}

double compose_curve_cosine(const ComposeCurve *curve, guint task, double number)
{
	const double *line = &curve->along[2 * (gsize)task];
	double norm = compose_curve_norm(curve, number);

	return norm > 0 ? fmin(1, fmax(-1, (line[0] + line[1] * number) / norm)) : NAN;
}

static double number_of(const OutlineRow *row, guint point)
{
	return row->low + (row->high - row->low) * point / (POINTS - 1);
}

/* How far a cosine goes over the range. */
static double span_of(const ComposeCurve *curve, const OutlineRow *row, guint task)
{
	double low = INFINITY, high = -INFINITY;

	for (guint i = 0; i < POINTS; i++) {
		low = fmin(low, compose_curve_cosine(curve, task, number_of(row, i)));
		high = fmax(high, compose_curve_cosine(curve, task, number_of(row, i)));
	}
	return high - low;
}

/* The tasks whose cosines move most; returns how many. */
static guint choose_tasks(const ComposeCurve *curve, const OutlineRow *row, guint *tasks)
{
	g_autofree gboolean *taken = g_new0(gboolean, curve->count + 1);
	guint chosen = 0;

	while (chosen < MIN(CURVES_MOST, curve->count)) {
		guint best = curve->count;
		for (guint i = 0; i < curve->count; i++)
			if (!taken[i] &&
				(best == curve->count ||
					span_of(curve, row, i) > span_of(curve, row, best)))
				best = i;
		taken[best] = TRUE;
		tasks[chosen++] = best;
	}
	return chosen;
}

static void draw_norms(const ComposeCurve *curve, const OutlineRow *row, Canvas *canvas, Rect rect)
{
	double x[POINTS], y[POINTS], most = 0,
				     now = compose_curve_norm(curve, row->number) / curve->base;
	PlotSeries series[] = {
		{x, y, POINTS, ROLE_BAR, 0}, {&row->number, &now, 1, ROLE_SELECTED, markers[0]}};

	for (guint i = 0; i < POINTS; i++) {
		x[i] = number_of(row, i);
		y[i] = compose_curve_norm(curve, x[i]) / curve->base;
		most = fmax(most, y[i]);
	}
	canvas_text(canvas, rect, 1, 0, ROLE_HEADING, "|edit|/|θ₀|");
	if (curve->kind != PREVIEW_EXACT)
		canvas_text(canvas, rect, 14, 0, ROLE_DIM, preview_kind_name(curve->kind));
	plot_lines(canvas, rect_rows(rect_right_of(rect, 1), 1, rect.height - 1), series, 2,
		row->low, row->high, 0, number_limit(most), row->number);
}

typedef struct {
	double y[POINTS], now;
} CosineCurve;

static void draw_legend(
	const ComposeCurve *curve, const guint *tasks, guint n, Canvas *canvas, Rect rect)
{
	int x = 1 + canvas_text(canvas, rect, 1, 0, ROLE_HEADING, "cos") + 1;

	for (guint i = 0; i < n && x < rect.width - 4; i++) {
		Role role = (Role)(ROLE_SERIES + i);
		char glyph[7] = {0};
		int columns = canvas_columns(curve->name[tasks[i]]);
		g_unichar_to_utf8(markers[i], glyph);
		x += canvas_text(canvas, rect, x, 0, role, glyph) + 1;
		canvas_field(canvas, rect, x, 0, MIN(columns, rect.width - x), role,
			curve->name[tasks[i]]);
		x += columns + 1;
	}
}

static void draw_cosines(
	const ComposeCurve *curve, const OutlineRow *row, Canvas *canvas, Rect rect)
{
	guint tasks[CURVES_MOST], n = choose_tasks(curve, row, tasks);
	CosineCurve curves[CURVES_MOST];
	PlotSeries series[2 * CURVES_MOST];
	double x[POINTS];

	for (guint i = 0; i < POINTS; i++)
		x[i] = number_of(row, i);
	for (guint i = 0; i < n; i++) {
		Role role = (Role)(ROLE_SERIES + i);
		for (guint point = 0; point < POINTS; point++)
			curves[i].y[point] = compose_curve_cosine(curve, tasks[i], x[point]);
		curves[i].now = compose_curve_cosine(curve, tasks[i], row->number);
		series[i] = (PlotSeries){x, curves[i].y, POINTS, role, 0};
		series[n + i] = (PlotSeries){&row->number, &curves[i].now, 1, role, markers[i]};
	}
	draw_legend(curve, tasks, n, canvas, rect);
	plot_lines(canvas, rect_rows(rect_right_of(rect, 1), 1, rect.height - 1), series, 2 * n,
		row->low, row->high, -1, 1, row->number);
}

static gboolean is_shown(Ui *ui)
{
	return pane_choice(ui, CURVE_KEY, 2) == 0;
}

React compose_curve_toggle(Ui *ui)
{
	guint now = pane_choose_next(ui, CURVE_KEY, pane_choice(ui, CURVE_KEY, 2), 2);

	ui_message(ui, now == 0 ? "the curve is shown where there is room" : "no curve");
	return REACT_DONE;
}

void compose_curve_draw(ComposeView *view, Ui *ui, Canvas *canvas, Rect rect)
{
	const ComposeCurve *curve;
	const OutlineRow *row = compose_row(view);
	Rect half = rect_rows(rect, 0, MIN(rect.height, ROWS_MOST));

	if (!is_shown(ui) || rect.height < ROWS_LEAST || rect.width < COLUMNS_LEAST)
		return;
	curve = refresh_curve(view);
	if (curve->why || !curve->whole || !isfinite(curve->base)) {
		pane_wrap(canvas, rect, 1, 0, ROLE_DIM, curve->why ? curve->why : "");
		return;
	}
	if (rect.width < 2 * COLUMNS_LEAST) {
		draw_cosines(curve, row, canvas, half);
		return;
	}
	draw_norms(curve, row, canvas, rect_left(half, rect.width / 2));
	draw_cosines(curve, row, canvas, rect_right_of(half, rect.width / 2));
}
