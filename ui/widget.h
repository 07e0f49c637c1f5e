/* widget.h - pieces that screens share: a list that scrolls, a line of text that is edited. */
#ifndef TAUSCOPE_WIDGET_H
#define TAUSCOPE_WIDGET_H

#include "actions.h"
#include "canvas.h"

/* The cursor and window of a list of `count` rows; the rows themselves are the caller's. */
typedef struct {
	int cursor, top, count, page;
} ListWidget;

/* Keeps cursor and window within `count` rows of which `page` are visible. */
void list_fit(ListWidget *list, int count, int page);
/* Moves for DOWN, UP, FIRST, LAST, PAGE_DOWN, PAGE_UP; FALSE for any other action. */
gboolean list_act(ListWidget *list, ActionId action);

/* A line that is edited with the keys of readline. */
typedef struct {
	GString *text;
	gsize cursor; /* byte offset */
} LineWidget;

LineWidget *line_new(const char *initial);
void line_free(LineWidget *line);
/* Takes a key as actions.h writes it; FALSE where it means nothing to a line. */
gboolean line_key(LineWidget *line, const char *key);
/* Completes a path at the end of the text, or after the `=` of NAME=PATH; TRUE where something was
 * added. */
gboolean line_complete_path(LineWidget *line);
/* Puts a text in the place of bytes [start, cursor). */
void line_replace(LineWidget *line, gsize start, const char *text);
/* The column at which line_draw puts a character of the text (from 0). */
int line_place(const LineWidget *line, int columns, guint character);
/* Draws in `columns` columns, scrolled so that the cursor is seen, and places the canvas' cursor.
 */
void line_draw(const LineWidget *line, Canvas *canvas, Rect rect, int x, int y, int columns);

/* Breaks text at blanks into lines of at most `columns` columns; \n breaks too.  What follows two
 * blanks, as in a list of terms and meanings, stays aligned.  Free with g_strfreev. */
GStrv text_wrap(const char *text, int columns);
/* Whether all characters of `pattern` (lower case) occur in `text` in this order, whatever the
 * case; *score is larger the closer they stand together and the earlier.  An empty pattern matches.
 */
gboolean text_fuzzy(const char *pattern, const char *text, int *score);

#endif
