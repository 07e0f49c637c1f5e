/* export_draw.c - the export dialog as it looks: the choices, what they take, the same as a
 * command. */
#include "export_dialog.h"

#include "core/text.h"
#include "pane.h"

enum {
	DIALOG_COLUMNS = 76,
	DIALOG_ROWS = 19,
	LABEL_COLUMNS = 10,
	NOTICE_ROWS = 2,
	FRAME_COLUMNS = 2
};

static Role field_role(const ExportDialog *dialog, Field field)
{
	return dialog->field == field ? ROLE_KEY : ROLE_HEADING;
}

static void draw_whats(const ExportDialog *dialog, Canvas *canvas, Rect rect)
{
	canvas_text(canvas, rect, 0, 0, field_role(dialog, FIELD_WHAT), "What");
	for (guint i = 0; i < WHAT_COUNT; i++) {
		const char *reason = dialog->why_not[i];
		gboolean chosen = i == dialog->what;
		Role role = reason ? ROLE_DIM : chosen ? ROLE_MARKED : ROLE_OVERLAY;
		g_autofree char *text = g_strdup_printf("%s %s%s%s", chosen ? "(●)" : "( )",
			export_what((What)i), reason ? ": " : "", reason ? reason : "");
		canvas_field(canvas, rect, LABEL_COLUMNS, (int)i, rect.width - LABEL_COLUMNS, role,
			text);
	}
}

/* A field of the model: dim where something else is written. */
static void draw_field(const ExportDialog *dialog, Field field, const char *label, const char *text,
	Canvas *canvas, Rect rect, int y)
{
	gboolean counts = export_counts(dialog, field);
	canvas_text(canvas, rect, 0, y, counts ? field_role(dialog, field) : ROLE_DIM, label);
	canvas_field(canvas, rect, LABEL_COLUMNS, y, rect.width - LABEL_COLUMNS,
		counts ? ROLE_OVERLAY : ROLE_DIM, text);
}

static void draw_choices(const ExportDialog *dialog, Canvas *canvas, Rect rect)
{
	g_autofree char *part = g_strdup_printf("◀ %s ▶", export_part(dialog));
	g_autofree char *as = g_strdup_printf("◀ %s ▶", export_type(dialog));
	draw_field(dialog, FIELD_PART, "Part", part, canvas, rect, 0);
	draw_field(dialog, FIELD_TYPE, "Type", as, canvas, rect, 1);
	draw_field(dialog, FIELD_INFINITE, "Infinite",
		dialog->infinite ? "[x] a number too large for its type becomes infinite"
				 : "[ ] a number too large for its type stops the export",
		canvas, rect, 2);
}

static void draw_place(const ExportDialog *dialog, Canvas *canvas, Rect rect)
{
	canvas_text(canvas, rect, 0, 0, field_role(dialog, FIELD_PATH), "Path");
	line_draw(dialog->path, canvas, rect, LABEL_COLUMNS, 0, rect.width - LABEL_COLUMNS);
	if (dialog->field != FIELD_PATH)
		canvas->cursor_x = canvas->cursor_y = -1;
	draw_field(dialog, FIELD_RECIPE, "Recipe",
		dialog->no_recipe || dialog->what != WHAT_MODEL
			? "[ ] write the recipe beside it, so that it can be repeated"
			: "[x] write the recipe beside it, so that it can be repeated",
		canvas, rect, 1);
}

static void draw_sizes(const ExportDialog *dialog, Canvas *canvas, Rect rect)
{
	if (dialog->why_not[dialog->what]) {
		canvas_text(canvas, rect, 0, 0, ROLE_WARNING, "this cannot be written");
		return;
	}
	g_autofree char *bytes = export_is_long(dialog) ? g_strdup_printf("%u cells", dialog->cells)
							: text_bytes(dialog->bytes);
	g_autofree char *room = text_bytes(dialog->free);
	gboolean fits = dialog->bytes <= dialog->free;
	canvas_printf(canvas, rect, 0, 0, fits ? ROLE_OVERLAY : ROLE_WARNING, "%s   free here %s%s",
		bytes, dialog->free ? room : "unknown", fits ? "" : ": too little");
}

/* What stands in the way, or the question before something is replaced. */
static void draw_notice(const ExportDialog *dialog, Canvas *canvas, Rect rect)
{
	g_autofree char *question = g_strdup_printf(
		"%s exists: y replaces it, any other key keeps it", dialog->path->text->str);
	const char *reason = dialog->reason ? dialog->reason : dialog->why_not[dialog->what];
	const char *text = dialog->asking ? question : reason;
	g_auto(GStrv) lines = text_wrap(text ? text : "", rect.width);
	for (int i = 0; lines[i] && i < rect.height; i++)
		canvas_text(
			canvas, rect, 0, i, dialog->asking ? ROLE_WARNING : ROLE_ERROR, lines[i]);
}

/* The command in lines; none where they would not all fit, for a command that is cut is none. */
static GStrv command_lines(const ExportDialog *dialog, const Canvas *canvas)
{
	g_autofree char *text = g_strconcat("same as: ", dialog->command, NULL);
	g_auto(GStrv) lines =
		text_wrap(text, MIN(DIALOG_COLUMNS, canvas->width - FRAME_COLUMNS) - 4);
	int room = canvas->height - 2 - DIALOG_ROWS;
	if (!dialog->command || (int)g_strv_length(lines) > room)
		return g_new0(char *, 1);
	return g_steal_pointer(&lines);
}

void export_draw(const ExportDialog *dialog, Canvas *canvas)
{
	g_auto(GStrv) lines = command_lines(dialog, canvas);
	int count = (int)g_strv_length(lines);
	Rect inside = overlay_box(canvas, DIALOG_COLUMNS, DIALOG_ROWS + count, "Export");
	draw_whats(dialog, canvas, rect_rows(inside, 1, WHAT_COUNT));
	draw_choices(dialog, canvas, rect_rows(inside, 7, 3));
	draw_sizes(dialog, canvas, rect_rows(inside, 12, 1));
	for (int i = 0; i < count; i++)
		canvas_text(canvas, inside, 0, 13 + i, ROLE_DIM, lines[i]);
	draw_notice(dialog, canvas, rect_rows(inside, 13 + count, NOTICE_ROWS));
	canvas_text(canvas, inside, LABEL_COLUMNS, inside.height - 1,
		dialog->field == FIELD_WRITE ? ROLE_SELECTED : ROLE_OVERLAY, "[ Write ]");
	draw_place(dialog, canvas, rect_rows(inside, 10, 2));
}
