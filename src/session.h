/* session.h - what is open, marked, computed and composed; undo; knows no screen.
 *
 * The main thread owns it.  Screens and verbs ask it for analyses, which come from the Gram tables
 * at once; what needs the weights it starts as a job. */
#ifndef TAUSCOPE_SESSION_H
#define TAUSCOPE_SESSION_H

#include "core/job.h"
#include "edit/composition.h"
#include "preview/preview.h"
#include "export/model.h"
#include "store/load.h"

typedef struct Session Session;

/* Called on the main thread whenever something that a screen may show has changed. */
typedef void (*SessionChanged)(gpointer data);

/* Opens a store, or begins an empty one at a path that does not exist.  `threads` 0: all. */
Session *session_open(const char *path, guint threads, GError **error);
void session_free(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)
void session_on_change(Session *session, SessionChanged changed, gpointer data);

const char *session_path(const Session *session);
/* Borrowed; the collection is NULL while nothing is loaded. */
const Store *session_store(const Session *session);
const Collection *session_collection(const Session *session);
const Gram *session_gram(const Session *session);
/* Whether the Gram tables are complete, so that analyses may be asked for. */
gboolean session_ready(const Session *session);

/* Marks: which tasks the screens speak of; all are marked at first. */
gboolean session_is_marked(const Session *session, guint member);
void session_mark(Session *session, guint member, gboolean marked);
void session_invert_marks(Session *session);
/* Numbers of the marked tasks, or of all where none is marked; free with g_array_unref. */
GArray *session_marked(const Session *session);

/* State that outlives the program: a cursor, a measure, a scope. */
const char *session_get(const Session *session, const char *key); /* NULL where unset */
void session_set(Session *session, const char *key, const char *value);

/* The composition, and its undo.  Every change goes through session_compose: `label` names it in
 * the undo list ("λ mnist 0.35 → 0.40"); changes in a row with the same non-NULL `merge` are one
 * step. */
const Composition *session_composition(const Session *session);
void session_compose(
	Session *session, const Composition *next, const char *label, const char *merge);
/* FALSE where there is nothing; label owned. */
gboolean session_undo(Session *session, char **label);
gboolean session_redo(Session *session, char **label);
guint session_undo_steps(const Session *session);
guint session_redo_steps(const Session *session);
/* The reference to compare with (b; NULL until one is set), and exchange with it (x). */
const Composition *session_reference(const Session *session);
void session_set_reference(Session *session);
void session_swap_reference(Session *session);

/* The composition's preview, exact where it was measured; NULL with *error set where it does not
 * parse or nothing is on. */
Preview *session_preview(
	const Session *session, const Composition *composition, GroupBy by, GError **error);
/* The same without what takes long to find: conflict and moves are NaN unless they are known.  For
 * while a slider moves. */
Preview *session_preview_quick(
	const Session *session, const Composition *composition, GroupBy by, GError **error);
/* How often what is loaded has changed. */
guint session_version(const Session *session);

/* Previews that may take long are made off the main thread, one after another, in the order that
 * they are asked for.  `made` is called on the main thread, by its loop or by
 * session_wait_previews: it takes the preview, or gets NULL and why.  It is not called once the
 * data's previews are dropped, or something is loaded. */
typedef void (*PreviewMade)(gpointer data, Preview *preview, const GError *error);
void session_ask_preview(Session *session, const Composition *composition, GroupBy by,
	gboolean quick, PreviewMade made, gpointer data);
void session_drop_asked(Session *session, gconstpointer data);
/* Whether any is still to come. */
gboolean session_asked(const Session *session, gconstpointer data);
/* Waits until all of them are made, but no longer than some microseconds. */
void session_wait_previews(Session *session, gint64 microseconds);

/* Starts a job that measures an edit over the weights; session_preview of the same text is exact
 * once it is done.  The last few measures are kept. */
gboolean session_measure(Session *session, const char *expression, GError **error);

/* Edits that are kept in the store under a name. */
void session_keep_edit(Session *session, const char *name);
gboolean session_open_edit(Session *session, const char *name, GError **error);
void session_drop_edit(Session *session, const char *name);

/* What is to be written, as a person chooses it.  All that is 0 or NULL is as the base has it, and
 * as the paper does it. */
typedef struct {
	const char *expression;
	double scale;
	ExpressionDefaults defaults;
	ModelPart part;
	const char *dtype; /* "BF16"; NULL: as the base */
	gboolean infinite;
} EditChoice;

/* The recipe of an edit with the inputs that take part. */
Recipe *session_recipe(const Session *session, const EditChoice *choice, GError **error);

/* Whether the weights of the base and of all that takes part can be read as they were analysed:
 * bytes that are not those are never written. */
gboolean session_check_weights(const Session *session, const Node *edit, GError **error);
/* Whether a path may be written to: not the store, nor what it was loaded from. */
gboolean session_check_output(const Session *session, const char *path, GError **error);

/* Jobs.  The list is the session's, newest first, until cleared. */
const GPtrArray *session_jobs(const Session *session); /* of Job */
guint session_running(const Session *session);         /* queued and running */
gboolean session_load(Session *session, const LoadRequest *request, GError **error);
/* Starts writing an edit; checks what can be checked at once. */
gboolean session_export(Session *session, const EditChoice *choice, const char *output,
	gboolean replace, gboolean write_recipe, GError **error);
/* Starts writing a text that takes long to print; `print` is called on another thread, and what it
 * returns is freed with g_free.  Takes the data. */
typedef char *(*SessionPrint)(gpointer data);
void session_write_text(Session *session, const char *path, gboolean replace, SessionPrint print,
	gpointer data, GDestroyNotify free_data);
void session_clear_jobs(Session *session); /* the finished ones */
/* Cancels what runs, and waits for its end. */
void session_stop_jobs(Session *session);
/* The last message of a finished job, for the message line; NULL where none; taken (g_free). */
char *session_take_message(Session *session);

/* Writes marks, state, edits and the composition into the store.  No job may run: one may open an
 * HDF5 file, for which no other thread may be within libhdf5.  Previews that were asked for are
 * dropped. */
gboolean session_save(Session *session, GError **error);

#endif
