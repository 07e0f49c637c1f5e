/* checkpoints.c - the first screen: what is loaded, how it lines up, what is wrong with it.
 *
 * At the left base, tasks and runs; at the right the checkpoint under the cursor.  Below
 * WIDTH_OF_BOTH columns the right pane is a page of its own. */
#include "checkpoints_view.h"

#include <string.h>

#define WIDTH_OF_BOTH 90
#define LIST_LEAST 48
#define STATE_SORT "checkpoints.sort"

typedef struct {
	GPtrArray *rows;        /* of CheckpointRow; NULL: to be made */
	char *filter;           /* that the rows were made with */
	GPtrArray *detail;      /* of DetailLine; NULL: to be made */
	Similarity *similarity; /* of all tasks, or NULL */
	guint layers;           /* of the base; 0: to be counted */
	ListWidget list, lines;
	char *at;            /* name of the row under the cursor */
	GHashTable *runs;    /* names of the runs that are unfolded */
	GHashTable *open;    /* names of the layers that are unfolded */
	gboolean all_layers; /* all of them are */
	gboolean in_detail;  /* the right pane has the focus */
	CheckpointSort sort;
	gboolean reverse;
} CheckpointsView;

static GHashTable *set_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void set_toggle(GHashTable *set, const char *name)
{
	if (!g_hash_table_remove(set, name))
		g_hash_table_add(set, g_strdup(name));
}

static gpointer checkpoints_open(Ui *ui)
{
	CheckpointsView *view = g_new0(CheckpointsView, 1);

	view->sort = pane_choice(ui, STATE_SORT, SORT_COUNT);
	view->runs = set_new();
	view->open = set_new();
	return view;
}

static void drop_detail(CheckpointsView *view)
{
	g_clear_pointer(&view->detail, g_ptr_array_unref);
}

static void drop_rows(CheckpointsView *view)
{
	g_clear_pointer(&view->rows, g_ptr_array_unref);
	drop_detail(view);
}

static void checkpoints_invalidate(gpointer data, Ui *ui)
{
	CheckpointsView *view = data;

	(void)ui;
	drop_rows(view);
	g_clear_pointer(&view->similarity, similarity_free);
	view->layers = 0;
}

static void checkpoints_close(gpointer data)
{
	CheckpointsView *view = data;

	checkpoints_invalidate(view, NULL);
	g_hash_table_unref(view->runs);
	g_hash_table_unref(view->open);
	g_free(view->filter);
	g_free(view->at);
	g_free(view);
}

static const CheckpointRow *row_at(const CheckpointsView *view, int place)
{
	if (!view->rows || place < 0 || place >= (int)view->rows->len)
		return NULL;
	return view->rows->pdata[place];
}

static const CheckpointRow *current(const CheckpointsView *view)
{
	return row_at(view, view->list.cursor);
}

/* The cursor goes back to the row of its name. */
static void find_cursor(CheckpointsView *view)
{
	for (guint i = 0; view->at && i < view->rows->len; i++)
		if (strcmp(row_at(view, (int)i)->name, view->at) == 0)
			view->list.cursor = (int)i;
	list_fit(&view->list, (int)view->rows->len, MAX(1, view->list.page));
}

static void refresh(CheckpointsView *view, Ui *ui)
{
	const Session *session = ui_session(ui);

	if (g_strcmp0(view->filter, ui_filter(ui)) != 0)
		drop_rows(view);
	string_set(&view->filter, ui_filter(ui));
	if (!view->rows) {
		view->rows = checkpoint_rows(ui, view->sort, view->reverse, view->runs);
		find_cursor(view);
	}
	if (!view->similarity && !pane_why_empty(ui))
		view->similarity = similarity_new(session_collection(session),
			session_gram(session), NULL, GROUP_ALL, NULL, 0, NULL);
	if (!view->detail && current(view))
		view->detail = checkpoint_detail(
			ui, current(view), view->similarity, view->open, view->all_layers);
}

static void draw_empty(Canvas *canvas, Rect rect)
{
	pane_note(canvas, rect,
		"Nothing is loaded yet.\n"
		"Press o and type the path of the base checkpoint; then o again with NAME=PATH for "
		"each "
		"fine-tuned checkpoint, or for a folder of checkpoint-N, which is a run.\n"
		"`tauscope demo` opens checkpoints that are ready to look at.");
}

static void checkpoints_draw(gpointer data, Ui *ui, Canvas *canvas, Rect rect)
{
	CheckpointsView *view = data;
	gboolean both = rect.width >= WIDTH_OF_BOTH;
	Panes panes = {.left = rect};

	if (!session_collection(ui_session(ui))) {
		draw_empty(canvas, rect);
		return;
	}
	refresh(view, ui);
	if (both)
		panes = panes_split(canvas, rect, LIST_LEAST, panes_right(rect));
	if (both || !view->in_detail)
		checkpoint_rows_draw(view->rows, ui, &view->list, !view->in_detail, view->sort,
			canvas, panes.left);
	if (view->detail && (both || view->in_detail))
		checkpoint_detail_draw(view->detail, &view->lines, view->in_detail, canvas,
			both ? panes.right : rect);
}

/* The row under the cursor is another one. */
static React moved(CheckpointsView *view)
{
	const CheckpointRow *row = current(view);

	if (row)
		string_set(&view->at, row->name);
	drop_detail(view);
	view->lines = (ListWidget){.page = view->lines.page};
	return REACT_DONE;
}

static React open_layer(CheckpointsView *view)
{
	const DetailLine *line = view->detail && view->lines.cursor < (int)view->detail->len
					 ? view->detail->pdata[view->lines.cursor]
					 : NULL;

	if (!line || line->kind != DETAIL_LAYER)
		return REACT_DONE;
	set_toggle(view->open, line->text);
	drop_detail(view);
	return REACT_DONE;
}

static React open_row(CheckpointsView *view)
{
	const CheckpointRow *row = current(view);

	if (view->in_detail)
		return open_layer(view);
	if (row && row->kind == ROW_RUN) {
		set_toggle(view->runs, row->run);
		drop_rows(view);
	} else if (row) {
		view->in_detail = TRUE;
	}
	return REACT_DONE;
}

static React back(CheckpointsView *view)
{
	if (!view->in_detail)
		return REACT_NONE;
	view->in_detail = FALSE;
	return REACT_DONE;
}

static React mark_row(const CheckpointsView *view, Ui *ui)
{
	const CheckpointRow *row = current(view);
	Session *session = ui_session(ui);

	if (!row || row->kind != ROW_TASK)
		return REACT_NONE;
	session_mark(session, row->member, !session_is_marked(session, row->member));
	return REACT_DONE;
}

static React sort_rows(CheckpointsView *view, Ui *ui, gboolean next)
{
	if (next)
		view->sort = pane_choose_next(ui, STATE_SORT, view->sort, SORT_COUNT);
	else
		view->reverse = !view->reverse;
	drop_rows(view);
	return REACT_DONE;
}

/* What a row is called in the store; the row shows names made safe for a terminal. */
static const char *stored_name(const CheckpointRow *row, Ui *ui)
{
	const Collection *collection = session_collection(ui_session(ui));

	return row->kind == ROW_RUN ? row->run : collection_member(collection, row->member)->name;
}

static void drop_confirmed(gpointer data, Ui *ui)
{
	CheckpointsView *view = data;
	const CheckpointRow *row = current(view);
	g_autoptr(LoadRequest) request = load_request_new();
	g_autoptr(GError) error = NULL;

	if (!row)
		return;
	g_ptr_array_add(request->drop, g_strdup(stored_name(row, ui)));
	if (!session_load(ui_session(ui), request, &error))
		ui_error(ui, error);
}

/* Whether a member goes with the row: itself, or all of its run. */
static gboolean goes_with(const CheckpointRow *row, const Member *member, guint number)
{
	if (row->run && row->kind != ROW_STEP)
		return g_strcmp0(member->run, row->run) == 0;
	return row->member == number;
}

/* Whether the edit in Compose would lose a task or step with the row. */
static gboolean edit_uses(const CheckpointRow *row, const Session *session)
{
	const Collection *collection = session_collection(session);
	g_autofree char *text = composition_text(session_composition(session));
	g_autoptr(Node) edit = *text ? expression_parse(collection, text, NULL) : NULL;
	g_autoptr(GArray) members = edit ? expression_members(edit) : NULL;

	for (guint i = 0; members && i < members->len; i++) {
		guint number = g_array_index(members, guint, i);
		if (goes_with(row, collection_member(collection, number), number))
			return TRUE;
	}
	return FALSE;
}

static React ask_drop(CheckpointsView *view, Ui *ui)
{
	const CheckpointRow *row = current(view);
	g_autofree char *question = NULL;

	if (!row || row->kind == ROW_BASE)
		return REACT_NONE;
	question = g_strdup_printf("Close %s%s?  The files stay.%s",
		row->kind == ROW_RUN ? row->run : row->name,
		row->run && row->kind != ROW_STEP ? " and its steps" : "",
		edit_uses(row, ui_session(ui)) ? "  The edit in Compose uses it." : "");
	ui_confirm(ui, question, view, drop_confirmed);
	return REACT_DONE;
}

static React unfold_all(CheckpointsView *view)
{
	view->all_layers = !view->all_layers;
	g_hash_table_remove_all(view->open);
	drop_detail(view);
	return REACT_DONE;
}

static React checkpoints_act(gpointer data, Ui *ui, ActionId action)
{
	CheckpointsView *view = data;

	if (action == ACTION_CHECKPOINT_ADD) {
		checkpoints_ask_add(ui);
		return REACT_DONE;
	}
	if (!session_collection(ui_session(ui)))
		return REACT_NONE;
	refresh(view, ui);
	action = pane_match(action);
	if (list_act(view->in_detail ? &view->lines : &view->list, action))
		return view->in_detail ? REACT_DONE : moved(view);
	switch (action) {
	case ACTION_OPEN:
		return open_row(view);
	case ACTION_BACK:
		return back(view);
	case ACTION_NEXT_PANE:
	case ACTION_PREVIOUS_PANE:
		view->in_detail = !view->in_detail;
		return REACT_DONE;
	case ACTION_MARK:
		return mark_row(view, ui);
	case ACTION_INVERT:
		session_invert_marks(ui_session(ui));
		return REACT_DONE;
	case ACTION_SORT:
	case ACTION_REVERSE:
		return sort_rows(view, ui, action == ACTION_SORT);
	case ACTION_CHECKPOINT_DROP:
		return ask_drop(view, ui);
	case ACTION_CHECKPOINT_TREE:
		return unfold_all(view);
	default:
		return REACT_NONE;
	}
}

static const char *checkpoints_why_not(gpointer data, Ui *ui, ActionId action)
{
	CheckpointsView *view = data;
	const CheckpointRow *row;

	if (action == ACTION_CHECKPOINT_ADD)
		return NULL;
	if (!session_collection(ui_session(ui)))
		return "nothing is loaded";
	row = current(view);
	if (action == ACTION_MARK && row && row->kind != ROW_TASK)
		return "only tasks are marked";
	if (action == ACTION_CHECKPOINT_DROP && row && row->kind == ROW_BASE)
		return "the base stays while tasks are measured from it";
	return pane_why_not(ui, action);
}

static guint count_layers(const Collection *collection)
{
	g_autoptr(GHashTable) layers = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < collection_tensors(collection); i++)
		g_hash_table_add(layers, collection->layer[i]);
	return g_hash_table_size(layers);
}

static char *checkpoints_sentence(gpointer data, Ui *ui)
{
	CheckpointsView *view = data;
	const Session *session = ui_session(ui);
	const Collection *collection = session_collection(session);
	g_autoptr(GArray) tasks = NULL;
	guint marked = 0;

	if (!collection)
		return NULL;
	if (!view->layers)
		view->layers = count_layers(collection);
	tasks = collection_tasks(collection);
	for (guint i = 0; i < tasks->len; i++)
		marked += session_is_marked(session, g_array_index(tasks, guint, i)) ? 1 : 0;
	return g_strdup_printf(
		"%u of %u tasks marked · %u tensors in %u layers · inner products %s", marked,
		tasks->len, collection_tensors(collection), view->layers,
		session_ready(session) ? "up to date" : "not complete");
}

static const Checkpoint *shown_checkpoint(const CheckpointsView *view, Ui *ui)
{
	const CheckpointRow *row = view->in_detail ? current(view) : NULL;

	return row ? collection_member(session_collection(ui_session(ui)), row->member)->checkpoint
		   : NULL;
}

static cJSON *checkpoints_json(gpointer data, Ui *ui)
{
	CheckpointsView *view = data;
	const Checkpoint *checkpoint = shown_checkpoint(view, ui);

	if (checkpoint)
		return report_checkpoint_json(checkpoint);
	if (!session_collection(ui_session(ui)))
		return NULL;
	refresh(view, ui);
	return checkpoint_rows_json(view->rows);
}

static Table *checkpoints_table(gpointer data, Ui *ui)
{
	CheckpointsView *view = data;
	const Checkpoint *checkpoint = shown_checkpoint(view, ui);

	if (checkpoint)
		return report_checkpoint_table(checkpoint);
	if (!session_collection(ui_session(ui)))
		return NULL;
	refresh(view, ui);
	return checkpoint_rows_table(view->rows);
}

static char *checkpoints_cell(gpointer data, Ui *ui)
{
	const CheckpointsView *view = data;
	const Checkpoint *checkpoint = shown_checkpoint(view, ui);
	const CheckpointRow *row = current(view);

	if (checkpoint)
		return g_strdup(checkpoint->path);
	return row ? g_strdup(row->name) : NULL;
}

static const ActionId checkpoints_footer[] = {ACTION_OPEN, ACTION_MARK, ACTION_CHECKPOINT_ADD,
	ACTION_CHECKPOINT_DROP, ACTION_CHECKPOINT_TREE, ACTION_SORT, ACTION_FILTER, ACTION_NONE};

const ViewOps checkpoints_view = {
	.screen = SCREEN_CHECKPOINTS,
	.help = "what is loaded: base, tasks and runs, and how they line up",
	.explain = "θ₀         the weights of the base\n"
		   "τ          a task vector: θ − θ₀\n"
		   "|τ|/|θ₀|   its length, relative to the base over the same tensors\n"
		   "cos(mean)  its cosine with the mean of the marked tasks' vectors\n"
		   "aligned    float tensors that both have, in one shape: these count\n"
		   "missing    the base has it, the checkpoint has not\n"
		   "extra      the checkpoint has it, the base has not; left out\n"
		   "reshaped   both have it, in other shapes; left out",
	.footer = checkpoints_footer,
	.open = checkpoints_open,
	.close = checkpoints_close,
	.draw = checkpoints_draw,
	.act = checkpoints_act,
	.why_not = checkpoints_why_not,
	.sentence = checkpoints_sentence,
	.json = checkpoints_json,
	.table = checkpoints_table,
	.cell = checkpoints_cell,
	.invalidate = checkpoints_invalidate,
};
