/* spread.c - what an edit that draws is on average, and how far it varies.
 *
 * An element is m + Σ noise.  With the second to fourth cumulants k of the noise, the variance of
 * its square is 4m²k₂ + 4mk₃ + k₄ + 2k₂², and the covariance of that with the element 2mk₂ + k₃. */
#include "edit/spread.h"

#include <math.h>
#include <string.h>

typedef struct {
	const Closed *closed;
	const PrepareSample *sample;
	guint tensor;
	guint64 count;
	double *deviation; /* [noises][count]: standard deviations of noise on the elements */
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
static void combine(const Noises *noises, const double *c, double *out)
{
	memset(out, 0, noises->count * sizeof *out);
	for (guint v = 0; v < noises->closed->vectors; v++) {
		const double *value = v ? noises->sample->task[v][noises->tensor]
					: noises->sample->base[noises->tensor];
		for (guint64 k = 0; value && c[v] != 0 && k < noises->count; k++)
			out[k] += c[v] * value[k];
	}
}

static void fill_deviations(const Noises *noises)
{
	const Closed *closed = noises->closed;
	for (guint i = 0; i < closed->noise->len; i++) {
		const ClosedNoise *noise = noise_at(closed, i);
		double *out = noises->deviation + i * noises->count;
		if (noise->deviation)
			combine(noises, row_of(closed, noise->deviation, noises->tensor), out);
		for (guint64 k = 0; noise->rest && k < noises->count; k++)
			out[k] = noise->rest[noises->tensor];
	}
}

/* Of what is multiplied by 0, or by the inverse of the share q that is kept, in units of its
 * standard deviation: third and fourth cumulant. */
static double dropped_third(double q)
{
	return (1 - 2 * q) / sqrt(q * (1 - q));
}

static double dropped_fourth(double q)
{
	return (1 - 6 * q * (1 - q)) / (q * (1 - q));
}

static void add_noise(const Noises *noises, guint i, guint64 k, Cumulants *cumulants)
{
	const ClosedNoise *noise = noise_at(noises->closed, i);
	double d = noises->deviation[i * noises->count + k], square = d * d;
	double q = noise->kept ? noise->kept[noises->tensor] : 1;
	cumulants->second += square;
	if (noise->rest)
		cumulants->fixed += 2 * square * square;
	if (q <= 0 || q >= 1)
		return;
	cumulants->third += square * d * dropped_third(q);
	cumulants->fourth += square * square * dropped_fourth(q);
}

/* Noise of the same draws adds up before it is squared. */
static Cumulants cumulants_of(const Noises *noises, guint64 k)
{
	Cumulants cumulants = {0};
	for (guint i = 0; i < noises->closed->noise->len; i++) {
		add_noise(noises, i, k, &cumulants);
		for (guint j = 0; j < i; j++)
			cumulants.second += 2 * noises->deviation[i * noises->count + k] *
					    noises->deviation[j * noises->count + k] *
					    closed_correlation(noise_at(noises->closed, i),
						    noise_at(noises->closed, j), noises->tensor);
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
	g_autofree double *deviation = g_new0(double, count * noises->count + 1);
	noises->deviation = deviation;
	combine(noises, row_of(noises->closed, noises->closed->c, noises->tensor), mean);
	fill_deviations(noises);
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
