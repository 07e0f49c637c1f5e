/* demo.h - the shipped checkpoints, loaded into a store of their own. */
#ifndef TAUSCOPE_DEMO_H
#define TAUSCOPE_DEMO_H

#include <glib.h>

/* Where the program keeps what outlives it: $XDG_STATE_HOME/tauscope/NAME; free with g_free. */
char *state_path(const char *name);

/* Makes or refreshes the demo's store; returns its path (g_free), or NULL with *error set. */
char *demo_store(guint threads, GError **error);
/* Prints what the workbench would show of a store: each analysis, and one edit. */
gboolean demo_report(const char *path, GError **error);

#endif
