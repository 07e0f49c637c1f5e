/* similarity_state.c - what the Similarity screen stands on: the analysis, the order of its tasks,
 * the cursor, and the pair under it. */
#include "similarity_view.h"

#include "core/text.h"

#include <math.h>
#include <string.h>

/* By how much one cosine is larger than another; less is rounding. */
#define ROUNDING 1e-7

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

static void drop_pair(SimilarityView *view)
{
	g_clear_pointer(&view->pair, g_array_unref);
}

void similarity_drop(SimilarityView *view)
{
	g_clear_pointer(&view->similarity, similarity_free);
	view->matrix = NULL;
	drop_pair(view);
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
void similarity_reorder(SimilarityView *view, Ui *ui)
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

/* Of those that are equal but for rounding, the first. */
static void find_extremes(const GArray *tensors, Extremes *found)
{
	*found = (Extremes){NULL, NULL, NULL};
	for (guint i = 0; i < tensors->len; i++) {
		const PairRow *row = &g_array_index(tensors, PairRow, i);
		if (!isfinite(row->cosine))
			continue;
		if (!found->strongest || row->cosine > found->strongest->cosine + ROUNDING)
			found->strongest = row;
		if (!found->weakest || fabs(row->cosine) < fabs(found->weakest->cosine) - ROUNDING)
			found->weakest = row;
		if (row->cosine < 0 &&
			(!found->opposed || row->cosine < found->opposed->cosine - ROUNDING))
			found->opposed = row;
	}
}

static GArray *pair_tensors(const Collection *collection, const Gram *gram, const guint members[2])
{
	g_autoptr(Scope) scope = scope_new(collection, NULL, members, 2, NULL);
	g_autofree double *cosine =
		scope ? similarity_by_tensor(gram, scope, members[0], members[1]) : NULL;
	GArray *rows = scope ? g_array_new(FALSE, FALSE, sizeof(PairRow)) : NULL;

	for (guint i = 0; scope && i < scope->tensors->len; i++) {
		guint tensor = g_array_index(scope->tensors, guint, i);
		PairRow row = {collection_tensor(collection, tensor)->name,
			collection->layer[tensor], cosine[i]};
		g_array_append_val(rows, row);
	}
	return rows;
}

static void make_pair(SimilarityView *view, const Session *session)
{
	guint members[2];

	if (view->row_at == view->column_at)
		return;
	members[0] = view->similarity->member[similarity_position(view, view->row_at)];
	members[1] = view->similarity->member[similarity_position(view, view->column_at)];
	view->pair = pair_tensors(session_collection(session), session_gram(session), members);
	if (view->pair)
		find_extremes(view->pair, &view->extremes);
}

static gboolean make_similarity(SimilarityView *view, const Session *session, GError **error)
{
	g_autoptr(GArray) marked = session_marked(session);

	view->similarity = similarity_new(session_collection(session), session_gram(session), NULL,
		GROUP_LAYER, (const guint *)(gpointer)marked->data, marked->len, error);
	return view->similarity != NULL;
}

gboolean similarity_refresh(SimilarityView *view, Ui *ui, GError **error)
{
	const Session *session = ui_session(ui);
	gboolean fresh = !view->similarity;

	if (fresh && !make_similarity(view, session, error))
		return FALSE;
	if (fresh || g_strcmp0(view->filter, ui_filter(ui)) != 0) {
		string_set(&view->filter, ui_filter(ui));
		similarity_reorder(view, ui);
		drop_pair(view);
	}
	place_cursor(view);
	choose_matrix(view, ui);
	if (!view->pair && view->order->len > 0)
		make_pair(view, session);
	return TRUE;
}

void similarity_move(SimilarityView *view, int rows, int columns)
{
	view->row_at += rows;
	view->column_at += columns;
	place_cursor(view);
	drop_pair(view);
}

const char *similarity_main_layer(const SimilarityView *view, guint a, guint b)
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
