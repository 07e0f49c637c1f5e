/* pickle_memory.c - an arena with a budget, the values in it, and the memo of a pickle.
 *
 * Whatever a pickle says, it is given memory in proportion to its length, and all of it goes at
 * once. */
#include "checkpoint/pickle_memory.h"

#include "core/rng.h"

#include <stddef.h>
#include <string.h>

#define CHUNK_BYTES 16384u
#define LARGE_BYTES 4096u
#define ALIGNMENT 8u

typedef struct {
	GList link;
	_Alignas(max_align_t) guint8 bytes[];
} Block;

static gsize rounded(gsize bytes)
{
	return (bytes + ALIGNMENT - 1) & ~(gsize)(ALIGNMENT - 1);
}

static Block *block_of(void *piece)
{
	return (Block *)((guint8 *)piece - offsetof(Block, bytes));
}

static gboolean spend(Arena *arena, gsize bytes)
{
	if (arena->used > arena->most || bytes > arena->most - arena->used)
		return FALSE;
	arena->used += bytes;
	return TRUE;
}

static void *take_block(Arena *arena, gsize bytes)
{
	if (!spend(arena, bytes))
		return NULL;
	Block *block = g_try_malloc0(sizeof *block + bytes);
	if (block == NULL)
		return NULL;
	g_queue_push_tail_link(&arena->blocks, &block->link);
	return block->bytes;
}

void *arena_take(Arena *arena, gsize bytes)
{
	if (bytes >= LARGE_BYTES)
		return take_block(arena, bytes);
	bytes = rounded(bytes);
	if (bytes > arena->left) {
		guint8 *chunk = take_block(arena, CHUNK_BYTES);
		if (chunk == NULL)
			return NULL;
		arena->free = chunk;
		arena->left = CHUNK_BYTES;
	}
	void *piece = arena->free;
	arena->free += bytes;
	arena->left -= bytes;
	return piece;
}

static void *resize_block(Arena *arena, void *old, gsize old_bytes, gsize bytes)
{
	if (!spend(arena, bytes - old_bytes))
		return NULL;
	Block *block = block_of(old);
	g_queue_unlink(&arena->blocks, &block->link);
	Block *larger = g_try_realloc(block, sizeof *block + bytes);
	g_queue_push_tail_link(&arena->blocks, larger != NULL ? &larger->link : &block->link);
	if (larger == NULL)
		return NULL;
	memset(larger->bytes + old_bytes, 0, bytes - old_bytes);
	return larger->bytes;
}

void *arena_resize(Arena *arena, void *old, gsize old_bytes, gsize bytes)
{
	if (old_bytes >= LARGE_BYTES && bytes > old_bytes)
		return resize_block(arena, old, old_bytes, bytes);
	void *piece = arena_take(arena, bytes);
	if (piece != NULL && old_bytes > 0)
		memcpy(piece, old, MIN(old_bytes, bytes));
	return piece;
}

void arena_release(Arena *arena, void *piece, gsize bytes)
{
	if (bytes < LARGE_BYTES)
		return;
	Block *block = block_of(piece);
	g_queue_unlink(&arena->blocks, &block->link);
	g_free(block);
	arena->used -= bytes;
}

void arena_clear(Arena *arena)
{
	for (GList *link; (link = g_queue_pop_head_link(&arena->blocks)) != NULL;)
		g_free(link);
	*arena = (Arena){0};
}

PickleValue *arena_value(Arena *arena, PickleKind kind)
{
	PickleValue *value = arena_take(arena, sizeof *value);
	if (value != NULL)
		value->kind = kind;
	return value;
}

PickleValue *arena_object(Arena *arena, PickleKind kind, PickleValue *callee)
{
	PickleValue *value = callee != NULL ? arena_value(arena, kind) : NULL;
	if (value == NULL)
		return NULL;
	value->object = arena_take(arena, sizeof *value->object);
	if (value->object == NULL)
		return NULL;
	value->object->callee = callee;
	return value;
}

char *arena_characters(Arena *arena, const void *characters, gsize length)
{
	char *copy = arena_take(arena, length + 1);
	if (copy != NULL && length > 0)
		memcpy(copy, characters, length);
	return copy;
}

#define MEMO_BITS_LEAST 6

void memo_init(Memo *memo)
{
	*memo = (Memo){.multiplier = rng_unforeseen() | 1};
}

static gsize memo_slots(const Memo *memo)
{
	return memo->slots != NULL ? (gsize)1 << memo->bits : 0;
}

/* Where the key is or would be; there is always a free slot. */
static MemoSlot *memo_slot(const Memo *memo, guint64 key)
{
	gsize mask = memo_slots(memo) - 1;
	gsize at = (gsize)(key * memo->multiplier >> (64 - memo->bits));
	while (memo->slots[at].value != NULL && memo->slots[at].key != key)
		at = (at + 1) & mask;
	return &memo->slots[at];
}

void memo_release(Memo *memo, Arena *arena)
{
	arena_release(arena, memo->slots, memo_slots(memo) * sizeof *memo->slots);
	memo->slots = NULL;
}

static gboolean memo_grow(Memo *memo, Arena *arena)
{
	Memo larger = *memo;
	larger.bits = memo->slots != NULL ? memo->bits + 1 : MEMO_BITS_LEAST;
	larger.slots = arena_take(arena, ((gsize)1 << larger.bits) * sizeof *larger.slots);
	if (larger.slots == NULL)
		return FALSE;
	for (gsize i = 0; i < memo_slots(memo); i++)
		if (memo->slots[i].value != NULL)
			*memo_slot(&larger, memo->slots[i].key) = memo->slots[i];
	memo_release(memo, arena);
	*memo = larger;
	return TRUE;
}

PickleValue *memo_find(const Memo *memo, guint64 key)
{
	return memo->slots != NULL ? memo_slot(memo, key)->value : NULL;
}

gboolean memo_set(Memo *memo, Arena *arena, guint64 key, PickleValue *value)
{
	if (memo->count * 4 >= memo_slots(memo) * 3 && !memo_grow(memo, arena))
		return FALSE;
	MemoSlot *slot = memo_slot(memo, key);
	memo->count += slot->value == NULL;
	*slot = (MemoSlot){key, value};
	return TRUE;
}
