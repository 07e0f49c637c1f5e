/* pane.h - what the screens share: panes side by side, numbers with their sign, paths as people
 * write them, and the sentence that stands where there is nothing to show. */
#ifndef TAUSCOPE_PANE_H
#define TAUSCOPE_PANE_H

#include "canvas.h"
#include "view.h"
#include "widget.h"

/* Columns of a name in a list: its longest name within these. */
#define NAME_LEAST 8
#define NAME_MOST 28

typedef struct {
	Rect left, right; /* right.width is 0 where there is no room for it */
} Panes;

/* Cuts a rectangle in two with a line between: `right` columns go to the right pane, or none where
 * fewer than `least` would be left. */
Panes panes_split(Canvas *canvas, Rect rect, int least, int right);
/* The right pane's usual width: about two fifths of the screen. */
int panes_right(Rect rect);

/* Why there is nothing to analyse, in lines, with what to do about it; NULL where there are tasks
 * and their Gram tables are complete. */
const char *pane_why_empty(Ui *ui);
/* n and N go through what the filter left, as j and k do: such an action as DOWN or UP. */
ActionId pane_match(ActionId action);
/* Reasons that lists share; NULL where there is none. */
const char *pane_why_not(Ui *ui, ActionId action);
/* One of `count` choices as the session remembers it, 0 at first; and remembers the next one, or
 * a given one. */
guint pane_choice(Ui *ui, const char *key, guint count);
void pane_choose(Ui *ui, const char *key, guint choice);
guint pane_choose_next(Ui *ui, const char *key, guint now, guint count);
/* Draws lines of text near the top of an empty pane. */
void pane_note(Canvas *canvas, Rect rect, const char *lines);
/* Draws text broken at blanks and indented; returns the row after it. */
int pane_wrap(Canvas *canvas, Rect rect, int x, int y, Role role, const char *text);
/* Says on a row that an analysis leaves out what its tasks do not share; nothing where it is over
 * all float elements of the base. */
void pane_shared(Canvas *canvas, Rect rect, int y, const Collection *collection, guint64 elements);
/* The cursor's mark at the left of a row, painted where its pane has the focus. */
void pane_cursor(Canvas *canvas, Rect rect, int y, gboolean focus);
/* A signed number that ends before column x; `·` where it is not finite. */
void pane_signed(Canvas *canvas, Rect rect, int x, int y, Role role, double value, int decimals);
/* A number of three digits that ends before column x. */
void pane_number(Canvas *canvas, Rect rect, int x, int y, Role role, double value);

/* "+0.44", "−0.06", "·"; and without the leading 0, as cells show it: "+.44", "1.0".  g_free. */
char *number_signed(double value, int decimals);
char *number_cell(double value);
/* Three digits, as text_number gives them.  g_free. */
char *number_short(double value);
/* "13.5 %"; "·" where it is not finite.  g_free. */
char *number_percent(double fraction);
/* With the decimals given, or, where these would show a 0 that is none, as "4e-06".  g_free. */
char *number_fixed(double value, int decimals);
/* The decimals that show three digits of the largest number of a column. */
int number_decimals(double largest);
/* The least of 1, 2, 5 × 10^k that is not below `value`: the limit of a scale. */
double number_limit(double value);

/* A path relative to the current directory or with `~`, where it lies below; g_free. */
char *path_shown(const char *path);
/* A path in at most `columns` columns: its start is left out, for its end tells more; g_free. */
char *path_shortened(const char *path, int columns);
/* A typed path with a leading `~/` replaced; g_free. */
char *path_typed(const char *text);

/* A tensor's name without the name of its layer in front: "attn.k_proj.weight"; borrowed. */
const char *tensor_in_layer(const char *tensor, const char *layer);
/* The name of a layer or tensor in at most `columns` columns: leading words go first, then what
 * stands between its first number and its end, for these tell names apart: "…layers.11",
 * "…2.…layernorm.weight".  g_free. */
char *name_shortened(const char *name, int columns);
/* Draws it so, as canvas_field does. */
void pane_name(Canvas *canvas, Rect rect, int x, int y, int columns, Role role, const char *name);
/* The columns of the longest of n names, within NAME_LEAST and `most`. */
int names_columns(char *const *names, guint n, int most);
/* The position of a name among n, or -1. */
int names_find(char *const *names, guint n, const char *name);
/* Replaces an owned string. */
void string_set(char **string, const char *value);

#endif
