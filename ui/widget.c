/* widget.c - a list that scrolls and a line of text that is edited. */
#include "widget.h"

#include <gio/gio.h>
#include <string.h>

void list_fit(ListWidget *list, int count, int page)
{
	list->count = MAX(count, 0);
	list->page = MAX(page, 1);
	list->cursor = CLAMP(list->cursor, 0, MAX(list->count - 1, 0));
	int last_top = MAX(list->count - list->page, 0);
	int lowest = MAX(list->cursor - list->page + 1, 0);
	list->top = CLAMP(list->top, lowest, list->cursor);
	list->top = MIN(list->top, last_top);
}

static gboolean list_target(const ListWidget *list, ActionId action, int *target)
{
	switch (action) {
	case ACTION_DOWN:
		*target = list->cursor + 1;
		return TRUE;
	case ACTION_UP:
		*target = list->cursor - 1;
		return TRUE;
	case ACTION_FIRST:
		*target = 0;
		return TRUE;
	case ACTION_LAST:
		*target = list->count - 1;
		return TRUE;
	case ACTION_PAGE_DOWN:
		*target = list->cursor + MAX(list->page / 2, 1);
		return TRUE;
	case ACTION_PAGE_UP:
		*target = list->cursor - MAX(list->page / 2, 1);
		return TRUE;
	default:
		return FALSE;
	}
}

gboolean list_act(ListWidget *list, ActionId action)
{
	if (!list_target(list, action, &list->cursor))
		return FALSE;
	list_fit(list, list->count, list->page);
	return TRUE;
}

LineWidget *line_new(const char *initial)
{
	LineWidget *line = g_new0(LineWidget, 1);
	line->text = g_string_new(initial);
	line->cursor = line->text->len;
	return line;
}

void line_free(LineWidget *line)
{
	if (!line)
		return;
	g_string_free(line->text, TRUE);
	g_free(line);
}

static gsize previous_offset(const LineWidget *line)
{
	const char *start = line->text->str;
	const char *previous = g_utf8_find_prev_char(start, start + line->cursor);
	return previous ? (gsize)(previous - start) : 0;
}

static gsize next_offset(const LineWidget *line)
{
	const char *start = line->text->str, *at = start + line->cursor;
	return *at ? (gsize)(g_utf8_next_char(at) - start) : line->cursor;
}

/* Where the word before the cursor begins; a part of a path is a word. */
static gsize word_start(const LineWidget *line)
{
	const char *text = line->text->str;
	gsize at = line->cursor;
	while (at > 0 && strchr(" /", text[at - 1]))
		at--;
	while (at > 0 && !strchr(" /", text[at - 1]))
		at--;
	return at;
}

/* Removes [from, to) and leaves the cursor at `from`. */
static void line_erase(LineWidget *line, gsize from, gsize to)
{
	g_string_erase(line->text, (gssize)from, (gssize)(to - from));
	line->cursor = from;
}

static void line_insert(LineWidget *line, const char *text)
{
	g_string_insert(line->text, (gssize)line->cursor, text);
	line->cursor += strlen(text);
}

static void key_home(LineWidget *line)
{
	line->cursor = 0;
}

static void key_end(LineWidget *line)
{
	line->cursor = line->text->len;
}

static void key_left(LineWidget *line)
{
	line->cursor = previous_offset(line);
}

static void key_right(LineWidget *line)
{
	line->cursor = next_offset(line);
}

static void key_backspace(LineWidget *line)
{
	line_erase(line, previous_offset(line), line->cursor);
}

static void key_delete(LineWidget *line)
{
	line_erase(line, line->cursor, next_offset(line));
}

static void key_erase_to_start(LineWidget *line)
{
	line_erase(line, 0, line->cursor);
}

static void key_erase_to_end(LineWidget *line)
{
	line_erase(line, line->cursor, line->text->len);
}

static void key_erase_word(LineWidget *line)
{
	line_erase(line, word_start(line), line->cursor);
}

static void key_space(LineWidget *line)
{
	line_insert(line, " ");
}

static const struct {
	const char *key;
	void (*act)(LineWidget *line);
} line_keys[] = {
	{"<C-a>", key_home},
	{"<Home>", key_home},
	{"<C-e>", key_end},
	{"<End>", key_end},
	{"<C-b>", key_left},
	{"<Left>", key_left},
	{"<C-f>", key_right},
	{"<Right>", key_right},
	{"<Backspace>", key_backspace},
	{"<C-d>", key_delete},
	{"<Delete>", key_delete},
	{"<C-u>", key_erase_to_start},
	{"<C-k>", key_erase_to_end},
	{"<C-w>", key_erase_word},
	{"<Space>", key_space},
};

gboolean line_key(LineWidget *line, const char *key)
{
	for (gsize i = 0; i < G_N_ELEMENTS(line_keys); i++) {
		if (g_str_equal(key, line_keys[i].key)) {
			line_keys[i].act(line);
			return TRUE;
		}
	}
	if (!g_utf8_validate(key, -1, NULL) || g_utf8_strlen(key, -1) != 1)
		return FALSE;
	if (g_unichar_iscntrl(g_utf8_get_char(key)))
		return FALSE;
	line_insert(line, key);
	return TRUE;
}

/* The folder that a partly typed path looks into; "" is the present one. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	g_autofree char *folder = g_strndup(path, slash ? (gsize)(slash - path) + 1 : 0);
	if (g_str_has_prefix(folder, "~/"))
		return g_build_filename(g_get_home_dir(), folder + 2, NULL);
	return *folder ? g_steal_pointer(&folder) : g_strdup(".");
}

static gsize common_length(const char *a, const char *b)
{
	gsize n = 0;
	while (a[n] && a[n] == b[n])
		n++;
	while (n > 0 && ((guchar)a[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* What all entries of `folder` that begin with `prefix` have in common, or NULL.  A lone folder
 * ends with a slash. */
static char *common_entry(const char *folder, const char *prefix)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	g_autofree char *common = NULL;
	guint matches = 0;
	const char *entry;
	while (dir && (entry = g_dir_read_name(dir))) {
		gboolean hidden = entry[0] == '.' && prefix[0] != '.';
		if (hidden || !g_str_has_prefix(entry, prefix))
			continue;
		if (common)
			common[common_length(common, entry)] = '\0';
		else
			common = g_strdup(entry);
		matches++;
	}
	g_autofree char *path = common ? g_build_filename(folder, common, NULL) : NULL;
	if (matches == 1 && g_file_test(path, G_FILE_TEST_IS_DIR))
		return g_strconcat(common, "/", NULL);
	return g_steal_pointer(&common);
}

/* Completes what the path `text`, which ends the line, begins. */
static gboolean complete_from(LineWidget *line, const char *text)
{
	const char *slash = strrchr(text, '/');
	const char *prefix = slash ? slash + 1 : text;
	g_autofree char *folder = folder_of(text);
	g_autofree char *entry = common_entry(folder, prefix);
	if (!entry || strlen(entry) <= strlen(prefix) || !g_utf8_validate(entry, -1, NULL))
		return FALSE;
	g_autofree char *rest = g_strdup(entry + strlen(prefix));
	line_insert(line, rest);
	return TRUE;
}

gboolean line_complete_path(LineWidget *line)
{
	if (line->cursor != line->text->len)
		return FALSE;
	const char *text = line->text->str, *equals = strchr(text, '=');
	return complete_from(line, text) || (equals && complete_from(line, equals + 1));
}

void line_replace(LineWidget *line, gsize start, const char *text)
{
	line_erase(line, start, line->cursor);
	line_insert(line, text);
}

/* Columns of the bytes [from, to). */
static int columns_between(const char *from, const char *to)
{
	g_autofree char *text = g_strndup(from, (gsize)(to - from));
	return canvas_columns(text);
}

/* Where the part that is seen begins, so that the cursor lies in it. */
static const char *line_start(const LineWidget *line, int columns)
{
	const char *start = line->text->str;
	int used = columns_between(start, start + line->cursor);
	while (used >= columns && *start) {
		const char *next = g_utf8_next_char(start);
		used -= columns_between(start, next);
		start = next;
	}
	return start;
}

int line_place(const LineWidget *line, int columns, guint character)
{
	const char *start = line_start(line, columns);
	const char *at = g_utf8_offset_to_pointer(
		line->text->str, MIN((glong)character, g_utf8_strlen(line->text->str, -1)));
	return at < start ? 0 : MIN(columns_between(start, at), columns - 1);
}

void line_draw(const LineWidget *line, Canvas *canvas, Rect rect, int x, int y, int columns)
{
	const char *start = line_start(line, columns);
	int used = columns_between(start, line->text->str + line->cursor);
	Rect field = rect_left(rect_right_of(rect, x), columns);
	canvas_fill(canvas, rect_rows(field, y, 1), ROLE_INPUT, ' ');
	canvas_text(canvas, field, 0, y, ROLE_INPUT, start);
	if (used < field.width && y >= 0 && y < rect.height) {
		canvas->cursor_x = field.x + used;
		canvas->cursor_y = field.y + y;
	}
}

/* How many bytes of `text` fit in `columns`, cut at a blank where there is one; at least one
 * character. */
static gsize wrapped_length(const char *text, int columns)
{
	gsize end = 0, blank = 0;
	int used = 0;
	while (text[end]) {
		gsize next = (gsize)(g_utf8_next_char(text + end) - text);
		g_autofree char *character = g_strndup(text + end, next - end);
		used += canvas_columns(character);
		if (used > columns && end > 0)
			return blank ? blank : end;
		if (text[end] == ' ')
			blank = end;
		end = next;
	}
	return end;
}

/* The column where the second part of `term  meaning` begins; 0 where a text has no such parts. */
static int hanging_indent(const char *text, int columns)
{
	const char *gap = strstr(text, "  ");
	if (!gap)
		return 0;
	gsize length = (gsize)(gap - text) + strspn(gap, " ");
	g_autofree char *before = g_strndup(text, length);
	int indent = canvas_columns(before);
	return text[length] && indent <= columns / 2 ? indent : 0;
}

static void wrap_paragraph(GStrvBuilder *lines, const char *text, int columns)
{
	int hang = hanging_indent(text, columns), indent = 0;
	const char *at = text;
	do {
		gsize length = wrapped_length(at, columns - indent);
		g_autofree char *line = g_strdup_printf("%*s%.*s", indent, "", (int)length, at);
		g_strv_builder_add(lines, line);
		at += length;
		while (*at == ' ')
			at++;
		indent = hang;
	} while (*at);
}

GStrv text_wrap(const char *text, int columns)
{
	g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_auto(GStrv) paragraphs = g_strsplit(valid, "\n", -1);
	for (guint i = 0; paragraphs[i]; i++)
		wrap_paragraph(lines, paragraphs[i], MAX(columns, 1));
	return g_strv_builder_end(lines);
}

/* In lower case; NULL of ASCII, whose letters are folded one by one: lists may be long. */
static char *folded_text(const char *text)
{
	if (g_str_is_ascii(text))
		return NULL;
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	return g_utf8_strdown(valid, -1);
}

static gunichar folded_at(const char *at)
{
	return (guchar)*at < 0x80 ? (gunichar)g_ascii_tolower(*at) : g_utf8_get_char(at);
}

gboolean text_fuzzy(const char *pattern, const char *text, int *score)
{
	g_autofree char *folded = folded_text(text);
	int points = 0, run = 0, gap = 0;
	const char *want = pattern;
	for (const char *at = folded ? folded : text; *at && *want; at = g_utf8_next_char(at)) {
		if (folded_at(at) == g_utf8_get_char(want)) {
			points += 4 * ++run - MIN(gap, 3);
			want = g_utf8_next_char(want);
			gap = 0;
		} else {
			run = 0;
			gap++;
		}
	}
	*score = points;
	return *want == '\0';
}
