/* rank.c - sorted byte by byte of the leading half of a size's bits, behind which its index stands.
 *
 * The few that share these bits and are not equal are then put in order by the others. */
#include "method/rank.h"

#include <string.h>

/* An item: 32 bits of a size, then the 32 of its index. */
#define INDEX_BITS 32u
#define BYTES 4u
#define VALUES 256u
/* So many are put in order one by one. */
#define FEW 16u

gsize rank_bytes(guint64 n)
{
	return 2 * n * sizeof(guint64);
}

/* Sizes, which are not negative, stand in the order of their bits; the sign is no part of them. */
static guint64 bits_of(double size)
{
	guint64 bits;
	memcpy(&bits, &size, sizeof bits);
	return bits << 1;
}

static guint64 leading(double size)
{
	return bits_of(size) >> INDEX_BITS;
}

static guint32 index_of(guint64 item)
{
	return (guint32)item;
}

static guint byte_of(guint64 item, guint byte)
{
	return (guint)(item >> (INDEX_BITS + 8 * byte)) & (VALUES - 1);
}

static void count_bytes(const guint64 *items, guint64 n, guint32 counts[BYTES][VALUES])
{
	memset(counts, 0, BYTES * sizeof *counts);
	for (guint64 i = 0; i < n; i++)
		for (guint byte = 0; byte < BYTES; byte++)
			counts[byte][byte_of(items[i], byte)]++;
}

/* How many items have a lower value in this byte, for each value. */
static void count_below(guint32 counts[VALUES])
{
	guint32 below = 0;
	for (guint value = 0; value < VALUES; value++) {
		guint32 here = counts[value];
		counts[value] = below;
		below += here;
	}
}

static void sort_by(guint byte, const guint64 *from, guint64 n, guint32 next[VALUES], guint64 *to)
{
	for (guint64 i = 0; i < n; i++)
		to[next[byte_of(from[i], byte)]++] = from[i];
}

/* By the leading bits, what is equal as it stands; a byte that all share takes no pass. */
static void sort_items(guint64 *items, guint64 n, guint64 *spare)
{
	guint32 counts[BYTES][VALUES];
	guint64 *from = items, *to = spare;
	count_bytes(items, n, counts);
	for (guint byte = 0; byte < BYTES && n > 0; byte++) {
		if (counts[byte][byte_of(from[0], byte)] == n)
			continue;
		count_below(counts[byte]);
		sort_by(byte, from, n, counts[byte], to);
		guint64 *sorted = to;
		to = from;
		from = sorted;
	}
	if (from != items)
		memcpy(items, from, n * sizeof *items);
}

static void insert_each(const double *sizes, guint64 *items, guint64 n)
{
	for (guint64 i = 1; i < n; i++) {
		guint64 item = items[i], at = i;
		for (; at > 0 && sizes[index_of(items[at - 1])] > sizes[index_of(item)]; at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

/* Items whose leading bits are the same, by all the others. */
static void sort_alike(const double *sizes, guint64 *items, guint64 n, guint64 *spare)
{
	if (n <= FEW) {
		insert_each(sizes, items, n);
		return;
	}
	for (guint64 i = 0; i < n; i++)
		items[i] = bits_of(sizes[index_of(items[i])]) << INDEX_BITS | index_of(items[i]);
	sort_items(items, n, spare);
}

static void sort_rest(const double *sizes, guint64 *items, guint64 n, guint64 *spare)
{
	for (guint64 first = 0, end; first < n; first = end) {
		guint64 bits = items[first] >> INDEX_BITS;
		gboolean sorted = TRUE;
		for (end = first + 1; end < n && items[end] >> INDEX_BITS == bits; end++)
			sorted &= sizes[index_of(items[end - 1])] <= sizes[index_of(items[end])];
		if (!sorted)
			sort_alike(sizes, items + first, end - first, spare);
	}
}

void rank_sizes(const double *sizes, guint64 n, guint64 stride, guint32 *rank, gpointer memory)
{
	guint64 *items = memory, *spare = items + n;
	for (guint64 i = 0; i < n; i++)
		items[i] = leading(sizes[i]) << INDEX_BITS | i;
	sort_items(items, n, spare);
	sort_rest(sizes, items, n, spare);
	for (guint64 i = 0; i < n; i++)
		rank[index_of(items[i]) * stride] = (guint32)i;
}
