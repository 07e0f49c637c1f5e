/* similarity.c - the screen of cosines between task vectors: a matrix, and the pair under its
 * cursor.
 *
 * The scope is shared with the other screens: all layers, or one. */
#include "similarity_view.h"

#include "core/text.h"

#include <math.h>
#include <string.h>

#define MATRIX_LEAST 44

guint similarity_position(const SimilarityView *view, int place)
{
	return g_array_index(view->order, guint, place);
}

double similarity_value(const SimilarityView *view, guint a, guint b)
{
	gsize cell = (gsize)a * view->similarity->count + b;

	switch (view->measure) {
	case MEASURE_ANGLE:
		return acos(CLAMP(view->matrix->cosine[cell], -1, 1)) * 180 / G_PI;
	case MEASURE_PRODUCT:
		return view->matrix->product[cell];
	default:
		return view->matrix->cosine[cell];
	}
}

char *similarity_cell_text(const SimilarityView *view, double value)
{
	if (view->measure == MEASURE_COSINE || !isfinite(value))
		return number_cell(value);
	if (view->measure == MEASURE_ANGLE)
		return g_strdup_printf("%.1f°", value);
	return number_signed(value, view->decimals);
}

const char *similarity_measure_name(const SimilarityView *view)
{
	static const char *const names[] = {"COSINE", "ANGLE", "INNER PRODUCT"};

	return names[view->measure];
}

static gpointer similarity_open(Ui *ui)
{
	SimilarityView *view = g_new0(SimilarityView, 1);

	(void)ui;
	view->order = g_array_new(FALSE, FALSE, sizeof(guint));
	return view;
}

static void drop_pair(SimilarityView *view)
{
	g_clear_pointer(&view->pair, similarity_free);
}

static void similarity_invalidate(gpointer data, Ui *ui)
{
	SimilarityView *view = data;

	(void)ui;
	g_clear_pointer(&view->similarity, similarity_free);
	view->matrix = NULL;
	drop_pair(view);
}

static void similarity_close(gpointer data)
{
	SimilarityView *view = data;

	similarity_invalidate(view, NULL);
	g_array_unref(view->order);
	g_free(view->filter);
	g_free(view->row);
	g_free(view->column);
	g_free(view->layer);
	g_free(view);
}

static int compare_tasks(gconstpointer first, gconstpointer second, gpointer data)
{
	const SimilarityView *view = data;
	const Similarity *similarity = view->similarity;
	guint a = *(const guint *)first, b = *(const guint *)second;
	double x = similarity->whole->norm[a], y = similarity->whole->norm[b];

	if (view->sort == ORDER_NAME)
		return text_natural_compare(similarity->name[a], similarity->name[b]);
	return (x < y) - (x > y);
}

/* At first the cursor stands on the pair that is closest. */
static void choose_first(SimilarityView *view)
{
	const SimilarityMatrix *whole = view->similarity->whole;
	double most = -INFINITY;

	for (guint i = 0; i < whole->count; i++) {
		for (guint k = 0; k < i; k++) {
			double cosine = whole->cosine[(gsize)i * whole->count + k];
			if (!(cosine > most))
				continue;
			most = cosine;
			string_set(&view->row, view->similarity->name[k]);
			string_set(&view->column, view->similarity->name[i]);
		}
	}
}

/* The tasks that pass the filter, as they are ordered; the cursor goes back to its names. */
static void make_order(SimilarityView *view, Ui *ui)
{
	const Similarity *similarity = view->similarity;

	if (!view->row)
		choose_first(view);
	g_array_set_size(view->order, 0);
	for (guint i = 0; i < similarity->count; i++)
		if (ui_filter_matches(ui, similarity->name[similarity->order[i]]))
			g_array_append_val(view->order, similarity->order[i]);
	if (view->sort != ORDER_CLUSTER)
		g_array_sort_with_data(view->order, compare_tasks, view);
	for (guint i = 0; i < view->order->len; i++) {
		const char *name = similarity->name[similarity_position(view, (int)i)];
		if (g_strcmp0(name, view->row) == 0)
			view->row_at = (int)i;
		if (g_strcmp0(name, view->column) == 0)
			view->column_at = (int)i;
	}
}

/* Keeps the cursor in the matrix and its names in step. */
static void place_cursor(SimilarityView *view)
{
	int last = (int)view->order->len - 1;

	if (last < 0)
		return;
	view->row_at = CLAMP(view->row_at, 0, last);
	view->column_at = CLAMP(view->column_at, 0, last);
	string_set(&view->row, view->similarity->name[similarity_position(view, view->row_at)]);
	string_set(
		&view->column, view->similarity->name[similarity_position(view, view->column_at)]);
}

/* The group of the layer that all screens look at, or the whole. */
static void choose_matrix(SimilarityView *view, Ui *ui)
{
	const char *layer = ui_layer(ui);

	view->matrix = view->similarity->whole;
	for (guint i = 0; layer && i < view->similarity->groups->len; i++) {
		SimilarityMatrix *group = view->similarity->groups->pdata[i];
		if (strcmp(group->scope, layer) == 0)
			view->matrix = group;
	}
}

static void make_pair(SimilarityView *view, const Session *session)
{
	guint members[2];

	if (view->row_at == view->column_at)
		return;
	members[0] = view->similarity->member[similarity_position(view, view->row_at)];
	members[1] = view->similarity->member[similarity_position(view, view->column_at)];
	view->pair = similarity_new(session_collection(session), session_gram(session), NULL,
		GROUP_TENSOR, members, 2, NULL);
}

static gboolean make_similarity(SimilarityView *view, const Session *session, GError **error)
{
	g_autoptr(GArray) marked = session_marked(session);

	view->similarity = similarity_new(session_collection(session), session_gram(session), NULL,
		GROUP_LAYER, (const guint *)(gpointer)marked->data, marked->len, error);
	return view->similarity != NULL;
}

static gboolean refresh(SimilarityView *view, Ui *ui, GError **error)
{
	const Session *session = ui_session(ui);
	gboolean fresh = !view->similarity;

	if (fresh && !make_similarity(view, session, error))
		return FALSE;
	if (fresh || g_strcmp0(view->filter, ui_filter(ui)) != 0) {
		string_set(&view->filter, ui_filter(ui));
		make_order(view, ui);
		drop_pair(view);
	}
	place_cursor(view);
	choose_matrix(view, ui);
	if (!view->pair && view->order->len > 0)
		make_pair(view, session);
	return TRUE;
}

static void similarity_draw(gpointer data, Ui *ui, Canvas *canvas, Rect rect)
{
	SimilarityView *view = data;
	const char *empty = pane_why_empty(ui);
	g_autoptr(GError) error = NULL;
	Panes panes;

	if (empty || !refresh(view, ui, &error)) {
		pane_note(canvas, rect, empty ? empty : error->message);
		return;
	}
	panes = panes_split(canvas, rect, MATRIX_LEAST, panes_right(rect));
	similarity_matrix_draw(view, canvas, panes.left);
	pane_shared(canvas, panes.left, 1, session_collection(ui_session(ui)),
		view->similarity->whole->elements);
	if (panes.right.width > 0)
		similarity_pair_draw(view, session_collection(ui_session(ui)), canvas, panes.right);
}

static React move_cursor(SimilarityView *view, int rows, int columns)
{
	view->row_at += rows;
	view->column_at += columns;
	place_cursor(view);
	drop_pair(view);
	return REACT_DONE;
}

static React act_in_matrix(SimilarityView *view, ActionId action)
{
	int count = (int)view->order->len;

	switch (action) {
	case ACTION_DOWN:
		return move_cursor(view, 1, 0);
	case ACTION_UP:
		return move_cursor(view, -1, 0);
	case ACTION_RIGHT:
		return move_cursor(view, 0, 1);
	case ACTION_LEFT:
		return move_cursor(view, 0, -1);
	case ACTION_FIRST:
		return move_cursor(view, -count, 0);
	case ACTION_LAST:
		return move_cursor(view, count, 0);
	case ACTION_PAGE_DOWN:
		return move_cursor(view, 8, 0);
	case ACTION_PAGE_UP:
		return move_cursor(view, -8, 0);
	default:
		return REACT_NONE;
	}
}

static React act_in_lists(SimilarityView *view, ActionId action)
{
	ListWidget *list = view->level == LEVEL_LAYERS ? &view->layers : &view->tensors;

	return list_act(list, action) ? REACT_DONE : REACT_NONE;
}

static React drill_in(SimilarityView *view, Ui *ui)
{
	g_autoptr(GArray) layers = NULL;

	if (view->order->len == 0) {
		ui_message(ui, "no task passes the filter");
		return REACT_DONE;
	}
	if (view->row_at == view->column_at) {
		ui_message(ui, "the diagonal is one task with itself; move to a pair first");
		return REACT_DONE;
	}
	if (view->level == LEVEL_MATRIX) {
		view->level = LEVEL_LAYERS;
		return REACT_DONE;
	}
	layers = similarity_pair_layers(view);
	if (view->level == LEVEL_TENSORS || view->layers.cursor >= (int)layers->len)
		return REACT_DONE;
	string_set(&view->layer, g_array_index(layers, PairRow, view->layers.cursor).name);
	view->tensors = (ListWidget){0};
	view->level = LEVEL_TENSORS;
	return REACT_DONE;
}

static React back(SimilarityView *view)
{
	if (view->level == LEVEL_MATRIX)
		return REACT_NONE;
	view->level--;
	return REACT_DONE;
}

/* The next or previous layer, all layers before the first. */
static React step_scope(SimilarityView *view, Ui *ui, int by)
{
	const GPtrArray *groups = view->similarity->groups;
	const SimilarityMatrix *group;
	int place = -1;

	for (guint i = 0; i < groups->len; i++)
		if (groups->pdata[i] == view->matrix)
			place = (int)i;
	place = CLAMP(place + by, -1, (int)groups->len - 1);
	group = place < 0 ? NULL : groups->pdata[place];
	ui_set_layer(ui, group ? group->scope : NULL);
	return REACT_DONE;
}

static React next_order(SimilarityView *view, Ui *ui)
{
	view->sort = (view->sort + 1) % ORDER_COUNT;
	make_order(view, ui);
	return REACT_DONE;
}

static React toggle_numbers(SimilarityView *view)
{
	view->numbers = !view->numbers;
	view->numbers_chosen = TRUE;
	return REACT_DONE;
}

/* The marked tasks as terms with equal coefficients that add up to about one. */
static React send_to_compose(SimilarityView *view, Ui *ui)
{
	const Similarity *similarity = view->similarity;
	double coefficient = fmax(1, round(20.0 / similarity->count)) / 20;
	g_autoptr(Composition) next = composition_new();
	g_autofree char *label = g_strdup_printf("%u tasks × %.2f", similarity->count, coefficient);

	for (guint i = 0; i < similarity->count; i++) {
		g_autofree char *body = expression_name(similarity->name[i]);
		composition_add(next, coefficient, body, NULL);
	}
	session_compose(ui_session(ui), next, label, NULL);
	ui_message(ui, "the composition is now %s: 5 shows it, u takes it back", label);
	return REACT_DONE;
}

static React similarity_act(gpointer data, Ui *ui, ActionId action)
{
	SimilarityView *view = data;
	React react;

	if (pane_why_empty(ui) || !refresh(view, ui, NULL))
		return REACT_NONE;
	react = view->level == LEVEL_MATRIX ? act_in_matrix(view, action)
					    : act_in_lists(view, action);
	if (react != REACT_NONE)
		return react;
	switch (action) {
	case ACTION_OPEN:
		return drill_in(view, ui);
	case ACTION_BACK:
		return back(view);
	case ACTION_NEXT_PANE:
	case ACTION_PREVIOUS_PANE:
		return view->level == LEVEL_MATRIX ? drill_in(view, ui) : back(view);
	case ACTION_SIMILARITY_MEASURE:
		view->measure = (view->measure + 1) % MEASURE_COUNT;
		return REACT_DONE;
	case ACTION_SIMILARITY_ORDER:
		return next_order(view, ui);
	case ACTION_SIMILARITY_NARROWER:
		return step_scope(view, ui, 1);
	case ACTION_SIMILARITY_WIDER:
		return step_scope(view, ui, -1);
	case ACTION_SIMILARITY_ALL:
		ui_set_layer(ui, NULL);
		return REACT_DONE;
	case ACTION_SIMILARITY_NUMBERS:
		return toggle_numbers(view);
	case ACTION_SIMILARITY_COMPOSE:
		return send_to_compose(view, ui);
	default:
		return REACT_NONE;
	}
}

static const char *similarity_why_not(gpointer data, Ui *ui, ActionId action)
{
	const SimilarityView *view = data;

	if (pane_why_empty(ui))
		return "there are no task vectors yet";
	if (action == ACTION_MARK)
		return "tasks are marked on Checkpoints";
	if (action == ACTION_OPEN && view->level == LEVEL_TENSORS)
		return "tensors are the last level";
	return NULL;
}

/* The layer that gives most to the inner product of a pair; NULL where there is none. */
static const char *main_layer(const SimilarityView *view, guint a, guint b)
{
	const GPtrArray *groups = view->similarity->groups;
	const char *layer = NULL;
	double most = 0;

	for (guint i = 0; i < groups->len; i++) {
		const SimilarityMatrix *group = groups->pdata[i];
		double product = fabs(group->product[(gsize)a * group->count + b]);
		if (!(product > most))
			continue;
		most = product;
		layer = group->scope;
	}
	return layer;
}

static char *similarity_sentence_here(gpointer data, Ui *ui)
{
	SimilarityView *view = data;
	g_autofree char *cosine = NULL;
	const char *layer;
	guint a, b;

	if (pane_why_empty(ui) || !refresh(view, ui, NULL) || view->order->len == 0)
		return NULL;
	if (view->row_at == view->column_at)
		return similarity_sentence(view->similarity);
	a = similarity_position(view, view->row_at);
	b = similarity_position(view, view->column_at);
	layer = view->matrix == view->similarity->whole ? main_layer(view, a, b) : NULL;
	cosine = number_signed(view->matrix->cosine[(gsize)a * view->matrix->count + b], 2);
	return g_strdup_printf("row %s, column %s: cos %s%s%s", view->row, view->column, cosine,
		layer ? ", most in " : "", layer ? layer : "");
}

static cJSON *similarity_json(gpointer data, Ui *ui)
{
	SimilarityView *view = data;

	if (pane_why_empty(ui) || !refresh(view, ui, NULL))
		return NULL;
	return report_similarity_json(view->similarity);
}

static Table *similarity_table(gpointer data, Ui *ui)
{
	SimilarityView *view = data;

	if (pane_why_empty(ui) || !refresh(view, ui, NULL))
		return NULL;
	return report_similarity_table(view->similarity);
}

/* All digits: what is copied is for another program. */
static char *similarity_cell(gpointer data, Ui *ui)
{
	SimilarityView *view = data;

	if (pane_why_empty(ui) || !refresh(view, ui, NULL) || view->order->len == 0)
		return NULL;
	return g_strdup_printf(
		"%.9g", similarity_value(view, similarity_position(view, view->row_at),
				similarity_position(view, view->column_at)));
}

static const ActionId similarity_footer[] = {ACTION_OPEN, ACTION_SIMILARITY_NARROWER,
	ACTION_SIMILARITY_ALL, ACTION_SIMILARITY_MEASURE, ACTION_SIMILARITY_ORDER,
	ACTION_SIMILARITY_NUMBERS, ACTION_SIMILARITY_COMPOSE, ACTION_NONE};

const ViewOps similarity_view = {
	.screen = SCREEN_SIMILARITY,
	.help = "cosines between task vectors, and where two tasks agree",
	.explain = "cos            ⟨τᵢ, τⱼ⟩ / (‖τᵢ‖ ‖τⱼ‖)\n"
		   "angle          arccos of it, in degrees\n"
		   "inner product  ⟨τᵢ, τⱼ⟩ itself\n"
		   "·              a vector of norm 0 has no direction\n"
		   "\n"
		   "Over the tensors that all marked tasks share, or those of one layer:\n"
		   "inner products and norms are summed, then divided.  Cosines of\n"
		   "layers are never averaged.\n"
		   "\n"
		   "Clusters: average linkage of 1 − cos, cut where the mean cosine\n"
		   "between parts falls below 0.1.",
	.footer = similarity_footer,
	.open = similarity_open,
	.close = similarity_close,
	.draw = similarity_draw,
	.act = similarity_act,
	.why_not = similarity_why_not,
	.sentence = similarity_sentence_here,
	.json = similarity_json,
	.table = similarity_table,
	.cell = similarity_cell,
	.invalidate = similarity_invalidate,
};
