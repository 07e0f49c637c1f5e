/* overlay.c - what lies over a screen: a page of text, a question. */
#include "overlay.h"

#include "frame.h"

#include <string.h>

enum { QUESTION_COLUMNS = 76 };

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
	int width = CLAMP(canvas_columns(question->question) + 6, 40, QUESTION_COLUMNS);
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
