/* test_dtype.c - every code of the small types, both ways, against formulas written out here. */
#include "core/dtype.h"
#include "test.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* A format as its specification gives it; `top` is the largest finite code. */
typedef struct {
	Dtype dtype;
	guint exponent_bits, mantissa_bits;
	int bias;
	guint top;
	gboolean infinite, fnuz;
} Format;

static const Format formats[] = {
	{DTYPE_F16, 5, 10, 15, 0x7bff, TRUE, FALSE},
	{DTYPE_BF16, 8, 7, 127, 0x7f7f, TRUE, FALSE},
	{DTYPE_F8_E5M2, 5, 2, 15, 0x7b, TRUE, FALSE},
	{DTYPE_F8_E4M3, 4, 3, 7, 0x7e, FALSE, FALSE},
	{DTYPE_F8_E5M2FNUZ, 5, 2, 16, 0x7f, FALSE, TRUE},
	{DTYPE_F8_E4M3FNUZ, 4, 3, 8, 0x7f, FALSE, TRUE},
};

static guint sign_of(const Format *format)
{
	return 1u << (format->exponent_bits + format->mantissa_bits);
}

static double value_of(const Format *format, guint code)
{
	guint magnitude = code % sign_of(format);
	double sign = code & sign_of(format) ? -1 : 1;
	double fraction = magnitude % (1u << format->mantissa_bits);
	int exponent = (int)(magnitude >> format->mantissa_bits);
	double scale = ldexp(1, -(int)format->mantissa_bits);
	if (format->fnuz && code == sign_of(format))
		return NAN;
	if (magnitude > format->top)
		return format->infinite && magnitude == format->top + 1 ? sign * INFINITY : NAN;
	if (exponent == 0)
		return sign * fraction * scale * ldexp(1, 1 - format->bias);
	return sign * (1 + fraction * scale) * ldexp(1, exponent - format->bias);
}

static guint encode(Dtype dtype, double value)
{
	guint8 raw[8] = {0};
	dtype_encode(dtype, &value, 1, raw);
	return raw[0] | (guint)raw[1] << 8;
}

static void assert_same(double a, double b, guint code)
{
	if (isnan(a) && isnan(b))
		return;
	if (a != b || signbit(a) != signbit(b))
		g_error("code 0x%x: %.17g is not %.17g", code, a, b);
}

static void check_code(const Format *format, guint code)
{
	guint bytes = dtype_info(format->dtype)->bits / 8;
	guint8 raw[3] = {0, (guint8)code, (guint8)(code >> 8)};
	float single;
	double wide, expected = value_of(format, code);
	dtype_decode_float(format->dtype, raw + 1, 1, &single);
	dtype_decode_double(format->dtype, raw + 1, 1, &wide);
	assert_same((double)single, expected, code);
	assert_same(wide, expected, code);
	guint back = encode(format->dtype, wide);
	g_assert_cmpuint(back >> (8 * bytes), ==, 0);
	if (isnan(expected))
		g_assert_true(isnan(value_of(format, back)));
	else
		g_assert_cmphex(back, ==, code);
}

static void test_every_code(void)
{
	for (guint f = 0; f < G_N_ELEMENTS(formats); f++)
		for (guint code = 0; code < 2 * sign_of(&formats[f]); code++)
			check_code(&formats[f], code);
}

static void check_encodes(const Format *format, double value, guint code)
{
	guint minus = format->fnuz && code == 0 ? 0 : code | sign_of(format);
	if (encode(format->dtype, value) != code || encode(format->dtype, -value) != minus)
		g_error("%s: %.17g is 0x%x, not 0x%x", dtype_info(format->dtype)->name, value,
			encode(format->dtype, value), code);
}

/* Between two neighbours everything below the middle goes down, everything above goes up, and the
 * middle to the even code. */
static void check_gap(const Format *format, guint code)
{
	double low = value_of(format, code), high = value_of(format, code + 1);
	double middle = (low + high) / 2;
	check_encodes(format, nextafter(low, INFINITY), code);
	check_encodes(format, nextafter(middle, 0), code);
	check_encodes(format, middle, code % 2 ? code + 1 : code);
	check_encodes(format, nextafter(middle, INFINITY), code + 1);
	check_encodes(format, nextafter(high, 0), code + 1);
}

static void check_overflow(const Format *format)
{
	double top = value_of(format, format->top), below = value_of(format, format->top - 1);
	double middle = top + (top - below) / 2;
	double over[] = {nextafter(middle, INFINITY), 2 * top, 1e300, DBL_MAX, INFINITY};
	check_encodes(format, nextafter(middle, 0), format->top);
	if (format->top % 2 == 0)
		check_encodes(format, middle, format->top);
	for (guint i = 0; i < G_N_ELEMENTS(over); i++) {
		double got = value_of(format, encode(format->dtype, over[i]));
		g_assert_true(format->infinite ? got == INFINITY : isnan(got));
	}
}

static void test_nearest_even(void)
{
	for (guint f = 0; f < G_N_ELEMENTS(formats); f++) {
		for (guint code = 0; code < formats[f].top; code++)
			check_gap(&formats[f], code);
		check_overflow(&formats[f]);
		check_encodes(&formats[f], DBL_TRUE_MIN, 0);
		g_assert_true(isnan(value_of(&formats[f], encode(formats[f].dtype, NAN))));
	}
}

/* 1 + 2^-11 + 2^-30 lies above the middle of two halves, but float would put it on the middle. */
static void test_rounds_once(void)
{
	double value = 1 + 0x1p-11 + 0x1p-30;
	g_assert_cmphex(encode(DTYPE_F16, value), ==, 0x3c01);
	g_assert_cmphex(encode(DTYPE_F16, (double)(float)value), ==, 0x3c00);
	g_assert_cmphex(encode(DTYPE_BF16, 1 + 0x1p-8 + 0x1p-40), ==, 0x3f81);
}

static float encode_single(double value)
{
	float single;
	dtype_encode(DTYPE_F32, &value, 1, &single);
	return single;
}

static void test_f32(void)
{
	const float lows[] = {
		0, FLT_TRUE_MIN, 0x1p-126f, 0x1.fffffcp-127f, 1, 0x1.fffffep0f, 3e38f};
	for (guint i = 0; i < G_N_ELEMENTS(lows); i++) {
		float low = lows[i], high = nextafterf(low, INFINITY);
		double middle = ((double)low + (double)high) / 2;
		guint32 bits;
		memcpy(&bits, &low, sizeof bits);
		g_assert_true(encode_single(nextafter(middle, 0)) == low);
		g_assert_true(encode_single(middle) == (bits % 2 ? high : low));
		g_assert_true(encode_single(nextafter(middle, INFINITY)) == high);
	}
	g_assert_true(encode_single(-1e39) == -INFINITY);
}

/* 2^(code-127); the middle of two powers is one and a half times the lower one. */
static void test_e8m0(void)
{
	for (guint code = 0; code < 255; code++) {
		guint8 raw = (guint8)code;
		double wide, low = ldexp(1, (int)code - 127);
		dtype_decode_double(DTYPE_F8_E8M0, &raw, 1, &wide);
		g_assert_cmpfloat(wide, ==, low);
		g_assert_cmpuint(encode(DTYPE_F8_E8M0, low), ==, code);
		g_assert_cmpuint(encode(DTYPE_F8_E8M0, nextafter(1.5 * low, 0)), ==, code);
		g_assert_cmpuint(encode(DTYPE_F8_E8M0, 1.5 * low), ==, code + code % 2);
		g_assert_cmpuint(
			encode(DTYPE_F8_E8M0, nextafter(1.5 * low, INFINITY)), ==, code + 1);
	}
	const double without[] = {0, -0.0, -1, NAN, INFINITY, -INFINITY, 1e300};
	for (guint i = 0; i < G_N_ELEMENTS(without); i++)
		g_assert_cmpuint(encode(DTYPE_F8_E8M0, without[i]), ==, 255);
	g_assert_cmpuint(encode(DTYPE_F8_E8M0, DBL_TRUE_MIN), ==, 0);
	float single;
	dtype_decode_float(DTYPE_F8_E8M0, "\xff", 1, &single);
	g_assert_true(isnan(single));
}

static void test_landmarks(void)
{
	const struct {
		Dtype dtype;
		const char *raw;
		double value;
	} rows[] = {
		{DTYPE_F8_E4M3, "\x7e", 448},
		{DTYPE_F8_E4M3, "\x01", 0x1p-9},
		{DTYPE_F8_E5M2, "\x7b", 57344},
		{DTYPE_F8_E5M2, "\x7c", INFINITY},
		{DTYPE_F8_E4M3FNUZ, "\x7f", 240},
		{DTYPE_F8_E5M2FNUZ, "\x01", 0x1p-17},
		{DTYPE_F16, "\xff\x7b", 65504},
		{DTYPE_F16, "\x01\x80", -0x1p-24},
		{DTYPE_BF16, "\x49\x40", 3.140625},
		{DTYPE_F32, "\xdb\x0f\x49\x40", 0x1.921fb6p1},
		{DTYPE_F64, "\x18\x2d\x44\x54\xfb\x21\x09\x40", 0x1.921fb54442d18p1},
		{DTYPE_BOOL, "\x00", 0},
		{DTYPE_BOOL, "\x01", 1},
		{DTYPE_BOOL, "\x02", 1},
		{DTYPE_U8, "\xff", 255},
		{DTYPE_I8, "\x80", -128},
		{DTYPE_U16, "\xff\xff", 65535},
		{DTYPE_I16, "\x00\x80", -32768},
		{DTYPE_U32, "\xff\xff\xff\xff", 4294967295.0},
		{DTYPE_I32, "\x00\x00\x00\x80", -2147483648.0},
		{DTYPE_U64, "\xff\xff\xff\xff\xff\xff\xff\xff", 0x1p64},
		{DTYPE_I64, "\x00\x00\x00\x00\x00\x00\x00\x80", -0x1p63},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		double wide;
		float single;
		dtype_decode_double(rows[i].dtype, rows[i].raw, 1, &wide);
		dtype_decode_float(rows[i].dtype, rows[i].raw, 1, &single);
		g_assert_cmpfloat(wide, ==, rows[i].value);
		g_assert_cmpfloat(single, ==, (float)rows[i].value);
	}
}

/* Long enough for whole vectors and a rest, at an odd address. */
static void test_unaligned_block(void)
{
	double values[77], back[77];
	guint8 raw[77 * 8 + 1];
	const Dtype dtypes[] = {DTYPE_F64, DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_F8_E4M3};
	for (guint i = 0; i < 77; i++)
		values[i] = ((int)i % 16 - 8) * ldexp(1, (int)i % 5 - 2);
	for (guint t = 0; t < G_N_ELEMENTS(dtypes); t++) {
		g_assert_cmpuint(dtype_encode(dtypes[t], values, 77, raw + 1), ==, 0);
		dtype_decode_double(dtypes[t], raw + 1, 77, back);
		for (guint i = 0; i < 77; i++)
			g_assert_cmpfloat(back[i], ==, values[i]);
	}
}

static void test_lost(void)
{
	const double values[] = {1e39, -1e39, INFINITY, -INFINITY, NAN, 1, 65519, 65520};
	const struct {
		Dtype dtype;
		guint lost;
	} rows[] = {{DTYPE_F64, 0}, {DTYPE_F32, 2}, {DTYPE_BF16, 2}, {DTYPE_F16, 3},
		{DTYPE_F8_E5M2, 4}, {DTYPE_F8_E4M3, 4}, {DTYPE_F8_E4M3FNUZ, 4},
		{DTYPE_F8_E5M2FNUZ, 4}, {DTYPE_F8_E8M0, 2}};
	guint8 raw[sizeof values];
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpuint(dtype_encode(rows[i].dtype, values, G_N_ELEMENTS(values), raw), ==,
			rows[i].lost);
}

/* Values of every kind, most of them in the range of some type. */
static double any_value(GRand *random)
{
	static const double special[] = {0, -0.0, INFINITY, -INFINITY, NAN, 0x1p-1074, DBL_MAX};
	guint kind = g_rand_int(random) % 8;
	if (kind == 0)
		return special[g_rand_int(random) % G_N_ELEMENTS(special)];
	int least = kind == 1 ? -1070 : kind < 4 ? -150 : -20;
	double sign = g_rand_boolean(random) ? 1 : -1;
	return sign * ldexp(1 + g_rand_double(random), g_rand_int_range(random, least, -least / 2));
}

static const Dtype floats[] = {DTYPE_F64, DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_F8_E5M2,
	DTYPE_F8_E4M3, DTYPE_F8_E5M2FNUZ, DTYPE_F8_E4M3FNUZ, DTYPE_F8_E8M0};

/* Loops of vector code give what the same elements give one by one, whatever the length. */
static void assert_same_one_by_one(Dtype dtype, const double *values, guint n)
{
	g_autofree guint8 *raw = g_malloc0(n * 8), *single = g_malloc0(n * 8);
	g_autofree double *numbers = g_new(double, n);
	gsize size = dtype_info(dtype)->bits / 8, lost = 0, not_finite = 0;
	gsize lost_at_once = dtype_encode(dtype, values, n, raw);
	dtype_decode_double(dtype, raw, n, numbers);
	for (guint i = 0; i < n; i++) {
		double number;
		lost += dtype_encode(dtype, &values[i], 1, single + i * size);
		dtype_decode_double(dtype, single + i * size, 1, &number);
		not_finite += isfinite(number) ? 0 : 1;
		assert_same(numbers[i], number, i);
	}
	g_assert_cmpint(memcmp(raw, single, n * size), ==, 0);
	g_assert_cmpuint(lost_at_once, ==, lost);
	g_assert_cmpuint(dtype_count_not_finite(dtype, raw, n), ==, not_finite);
}

static void test_runs(void)
{
	static const guint lengths[] = {1, 7, 31, 64, 255, 256, 257, 1000, 1031};
	g_autoptr(GRand) random = g_rand_new_with_seed(5);
	double values[1031];
	for (guint i = 0; i < G_N_ELEMENTS(values); i++)
		values[i] = any_value(random);
	for (guint i = 0; i < G_N_ELEMENTS(floats); i++)
		for (guint j = 0; j < G_N_ELEMENTS(lengths); j++)
			assert_same_one_by_one(floats[i], values, lengths[j]);
	g_assert_cmpuint(dtype_count_not_finite(DTYPE_I64, values, 1031), ==, 0);
}

static void test_table(void)
{
	guint64 bytes;
	for (guint i = 0; i < DTYPE_COUNT; i++) {
		Dtype found;
		g_assert_true(dtype_from_name(dtype_info((Dtype)i)->name, &found));
		g_assert_cmpuint(found, ==, i);
	}
	Dtype none;
	g_assert_false(dtype_from_name("f32", &none));
	g_assert_false(dtype_from_name("", &none));
	g_assert_true(dtype_bytes(DTYPE_F4, 6, &bytes) && bytes == 3);
	g_assert_false(dtype_bytes(DTYPE_F4, 5, &bytes));
	g_assert_true(dtype_bytes(DTYPE_F6_E2M3, 4, &bytes) && bytes == 3);
	g_assert_true(dtype_bytes(DTYPE_C64, 2, &bytes) && bytes == 16);
	g_assert_false(dtype_bytes(DTYPE_F64, G_GUINT64_CONSTANT(1) << 58, &bytes));
}

static void test_shapes(void)
{
	const guint64 half = G_GUINT64_CONSTANT(1) << 32;
	const guint64 matrix[] = {3, 5}, empty[] = {7, 0, half}, most[] = {G_MAXUINT64, 1},
		      wraps[] = {half, half}, wraps_beside_zero[] = {half, 0, half};
	guint64 elements;

	g_assert_true(shape_elements(NULL, 0, &elements) && elements == 1);
	g_assert_true(shape_elements(matrix, 2, &elements) && elements == 15);
	g_assert_true(shape_elements(empty, 3, &elements) && elements == 0);
	g_assert_true(shape_elements(most, 2, &elements) && elements == G_MAXUINT64);
	g_assert_false(shape_elements(wraps, 2, &elements));
	g_assert_false(shape_elements(wraps_beside_zero, 3, &elements));
}

static void test_swap(void)
{
	static const struct {
		Dtype dtype;
		guint64 elements;
		guint8 turned[8];
	} cases[] = {
		{DTYPE_U8, 8, {1, 2, 3, 4, 5, 6, 7, 8}},
		{DTYPE_BF16, 3, {2, 1, 4, 3, 6, 5, 7, 8}},
		{DTYPE_F32, 2, {4, 3, 2, 1, 8, 7, 6, 5}},
		{DTYPE_C64, 1, {4, 3, 2, 1, 8, 7, 6, 5}},
		{DTYPE_I64, 1, {8, 7, 6, 5, 4, 3, 2, 1}},
		{DTYPE_I64, 0, {1, 2, 3, 4, 5, 6, 7, 8}},
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		guint8 bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
		dtype_swap(cases[i].dtype, cases[i].elements, bytes);
		g_assert_cmpint(memcmp(bytes, cases[i].turned, sizeof bytes), ==, 0);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dtype/shapes", test_shapes);
	g_test_add_func("/dtype/every-code", test_every_code);
	g_test_add_func("/dtype/nearest-even", test_nearest_even);
	g_test_add_func("/dtype/rounds-once", test_rounds_once);
	g_test_add_func("/dtype/f32", test_f32);
	g_test_add_func("/dtype/e8m0", test_e8m0);
	g_test_add_func("/dtype/landmarks", test_landmarks);
	g_test_add_func("/dtype/unaligned-block", test_unaligned_block);
	g_test_add_func("/dtype/lost", test_lost);
	g_test_add_func("/dtype/runs", test_runs);
	g_test_add_func("/dtype/table", test_table);
	g_test_add_func("/dtype/swap", test_swap);
	return g_test_run();
}
