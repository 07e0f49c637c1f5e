/* palette.c - every action in one list: `:` narrows it by typing, `?` shows it for one screen. */
#include "frame.h"

#include <string.h>

enum { PALETTE_COLUMNS = 96, KEY_COLUMNS = 11, NAME_COLUMNS = 17, SCREEN_COLUMNS = 13 };

typedef struct {
	ActionId action;
	int score;
} Hit;

typedef struct {
	gboolean help; /* this screen and everywhere alone */
	LineWidget *line;
	ListWidget list;
	GArray *matches; /* of Hit */
} Palette;

static void palette_free(gpointer state)
{
	Palette *palette = state;
	line_free(palette->line);
	g_array_unref(palette->matches);
	g_free(palette);
}

/* A key exactly as typed comes first, then names, then what the help says. */
static gboolean match_action(const Ui *ui, const char *typed, const Action *action, int *score)
{
	g_autofree char *pattern = g_utf8_strdown(typed, -1);
	int name_score = 0, help_score = 0;
	gboolean name = text_fuzzy(pattern, action->name, &name_score);
	gboolean help = text_fuzzy(pattern, action->help, &help_score);
	gboolean key = *typed && g_str_equal(typed, keymap_key(ui->keymap, action->id));
	gboolean starts = *pattern && g_str_has_prefix(action->name, pattern);
	*score = MAX(name ? 2 * name_score : 0, help ? help_score : 0) + 1000 * key + 500 * starts;
	return name || help || key;
}

/* Best first; of equals, this screen's before everywhere's before others', then as in the table. */
static gint compare_matches(gconstpointer a, gconstpointer b, gpointer data)
{
	const Hit *left = a, *right = b;
	const Ui *ui = data;
	if (left->score != right->score)
		return left->score > right->score ? -1 : 1;
	gboolean left_here = action_get(left->action)->screen == ui->screen;
	gboolean right_here = action_get(right->action)->screen == ui->screen;
	if (left_here != right_here)
		return left_here ? -1 : 1;
	return (gint)left->action - (gint)right->action;
}

static void narrow(Palette *palette, Ui *ui)
{
	g_array_set_size(palette->matches, 0);
	for (guint id = 1; id < ACTION_COUNT; id++) {
		const Action *action = action_get((ActionId)id);
		gboolean here = action->screen == ui->screen || action->screen == SCREEN_EVERYWHERE;
		Hit hit = {action->id, 0};
		if ((here || !palette->help) &&
			match_action(ui, palette->line->text->str, action, &hit.score))
			g_array_append_val(palette->matches, hit);
	}
	g_array_sort_with_data(palette->matches, compare_matches, ui);
	palette->list.cursor = 0;
}

static const Action *action_at(const Palette *palette, int row)
{
	if (row < 0 || row >= (int)palette->matches->len)
		return NULL;
	return action_get(g_array_index(palette->matches, Hit, row).action);
}

/* Whether an action of another screen works is known only there. */
static const char *reason_against(Ui *ui, const Action *action)
{
	gboolean here = action->screen == ui->screen || action->screen == SCREEN_EVERYWHERE;
	return here ? ui_why_not(ui, action->id) : NULL;
}

static void draw_action(Ui *ui, Canvas *canvas, Rect row, const Action *action, gboolean selected)
{
	const char *reason = reason_against(ui, action);
	Role role = selected ? ROLE_SELECTED : reason ? ROLE_DIM : ROLE_OVERLAY;
	Role key_role = selected ? ROLE_SELECTED : reason ? ROLE_DIM : ROLE_KEY;
	canvas_fill(canvas, row, role, ' ');
	canvas_text(canvas, row, 0, 0, role, selected ? "▶" : " ");
	canvas_field(
		canvas, row, 2, 0, KEY_COLUMNS - 2, key_role, keymap_key(ui->keymap, action->id));
	canvas_field(canvas, row, KEY_COLUMNS, 0, NAME_COLUMNS - 1, role, action->name);
	int x = KEY_COLUMNS + NAME_COLUMNS;
	canvas_field(canvas, row, x, 0, SCREEN_COLUMNS - 1, role, screen_name(action->screen));
	x += SCREEN_COLUMNS;
	canvas_field(canvas, row, x, 0, row.width - x, role, action->help);
}

/* What the list is for, or why the action under the cursor cannot be done now. */
static void draw_about(const Palette *palette, Ui *ui, Canvas *canvas, Rect row)
{
	const Action *action = action_at(palette, palette->list.cursor);
	const char *reason = action ? reason_against(ui, action) : NULL;
	g_autofree char *text = reason ? g_strdup_printf("not now: %s", reason) : NULL;
	const char *about = palette->help ? ui_view(ui)->help : "type part of a name or a key";
	canvas_field(canvas, row, 0, 0, row.width, reason ? ROLE_WARNING : ROLE_DIM,
		text ? text : about);
}

static void palette_draw(gpointer state, Ui *ui, Canvas *canvas)
{
	Palette *palette = state;
	g_autofree char *title = palette->help
					 ? g_strdup_printf("Help: %s", screen_name(ui->screen))
					 : g_strdup("Every action");
	Rect inside = overlay_box(canvas, PALETTE_COLUMNS, canvas->height - 5, title);
	Rect rows = rect_rows(inside, 3, inside.height - 3);
	list_fit(&palette->list, (int)palette->matches->len, rows.height);
	for (int y = 0; y < rows.height && palette->list.top + y < palette->list.count; y++) {
		int row = palette->list.top + y;
		draw_action(ui, canvas, rect_rows(rows, y, 1), action_at(palette, row),
			row == palette->list.cursor);
	}
	if (palette->list.count == 0)
		canvas_text(canvas, rows, 2, 0, ROLE_DIM, "no action matches");
	draw_about(palette, ui, canvas, rect_rows(inside, 1, 1));
	line_draw(palette->line, canvas, inside, 0, 0, inside.width);
}

static gboolean palette_key(gpointer state, Ui *ui, const char *key)
{
	Palette *palette = state;
	if (g_str_equal(key, "<Esc>"))
		return FALSE;
	if (g_str_equal(key, "<Enter>")) {
		const Action *action = action_at(palette, palette->list.cursor);
		if (action)
			ui_act(ui, action->id);
		return action == NULL;
	}
	if (overlay_list_key(&palette->list, key))
		return TRUE;
	if (g_str_equal(key, "<Backspace>") && palette->line->text->len == 0)
		return FALSE;
	if (line_key(palette->line, key))
		narrow(palette, ui);
	return TRUE;
}

static const OverlayOps palette_ops = {palette_draw, palette_key, palette_free,
	"type to filter  Up/Down choose  Enter run  Esc close"};

void palette_open(Ui *ui, gboolean help)
{
	Palette *palette = g_new0(Palette, 1);
	palette->help = help;
	palette->line = line_new("");
	palette->matches = g_array_new(FALSE, FALSE, sizeof(Hit));
	narrow(palette, ui);
	overlay_open(ui, &palette_ops, palette);
}
