/* frame.h - the inside of the program around the views, for the files that make it up. */
#ifndef TAUSCOPE_FRAME_H
#define TAUSCOPE_FRAME_H

#include "app.h"
#include "overlay.h"
#include "widget.h"

struct Ui {
	Session *session;
	gboolean frozen, quit, suspend, repaint;
	ScreenId screen;
	gpointer views[SCREEN_COUNT];     /* made at the first visit */
	LineWidget *filter[SCREEN_COUNT]; /* made when first typed */
	char *folded[SCREEN_COUNT];       /* the filter in lower case; "" for none */
	gboolean filtering;
	Keymap *keymap;
	GPtrArray *overlays; /* of Overlay, the one in front last */
	GPtrArray *history;  /* of char *: what was typed into prompts, oldest first */
	char *message;
	gboolean failed; /* the message is an error */
	gboolean stale;  /* something else than a key changed since the screen was drawn */
	gboolean acting; /* on a key */
	char *clipboard, *layer;
	guint theme, colours;
	gint64 interrupted; /* when C-c was pressed last, in microseconds; 0: not yet */
	int width, height;  /* of the last frame */
	gboolean ascii;
	void (*dirty)(gpointer data);
	gpointer dirty_data;
};

/* The screen that is open. */
const ViewOps *ui_view(const Ui *ui);
gpointer ui_view_state(const Ui *ui);
/* Does an action, on its own screen, or says why it cannot be done. */
void ui_act(Ui *ui, ActionId action);
/* Why an action cannot be done now; NULL where it can. */
const char *ui_why_not(Ui *ui, ActionId action);
/* The newest job that runs, else one that waits; NULL where there is none. */
Job *ui_front_job(const Ui *ui);

/* The actions that belong to no screen: with `fallback`, those that a screen may do in its own way.
 * FALSE where it is none of them. */
gboolean everywhere_act(Ui *ui, ActionId action, gboolean fallback);
/* Whether an action is the frame's alone, so that no screen has a say in it. */
gboolean everywhere_owns(ActionId action);
const char *everywhere_why_not(Ui *ui, ActionId action);
/* A key while the filter is being typed. */
void everywhere_filter_key(Ui *ui, const char *key);

/* Draws everything but the overlays. */
void frame_draw(Ui *ui, Canvas *canvas);
/* The screen that is open as it was drawn last, without overlays. */
Canvas *frame_picture(Ui *ui);

/* Writes a text file, never over the store that is open, and says so. */
gboolean ui_write_text(
	Ui *ui, const char *path, const char *text, gboolean replace, GError **error);
/* The same of one that takes long to print, as a job; takes the data. */
gboolean ui_write_long(Ui *ui, const char *path, gboolean replace, SessionPrint print,
	gpointer data, GDestroyNotify free_data, GError **error);
/* A table from so many cells on takes long to print. */
#define LONG_CELLS 6000
char *ui_print_csv(gpointer table);
/* Where what is too long for a terminal's clipboard goes; g_free. */
char *ui_copied_path(void);

#endif
