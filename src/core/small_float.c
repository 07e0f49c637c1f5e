/* small_float.c - see small_float.h.  Formats: OCP 8-bit floating point specification 1.0, OCP
 * microscaling formats 1.0, and the FNUZ variants of Noune et al., arXiv:2206.02915. */
#include "core/small_float.h"

const SmallFloat small_float_e5m2 = {5, 2, 15, SPECIAL_IEEE, 57344};
const SmallFloat small_float_e4m3 = {4, 3, 7, SPECIAL_FN, 448};
const SmallFloat small_float_e5m2_fnuz = {5, 2, 16, SPECIAL_FNUZ, 57344};
const SmallFloat small_float_e4m3_fnuz = {4, 3, 8, SPECIAL_FNUZ, 240};

static guint sign_bit(const SmallFloat *format)
{
	return 1u << (format->exponent_bits + format->mantissa_bits);
}

static guint infinity_code(const SmallFloat *format)
{
	return ((1u << format->exponent_bits) - 1) << format->mantissa_bits;
}

static gboolean is_nan_code(const SmallFloat *format, guint code)
{
	guint magnitude = code & (sign_bit(format) - 1);
	switch (format->special) {
	case SPECIAL_IEEE:
		return magnitude > infinity_code(format);
	case SPECIAL_FN:
		return magnitude == sign_bit(format) - 1;
	case SPECIAL_FNUZ:
		return code == sign_bit(format);
	}
	g_assert_not_reached();
}

float small_float_decode(const SmallFloat *format, guint code)
{
	guint magnitude = code & (sign_bit(format) - 1);
	float sign = code & sign_bit(format) ? -1.0f : 1.0f;
	if (is_nan_code(format, code))
		return copysignf(NAN, sign);
	if (format->special == SPECIAL_IEEE && magnitude == infinity_code(format))
		return sign * INFINITY;
	int exponent = (int)(magnitude >> format->mantissa_bits);
	guint mantissa = magnitude & ((1u << format->mantissa_bits) - 1);
	if (exponent)
		mantissa |= 1u << format->mantissa_bits;
	int scale = MAX(exponent, 1) - format->bias - (int)format->mantissa_bits;
	return sign * ldexpf((float)mantissa, scale);
}

static guint nan_code(const SmallFloat *format, guint sign)
{
	switch (format->special) {
	case SPECIAL_IEEE: /* the quiet bit */
		return sign | infinity_code(format) | 1u << (format->mantissa_bits - 1);
	case SPECIAL_FN:
		return sign | (sign_bit(format) - 1);
	case SPECIAL_FNUZ:
		return sign_bit(format);
	}
	g_assert_not_reached();
}

/* The code of a number that lies on the format's grid. */
static guint code_on_grid(const SmallFloat *format, double magnitude)
{
	int least = 1 - format->bias;
	int bits = (int)format->mantissa_bits;
	if (magnitude < ldexp(1, least))
		return (guint)ldexp(magnitude, bits - least);
	guint64 code = double_bits(magnitude) >> (52 - bits);
	return (guint)(code - ((guint64)(1023 - format->bias) << bits));
}

guint small_float_encode(const SmallFloat *format, double value)
{
	guint sign = signbit(value) ? sign_bit(format) : 0;
	if (isnan(value))
		return nan_code(format, sign);
	double rounded = round_to_grid(fabs(value), (int)format->mantissa_bits, 1 - format->bias);
	if (rounded > format->max)
		return format->special == SPECIAL_IEEE ? sign | infinity_code(format)
						       : nan_code(format, sign);
	if (rounded == 0 && format->special == SPECIAL_FNUZ)
		return 0;
	return sign | code_on_grid(format, rounded);
}

float e8m0_decode(guint code)
{
	return code == 255 ? NAN : ldexpf(1, (int)code - 127);
}

guint e8m0_encode(double value)
{
	if (!(value > 0))
		return 255;
	guint64 bits = double_bits(value), half = G_GUINT64_CONSTANT(1) << 51;
	gint64 code = (gint64)(bits >> 52) - 1023 + 127;
	guint64 fraction = bits & (2 * half - 1);
	if (fraction > half || (fraction == half && code % 2 != 0))
		code++;
	return (guint)CLAMP(code, 0, 255);
}
