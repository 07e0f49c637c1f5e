/* test_quantised.c - blocks of every type that is decoded, against their definition in double
 * precision, one element at a time, and against examples worked out by hand. */
#include "test.h"

#include "checkpoint/quantised.h"

#include <math.h>
#include <string.h>

enum { Q4_0 = 2, Q4_1 = 3, Q5_0 = 6, Q5_1 = 7, Q8_0 = 8, Q2_K = 10, Q3_K, Q4_K, Q5_K, Q6_K };

static const guint decoded[] = {Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K};

/* `count` bits of a block, from bit `from` of byte `byte` on. */
static int bits(const guint8 *block, guint byte, guint from, guint count)
{
	return block[byte + from / 8] >> from % 8 & ((1 << count) - 1);
}

static double half(const guint8 *block, guint byte)
{
	int code = block[byte] | block[byte + 1] << 8, exponent = code >> 10 & 31;
	double mantissa = code & 1023, sign = code & 0x8000 ? -1 : 1;
	if (exponent == 31)
		return mantissa > 0 ? NAN : sign * INFINITY;
	if (exponent == 0)
		return sign * ldexp(mantissa, -24);
	return sign * ldexp(1024 + mantissa, exponent - 25);
}

/* Element e of the 4 or 5 bit codes of a block of 32. */
static int small_code(const guint8 *block, guint codes, guint e)
{
	return bits(block, codes + e % 16, e / 16 * 4, 4);
}

static double define_small(guint type, const guint8 *block, guint e)
{
	double d = half(block, 0);
	switch (type) {
	case Q4_0:
		return (small_code(block, 2, e) - 8) * d;
	case Q4_1:
		return small_code(block, 4, e) * d + half(block, 2);
	case Q5_0:
		return (small_code(block, 6, e) + 16 * bits(block, 2, e, 1) - 16) * d;
	case Q5_1:
		return (small_code(block, 8, e) + 16 * bits(block, 4, e, 1)) * d + half(block, 2);
	default:
		return (block[2 + e] < 128 ? block[2 + e] : block[2 + e] - 256) * d;
	}
}

/* The six bits of scale (0) or minimum (1) of group g in Q4_K and Q5_K, from byte 4 on. */
static int six_bits(const guint8 *block, guint g, guint which)
{
	if (g < 4)
		return bits(block, 4 + 4 * which + g, 0, 6);
	return bits(block, 4 + 4 + g, 4 * which, 4) + 16 * bits(block, 4 + 4 * which + g - 4, 6, 2);
}

static double define_q2_k(const guint8 *block, guint e)
{
	guint half_block = e / 128, quarter = e / 32 % 4, g = e / 16;
	int code = bits(block, 16 + 32 * half_block + e % 32, 2 * quarter, 2);
	return half(block, 80) * bits(block, g, 0, 4) * code -
	       half(block, 82) * bits(block, g, 4, 4);
}

static double define_q3_k(const guint8 *block, guint e)
{
	guint half_block = e / 128, quarter = e / 32 % 4, g = e / 16;
	int code = bits(block, 32 + 32 * half_block + e % 32, 2 * quarter, 2);
	int scale = bits(block, 96 + g % 8, g < 8 ? 0 : 4, 4);

	scale += 16 * bits(block, 104 + g % 4, g / 4 * 2, 2);
	if (!bits(block, e % 32, 4 * half_block + quarter, 1))
		code -= 4;
	return half(block, 108) * (scale - 32) * code;
}

static double define_q4_or_5_k(const guint8 *block, guint e, gboolean fifth)
{
	guint g = e / 32, codes = fifth ? 48 : 16;
	int code = bits(block, codes + e / 64 * 32 + e % 32, g % 2 * 4, 4);

	if (fifth)
		code += 16 * bits(block, 16 + e % 32, g, 1);
	return half(block, 0) * six_bits(block, g, 0) * code -
	       half(block, 2) * six_bits(block, g, 1);
}

static double define_q6_k(const guint8 *block, guint e)
{
	guint half_block = e / 128, quarter = e / 32 % 4;
	guint low = 64 * half_block + quarter % 2 * 32 + e % 32;
	int code = bits(block, low, quarter / 2 * 4, 4);
	int scale = block[192 + e / 16];

	code += 16 * bits(block, 128 + 32 * half_block + e % 32, 2 * quarter, 2);
	return half(block, 208) * (scale < 128 ? scale : scale - 256) * (code - 32);
}

static double define(guint type, const guint8 *block, guint e)
{
	switch (type) {
	case Q2_K:
		return define_q2_k(block, e);
	case Q3_K:
		return define_q3_k(block, e);
	case Q4_K:
		return define_q4_or_5_k(block, e, FALSE);
	case Q5_K:
		return define_q4_or_5_k(block, e, TRUE);
	case Q6_K:
		return define_q6_k(block, e);
	default:
		return define_small(type, block, e);
	}
}

/* Any codes and scales, but halves that are finite and of a size that weights have. */
static void fill(const BlockType *type, guint8 *blocks, guint n, GRand *rand)
{
	for (guint i = 0; i < n * type->bytes; i++)
		blocks[i] = (guint8)g_rand_int(rand);
	for (guint i = 0; i < n; i++)
		for (guint h = 0; h < type->halves; h++) {
			guint8 *high = blocks + i * type->bytes + type->half_at + 2 * h + 1;
			*high = (guint8)(*high & 0xbf);
		}
}

static void test_definition(gconstpointer data)
{
	guint number = GPOINTER_TO_UINT(data), n = 64;
	const BlockType *type = block_type_find(number);
	g_autoptr(GRand) rand = g_rand_new_with_seed(number);
	g_autofree guint8 *blocks = g_malloc(n * type->bytes);
	float values[BLOCK_ELEMENTS_MOST];

	fill(type, blocks, n, rand);
	for (guint i = 0; i < n; i++) {
		const guint8 *block = blocks + i * type->bytes;
		type->decode(block, values);
		for (guint e = 0; e < type->elements; e++) {
			double expected = define(number, block, e);
			/* Three roundings to float, of terms that may be larger than their sum. */
			double scale =
				fabs(half(block, type->half_at)) * 63 * 31 +
				(type->halves > 1 ? fabs(half(block, type->half_at + 2)) * 63 : 0);
			g_assert_cmpfloat(fabs(values[e] - expected), <=, scale * 0x1p-22);
		}
	}
}

/* Float32 arithmetic of the definition's own order, where one rounding decides. */
static void test_rounding(void)
{
	guint8 block[144] = {0};
	float values[256];

	/* Q4_K: d = 1 + 2^-10, scale 63, code 15, dmin = 1/3 as a half, minimum 63. */
	block[0] = 0x01, block[1] = 0x3c;
	block[2] = 0x55, block[3] = 0x35;
	block[4] = 63, block[8] = 63;
	block[16] = 15;
	block_type_find(Q4_K)->decode(block, values);
	float step = (1 + 0x1p-10f) * 63, minimum = 0x1.554p-2f * 63;
	volatile float product = step * 15;
	g_assert_cmpfloat(values[0], ==, product - minimum);
	g_assert_cmpfloat(values[1], ==, -minimum);
	g_assert_cmpfloat(values[32], ==, 0);
}

typedef struct {
	const char *name;
	guint type;
	struct {
		guint byte;
		guint8 value;
	} set[12]; /* up to the first zero value; all else is zero */
	struct {
		guint element;
		float value;
	} expect[6];
	guint expected;
} Example;

/* 0x3c00 is 1, 0x3800 is 0.5, 0x4000 is 2 as a half. */
static const Example examples[] = {
	{"q4_0", Q4_0, {{1, 0x38}, {2, 0xf1}}, {{0, -3.5f}, {16, 3.5f}, {1, -4}, {17, -4}}, 4},
	{"q4_1", Q4_1, {{1, 0x38}, {3, 0x40}, {4, 0xf1}}, {{0, 2.5f}, {16, 9.5f}, {1, 2}}, 3},
	{"q5_0", Q5_0, {{1, 0x3c}, {2, 0x01}, {4, 0x02}, {6, 0x53}, {7, 0x90}},
		{{0, 3}, {16, -11}, {1, -16}, {17, 9}}, 4},
	{"q5_1", Q5_1, {{1, 0x38}, {3, 0x3c}, {4, 0x01}, {7, 0x80}, {8, 0x53}, {23, 0x90}},
		{{0, 10.5f}, {16, 3.5f}, {15, 1}, {31, 13.5f}}, 4},
	{"q8_0", Q8_0, {{1, 0x38}, {2, 0x7f}, {3, 0x80}, {33, 0xff}},
		{{0, 63.5f}, {1, -64}, {2, 0}, {31, -0.5f}}, 4},
	/* Group 0: scale 3, minimum 2; group 15: scale 1, minimum 15. */
	{"q2_k", Q2_K, {{0, 0x23}, {15, 0xf1}, {16, 0x03}, {79, 0x80}, {81, 0x3c}, {83, 0x38}},
		{{0, 8}, {1, -1}, {16, 0}, {255, -5.5f}, {254, -7.5f}}, 5},
	/* Group 0: 6-bit scale 33, so 1; group 15: 63, so 31.  Mask of element 0 set, of 1 not. */
	{"q3_k", Q3_K,
		{{0, 0x01}, {32, 0x03}, {33, 0x02}, {95, 0x40}, {96, 0x01}, {103, 0xf0},
			{104, 0x02}, {107, 0xc0}, {109, 0x3c}},
		{{0, 3}, {1, -2}, {255, -93}, {254, -124}, {2, -4}}, 5},
	/* Group 0: scale 2, minimum 1; group 7: scale 16 + 5, minimum 32 + 3. */
	{"q4_k", Q4_K,
		{{1, 0x3c}, {3, 0x38}, {4, 2}, {8, 1}, {7, 0x40}, {11, 0x80}, {15, 0x35},
			{16, 0x07}, {143, 0x20}},
		{{0, 13.5f}, {1, -0.5f}, {255, 24.5f}, {254, -17.5f}, {32, 0}}, 5},
	{"q5_k", Q5_K,
		{{1, 0x3c}, {3, 0x38}, {4, 2}, {8, 1}, {7, 0x40}, {11, 0x80}, {15, 0x35},
			{16, 0x01}, {47, 0x80}, {48, 0x07}, {175, 0x20}},
		{{0, 45.5f}, {1, -0.5f}, {255, 360.5f}, {254, -17.5f}, {32, 0}}, 5},
	/* Element 0: code 3 + 16 * 2 = 35; element 255: 15 + 16 * 3 = 63, scale -2. */
	{"q6_k", Q6_K,
		{{0, 0x03}, {128, 0x02}, {127, 0xf0}, {191, 0xc0}, {192, 4}, {207, 0xfe},
			{209, 0x38}},
		{{0, 6}, {1, -64}, {255, -31}, {254, 32}, {16, 0}}, 5},
};

static void test_example(gconstpointer data)
{
	const Example *example = data;
	guint8 block[256] = {0};
	float values[BLOCK_ELEMENTS_MOST];

	for (guint i = 0; i < G_N_ELEMENTS(example->set) && example->set[i].value != 0; i++)
		block[example->set[i].byte] = example->set[i].value;
	block_type_find(example->type)->decode(block, values);
	for (guint i = 0; i < example->expected; i++)
		g_assert_cmpfloat(values[example->expect[i].element], ==, example->expect[i].value);
}

static void assert_same(const void *values, const void *expected, guint count)
{
	g_assert_cmpint(memcmp(values, expected, count * sizeof(float)), ==, 0);
}

/* A source gives any run of what all blocks together decode to, aligned or not. */
static void test_runs(gconstpointer data)
{
	const BlockType *type = block_type_find(GPOINTER_TO_UINT(data));
	guint n = 40000 / type->elements, elements = n * type->elements;
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	guint8 *blocks = g_malloc(n * type->bytes);
	g_autofree float *whole = g_new(float, elements);
	g_autofree guint8 *run = g_malloc(elements * sizeof(float) + 1);
	g_autoptr(GError) error = NULL;

	fill(type, blocks, n, rand);
	for (guint i = 0; i < n; i++)
		type->decode(blocks + i * type->bytes, whole + i * type->elements);
	g_autoptr(Bytes) bytes = bytes_memory(blocks, n * type->bytes);
	g_autoptr(Source) source = quantised_source(type, bytes, FALSE);
	g_assert_cmpstr(source_name(source), ==, "quantised");
	for (guint i = 0; i < 200; i++) {
		guint first = g_rand_int(rand) % elements;
		guint count = 1 + g_rand_int(rand) % (elements - first);
		if (i % 2 == 0)
			count = MIN(count, 70);
		g_assert_true(source_read(source, first, count, run + 1, &error));
		g_assert_no_error(error);
		assert_same(run + 1, whole + first, count);
	}
}

/* Blocks of a big-endian file differ in their halves alone. */
static void test_swapped(gconstpointer data)
{
	const BlockType *type = block_type_find(GPOINTER_TO_UINT(data));
	g_autoptr(GRand) rand = g_rand_new_with_seed(8);
	guint8 block[256], *swapped;
	float expected[BLOCK_ELEMENTS_MOST], values[BLOCK_ELEMENTS_MOST];
	g_autoptr(GError) error = NULL;

	fill(type, block, 1, rand);
	type->decode(block, expected);
	swapped = g_memdup2(block, type->bytes);
	for (guint h = 0; h < type->halves; h++) {
		guint at = type->half_at + 2 * h;
		swapped[at] = block[at + 1];
		swapped[at + 1] = block[at];
	}
	g_autoptr(Bytes) bytes = bytes_memory(swapped, type->bytes);
	g_autoptr(Source) source = quantised_source(type, bytes, TRUE);
	g_assert_true(source_read(source, 0, type->elements, values, &error));
	assert_same(values, expected, type->elements);
}

/* Bytes of a block as ggml's structures add up: halves, packed codes, masks, scales. */
static void test_sizes(void)
{
	static const struct {
		guint type, elements, bytes;
	} sizes[] = {{2, 32, 2 + 16}, {3, 32, 4 + 16}, {6, 32, 2 + 4 + 16}, {7, 32, 4 + 4 + 16},
		{8, 32, 2 + 32}, {9, 32, 4 + 32}, {10, 256, 4 + 16 + 64},
		{11, 256, 2 + 32 + 64 + 12}, {12, 256, 4 + 12 + 128}, {13, 256, 4 + 12 + 32 + 128},
		{14, 256, 2 + 128 + 64 + 16}, {15, 256, 4 + 256 + 32}, {16, 256, 2 + 64},
		{17, 256, 2 + 64 + 8}, {18, 256, 2 + 96}, {19, 256, 2 + 32 + 16}, {20, 32, 2 + 16},
		{21, 256, 2 + 64 + 8 + 32 + 4}, {22, 256, 2 + 64 + 8 + 8}, {23, 256, 4 + 4 + 128},
		{29, 256, 32 + 16 + 8}, {34, 256, 2 + 48 + 4}, {35, 256, 2 + 64}, {39, 32, 1 + 16},
		{40, 64, 4 + 32}, {41, 128, 2 + 16}, {42, 64, 2 + 16}};

	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		const BlockType *type = block_type_find(sizes[i].type);
		g_assert_cmpuint(type->elements, ==, sizes[i].elements);
		g_assert_cmpuint(type->bytes, ==, sizes[i].bytes);
		g_assert_false(block_type_is_raw(type));
	}
	g_assert_null(block_type_find(43));
	g_assert_null(block_type_find(G_MAXUINT32));
	g_assert_true(block_type_is_raw(block_type_find(30)));
	g_assert_cmpuint(block_type_find(4)->bytes, ==, 0);
}

static void add_for_types(const char *name, GTestDataFunc test)
{
	for (guint i = 0; i < G_N_ELEMENTS(decoded); i++) {
		const char *type = block_type_find(decoded[i])->name;
		g_autofree char *path = g_strdup_printf("/quantised/%s/%s", name, type);
		g_test_add_data_func(path, GUINT_TO_POINTER(decoded[i]), test);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/quantised/sizes", test_sizes);
	g_test_add_func("/quantised/rounding", test_rounding);
	add_for_types("definition", test_definition);
	add_for_types("runs", test_runs);
	add_for_types("swapped", test_swapped);
	for (guint i = 0; i < G_N_ELEMENTS(examples); i++) {
		g_autofree char *path = g_strdup_printf("/quantised/example/%s", examples[i].name);
		g_test_add_data_func(path, &examples[i], test_example);
	}
	return g_test_run();
}
