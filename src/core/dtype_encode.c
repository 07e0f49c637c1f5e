/* dtype_encode.c - doubles to the elements of a float type, rounded once.
 *
 * Going through float on the way to 16 or 8 bits would round twice, and some halves wrongly. */
#include "core/dtype.h"
#include "core/small_float.h"

#include <float.h>
#include <math.h>

static inline guint32 float_bits(float value)
{
	guint32 bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

/* The half of a number that lies on the grid of halves, or past their end.  The sum puts a
 * subnormal half into the low bits of 0.5, whose last bit is worth 2^-24. */
static inline guint16 half_on_grid(float value)
{
	guint32 bits = float_bits(value), magnitude = bits & 0x7fffffff;
	guint32 is_subnormal = -(guint32)(magnitude < 0x38800000);
	guint32 is_special = -(guint32)(magnitude >= 0x47800000);
	guint32 is_nan = -(guint32)(magnitude > 0x7f800000);
	guint32 normal = (magnitude - (112u << 23)) >> 13;
	guint32 subnormal = float_bits(fabsf(value) + 0.5f) & 0x3ff;
	guint32 special = 0x7c00 | (0x200 & is_nan);
	guint32 half = (subnormal & is_subnormal) | (special & is_special) |
		       (normal & ~is_subnormal & ~is_special);
	return (guint16)(half | ((bits >> 16) & 0x8000));
}

static inline guint64 f64_from(double value)
{
	return double_bits(value);
}

static inline guint32 f32_from(double value)
{
	return float_bits((float)value);
}

static inline guint16 bf16_from(double value)
{
	return (guint16)(float_bits((float)round_to_grid(value, 7, -126)) >> 16);
}

static inline guint16 f16_from(double value)
{
	return half_on_grid((float)round_to_grid(value, 10, -14));
}

static inline guint8 e5m2_from(double value)
{
	return (guint8)small_float_encode(&small_float_e5m2, value);
}

static inline guint8 e4m3_from(double value)
{
	return (guint8)small_float_encode(&small_float_e4m3, value);
}

static inline guint8 e5m2_fnuz_from(double value)
{
	return (guint8)small_float_encode(&small_float_e5m2_fnuz, value);
}

static inline guint8 e4m3_fnuz_from(double value)
{
	return (guint8)small_float_encode(&small_float_e4m3_fnuz, value);
}

static inline guint8 e8m0_from(double value)
{
	return (guint8)e8m0_encode(value);
}

#define GUINT8_TO_LE(x) (x)

/* The loop of a type.  `special` says whether the bits `code` are no finite number; it counts the
 * finite values that came to such an end. */
#define DEFINE_ENCODER(name, width, special)                                                       \
	static gsize encode_##name(const double *values, gsize n, guint8 *raw)                     \
	{                                                                                          \
		gsize lost = 0;                                                                    \
		for (gsize i = 0; i < n; i++) {                                                    \
			guint##width code = name##_from(values[i]);                                \
			lost += (gsize)((special) & (fabs(values[i]) <= DBL_MAX));                 \
			code = GUINT##width##_TO_LE(code);                                         \
			memcpy(raw + i * sizeof code, &code, sizeof code);                         \
		}                                                                                  \
		return lost;                                                                       \
	}

DEFINE_ENCODER(f64, 64, FALSE)
DEFINE_ENCODER(f32, 32, (code & 0x7f800000) == 0x7f800000)
DEFINE_ENCODER(f16, 16, (code & 0x7c00) == 0x7c00)
DEFINE_ENCODER(bf16, 16, (code & 0x7f80) == 0x7f80)
DEFINE_ENCODER(e5m2, 8, (code & 0x7c) == 0x7c)
DEFINE_ENCODER(e4m3, 8, (code & 0x7f) == 0x7f)
DEFINE_ENCODER(e5m2_fnuz, 8, code == 0x80)
DEFINE_ENCODER(e4m3_fnuz, 8, code == 0x80)
DEFINE_ENCODER(e8m0, 8, code == 0xff)

gsize dtype_encode(Dtype dtype, const double *values, gsize n, void *raw)
{
	switch (dtype) {
	case DTYPE_F64:
		return encode_f64(values, n, raw);
	case DTYPE_F32:
		return encode_f32(values, n, raw);
	case DTYPE_F16:
		return encode_f16(values, n, raw);
	case DTYPE_BF16:
		return encode_bf16(values, n, raw);
	case DTYPE_F8_E5M2:
		return encode_e5m2(values, n, raw);
	case DTYPE_F8_E4M3:
		return encode_e4m3(values, n, raw);
	case DTYPE_F8_E5M2FNUZ:
		return encode_e5m2_fnuz(values, n, raw);
	case DTYPE_F8_E4M3FNUZ:
		return encode_e4m3_fnuz(values, n, raw);
	case DTYPE_F8_E8M0:
		return encode_e8m0(values, n, raw);
	default:
		g_assert_not_reached();
	}
}
