/* weighted.c - the cut of a weighted sample, by selection (Hoare 1961) and not by sorting; of many
 * numbers, among those alone whose leading bits are those at the cut. */
#include "method/weighted.h"

#include "core/rng.h"

#include <math.h>

/* Keys of many that a pivot is chosen from. */
#define PICKED 31u

/* Numbers from which on their leading bits are looked at first. */
#define MANY 4096u
#define BUCKET_BITS 15u

static gboolean stands_before(const WeightedKey *a, const WeightedKey *b)
{
	return a->key > b->key || (a->key == b->key && a->index < b->index);
}

static void swap(WeightedKey *a, WeightedKey *b)
{
	WeightedKey kept = *a;
	*a = *b;
	*b = kept;
}

/* Puts a pivot at the front that is likely near the cut, of which `share` is above: of some picked
 * as if by chance, so that in whatever order the keys are, runs of equal ones too, few are left
 * (Floyd and Rivest 1975). */
static void choose_pivot(WeightedKey *keys, gsize n, double share)
{
	WeightedKey *picked[PICKED];
	guint count = n < PICKED * PICKED ? 3 : PICKED;
	for (guint i = 0; i < count; i++) {
		WeightedKey *key = &keys[rng_bits(n, i) % n];
		guint at = i;
		for (; at > 0 && stands_before(key, picked[at - 1]); at--)
			picked[at] = picked[at - 1];
		picked[at] = key;
	}
	swap(keys, picked[MIN((guint)(share * count), count - 1)]);
}

/* Moves what stands before the pivot, which is at the front, before it; where the pivot is then,
 * and what weight is before it. */
static gsize part(WeightedKey *keys, gsize n, double *before)
{
	gsize end = 1;
	*before = 0;
	for (gsize i = 1; i < n; i++)
		if (stands_before(&keys[i], &keys[0])) {
			*before += keys[i].weight;
			swap(&keys[i], &keys[end++]);
		}
	swap(&keys[0], &keys[end - 1]);
	return end - 1;
}

static double weight_of(const WeightedKey *keys, gsize n)
{
	double sum = 0;
	for (gsize i = 0; i < n; i++)
		sum += keys[i].weight;
	return sum;
}

/* The buckets of leading bits where the cut may lie: the first whose numbers are not all above, and
 * the one before it, whose last number is the cut where the next is above by less than half. */
typedef struct {
	guint first, second;
	double before; /* the weight of the numbers before the first */
} Buckets;

static guint bucket_of(const WeightedKey *key)
{
	return (guint)(cut_ordered_bits(key->key) >> (64 - BUCKET_BITS));
}

static Buckets find_buckets(const double *weight, double above)
{
	Buckets found = {.first = G_MAXUINT, .second = G_MAXUINT};
	double sum = 0;
	for (guint i = 1u << BUCKET_BITS; i-- > 0;) {
		if (weight[i] == 0)
			continue;
		found.first = found.second;
		found.second = i;
		sum += weight[i];
		if (sum > above)
			break;
	}
	found.before = sum - weight[found.second];
	if (found.first != G_MAXUINT)
		found.before -= weight[found.first];
	return found;
}

/* Moves the numbers of the buckets that matter to the front; how many they are. */
static gsize narrow(WeightedKey *keys, gsize n, double *above)
{
	g_autofree double *weight = g_new0(double, 1u << BUCKET_BITS);
	gsize kept = 0;
	for (gsize i = 0; i < n; i++)
		weight[bucket_of(&keys[i])] += keys[i].weight;
	Buckets buckets = find_buckets(weight, *above);
	for (gsize i = 0; i < n; i++) {
		guint bucket = bucket_of(&keys[i]);
		if (bucket == buckets.first || bucket == buckets.second)
			swap(&keys[kept++], &keys[i]);
	}
	*above -= buckets.before;
	return kept;
}

/* Finds the last number of which more than half is above. */
Cut weighted_cut(WeightedKey *keys, gsize n, double above)
{
	if (n > MANY)
		n = narrow(keys, n, &above);
	Cut cut = {INFINITY, 0};
	gboolean missed = n > 0 && above > 0;
	double total = weight_of(keys, n), before;
	while (n > 0) {
		choose_pivot(keys, n, total > 0 ? CLAMP(above / total, 0, 1) : 0);
		gsize pivot = part(keys, n, &before);
		double weight = keys[pivot].weight;
		if (before + weight / 2 <= above) {
			missed = FALSE;
			cut = (Cut){keys[pivot].key, keys[pivot].index};
			above -= before + weight;
			total -= before + weight;
			keys += pivot + 1;
			n -= pivot + 1;
		} else {
			total = before;
			n = pivot;
		}
	}
	return missed ? (Cut){nextafter(keys[0].key, INFINITY), 0} : cut;
}
