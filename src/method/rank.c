/* rank.c - sorted byte by byte of the key, lowest first: a few passes over the run, and none for a
 * byte that all keys share. */
#include "method/rank.h"

#include <string.h>

#define BYTES 8u
#define VALUES 256u

static guint byte_of(guint64 key, guint byte)
{
	return (guint)(key >> (8 * byte)) & (VALUES - 1);
}

static void count_bytes(const Ranked *ranked, guint64 n, guint64 counts[BYTES][VALUES])
{
	memset(counts, 0, BYTES * sizeof *counts);
	for (guint64 i = 0; i < n; i++)
		for (guint byte = 0; byte < BYTES; byte++)
			counts[byte][byte_of(ranked[i].key, byte)]++;
}

/* How many keys have a lower value in this byte, for each value. */
static void count_below(guint64 counts[VALUES])
{
	guint64 below = 0;
	for (guint value = 0; value < VALUES; value++) {
		guint64 here = counts[value];
		counts[value] = below;
		below += here;
	}
}

static void sort_by(guint byte, const Ranked *from, guint64 n, guint64 next[VALUES], Ranked *to)
{
	for (guint64 i = 0; i < n; i++)
		to[next[byte_of(from[i].key, byte)]++] = from[i];
}

void rank_sort(Ranked *ranked, Ranked *spare, guint64 n)
{
	guint64 counts[BYTES][VALUES];
	Ranked *from = ranked, *to = spare;
	count_bytes(ranked, n, counts);
	for (guint byte = 0; byte < BYTES && n > 0; byte++) {
		if (counts[byte][byte_of(from[0].key, byte)] == n)
			continue;
		count_below(counts[byte]);
		sort_by(byte, from, n, counts[byte], to);
		Ranked *sorted = to;
		to = from;
		from = sorted;
	}
	if (from != ranked)
		memcpy(ranked, from, n * sizeof *ranked);
}
