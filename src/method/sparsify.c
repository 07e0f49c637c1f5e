/* sparsify.c - sparse by size: exactly so many elements are kept, however many are equal.
 *
 * The kinds that draw are in sparsify_draw.c. */
#include "method/sparsify.h"

#include "core/variants.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Elements that are looked at together: loops over them have no branches. */
#define RUN 512u

typedef void Keys(guint dialect, const double *values, guint64 n, double *keys);

double sparsify_value(const MethodSite *site, const char *name)
{
	gint place = method_parameter(site->call->method, name);
	return place < 0 ? 0 : site->parameter[place];
}

gboolean sparsify_is_mergekit(const MethodSite *site)
{
	return method_dialect(site->call) == DIALECT_MERGEKIT;
}

static double rounded_size(double value)
{
	double size = fabs(value);
	return (float)(size < FLT_MAX ? size : FLT_MAX);
}

double sparsify_size(guint dialect, double value)
{
	return dialect == DIALECT_MERGEKIT ? rounded_size(value) : fabs(value);
}

/* How many elements of a block have an index up to that of a cut; of no cut none. */
static guint64 elements_upto(const MethodBlock *block, const Cut *cut)
{
	guint64 n = 0;
	if (!cut)
		return 0;
	if (!block->places)
		return cut->index < block->first || !block->n
			       ? 0
			       : MIN(block->n - 1, cut->index - block->first) + 1;
	while (n < block->n && block->places[n] <= cut->index)
		n++;
	return n;
}

/* The least number above a cut, of an index up to its own or of one beyond; of no cut infinite. */
static double least_above(const Cut *cut, gboolean upto)
{
	return !cut ? INFINITY : upto ? cut->key : nextafter(cut->key, INFINITY);
}

/* The elements whose keys are in [least, below), 0 elsewhere. */
CPU_VARIANTS static void keep_between(const double *values, const double *keys, guint64 n,
	double least, double below, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = ((keys[i] >= least) & (keys[i] < below)) ? values[i] : 0;
}

/* The same of keys that are sizes, as all of the paper's are. */
CPU_VARIANTS static void keep_sizes(
	const double *values, guint64 n, double least, double below, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = ((fabs(values[i]) >= least) & (fabs(values[i]) < below)) ? values[i] : 0;
}

/* The elements of an input above a cut and not above another, which may be NULL.  Between the
 * places where the index of one is passed the same numbers are above for all. */
static void keep(const MethodBlock *block, guint input, Keys *make_keys, const Cut *lower,
	const Cut *upper, double *out)
{
	const double *values = block->input[input];
	guint dialect = method_dialect(block->site.call);
	guint64 lower_end = elements_upto(block, lower), upper_end = elements_upto(block, upper);
	for (guint64 at = 0, end; at < block->n; at = end) {
		double keys[RUN];
		gboolean before_lower = at < lower_end, before_upper = at < upper_end;
		end = MIN(block->n, at + RUN);
		end = before_lower ? MIN(end, lower_end) : end;
		end = before_upper ? MIN(end, upper_end) : end;
		double least = least_above(lower, before_lower);
		double below = least_above(upper, before_upper);
		if (dialect == DIALECT_PAPER) {
			keep_sizes(values + at, end - at, least, below, out + at);
			continue;
		}
		make_keys(dialect, values + at, end - at, keys);
		keep_between(values + at, keys, end - at, least, below, out + at);
	}
}

static guint64 rounded_half_up(double share, guint64 n)
{
	return MIN((guint64)floor(share * (double)n + 0.5), n);
}

static guint64 rounded_down(double share, guint64 n)
{
	return MIN((guint64)(share * (double)n), n);
}

/* How many of n a density keeps: none of them only where it is 0. */
static guint64 kept_of(const MethodSite *site, guint64 n)
{
	double density = sparsify_value(site, "density");
	guint64 kept =
		sparsify_is_mergekit(site) ? rounded_down(density, n) : rounded_half_up(density, n);
	return density > 0 ? MAX(kept, MIN(n, 1)) : 0;
}

static gboolean is_dense(const MethodSite *site)
{
	return sparsify_value(site, "density") >= 1;
}

static guint magnitude_cuts(const MethodSite *site)
{
	return is_dense(site) ? 0 : 1;
}

static guint64 magnitude_above(const MethodSite *site, guint64 n, guint cut)
{
	(void)cut;
	return kept_of(site, n);
}

CPU_VARIANTS static void magnitude_keys(
	guint dialect, const double *values, guint64 n, double *keys)
{
	if (dialect == DIALECT_MERGEKIT)
		for (guint64 i = 0; i < n; i++)
			keys[i] = rounded_size(values[i]);
	else
		for (guint64 i = 0; i < n; i++)
			keys[i] = fabs(values[i]);
}

static void magnitude_apply(const MethodBlock *block, guint input, const Cut *cut, double *out)
{
	keep(block, input, magnitude_keys, cut, NULL, out);
}

const Sparsifier sparsify_magnitude = {
	.cuts = magnitude_cuts,
	.keys = magnitude_keys,
	.above = magnitude_above,
	.apply = magnitude_apply,
};

/* mergekit keeps all at a density of 1, whatever gamma is. */
static guint outliers_cuts(const MethodSite *site)
{
	return sparsify_is_mergekit(site) && is_dense(site) ? 0 : 2;
}

/* mergekit counts from the smallest one on, which matters where sizes are equal. */
static void outliers_keys(guint dialect, const double *values, guint64 n, double *keys)
{
	magnitude_keys(dialect, values, n, keys);
	for (guint64 i = 0; dialect == DIALECT_MERGEKIT && i < n; i++)
		keys[i] = -keys[i];
}

/* Which are kept, in the order of the keys: [*from, *to). */
static void outliers_range(const MethodSite *site, guint64 n, guint64 *from, guint64 *to)
{
	guint64 top = rounded_half_up(sparsify_value(site, "gamma"), n);
	*from = top;
	*to = top + MIN(kept_of(site, n), n - top);
}

/* The same in mergekit, where none is kept of a tensor so small that no outlier is dropped. */
static void mergekit_range(const MethodSite *site, guint64 n, guint64 *from, guint64 *to)
{
	guint64 target = rounded_down(sparsify_value(site, "density"), n);
	guint64 top = rounded_down(sparsify_value(site, "gamma"), n);
	top = MIN(top, n - target);
	*from = n - target - top;
	*to = top ? n - top : *from;
}

static guint64 outliers_above(const MethodSite *site, guint64 n, guint cut)
{
	guint64 from, to;
	(sparsify_is_mergekit(site) ? mergekit_range : outliers_range)(site, n, &from, &to);
	return cut == 0 ? from : to;
}

static void outliers_apply(const MethodBlock *block, guint input, const Cut *cuts, double *out)
{
	keep(block, input, outliers_keys, &cuts[1], &cuts[0], out);
}

const Sparsifier sparsify_outliers = {
	.cuts = outliers_cuts,
	.keys = outliers_keys,
	.above = outliers_above,
	.apply = outliers_apply,
};
