/* compose_view.h - what the parts of the Compose screen share. */
#ifndef TAUSCOPE_COMPOSE_VIEW_H
#define TAUSCOPE_COMPOSE_VIEW_H

#include "pane.h"

#include "edit/outline.h"
#include "preview/preview.h"

#define COMPOSE_GROUPS "compose-groups" /* the state that says how a preview is cut into groups */

/* How a number of the edit, and the edit with it, goes on over the range of its slider. */
typedef struct ComposeCurve ComposeCurve;

typedef struct ComposeView ComposeView;

/* A preview that is being made off the main thread. */
typedef struct {
	ComposeView *view;
	Composition *of; /* NULL: none is */
	guint steps;     /* of undo when it was asked for */
	GroupBy by;
	gboolean quick; /* without what takes long */
} ComposeAsk;

struct ComposeView {
	Ui *ui;
	Outline *outline;      /* of the composition, as drawn last */
	GArray *seen;          /* of guint: its rows that no fold hides */
	GHashTable *turned;    /* set of fold keys: rows that are folded otherwise than at first */
	ListWidget list;       /* the cursor among the rows that are seen */
	char *path;            /* of the row under the cursor */
	int top;               /* the first line of the list that is seen */
	gboolean in_preview;   /* the right pane has the focus */
	int scroll;            /* its first line */
	Preview *preview;      /* of the composition; NULL: see `error` */
	char *error;           /* why there is no preview */
	gboolean meaning;      /* the edit parses */
	gboolean closed;       /* its preview follows from the Gram tables alone */
	Preview *ghost;        /* as it was before the last change; or NULL */
	Preview *reference;    /* of the session's reference; or NULL */
	Composition *shown;    /* what the preview is of */
	Composition *compared; /* what the reference's preview is of, or will be */
	guint steps;           /* undo steps when the preview was made */
	GroupBy by;            /* how it is cut into groups */
	guint version;         /* of what was loaded then */
	gboolean stale;        /* the session changed since the rows were made */
	gboolean behind;       /* and since the previews were */
	gboolean quick;        /* the next preview is one of a moving slider */
	gboolean late;         /* the preview is of an edit before this one */
	guint resting;         /* the timeout after which the keys rest; 0: none */
	ComposeAsk ask, ask_reference;
	ComposeCurve *curve;  /* of the row under the cursor; or NULL */
	char *file;           /* of the recipe that is about to replace another */
	char *name;           /* of the edit that is about to replace another, or to be dropped */
	const Method *method; /* that waits for one more input */
};

/* Makes the rows that keys act on. */
void compose_refresh_rows(ComposeView *view, Ui *ui);
/* Makes what is missing: rows, and previews as far as a frame may wait for them. */
void compose_refresh(ComposeView *view, Ui *ui);
/* The same with all that a preview can say; FALSE where that is not made yet. */
gboolean compose_refresh_whole(ComposeView *view, Ui *ui);
void compose_refresh_end(ComposeView *view);

/* The rows that are seen are made anew; the cursor stays on its path. */
void compose_rows_refresh(ComposeView *view, const Session *session);
/* The row under the cursor: its number among the outline's, and itself. */
guint compose_place(const ComposeView *view);
const OutlineRow *compose_row(const ComposeView *view);
/* Puts the cursor on the row of a path, once it is there. */
void compose_go(ComposeView *view, const char *path);
/* Takes over a move of the list's cursor. */
void compose_moved(ComposeView *view);
/* Folds or unfolds the row under the cursor. */
void compose_fold(ComposeView *view, const Session *session);

/* Draws the list of rows, the expression and what an export would write. */
void compose_list_draw(ComposeView *view, Ui *ui, Canvas *canvas, Rect rect);
void compose_preview_draw(ComposeView *view, Canvas *canvas, Rect rect);

/* The curve of the row under the cursor in the rows that are free; nothing where these are few. */
void compose_curve_draw(ComposeView *view, Ui *ui, Canvas *canvas, Rect rect);
/* |edit|, and its cosine with a task (NaN where it is 0), with another number under the cursor. */
double compose_curve_norm(const ComposeCurve *curve, double number);
double compose_curve_cosine(const ComposeCurve *curve, guint task, double number);
/* The curve goes; or only lets another preview be made before it. */
void compose_curve_drop(ComposeView *view);
void compose_curve_yield(ComposeView *view);
React compose_curve_toggle(Ui *ui);

/* Changes of the composition, each a step of undo; a sentence where there is nothing to change. */
React compose_change(ComposeView *view, Ui *ui, Composition *next, const GError *error,
	const char *label, const char *merge);
React compose_step(ComposeView *view, Ui *ui, int direction, gboolean far);
React compose_set(ComposeView *view, Ui *ui, double number);
React compose_negate(ComposeView *view, Ui *ui);
React compose_toggle(ComposeView *view, Ui *ui);
React compose_drop(ComposeView *view, Ui *ui);
React compose_duplicate(ComposeView *view, Ui *ui);
React compose_move(ComposeView *view, Ui *ui, int by);
React compose_unwrap(ComposeView *view, Ui *ui);
/* What was typed for the row under the cursor. */
gboolean compose_typed(ComposeView *view, Ui *ui, const char *text, GError **error);

/* What is asked for first. */
React compose_type(ComposeView *view, Ui *ui);
React compose_type_edit(ComposeView *view, Ui *ui);
React compose_pick_word(ComposeView *view, Ui *ui);
React compose_pick_task(ComposeView *view, Ui *ui);
/* One of the tasks, or of the steps of runs behind them. */
void compose_pick_member(ComposeView *view, Ui *ui, const char *title, UiAccept accept);
React compose_pick_input(ComposeView *view, Ui *ui);
React compose_pick_scope(ComposeView *view, Ui *ui);
React compose_pick_method(ComposeView *view, Ui *ui);
React compose_save(ComposeView *view, Ui *ui);
React compose_read(ComposeView *view, Ui *ui);
React compose_keep(ComposeView *view, Ui *ui);
React compose_open_edit(ComposeView *view, Ui *ui);
React compose_drop_edit(ComposeView *view, Ui *ui);
/* Whether the store keeps edits that can be opened. */
gboolean compose_has_edits(Ui *ui);

/* Why an action cannot be done on the row under the cursor; NULL where it can. */
const char *compose_row_why_not(const ComposeView *view, ActionId action);
/* The sentence below the screen; g_free. */
char *compose_sentence(ComposeView *view, Ui *ui);

#endif
