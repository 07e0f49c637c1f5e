/* overlay.c - a page of text, a question, a prompt, a list to choose from. */
#include "overlay.h"

#include "frame.h"

#include <string.h>

enum { HISTORY_MOST = 100, PROMPT_COLUMNS = 76, PICK_COLUMNS = 60 };

void overlay_open(Ui *ui, const OverlayOps *ops, gpointer state)
{
	Overlay *overlay = g_new(Overlay, 1);
	*overlay = (Overlay){ops, state};
	g_ptr_array_add(ui->overlays, overlay);
	ui_dirty(ui);
}

void overlay_free(Overlay *overlay)
{
	if (overlay->ops->free)
		overlay->ops->free(overlay->state);
	g_free(overlay);
}

void overlay_key(Ui *ui, const char *key)
{
	Overlay *front = ui->overlays->pdata[ui->overlays->len - 1];
	const char *meant = g_str_equal(key, "<C-c>") ? "<Esc>" : key;
	if (!front->ops->key(front->state, ui, meant))
		g_ptr_array_remove(ui->overlays, front);
}

Rect overlay_box(Canvas *canvas, int width, int height, const char *title)
{
	Rect box = {0, 0, MIN(width, canvas->width - 2), MIN(height, canvas->height - 2)};
	box.x = (canvas->width - box.width) / 2;
	box.y = (canvas->height - box.height) / 2;
	canvas_fill(canvas, box, ROLE_OVERLAY, ' ');
	canvas_box(canvas, box, title);
	canvas->cursor_x = canvas->cursor_y = -1;
	return (Rect){box.x + 2, box.y + 1, box.width - 4, box.height - 2};
}

static gboolean is_escape(const char *key)
{
	return g_str_equal(key, "<Esc>");
}

/* A page of text. */

typedef struct {
	char *title, *text;
	ListWidget list;
} TextPage;

static void page_free(gpointer state)
{
	TextPage *page = state;
	g_free(page->title);
	g_free(page->text);
	g_free(page);
}

static void page_draw(gpointer state, G_GNUC_UNUSED Ui *ui, Canvas *canvas)
{
	TextPage *page = state;
	int width = MIN(canvas->width - 4, 84);
	g_auto(GStrv) lines = text_wrap(page->text, width - 4);
	int count = (int)g_strv_length(lines);
	Rect inside = overlay_box(canvas, width, MIN(count + 4, canvas->height - 4), page->title);
	list_fit(&page->list, MAX(count - inside.height + 3, 1), inside.height);
	for (int y = 1; y < inside.height - 1 && page->list.cursor + y - 1 < count; y++)
		canvas_text(canvas, inside, 0, y, ROLE_OVERLAY, lines[page->list.cursor + y - 1]);
	if (page->list.cursor < page->list.count - 1)
		canvas_text_right(canvas, inside, inside.width, inside.height - 1, ROLE_DIM, "▼");
}

static gboolean page_key(gpointer state, Ui *ui, const char *key)
{
	TextPage *page = state;
	return list_act(&page->list, keymap_find(ui->keymap, SCREEN_EVERYWHERE, key));
}

static const OverlayOps page_ops = {page_draw, page_key, page_free, "j/k scroll  any key closes"};

void overlay_text(Ui *ui, const char *title, const char *text)
{
	TextPage *page = g_new0(TextPage, 1);
	page->title = g_strdup(title);
	page->text = g_strdup(text ? text : "");
	overlay_open(ui, &page_ops, page);
}

/* A question. */

typedef struct {
	char *question;
	gpointer data;
	GDestroyNotify free_data;
	void (*yes)(gpointer data, Ui *ui);
} Question;

static void question_free(gpointer state)
{
	Question *question = state;
	if (question->free_data)
		question->free_data(question->data);
	g_free(question->question);
	g_free(question);
}

static void question_draw(gpointer state, G_GNUC_UNUSED Ui *ui, Canvas *canvas)
{
	const Question *question = state;
	int width = CLAMP(canvas_columns(question->question) + 6, 40, PROMPT_COLUMNS);
	g_auto(GStrv) lines = text_wrap(question->question, width - 4);
	int count = (int)g_strv_length(lines);
	Rect inside = overlay_box(canvas, width, count + 5, NULL);
	for (int i = 0; i < count; i++)
		canvas_text(canvas, inside, 0, 1 + i, ROLE_WARNING, lines[i]);
	int x = canvas_text(canvas, inside, 0, inside.height - 1, ROLE_KEY, "y");
	x += canvas_text(canvas, inside, x, inside.height - 1, ROLE_OVERLAY, " yes    ");
	x += canvas_text(canvas, inside, x, inside.height - 1, ROLE_KEY, "any other key");
	canvas_text(canvas, inside, x, inside.height - 1, ROLE_OVERLAY, " no");
}

static gboolean question_key(gpointer state, Ui *ui, const char *key)
{
	Question *question = state;
	if (g_str_equal(key, "y"))
		question->yes(question->data, ui);
	return FALSE;
}

static const OverlayOps question_ops = {
	question_draw, question_key, question_free, "y yes  Esc no"};

void overlay_confirm(Ui *ui, const char *text, gpointer data, GDestroyNotify free_data,
	void (*yes)(gpointer data, Ui *ui))
{
	Question *question = g_new(Question, 1);
	*question = (Question){g_strdup(text), data, free_data, yes};
	overlay_open(ui, &question_ops, question);
}

void ui_confirm(Ui *ui, const char *question, gpointer view, void (*yes)(gpointer view, Ui *ui))
{
	overlay_confirm(ui, question, view, NULL, yes);
}

/* A prompt. */

typedef struct {
	char *label, *reason; /* why the last text was not taken; NULL */
	LineWidget *line;
	gboolean paths;
	guint back; /* how far back in the history */
	gpointer view;
	UiAccept accept;
} Prompt;

static void prompt_free(gpointer state)
{
	Prompt *prompt = state;
	line_free(prompt->line);
	g_free(prompt->label);
	g_free(prompt->reason);
	g_free(prompt);
}

static void prompt_draw(gpointer state, G_GNUC_UNUSED Ui *ui, Canvas *canvas)
{
	const Prompt *prompt = state;
	int width = MIN(canvas->width - 4, PROMPT_COLUMNS);
	g_auto(GStrv) lines = text_wrap(prompt->reason ? prompt->reason : "", width - 4);
	int count = prompt->reason ? (int)g_strv_length(lines) : 0;
	Rect inside = overlay_box(canvas, width, count + 5, prompt->label);
	for (int i = 0; i < count; i++)
		canvas_text(canvas, inside, 0, 2 + i, ROLE_ERROR, lines[i]);
	line_draw(prompt->line, canvas, inside, 0, 1, inside.width);
}

static void remember(Ui *ui, const char *text)
{
	if (!*text)
		return;
	g_ptr_array_add(ui->history, g_strdup(text));
	if (ui->history->len > HISTORY_MOST)
		g_ptr_array_remove_index(ui->history, 0);
}

static void prompt_recall(Prompt *prompt, const Ui *ui, int change)
{
	int back = CLAMP((int)prompt->back + change, 0, (int)ui->history->len);
	prompt->back = (guint)back;
	const char *text = back ? ui->history->pdata[ui->history->len - (guint)back] : "";
	line_free(prompt->line);
	prompt->line = line_new(text);
}

static gboolean prompt_accept(Prompt *prompt, Ui *ui)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = g_strdup(prompt->line->text->str);
	remember(ui, text);
	g_clear_pointer(&prompt->reason, g_free);
	if (prompt->accept(prompt->view, ui, text, &error))
		return TRUE;
	prompt->reason = g_strdup(error ? error->message : "that cannot be used");
	return FALSE;
}

static gboolean prompt_key(gpointer state, Ui *ui, const char *key)
{
	Prompt *prompt = state;
	if (is_escape(key))
		return FALSE;
	if (g_str_equal(key, "<Enter>"))
		return !prompt_accept(prompt, ui);
	g_clear_pointer(&prompt->reason, g_free);
	if (g_str_equal(key, "<Tab>") && prompt->paths)
		line_complete_path(prompt->line);
	else if (g_str_equal(key, "<Up>"))
		prompt_recall(prompt, ui, 1);
	else if (g_str_equal(key, "<Down>"))
		prompt_recall(prompt, ui, -1);
	else
		line_key(prompt->line, key);
	return TRUE;
}

static const OverlayOps prompt_ops = {
	prompt_draw, prompt_key, prompt_free, "Enter accept  Esc cancel  Up/Down history"};
static const OverlayOps path_prompt_ops = {prompt_draw, prompt_key, prompt_free,
	"Enter accept  Tab complete  Esc cancel  Up/Down history"};

void ui_prompt(Ui *ui, const char *label, const char *initial, gboolean paths, gpointer view,
	UiAccept accept)
{
	Prompt *prompt = g_new0(Prompt, 1);
	prompt->label = g_strdup(label);
	prompt->line = line_new(initial ? initial : "");
	prompt->paths = paths;
	prompt->view = view;
	prompt->accept = accept;
	overlay_open(ui, paths ? &path_prompt_ops : &prompt_ops, prompt);
}

/* A list to choose from. */

typedef struct {
	char *title, *reason;
	GStrv items;
	GArray *shown; /* of guint: the items that match, best first */
	LineWidget *line;
	ListWidget list;
	gpointer view;
	UiAccept accept;
} Pick;

static void pick_free(gpointer state)
{
	Pick *pick = state;
	g_free(pick->title);
	g_free(pick->reason);
	g_strfreev(pick->items);
	g_array_unref(pick->shown);
	line_free(pick->line);
	g_free(pick);
}

static void pick_narrow(Pick *pick)
{
	g_autofree char *pattern = g_utf8_strdown(pick->line->text->str, -1);
	g_array_set_size(pick->shown, 0);
	for (guint i = 0; pick->items[i]; i++) {
		int score;
		if (text_fuzzy(pattern, pick->items[i], &score))
			g_array_append_val(pick->shown, i);
	}
	pick->list.cursor = 0;
}

static void pick_draw(gpointer state, G_GNUC_UNUSED Ui *ui, Canvas *canvas)
{
	Pick *pick = state;
	int rows = CLAMP((int)g_strv_length(pick->items), 3, canvas->height - 10);
	Rect inside = overlay_box(canvas, PICK_COLUMNS, rows + 5, pick->title);
	Rect list = rect_rows(inside, 2, inside.height - 3);
	list_fit(&pick->list, (int)pick->shown->len, list.height);
	for (int y = 0; y < list.height && pick->list.top + y < pick->list.count; y++) {
		int row = pick->list.top + y;
		gboolean selected = row == pick->list.cursor;
		guint item = g_array_index(pick->shown, guint, row);
		canvas_text(canvas, list, 0, y, ROLE_SELECTED, selected ? "▶" : "");
		canvas_field(canvas, list, 2, y, list.width - 2,
			selected ? ROLE_SELECTED : ROLE_OVERLAY, pick->items[item]);
	}
	if (pick->list.count == 0)
		canvas_text(canvas, list, 2, 0, ROLE_DIM, "nothing matches");
	canvas_text(canvas, inside, 0, inside.height - 1, ROLE_ERROR, pick->reason);
	line_draw(pick->line, canvas, inside, 0, 0, inside.width);
}

static gboolean pick_accept(Pick *pick, Ui *ui)
{
	if (pick->list.cursor >= (int)pick->shown->len)
		return FALSE;
	g_autoptr(GError) error = NULL;
	guint item = g_array_index(pick->shown, guint, pick->list.cursor);
	g_clear_pointer(&pick->reason, g_free);
	if (pick->accept(pick->view, ui, pick->items[item], &error))
		return TRUE;
	pick->reason = g_strdup(error ? error->message : "that cannot be used");
	return FALSE;
}

static gboolean pick_key(gpointer state, Ui *ui, const char *key)
{
	Pick *pick = state;
	if (is_escape(key))
		return FALSE;
	if (g_str_equal(key, "<Enter>"))
		return !pick_accept(pick, ui);
	if (overlay_list_key(&pick->list, key))
		return TRUE;
	g_clear_pointer(&pick->reason, g_free);
	if (line_key(pick->line, key))
		pick_narrow(pick);
	return TRUE;
}

static const OverlayOps pick_ops = {
	pick_draw, pick_key, pick_free, "type to narrow  Up/Down choose  Enter take  Esc cancel"};

void ui_pick(Ui *ui, const char *title, const char *const *items, guint n, gpointer view,
	UiAccept accept)
{
	Pick *pick = g_new0(Pick, 1);
	g_autoptr(GStrvBuilder) copies = g_strv_builder_new();
	for (guint i = 0; i < n; i++)
		g_strv_builder_add(copies, items[i]);
	pick->title = g_strdup(title);
	pick->items = g_strv_builder_end(copies);
	pick->shown = g_array_new(FALSE, FALSE, sizeof(guint));
	pick->line = line_new("");
	pick->view = view;
	pick->accept = accept;
	pick_narrow(pick);
	overlay_open(ui, &pick_ops, pick);
}

gboolean overlay_list_key(ListWidget *list, const char *key)
{
	static const struct {
		const char *key;
		ActionId action;
	} moves[] = {{"<Down>", ACTION_DOWN}, {"<C-n>", ACTION_DOWN}, {"<Up>", ACTION_UP},
		{"<C-p>", ACTION_UP}, {"<PgDn>", ACTION_PAGE_DOWN}, {"<PgUp>", ACTION_PAGE_UP}};
	for (gsize i = 0; i < G_N_ELEMENTS(moves); i++)
		if (g_str_equal(key, moves[i].key))
			return list_act(list, moves[i].action);
	return FALSE;
}
