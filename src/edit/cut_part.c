/* cut_part.c - what a block of numbers adds to a search: loops without branches, since nothing can
 * be foretold of the numbers. */
#include "edit/cut_private.h"

#include "core/variants.h"

#include <string.h>

/* Numbers that are looked at together: what is kept of them stays in the nearest cache. */
#define RUN 1024u

gsize cut_part_bytes(guint64 block)
{
	gsize list =
		G_STRUCT_OFFSET(CutPart, candidates) + ((gsize)block + 1) * sizeof(CutCandidate);
	return MAX(list, sizeof(CutPart));
}

void cut_part_clear(CutPart *part, const CutSearch *search)
{
	part->n = 0;
	part->begun = FALSE;
	memset(part->above, 0, sizeof part->above);
	memset(part->equal, 0, sizeof part->equal);
	if (search->stage == STAGE_COUNT)
		memset(part->counts, 0, sizeof part->counts);
}

CPU_VARIANTS static guint64 count_above(const double *keys, guint64 n, double value)
{
	guint64 above = 0;
	for (guint64 i = 0; i < n; i++)
		above += keys[i] > value;
	return above;
}

CPU_VARIANTS static void match_value(
	const double *keys, guint64 n, double value, guint64 *above, guint64 *equal)
{
	guint64 larger = 0, same = 0;
	for (guint64 i = 0; i < n; i++) {
		larger += keys[i] > value;
		same += keys[i] == value;
	}
	*above += larger;
	*equal += same;
}

CPU_VARIANTS static void flag_inside(
	const double *keys, guint64 n, double least, double most, guint8 *flags)
{
	for (guint64 i = 0; i < n; i++)
		flags[i] = (keys[i] >= least) & (keys[i] <= most);
}

/* 64 flags as bits, the first the lowest: the product moves the flag of each byte to a bit of the
 * highest one. */
static guint64 bits_of(const guint8 *flags)
{
	guint64 bits = 0;
	for (guint i = 0; i < 64; i += 8) {
		guint64 eight;
		memcpy(&eight, flags + i, sizeof eight);
		eight = GUINT64_FROM_LE(eight) * G_GUINT64_CONSTANT(0x0102040810204080);
		bits |= (eight >> 56) << i;
	}
	return bits;
}

/* The places of the numbers in [least, most]; how many they are.  Most are passed by 64 at once. */
static guint find_inside(const double *keys, guint64 n, double least, double most, guint16 *inside)
{
	guint8 flags[RUN];
	guint found = 0;
	flag_inside(keys, n, least, most, flags);
	memset(flags + n, 0, RUN - n);
	for (guint i = 0; i < n; i += 64)
		for (guint64 bits = bits_of(flags + i); bits; bits &= bits - 1)
			inside[found++] = (guint16)(i + (guint)__builtin_ctzll(bits));
	return found;
}

static void count(CutPart *part, const CutSearch *search, const double *keys, guint64 n)
{
	guint16 inside[RUN];
	guint found = find_inside(keys, n, search->least, search->most, inside);
	part->above[0] += count_above(keys, n, search->most);
	for (guint i = 0; i < found; i++)
		part->counts[(cut_ordered_bits(keys[inside[i]]) - search->from) >> search->shift]++;
}

static void match(CutPart *part, const CutSearch *search, const double *keys, guint64 n)
{
	for (guint i = 0; i < search->values; i++)
		match_value(keys, n, search->value[i], &part->above[i], &part->equal[i]);
}

static void collect(
	CutPart *part, const CutSearch *search, const double *keys, guint64 n, guint64 first)
{
	guint16 inside[RUN];
	guint found = find_inside(keys, n, search->least, search->most, inside);
	part->above[0] += count_above(keys, n, search->most);
	for (guint i = 0; i < found; i++)
		part->candidates[part->n++] =
			(CutCandidate){cut_ordered_bits(keys[inside[i]]), first + inside[i]};
}

static void fill_run(
	CutPart *part, const CutSearch *search, const double *keys, guint64 n, guint64 first)
{
	if (search->stage == STAGE_COUNT)
		count(part, search, keys, n);
	else if (search->stage == STAGE_MATCH)
		match(part, search, keys, n);
	else if (search->stage != STAGE_DONE)
		collect(part, search, keys, n, first);
}

void cut_part_fill(
	CutPart *part, const CutSearch *search, const double *keys, guint64 n, guint64 first)
{
	if (!part->begun)
		part->first = first;
	part->begun = TRUE;
	for (guint64 at = 0; at < n; at += RUN)
		fill_run(part, search, keys + at, MIN(RUN, n - at), first + at);
}
