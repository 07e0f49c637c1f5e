/* data.h - the generated checkpoints that a bench needs, made when they are asked for. */
#ifndef TAUSCOPE_BENCH_DATA_H
#define TAUSCOPE_BENCH_DATA_H

#include "measure.h"

typedef struct {
	const char *type;
	guint64 megabytes; /* of each checkpoint; at least 1 is made */
	guint tasks;
	guint layers; /* 0: 4 */
	gboolean head, run;
} DataWanted;

typedef struct {
	char *folder;
	GPtrArray *paths; /* of char *: the base and the tasks; of a run, the base and its folder */
	guint64 bytes;    /* of all, about */
} Data;

/* Keeps what was made last, in a folder, up to a number of bytes (0: all of it). */
typedef struct {
	const char *folder, *generate; /* the folder; the program */
	guint64 room;
	GQueue *sets; /* of Data, the last used first */
} DataKeeper;

void data_begin(DataKeeper *keeper, const char *folder, const char *generate, guint64 room);
void data_clear(DataKeeper *keeper);
/* What is wanted, made where it is not there; owned by the keeper, until the next is asked for. */
const Data *data_get(DataKeeper *keeper, const DataWanted *wanted, GError **error);

#endif
