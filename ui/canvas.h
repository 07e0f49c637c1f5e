/* canvas.h - a grid of cells with roles, that every screen draws on; it knows no terminal.
 *
 * A screen is a pure function of state onto a canvas, so it can be tested as text and written as a
 * picture.  Everything put on it is clipped to the rectangle given, measured in columns. */
#ifndef TAUSCOPE_CANVAS_H
#define TAUSCOPE_CANVAS_H

#include <glib.h>

#define HEAT_LEVELS 11 /* levels of the diverging ramp: 0 is −1, 5 is 0, 10 is +1 */
#define SERIES_COUNT 6

/* What a cell means; a theme says how it looks. */
typedef enum {
	ROLE_NORMAL,
	ROLE_DIM,      /* not available, secondary */
	ROLE_TITLE,    /* the name of the screen that is open */
	ROLE_HEADING,  /* of a table or pane */
	ROLE_RULE,     /* lines between panes */
	ROLE_SELECTED, /* the cursor's row or cell */
	ROLE_MARKED,
	ROLE_KEY, /* a key in the footer */
	ROLE_WARNING,
	ROLE_ERROR,
	ROLE_GOOD,
	ROLE_BAR,
	ROLE_GHOST,                             /* a previous value beside the present one */
	ROLE_INPUT,                             /* a field that takes text */
	ROLE_OVERLAY,                           /* a dialog's ground */
	ROLE_SERIES,                            /* … ROLE_SERIES + SERIES_COUNT - 1 */
	ROLE_HEAT = ROLE_SERIES + SERIES_COUNT, /* … ROLE_HEAT + HEAT_LEVELS - 1 */
	ROLE_COUNT = ROLE_HEAT + HEAT_LEVELS
} Role;

typedef struct {
	gunichar character; /* 0: the right half of a wide character */
	guint8 role;
} Cell;

typedef struct {
	int x, y, width, height;
} Rect;

typedef struct {
	int width, height;
	Cell *cells;
	gboolean ascii;         /* write ASCII twins for all glyphs */
	int cursor_x, cursor_y; /* where a terminal's cursor goes; -1: hidden */
} Canvas;

Canvas *canvas_new(int width, int height, gboolean ascii);
void canvas_free(Canvas *canvas);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Canvas, canvas_free)
/* Blanks all. */
void canvas_clear(Canvas *canvas);
Rect canvas_rect(const Canvas *canvas);

/* Writes UTF-8 text from (x, y) of the rectangle, clipped to it; returns the columns used.  Control
 * characters and invalid bytes are shown as `?`. */
int canvas_text(Canvas *canvas, Rect rect, int x, int y, Role role, const char *text);
int canvas_printf(Canvas *canvas, Rect rect, int x, int y, Role role, const char *format, ...)
	G_GNUC_PRINTF(6, 7);
/* The same, ending at column x (exclusive). */
int canvas_text_right(Canvas *canvas, Rect rect, int x, int y, Role role, const char *text);
/* In exactly `columns` columns: padded, or shortened with `…`. */
void canvas_field(
	Canvas *canvas, Rect rect, int x, int y, int columns, Role role, const char *text);
void canvas_fill(Canvas *canvas, Rect rect, Role role, gunichar character);
/* Changes the role of what is there. */
void canvas_paint(Canvas *canvas, Rect rect, Role role);
void canvas_horizontal(Canvas *canvas, Rect rect, int y);
void canvas_vertical(Canvas *canvas, Rect rect, int x);
void canvas_box(Canvas *canvas, Rect rect, const char *title);

/* Columns of a text. */
int canvas_columns(const char *text);
/* A number as screens show it: with the minus sign that is as wide as the plus.  g_free. */
char *canvas_minus(const char *number);

/* Rows as UTF-8 lines, trailing blanks cut; and the roles of rows [first, last], counted from 0, a
 * letter for each cell in the order of Role: `.dTh-smkwegboiv`, `UVWXYZ` for the series, `0`-`A`
 * for the ramp; trailing `.` cut.  Free with g_free. */
char *canvas_to_text(const Canvas *canvas);
char *canvas_to_roles(const Canvas *canvas, int first, int last);

/* Splits. */
Rect rect_left(Rect rect, int width);
Rect rect_right_of(Rect rect, int width); /* what is left when `width` columns go to the left */
Rect rect_rows(Rect rect, int y, int height);

#endif
