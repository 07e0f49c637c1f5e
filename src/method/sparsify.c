/* sparsify.c - sparse by size: exactly so many elements are kept, however many are equal.
 *
 * The kinds that draw are in sparsify_draw.c. */
#include "method/sparsify.h"

#include <float.h>
#include <math.h>
#include <string.h>

double sparsify_value(const MethodSite *site, const char *name)
{
	gint place = method_parameter(site->call->method, name);
	return place < 0 ? 0 : site->parameter[place];
}

gboolean sparsify_is_mergekit(const MethodSite *site)
{
	return method_dialect(site->call) == DIALECT_MERGEKIT;
}

double sparsify_size(guint dialect, double value)
{
	double size = fabs(value);
	return dialect == DIALECT_MERGEKIT ? (float)fmin(size, FLT_MAX) : size;
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

static void magnitude_apply(const MethodBlock *block, guint input, const Cut *cut, double *out)
{
	const double *values = block->input[input];
	guint dialect = method_dialect(block->site.call);
	for (guint64 i = 0; i < block->n; i++) {
		double size = sparsify_size(dialect, values[i]);
		out[i] = cut_above(cut, size, method_place(block, i)) ? values[i] : 0;
	}
}

const Sparsifier sparsify_magnitude = {
	.cuts = magnitude_cuts,
	.key = sparsify_size,
	.above = magnitude_above,
	.apply = magnitude_apply,
};

/* mergekit keeps all at a density of 1, whatever gamma is. */
static guint outliers_cuts(const MethodSite *site)
{
	return sparsify_is_mergekit(site) && is_dense(site) ? 0 : 2;
}

/* mergekit counts from the smallest one on, which matters where sizes are equal. */
static double outliers_key(guint dialect, double value)
{
	double size = sparsify_size(dialect, value);
	return dialect == DIALECT_MERGEKIT ? -size : size;
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
	const double *values = block->input[input];
	guint dialect = method_dialect(block->site.call);
	for (guint64 i = 0; i < block->n; i++) {
		double key = outliers_key(dialect, values[i]);
		guint64 place = method_place(block, i);
		gboolean kept = cut_above(&cuts[1], key, place) && !cut_above(&cuts[0], key, place);
		out[i] = kept ? values[i] : 0;
	}
}

const Sparsifier sparsify_outliers = {
	.cuts = outliers_cuts,
	.key = outliers_key,
	.above = outliers_above,
	.apply = outliers_apply,
};
