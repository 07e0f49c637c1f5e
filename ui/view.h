/* view.h - a screen: one row of operations; what it may ask of the program around it.
 *
 * A view changes state and says what must follow; it draws when asked, everything, from state. */
#ifndef TAUSCOPE_VIEW_H
#define TAUSCOPE_VIEW_H

#include "actions.h"
#include "canvas.h"
#include "export/report.h"
#include "session.h"

/* What must follow an action. */
typedef enum {
	REACT_NONE = 0, /* the action means nothing here: the program may use it */
	REACT_DONE = 1, /* handled; draw again */
} React;

/* The program around a view (app.c); passed to every operation. */
typedef struct Ui Ui;

typedef struct {
	ScreenId screen;
	const char *help;       /* one line: what this screen is for */
	const char *explain;    /* the definitions behind its numbers, lines separated by \n */
	const ActionId *footer; /* what the footer shows first, ends with ACTION_NONE */
	/* What the footer calls an action that does something of its own here; NULL: its name.
	 * May be NULL. */
	const char *(*label)(ActionId action);
	gpointer (*open)(Ui *ui);
	void (*close)(gpointer view);
	/* Draws all of `rect` (rows 3 to height-2 of the terminal). */
	void (*draw)(gpointer view, Ui *ui, Canvas *canvas, Rect rect);
	React (*act)(gpointer view, Ui *ui, ActionId action);
	/* NULL where an action is available now, else a short reason why it is not; may be NULL. */
	const char *(*why_not)(gpointer view, Ui *ui, ActionId action);
	/* The computed sentence for the message line; g_free; may return NULL. */
	char *(*sentence)(gpointer view, Ui *ui);
	/* The table under the eyes as JSON and as a table, for copy and export; may be NULL. */
	cJSON *(*json)(gpointer view, Ui *ui);
	Table *(*table)(gpointer view, Ui *ui);
	/* The batch command that prints these, without its output format; g_free.  NULL, and may
	 * return NULL, where no command prints the same. */
	char *(*batch)(gpointer view, Ui *ui);
	/* The cell under the cursor as text, for copy; g_free; may be NULL. */
	char *(*cell)(gpointer view, Ui *ui);
	/* The session changed: drop what was computed from it. */
	void (*invalidate)(gpointer view, Ui *ui);
} ViewOps;

extern const ViewOps checkpoints_view, similarity_view, layers_view, trajectory_view, compose_view,
	jobs_view;

Session *ui_session(Ui *ui);
/* The filter typed with `/`, lower case, or "" where there is none: a view narrows its list by it
 * with ui_filter_matches (fuzzy: the letters in order). */
const char *ui_filter(Ui *ui);
gboolean ui_filter_matches(Ui *ui, const char *text);
/* A line for the message row, until the next key. */
void ui_message(Ui *ui, const char *format, ...) G_GNUC_PRINTF(2, 3);
void ui_error(Ui *ui, const GError *error);
void ui_go(Ui *ui, ScreenId screen);
/* Asks for a line of text; `accept` is called with it on Enter, with the view.  It returns FALSE
 * with *error set to keep the prompt open and show why. */
typedef gboolean (*UiAccept)(gpointer view, Ui *ui, const char *text, GError **error);
void ui_prompt(Ui *ui, const char *label, const char *initial, gboolean paths, gpointer view,
	UiAccept accept);
/* The same, where Tab calls `complete`: what may replace bytes [*start, cursor) of the text; ends
 * with NULL, g_strfreev. */
typedef char **(*UiComplete)(gpointer view, Ui *ui, const char *text, gsize cursor, gsize *start);
void ui_prompt_completing(Ui *ui, const char *label, const char *initial, UiComplete complete,
	gpointer view, UiAccept accept);
/* Asks with another key than the one that started it: `y` does it. */
void ui_confirm(Ui *ui, const char *question, gpointer view, void (*yes)(gpointer view, Ui *ui));
/* Chooses one of a list, narrowed by typing.  What stands behind a tab is said of an item, and not
 * handed over. */
void ui_pick(Ui *ui, const char *title, const char *const *items, guint n, gpointer view,
	UiAccept accept);
/* The same, where what is typed may be chosen too. */
void ui_pick_or_type(Ui *ui, const char *title, const char *const *items, guint n, gpointer view,
	UiAccept accept);
/* Opens the export dialog over the screen. */
void ui_export(Ui *ui);
/* Copies to the terminal's clipboard (OSC 52), or to a file whose path is shown. */
void ui_copy(Ui *ui, const char *text);
/* Asks for a new frame: what is shown has changed by itself. */
void ui_dirty(Ui *ui);
/* Whether clocks, rates and spinners are frozen, for scripts. */
gboolean ui_frozen(Ui *ui);
/* Shared between screens: the layer that is looked at, or NULL for all. */
const char *ui_layer(Ui *ui);
void ui_set_layer(Ui *ui, const char *layer);

#endif
