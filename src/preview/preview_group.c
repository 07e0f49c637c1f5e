/* preview_group.c - the figures of one group of tensors, from its sums.
 *
 * A norm's interval is that of its square; a cosine's follows from how its inner product and the
 * norm vary together (delta method). */
#include "preview/preview_group.h"

#include <math.h>

static double quotient(double a, double b)
{
	return b > 0 ? a / b : NAN;
}

/* The root of a sum of squares that rounding, or a sample, may have taken below 0. */
static double root(double square)
{
	return square < 0 ? 0 : sqrt(square);
}

static Estimate estimate_of(double value, double low, double high)
{
	return isnan(value) ? (Estimate){NAN, NAN, NAN} : (Estimate){value, low, high};
}

static Estimate scaled(Estimate estimate, double scale)
{
	if (scale == 0)
		return estimate_of(estimate.value * scale, 0, 0);
	Estimate of = {estimate.value * scale, estimate.low * scale, estimate.high * scale};
	return scale < 0 ? (Estimate){of.value, of.high, of.low} : of;
}

static Estimate norm_of(const Total *total)
{
	double half = total->reach * sqrt(total->square_variance);
	double value = root(total->square);
	return half > 0 || total->bounded
		       ? estimate_of(value, root(total->square - half - total->square_below),
				 root(total->square + half + total->square_above))
		       : estimate_of(value, value, value);
}

static Estimate divided(Estimate estimate, double divisor)
{
	return estimate_of(quotient(estimate.value, divisor), quotient(estimate.low, divisor),
		quotient(estimate.high, divisor));
}

static double cosine_variance(const Total *total, guint task, double cosine)
{
	double norms = sqrt(total->square * total->task_square[task]);
	double of_square = cosine / (2 * total->square);
	return total->product_variance[task] / (norms * norms) +
	       of_square * of_square * total->square_variance -
	       2 * of_square / norms * total->covariance[task];
}

static Estimate product_of(const Total *total, guint task)
{
	double half = total->reach * sqrt(total->product_variance[task]);
	double value = total->product[task];
	return estimate_of(value, value - half - total->product_below[task],
		value + half + total->product_above[task]);
}

/* The ends of a quotient whose ends of both parts are known; that of the product which lies on
 * this side of 0 counts by the least norm, and by the largest where it lies beyond. */
static double farthest(double product, Estimate norm, double sign)
{
	double quotient = product / (product * sign > 0 ? norm.low : norm.high);
	return CLAMP(isnan(quotient) ? sign : quotient, -1, 1);
}

static Estimate bounded_cosine(const Total *total, guint task, double value)
{
	Estimate norm = norm_of(total), product = product_of(total, task);
	double size = root(total->task_square[task]);
	return estimate_of(value, fmin(value, farthest(product.low / size, norm, -1)),
		fmax(value, farthest(product.high / size, norm, 1)));
}

/* Where the norm may be 0, the cosine may be anything. */
static Estimate cosine_with(const Total *total, guint task)
{
	double value = cosine_of(
		total->product[task], root(total->square), root(total->task_square[task]));
	if (total->bounded)
		return bounded_cosine(total, task, value);
	if (total->square_variance == 0 && total->product_variance[task] == 0)
		return estimate_of(value, value, value);
	if (total->square <= total->reach * sqrt(total->square_variance))
		return estimate_of(value, -1, 1);
	double half = total->reach * root(cosine_variance(total, task, value));
	return estimate_of(value, fmax(-1, value - half), fmin(1, value + half));
}

static Estimate kept_of(const Total *total, guint task)
{
	return divided(product_of(total, task), total->task_square[task]);
}

PreviewGroup *preview_group_new(const Scope *scope, const Total *total, double scale)
{
	PreviewGroup *group = g_new0(PreviewGroup, 1);
	group->name = g_strdup(scope->label);
	group->elements = scope->elements;
	group->norm = scaled(norm_of(total), fabs(scale));
	group->relative = divided(group->norm, root(total->base_square));
	group->cosine = g_new0(Estimate, total->tasks + 1);
	group->kept = g_new0(Estimate, total->tasks + 1);
	for (guint i = 0; i < total->tasks; i++) {
		group->cosine[i] = scaled(cosine_with(total, i), scale < 0 ? -1 : 1);
		if (scale == 0)
			group->cosine[i] = (Estimate){NAN, NAN, NAN};
		group->kept[i] = scaled(kept_of(total, i), scale);
	}
	group->conflict = (Estimate){NAN, NAN, NAN};
	for (guint i = 0; i < PREVIEW_PERCENTILES; i++)
		group->moves[i] = NAN;
	return group;
}

void preview_group_free(PreviewGroup *group)
{
	if (!group)
		return;
	g_free(group->name);
	g_free(group->cosine);
	g_free(group->kept);
	g_free(group);
}
