/* small_float.h - the floating-point formats below 32 bits, described by their parameters.
 *
 * One decoder and one encoder serve them all; dtype.c and dtype_encode.c have faster loops for
 * the formats that whole models are stored in. */
#ifndef TAUSCOPE_SMALL_FLOAT_H
#define TAUSCOPE_SMALL_FLOAT_H

#include <glib.h>
#include <math.h>
#include <string.h>

/* What the codes beyond the finite numbers mean. */
typedef enum {
	SPECIAL_IEEE, /* the top exponent is Inf and NaN */
	SPECIAL_FN,   /* all ones is NaN, no Inf */
	SPECIAL_FNUZ, /* the code of -0 is the only NaN, no Inf */
} SmallFloatSpecial;

typedef struct {
	guint exponent_bits, mantissa_bits;
	int bias;
	SmallFloatSpecial special;
	double max; /* the largest finite number */
} SmallFloat;

extern const SmallFloat small_float_e5m2, small_float_e4m3;
extern const SmallFloat small_float_e5m2_fnuz, small_float_e4m3_fnuz;

/* The number that a code means; every one is exact in float. */
float small_float_decode(const SmallFloat *format, guint code);

/* The code of the nearest number, ties to even.  Beyond the largest: Inf, or NaN without Inf. */
guint small_float_encode(const SmallFloat *format, double value);

/* F8_E8M0, a bare power of two: 2^(code-127), 255 is NaN. */
float e8m0_decode(guint code);

/* The nearest power of two, ties to the even code.  Zero and negative numbers have none: NaN. */
guint e8m0_encode(double value);

static inline guint64 double_bits(double value)
{
	guint64 bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static inline double double_from_bits(guint64 bits)
{
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* The nearest multiple, ties to even, of the spacing that a format with so many mantissa bits and
 * this least exponent has at `value`.  Adding and taking away 1.5 x 2^52 spacings makes the
 * hardware round there, once.  Values past 2^512, beyond every format, only stay large. */
static inline double round_to_grid(double value, int mantissa_bits, int least_exponent)
{
	double least = double_from_bits((guint64)(least_exponent + 1023) << 52);
	double spacings = double_from_bits((guint64)(52 - mantissa_bits + 1023) << 52);
	double power = double_from_bits(double_bits(value) & 0x7ff0000000000000);
	power = power > least ? power : least;
	power = power < 0x1p512 ? power : 0x1p512;
	double anchor = 1.5 * spacings * power;
	return copysign((value + anchor) - anchor, value);
}

#endif
