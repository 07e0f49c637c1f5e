/* store.h - the HDF5 file that holds all that is known (design.md 5, formats.md 4).
 *
 * NAME.h5 is small and is the truth: read whole into memory, closed, and rewritten whole at each
 * commit.  What is big and never changes once written lies in NAME.d/, in HDF5 files named by a
 * hash of what they are made of, reached by external links.  HDF5 is called from the main thread
 * alone. */
#ifndef TAUSCOPE_STORE_H
#define TAUSCOPE_STORE_H

#include "analysis/pass.h"

typedef enum {
	SOURCE_OK,      /* size, times and inode as recorded */
	SOURCE_TOUCHED, /* times differ, sampled content the same */
	SOURCE_CHANGED, /* content differs: its results are stale */
	SOURCE_MISSING,
} SourceState;

/* A file that a member was read from. */
typedef struct {
	char *path;
	Fingerprint fingerprint; /* when it was read */
	SourceState state;       /* now */
} StoreSource;

/* What the store knows of one member beyond the collection. */
typedef struct {
	GPtrArray *sources; /* of StoreSource */
	char *hash;         /* of its contents: 32 hex digits; NULL until the pass has read it */
	gboolean copied;    /* its weights lie in NAME.d */
	char *weights;      /* the hash that names their file there; NULL where linked */
	char *rows;         /* the hash that names its rows file; NULL until committed */
	Statistics *statistics; /* NULL until known */
	gboolean known;         /* its row of the Gram tables is valid */
	GError *unread;         /* why its rows file cannot be used, or NULL */
} StoreMember;

typedef struct {
	char *name, *expression;
	double scale;
} StoreEdit;

typedef struct {
	char *path;             /* NAME.h5, no link to it */
	Collection *collection; /* NULL where nothing is loaded yet */
	GPtrArray *members;     /* of StoreMember, in step with the collection's members */
	SamplePlan *plan;
	Gram *gram;
	GPtrArray *edits;    /* of StoreEdit */
	GHashTable *state;   /* key → text: marks, screens, the composition */
	int lock;            /* fd of the lock, or -1 */
	int lock_slot;       /* in the register of temporaries, or -1 */
	GPtrArray *pending;  /* what was made for it and is not named by NAME.h5 yet */
	Fingerprint as_read; /* of NAME.h5 when it was read or committed; size 0: not yet */
} Store;

/* Adds an edit to those that the store keeps, or replaces the one of its name. */
void store_add_edit(Store *store, const char *name, const char *expression, double scale);
void store_drop_edit(Store *store, const char *name);

/* An empty store that is to be committed to `path`, or where that leads as a link; nothing is
 * written yet. */
Store *store_new(const char *path);
/* Reads a store whole: no pass over weights; sources are looked at with stat(2), and sampled where
 * that differs.  Missing sources are tolerated.  NULL with *error set. */
Store *store_open(const char *path, GError **error);
void store_free(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

/* Takes the store for writing until it is unlocked or freed; fails with a clear sentence where
 * another process has it (and names that process), or has written it since it was read here. */
gboolean store_lock(Store *store, GError **error);
void store_unlock(Store *store);

/* Writes results first, NAME.h5 last, each whole and renamed into place; locks where that has not
 * been done.  A crash at any instant leaves the old or the new store. */
gboolean store_commit(Store *store, GError **error);

/* How a member stands: the worst state of its sources. */
SourceState store_member_state(const Store *store, guint member);
const char *source_state_name(SourceState state);
/* "base", "task", "step". */
const char *member_role_name(MemberRole role);
/* Whether a member's row is known: FALSE with a sentence where its file cannot be read, its source
 * has changed or it was never computed. */
gboolean store_member_known(const Store *store, guint member, GError **error);
/* Whether every member's row is known. */
gboolean store_is_complete(const Store *store);
/* What is known of each member's elements: GPtrArray of Statistics, borrowed, NULL where that is
 * nothing. */
GPtrArray *store_statistics(const Store *store);
/* Looks whether a member's weights can be read as they were analysed: FALSE with a sentence where
 * they are linked and their file changed or is missing, or where the copy is gone. */
gboolean store_member_usable(const Store *store, guint member, GError **error);
/* Adds a sentence (char *) for each member, the base too, whose weights were quantised. */
void store_add_quantised(const Store *store, GPtrArray *notices);
/* Adds a sentence for the base and each task that has elements which are not finite in a tensor of
 * the pattern (NULL: of everything) that all tasks share. */
void store_add_nonfinite(const Store *store, const char *pattern, GPtrArray *notices);
/* Adds sentences for the base and each of the members (of guint): that its weights were quantised,
 * and that they are read from the store's copy though their source has changed or is missing. */
void store_add_notices(const Store *store, const GArray *members, GPtrArray *notices);
/* What no export may replace: NAME.h5, its parts, and the files that its members were read from,
 * also where their weights were copied.  GPtrArray of char *, owned. */
GPtrArray *store_kept_paths(const Store *store);
/* Whether a path holds a store, by its first bytes. */
gboolean store_is(const char *path);

/* Checks what a commit promised: results there and whole, contents of sources (or copies) equal to
 * their hashes.  Adds sentences to `problems`; TRUE where there is none. */
gboolean store_verify(Store *store, GPtrArray *problems, Job *job, GError **error);

/* The folder NAME.d; free with g_free. */
char *store_folder(const Store *store);

#endif
