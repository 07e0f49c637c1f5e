/* store_private.h - what the files of this room share. */
#ifndef TAUSCOPE_STORE_PRIVATE_H
#define TAUSCOPE_STORE_PRIVATE_H

#include "store/sealed.h"
#include "store/store.h"

extern const SealKind store_kind, rows_kind;

#define HASH_LENGTH 32

/* 32 lower-case hex digits, so that it may stand in a file's name. */
gboolean hash_is_text(const char *text);

StoreMember *store_member_new(void);
void store_member_free(StoreMember *member);
StoreMember *store_member_at(const Store *store, guint member);

GPtrArray *store_sources_new(void); /* of StoreSource */
/* A source as it is now; fails where it cannot be read. */
StoreSource *store_source_new(const File *file, GError **error);
/* A source as it was recorded. */
StoreSource *store_source_recorded(const char *path, const Fingerprint *fingerprint);
StoreSource *store_source_copy(const StoreSource *source);
/* Looks at the file now and sets the state; returns it open, or NULL where it is missing. */
File *store_source_look(StoreSource *source);
/* The same without the file. */
void store_source_update(StoreSource *source);
SourceState store_sources_state(const GPtrArray *sources);

/* Replaces what is known of a collection: takes all four; `members` is in its order. */
void store_set_collection(
	Store *store, Collection *collection, GPtrArray *members, Gram *gram, SamplePlan *plan);

/* Makes NAME.d where it is not there. */
gboolean store_make_folder(Store *store, GError **error);

GPtrArray *store_pending_new(void);
/* Before a part or NAME.d is made: enters it, unless something is there already. */
void store_pending_add(Store *store, const char *path);
/* From here on a fatal signal leaves them. */
void store_pending_hold(Store *store);
/* They are the store's now. */
void store_pending_keep(Store *store);
/* Removes those from number `first` on, where the lock is held and NAME.h5 is as it was read. */
void store_pending_drop(Store *store, guint first);
/* NAME.d/KIND-HASH.h5, or with `relative` as seen from NAME.h5; free with g_free. */
char *store_part(const Store *store, const char *kind, const char *hash, gboolean relative);

/* The hash that names a member's part of a kind ("rows", "weights"), or NULL; borrowed. */
const char *store_member_part(const Store *store, guint member, const char *kind);

/* Records what NAME.h5 is now, so that a later writer is noticed. */
void store_look(Store *store);
gboolean store_is_as_read(const Store *store);

/* The hash of a member's contents over the base's tensors: their names, types, shapes and the
 * pass's hash of their bytes.  Free with g_free. */
char *member_content_hash(const Collection *collection, guint member, const guint64 *hash);

/* The hash of which of its tensors a member shares with the base, and how much of each.  Free with
 * g_free. */
char *member_alignment(const Collection *collection, guint member);
/* Whether only tensors of equal names and shapes are paired, as stores without that hash had it. */
gboolean member_is_aligned_plainly(const Collection *collection, guint member);
/* The member's rename rules, as an attribute of its group. */
gboolean member_write_renames(const Member *member, Hid group, GError **error);
gboolean member_read_renames(Hid group, GPtrArray **renames, GError **error);

/* Writes a member's row of the Gram tables and its statistics, and sets its `rows`; the folder is
 * the caller's to sync. */
gboolean rows_write(Store *store, guint member, GError **error);
/* Fills the Gram tables and statistics from the members' rows files, and sets who is known.  A file
 * that is missing or broken leaves its member unknown. */
void rows_read(Store *store);
/* Whether a member's rows file is there and whole. */
gboolean rows_check(const Store *store, guint member, GError **error);

#endif
