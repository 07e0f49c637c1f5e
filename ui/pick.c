/* pick.c - a list to choose one of, narrowed by typing. */
#include "overlay.h"

#include "frame.h"

#include <string.h>

enum { PICK_COLUMNS = 60, WIDE_COLUMNS = 92, REASON_MOST = 3 };

typedef struct {
	char *title, *reason;
	GStrv items, notes; /* of every item what is said beside it, "" for nothing */
	gboolean open;      /* what is typed may be taken too: it is shown as one more, the last */
	int name_columns;   /* of the longest item, where one has a note; else 0 */
	GArray *shown;      /* of guint: the items that match, best first; their number: as typed */
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
	g_strfreev(pick->notes);
	g_array_unref(pick->shown);
	line_free(pick->line);
	g_free(pick);
}

/* 0 where the item begins with what is typed, 1 where its name has it, 2 where its note has, 3
 * where neither does. */
static int rank_of(const Pick *pick, const char *pattern, guint item)
{
	g_autofree char *folded = g_utf8_strdown(pick->items[item], -1);
	g_autofree char *both = g_strconcat(pick->items[item], " ", pick->notes[item], NULL);
	int score;
	if (g_str_has_prefix(folded, pattern))
		return 0;
	if (text_fuzzy(pattern, folded, &score))
		return 1;
	return text_fuzzy(pattern, both, &score) ? 2 : 3;
}

static gboolean has_item(const Pick *pick, const char *text)
{
	return g_strv_contains((const char *const *)pick->items, text);
}

static const char *item_text(const Pick *pick, guint item)
{
	return pick->items[item] ? pick->items[item] : pick->line->text->str;
}

static void narrow(Pick *pick)
{
	guint count = g_strv_length(pick->items);
	g_autofree char *pattern = g_utf8_strdown(pick->line->text->str, -1);
	g_autofree int *ranks = g_new(int, count + 1);
	g_array_set_size(pick->shown, 0);
	for (guint i = 0; i < count; i++)
		ranks[i] = rank_of(pick, pattern, i);
	for (int rank = 0; rank < 3; rank++)
		for (guint i = 0; i < count; i++)
			if (ranks[i] == rank)
				g_array_append_val(pick->shown, i);
	if (pick->open && *pattern && !has_item(pick, pick->line->text->str))
		g_array_append_val(pick->shown, count);
	pick->list.cursor = 0;
}

static void draw_item(const Pick *pick, Canvas *canvas, Rect row, guint item, gboolean selected)
{
	Role role = selected ? ROLE_SELECTED : ROLE_OVERLAY;
	int name = pick->name_columns ? MIN(pick->name_columns, row.width / 2) : row.width - 2;
	canvas_text(canvas, row, 0, 0, ROLE_SELECTED, selected ? "▶" : "");
	canvas_field(canvas, row, 2, 0, name, role, item_text(pick, item));
	if (!pick->items[item])
		canvas_text_right(canvas, row, row.width, 0, ROLE_DIM, " as typed");
	else if (pick->name_columns)
		canvas_field(canvas, row, name + 4, 0, row.width - name - 4,
			selected ? ROLE_SELECTED : ROLE_DIM, pick->notes[item]);
}

/* Why the last choice was not taken, over the end of the list. */
static void draw_reason(const Pick *pick, Canvas *canvas, Rect inside)
{
	g_auto(GStrv) lines = text_wrap(pick->reason ? pick->reason : "", inside.width);
	int count = pick->reason ? MIN((int)g_strv_length(lines), REASON_MOST) : 0;
	Rect rows = rect_rows(inside, inside.height - count, count);
	canvas_fill(canvas, rows, ROLE_OVERLAY, ' ');
	for (int i = 0; i < count; i++)
		canvas_text(canvas, rows, 0, i, ROLE_ERROR, lines[i]);
}

static void pick_draw(gpointer state, G_GNUC_UNUSED Ui *ui, Canvas *canvas)
{
	Pick *pick = state;
	int rows = CLAMP((int)g_strv_length(pick->items), 3, canvas->height - 10);
	int width = pick->name_columns ? WIDE_COLUMNS : PICK_COLUMNS;
	Rect inside = overlay_box(canvas, width, rows + 5, pick->title);
	Rect list = rect_rows(inside, 2, inside.height - 3);
	list_fit(&pick->list, (int)pick->shown->len, list.height);
	for (int y = 0; y < list.height && pick->list.top + y < pick->list.count; y++) {
		int row = pick->list.top + y;
		draw_item(pick, canvas, rect_rows(list, y, 1),
			g_array_index(pick->shown, guint, row), row == pick->list.cursor);
	}
	if (pick->list.count == 0)
		canvas_text(canvas, list, 2, 0, ROLE_DIM, "nothing matches");
	draw_reason(pick, canvas, inside);
	line_draw(pick->line, canvas, inside, 0, 0, inside.width);
}

static gboolean accept_item(Pick *pick, Ui *ui)
{
	if (pick->list.cursor >= (int)pick->shown->len)
		return FALSE;
	g_autoptr(GError) error = NULL;
	guint item = g_array_index(pick->shown, guint, pick->list.cursor);
	g_clear_pointer(&pick->reason, g_free);
	if (pick->accept(pick->view, ui, item_text(pick, item), &error))
		return TRUE;
	pick->reason = g_strdup(error ? error->message : "that cannot be used");
	return FALSE;
}

static gboolean pick_key(gpointer state, Ui *ui, const char *key)
{
	Pick *pick = state;
	if (g_str_equal(key, "<Esc>"))
		return FALSE;
	if (g_str_equal(key, "<Enter>"))
		return !accept_item(pick, ui);
	if (overlay_list_key(&pick->list, key))
		return TRUE;
	g_clear_pointer(&pick->reason, g_free);
	if (line_key(pick->line, key))
		narrow(pick);
	return TRUE;
}

static const OverlayOps pick_ops = {
	pick_draw, pick_key, pick_free, "type to narrow  Up/Down choose  Enter take  Esc cancel"};

/* Names before a tab, what is said of them behind it. */
static void take_items(Pick *pick, const char *const *items, guint n)
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new(), notes = g_strv_builder_new();
	for (guint i = 0; i < n; i++) {
		g_auto(GStrv) halves = g_strsplit(items[i], "\t", 2);
		g_strv_builder_add(names, halves[0]);
		g_strv_builder_add(notes, halves[1] ? halves[1] : "");
		if (halves[1])
			pick->name_columns = MAX(pick->name_columns, 1);
	}
	pick->items = g_strv_builder_end(names);
	pick->notes = g_strv_builder_end(notes);
	for (guint i = 0; i < n && pick->name_columns; i++)
		pick->name_columns = MAX(pick->name_columns, canvas_columns(pick->items[i]));
}

static void open_pick(Ui *ui, const char *title, const char *const *items, guint n, gboolean open,
	gpointer view, UiAccept accept)
{
	Pick *pick = g_new0(Pick, 1);
	take_items(pick, items, n);
	pick->open = open;
	pick->title = g_strdup(title);
	pick->shown = g_array_new(FALSE, FALSE, sizeof(guint));
	pick->line = line_new("");
	pick->view = view;
	pick->accept = accept;
	narrow(pick);
	overlay_open(ui, &pick_ops, pick);
}

void ui_pick(Ui *ui, const char *title, const char *const *items, guint n, gpointer view,
	UiAccept accept)
{
	open_pick(ui, title, items, n, FALSE, view, accept);
}

void ui_pick_or_type(Ui *ui, const char *title, const char *const *items, guint n, gpointer view,
	UiAccept accept)
{
	open_pick(ui, title, items, n, TRUE, view, accept);
}
