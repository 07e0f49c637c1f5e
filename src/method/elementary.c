/* elementary.c - exponentials and the like, by arithmetic that processors do on several numbers at
 * once.
 *
 * exp(x) = 2^k·exp(r) with |r| ≤ ln(2)/2, and log(2^k·m) = k·ln(2) + 2·artanh((m − 1)/(m + 1)) with
 * m next to 1, each by a polynomial. */
#include "method/elementary.h"

#include "core/variants.h"

#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* ln(2) as a number with some low bits free, so that its multiples are exact, and the rest. */
#define LN2_HIGH 0x1.62e42fee00000p-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define EXPONENT_MOST 708.0

/* Added to a number that is not large, it leaves the nearest whole number in the low bits. */
#define WHOLE 0x1.8p52

INLINE guint64 bits_of(double value)
{
	guint64 bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

INLINE double of_bits(guint64 bits)
{
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* Taylor's, to the thirteenth power: what is left out is below 4e-18. */
INLINE double small_exponential(double r)
{
	double sum = 1.0 / 6227020800;
	sum = sum * r + 1.0 / 479001600;
	sum = sum * r + 1.0 / 39916800;
	sum = sum * r + 1.0 / 3628800;
	sum = sum * r + 1.0 / 362880;
	sum = sum * r + 1.0 / 40320;
	sum = sum * r + 1.0 / 5040;
	sum = sum * r + 1.0 / 720;
	sum = sum * r + 1.0 / 120;
	sum = sum * r + 1.0 / 24;
	sum = sum * r + 1.0 / 6;
	sum = sum * r + 0.5;
	return 1 + (r + sum * r * r);
}

INLINE double exponential(double x)
{
	double in = x < -EXPONENT_MOST ? -EXPONENT_MOST : x;
	double shifted = in * M_LOG2E + WHOLE, k = shifted - WHOLE;
	double r = in - k * LN2_HIGH - k * LN2_LOW;
	return small_exponential(r) * of_bits((bits_of(shifted) + 1023) << 52);
}

/* 2·artanh(s) for |s| ≤ 0.172: what is left out is below 2e-18. */
INLINE double twice_artanh(double s)
{
	double square = s * s, sum = 2.0 / 21;
	sum = sum * square + 2.0 / 19;
	sum = sum * square + 2.0 / 17;
	sum = sum * square + 2.0 / 15;
	sum = sum * square + 2.0 / 13;
	sum = sum * square + 2.0 / 11;
	sum = sum * square + 2.0 / 9;
	sum = sum * square + 2.0 / 7;
	sum = sum * square + 2.0 / 5;
	sum = sum * square + 2.0 / 3;
	return 2 * s + sum * square * s;
}

/* Beyond √2 a number is halved, so that of 1 and those next to it k is 0. */
INLINE double logarithm(double x)
{
	guint64 bits = bits_of(x) + (G_GUINT64_CONSTANT(0x3ff0000000000000) -
					    G_GUINT64_CONSTANT(0x3fe6a09e667f3bcd));
	double k = of_bits((bits >> 52) | G_GUINT64_CONSTANT(0x4330000000000000)) - (0x1p52 + 1023);
	double m = of_bits((bits & G_GUINT64_CONSTANT(0x000fffffffffffff)) +
			   G_GUINT64_CONSTANT(0x3fe6a09e667f3bcd));
	return k * LN2_HIGH + (k * LN2_LOW + twice_artanh((m - 1) / (m + 1)));
}

/* Up to which size the series of the tangent will do: what is left out is below 1e-18 of it. */
#define TANGENT_SMALL 0.02

INLINE double small_tangent(double x)
{
	double square = x * x, sum = 62.0 / 2835;
	sum = sum * square - 17.0 / 315;
	sum = sum * square + 2.0 / 15;
	sum = sum * square - 1.0 / 3;
	return x + sum * square * x;
}

CPU_VARIANTS void exponentials(double *values, guint64 n)
{
	for (guint64 i = 0; i < n; i++)
		values[i] = exponential(values[i]);
}

CPU_VARIANTS void logarithms(double *values, guint64 n)
{
	for (guint64 i = 0; i < n; i++)
		values[i] = logarithm(values[i]);
}

CPU_VARIANTS static gboolean are_small(const double *values, guint64 n)
{
	guint64 small = 0;
	for (guint64 i = 0; i < n; i++)
		small += fabs(values[i]) <= TANGENT_SMALL;
	return small == n;
}

CPU_VARIANTS static void small_tangents(double *values, guint64 n)
{
	for (guint64 i = 0; i < n; i++)
		values[i] = small_tangent(values[i]);
}

void tangents(double *values, guint64 n)
{
	if (are_small(values, n)) {
		small_tangents(values, n);
		return;
	}
	for (guint64 i = 0; i < n; i++)
		values[i] = fabs(values[i]) <= TANGENT_SMALL ? small_tangent(values[i])
							     : tanh(values[i]);
}
