/* overlay.h - what lies over a screen and takes the keys first: dialogs, lists, prompts. */
#ifndef TAUSCOPE_OVERLAY_H
#define TAUSCOPE_OVERLAY_H

#include "view.h"
#include "widget.h"

typedef struct {
	void (*draw)(gpointer state, Ui *ui, Canvas *canvas);
	/* Takes a key; FALSE when the overlay is done and is to be closed.  May open others. */
	gboolean (*key)(gpointer state, Ui *ui, const char *key);
	void (*free)(gpointer state);
	const char *footer; /* pairs "KEY label", separated by two blanks */
} OverlayOps;

typedef struct {
	const OverlayOps *ops;
	gpointer state;
} Overlay;

/* Takes the state. */
void overlay_open(Ui *ui, const OverlayOps *ops, gpointer state);
void overlay_free(Overlay *overlay);
/* Gives a key to the overlay in front. */
void overlay_key(Ui *ui, const char *key);

/* Clears and frames a box in the middle of the canvas; returns its inside. */
Rect overlay_box(Canvas *canvas, int width, int height, const char *title);

/* Moves in a list that stands below a line of text, where letters are typed. */
gboolean overlay_list_key(ListWidget *list, const char *key);

/* A page of text that scrolls. */
void overlay_text(Ui *ui, const char *title, const char *text);
/* Asks for `y`; owns `data`. */
void overlay_confirm(Ui *ui, const char *question, gpointer data, GDestroyNotify free_data,
	void (*yes)(gpointer data, Ui *ui));

/* Every action of all screens, or those of this screen and of everywhere. */
void palette_open(Ui *ui, gboolean help);

#endif
