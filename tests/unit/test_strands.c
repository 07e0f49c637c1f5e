/* test_strands.c - vectors worked on block by block, of every kind beside every other, against long
 * sums; with every instruction set that this machine has. */
#include "analysis/strands.h"
#include "test.h"

#include <math.h>
#include <string.h>

#define LENGTH (5 * KERNEL_BLOCK + 77)
#define VECTORS 10u
#define CELLS (VECTORS * (VECTORS + 1) / 2)

/* What a vector is beside being numbers. */
typedef struct {
	Dtype dtype;
	gboolean wide, difference;
	gsize held;
	double scale;    /* of its numbers in the third block */
	gboolean is_odd; /* one NaN in the second block */
} Kind;

static const Kind kinds[VECTORS] = {
	{DTYPE_F32, FALSE, FALSE, LENGTH, 1, FALSE},
	{DTYPE_F32, FALSE, FALSE, LENGTH, 1, FALSE},
	{DTYPE_F32, TRUE, FALSE, LENGTH, 1, FALSE},
	{DTYPE_F16, FALSE, FALSE, LENGTH, 1, FALSE},
	{DTYPE_BF16, FALSE, TRUE, LENGTH, 1, FALSE},
	{DTYPE_F64, FALSE, FALSE, LENGTH, 1, FALSE},
	{DTYPE_F32, TRUE, TRUE, LENGTH - KERNEL_BLOCK - 100, 1, FALSE},
	{DTYPE_F32, FALSE, TRUE, LENGTH, 1e-30, FALSE},
	{DTYPE_F32, FALSE, FALSE, LENGTH, 1, TRUE},
	{DTYPE_F16, FALSE, TRUE, LENGTH, 1, TRUE},
};

typedef struct {
	guint8 *raw[VECTORS];
	double *theta[VECTORS], *vector[VECTORS]; /* as they are written; θ₀ or τ */
} Numbers;

/* The base's numbers lie apart from the others, so that τ alone is not within the bounds of θ. */
static void fill(Numbers *numbers, guint v, guint base)
{
	const Kind *kind = &kinds[v];
	double *values = g_new0(double, LENGTH);
	numbers->raw[v] = g_aligned_alloc0(LENGTH, 8, 64);
	for (gsize i = 0; i < LENGTH; i++)
		values[i] = (v == base ? 3 : 0) + sin(1.0 + 11.0 * v + 0.7 * (double)i) *
							  (i / KERNEL_BLOCK == 2 ? kind->scale : 1);
	if (kind->is_odd)
		values[KERNEL_BLOCK + 5] = NAN;
	dtype_encode(kind->dtype, values, LENGTH, numbers->raw[v]);
	dtype_decode_double(kind->dtype, numbers->raw[v], LENGTH, values);
	numbers->theta[v] = values;
	numbers->vector[v] = g_new0(double, LENGTH);
	for (gsize i = 0; i < kind->held; i++)
		numbers->vector[v][i] = v == base || kind->difference
						? values[i]
						: values[i] - numbers->theta[base][i];
}

static void numbers_init(Numbers *numbers, guint base)
{
	fill(numbers, base, base);
	for (guint v = 0; v < VECTORS; v++)
		if (v != base)
			fill(numbers, v, base);
}

static void numbers_clear(Numbers *numbers)
{
	for (guint v = 0; v < VECTORS; v++) {
		g_aligned_free(numbers->raw[v]);
		g_free(numbers->theta[v]);
		g_free(numbers->vector[v]);
	}
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Numbers, numbers_clear)

/* Works on some of the vectors, the base first, in runs of two blocks. */
static void work(const Kernel *kernel, const Numbers *numbers, const guint *which, guint count,
	guint first, double *sums, Extremes *extremes)
{
	Strands strands;
	strands_init(&strands, VECTORS, CELLS);
	strands.count = count;
	strands.first = first;
	strands.base = 0;
	for (guint v = 0; v < count; v++) {
		const Kind *kind = &kinds[which[v]];
		Strand *strand = &strands.strand[v];
		coding_init(&strand->coding, kind->dtype);
		strand->size = dtype_info(kind->dtype)->bits / 8;
		strand->wide = kind->wide;
		strand->difference = kind->difference;
	}
	strands_begin(&strands);
	for (gsize run = 0; run < LENGTH; run += 2 * KERNEL_BLOCK) {
		gsize n = MIN(2 * KERNEL_BLOCK, LENGTH - run);
		for (guint v = 0; v < count; v++) {
			Strand *strand = &strands.strand[v];
			gsize held = kinds[which[v]].held;
			strand->held = held > run ? MIN(n, held - run) : 0;
			strand->raw = numbers->raw[which[v]] + run * strand->size;
		}
		for (gsize at = 0; at < n; at += KERNEL_BLOCK)
			strands_work(&strands, kernel, at, MIN(KERNEL_BLOCK, n - at));
	}
	strands_total(&strands, sums);
	for (guint v = 0; v < count; v++)
		extremes[v] = strands.strand[v].extremes;
	strands_clear(&strands, VECTORS);
}

static double inner(const Numbers *numbers, guint i, guint j)
{
	long double sum = 0;
	for (gsize e = 0; e < LENGTH; e++)
		sum += (long double)numbers->vector[i][e] * numbers->vector[j][e];
	return (double)sum;
}

/* Both wide, or one of the two of a type that single precision cannot hold. */
static gboolean is_exact(guint i, guint j)
{
	return (kinds[i].wide && kinds[j].wide) || kinds[i].dtype == DTYPE_F64 ||
	       kinds[j].dtype == DTYPE_F64;
}

static void check_cell(const Numbers *numbers, guint i, guint j, double sum)
{
	double expected = inner(numbers, i, j);
	if (isnan(expected)) {
		g_assert_true(isnan(sum));
		return;
	}
	double size = sqrt(inner(numbers, i, i) * inner(numbers, j, j));
	double tolerance = isnan(size) ? 1e-5 : (is_exact(i, j) ? 1e-14 : 6e-8) * size;
	g_assert_cmpfloat(fabs(sum - expected), <=, tolerance);
}

static void check_extremes(const Numbers *numbers, guint v, const Extremes *found)
{
	double least = INFINITY, most = -INFINITY, largest = 0;
	const Kind *kind = &kinds[v];
	for (gsize i = 0; i < kind->held; i++) {
		double theta = kind->difference ? numbers->theta[0][i] + numbers->theta[v][i]
						: numbers->theta[v][i];
		least = fmin(least, theta);
		most = fmax(most, theta);
		largest = fmax(largest, v == 0 ? 0 : fabs(numbers->vector[v][i]));
	}
	g_assert_cmpfloat(found->minimum, ==, least);
	g_assert_cmpfloat(found->maximum, ==, most);
	g_assert_cmpfloat(fabs(found->largest_change - largest), <=, 0x1p-24 * largest);
	g_assert_cmpuint(found->nonfinite, ==, kind->is_odd ? 1 : 0);
}

static void assert_same(const void *a, const void *b, gsize length)
{
	g_assert_true(memcmp(a, b, length) == 0);
}

static void for_each_kernel(gconstpointer test)
{
	const Kernel *kernels[4];
	kernel_list(kernels);
	for (guint k = 0; kernels[k] != NULL; k++) {
		g_test_message("kernel %s", kernels[k]->name);
		((void (*)(const Kernel *))test)(kernels[k]);
	}
}

static const guint everyone[VECTORS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

static void test_sums(const Kernel *kernel)
{
	g_auto(Numbers) numbers;
	double sums[CELLS];
	Extremes extremes[VECTORS];
	numbers_init(&numbers, 0);
	work(kernel, &numbers, everyone, VECTORS, 0, sums, extremes);
	for (guint i = 0; i < VECTORS; i++) {
		for (guint j = 0; j <= i; j++)
			check_cell(&numbers, i, j, sums[i * (i + 1) / 2 + j]);
		check_extremes(&numbers, i, &extremes[i]);
	}
}

/* A vector alone with the base, and the later half beside a stale first half, give the same bits as
 * all together. */
static void test_beside(const Kernel *kernel)
{
	g_auto(Numbers) numbers;
	double all[CELLS], some[CELLS];
	Extremes extremes[VECTORS], alone[VECTORS];
	numbers_init(&numbers, 0);
	work(kernel, &numbers, everyone, VECTORS, 0, all, extremes);
	for (guint v = 1; v < VECTORS; v++) {
		guint pair[2] = {0, v}, row = v * (v + 1) / 2;
		work(kernel, &numbers, pair, 2, 0, some, alone);
		assert_same(&some[1], &all[row], sizeof *all);
		assert_same(&some[2], &all[row + v], sizeof *all);
		assert_same(&alone[1], &extremes[v], sizeof *extremes);
		work(kernel, &numbers, everyone, VECTORS, v, some, alone);
		assert_same(some, all + row, (CELLS - row) * sizeof *all);
	}
}

/* Beside a base that single precision cannot hold all is made in double. */
static void test_wide_base(const Kernel *kernel)
{
	enum { BASE = 5, SOME = 5 };
	static const guint some[SOME] = {BASE, 1, 3, 4, 7};
	g_auto(Numbers) numbers;
	double sums[CELLS], *sum = sums;
	Extremes extremes[VECTORS];
	numbers_init(&numbers, BASE);
	work(kernel, &numbers, some, SOME, 0, sums, extremes);
	for (guint i = 0; i < SOME; i++)
		for (guint j = 0; j <= i; j++, sum++) {
			double size = sqrt(inner(&numbers, some[i], some[i]) *
					   inner(&numbers, some[j], some[j]));
			double expected = inner(&numbers, some[i], some[j]);
			g_assert_cmpfloat(fabs(*sum - expected), <=, 1e-14 * size);
		}
}

/* Two instruction sets differ by less than 1e-7. */
static void test_alike(void)
{
	g_auto(Numbers) numbers;
	const Kernel *kernels[4];
	double first[CELLS], sums[CELLS];
	Extremes extremes[VECTORS];
	numbers_init(&numbers, 0);
	kernel_list(kernels);
	work(kernels[0], &numbers, everyone, VECTORS, 0, first, extremes);
	for (guint k = 1; kernels[k] != NULL; k++) {
		work(kernels[k], &numbers, everyone, VECTORS, 0, sums, extremes);
		for (guint i = 0; i < VECTORS && !kinds[i].is_odd; i++) {
			for (guint j = 0; j <= i; j++) {
				guint cell = i * (i + 1) / 2 + j;
				double size = sqrt(first[i * (i + 3) / 2] * first[j * (j + 3) / 2]);
				g_assert_cmpfloat(fabs(sums[cell] - first[cell]), <, 1e-7 * size);
			}
		}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/strands/sums", (gconstpointer)test_sums, for_each_kernel);
	g_test_add_data_func("/strands/beside", (gconstpointer)test_beside, for_each_kernel);
	g_test_add_data_func("/strands/wide-base", (gconstpointer)test_wide_base, for_each_kernel);
	g_test_add_func("/strands/alike", test_alike);
	return g_test_run();
}
