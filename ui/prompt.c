/* prompt.c - a line of text that is asked for: history, completion, and where an error stands. */
#include "overlay.h"

#include "frame.h"

#include <stdio.h>
#include <string.h>

enum { HISTORY_MOST = 100, PROMPT_COLUMNS = 76, BELOW_MOST = 5 };

typedef struct {
	char *label;
	char *below;     /* why the last text was not taken, or what it may go on with; NULL */
	gboolean failed; /* the former */
	guint column;    /* that the error names, from 1; 0: none */
	LineWidget *line;
	gboolean paths;
	guint back; /* how far back in the history */
	gpointer view;
	UiAccept accept;
	UiComplete complete; /* or NULL */
} Prompt;

static void prompt_free(gpointer state)
{
	Prompt *prompt = state;
	line_free(prompt->line);
	g_free(prompt->label);
	g_free(prompt->below);
	g_free(prompt);
}

static void draw_below(const Prompt *prompt, Canvas *canvas, Rect rect, GStrv lines)
{
	Role role = prompt->failed ? ROLE_ERROR : ROLE_DIM;
	for (int i = 0; lines[i] && i < rect.height; i++)
		canvas_text(canvas, rect, 0, i, role, lines[i]);
}

static void prompt_draw(gpointer state, G_GNUC_UNUSED Ui *ui, Canvas *canvas)
{
	const Prompt *prompt = state;
	int width = MIN(canvas->width - 4, PROMPT_COLUMNS);
	g_auto(GStrv) lines = text_wrap(prompt->below ? prompt->below : "", width - 4);
	int count = prompt->below ? MIN(BELOW_MOST, (int)g_strv_length(lines)) : 0;
	int marked = prompt->column > 0;
	Rect inside = overlay_box(canvas, width, count + marked + 5, prompt->label);
	draw_below(prompt, canvas, rect_rows(inside, 2 + marked, count), lines);
	if (marked)
		canvas_text(canvas, inside,
			line_place(prompt->line, inside.width, prompt->column - 1), 2, ROLE_ERROR,
			"^");
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

static void recall(Prompt *prompt, const Ui *ui, int change)
{
	int back = CLAMP((int)prompt->back + change, 0, (int)ui->history->len);
	prompt->back = (guint)back;
	const char *text = back ? ui->history->pdata[ui->history->len - (guint)back] : "";
	line_free(prompt->line);
	prompt->line = line_new(text);
}

static void clear_below(Prompt *prompt)
{
	g_clear_pointer(&prompt->below, g_free);
	prompt->failed = FALSE;
	prompt->column = 0;
}

/* Errors of the language of edits begin with their column. */
static void show_error(Prompt *prompt, const GError *error)
{
	prompt->below = g_strdup(error ? error->message : "that cannot be used");
	prompt->failed = TRUE;
	if (sscanf(prompt->below, "column %u:", &prompt->column) != 1)
		prompt->column = 0;
}

static gboolean accept_line(Prompt *prompt, Ui *ui)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = g_strdup(prompt->line->text->str);
	remember(ui, text);
	clear_below(prompt);
	if (prompt->accept(prompt->view, ui, text, &error))
		return TRUE;
	show_error(prompt, error);
	return FALSE;
}

/* What all have in common. */
static char *common_prefix(GStrv texts)
{
	char *common = g_strdup(texts[0]);
	for (guint i = 1; texts[i]; i++) {
		gsize n = 0;
		while (common[n] && common[n] == texts[i][n])
			n++;
		common[n] = '\0';
	}
	return common;
}

/* The only way to go on is taken; of several what they share, and they are shown. */
static void complete(Prompt *prompt, Ui *ui)
{
	gsize start = 0, cursor = prompt->line->cursor;
	g_auto(GStrv) found =
		prompt->complete(prompt->view, ui, prompt->line->text->str, cursor, &start);
	if (!found || !found[0])
		return;
	g_autofree char *common = common_prefix(found);
	if (!found[1] || strlen(common) > cursor - start)
		line_replace(prompt->line, start, common);
	if (found[1])
		prompt->below = g_strjoinv("   ", found);
}

static gboolean prompt_key(gpointer state, Ui *ui, const char *key)
{
	Prompt *prompt = state;
	if (g_str_equal(key, "<Esc>"))
		return FALSE;
	if (g_str_equal(key, "<Enter>"))
		return !accept_line(prompt, ui);
	clear_below(prompt);
	if (g_str_equal(key, "<Tab>") && prompt->paths)
		line_complete_path(prompt->line);
	else if (g_str_equal(key, "<Tab>") && prompt->complete)
		complete(prompt, ui);
	else if (g_str_equal(key, "<Up>"))
		recall(prompt, ui, 1);
	else if (g_str_equal(key, "<Down>"))
		recall(prompt, ui, -1);
	else
		line_key(prompt->line, key);
	return TRUE;
}

static const OverlayOps prompt_ops = {
	prompt_draw, prompt_key, prompt_free, "Enter accept  Esc cancel  Up/Down history"};
static const OverlayOps completing_ops = {prompt_draw, prompt_key, prompt_free,
	"Enter accept  Tab complete  Esc cancel  Up/Down history"};

static Prompt *prompt_new(const char *label, const char *initial, gpointer view, UiAccept accept)
{
	Prompt *prompt = g_new0(Prompt, 1);
	prompt->label = g_strdup(label);
	prompt->line = line_new(initial ? initial : "");
	prompt->view = view;
	prompt->accept = accept;
	return prompt;
}

void ui_prompt(Ui *ui, const char *label, const char *initial, gboolean paths, gpointer view,
	UiAccept accept)
{
	Prompt *prompt = prompt_new(label, initial, view, accept);
	prompt->paths = paths;
	overlay_open(ui, paths ? &completing_ops : &prompt_ops, prompt);
}

void ui_prompt_completing(Ui *ui, const char *label, const char *initial, UiComplete completion,
	gpointer view, UiAccept accept)
{
	Prompt *prompt = prompt_new(label, initial, view, accept);
	prompt->complete = completion;
	overlay_open(ui, &completing_ops, prompt);
}
