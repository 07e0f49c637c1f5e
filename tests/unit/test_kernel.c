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

/* In single precision; FALSE where it does not fit. */
static gboolean change(const Kernel *kernel, Dtype dtype, const void *raw, const float *base,
	gsize n, float *out, Extremes *extremes)
{
	Coding coding;
	coding_init(&coding, dtype);
	return kernel->change(&coding, raw, base, n, out, extremes);
}

static void change_wide(const Kernel *kernel, Dtype dtype, const void *raw, const double *base,
	gsize n, double *out, Extremes *extremes)
{
	Coding coding;
	coding_init(&coding, dtype);
	kernel->change_wide(&coding, raw, base, n, out, extremes);
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

/* Sixteenths, so that differences are exact in single precision too. */
static double small_base(gsize i)
{
	return 0.0625 * (double)(i % 7);
}

static void check_extremes(const Extremes *extremes, const double *values, gsize n)
{
	double least = INFINITY, most = -INFINITY, largest = 0;
	for (gsize i = 0; i < n; i++) {
		least = fmin(least, values[i]);
		most = fmax(most, values[i]);
		largest = fmax(largest, fabs(values[i] - small_base(i)));
	}
	g_assert_cmpfloat(extremes->minimum, ==, least);
	g_assert_cmpfloat(extremes->maximum, ==, most);
	g_assert_cmpfloat(extremes->largest_change, ==, largest);
	g_assert_cmpuint(extremes->nonfinite, ==, 0);
}

static void check_change(const Kernel *kernel, Dtype dtype, gsize n)
{
	_Alignas(64) guint8 raw[MOST * 8];
	double values[MOST] = {0};
	float base[MOST + 64] = {0}, out[MOST + 64];
	for (gsize i = 0; i < n; i++) {
		values[i] = small_value((guint)i);
		base[i] = (float)small_base(i);
	}
	dtype_encode(dtype, values, n, raw);
	memset(out, 0x55, sizeof out);
	Extremes extremes = EXTREMES_NONE;
	gboolean fits = change(kernel, dtype, raw, base, n, out, &extremes);
	g_assert_cmpint(fits, ==, dtype != DTYPE_F64);
	for (gsize i = 0; i < n; i++)
		g_assert_cmpfloat(out[i], ==, fits ? values[i] - small_base(i) : 0);
	for (gsize i = n; i % KERNEL_PAD != 0; i++)
		g_assert_cmpfloat(out[i], ==, 0);
	if (fits)
		check_extremes(&extremes, values, n);
}

static void check_change_wide(const Kernel *kernel, Dtype dtype, gsize n)
{
	_Alignas(64) guint8 raw[MOST * 8];
	double values[MOST] = {0}, base[MOST + 64] = {0}, out[MOST + 64];
	for (gsize i = 0; i < n; i++) {
		values[i] = small_value((guint)i);
		base[i] = small_base(i);
	}
	dtype_encode(dtype, values, n, raw);
	memset(out, 0x55, sizeof out);
	Extremes extremes = EXTREMES_NONE;
	change_wide(kernel, dtype, raw, base, n, out, &extremes);
	for (gsize i = 0; i < n; i++)
		g_assert_cmpfloat(out[i], ==, values[i] - small_base(i));
	for (gsize i = n; i % KERNEL_PAD != 0; i++)
		g_assert_cmpfloat(out[i], ==, 0);
	check_extremes(&extremes, values, n);
}

static void test_change(const Kernel *kernel)
{
	for (guint t = 0; t < G_N_ELEMENTS(types); t++) {
		for (gsize n = 0; n <= MOST; n += n < 140 ? 1 : 53) {
			check_change(kernel, types[t], n);
			check_change_wide(kernel, types[t], n);
		}
	}
}

static void test_without_base(const Kernel *kernel)
{
	_Alignas(64) float raw[100];
	float out[128];
	double wide[128];
	for (guint i = 0; i < 100; i++)
		raw[i] = (float)i - 50;
	Extremes extremes = EXTREMES_NONE, found = EXTREMES_NONE;
	g_assert_true(change(kernel, DTYPE_F32, raw, NULL, 100, out, &extremes));
	change_wide(kernel, DTYPE_F32, raw, NULL, 100, wide, &found);
	for (guint i = 0; i < 100; i++) {
		g_assert_cmpfloat(out[i], ==, (float)i - 50);
		g_assert_cmpfloat(wide[i], ==, i - 50.0);
	}
	g_assert_cmpfloat(extremes.minimum, ==, -50);
	g_assert_cmpfloat(extremes.maximum, ==, 49);
	g_assert_cmpfloat(extremes.largest_change, ==, 0);
	g_assert_true(memcmp(&extremes, &found, sizeof found) == 0);
}

/* What fills the last step up is no change: of large numbers that hardly differ. */
static void test_small_change(const Kernel *kernel)
{
	_Alignas(64) float raw[140];
	float base[192] = {0}, out[192];
	for (guint i = 0; i < 140; i++) {
		base[i] = 100;
		raw[i] = 100 + 0.125f * (float)(i % 3);
	}
	for (gsize n = 3; n <= 140; n++) {
		Extremes extremes = EXTREMES_NONE;
		g_assert_true(change(kernel, DTYPE_F32, raw, base, n, out, &extremes));
		g_assert_cmpfloat(extremes.largest_change, ==, 0.25);
		g_assert_cmpfloat(extremes.minimum, ==, 100);
		g_assert_cmpfloat(extremes.maximum, ==, 100.25);
	}
}

/* One bad element at every place: single precision gives it up; in double it is NaN in the result,
 * and the others are as ever. */
static void check_nonfinite(const Kernel *kernel, Dtype dtype, double bad, guint at)
{
	_Alignas(64) guint8 raw[100 * 8];
	double values[100], base[128] = {0}, out[128];
	float single_base[128] = {0}, single[128];
	for (guint i = 0; i < 100; i++) {
		values[i] = i == at ? bad : small_value(i);
		base[i] = single_base[i] = 1;
	}
	dtype_encode(dtype, values, 100, raw);
	Extremes extremes = EXTREMES_NONE;
	g_assert_false(change(kernel, dtype, raw, single_base, 100, single, &extremes));
	for (guint i = 0; i < 100; i++)
		g_assert_cmpfloat(single[i], ==, 0);
	g_assert_cmpfloat(extremes.minimum, ==, INFINITY);
	change_wide(kernel, dtype, raw, base, 100, out, &extremes);
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
	_Alignas(64) float raw[64];
	float single_base[64], single[64];
	double base[64], out[64];
	for (guint i = 0; i < 64; i++) {
		raw[i] = (float)i;
		base[i] = single_base[i] = i == 5 ? NAN : 0;
	}
	Extremes extremes = EXTREMES_NONE;
	g_assert_false(change(kernel, DTYPE_F32, raw, single_base, 64, single, &extremes));
	change_wide(kernel, DTYPE_F32, raw, base, 64, out, &extremes);
	g_assert_true(isnan(out[5]));
	g_assert_cmpfloat(extremes.largest_change, ==, 63);
	g_assert_cmpfloat(extremes.maximum, ==, 63);
	g_assert_cmpuint(extremes.nonfinite, ==, 0);
}

/* What could leave the range of a float when it is multiplied is given up; 0 is not. */
static void test_range(const Kernel *kernel)
{
	static const struct {
		float largest;
		gboolean fits;
	} rows[] = {{0, TRUE}, {1, TRUE}, {1e-12f, TRUE}, {1e12f, TRUE}, {1e-13f, FALSE},
		{-2e12f, FALSE}, {1e-45f, FALSE}, {3e38f, FALSE}};
	for (guint r = 0; r < G_N_ELEMENTS(rows); r++) {
		_Alignas(64) float raw[80] = {0};
		float out[80];
		Extremes extremes = EXTREMES_NONE;
		raw[77] = rows[r].largest;
		raw[3] = -1e-45f;
		raw[3] = rows[r].largest == 0 ? 0 : raw[3];
		g_assert_cmpint(
			change(kernel, DTYPE_F32, raw, NULL, 78, out, &extremes), ==, rows[r].fits);
	}
}

/* ‖vectors‖ are some √n; sums start from 1. */
static void check_sums(const double *sums, gsize lanes, float *const *vectors, guint first,
	guint count, gsize n, double tolerance)
{
	for (guint i = first; i < count; i++) {
		for (guint j = 0; j <= i; j++, sums += lanes) {
			long double expected = (long double)lanes, found = 0;
			for (gsize e = 0; e < n; e++)
				expected += (long double)vectors[i][e] * vectors[j][e];
			for (gsize lane = 0; lane < lanes; lane++)
				found += sums[lane];
			g_assert_cmpfloat(
				fabs((double)(found - expected)), <=, tolerance * (double)n);
		}
	}
}

static void check_products(
	const Kernel *kernel, float **vectors, double **wide, guint first, guint count, gsize n)
{
	double sums[78], lanes[78 * KERNEL_LANES];
	for (guint i = 0; i < G_N_ELEMENTS(lanes); i++)
		lanes[i] = sums[i % 78] = 1;
	kernel->products(vectors, first, count, n, lanes);
	check_sums(lanes, KERNEL_LANES, vectors, first, count, n, 6e-8);
	kernel->products_wide(wide, first, count, n, sums);
	check_sums(sums, 1, vectors, first, count, n, 1e-12);
}

#define VECTORS 12u

/* The same numbers in both precisions. */
static void fill_vectors(float **vectors, double **wide, gsize n)
{
	for (guint v = 0; v < VECTORS; v++) {
		vectors[v] = g_new0(float, KERNEL_BLOCK);
		wide[v] = g_new0(double, KERNEL_BLOCK);
		for (gsize e = 0; e < n; e++)
			wide[v][e] = vectors[v][e] = (float)sin(1.0 + 13.0 * v + 0.37 * (double)e);
	}
}

static void free_vectors(float **vectors, double **wide)
{
	for (guint v = 0; v < VECTORS; v++) {
		g_free(vectors[v]);
		g_free(wide[v]);
	}
}

static void test_products(const Kernel *kernel)
{
	float *vectors[VECTORS];
	double *wide[VECTORS];
	fill_vectors(vectors, wide, MOST);
	for (guint first = 0; first <= VECTORS; first++)
		for (guint count = first; count <= VECTORS; count++)
			check_products(kernel, vectors, wide, first, count, MOST);
	free_vectors(vectors, wide);
	fill_vectors(vectors, wide, 5);
	check_products(kernel, vectors, wide, 0, VECTORS, 5);
	free_vectors(vectors, wide);
}

static double total(const double *lanes)
{
	double sum = 0;
	for (guint i = 0; i < KERNEL_LANES; i++)
		sum += lanes[i];
	return sum;
}

/* A pair's bits do not depend on the vectors beside it. */
static void test_products_alone(const Kernel *kernel)
{
	float *vectors[VECTORS];
	double *wide[VECTORS], lanes[78 * KERNEL_LANES] = {0}, sums[78] = {0};
	fill_vectors(vectors, wide, KERNEL_BLOCK);
	kernel->products(vectors, 0, VECTORS, KERNEL_BLOCK, lanes);
	kernel->products_wide(wide, 0, VECTORS, KERNEL_BLOCK, sums);
	for (guint i = 0; i < VECTORS; i++) {
		for (guint j = 0; j <= i; j++) {
			float *pair[2] = {vectors[j], vectors[i]};
			double *wide_pair[2] = {wide[j], wide[i]};
			double alone[3 * KERNEL_LANES] = {0}, wide_alone[3] = {0};
			kernel->products(pair, 0, 2, KERNEL_BLOCK, alone);
			kernel->products_wide(wide_pair, 0, 2, KERNEL_BLOCK, wide_alone);
			guint cell = i * (i + 1) / 2 + j;
			g_assert_cmpfloat(total(alone + KERNEL_LANES), ==,
				total(lanes + (gsize)cell * KERNEL_LANES));
			g_assert_cmpfloat(wide_alone[1], ==, sums[cell]);
		}
	}
	free_vectors(vectors, wide);
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
		"/kernel/small-change", (gconstpointer)test_small_change, for_each_kernel);
	g_test_add_data_func(
		"/kernel/without-base", (gconstpointer)test_without_base, for_each_kernel);
	g_test_add_data_func("/kernel/nonfinite", (gconstpointer)test_nonfinite, for_each_kernel);
	g_test_add_data_func(
		"/kernel/nonfinite-base", (gconstpointer)test_nonfinite_base, for_each_kernel);
	g_test_add_data_func("/kernel/range", (gconstpointer)test_range, for_each_kernel);
	g_test_add_data_func("/kernel/products", (gconstpointer)test_products, for_each_kernel);
	g_test_add_data_func(
		"/kernel/products-alone", (gconstpointer)test_products_alone, for_each_kernel);
	g_test_add_data_func("/kernel/hash", (gconstpointer)test_hash, for_each_kernel);
	return g_test_run();
}
