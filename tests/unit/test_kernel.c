/* test_kernel.c - the hot loops of every instruction set that this machine has, against plain
 * loops. */
#include "analysis/kernel.h"
#include "test.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

#define MOST 600u

/* Fits every float type exactly: three significant bits. */
static double small_value(guint i)
{
	return ((double)(i * 7919 % 17) - 8) / 8;
}

static void change(const Kernel *kernel, Dtype dtype, const void *raw, const double *base, gsize n,
	double *out, Extremes *extremes)
{
	Coding coding;
	coding_init(&coding, dtype);
	kernel->change(&coding, raw, base, n, out, extremes);
}

typedef void (*KernelTest)(const Kernel *kernel);

static void for_each_kernel(gconstpointer test)
{
	const Kernel *kernels[4];
	kernel_list(kernels);
	for (guint k = 0; kernels[k] != NULL; k++) {
		g_test_message("kernel %s", kernels[k]->name);
		((KernelTest)test)(kernels[k]);
	}
}

static const Dtype types[] = {DTYPE_F32, DTYPE_F64, DTYPE_F16, DTYPE_BF16, DTYPE_F8_E4M3,
	DTYPE_F8_E5M2, DTYPE_F8_E4M3FNUZ, DTYPE_F8_E5M2FNUZ};

static void check_change(const Kernel *kernel, Dtype dtype, gsize n)
{
	_Alignas(64) guint8 raw[MOST * 8];
	double values[MOST] = {0}, base[MOST + 64] = {0}, out[MOST + 64];
	double least = INFINITY, most = -INFINITY, largest = 0;
	for (gsize i = 0; i < n; i++) {
		values[i] = small_value((guint)i);
		base[i] = 0.1 * (double)(i % 7);
		least = fmin(least, values[i]);
		most = fmax(most, values[i]);
		largest = fmax(largest, fabs(values[i] - base[i]));
	}
	dtype_encode(dtype, values, n, raw);
	memset(out, 0x55, sizeof out);
	Extremes extremes = EXTREMES_NONE;
	change(kernel, dtype, raw, base, n, out, &extremes);
	for (gsize i = 0; i < n; i++)
		g_assert_cmpfloat(out[i], ==, values[i] - base[i]);
	for (gsize i = n; i % KERNEL_PAD != 0; i++)
		g_assert_cmpfloat(out[i], ==, 0);
	g_assert_cmpfloat(extremes.minimum, ==, least);
	g_assert_cmpfloat(extremes.maximum, ==, most);
	g_assert_cmpfloat(extremes.largest_change, ==, largest);
	g_assert_cmpuint(extremes.nonfinite, ==, 0);
}

static void test_change(const Kernel *kernel)
{
	for (guint t = 0; t < G_N_ELEMENTS(types); t++)
		for (gsize n = 0; n <= MOST; n += n < 70 ? 1 : 53)
			check_change(kernel, types[t], n);
}

static void test_without_base(const Kernel *kernel)
{
	float raw[100];
	double out[128];
	for (guint i = 0; i < 100; i++)
		raw[i] = (float)i - 50;
	Extremes extremes = EXTREMES_NONE;
	change(kernel, DTYPE_F32, raw, NULL, 100, out, &extremes);
	for (guint i = 0; i < 100; i++)
		g_assert_cmpfloat(out[i], ==, i - 50.0);
	g_assert_cmpfloat(extremes.minimum, ==, -50);
	g_assert_cmpfloat(extremes.maximum, ==, 49);
	g_assert_cmpfloat(extremes.largest_change, ==, 0);
}

/* One bad element at every place: it is NaN in the result, the others are as ever. */
static void check_nonfinite(const Kernel *kernel, Dtype dtype, double bad, guint at)
{
	_Alignas(64) guint8 raw[100 * 8];
	double values[100], base[128] = {0}, out[128];
	for (guint i = 0; i < 100; i++) {
		values[i] = i == at ? bad : small_value(i);
		base[i] = 1;
	}
	dtype_encode(dtype, values, 100, raw);
	Extremes extremes = EXTREMES_NONE;
	change(kernel, dtype, raw, base, 100, out, &extremes);
	for (guint i = 0; i < 100; i++)
		g_assert_true(i == at ? isnan(out[i]) : out[i] == values[i] - 1);
	g_assert_cmpfloat(extremes.minimum, ==, -1);
	g_assert_cmpfloat(extremes.maximum, ==, 1);
	g_assert_cmpfloat(extremes.largest_change, ==, 2);
	g_assert_cmpuint(extremes.nonfinite, ==, 1);
}

static void test_nonfinite(const Kernel *kernel)
{
	const Dtype with_inf[] = {DTYPE_F32, DTYPE_F64, DTYPE_F16, DTYPE_BF16, DTYPE_F8_E5M2};
	for (guint t = 0; t < G_N_ELEMENTS(with_inf); t++) {
		for (guint at = 0; at < 100; at++) {
			check_nonfinite(kernel, with_inf[t], NAN, at);
			check_nonfinite(kernel, with_inf[t], INFINITY, at);
			check_nonfinite(kernel, with_inf[t], -INFINITY, at);
		}
	}
}

/* A base that is not known makes the change unknown, not the extremes of θ. */
static void test_nonfinite_base(const Kernel *kernel)
{
	float raw[64];
	double base[64], out[64];
	for (guint i = 0; i < 64; i++) {
		raw[i] = (float)i;
		base[i] = i == 5 ? NAN : 0;
	}
	Extremes extremes = EXTREMES_NONE;
	change(kernel, DTYPE_F32, raw, base, 64, out, &extremes);
	g_assert_true(isnan(out[5]));
	g_assert_cmpfloat(extremes.largest_change, ==, 63);
	g_assert_cmpfloat(extremes.maximum, ==, 63);
	g_assert_cmpuint(extremes.nonfinite, ==, 0);
}

static void check_products(
	const Kernel *kernel, double **vectors, guint first, guint count, gsize n)
{
	double sums[66];
	for (guint i = 0; i < 66; i++)
		sums[i] = 1;
	kernel->products(vectors, first, count, n, sums);
	const double *sum = sums;
	for (guint i = first; i < count; i++) {
		for (guint j = 0; j <= i; j++, sum++) {
			long double expected = 1;
			for (gsize e = 0; e < n; e++)
				expected += (long double)vectors[i][e] * vectors[j][e];
			g_assert_cmpfloat(fabs((double)(*sum - expected)), <=, 1e-12 * (double)n);
		}
	}
}

static void test_products(const Kernel *kernel)
{
	double *vectors[11];
	for (guint v = 0; v < 11; v++) {
		vectors[v] = g_new0(double, MOST + 64);
		for (gsize e = 0; e < MOST; e++)
			vectors[v][e] = sin(1.0 + 13.0 * v + 0.37 * (double)e);
	}
	for (guint first = 0; first <= 11; first++)
		for (guint count = first; count <= 11; count++)
			check_products(kernel, vectors, first, count, MOST);
	for (guint v = 0; v < 11; v++)
		g_free(vectors[v]);
}

/* A pair's bits do not depend on the vectors beside it. */
static void test_products_alone(const Kernel *kernel)
{
	double *vectors[9], *pair[2], sums[45] = {0}, alone[3];
	for (guint v = 0; v < 9; v++) {
		vectors[v] = g_new0(double, KERNEL_BLOCK);
		for (gsize e = 0; e < KERNEL_BLOCK; e++)
			vectors[v][e] = cos(2.0 + 3.0 * v + 0.77 * (double)e);
	}
	kernel->products(vectors, 0, 9, KERNEL_BLOCK, sums);
	for (guint i = 0; i < 9; i++) {
		for (guint j = 0; j <= i; j++) {
			pair[0] = vectors[j];
			pair[1] = vectors[i];
			memset(alone, 0, sizeof alone);
			kernel->products(pair, 0, 2, KERNEL_BLOCK, alone);
			g_assert_cmpfloat(alone[1], ==, sums[i * (i + 1) / 2 + j]);
		}
	}
	for (guint v = 0; v < 9; v++)
		g_free(vectors[v]);
}

static void test_hash(const Kernel *kernel)
{
	guint8 bytes[5000];
	for (guint i = 0; i < sizeof bytes; i++)
		bytes[i] = (guint8)(i * 31);
	XXH3_state_t *state = XXH3_createState();
	XXH3_64bits_reset(state);
	kernel->hash(state, bytes, 1234);
	kernel->hash(state, bytes + 1234, sizeof bytes - 1234);
	g_assert_cmphex(XXH3_64bits_digest(state), ==, XXH3_64bits(bytes, sizeof bytes));
	XXH3_freeState(state);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/kernel/change", (gconstpointer)test_change, for_each_kernel);
	g_test_add_data_func(
		"/kernel/without-base", (gconstpointer)test_without_base, for_each_kernel);
	g_test_add_data_func("/kernel/nonfinite", (gconstpointer)test_nonfinite, for_each_kernel);
	g_test_add_data_func(
		"/kernel/nonfinite-base", (gconstpointer)test_nonfinite_base, for_each_kernel);
	g_test_add_data_func("/kernel/products", (gconstpointer)test_products, for_each_kernel);
	g_test_add_data_func(
		"/kernel/products-alone", (gconstpointer)test_products_alone, for_each_kernel);
	g_test_add_data_func("/kernel/hash", (gconstpointer)test_hash, for_each_kernel);
	return g_test_run();
}
