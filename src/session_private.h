/* session_private.h - what the files of the session share. */
#ifndef TAUSCOPE_SESSION_PRIVATE_H
#define TAUSCOPE_SESSION_PRIVATE_H

#include "session.h"

/* A composition to go back to, and the change that would be undone. */
typedef struct {
	Composition *composition;
	char *label;
	char *merge; /* or NULL */
} Change;

struct Session {
	Store *store;
	guint threads;
	SessionChanged changed;
	gpointer changed_data;
	GHashTable *unmarked; /* set of names */
	Composition *composition, *reference;
	GPtrArray *undo, *redo; /* of Change, the nearest last */
	GPtrArray *jobs;        /* of Job, newest first */
	GQueue *waiting;        /* of Job, borrowed: exports that have not been started */
	gboolean loading;
	struct Previews *previews; /* session_preview.c */
	guint version;             /* of what is loaded */
	char *message;
	char *saved; /* what the store has of the state; see session_state_summary */
};

void change_free(gpointer change);

/* Tells whoever shows the session. */
void session_tell(Session *session);
/* Takes the text. */
void session_say(Session *session, char *message);

/* That a checkpoint is loaded. */
gboolean session_check_loaded(const Session *session, GError **error);

/* Takes the job, which starts once no other runs; a job says that it is over with
 * session_end_job. */
void session_add_job(Session *session, Job *job);
void session_end_job(Session *session);
/* "WHAT failed: why", or that it was cancelled. */
void session_say_failure(Session *session, const char *what, const GError *error);

/* What is kept for previews; it is dropped where the collection changes. */
struct Previews *previews_new(void);
void previews_free(struct Previews *previews);
/* Waits for the one that is being made; nobody wants what was asked for any more. */
void previews_stop(struct Previews *previews);
/* Takes the measure of an edit, by its canonical text. */
void previews_keep_measure(Session *session, const char *text, Measure *measure);
/* Parses an edit whose base and tasks are all known. */
Node *previews_parse(const Session *session, const char *text, GError **error);
void session_drop_previews(Session *session);

/* Marks and compositions out of the store's state. */
void session_state_take(Session *session);
/* All that a save would write, as one text; g_free. */
char *session_state_summary(const Session *session);

#endif
