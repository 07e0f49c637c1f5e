/* dtype.c - element types as a table, and the loops that decode them. */
#include "core/dtype.h"

#include "core/small_float.h"
#include "core/variants.h"

static const DtypeInfo infos[DTYPE_COUNT] = {
	[DTYPE_BOOL] = {"BOOL", 8, CLASS_INTEGER},
	[DTYPE_F4] = {"F4", 4, CLASS_OPAQUE},
	[DTYPE_F6_E2M3] = {"F6_E2M3", 6, CLASS_OPAQUE},
	[DTYPE_F6_E3M2] = {"F6_E3M2", 6, CLASS_OPAQUE},
	[DTYPE_U8] = {"U8", 8, CLASS_INTEGER},
	[DTYPE_I8] = {"I8", 8, CLASS_INTEGER},
	[DTYPE_F8_E5M2] = {"F8_E5M2", 8, CLASS_FLOAT},
	[DTYPE_F8_E4M3] = {"F8_E4M3", 8, CLASS_FLOAT},
	[DTYPE_F8_E8M0] = {"F8_E8M0", 8, CLASS_FLOAT},
	[DTYPE_F8_E4M3FNUZ] = {"F8_E4M3FNUZ", 8, CLASS_FLOAT},
	[DTYPE_F8_E5M2FNUZ] = {"F8_E5M2FNUZ", 8, CLASS_FLOAT},
	[DTYPE_I16] = {"I16", 16, CLASS_INTEGER},
	[DTYPE_U16] = {"U16", 16, CLASS_INTEGER},
	[DTYPE_F16] = {"F16", 16, CLASS_FLOAT},
	[DTYPE_BF16] = {"BF16", 16, CLASS_FLOAT},
	[DTYPE_I32] = {"I32", 32, CLASS_INTEGER},
	[DTYPE_U32] = {"U32", 32, CLASS_INTEGER},
	[DTYPE_F32] = {"F32", 32, CLASS_FLOAT},
	[DTYPE_C64] = {"C64", 64, CLASS_OPAQUE},
	[DTYPE_F64] = {"F64", 64, CLASS_FLOAT},
	[DTYPE_I64] = {"I64", 64, CLASS_INTEGER},
	[DTYPE_U64] = {"U64", 64, CLASS_INTEGER},
};

const DtypeInfo *dtype_info(Dtype dtype)
{
	g_assert((guint)dtype < DTYPE_COUNT);
	return &infos[dtype];
}

gboolean dtype_from_name(const char *name, Dtype *dtype)
{
	for (guint i = 0; i < DTYPE_COUNT; i++)
		if (g_str_equal(infos[i].name, name)) {
			*dtype = (Dtype)i;
			return TRUE;
		}
	return FALSE;
}

void dtype_swap(Dtype dtype, guint64 elements, void *raw)
{
	gsize unit = dtype == DTYPE_C64 ? 4 : infos[dtype].bits / 8;
	gsize length = elements * (infos[dtype].bits / 8);
	guint8 *bytes = raw;
	for (gsize at = 0; unit > 1 && at < length; at += unit)
		for (gsize i = 0; i < unit / 2; i++) {
			guint8 byte = bytes[at + i];
			bytes[at + i] = bytes[at + unit - 1 - i];
			bytes[at + unit - 1 - i] = byte;
		}
}

gboolean shape_elements(const guint64 *shape, guint rank, guint64 *elements)
{
	guint64 product = 1;
	*elements = 1;
	for (guint i = 0; i < rank; i++) {
		if (!g_uint64_checked_mul(&product, product, MAX(shape[i], 1)))
			return FALSE;
		*elements *= shape[i];
	}
	return TRUE;
}

gboolean dtype_bytes(Dtype dtype, guint64 elements, guint64 *bytes)
{
	guint64 bits;
	if (!g_uint64_checked_mul(&bits, elements, dtype_info(dtype)->bits) || bits % 8)
		return FALSE;
	*bytes = bits / 8;
	return TRUE;
}

static inline float float_from_bits(guint32 bits)
{
	float value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* Masks instead of branches, so that the loop becomes vector code; subnormals go through an integer
 * conversion, because arithmetic on subnormal floats is slow. */
static inline float float_from_half(guint16 half)
{
	guint32 magnitude = half & 0x7fff, sign = (guint32)(half & 0x8000) << 16;
	guint32 rebias = 112u << 23, subnormal;
	guint32 is_special = -(guint32)(magnitude >= 0x7c00);
	guint32 is_subnormal = -(guint32)(magnitude < 0x400);
	guint32 normal = (magnitude << 13) + rebias + (rebias & is_special);
	float tiny = (float)(gint32)magnitude * 0x1p-24f;
	memcpy(&subnormal, &tiny, sizeof subnormal);
	return float_from_bits((subnormal & is_subnormal) | (normal & ~is_subnormal) | sign);
}

static inline float float_from_bfloat(guint16 bits)
{
	return float_from_bits((guint32)bits << 16);
}

#define GUINT8_FROM_LE(x) (x)

#define DEFINE_LOOP(function, width, type, value)                                                  \
	CPU_VARIANTS static void function(const guint8 *raw, gsize n, type *out)                   \
	{                                                                                          \
		for (gsize i = 0; i < n; i++) {                                                    \
			guint##width x;                                                            \
			memcpy(&x, raw + i * sizeof x, sizeof x);                                  \
			x = GUINT##width##_FROM_LE(x);                                             \
			out[i] = (type)(value);                                                    \
		}                                                                                  \
	}

/* The two loops of a type: to float and to double.  `value` is a number made of the bits `x`. */
#define DEFINE_DECODERS(name, width, value)                                                        \
	DEFINE_LOOP(name##_to_float, width, float, value)                                          \
	DEFINE_LOOP(name##_to_double, width, double, value)

DEFINE_DECODERS(bool, 8, x != 0)
DEFINE_DECODERS(u8, 8, x)
DEFINE_DECODERS(i8, 8, (gint8)x)
DEFINE_DECODERS(u16, 16, x)
DEFINE_DECODERS(i16, 16, (gint16)x)
DEFINE_DECODERS(u32, 32, x)
DEFINE_DECODERS(i32, 32, (gint32)x)
DEFINE_DECODERS(u64, 64, x)
DEFINE_DECODERS(i64, 64, (gint64)x)
DEFINE_DECODERS(f16, 16, float_from_half(x))
DEFINE_DECODERS(bf16, 16, float_from_bfloat(x))
DEFINE_DECODERS(f32, 32, float_from_bits(x))
DEFINE_DECODERS(f64, 64, double_from_bits(x))

static float decode_byte(Dtype dtype, guint code)
{
	switch (dtype) {
	case DTYPE_F8_E5M2:
		return small_float_decode(&small_float_e5m2, code);
	case DTYPE_F8_E4M3:
		return small_float_decode(&small_float_e4m3, code);
	case DTYPE_F8_E5M2FNUZ:
		return small_float_decode(&small_float_e5m2_fnuz, code);
	case DTYPE_F8_E4M3FNUZ:
		return small_float_decode(&small_float_e4m3_fnuz, code);
	case DTYPE_F8_E8M0:
		return e8m0_decode(code);
	default:
		g_assert_not_reached();
	}
}

static void fill_byte_table(Dtype dtype, float table[256])
{
	for (guint code = 0; code < 256; code++)
		table[code] = decode_byte(dtype, code);
}

CPU_VARIANTS static void f8_to_float(Dtype dtype, const guint8 *raw, gsize n, float *out)
{
	float table[256];
	fill_byte_table(dtype, table);
	for (gsize i = 0; i < n; i++)
		out[i] = table[raw[i]];
}

CPU_VARIANTS static void f8_to_double(Dtype dtype, const guint8 *raw, gsize n, double *out)
{
	float table[256];
	fill_byte_table(dtype, table);
	for (gsize i = 0; i < n; i++)
		out[i] = (double)table[raw[i]];
}

typedef struct {
	void (*to_float)(const guint8 *raw, gsize n, float *out);
	void (*to_double)(const guint8 *raw, gsize n, double *out);
} Decoder;

/* The 8-bit floats have no row: they go through a table of their 256 values. */
static const Decoder decoders[DTYPE_COUNT] = {
	[DTYPE_BOOL] = {bool_to_float, bool_to_double},
	[DTYPE_U8] = {u8_to_float, u8_to_double},
	[DTYPE_I8] = {i8_to_float, i8_to_double},
	[DTYPE_I16] = {i16_to_float, i16_to_double},
	[DTYPE_U16] = {u16_to_float, u16_to_double},
	[DTYPE_F16] = {f16_to_float, f16_to_double},
	[DTYPE_BF16] = {bf16_to_float, bf16_to_double},
	[DTYPE_I32] = {i32_to_float, i32_to_double},
	[DTYPE_U32] = {u32_to_float, u32_to_double},
	[DTYPE_F32] = {f32_to_float, f32_to_double},
	[DTYPE_F64] = {f64_to_float, f64_to_double},
	[DTYPE_I64] = {i64_to_float, i64_to_double},
	[DTYPE_U64] = {u64_to_float, u64_to_double},
};

void dtype_decode_float(Dtype dtype, const void *raw, gsize n, float *out)
{
	g_assert(dtype_info(dtype)->class != CLASS_OPAQUE);
	if (decoders[dtype].to_float)
		decoders[dtype].to_float(raw, n, out);
	else
		f8_to_float(dtype, raw, n, out);
}

void dtype_decode_double(Dtype dtype, const void *raw, gsize n, double *out)
{
	g_assert(dtype_info(dtype)->class != CLASS_OPAQUE);
	if (decoders[dtype].to_double)
		decoders[dtype].to_double(raw, n, out);
	else
		f8_to_double(dtype, raw, n, out);
}
