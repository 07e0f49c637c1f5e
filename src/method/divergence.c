/* divergence.c - the Kullback-Leibler divergence of two rows of softmax, in double and in float.
 *
 * Nothing is kept of a row but its largest element and its sum of exponentials, so that a row may
 * be of any length; exponentials are taken again where they are needed. */
#include "method/divergence.h"

#include <math.h>

#define ADDED 1e-8
#define ADDED_FLOAT 1e-8f

/* Two vectors: θ₀ and θ = θ₀ + change. */
enum { BEFORE, AFTER, VECTORS };

typedef struct {
	const double *base, *change;
	double largest[VECTORS];
	double sum[VECTORS];   /* Σ exp(θ − largest) */
	float factor[VECTORS]; /* in float: 1 / Σ */
} Row;

static double theta(const Row *row, guint vector, guint64 i)
{
	return vector == AFTER ? row->base[i] + row->change[i] : row->base[i];
}

/* A row, its sums not yet taken. */
static Row row_new(const double *base, const double *change, guint64 n)
{
	Row row = {.base = base, .change = change, .largest = {-INFINITY, -INFINITY}};
	for (guint vector = 0; vector < VECTORS; vector++)
		for (guint64 i = 0; i < n; i++)
			row.largest[vector] = MAX(row.largest[vector], theta(&row, vector, i));
	return row;
}

static double exponential(const Row *row, guint vector, guint64 i)
{
	return exp(theta(row, vector, i) - row->largest[vector]);
}

static double probability(const Row *row, guint vector, guint64 i)
{
	return exponential(row, vector, i) / row->sum[vector] + ADDED;
}

double divergence(const double *base, const double *change, guint64 n)
{
	Row row = row_new(base, change, n);
	double sum = 0;
	for (guint vector = 0; vector < VECTORS; vector++)
		for (guint64 i = 0; i < n; i++)
			row.sum[vector] += exponential(&row, vector, i);
	for (guint64 i = 0; i < n; i++) {
		double after = probability(&row, AFTER, i);
		sum += after * log(after / probability(&row, BEFORE, i));
	}
	return isfinite(sum) ? sum : 0;
}

/* Numbers that are added side by side: eight lanes, and of a long sum four sets of them. */
#define LANES 8u
#define SETS 4u
#define LEVELS 4u

static float exponential_float(const Row *row, guint vector, guint64 i)
{
	return expf((float)theta(row, vector, i) - (float)row->largest[vector]);
}

/* Fewer numbers than lanes one after the other; else each lane, and then its halves onto each
 * other. */
static float exponentials_float(const Row *row, guint vector, guint64 n)
{
	guint lanes = n < LANES ? 1 : LANES;
	float sum[LANES] = {0};
	for (guint64 i = 0; i < n; i++)
		sum[i % lanes] += exponential_float(row, vector, i);
	for (guint half = lanes / 2; half > 0; half /= 2)
		for (guint lane = 0; lane < half; lane++)
			sum[lane] += sum[lane + half];
	return sum[0];
}

static float probability_float(const Row *row, guint vector, guint64 i)
{
	return exponential_float(row, vector, i) * row->factor[vector] + ADDED_FLOAT;
}

static float term_float(const Row *row, guint64 i)
{
	float after = probability_float(row, AFTER, i);
	return after * logf(after / probability_float(row, BEFORE, i));
}

/* Sums of sums: what has been added up for a while is passed on to the next level, so that small
 * numbers are not added to large ones. */
typedef struct {
	guint columns, power;
	float sum[LEVELS][SETS * LANES];
} Cascade;

static Cascade cascade_new(guint columns, guint64 lines)
{
	guint bits = lines > 1 ? 64 - (guint)__builtin_clzll(lines - 1) : 0;
	return (Cascade){.columns = columns, .power = MAX(4u, bits / LEVELS)};
}

static void pass_on(Cascade *cascade, guint level)
{
	for (guint i = 0; i < cascade->columns; i++) {
		cascade->sum[level][i] += cascade->sum[level - 1][i];
		cascade->sum[level - 1][i] = 0;
	}
}

/* A level is passed on when it has taken 2^power of the one below, or at the end. */
static void pass_on_after(Cascade *cascade, guint64 line, gboolean end)
{
	guint64 every = 1;
	for (guint level = 1; level < LEVELS; level++) {
		every <<= cascade->power;
		if (!end && line % every != 0)
			return;
		pass_on(cascade, level);
	}
}

/* Leaves the sums of all lines on the last level. */
static void add_lines(Cascade *cascade, const Row *row, guint64 lines)
{
	for (guint64 line = 0; line < lines; line++) {
		for (guint i = 0; i < cascade->columns; i++)
			cascade->sum[0][i] += term_float(row, line * cascade->columns + i);
		pass_on_after(cascade, line + 1, FALSE);
	}
	pass_on_after(cascade, lines, TRUE);
}

/* Lines of all sets of lanes, then what is left in whole sets, then the rest. */
static float terms_float(const Row *row, guint64 n)
{
	guint lanes = n < LANES ? 1 : LANES, columns = SETS * lanes;
	guint64 lines = n / columns, whole = n - n % lanes;
	Cascade cascade = cascade_new(columns, lines);
	float *total = cascade.sum[LEVELS - 1], sum = 0;
	add_lines(&cascade, row, lines);
	for (guint64 i = lines * columns; i < whole; i++)
		total[i % lanes] += term_float(row, i);
	for (guint i = lanes; i < columns; i++)
		total[i % lanes] += total[i];
	for (guint64 i = whole; i < n; i++)
		sum += term_float(row, i);
	for (guint lane = 0; lane < lanes; lane++)
		sum += total[lane];
	return sum;
}

double divergence_float(const double *base, const double *change, guint64 n)
{
	Row row = row_new(base, change, n);
	for (guint vector = 0; vector < VECTORS; vector++)
		row.factor[vector] = 1 / exponentials_float(&row, vector, n);
	float sum = terms_float(&row, n);
	return isfinite(sum) ? sum : 0;
}
