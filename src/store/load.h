/* load.h - bring checkpoints into a store: open, line up, pass, copy, commit. */
#ifndef TAUSCOPE_LOAD_H
#define TAUSCOPE_LOAD_H

#include "store/store.h"

#define WEIGHTS_COPY_MOST (1u << 30)

typedef enum { WEIGHTS_AUTOMATIC, WEIGHTS_COPY, WEIGHTS_LINK } WeightsMode;

typedef struct {
	char *name, *path;
	gboolean run; /* a directory of checkpoint-N */
} LoadItem;

typedef struct {
	char *base;         /* path, or NULL to keep the store's */
	GPtrArray *items;   /* of LoadItem: tasks and runs to add, or to replace by name */
	GPtrArray *renames; /* of char *: REGEX=TEXT, for the names of the items' tensors */
	GPtrArray *drop;    /* of char *: members or runs to remove */
	WeightsMode weights;
	guint threads;
	gsize budget;
} LoadRequest;

LoadRequest *load_request_new(void);
void load_request_add(LoadRequest *request, const char *name, const char *path, gboolean run);
void load_request_free(LoadRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LoadRequest, load_request_free)

typedef struct Load Load;

/* Main thread, headers alone: opens what is asked for, refreshes members whose sources changed, and
 * lines all up.  Without items it only refreshes.  Borrows the store until load_free; nothing in
 * it changes before load_finish. */
Load *load_begin(Store *store, const LoadRequest *request, GError **error);
/* Bytes that the pass will read, or has read: of what is new, and of the others the tensors that it
 * has too; 0 where everything is known already. */
guint64 load_bytes(const Load *load);
/* Bytes that were copied into the store, which are read once more for that; known after the run. */
guint64 load_bytes_copied(const Load *load);
/* Any thread: the pass over what is new, and the copies. */
gboolean load_run(Load *load, Job *job, GError **error);
/* Main thread: puts the results into the store and commits it. */
gboolean load_finish(Load *load, GError **error);
void load_free(Load *load);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Load, load_free)
/* What was done, for people: "7 checkpoints, 1.6 MB read, weights copied".  Free with g_free. */
char *load_summary(const Load *load);

/* All of it, in a job, with progress on stderr. */
gboolean load_all(Store *store, const LoadRequest *request, char **summary, GError **error);

#endif
