/* export_dialog.c - what to write, where to, and the batch command that does the same. */
#include "export_dialog.h"

#include "batch.h"
#include "core/error.h"
#include "frame.h"
#include "pane.h"
#include "svg.h"

#include <string.h>
#include <sys/statvfs.h>

static char *edit_text(Ui *ui)
{
	const Composition *composition = session_composition(ui->session);
	return composition ? composition_text(composition) : g_strdup("");
}

/* In the order of ModelPart. */
static const struct {
	const char *word, *label;
} parts[] = {{"model", "the whole model"}, {"task-vector", "the task vector alone, λ·edit"},
	{"changed", "only the tensors that change"}};

/* Element types of all float tensors; NULL: what suits the part. */
static const char *const types[] = {NULL, "F32", "F16", "BF16"};

static EditChoice edit_choice(const ExportDialog *dialog, Ui *ui, const char *expression)
{
	return (EditChoice){.expression = expression,
		.scale = session_composition(ui->session)->scale,
		.part = (ModelPart)dialog->part,
		.dtype = types[dialog->type],
		.infinite = dialog->infinite};
}

static char *why_not_model(ExportDialog *dialog, Ui *ui)
{
	g_autofree char *edit = edit_text(ui);
	g_autoptr(GError) error = NULL;
	if (!session_collection(ui->session))
		return g_strdup("nothing is loaded");
	if (!*edit)
		return g_strdup("no term is on: add one in Compose");
	EditChoice choice = edit_choice(dialog, ui, edit);
	g_autoptr(Recipe) recipe = session_recipe(ui->session, &choice, &error);
	return recipe ? NULL : g_strdup(error->message);
}

static char *why_not_table(ExportDialog *dialog, Ui *ui)
{
	const ViewOps *view = ui_view(ui);
	if (!view->table)
		return g_strdup("this screen has no table");
	g_autoptr(Table) table = view->table(ui_view_state(ui), ui);
	dialog->cells = table ? table_cells(table) : 0;
	return table ? NULL : g_strdup("it has no numbers yet");
}

static char *csv_text(Ui *ui)
{
	g_autoptr(Table) table = ui_view(ui)->table(ui_view_state(ui), ui);
	return table ? table_print(table, TABLE_CSV) : NULL;
}

static char *json_screen_text(Ui *ui)
{
	g_autoptr(cJSON) json = ui_view(ui)->json(ui_view_state(ui), ui);
	return json ? json_text(json) : NULL;
}

static char *screen_text(Ui *ui)
{
	g_autoptr(Canvas) canvas = frame_picture(ui);
	return canvas_to_text(canvas);
}

static char *picture_text(Ui *ui)
{
	g_autoptr(Canvas) canvas = frame_picture(ui);
	return svg_from_canvas(canvas, ui->theme);
}

static const struct {
	const char *label, *extension, *option;
	char *(*why_not)(ExportDialog *dialog, Ui *ui); /* NULL: always possible */
	char *(*text)(Ui *ui); /* NULL where it is empty; a model is written by a job */
} whats[WHAT_COUNT] = {
	[WHAT_MODEL] = {"the edited checkpoint", ".safetensors", NULL, why_not_model, NULL},
	[WHAT_CSV] = {"this table as CSV", ".csv", "--csv", why_not_table, csv_text},
	[WHAT_JSON] = {"this table as JSON", ".json", "--json", why_not_table, json_screen_text},
	[WHAT_TEXT] = {"this screen as text", ".txt", NULL, NULL, screen_text},
	[WHAT_PICTURE] = {"this screen as a picture (SVG)", ".svg", NULL, NULL, picture_text},
};

const char *export_what(What what)
{
	return whats[what].label;
}

const char *export_part(const ExportDialog *dialog)
{
	return parts[dialog->part].label;
}

const char *export_type(const ExportDialog *dialog)
{
	if (types[dialog->type])
		return types[dialog->type];
	return dialog->part == MODEL_TASK_VECTOR ? "F32, for differences are small" : "as the base";
}

static void find_reason(ExportDialog *dialog, Ui *ui, What what)
{
	g_free(dialog->why_not[what]);
	dialog->why_not[what] = whats[what].why_not ? whats[what].why_not(dialog, ui) : NULL;
}

/* A table is made to know whether there is one, so once for both of its forms. */
static void find_table(ExportDialog *dialog, Ui *ui)
{
	find_reason(dialog, ui, WHAT_CSV);
	g_free(dialog->why_not[WHAT_JSON]);
	dialog->why_not[WHAT_JSON] = g_strdup(dialog->why_not[WHAT_CSV]);
}

static void find_reasons(ExportDialog *dialog, Ui *ui)
{
	find_reason(dialog, ui, WHAT_MODEL);
	find_table(dialog, ui);
}

static void dialog_free(gpointer state)
{
	ExportDialog *dialog = state;
	line_free(dialog->path);
	for (guint i = 0; i < WHAT_COUNT; i++)
		g_free(dialog->why_not[i]);
	g_free(dialog->reason);
	g_free(dialog->command);
	g_free(dialog);
}

static char *model_command(const ExportDialog *dialog, Ui *ui)
{
	g_autofree char *edit = edit_text(ui);
	g_autofree char *store = shell_word(session_path(ui->session));
	g_autofree char *quoted = shell_word(edit);
	g_autofree char *path = shell_word(dialog->path->text->str);
	double scale = session_composition(ui->session)->scale;
	g_autofree char *number = expression_number(scale);
	return g_strconcat("tauscope export ", store, " ", quoted, " ", path,
		scale == 1 ? "" : " --scale=", scale == 1 ? "" : number,
		dialog->part ? " --part=" : "", dialog->part ? parts[dialog->part].word : "",
		dialog->type ? " --dtype=" : "", dialog->type ? types[dialog->type] : "",
		dialog->infinite ? " --infinite" : "", dialog->no_recipe ? " --no-recipe" : "",
		NULL);
}

static char *table_command(const ExportDialog *dialog, Ui *ui)
{
	const ViewOps *view = ui_view(ui);
	g_autofree char *batch = view->batch && whats[dialog->what].option
					 ? view->batch(ui_view_state(ui), ui)
					 : NULL;
	g_autofree char *path = shell_word(dialog->path->text->str);
	return batch ? g_strdup_printf("%s %s > %s", batch, whats[dialog->what].option, path)
		     : NULL;
}

static guint64 model_size(const ExportDialog *dialog, Ui *ui)
{
	const Collection *collection = session_collection(ui->session);
	g_autofree char *text = edit_text(ui);
	EditChoice choice = edit_choice(dialog, ui, text);
	g_autoptr(Node) edit = expression_parse(collection, text, NULL);
	g_autoptr(Recipe) recipe = session_recipe(ui->session, &choice, NULL);
	if (!edit || !recipe)
		return 0;
	ModelRequest request = {.collection = collection,
		.edit = edit,
		.scale = choice.scale,
		.part = choice.part,
		.dtype = recipe_dtype(recipe),
		.infinite = choice.infinite,
		.recipe = recipe,
		.output = dialog->path->text->str};
	return model_bytes(&request);
}

gboolean export_is_long(const ExportDialog *dialog)
{
	return (dialog->what == WHAT_CSV || dialog->what == WHAT_JSON) &&
	       dialog->cells >= LONG_CELLS;
}

static guint64 bytes_needed(const ExportDialog *dialog, Ui *ui)
{
	if (dialog->why_not[dialog->what] || export_is_long(dialog))
		return 0;
	if (dialog->what == WHAT_MODEL)
		return model_size(dialog, ui);
	g_autofree char *text = whats[dialog->what].text(ui);
	return text ? strlen(text) : 0;
}

/* What takes long for many tensors or rows is not done again for each character of the path. */
static void find_size(ExportDialog *dialog, Ui *ui)
{
	gsize choice = (dialog->what * G_N_ELEMENTS(parts) + dialog->part) * G_N_ELEMENTS(types) +
		       dialog->type + 1;
	if (dialog->sized == choice)
		return;
	dialog->sized = choice;
	dialog->bytes = bytes_needed(dialog, ui);
}

static guint64 bytes_free(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	struct statvfs space;
	return statvfs(folder, &space) == 0 ? (guint64)space.f_bavail * space.f_frsize : 0;
}

static void default_path(ExportDialog *dialog, const Ui *ui)
{
	g_autofree char *screen = g_ascii_strdown(screen_name(ui->screen), -1);
	const char *stem = dialog->what == WHAT_MODEL ? "edited" : screen;
	g_autofree char *path = g_strconcat(stem, whats[dialog->what].extension, NULL);
	line_free(dialog->path);
	dialog->path = line_new(path);
}

/* Brings what is shown up to date with what was chosen. */
static void refresh(ExportDialog *dialog, Ui *ui)
{
	if (!dialog->path_typed)
		default_path(dialog, ui);
	g_autofree char *path = path_typed(dialog->path->text->str);
	find_reason(dialog, ui, WHAT_MODEL);
	find_size(dialog, ui);
	dialog->free = bytes_free(path);
	g_free(dialog->command);
	dialog->command = dialog->why_not[dialog->what] ? NULL
			  : dialog->what == WHAT_MODEL  ? model_command(dialog, ui)
							: table_command(dialog, ui);
}

static gboolean write_model(ExportDialog *dialog, Ui *ui, const char *path, GError **error)
{
	g_autofree char *edit = edit_text(ui);
	EditChoice choice = edit_choice(dialog, ui, edit);
	if (!session_export(ui->session, &choice, path, dialog->asking, !dialog->no_recipe, error))
		return FALSE;
	ui_message(ui, "writing %s in the background: 6 shows how far it is", path);
	return TRUE;
}

static char *print_json(gpointer json)
{
	return json_text(json);
}

static gboolean write_long(ExportDialog *dialog, Ui *ui, const char *path, GError **error)
{
	const ViewOps *view = ui_view(ui);
	gboolean csv = dialog->what == WHAT_CSV;
	gpointer data = csv ? (gpointer)view->table(ui_view_state(ui), ui)
			    : (gpointer)view->json(ui_view_state(ui), ui);
	if (!data)
		return fail(error, ERROR_ANSWER_NO, "there is nothing to write yet");
	return ui_write_long(ui, path, dialog->asking, csv ? ui_print_csv : print_json, data,
		csv ? (GDestroyNotify)table_free : (GDestroyNotify)cJSON_Delete, error);
}

static gboolean write_text(ExportDialog *dialog, Ui *ui, const char *path, GError **error)
{
	if (export_is_long(dialog))
		return write_long(dialog, ui, path, error);
	g_autofree char *text = whats[dialog->what].text(ui);
	if (!text)
		return fail(error, ERROR_ANSWER_NO, "there is nothing to write yet");
	return ui_write_text(ui, path, text, dialog->asking, error);
}

static gboolean write_checked(ExportDialog *dialog, Ui *ui, GError **error)
{
	g_autofree char *path = path_typed(dialog->path->text->str);
	const char *reason = dialog->why_not[dialog->what];
	if (reason)
		return fail(error, ERROR_ANSWER_NO, "%s", reason);
	if (!*path)
		return fail(error, ERROR_USAGE, "a file needs a name");
	return dialog->what == WHAT_MODEL ? write_model(dialog, ui, path, error)
					  : write_text(dialog, ui, path, error);
}

/* TRUE when it is written, or on its way. */
static gboolean try_write(ExportDialog *dialog, Ui *ui)
{
	g_autoptr(GError) error = NULL;
	gboolean done = write_checked(dialog, ui, &error);
	dialog->asking = FALSE;
	g_free(dialog->reason);
	dialog->reason = error ? g_strdup(error->message) : NULL;
	return done;
}

/* The first Enter on a name that exists only asks. */
static gboolean press_write(ExportDialog *dialog, Ui *ui)
{
	g_autofree char *path = path_typed(dialog->path->text->str);
	if (!dialog->why_not[dialog->what] && g_file_test(path, G_FILE_TEST_EXISTS)) {
		dialog->asking = TRUE;
		return FALSE;
	}
	return try_write(dialog, ui);
}

gboolean export_counts(const ExportDialog *dialog, Field field)
{
	gboolean of_model = field != FIELD_WHAT && field != FIELD_PATH && field != FIELD_WRITE;
	return dialog->what == WHAT_MODEL || !of_model;
}

static void move_field(ExportDialog *dialog, int step)
{
	do
		dialog->field = (Field)(((int)dialog->field + FIELD_COUNT + step) % FIELD_COUNT);
	while (!export_counts(dialog, dialog->field));
}

static guint turned(guint place, int step, guint count)
{
	return (guint)((int)place + step + (int)count) % count;
}

/* The next choice of a field that has several; FALSE of one that has not. */
static gboolean turn_field(ExportDialog *dialog, int step)
{
	switch (dialog->field) {
	case FIELD_PART:
		dialog->part = turned(dialog->part, step, G_N_ELEMENTS(parts));
		return TRUE;
	case FIELD_TYPE:
		dialog->type = turned(dialog->type, step, G_N_ELEMENTS(types));
		return TRUE;
	case FIELD_INFINITE:
		dialog->infinite = !dialog->infinite;
		return TRUE;
	case FIELD_RECIPE:
		dialog->no_recipe = !dialog->no_recipe;
		return TRUE;
	default:
		return FALSE;
	}
}

/* Goes to the next choice that is possible in this direction, if any. */
static void move_what(ExportDialog *dialog, int step)
{
	for (int next = (int)dialog->what + step; next >= 0 && next < WHAT_COUNT; next += step) {
		if (dialog->why_not[next])
			continue;
		dialog->what = (What)next;
		return;
	}
}

static gboolean is_character(const char *key)
{
	return g_utf8_validate(key, -1, NULL) && g_utf8_strlen(key, -1) == 1;
}

/* The first character that is typed replaces the name that was only proposed. */
static void key_in_path(ExportDialog *dialog, const char *key)
{
	if (!dialog->path_typed && is_character(key))
		line_key(dialog->path, "<C-u>");
	if (line_key(dialog->path, key))
		dialog->path_typed = TRUE;
}

static void key_in_field(ExportDialog *dialog, const char *key)
{
	int step = g_str_equal(key, "<Down>") ? 1 : g_str_equal(key, "<Up>") ? -1 : 0;
	int turn = g_str_equal(key, "<Space>") || g_str_equal(key, "<Right>") ? 1
		   : g_str_equal(key, "<Left>")                               ? -1
									      : 0;
	if (turn && turn_field(dialog, turn))
		return;
	if (dialog->field == FIELD_WHAT && step)
		move_what(dialog, step);
	else if (step)
		move_field(dialog, step);
	else if (dialog->field == FIELD_PATH || is_character(key)) {
		dialog->field = FIELD_PATH;
		key_in_path(dialog, key);
	}
}

static void press_tab(ExportDialog *dialog)
{
	if (dialog->field == FIELD_PATH && line_complete_path(dialog->path))
		dialog->path_typed = TRUE;
	else
		move_field(dialog, 1);
}

static gboolean dialog_key(gpointer state, Ui *ui, const char *key)
{
	ExportDialog *dialog = state;
	if (dialog->asking && g_str_equal(key, "y"))
		return !try_write(dialog, ui);
	gboolean was_asking = dialog->asking;
	dialog->asking = FALSE;
	g_clear_pointer(&dialog->reason, g_free);
	if (g_str_equal(key, "<Esc>"))
		return was_asking;
	if (g_str_equal(key, "<Enter>"))
		return was_asking || !press_write(dialog, ui);
	if (g_str_equal(key, "<Tab>"))
		press_tab(dialog);
	else if (g_str_equal(key, "<S-Tab>"))
		move_field(dialog, -1);
	else
		key_in_field(dialog, key);
	if (dialog->why_not[WHAT_CSV]) /* what is made off the main thread may be there now */
		find_table(dialog, ui);
	refresh(dialog, ui);
	return TRUE;
}

static void dialog_draw(gpointer state, G_GNUC_UNUSED Ui *ui, Canvas *canvas)
{
	export_draw(state, canvas);
}

static const OverlayOps dialog_ops = {dialog_draw, dialog_key, dialog_free,
	"type a path  Tab next  Up/Down move  Space choose  Enter write  Esc cancel"};

void ui_export(Ui *ui)
{
	ExportDialog *dialog = g_new0(ExportDialog, 1);
	find_reasons(dialog, ui);
	dialog->what = ui->screen == SCREEN_COMPOSE ? WHAT_MODEL : WHAT_CSV;
	while (dialog->what != WHAT_MODEL && dialog->why_not[dialog->what])
		dialog->what = (What)(dialog->what + 1);
	dialog->path = line_new("");
	refresh(dialog, ui);
	overlay_open(ui, &dialog_ops, dialog);
}
