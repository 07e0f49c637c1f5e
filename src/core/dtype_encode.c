/* dtype_encode.c - doubles to the elements of a float type, rounded once.
 *
 * Going through float on the way to 16 or 8 bits would round twice, and some halves wrongly. */
#include "core/dtype.h"
#include "core/small_float.h"
#include "core/variants.h"

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

static inline guint32 f32_from(float value)
{
	return float_bits(value);
}

static inline guint16 bf16_from(float value)
{
	return (guint16)(float_bits(value) >> 16);
}

static inline guint16 f16_from(float value)
{
	return half_on_grid(value);
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
#define GUINT8_FROM_LE(x) (x)

/* The loop that counts what is not finite.  `special` says whether the bits `code` are no finite
 * number. */
#define DEFINE_COUNT(name, width, special)                                                         \
	CPU_VARIANTS static gsize count_##name(const guint8 *raw, gsize n)                         \
	{                                                                                          \
		gsize count = 0;                                                                   \
		for (gsize i = 0; i < n; i++) {                                                    \
			guint##width code;                                                         \
			memcpy(&code, raw + i * sizeof code, sizeof code);                         \
			code = GUINT##width##_FROM_LE(code);                                       \
			count += (special);                                                        \
		}                                                                                  \
		return count;                                                                      \
	}

/* Elements that are rounded to a grid before the first is encoded: the numbers of one loop have one
 * width, which vector code wants. */
#define RUN 256u

static gsize count_infinite(const double *values, guint n)
{
	gsize count = 0;
	for (guint i = 0; i < n; i++)
		count += fabs(values[i]) <= DBL_MAX ? 0 : 1;
	return count;
}

/* The loop of a type whose numbers on their grid, `rounded` of `value`, are of another type. */
#define DEFINE_ENCODER(name, width, number, rounded, special)                                      \
	DEFINE_COUNT(name, width, special)                                                         \
	CPU_VARIANTS static gsize encode_run_##name(const double *values, guint n, guint8 *raw)    \
	{                                                                                          \
		number on_grid[RUN];                                                               \
		guint lost = 0;                                                                    \
		for (guint i = 0; i < n; i++) {                                                    \
			double value = values[i];                                                  \
			on_grid[i] = (number)(rounded);                                            \
		}                                                                                  \
		for (guint i = 0; i < n; i++) {                                                    \
			guint##width code = name##_from(on_grid[i]);                               \
			lost += (special);                                                         \
			code = GUINT##width##_TO_LE(code);                                         \
			memcpy(raw + i * sizeof code, &code, sizeof code);                         \
		}                                                                                  \
		return lost ? lost - count_infinite(values, n) : 0;                                \
	}                                                                                          \
	static gsize encode_##name(const double *values, gsize n, guint8 *raw)                     \
	{                                                                                          \
		gsize lost = 0;                                                                    \
		for (gsize at = 0; at < n; at += RUN)                                              \
			lost += encode_run_##name(                                                 \
				values + at, (guint)MIN(RUN, n - at), raw + at * (width / 8));     \
		return lost;                                                                       \
	}

DEFINE_ENCODER(f64, 64, double, value, (code & 0x7ff0000000000000) == 0x7ff0000000000000)
DEFINE_ENCODER(f32, 32, float, value, (code & 0x7f800000) == 0x7f800000)
DEFINE_ENCODER(f16, 16, float, round_to_grid(value, 10, -14), (code & 0x7c00) == 0x7c00)
DEFINE_ENCODER(bf16, 16, float, round_to_grid(value, 7, -126), (code & 0x7f80) == 0x7f80)
DEFINE_ENCODER(e5m2, 8, double, value, (code & 0x7c) == 0x7c)
DEFINE_ENCODER(e4m3, 8, double, value, (code & 0x7f) == 0x7f)
DEFINE_ENCODER(e5m2_fnuz, 8, double, value, code == 0x80)
DEFINE_ENCODER(e4m3_fnuz, 8, double, value, code == 0x80)
DEFINE_ENCODER(e8m0, 8, double, value, code == 0xff)

typedef struct {
	gsize (*encode)(const double *values, gsize n, guint8 *raw);
	gsize (*count)(const guint8 *raw, gsize n);
} Encoder;

static const Encoder encoders[DTYPE_COUNT] = {
	[DTYPE_F64] = {encode_f64, count_f64},
	[DTYPE_F32] = {encode_f32, count_f32},
	[DTYPE_F16] = {encode_f16, count_f16},
	[DTYPE_BF16] = {encode_bf16, count_bf16},
	[DTYPE_F8_E5M2] = {encode_e5m2, count_e5m2},
	[DTYPE_F8_E4M3] = {encode_e4m3, count_e4m3},
	[DTYPE_F8_E5M2FNUZ] = {encode_e5m2_fnuz, count_e5m2_fnuz},
	[DTYPE_F8_E4M3FNUZ] = {encode_e4m3_fnuz, count_e4m3_fnuz},
	[DTYPE_F8_E8M0] = {encode_e8m0, count_e8m0},
};

gsize dtype_encode(Dtype dtype, const double *values, gsize n, void *raw)
{
	g_assert(dtype_info(dtype)->class == CLASS_FLOAT);
	return encoders[dtype].encode(values, n, raw);
}

gsize dtype_count_not_finite(Dtype dtype, const void *raw, gsize n)
{
	return dtype_info(dtype)->class == CLASS_FLOAT ? encoders[dtype].count(raw, n) : 0;
}
