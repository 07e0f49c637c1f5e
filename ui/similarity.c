/* similarity.c - the screen of cosines between task vectors: a matrix, and the pair under its
 * cursor.
 *
 * The scope is shared with the other screens: all layers, or one. */
#include "similarity_view.h"

#include "batch.h"
#include "edit/outline.h"

#include <math.h>
#include <string.h>

#define MATRIX_LEAST 44
#define PAGE_ROWS 8
#define STATE_MEASURE "similarity.measure"
#define STATE_ORDER "similarity.order"

static gpointer similarity_open(Ui *ui)
{
	SimilarityView *view = g_new0(SimilarityView, 1);

	view->measure = pane_choice(ui, STATE_MEASURE, MEASURE_COUNT);
	view->sort = pane_choice(ui, STATE_ORDER, ORDER_COUNT);
	view->order = g_array_new(FALSE, FALSE, sizeof(guint));
	return view;
}

static void similarity_invalidate(gpointer data, Ui *ui)
{
	SimilarityView *view = data;

	(void)ui;
	similarity_drop(view);
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

static void similarity_draw(gpointer data, Ui *ui, Canvas *canvas, Rect rect)
{
	SimilarityView *view = data;
	const char *empty = pane_why_empty(ui);
	g_autoptr(GError) error = NULL;
	Panes panes;

	if (empty || !similarity_refresh(view, ui, &error)) {
		pane_note(canvas, rect, empty ? empty : error->message);
		return;
	}
	panes = panes_split(canvas, rect, MATRIX_LEAST, panes_right(rect));
	similarity_matrix_draw(view, canvas, panes.left);
	pane_shared(canvas, panes.left, 1, session_collection(ui_session(ui)),
		view->similarity->whole->elements);
	if (panes.right.width > 0)
		similarity_pair_draw(view, canvas, panes.right);
}

/* The rows that an action moves the cursor by; 0 where it does not. */
static int rows_by(const SimilarityView *view, ActionId action)
{
	switch (action) {
	case ACTION_DOWN:
		return 1;
	case ACTION_UP:
		return -1;
	case ACTION_FIRST:
		return -(int)view->order->len;
	case ACTION_LAST:
		return (int)view->order->len;
	case ACTION_PAGE_DOWN:
		return PAGE_ROWS;
	case ACTION_PAGE_UP:
		return -PAGE_ROWS;
	default:
		return 0;
	}
}

static gboolean act_in_matrix(SimilarityView *view, ActionId action)
{
	int rows = rows_by(view, action);
	int columns = (action == ACTION_RIGHT) - (action == ACTION_LEFT);

	if (rows == 0 && columns == 0)
		return FALSE;
	similarity_move(view, rows, columns);
	return TRUE;
}

/* Movement: in the matrix, or in the list of the right pane. */
static gboolean act_on_cursor(SimilarityView *view, ActionId action)
{
	if (view->level == LEVEL_MATRIX)
		return act_in_matrix(view, action);
	return list_act(view->level == LEVEL_LAYERS ? &view->layers : &view->tensors, action);
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
	view->sort = pane_choose_next(ui, STATE_ORDER, view->sort, ORDER_COUNT);
	similarity_reorder(view, ui);
	return REACT_DONE;
}

static React toggle_numbers(SimilarityView *view)
{
	view->numbers = !view->numbers;
	view->numbers_chosen = TRUE;
	return REACT_DONE;
}

/* 1/n in two digits. */
static double equal_part(guint n)
{
	g_autofree char *text = g_strdup_printf("%.1e", 1.0 / n);

	return g_ascii_strtod(text, NULL);
}

/* The marked tasks as terms with equal coefficients that add up to about one. */
static React send_to_compose(SimilarityView *view, Ui *ui)
{
	const Similarity *similarity = view->similarity;
	double coefficient = equal_part(similarity->count);
	g_autoptr(Composition) next = composition_new();
	g_autofree char *number = outline_number(coefficient);
	g_autofree char *label = g_strdup_printf("%u tasks × %s", similarity->count, number);

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

	if (pane_why_empty(ui) || !similarity_refresh(view, ui, NULL))
		return REACT_NONE;
	action = pane_match(action);
	if (act_on_cursor(view, action))
		return REACT_DONE;
	switch (action) {
	case ACTION_OPEN:
		return drill_in(view, ui);
	case ACTION_BACK:
		return back(view);
	case ACTION_NEXT_PANE:
	case ACTION_PREVIOUS_PANE:
		return view->level == LEVEL_MATRIX ? drill_in(view, ui) : back(view);
	case ACTION_SIMILARITY_MEASURE:
		view->measure = pane_choose_next(ui, STATE_MEASURE, view->measure, MEASURE_COUNT);
		return REACT_DONE;
	case ACTION_SORT:
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
	if (action == ACTION_REVERSE)
		return "o chooses the order";
	if ((action == ACTION_SORT || action == ACTION_SIMILARITY_ORDER) && view->order->len < 2)
		return "one task has one order";
	return pane_why_not(ui, action);
}

static char *similarity_sentence_here(gpointer data, Ui *ui)
{
	SimilarityView *view = data;
	g_autofree char *cosine = NULL;
	const char *layer;
	guint a, b;

	if (pane_why_empty(ui) || !similarity_refresh(view, ui, NULL) || view->order->len == 0)
		return NULL;
	if (view->row_at == view->column_at)
		return similarity_sentence(view->similarity);
	a = similarity_position(view, view->row_at);
	b = similarity_position(view, view->column_at);
	layer = view->matrix == view->similarity->whole ? similarity_main_layer(view, a, b) : NULL;
	cosine = number_signed(view->matrix->cosine[(gsize)a * view->matrix->count + b], 2);
	return g_strdup_printf("row %s, column %s: cos %s%s%s", view->row, view->column, cosine,
		layer ? ", most in " : "", layer ? layer : "");
}

/* The pattern of the layer that is looked at; NULL for all layers. */
static char *shown_pattern(const SimilarityView *view, Ui *ui)
{
	if (view->matrix == view->similarity->whole)
		return NULL;
	return batch_layer_pattern(session_collection(ui_session(ui)), view->matrix->scope);
}

/* The matrix that is shown, as the verb makes it; where no pattern stands for its layer, all of
 * them. */
static Similarity *shown_similarity(SimilarityView *view, Ui *ui)
{
	const Session *session = ui_session(ui);
	g_autoptr(GArray) marked = session_marked(session);
	g_autofree char *pattern = NULL;
	GroupBy by;

	if (pane_why_empty(ui) || !similarity_refresh(view, ui, NULL))
		return NULL;
	pattern = shown_pattern(view, ui);
	by = pattern || view->matrix == view->similarity->whole ? GROUP_ALL : GROUP_LAYER;
	return similarity_new(session_collection(session), session_gram(session), pattern, by,
		(const guint *)(gpointer)marked->data, marked->len, NULL);
}

static cJSON *similarity_json(gpointer data, Ui *ui)
{
	g_autoptr(Similarity) similarity = shown_similarity(data, ui);

	return similarity ? report_similarity_json(similarity) : NULL;
}

static Table *similarity_table(gpointer data, Ui *ui)
{
	g_autoptr(Similarity) similarity = shown_similarity(data, ui);

	return similarity ? report_similarity_table(similarity) : NULL;
}

static char *similarity_batch(gpointer data, Ui *ui)
{
	SimilarityView *view = data;
	g_autofree char *pattern = NULL, *option = NULL, *word = NULL;

	if (pane_why_empty(ui) || !batch_has_all_tasks(ui) || !similarity_refresh(view, ui, NULL))
		return NULL;
	if (view->matrix == view->similarity->whole)
		return batch_command(ui, "similarity", "");
	pattern = shown_pattern(view, ui);
	option = pattern ? g_strconcat("--only=", pattern, NULL) : g_strdup("--by=layer");
	word = shell_word(option);
	return batch_command(ui, "similarity", word);
}

/* All digits: what is copied is for another program. */
static char *similarity_cell(gpointer data, Ui *ui)
{
	SimilarityView *view = data;

	if (pane_why_empty(ui) || !similarity_refresh(view, ui, NULL) || view->order->len == 0)
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
		   "·              none: a vector of norm 0, or with a NaN or infinity in it\n"
		   "+3, −1, +#     in a narrow cell: about +.3, −.1 and +1\n"
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
	.batch = similarity_batch,
	.cell = similarity_cell,
	.invalidate = similarity_invalidate,
};
