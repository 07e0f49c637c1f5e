/* checkpoints_rows.c - the list of the Checkpoints screen: base, tasks, and runs with their steps
 * folded into one row. */
#include "checkpoints_view.h"

#include "core/json.h"
#include "core/text.h"

#include <math.h>
#include <string.h>

/* Columns after the name; they drop from the right as the pane narrows. */
static const struct {
	const char *heading;
	int columns;
} columns[] = {{"ROLE", 6}, {"STEP", 7}, {"PARAMS", 8}, {"|τ|/|θ₀|", 10}, {"cos(mean)", 11},
	{"SIZE", 9}, {"TYPE", 9}};
#define COLUMN_STEP 1
#define COLUMN_PARAMETERS 2
#define COLUMN_RELATIVE 3
#define COLUMN_COSINE 4
#define COLUMN_SIZE 5

#define RELATIVE_DECIMALS 4
#define MARKS 3 /* columns in front of the name */

static void row_free(gpointer data)
{
	CheckpointRow *row = data;

	g_free(row->name);
	g_free(row->run);
	g_free(row->types);
	g_free(row->warning);
	g_free(row);
}

/* What an adapter makes of its factors has no type in the file. */
static const char *shown_type(const Tensor *tensor)
{
	return tensor->difference && tensor->source ? "change" : tensor_type(tensor);
}

/* The types of its tensors, each once: "F32", "BF16 F32". */
static char *checkpoint_types(const Checkpoint *checkpoint)
{
	g_autoptr(GPtrArray) types = g_ptr_array_new();

	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		const char *type = shown_type(checkpoint_tensor(checkpoint, i));
		if (!g_ptr_array_find(types, type, NULL))
			g_ptr_array_add(types, (gpointer)type);
	}
	g_ptr_array_add(types, NULL);
	return g_strjoinv(" ", (char **)types->pdata);
}

static void warn(GString *text, guint64 count, const char *what)
{
	if (count > 0)
		g_string_append_printf(
			text, "%s%" G_GUINT64_FORMAT " %s", text->len > 0 ? ", " : "", count, what);
}

/* What does not line up with the base, what changed on disk, what is no number. */
static char *row_warning(const Session *session, guint number)
{
	const Collection *collection = session_collection(session);
	const Member *member = collection_member(collection, number);
	const Store *store = session_store(session);
	const StoreMember *known =
		number < store->members->len ? store->members->pdata[number] : NULL;
	guint64 matches[MATCH_NOT_FLOAT + 1] = {0}, nonfinite = 0;
	g_autoptr(GString) text = g_string_new(NULL);
	SourceState state = known ? store_member_state(store, number) : SOURCE_OK;

	if (state == SOURCE_CHANGED || state == SOURCE_MISSING)
		g_string_append_printf(
			text, "source %s", state == SOURCE_CHANGED ? "changed" : "missing");
	for (guint i = 0; i < collection_tensors(collection); i++) {
		matches[member->match[i]]++;
		if (known && known->statistics)
			nonfinite += known->statistics->nonfinite[i];
	}
	if (!collection_has_differences(collection, number))
		warn(text, matches[MATCH_MISSING], "missing");
	warn(text, matches[MATCH_RESHAPED], "reshaped");
	warn(text, member->extra->len, "extra");
	warn(text, nonfinite, "not finite");
	return text->len > 0 ? g_strdup(text->str) : NULL;
}

/* |τ|/|θ₀| over the tensors that one member shares with the base. */
static double member_relative(const Session *session, guint member)
{
	g_autoptr(Layers) layers = NULL;

	if (!session_ready(session))
		return NAN;
	layers = layers_new(session_collection(session), session_gram(session), NULL, GROUP_ALL,
		&member, 1, NULL);
	return layers ? layers->whole->relative[0] : NAN;
}

static CheckpointRow *row_new(const Session *session, RowKind kind, guint number)
{
	const Member *member = collection_member(session_collection(session), number);
	CheckpointRow *row = g_new0(CheckpointRow, 1);

	row->kind = kind;
	row->member = number;
	row->name = text_safe(member->name);
	row->run = g_strdup(member->run);
	row->step = row->last = member->step;
	row->parameters = checkpoint_elements(member->checkpoint);
	row->bytes = checkpoint_stored_bytes(member->checkpoint);
	row->types = checkpoint_types(member->checkpoint);
	row->relative = kind == ROW_BASE ? NAN : member_relative(session, number);
	row->cosine = NAN;
	row->warning = row_warning(session, number);
	return row;
}

/* The row that stands for the steps of a run; NULL where there is none. */
static CheckpointRow *run_row(
	const Session *session, const char *run, const GArray *steps, gboolean unfolded)
{
	const Collection *collection = session_collection(session);
	CheckpointRow *row;

	if (steps->len == 0)
		return NULL;
	row = row_new(session, ROW_RUN, g_array_index(steps, guint, 0));
	g_free(row->name);
	row->name = g_strdup_printf("%s/steps", run);
	row->checkpoints = steps->len;
	row->unfolded = unfolded;
	row->last =
		collection_member(collection, g_array_index(steps, guint, steps->len - 1))->step;
	return row;
}

static void keep(GPtrArray *rows, Ui *ui, CheckpointRow *row)
{
	if (row && ui_filter_matches(ui, row->name))
		g_ptr_array_add(rows, row);
	else if (row)
		row_free(row);
}

static void add_run(GPtrArray *rows, Ui *ui, const char *run, GHashTable *unfolded)
{
	const Session *session = ui_session(ui);
	const Collection *collection = session_collection(session);
	g_autoptr(GArray) members = collection_run(collection, run);
	g_autoptr(GArray) steps = g_array_new(FALSE, FALSE, sizeof(guint));
	gboolean open = g_hash_table_contains(unfolded, run);

	for (guint i = 0; i < members->len; i++) {
		guint member = g_array_index(members, guint, i);
		if (collection_member(collection, member)->role == MEMBER_STEP)
			g_array_append_val(steps, member);
	}
	keep(rows, ui, run_row(session, run, steps, open));
	for (guint i = 0; i < steps->len && open; i++)
		keep(rows, ui, row_new(session, ROW_STEP, g_array_index(steps, guint, i)));
}

/* The cosine of each marked task with their mean, as Layers has it. */
static void fill_cosines(const Session *session, GPtrArray *tasks)
{
	g_autoptr(Layers) layers = NULL;
	g_autoptr(GArray) marked = session_marked(session);

	if (!session_ready(session) || marked->len == 0)
		return;
	layers = layers_new(session_collection(session), session_gram(session), NULL, GROUP_ALL,
		(const guint *)(gpointer)marked->data, marked->len, NULL);
	for (guint i = 0; layers && i < tasks->len; i++) {
		CheckpointRow *row = tasks->pdata[i];
		for (guint k = 0; k < layers->count; k++) {
			if (layers->member[k] != row->member)
				continue;
			row->in_mean = TRUE;
			row->cosine = layers->whole->cosine_mean[k];
		}
	}
}

/* Larger first; what is not known last. */
static int compare_numbers(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a < b) - (a > b);
}

static int compare_rows(gconstpointer first, gconstpointer second, gpointer data)
{
	const CheckpointRow *a = *(CheckpointRow *const *)first,
			    *b = *(CheckpointRow *const *)second;

	switch ((CheckpointSort)GPOINTER_TO_INT(data)) {
	case SORT_NAME:
		return text_natural_compare(a->name, b->name);
	case SORT_RELATIVE:
		return compare_numbers(a->relative, b->relative);
	case SORT_COSINE:
		return compare_numbers(a->cosine, b->cosine);
	default:
		return (a->member > b->member) - (a->member < b->member);
	}
}

static GPtrArray *task_rows(const Session *session, CheckpointSort sort, gboolean reverse)
{
	g_autoptr(GArray) members = collection_tasks(session_collection(session));
	GPtrArray *tasks = g_ptr_array_new();

	for (guint i = 0; i < members->len; i++)
		g_ptr_array_add(
			tasks, row_new(session, ROW_TASK, g_array_index(members, guint, i)));
	fill_cosines(session, tasks);
	g_ptr_array_sort_with_data(tasks, compare_rows, GINT_TO_POINTER(sort));
	for (guint i = 0; reverse && i < tasks->len / 2; i++) {
		gpointer other = tasks->pdata[i];
		tasks->pdata[i] = tasks->pdata[tasks->len - 1 - i];
		tasks->pdata[tasks->len - 1 - i] = other;
	}
	return tasks;
}

GPtrArray *checkpoint_rows(Ui *ui, CheckpointSort sort, gboolean reverse, GHashTable *unfolded)
{
	const Session *session = ui_session(ui);
	const Collection *collection = session_collection(session);
	GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);
	g_autoptr(GPtrArray) tasks = NULL, runs = NULL;

	if (!collection)
		return rows;
	tasks = task_rows(session, sort, reverse);
	runs = collection_runs(collection);
	g_ptr_array_add(rows, row_new(session, ROW_BASE, 0));
	for (guint i = 0; i < tasks->len; i++)
		keep(rows, ui, tasks->pdata[i]);
	for (guint i = 0; i < runs->len; i++)
		add_run(rows, ui, runs->pdata[i], unfolded);
	return rows;
}

static const char *const roles[] = {"base", "task", "run", "step"};

Table *checkpoint_rows_table(const GPtrArray *rows)
{
	Table *table = table_new("checkpoints");

	table_add_text_column(table, "name");
	table_add_text_column(table, "role");
	table_add_number_column(table, "step");
	table_add_number_column(table, "parameters");
	table_add_number_column(table, "relative");
	table_add_number_column(table, "cos_mean");
	for (guint i = 0; i < rows->len; i++) {
		const CheckpointRow *row = rows->pdata[i];
		table_add_text(table, row->name);
		table_add_text(table, roles[row->kind]);
		table_add_number(table, row->step < 0 ? NAN : (double)row->step);
		table_add_count(table, row->parameters);
		table_add_number(table, row->relative);
		table_add_number(table, row->cosine);
	}
	return table;
}

cJSON *checkpoint_rows_json(const GPtrArray *rows)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(json, "checkpoints");

	for (guint i = 0; i < rows->len; i++) {
		const CheckpointRow *row = rows->pdata[i];
		cJSON *object = cJSON_CreateObject();
		cJSON_AddStringToObject(object, "name", row->name);
		cJSON_AddStringToObject(object, "role", roles[row->kind]);
		json_add_number(object, "step", row->step < 0 ? NAN : (double)row->step);
		json_add_uint(object, "parameters", row->parameters);
		json_add_number(object, "relative", row->relative);
		json_add_number(object, "cosine_mean", row->cosine);
		cJSON_AddItemToArray(list, object);
	}
	return json;
}

/* The cell of a column. */
static char *row_cell(const CheckpointRow *row, guint column)
{
	switch (column) {
	case 0:
		return g_strdup(roles[row->kind]);
	case COLUMN_STEP:
		if (row->kind == ROW_RUN)
			return g_strdup_printf(
				"%" G_GINT64_FORMAT "–%" G_GINT64_FORMAT, row->step, row->last);
		if (row->step < 0)
			return g_strdup("–");
		return g_strdup_printf("%" G_GINT64_FORMAT, row->step);
	case COLUMN_PARAMETERS:
		return text_count(row->parameters);
	case COLUMN_RELATIVE:
		return row->kind == ROW_BASE ? g_strdup("–")
					     : number_fixed(row->relative, RELATIVE_DECIMALS);
	case COLUMN_COSINE:
		return row->in_mean ? number_signed(row->cosine, 2) : g_strdup("–");
	case COLUMN_SIZE:
		return text_bytes(row->bytes);
	default:
		return g_strdup(row->types);
	}
}

/* The cells from the second on; a run says how many checkpoints it has instead of numbers. */
static int draw_cells(const CheckpointRow *row, Canvas *canvas, Rect rect, int x, int y)
{
	for (guint column = 0; column < G_N_ELEMENTS(columns); column++) {
		g_autofree char *cell = row_cell(row, column);
		int end = x + columns[column].columns;
		if (end >= rect.width)
			break;
		if (row->kind == ROW_RUN && column == COLUMN_PARAMETERS)
			return x + 2 +
			       canvas_printf(canvas, rect, x + 2, y, ROLE_NORMAL, "%u checkpoints",
				       row->checkpoints);
		if (column == 0)
			canvas_text(canvas, rect, x + 2, y, ROLE_NORMAL, cell);
		else
			canvas_text_right(canvas, rect, end, y, ROLE_NORMAL, cell);
		x = end;
	}
	return x;
}

/* The warning after the cells, or over the last of them where it would not fit. */
static void draw_warning(
	const CheckpointRow *row, Canvas *canvas, Rect rect, int x, int after, int y)
{
	g_autofree char *text = NULL;
	int room, over = x;

	if (!row->warning)
		return;
	text = g_strdup_printf("! %s", row->warning);
	for (guint column = 0; column < COLUMN_RELATIVE; column++)
		over += columns[column].columns;
	if (after + 2 + canvas_columns(text) > rect.width)
		after = MIN(after, over);
	room = MAX(0, rect.width - after - 2);
	canvas_field(canvas, rect, after + 2, y, room, ROLE_WARNING, text);
}

static const char *row_mark(const CheckpointRow *row, const Session *session)
{
	switch (row->kind) {
	case ROW_BASE:
		return "B";
	case ROW_TASK:
		return session_is_marked(session, row->member) ? "●" : "○";
	case ROW_RUN:
		return row->unfolded ? "▾" : "▸";
	default:
		return "";
	}
}

static void draw_row(const CheckpointRow *row, const Session *session, Canvas *canvas, Rect rect,
	int name, int y)
{
	gboolean marked = row->kind == ROW_TASK && session_is_marked(session, row->member);
	int indent = row->kind == ROW_STEP ? 2 : 0, after;

	canvas_text(canvas, rect, 1, y, marked ? ROLE_MARKED : ROLE_NORMAL, row_mark(row, session));
	if (row->warning)
		canvas_text(canvas, rect, 2, y, ROLE_WARNING, "!");
	canvas_field(canvas, rect, MARKS + indent, y, name - indent, ROLE_NORMAL, row->name);
	after = draw_cells(row, canvas, rect, MARKS + name, y);
	draw_warning(row, canvas, rect, MARKS + name, after, y);
}

static void draw_heading(Canvas *canvas, Rect rect, int name, CheckpointSort sort)
{
	static const guint sorted[SORT_COUNT] = {
		[SORT_RELATIVE] = COLUMN_RELATIVE, [SORT_COSINE] = COLUMN_COSINE};
	int x = MARKS + name;

	canvas_text(canvas, rect, MARKS, 0, sort == SORT_NAME ? ROLE_TITLE : ROLE_HEADING, "NAME");
	for (guint column = 0; column < G_N_ELEMENTS(columns); column++) {
		Role role = sort > SORT_NAME && sorted[sort] == column ? ROLE_TITLE : ROLE_HEADING;
		int end = x + columns[column].columns;
		if (end >= rect.width)
			break;
		if (column == 0)
			canvas_text(canvas, rect, x + 2, 0, role, columns[column].heading);
		else
			canvas_text_right(canvas, rect, end, 0, role, columns[column].heading);
		x = end;
	}
}

/* The name takes what the columns leave, within its longest. */
static int name_columns(const GPtrArray *rows, Rect rect)
{
	int longest = NAME_LEAST, rest = 0;

	for (guint i = 0; i < rows->len; i++) {
		const CheckpointRow *row = rows->pdata[i];
		longest = MAX(longest, canvas_columns(row->name) + (row->kind == ROW_STEP ? 2 : 0));
	}
	for (guint column = 0; column <= COLUMN_COSINE; column++)
		rest += columns[column].columns;
	return CLAMP(rect.width - MARKS - rest, NAME_LEAST + 4, MIN(longest, NAME_MOST));
}

void checkpoint_rows_draw(const GPtrArray *rows, Ui *ui, ListWidget *list, gboolean focus,
	CheckpointSort sort, Canvas *canvas, Rect rect)
{
	Rect body = rect_rows(rect, 1, rect.height - 1);
	int name = name_columns(rows, rect);

	draw_heading(canvas, rect, name, sort);
	list_fit(list, (int)rows->len, body.height);
	for (int y = 0; y < body.height && list->top + y < (int)rows->len; y++) {
		draw_row(rows->pdata[list->top + y], ui_session(ui), canvas, body, name, y);
		if (list->top + y == list->cursor)
			pane_cursor(canvas, body, y, focus);
	}
}
