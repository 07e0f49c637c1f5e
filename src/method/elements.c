/* elements.c - arithmetic on runs of numbers, element by element, as vector code. */
#include "method/elements.h"

#include "core/variants.h"

#include <string.h>

#define LOOK 64u /* elements that are looked at together */

CPU_VARIANTS void elements_add(double *out, const double *a, const double *b, guint64 n)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = a[i] + b[i];
}

CPU_VARIANTS void elements_subtract(double *out, const double *a, const double *b, guint64 n)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = a[i] - b[i];
}

CPU_VARIANTS void elements_multiply(double *out, const double *in, guint64 n, double factor)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = in[i] * factor;
}

CPU_VARIANTS void elements_divide(double *out, const double *in, guint64 n, double divisor)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = in[i] / divisor;
}

CPU_VARIANTS void elements_add_scaled(double *out, const double *in, guint64 n, double factor)
{
	for (guint64 i = 0; i < n; i++)
		out[i] += factor * in[i];
}

CPU_VARIANTS void elements_scale_onto(
	double *sum, const double *base, double *change, guint64 n, double factor)
{
	for (guint64 i = 0; i < n; i++) {
		change[i] *= factor;
		sum[i] = base[i] + change[i];
	}
}

CPU_VARIANTS gboolean elements_subtract_numbers(double *theta, const double *base, guint64 n)
{
	guint64 odd = 0;
	for (guint64 i = 0; i < n; i++) {
		double change = theta[i] - base[i] + 0.0;
		odd |= change != change;
		theta[i] = change;
	}
	return !odd;
}

CPU_VARIANTS void elements_subtract_base(double *theta, const double *base, guint64 n)
{
	for (guint64 i = 0; i < n; i++) {
		double a = theta[i], b = base[i];
		gboolean same = (a == b) | ((a != a) & (b != b));
		theta[i] = same ? 0 : a - b;
	}
}

CPU_VARIANTS static guint64 count_others(const double *in, guint64 n)
{
	guint64 others = 0;
	for (guint64 i = 0; i < n; i++)
		others += in[i] != 0;
	return others;
}

gboolean elements_are_zero(const double *in, guint64 n)
{
	guint64 at = 0;
	while (at < n && !count_others(in + at, MIN(LOOK, n - at)))
		at += LOOK;
	return at >= n;
}

#define DEFINE_REPLACE(width)                                                                      \
	CPU_VARIANTS static void replace_##width(                                                  \
		guint8 *raw, const guint8 *from, const double *change, guint64 n)                  \
	{                                                                                          \
		for (guint64 i = 0; i < n; i++) {                                                  \
			guint##width old, new;                                                     \
			memcpy(&old, raw + i * sizeof old, sizeof old);                            \
			memcpy(&new, from + i * sizeof new, sizeof new);                           \
			old = change[i] != 0 ? new : old;                                          \
			memcpy(raw + i * sizeof old, &old, sizeof old);                            \
		}                                                                                  \
	}

DEFINE_REPLACE(8)
DEFINE_REPLACE(16)
DEFINE_REPLACE(32)
DEFINE_REPLACE(64)

void elements_replace_changed(
	void *raw, const void *from, const double *change, guint64 n, gsize size)
{
	switch (size) {
	case 1:
		replace_8(raw, from, change, n);
		break;
	case 2:
		replace_16(raw, from, change, n);
		break;
	case 4:
		replace_32(raw, from, change, n);
		break;
	default:
		replace_64(raw, from, change, n);
	}
}
