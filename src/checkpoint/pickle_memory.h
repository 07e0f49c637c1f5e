/* pickle_memory.h - what a pickle's values are made of: an arena with a budget, and the memo. */
#ifndef TAUSCOPE_PICKLE_MEMORY_H
#define TAUSCOPE_PICKLE_MEMORY_H

#include "checkpoint/pickle.h"

/* Memory that is freed as a whole.  Small pieces share chunks; a large one can be resized. */
typedef struct {
	guint64 used, most;
	guint8 *free; /* what is left of the newest chunk */
	gsize left;
	GQueue blocks;
} Arena;

/* Zeroed memory; NULL where the budget or the system has no more. */
void *arena_take(Arena *arena, gsize bytes);
/* Room for `bytes` where there was some for `old_bytes`; the contents are kept, what is new is
 * zeroed.  NULL as above, and the old memory stays. */
void *arena_resize(Arena *arena, void *old, gsize old_bytes, gsize bytes);
/* Gives a piece back, which is possible where it is large. */
void arena_release(Arena *arena, void *piece, gsize bytes);
void arena_clear(Arena *arena);

/* Values out of the arena; NULL as above. */
PickleValue *arena_value(Arena *arena, PickleKind kind);
/* An object or a persistent id; NULL where `callee` is. */
PickleValue *arena_object(Arena *arena, PickleKind kind, PickleValue *callee);
/* A copy, ended by a zero byte. */
char *arena_characters(Arena *arena, const void *characters, gsize length);

/* A map from any 64-bit index to a value.  The places of its keys depend on a random number, so a
 * pickle cannot be written to make them collide. */
typedef struct {
	guint64 key;
	PickleValue *value; /* NULL: free */
} MemoSlot;

typedef struct {
	MemoSlot *slots; /* [1 << bits] */
	guint bits;
	gsize count;
	guint64 multiplier; /* odd */
} Memo;

void memo_init(Memo *memo);
PickleValue *memo_find(const Memo *memo, guint64 key);
/* FALSE where there is no memory. */
gboolean memo_set(Memo *memo, Arena *arena, guint64 key, PickleValue *value);
/* Gives its memory back to the arena. */
void memo_release(Memo *memo, Arena *arena);

#endif
