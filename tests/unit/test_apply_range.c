/* test_apply_range.c - what an edit writes at the ends of a type: overflow, and elements of random
 * bits. */
#include "applying.h"

static void test_overflow(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base[] = {60000, 1, -60000, INFINITY}, task[] = {65000, 2, -65000, INFINITY};
	guint64 overflowed;
	load_values(fixture, "base", DTYPE_F16, base, 4);
	load_values(fixture, "a", DTYPE_F16, task, 4);
	load_values(fixture, "wide", DTYPE_F32, (const double[]){7e4, 1, 2, 3}, 4);
	g_free(apply_in_blocks(fixture, "2*a", 1, 3, &overflowed));
	g_assert_cmpuint(overflowed, ==, 2);
	g_free(apply_in_blocks(fixture, "wide", 1, 4, &overflowed));
	g_assert_cmpuint(overflowed, ==, 1);
}

/* Numbers near the end of a double: in the difference, in the product, and not where one was no
 * number before. */
static void test_overflow_of_doubles(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base[] = {1e308, 1, -1e308, 1}, task[] = {1.7e308, 2, 1e308, INFINITY};
	guint64 overflowed;
	load_values(fixture, "base", DTYPE_F64, base, 4);
	load_values(fixture, "a", DTYPE_F64, task, 4);
	g_free(apply_in_blocks(fixture, "3*a", 1, 3, &overflowed));
	g_assert_cmpuint(overflowed, ==, 2);
}

/* What is lost is counted once, in whichever chunk it is. */
static void test_overflow_of_one(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autofree double *base = g_new0(double, MANY), *task = g_new0(double, MANY);
	guint64 overflowed;
	base[0] = -1e308;
	task[0] = 1e308;
	load_values(fixture, "base", DTYPE_F64, base, MANY);
	load_values(fixture, "a", DTYPE_F64, task, MANY);
	g_free(apply_in_blocks(fixture, "0.5*a", 1, MANY, &overflowed));
	g_assert_cmpuint(overflowed, ==, 1);
}

/* Also where the base's type is not the one that holds such numbers. */
static void test_overflow_of_wider(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base[] = {1, 2}, task[] = {1.7e308, 3};
	guint64 overflowed;
	load_values(fixture, "base", DTYPE_F32, base, 2);
	load_values(fixture, "a", DTYPE_F64, task, 2);
	g_free(apply_in_blocks(fixture, "3*a", 1, 2, &overflowed));
	g_assert_cmpuint(overflowed, ==, 1);
}

/* Elements of random bits, of a type of the base, a task of the same type that often is the same,
 * and one of F64 that ends early. */
#define LENGTH 3001u
#define SHORT 2000u
typedef struct {
	Dtype dtype;
	guint8 base[LENGTH * 8], a[LENGTH * 8], b[LENGTH * 8];
} Bits;

static void fill_bits(Bits *bits, Dtype dtype, GRand *random)
{
	gsize size = dtype_info(dtype)->bits / 8;
	bits->dtype = dtype;
	for (guint i = 0; i < LENGTH * 8; i++) {
		bits->base[i] = (guint8)g_rand_int(random);
		bits->a[i] = i / size % 3 ? (guint8)g_rand_int(random) : bits->base[i];
		bits->b[i] = 0;
	}
	for (guint i = 0; i < LENGTH; i++) {
		double value = g_rand_double_range(random, -1, 1);
		memcpy(bits->b + i * 8, &value, i % 5 ? 8 : 0);
	}
}

static double at(Dtype dtype, const guint8 *bytes, guint i)
{
	double value;
	dtype_decode_double(dtype, bytes + i * (dtype_info(dtype)->bits / 8), 1, &value);
	return value;
}

static double change_of(double base, double theta)
{
	return theta == base || (isnan(theta) && isnan(base)) ? 0 : theta - base;
}

/* One element of base + λ·(0.4·(a + b) − a/3), written out. */
static void expect_element(const Bits *bits, guint i, double scale, guint8 *out)
{
	gsize size = dtype_info(bits->dtype)->bits / 8;
	double base = at(bits->dtype, bits->base, i);
	double a = change_of(base, at(bits->dtype, bits->a, i));
	double b = i < SHORT ? change_of(base, at(DTYPE_F64, bits->b, i)) : 0;
	double left = 0.4 * (a + b), right = a / 3;
	double change = (left - right) * scale, sum = base + change;
	if (change == 0)
		memcpy(out, bits->base + i * size, size);
	else
		dtype_encode(bits->dtype, &sum, 1, out);
}

/* The sign and the payload of a NaN that comes of two are the processor's. */
static void assert_elements(const Bits *bits, double scale, const guint8 *got)
{
	gsize size = dtype_info(bits->dtype)->bits / 8;
	for (guint i = 0; i < LENGTH; i++) {
		guint8 expected[8];
		expect_element(bits, i, scale, expected);
		if (memcmp(got + i * size, expected, size) != 0 &&
			!(isnan(at(bits->dtype, got, i)) && isnan(at(bits->dtype, expected, 0))))
			g_error("%s: element %u is %.17g, not %.17g", dtype_info(bits->dtype)->name,
				i, at(bits->dtype, got, i), at(bits->dtype, expected, 0));
	}
}

/* Whatever the block and however long its tail, an element is what it would be alone. */
static void test_element_by_element(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const Dtype dtypes[] = {DTYPE_F64, DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_F8_E5M2,
		DTYPE_F8_E4M3, DTYPE_F8_E5M2FNUZ, DTYPE_F8_E4M3FNUZ, DTYPE_F8_E8M0};
	static const guint64 blocks[] = {APPLY_BLOCK, 1000, 333, 7};
	static const double scales[] = {1, -0.7};
	g_autoptr(GRand) random = g_rand_new_with_seed(3);
	g_autofree Bits *bits = g_new(Bits, 1);
	for (guint i = 0; i < G_N_ELEMENTS(dtypes); i++) {
		g_clear_pointer(&fixture->collection, collection_free);
		fill_bits(bits, dtypes[i], random);
		load_bytes(fixture, "base", dtypes[i], bits->base, LENGTH);
		load_bytes(fixture, "a", dtypes[i], bits->a, LENGTH);
		load_bytes(fixture, "b", DTYPE_F64, bits->b, LENGTH);
		((Member *)fixture->collection->members->pdata[2])->shared[0] = SHORT;
		for (guint j = 0; j < G_N_ELEMENTS(blocks) * G_N_ELEMENTS(scales); j++) {
			guint64 ignored;
			double scale = scales[j % G_N_ELEMENTS(scales)];
			g_autofree guint8 *out = apply_in_blocks(fixture, "0.4*(a+b) - a/3", scale,
				blocks[j / G_N_ELEMENTS(scales)], &ignored);
			assert_elements(bits, scale, out);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *fixture, gconstpointer data);
	} cases[] = {
		{"/apply-range/overflow", test_overflow},
		{"/apply-range/overflow-of-doubles", test_overflow_of_doubles},
		{"/apply-range/overflow-of-one", test_overflow_of_one},
		{"/apply-range/overflow-of-wider", test_overflow_of_wider},
		{"/apply-range/element-by-element", test_element_by_element},
	};
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add(cases[i].path, Fixture, NULL, set_up, cases[i].run, tear_down);
	return g_test_run();
}
