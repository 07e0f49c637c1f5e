/* theme.h - how roles look: one table of colours for each kind of terminal. */
#ifndef TAUSCOPE_THEME_H
#define TAUSCOPE_THEME_H

#include "canvas.h"

typedef enum {
	STYLE_BOLD = 1,
	STYLE_REVERSE = 2,
	STYLE_UNDERLINE = 4,
	STYLE_DIM = 8,
} StyleFlags;

/* Colours are indices into the xterm-256 cube (or the first 8); -1 is the terminal's own. */
typedef struct {
	gint16 foreground, background;
	guint8 flags;
} Style;

typedef struct {
	const char *name; /* "light", "dark", "eight", "plain" */
	guint colours;    /* that it needs: 256, 8, 0 */
} Theme;

guint theme_count(void);
const Theme *theme_get(guint theme);
/* The best for a terminal of this many colours; dark unless told by COLORFGBG. */
guint theme_for(guint colours);
/* The next that this terminal can show. */
guint theme_next(guint theme, guint colours);
Style theme_style(guint theme, Role role);
/* 24-bit RGB of an index of the xterm-256 cube, for pictures. */
guint32 theme_rgb(gint16 index);

#endif
