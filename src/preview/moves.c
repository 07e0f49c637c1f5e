/* moves.c - how large the changes of single elements are, and where inputs pull apart. */
#include "preview/moves.h"

#include "method/weighted.h"

#include <math.h>

/* The upper end of the middle 95 % of a normal distribution. */
#define NORMAL_UPPER 1.959963984540054

void conflicts_free(Conflicts *conflicts)
{
	if (!conflicts)
		return;
	g_free(conflicts->moved);
	g_free(conflicts->opposed);
	g_free(conflicts);
}

enum { UP = 1, DOWN = 2 };

/* Marks which ways an input moves the elements. */
static void mark(const double *value, double sign, guint64 count, guint8 *ways)
{
	for (guint64 k = 0; k < count; k++) {
		double move = sign * value[k];
		ways[k] |= (guint8)((move > 0 ? UP : 0) | (move < 0 ? DOWN : 0));
	}
}

static void count_ways(const guint8 *ways, guint64 count, guint64 *moved, guint64 *opposed)
{
	for (guint64 k = 0; k < count; k++) {
		*moved += ways[k] != 0;
		*opposed += ways[k] == (UP | DOWN);
	}
}

Conflicts *conflicts_new(const PreviewSample *sample, const double *c)
{
	const Collection *collection = preview_sample_collection(sample);
	const PrepareSample *whole = preview_sample_whole(sample);
	guint tensors = collection_tensors(collection), members = collection_members(collection);
	Conflicts *conflicts = g_new0(Conflicts, 1);
	conflicts->moved = g_new0(guint64, (gsize)tensors + 1);
	conflicts->opposed = g_new0(guint64, (gsize)tensors + 1);
	for (guint t = 0; t < tensors; t++) {
		guint64 count = preview_sample_count(sample, t);
		g_autofree guint8 *ways = g_new0(guint8, count + 1);
		for (guint m = 1; m < members; m++) {
			double sign = c[(gsize)t * members + m];
			if (sign != 0 && whole->task[m][t])
				mark(whole->task[m][t], sign, count, ways);
		}
		count_ways(ways, count, &conflicts->moved[t], &conflicts->opposed[t]);
	}
	return conflicts;
}

/* Wilson's interval of a share p of n draws. */
static Estimate wilson(double p, double n)
{
	double z = NORMAL_UPPER, by = 1 + z * z / n;
	double middle = (p + z * z / (2 * n)) / by;
	double half = z / by * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
	return (Estimate){p, fmax(0, middle - half), fmin(1, middle + half)};
}

/* Elements count for as many as they stand for; as many draws as have the same variance make the
 * interval, less the share of the tensor that is known. */
Estimate conflicts_share(
	const PreviewSample *sample, const Conflicts *conflicts, const Scope *scope)
{
	double moved = 0, opposed = 0, variance = 0;
	for (guint i = 0; i < scope->tensors->len; i++) {
		guint t = g_array_index(scope->tensors, guint, i);
		double weight = preview_sample_weight(sample, t);
		double count = (double)conflicts->moved[t];
		moved += weight * count;
		opposed += weight * (double)conflicts->opposed[t];
		if (!preview_sample_has_all(sample, t))
			variance += weight * (weight - 1) * count;
	}
	if (!(moved > 0))
		return (Estimate){NAN, NAN, NAN};
	double share = opposed / moved;
	return variance > 0 ? wilson(share, moved * moved / variance)
			    : (Estimate){share, share, share};
}

/* The sizes of the changes of a scope's sampled elements. */
typedef struct {
	WeightedKey *key; /* [count] */
	gsize count;
	double total; /* their weight */
	gboolean numbers;
} Sizes;

static void sizes_clear(Sizes *sizes)
{
	g_free(sizes->key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sizes, sizes_clear)

static Sizes sizes_of(const PreviewSample *sample, const double *values, const Scope *scope)
{
	const SamplePlan *plan = preview_sample_whole(sample)->plan;
	Sizes sizes = {.numbers = TRUE};
	for (guint i = 0; i < scope->tensors->len; i++)
		sizes.count +=
			preview_sample_count(sample, g_array_index(scope->tensors, guint, i));
	WeightedKey *key = sizes.key = g_new(WeightedKey, sizes.count + 1);
	for (guint i = 0; i < scope->tensors->len; i++) {
		guint t = g_array_index(scope->tensors, guint, i);
		double weight = preview_sample_weight(sample, t);
		sizes.total += weight * (double)preview_sample_count(sample, t);
		for (guint64 k = plan->first[t]; k < plan->first[t + 1]; k++) {
			*key++ = (WeightedKey){fabs(values[k]), weight, k};
			sizes.numbers = sizes.numbers && !isnan(values[k]);
		}
	}
	return sizes;
}

/* Narrows the sizes to those above the cut; FALSE where none is. */
static gboolean narrow(Sizes *sizes, const Cut *cut)
{
	gsize above = 0;
	for (gsize i = 0; i < sizes->count; i++)
		if (cut_above(cut, sizes->key[i].key, sizes->key[i].index))
			sizes->key[above++] = sizes->key[i];
	if (above > 0)
		sizes->count = above;
	return above > 0;
}

static double largest_of(const Sizes *sizes)
{
	double largest = 0;
	for (gsize i = 0; i < sizes->count; i++)
		largest = fmax(largest, sizes->key[i].key);
	return largest;
}

void moves_of(const PreviewSample *sample, const double *values, const Scope *scope,
	double moves[PREVIEW_PERCENTILES])
{
	g_auto(Sizes) sizes = sizes_of(sample, values, scope);
	for (guint i = 0; i < PREVIEW_PERCENTILES; i++) {
		double above = (1 - preview_percentiles[i] / 100) * sizes.total;
		moves[i] = NAN;
		if (!sizes.count || !sizes.numbers)
			continue;
		Cut cut = weighted_cut(sizes.key, sizes.count, above);
		moves[i] = narrow(&sizes, &cut) ? cut.key : largest_of(&sizes);
	}
}
