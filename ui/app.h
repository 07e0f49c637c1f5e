/* app.h - the workbench: six screens, overlays, the frame around them; it knows no terminal.
 *
 * A face feeds keys in and takes canvases out: a terminal (term.c), a script (script.c). */
#ifndef TAUSCOPE_APP_H
#define TAUSCOPE_APP_H

#include "view.h"

/* Takes the session.  `frozen`: no clocks, rates or spinners. */
Ui *app_new(Session *session, gboolean frozen);
void app_free(Ui *ui);

/* A key as actions.h writes it; text for a prompt comes the same way, a character a key. */
void app_key(Ui *ui, const char *key);
/* Draws the whole frame. */
void app_draw(Ui *ui, Canvas *canvas);
gboolean app_quit(const Ui *ui);
/* Whether something moves by itself, so that the frame should be drawn again in 50 ms. */
gboolean app_is_live(const Ui *ui);
/* What the face must do besides drawing, taken once each. */
gboolean app_take_suspend(Ui *ui);
gboolean app_take_repaint(Ui *ui);
char *app_take_clipboard(Ui *ui); /* text to copy; g_free; NULL where none */
guint app_theme(const Ui *ui);
/* How many colours the face can show; picks the theme. */
void app_set_colours(Ui *ui, guint colours);

/* Called after any change that may need a new frame. */
void app_on_dirty(Ui *ui, void (*dirty)(gpointer data), gpointer data);

#define APP_WIDTH_LEAST 80
#define APP_HEIGHT_LEAST 24

#endif
