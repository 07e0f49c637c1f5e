/* compose_view.h - what the parts of the Compose screen share. */
#ifndef TAUSCOPE_COMPOSE_VIEW_H
#define TAUSCOPE_COMPOSE_VIEW_H

#include "pane.h"

#include "edit/composition.h"
#include "edit/preview.h"

/* The ends of a slider; beyond them a value is typed. */
#define SLIDER_LOW (-1.0)
#define SLIDER_HIGH 1.5
#define STEP_NEAR 0.05
#define STEP_FAR 0.25

/* Rows of the list: the scale, each term, and one that adds a term. */
#define ROW_SCALE 0
#define ROW_FIRST_TERM 1

typedef struct {
	ListWidget list;
	int top;             /* the first line of the list that is seen */
	gboolean in_preview; /* the right pane has the focus */
	int scroll;          /* its first line */
	Preview *preview;    /* of the composition, by layer; NULL: see `error` */
	char *error;         /* why there is no preview */
	Preview *ghost;      /* as it was before the last change; or NULL */
	Preview *reference;  /* of the session's reference; or NULL */
	Composition *shown;  /* what the preview is of */
	guint steps;         /* undo steps when it was made */
	gboolean stale;      /* the session changed since */
	char *path;          /* of the recipe that is about to replace a file */
} ComposeView;

/* The term under the cursor, or -1. */
int compose_term(const ComposeView *view, const Composition *composition);
/* What a term is called on the screen: its body, a quoted name without its quotes.  g_free. */
char *term_name(const Term *term);
/* A coefficient in two digits where these say all of it: "0.40", "0.333".  g_free. */
char *coefficient_text(double value);

/* Draws the list of terms, the expression and what an export would write. */
void compose_list_draw(ComposeView *view, Ui *ui, Canvas *canvas, Rect rect);
void compose_preview_draw(ComposeView *view, const Session *session, Canvas *canvas, Rect rect);

/* Changes of the composition, each a step of undo; REACT_NONE where there is nothing to change. */
React compose_step(ComposeView *view, Ui *ui, double by);
React compose_set(ComposeView *view, Ui *ui, double value);
React compose_negate(ComposeView *view, Ui *ui);
React compose_toggle(ComposeView *view, Ui *ui);
React compose_drop(ComposeView *view, Ui *ui);
React compose_move(ComposeView *view, Ui *ui, int by);

/* What is asked for first. */
React compose_type(ComposeView *view, Ui *ui);
React compose_pick_task(ComposeView *view, Ui *ui);
React compose_pick_scope(ComposeView *view, Ui *ui);
React compose_save(ComposeView *view, Ui *ui);
React compose_read(ComposeView *view, Ui *ui);

#endif
