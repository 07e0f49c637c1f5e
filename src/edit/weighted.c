/* weighted.c - the cut of a weighted sample, by selection (Hoare 1961) and not by sorting. */
#include "edit/weighted.h"

#include "core/rng.h"

#include <math.h>

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

/* Puts the middle one of three, picked as if by chance, at the front: whatever order the keys are
 * in, runs of equal ones too, no part is small for long. */
static void choose_pivot(WeightedKey *keys, gsize n)
{
	WeightedKey *a = &keys[rng_bits(n, 0) % n], *b = &keys[rng_bits(n, 1) % n];
	WeightedKey *c = &keys[rng_bits(n, 2) % n];
	if (stands_before(b, a))
		swap(a, b);
	if (stands_before(c, b))
		swap(b, c);
	if (stands_before(b, a))
		swap(a, b);
	swap(keys, b);
}

/* Moves what stands before the pivot, which is at the front, before it; where the pivot is then. */
static gsize part(WeightedKey *keys, gsize n)
{
	gsize end = 1;
	for (gsize i = 1; i < n; i++)
		if (stands_before(&keys[i], &keys[0]))
			swap(&keys[i], &keys[end++]);
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

/* Finds the last number of which more than half is above. */
Cut weighted_cut(WeightedKey *keys, gsize n, double above)
{
	Cut cut = {INFINITY, 0};
	gboolean missed = n > 0 && above > 0;
	while (n > 0) {
		choose_pivot(keys, n);
		gsize pivot = part(keys, n);
		double before = weight_of(keys, pivot);
		if (before + keys[pivot].weight / 2 <= above) {
			missed = FALSE;
			cut = (Cut){keys[pivot].key, keys[pivot].index};
			above -= before + keys[pivot].weight;
			keys += pivot + 1;
			n -= pivot + 1;
		} else {
			n = pivot;
		}
	}
	return missed ? (Cut){nextafter(keys[0].key, INFINITY), 0} : cut;
}
