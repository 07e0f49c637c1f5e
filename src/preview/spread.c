/* spread.c - what an edit that draws is on average, and how far it varies.
 *
 * An element is m + Σ noise.  With the second to fourth cumulants k of the noise, the variance of
 * its square is 4m²k₂ + 4mk₃ + k₄ + 2k₂², and the covariance of that with the element 2mk₂ + k₃. */
#include "preview/spread.h"

#include <math.h>
#include <string.h>

/* The noise of an edit on the sampled elements of one tensor.  Noise of one key sees the same
 * draws: what is dropped by them, those that keep least first. */
typedef struct {
	const Closed *closed;
	const PrepareSample *sample;
	guint tensor;
	guint64 count;
	GPtrArray *groups;  /* of GArray of guint: noises of one key and kind */
	double *kept_value; /* [noises][count]: what is added to an element that is not dropped */
} Noises;

/* The cumulants of one element's noise. */
typedef struct {
	double second, third, fourth;
	double fixed; /* the part of 2k₂² that noise of a given norm has not */
} Cumulants;

static const double *row_of(const Closed *closed, const double *table, guint tensor)
{
	return table + (gsize)tensor * closed->vectors;
}

static const ClosedNoise *noise_at(const Closed *closed, guint i)
{
	return closed->noise->pdata[i];
}

/* Σ c·v on the sampled elements of a tensor. */
static void combine(const Noises *noises, const double *c, double factor, double *out)
{
	memset(out, 0, noises->count * sizeof *out);
	for (guint v = 0; v < noises->closed->vectors; v++) {
		const double *value = v ? noises->sample->task[v][noises->tensor]
					: noises->sample->base[noises->tensor];
		for (guint64 k = 0; value && c[v] != 0 && k < noises->count; k++)
			out[k] += factor * c[v] * value[k];
	}
}

/* Of what is kept with probability q the standard deviation is √(q(1 − q)) of what it then is. */
static void fill_values(const Noises *noises)
{
	const Closed *closed = noises->closed;
	for (guint i = 0; i < closed->noise->len; i++) {
		const ClosedNoise *noise = noise_at(closed, i);
		if (noise->rest)
			continue;
		double q = noise->kept[noises->tensor];
		double factor = q > 0 && q < 1 ? 1 / sqrt(q * (1 - q)) : 0;
		combine(noises, row_of(closed, noise->deviation, noises->tensor), factor,
			noises->kept_value + i * noises->count);
	}
}

static gboolean same_draws(const ClosedNoise *a, const ClosedNoise *b)
{
	return a->key == b->key && !a->rest == !b->rest;
}

/* Puts a noise into a group before the first that keeps more. */
static void insert(const Noises *noises, GArray *group, guint number)
{
	const ClosedNoise *noise = noise_at(noises->closed, number);
	guint at = 0;
	while (noise->kept && at < group->len &&
		noise_at(noises->closed, g_array_index(group, guint, at))->kept[noises->tensor] <=
			noise->kept[noises->tensor])
		at++;
	g_array_insert_val(group, at, number);
}

static GPtrArray *group_noises(const Noises *noises)
{
	const Closed *closed = noises->closed;
	GPtrArray *groups = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	for (guint i = 0; i < closed->noise->len; i++) {
		GArray *own = NULL;
		for (guint g = 0; !own && g < groups->len; g++) {
			guint first = g_array_index((GArray *)groups->pdata[g], guint, 0);
			if (same_draws(noise_at(closed, first), noise_at(closed, i)))
				own = groups->pdata[g];
		}
		if (!own)
			g_ptr_array_add(groups, own = g_array_new(FALSE, FALSE, sizeof(guint)));
		insert(noises, own, i);
	}
	return groups;
}

/* Adds the moments of `value` about `mean`, where it is with some probability. */
static void add_moments(double value, double mean, double probability, double moment[3])
{
	double off = value - mean, square = off * off;
	moment[0] += probability * square;
	moment[1] += probability * square * off;
	moment[2] += probability * square * square;
}

/* A draw below q keeps: first all do, then all but the first, and so on. */
static void add_dropped(const Noises *noises, const GArray *group, guint64 k, Cumulants *cumulants)
{
	double value = 0, mean = 0, from = 0, moment[3] = {0};
	for (guint i = 0; i < group->len; i++) {
		guint number = g_array_index(group, guint, i);
		double kept = noises->kept_value[number * noises->count + k];
		value += kept;
		mean += kept * noise_at(noises->closed, number)->kept[noises->tensor];
	}
	for (guint i = 0; i < group->len; i++) {
		guint number = g_array_index(group, guint, i);
		double q = noise_at(noises->closed, number)->kept[noises->tensor];
		add_moments(value, mean, q - from, moment);
		value -= noises->kept_value[number * noises->count + k];
		from = q;
	}
	add_moments(0, mean, 1 - from, moment);
	cumulants->second += moment[0];
	cumulants->third += moment[1];
	cumulants->fourth += moment[2] - 3 * moment[0] * moment[0];
}

static void add_normal(const Noises *noises, const GArray *group, Cumulants *cumulants)
{
	double sum = 0;
	for (guint i = 0; i < group->len; i++)
		sum += noise_at(noises->closed, g_array_index(group, guint, i))
			       ->rest[noises->tensor];
	cumulants->second += sum * sum;
	cumulants->fixed += 2 * sum * sum * sum * sum;
}

static Cumulants cumulants_of(const Noises *noises, guint64 k)
{
	Cumulants cumulants = {0};
	for (guint g = 0; g < noises->groups->len; g++) {
		const GArray *group = noises->groups->pdata[g];
		if (noise_at(noises->closed, g_array_index(group, guint, 0))->rest)
			add_normal(noises, group, &cumulants);
		else
			add_dropped(noises, group, k, &cumulants);
	}
	return cumulants;
}

static double square_variance(double mean, const Cumulants *of)
{
	double variance = 4 * mean * mean * of->second + 4 * mean * of->third + of->fourth +
			  2 * of->second * of->second - of->fixed;
	return fmax(variance, 0);
}

static void add_element(const Noises *noises, double stands_for, double mean, guint64 k,
	const guint *task, Sums *sums)
{
	Cumulants of = cumulants_of(noises, k);
	SumSpread *spread = sums->spread;
	gsize row = (gsize)noises->tensor * sums->tasks;
	spread->variance.square[noises->tensor] += stands_for * square_variance(mean, &of);
	for (guint i = 0; i < sums->tasks; i++) {
		const double *value = noises->sample->task[task[i]][noises->tensor];
		double tau = value ? value[k] : 0;
		spread->variance.product[row + i] += stands_for * of.second * tau * tau;
		spread->covariance[row + i] += stands_for * tau * (2 * mean * of.second + of.third);
	}
}

static void add_spread(Noises *noises, double stands_for, const guint *task, Sums *sums)
{
	guint count = noises->closed->noise->len;
	g_autofree double *mean = g_new(double, noises->count + 1);
	g_autofree double *kept_value = g_new0(double, count * noises->count + 1);
	g_autoptr(GPtrArray) groups = group_noises(noises);
	noises->kept_value = kept_value;
	noises->groups = groups;
	combine(noises, row_of(noises->closed, noises->closed->c, noises->tensor), 1, mean);
	fill_values(noises);
	for (guint64 k = 0; k < noises->count; k++)
		add_element(noises, stands_for, mean[k], k, task, sums);
}

/* ⟨d, d'⟩ of two noises' deviations on a tensor. */
static double product_of(const Closed *closed, const Gram *gram, const Collection *collection,
	const ClosedNoise *a, const ClosedNoise *b, guint tensor)
{
	guint64 elements = collection_tensor(collection, tensor)->elements;
	if (a->rest)
		return (double)elements * a->rest[tensor] * b->rest[tensor];
	g_autofree double *of = g_new0(double, closed->vectors);
	const double *c = row_of(closed, b->deviation, tensor);
	gram_linear(gram, tensor, row_of(closed, a->deviation, tensor), of);
	double sum = 0;
	for (guint v = 0; v < closed->vectors; v++)
		if (c[v] != 0)
			sum += c[v] * of[v];
	return sum;
}

/* Adds Σ var over a tensor's elements to ‖E e‖². */
static void add_variance(const Closed *closed, const Gram *gram, const Collection *collection,
	guint tensor, double *square)
{
	for (guint i = 0; i < closed->noise->len; i++)
		for (guint j = 0; j <= i; j++) {
			const ClosedNoise *a = noise_at(closed, i), *b = noise_at(closed, j);
			double correlation = closed_correlation(a, b, tensor);
			if (correlation != 0)
				*square += (i == j ? 1 : 2) * correlation *
					   product_of(closed, gram, collection, a, b, tensor);
		}
}

/* How the products with a task without a sample vary is not known. */
static void forget(Sums *sums, guint task)
{
	for (guint t = 0; t < sums->tensors; t++)
		sums->spread->variance.product[(gsize)t * sums->tasks + task] = NAN;
}

Sums *sums_expected(const Closed *closed, const Gram *gram, PreviewSample *sample,
	const guint *task, guint tasks)
{
	const Collection *collection = preview_sample_collection(sample);
	Sums *sums = sums_closed(closed, gram, task, tasks);
	sums_add_spread(sums);
	for (guint i = 0; i < tasks; i++)
		if (!preview_sample_take(sample, task[i]))
			forget(sums, i);
	for (guint t = 0; t < sums->tensors; t++) {
		Noises noises = {.closed = closed,
			.sample = preview_sample_whole(sample),
			.tensor = t,
			.count = preview_sample_count(sample, t)};
		add_variance(closed, gram, collection, t, &sums->value.square[t]);
		if (noises.count)
			add_spread(&noises, preview_sample_weight(sample, t), task, sums);
	}
	return sums;
}
