/* load_private.h - what the files of loading share: the members as they will be. */
#ifndef TAUSCOPE_LOAD_PRIVATE_H
#define TAUSCOPE_LOAD_PRIVATE_H

#include "store/load.h"
#include "store/store_private.h"
#include "store/weights.h"

/* One member of the collection that is being made. */
typedef struct {
	char *name, *run; /* the base has no name of its own */
	MemberRole role;
	gint64 step;
	GPtrArray *renames;     /* of char *, or NULL */
	Checkpoint *checkpoint; /* until the collection takes it */
	StoreMember *known;     /* its sources; the rest is filled in at the end */
	gint old;               /* its number in the store, or -1 */
	gboolean opened;        /* its files are opened anew, else as the store has it */
	gboolean suspect;       /* opened anew, but most likely the same: its hash will tell */
	gboolean wants_copy;
	WeightsCopy *copy;
} Arrival;

struct Load {
	Store *store;
	WeightsMode weights;
	guint threads;
	gsize budget;
	GPtrArray *plan;    /* of Arrival; owns them */
	GPtrArray *ordered; /* the same in the order of the collection's members */
	Collection *collection;
	SamplePlan *places; /* NULL: as the store has them */
	Gram *gram;
	Statistics **statistics; /* [members]: of the fresh */
	gboolean *fresh;         /* [members] */
	guint64 bytes, copied;
	guint pending; /* how many of the store's parts were pending before it */
};

Arrival *arrival_at(const Load *load, guint member);
/* What the store has of it, or NULL. */
const StoreMember *arrival_old(const Load *load, guint member);
guint load_members(const Load *load);

/* Which weights are to be copied, and whether there is room; begins the copies. */
gboolean load_copies_begin(Load *load, GError **error);
/* The bytes that will be copied. */
guint64 load_copies_bytes(const Load *load);
/* Any thread. */
gboolean load_copies_run(Load *load, Job *job, GError **error);
/* Any thread: waits until they are on the disk. */
gboolean load_copies_sync(Load *load, GError **error);
/* Puts the copies in the place of what they were taken from. */
gboolean load_copies_place(Load *load, GError **error);

/* Whether its weights are made of an adapter's factors and a base. */
gboolean load_is_adapter(const Checkpoint *checkpoint);

/* The members as the store and the request give them: the base first, then the old ones that stay
 * or are replaced, then the new ones.  NULL with *error set. */
GPtrArray *load_plan(const Store *store, const LoadRequest *request, GError **error);

/* The member as the store has it, its files opened again. */
gboolean arrival_keep(Arrival *arrival, const Store *store, guint member, GError **error);

#endif
