/* layers_state.c - what the Layers screen stands on: the analysis, the groups that are listed and
 * in what order, and the kinds of the layer under the cursor. */
#include "layers_view.h"

#include <math.h>
#include <string.h>

static void drop_below(LayersView *view)
{
	g_clear_pointer(&view->below, layers_free);
}

void layers_drop_rows(LayersView *view)
{
	g_clear_pointer(&view->rows, g_ptr_array_unref);
}

void layers_drop(LayersView *view)
{
	layers_drop_rows(view);
	drop_below(view);
	g_clear_pointer(&view->layers, layers_free);
}

static gboolean make_layers(LayersView *view, const Session *session, GError **error)
{
	const Collection *collection = session_collection(session);
	const Gram *gram = session_gram(session);
	g_autoptr(GArray) marked = session_marked(session);
	const guint *members = (const guint *)(gpointer)marked->data;

	view->layers = layers_new(collection, gram, NULL, view->by, members, marked->len, error);
	if (!view->layers)
		return FALSE;
	view->first_at =
		(guint)MAX(0, names_find(view->layers->name, view->layers->count, view->first));
	return TRUE;
}

/* Whether a tensor lies in the layer or kind that is open. */
static gboolean is_inside(const LayersView *view, const Collection *collection, guint tensor)
{
	return !view->inside ||
	       strcmp(view->inside, view->inside_by == GROUP_LAYER ? collection->layer[tensor]
								   : collection->kind[tensor]) == 0;
}

/* Larger first, what is not known last. */
static int compare_groups(gconstpointer first, gconstpointer second, gpointer data)
{
	const LayersView *view = data;
	double a = layer_value(view, *(LayerGroup *const *)first, view->first_at);
	double b = layer_value(view, *(LayerGroup *const *)second, view->first_at);

	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a < b) - (a > b);
}

/* The groups in the order of depth or of their values; the cursor goes back to its name. */
static void order_rows(LayersView *view)
{
	GPtrArray *rows = view->rows;

	if (view->by_value)
		g_ptr_array_sort_with_data(rows, compare_groups, view);
	for (guint i = 0; view->reverse && i < rows->len / 2; i++) {
		gpointer other = rows->pdata[i];
		rows->pdata[i] = rows->pdata[rows->len - 1 - i];
		rows->pdata[rows->len - 1 - i] = other;
	}
	for (guint i = 0; i < rows->len; i++)
		if (g_strcmp0(((const LayerGroup *)rows->pdata[i])->name, view->at) == 0)
			view->list.cursor = (int)i;
	view->list.cursor = CLAMP(view->list.cursor, 0, MAX(0, (int)rows->len - 1));
}

static int longest_name(const LayersView *view)
{
	int columns = NAME_LEAST;

	for (guint i = 0; i < view->rows->len && columns < NAME_MOST; i++)
		columns = MAX(columns, canvas_columns(layers_row_name(view, view->rows->pdata[i])));
	return MIN(columns, NAME_MOST);
}

static void make_rows(LayersView *view, Ui *ui)
{
	const Collection *collection = session_collection(ui_session(ui));

	view->rows = g_ptr_array_new();
	if (!view->at)
		view->at = g_strdup(ui_layer(ui));
	for (guint i = 0; i < view->layers->groups->len; i++) {
		LayerGroup *group = view->layers->groups->pdata[i];
		if (is_inside(view, collection, group->first) && ui_filter_matches(ui, group->name))
			g_ptr_array_add(view->rows, group);
	}
	order_rows(view);
	view->longest = longest_name(view);
}

const LayerGroup *layers_current(const LayersView *view)
{
	if (!view->rows || view->list.cursor >= (int)view->rows->len)
		return NULL;
	return view->rows->pdata[view->list.cursor];
}

/* The kinds of the layer under the cursor. */
static void make_below(LayersView *view, const Session *session)
{
	const LayerGroup *group = layers_current(view);

	if (view->by != GROUP_LAYER || !group) {
		drop_below(view);
		return;
	}
	if (view->below && g_strcmp0(view->below_of, group->name) == 0)
		return;
	drop_below(view);
	string_set(&view->below_of, group->name);
	view->below = layers_new(session_collection(session), session_gram(session), group->name,
		GROUP_KIND, view->layers->member, view->layers->count, NULL);
}

gboolean layers_refresh(LayersView *view, Ui *ui, GError **error)
{
	const Session *session = ui_session(ui);

	if (!view->layers && !make_layers(view, session, error))
		return FALSE;
	if (g_strcmp0(view->filter, ui_filter(ui)) != 0)
		layers_drop_rows(view);
	string_set(&view->filter, ui_filter(ui));
	if (!view->rows)
		make_rows(view, ui);
	make_below(view, session);
	return TRUE;
}
