/* pane.c - what the screens share: panes side by side, numbers with their sign, paths as people
 * write them, and the sentence that stands where there is nothing to show. */
#include "pane.h"

#include "core/text.h"

#include <math.h>
#include <string.h>

#define NAME_END_LEAST 6 /* columns of a name's end that are worth keeping its number for */

Panes panes_split(Canvas *canvas, Rect rect, int least, int right)
{
	Panes panes = {rect, {rect.x + rect.width, rect.y, 0, rect.height}};
	int left = rect.width - right - 1;

	if (left < least)
		return panes;
	panes.left = rect_left(rect, left);
	panes.right = rect_right_of(rect, left + 1);
	canvas_vertical(canvas, rect, left);
	return panes;
}

int panes_right(Rect rect)
{
	return CLAMP(rect.width * 2 / 5 - 3, 30, 60);
}

const char *pane_why_empty(Ui *ui)
{
	const Session *session = ui_session(ui);
	const Collection *collection = session_collection(session);
	g_autoptr(GArray) tasks = NULL;

	if (!collection)
		return "Nothing is loaded yet.\n"
		       "Go to Checkpoints (1) and press o: first the base, then its tasks and "
		       "runs.\n"
		       "Or from a shell:  tauscope load STORE --base PATH NAME=PATH...";
	tasks = collection_tasks(collection);
	if (tasks->len == 0)
		return "The base has no task yet.\n"
		       "Go to Checkpoints (1) and press o to open a fine-tuned checkpoint or a "
		       "run.";
	if (!session_ready(session))
		return "The inner products are not complete yet.\n"
		       "Jobs (6) shows whether they are being computed; R starts again.";
	return NULL;
}

ActionId pane_match(ActionId action)
{
	if (action == ACTION_NEXT_MATCH)
		return ACTION_DOWN;
	return action == ACTION_PREVIOUS_MATCH ? ACTION_UP : action;
}

const char *pane_why_not(Ui *ui, ActionId action)
{
	gboolean matches = action == ACTION_NEXT_MATCH || action == ACTION_PREVIOUS_MATCH;

	return matches && !*ui_filter(ui) ? "/ types a filter first" : NULL;
}

guint pane_choice(Ui *ui, const char *key, guint count)
{
	const char *text = session_get(ui_session(ui), key);
	guint64 choice = text ? g_ascii_strtoull(text, NULL, 10) : 0;

	return choice < count ? (guint)choice : 0;
}

void pane_choose(Ui *ui, const char *key, guint choice)
{
	g_autofree char *text = g_strdup_printf("%u", choice);

	session_set(ui_session(ui), key, text);
}

guint pane_choose_next(Ui *ui, const char *key, guint now, guint count)
{
	guint next = (now + 1) % count;

	pane_choose(ui, key, next);
	return next;
}

void pane_note(Canvas *canvas, Rect rect, const char *lines)
{
	g_auto(GStrv) line = g_strsplit(lines, "\n", -1);
	int y = 2;

	for (guint i = 0; line[i]; i++)
		y = pane_wrap(canvas, rect, 3, y, i == 0 ? ROLE_HEADING : ROLE_NORMAL, line[i]) + 1;
}

int pane_wrap(Canvas *canvas, Rect rect, int x, int y, Role role, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	int at = x;

	for (guint i = 0; words[i]; i++) {
		int columns = canvas_columns(words[i]);
		if (at > x && at + columns >= rect.width) {
			at = x;
			y++;
		}
		at += canvas_text(canvas, rect, at, y, role, words[i]) + 1;
	}
	return y + 1;
}

void pane_shared(Canvas *canvas, Rect rect, int y, const Collection *collection, guint64 elements)
{
	g_autofree char *some = text_count(elements), *whole = NULL;
	guint64 all = 0;

	for (guint i = 0; i < collection_tensors(collection); i++)
		if (collection_is_float(collection, i))
			all += collection_tensor(collection, i)->elements;
	whole = text_count(all);
	if (elements < all)
		canvas_printf(canvas, rect, 1, y, ROLE_WARNING,
			"! over the %s of %s elements that these tasks share", some, whole);
}

void pane_cursor(Canvas *canvas, Rect rect, int y, gboolean focus)
{
	if (y < 0 || y >= rect.height)
		return;
	canvas_text(canvas, rect, 0, y, focus ? ROLE_SELECTED : ROLE_DIM, "▶");
	if (focus)
		canvas_paint(canvas, rect_rows(rect, y, 1), ROLE_SELECTED);
}

void pane_signed(Canvas *canvas, Rect rect, int x, int y, Role role, double value, int decimals)
{
	g_autofree char *text = number_signed(value, decimals);

	canvas_text_right(canvas, rect, x, y, role, text);
}

void pane_number(Canvas *canvas, Rect rect, int x, int y, Role role, double value)
{
	g_autofree char *text = number_short(value);

	canvas_text_right(canvas, rect, x, y, role, text);
}

char *number_short(double value)
{
	g_autofree char *text = text_number(value);

	return canvas_minus(text);
}

char *number_signed(double value, int decimals)
{
	g_autofree char *text = NULL;

	if (!isfinite(value))
		return g_strdup("·");
	text = g_strdup_printf("%+.*f", decimals, value + 0.0);
	return canvas_minus(text);
}

char *number_cell(double value)
{
	g_autofree char *text = NULL;

	if (!isfinite(value))
		return g_strdup("·");
	if (fabs(value) > 0.995)
		return g_strdup(value > 0 ? "1.0" : "−1.0");
	text = g_strdup_printf("%+.2f", value + 0.0);
	memmove(text + 1, text + 2, strlen(text + 2) + 1);
	return canvas_minus(text);
}

char *number_percent(double fraction)
{
	if (!isfinite(fraction))
		return g_strdup("·");
	return g_strdup_printf("%.1f %%", 100 * fraction);
}

char *number_fixed(double value, int decimals)
{
	g_autofree char *text = NULL;

	if (!isfinite(value))
		return g_strdup("·");
	if (value == 0)
		return g_strdup("0");
	if (fabs(value) < 0.5 * pow(10, -decimals))
		text = g_strdup_printf("%.0e", value);
	else
		text = g_strdup_printf("%.*f", decimals, value + 0.0);
	return canvas_minus(text);
}

int number_decimals(double largest)
{
	if (!isfinite(largest) || largest <= 0)
		return 2;
	return CLAMP(2 - (int)floor(log10(largest)), 0, 6);
}

double number_limit(double value)
{
	double power;

	if (!isfinite(value) || value <= 0)
		return 1;
	power = pow(10, floor(log10(value)));
	if (value <= power)
		return power;
	if (value <= 2 * power)
		return 2 * power;
	return value <= 5 * power ? 5 * power : 10 * power;
}

/* What follows `folder` in a path below it, or NULL. */
static const char *below(const char *path, const char *folder)
{
	gsize length = strlen(folder);

	if (length < 2 || strncmp(path, folder, length) != 0 || path[length] != '/')
		return NULL;
	return path + length + 1;
}

char *path_shown(const char *path)
{
	g_autofree char *current = g_get_current_dir();
	g_autofree char *safe = text_safe(path);
	const char *rest = below(safe, current);

	if (rest)
		return g_strdup(rest);
	rest = below(safe, g_get_home_dir());
	return rest ? g_strconcat("~/", rest, NULL) : g_strdup(safe);
}

char *path_typed(const char *text)
{
	g_autofree char *trimmed = g_strstrip(g_strdup(text));

	if (g_str_has_prefix(trimmed, "~/"))
		return g_build_filename(g_get_home_dir(), trimmed + 2, NULL);
	return g_steal_pointer(&trimmed);
}

const char *tensor_in_layer(const char *tensor, const char *layer)
{
	gsize length = layer ? strlen(layer) : 0;

	if (length == 0 || strncmp(tensor, layer, length) != 0 ||
		(tensor[length] != '.' && tensor[length] != '/'))
		return tensor;
	return tensor + length + 1;
}

/* Where the first word that begins with a digit stands, or NULL. */
static const char *first_number(const char *name)
{
	for (const char *word = name; word; word = strchr(word, '.')) {
		word += *word == '.' ? 1 : 0;
		if (g_ascii_isdigit(*word))
			return word;
	}
	return NULL;
}

/* The longest end of a text that fits. */
static const char *text_end(const char *text, int columns)
{
	while (*text && canvas_columns(text) > columns)
		text = g_utf8_next_char(text);
	return text;
}

char *path_shortened(const char *path, int columns)
{
	if (canvas_columns(path) <= columns)
		return g_strdup(path);
	return g_strconcat("…", text_end(path, MAX(0, columns - 1)), NULL);
}

/* Without leading words, the first number excepted; NULL where that is too long, or so short that
 * a part of a word says more. */
static char *without_leading_words(const char *name, const char *number, int columns)
{
	for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
		int rest = 1 + canvas_columns(dot + 1);
		if (number ? dot + 1 > number : 3 * rest < 2 * columns)
			return NULL;
		if (rest <= columns)
			return g_strconcat("…", dot + 1, NULL);
	}
	return NULL;
}

char *name_shortened(const char *name, int columns)
{
	const char *number = first_number(name);
	g_autofree char *start = NULL, *shorter = NULL;
	int room;

	if (canvas_columns(name) <= columns)
		return g_strdup(name);
	shorter = without_leading_words(name, number, columns);
	if (shorter)
		return g_steal_pointer(&shorter);
	start = number ? g_strdup_printf("…%.*s.", (int)strcspn(number, "."), number)
		       : g_strdup("");
	room = columns - canvas_columns(start) - 1;
	if (room < NAME_END_LEAST) {
		string_set(&start, "");
		room = columns - 1;
	}
	return g_strconcat(start, "…", text_end(name, MAX(0, room)), NULL);
}

void pane_name(Canvas *canvas, Rect rect, int x, int y, int columns, Role role, const char *name)
{
	g_autofree char *text = name_shortened(name, MIN(columns, rect.width - x));

	canvas_field(canvas, rect, x, y, columns, role, text);
}

int names_columns(char *const *names, guint n, int most)
{
	int columns = NAME_LEAST;

	for (guint i = 0; i < n && columns < most; i++)
		columns = MAX(columns, canvas_columns(names[i]));
	return MIN(columns, most);
}

int names_find(char *const *names, guint n, const char *name)
{
	for (guint i = 0; name && i < n; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

void string_set(char **string, const char *value)
{
	char *copy = g_strdup(value);

	g_free(*string);
	*string = copy;
}
