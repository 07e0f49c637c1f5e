/* divergence.c - the Kullback-Leibler divergence of two rows of softmax, in double and in float. */
#include "method/divergence.h"

#include "core/variants.h"
#include "method/elementary.h"

#include <math.h>
#include <string.h>

#define ADDED 1e-8
#define ADDED_FLOAT 1e-8f

/* Two vectors: θ₀ and θ = θ₀ + change. */
enum { BEFORE, AFTER, VECTORS };

/* Elements that are looked at together, and numbers that are added side by side: eight lanes. */
#define RUN 512u
#define LANES 8u

typedef struct {
	const double *base, *change;
	guint64 n;
	double largest[VECTORS];
	double factor[VECTORS]; /* 1 / Σ exp(θ − largest) */
} Row;

CPU_VARIANTS static void find_thetas(
	const double *base, const double *change, double less, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = base[i] + change[i] - less;
}

CPU_VARIANTS static void find_base(const double *base, double less, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = base[i] - less;
}

/* θ − less of a run. */
static void find_run(
	const Row *row, guint vector, double less, guint64 first, guint64 n, double *out)
{
	if (vector == AFTER)
		find_thetas(row->base + first, row->change + first, less, n, out);
	else
		find_base(row->base + first, less, n, out);
}

/* Of each lane; what is no number is passed over. */
CPU_VARIANTS static void widen(const double *values, guint64 n, double most[LANES])
{
	guint64 i = 0;
	for (; i + LANES <= n; i += LANES)
		for (guint lane = 0; lane < LANES; lane++)
			most[lane] = values[i + lane] > most[lane] ? values[i + lane] : most[lane];
	for (; i < n; i++)
		most[0] = values[i] > most[0] ? values[i] : most[0];
}

static double largest_of(const Row *row, guint vector)
{
	double theta[RUN], most[LANES], largest = -INFINITY;
	for (guint lane = 0; lane < LANES; lane++)
		most[lane] = -INFINITY;
	for (guint64 at = 0, n; at < row->n; at += n) {
		n = MIN(RUN, row->n - at);
		find_run(row, vector, 0, at, n, theta);
		widen(theta, n, most);
	}
	for (guint lane = 0; lane < LANES; lane++)
		largest = MAX(largest, most[lane]);
	return largest;
}

CPU_VARIANTS static void add_up(const double *values, guint64 n, double sum[LANES])
{
	guint64 i = 0;
	for (; i + LANES <= n; i += LANES)
		for (guint lane = 0; lane < LANES; lane++)
			sum[lane] += values[i + lane];
	for (guint lane = 0; i + lane < n; lane++)
		sum[lane] += values[i + lane];
}

static double total(const double sum[LANES])
{
	double all = 0;
	for (guint lane = 0; lane < LANES; lane++)
		all += sum[lane];
	return all;
}

static void find_exponentials(const Row *row, guint vector, guint64 first, guint64 n, double *out)
{
	find_run(row, vector, row->largest[vector], first, n, out);
	exponentials(out, n);
}

/* The exponentials of a vector are kept in `room`, where that is not NULL. */
static double sum_of_exponentials(const Row *row, guint vector, double *room)
{
	double values[RUN], sum[LANES] = {0};
	for (guint64 at = 0, n; at < row->n; at += n) {
		double *out = room ? room + at : values;
		n = MIN(RUN, row->n - at);
		find_exponentials(row, vector, at, n, out);
		add_up(out, n, sum);
	}
	return total(sum);
}

/* A row, its sums not yet taken. */
static Row row_new(const double *base, const double *change, guint64 n)
{
	Row row = {.base = base, .change = change, .n = n};
	for (guint vector = 0; vector < VECTORS; vector++)
		row.largest[vector] = largest_of(&row, vector);
	return row;
}

CPU_VARIANTS static void to_probabilities(double *values, double factor, guint64 n)
{
	for (guint64 i = 0; i < n; i++)
		values[i] = values[i] * factor + ADDED;
}

CPU_VARIANTS static void divide(double *before, const double *after, guint64 n)
{
	for (guint64 i = 0; i < n; i++)
		before[i] = after[i] / before[i];
}

CPU_VARIANTS static void multiply(double *out, const double *by, guint64 n)
{
	for (guint64 i = 0; i < n; i++)
		out[i] *= by[i];
}

/* The exponentials of a run become after·log(after / before). */
static void find_terms(const Row *row, guint64 first, guint64 n, double *after)
{
	double before[RUN];
	to_probabilities(after, row->factor[AFTER], n);
	find_exponentials(row, BEFORE, first, n, before);
	to_probabilities(before, row->factor[BEFORE], n);
	divide(before, after, n);
	logarithms(before, n);
	multiply(after, before, n);
}

double divergence(const double *base, const double *change, guint64 n, double *room)
{
	Row row = row_new(base, change, n);
	double sum[LANES] = {0};
	row.factor[BEFORE] = 1 / sum_of_exponentials(&row, BEFORE, NULL);
	row.factor[AFTER] = 1 / sum_of_exponentials(&row, AFTER, room);
	for (guint64 at = 0, count; at < n; at += count) {
		count = MIN(RUN, n - at);
		find_terms(&row, at, count, room + at);
		add_up(room + at, count, sum);
	}
	double moved = total(sum);
	return isfinite(moved) ? moved : 0;
}

/* Of a long sum in float four sets of lanes are added side by side. */
#define SETS 4u
#define LEVELS 4u

/* The exponentials of an element, and then its probabilities. */
typedef struct {
	float of[VECTORS];
} Pair;
G_STATIC_ASSERT(sizeof(Pair) == sizeof(double));

static Pair pair_at(const double *room, guint64 i)
{
	Pair pair;
	memcpy(&pair, room + i, sizeof pair);
	return pair;
}

static void fill_pairs(const Row *row, double *room)
{
	for (guint64 i = 0; i < row->n; i++) {
		float before = (float)row->base[i], after = (float)(row->base[i] + row->change[i]);
		Pair pair = {{expf(before - (float)row->largest[BEFORE]),
			expf(after - (float)row->largest[AFTER])}};
		memcpy(room + i, &pair, sizeof pair);
	}
}

/* Fewer numbers than lanes one after the other; else each lane, and then its halves onto each
 * other. */
static float exponentials_float(const double *room, guint vector, guint64 n)
{
	guint lanes = n < LANES ? 1 : LANES;
	float sum[LANES] = {0};
	for (guint64 i = 0; i < n; i++)
		sum[i % lanes] += pair_at(room, i).of[vector];
	for (guint half = lanes / 2; half > 0; half /= 2)
		for (guint lane = 0; lane < half; lane++)
			sum[lane] += sum[lane + half];
	return sum[0];
}

/* after·log(after / before) of each element. */
static void fill_terms(const float factor[VECTORS], guint64 n, double *room)
{
	for (guint64 i = 0; i < n; i++) {
		Pair pair = pair_at(room, i);
		float before = pair.of[BEFORE] * factor[BEFORE] + ADDED_FLOAT;
		float after = pair.of[AFTER] * factor[AFTER] + ADDED_FLOAT;
		room[i] = after * logf(after / before);
	}
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
static void add_lines(Cascade *cascade, const double *terms, guint64 lines)
{
	for (guint64 line = 0; line < lines; line++) {
		for (guint i = 0; i < cascade->columns; i++)
			cascade->sum[0][i] += (float)terms[line * cascade->columns + i];
		pass_on_after(cascade, line + 1, FALSE);
	}
	pass_on_after(cascade, lines, TRUE);
}

/* Lines of all sets of lanes, then what is left in whole sets, then the rest. */
static float sum_float(const double *terms, guint64 n)
{
	guint lanes = n < LANES ? 1 : LANES, columns = SETS * lanes;
	guint64 lines = n / columns, whole = n - n % lanes;
	Cascade cascade = cascade_new(columns, lines);
	float *set = cascade.sum[LEVELS - 1], sum = 0;
	add_lines(&cascade, terms, lines);
	for (guint64 i = lines * columns; i < whole; i++)
		set[i % lanes] += (float)terms[i];
	for (guint i = lanes; i < columns; i++)
		set[i % lanes] += set[i];
	for (guint64 i = whole; i < n; i++)
		sum += (float)terms[i];
	for (guint lane = 0; lane < lanes; lane++)
		sum += set[lane];
	return sum;
}

double divergence_float(const double *base, const double *change, guint64 n, double *room)
{
	Row row = row_new(base, change, n);
	float factor[VECTORS];
	fill_pairs(&row, room);
	for (guint vector = 0; vector < VECTORS; vector++)
		factor[vector] = 1 / exponentials_float(room, vector, n);
	fill_terms(factor, n, room);
	float sum = sum_float(room, n);
	return isfinite(sum) ? sum : 0;
}
