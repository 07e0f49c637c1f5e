/* test_pass_sources.c - the pass on tensors that are not whole raw weights of the base's shape:
 * differences, vocabularies of other lengths, strided views, low-rank products. */
#include "checkpoint/low_rank.h"
#include "checkpoint/view.h"
#include "fixture.h"

#include <string.h>

/* A file of differences gives the vectors that whole weights give. */
static void test_differences(void)
{
	const double base[4] = {1, -2, 3, 0.5}, tau[4] = {0.25, -4, 0, -1};
	double theta[4];
	TestTensor tensor = {"w", DTYPE_F32, 1, {4}, base};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	for (guint i = 0; i < 4; i++)
		theta[i] = base[i] + tau[i];
	tensor.values = theta;
	fixture_add(&fixture, "whole", &tensor, 1);
	tensor.values = tau;
	g_autoptr(GError) error = NULL;
	Checkpoint *checkpoint = write_and_open(fixture.folder, "tau", &tensor, 1);
	g_array_index(checkpoint->tensors, Tensor, 0).difference = TRUE;
	collection_add(fixture.collection, "tau", MEMBER_TASK, NULL, -1, checkpoint, NULL, &error);
	test_no_error(error);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_assert_cmpfloat(cell(digits, 0, 2, 0), ==, 0.25 + 8 - 0.5);
	g_assert_cmpfloat(cell(digits, 0, 2, 0), ==, cell(digits, 0, 1, 0));
	g_assert_cmpfloat(cell(digits, 0, 2, 1), ==, 0.0625 + 16 + 1);
	g_assert_cmpfloat(cell(digits, 0, 2, 2), ==, cell(digits, 0, 2, 1));
	const Statistics *whole = statistics_of(digits, 1), *own = statistics_of(digits, 2);
	g_assert_cmpfloat(own->minimum[0], ==, whole->minimum[0]);
	g_assert_cmpfloat(own->maximum[0], ==, whole->maximum[0]);
	g_assert_cmpfloat(own->largest_change[0], ==, 4);
}

/* Rows that only one of the two has make no vector: 0 beyond them. */
static void test_other_vocabularies(void)
{
	const double base[6] = {1, 2, 3, 4, 5, 6}, grown[8] = {2, 2, 3, 4, 5, 7, 9, 9};
	const double shrunk[4] = {1, 2, 3, 7};
	TestTensor tensor = {"embed.weight", DTYPE_F32, 2, {3, 2}, base};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	tensor.shape[0] = 4;
	tensor.values = grown;
	fixture_add(&fixture, "grown", &tensor, 1);
	tensor.shape[0] = 2;
	tensor.values = shrunk;
	fixture_add(&fixture, "shrunk", &tensor, 1);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_assert_cmpfloat(cell(digits, 0, 0, 0), ==, 1 + 4 + 9 + 16 + 25 + 36);
	g_assert_cmpfloat(cell(digits, 0, 1, 1), ==, 2);
	g_assert_cmpfloat(cell(digits, 0, 1, 0), ==, 1 + 6);
	g_assert_cmpfloat(cell(digits, 0, 2, 2), ==, 9);
	g_assert_cmpfloat(cell(digits, 0, 2, 0), ==, 12);
	g_assert_cmpfloat(cell(digits, 0, 2, 1), ==, 0);
	g_assert_cmpfloat(statistics_of(digits, 2)->maximum[0], ==, 7);
	for (guint i = 0; i < 6; i++) {
		float sampled = statistics_of(digits, 2)->sample[i];
		g_assert_true(i < 4 ? (double)sampled == shrunk[i] : isnan(sampled));
	}
	g_autofree gboolean *fresh = digits_all_fresh(digits->collection);
	PassRequest request = {digits->collection, fresh, 1, 0};
	g_assert_cmpuint(pass_bytes(&request), ==, (6 + 6 + 4) * sizeof(float));
	for (guint i = 0; i < 3; i++) {
		guint64 hash = 0;
		g_assert_true(pass_hash(digits->collection, i, 1, &hash, NULL, NULL));
		g_assert_cmphex(statistics_of(digits, i)->hash[0], ==, hash);
	}
}

#define ROWS 700u
#define COLUMNS 900u

/* Numbers that differ from place to place. */
static double *numbers(guint n, guint32 seed)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	double *values = g_new(double, n);
	for (guint i = 0; i < n; i++)
		values[i] = (double)(float)g_rand_double_range(rand, -1, 1);
	return values;
}

/* A checkpoint of one tensor, the transpose of what is stored. */
static Checkpoint *transposed(const double *values)
{
	g_autoptr(GError) error = NULL;
	float *stored = g_new(float, ROWS *COLUMNS);
	for (guint i = 0; i < ROWS; i++)
		for (guint j = 0; j < COLUMNS; j++)
			stored[j * ROWS + i] = (float)values[i * COLUMNS + j];
	g_autoptr(Bytes) bytes = bytes_memory(stored, ROWS * COLUMNS * sizeof *stored);
	const guint64 shape[] = {ROWS, COLUMNS}, strides[] = {1, ROWS};
	Checkpoint *checkpoint = checkpoint_new("transposed", "test");
	checkpoint_add_file(checkpoint, "transposed", NULL);
	View view = {.name = "w",
		.dtype = DTYPE_F32,
		.bytes = bytes,
		.rank = 2,
		.shape = shape,
		.strides = strides};
	g_assert_true(checkpoint_add_view(checkpoint, &view, &error));
	g_assert_true(checkpoint_seal(checkpoint, &error));
	return checkpoint;
}

static void release(gpointer factors)
{
	checkpoint_free(factors);
}

/* A checkpoint of one difference, 0.5 * B A. */
static Checkpoint *low_rank(Checkpoint *factors)
{
	g_autoptr(GError) error = NULL;
	Checkpoint *checkpoint = checkpoint_new("product", "test");
	LowRank product = {.factors = factors,
		.a = 0,
		.b = 1,
		.rows = ROWS,
		.columns = COLUMNS,
		.rank = 3,
		.scaling = 0.5};
	Tensor tensor = {.name = g_strdup("w"),
		.dtype = DTYPE_F64,
		.rank = 2,
		.shape = g_new(guint64, 2),
		.elements = ROWS * COLUMNS,
		.bytes = ROWS * COLUMNS * 8,
		.difference = TRUE};
	tensor.shape[0] = ROWS;
	tensor.shape[1] = COLUMNS;
	tensor.source = low_rank_source(&product, factors, release, checkpoint->cache);
	checkpoint_add_file(checkpoint, "product", NULL);
	checkpoint_add_tensor(checkpoint, tensor);
	g_assert_true(checkpoint_seal(checkpoint, &error));
	return checkpoint;
}

/* What a plain loop makes of the factors. */
static double *multiply(const double *a, const double *b)
{
	double *product = g_new0(double, ROWS *COLUMNS);
	for (guint i = 0; i < ROWS; i++)
		for (guint j = 0; j < COLUMNS; j++) {
			for (guint r = 0; r < 3; r++)
				product[i * COLUMNS + j] += b[i * 3 + r] * a[r * COLUMNS + j];
			product[i * COLUMNS + j] *= 0.5;
		}
	return product;
}

static void add(Fixture *fixture, const char *name, Checkpoint *checkpoint)
{
	g_autoptr(GError) error = NULL;
	collection_add(fixture->collection, name, MEMBER_TASK, NULL, -1, checkpoint, NULL, &error);
	test_no_error(error);
}

static void add_all(Fixture *fixture, const double *task, const double *a, const double *b)
{
	TestTensor factors[] = {
		{"w.a", DTYPE_F32, 2, {3, COLUMNS}, a}, {"w.b", DTYPE_F32, 2, {ROWS, 3}, b}};
	add(fixture, "strided", transposed(task));
	add(fixture, "adapter", low_rank(write_and_open(fixture->folder, "factors", factors, 2)));
}

static double inner(const double *x, const double *y)
{
	double sum = 0;
	for (guint i = 0; i < ROWS * COLUMNS; i++)
		sum += x[i] * y[i];
	return sum;
}

static void close_to(double value, double wanted, double scale)
{
	g_assert_cmpfloat(fabs(value - wanted), <=, 1e-8 * scale);
}

static void test_sources(void)
{
	g_autofree double *base = numbers(ROWS * COLUMNS, 1), *task = numbers(ROWS * COLUMNS, 2);
	g_autofree double *a = numbers(3 * COLUMNS, 3), *b = numbers(3 * ROWS, 4);
	g_autofree double *product = multiply(a, b), *change = g_new(double, ROWS *COLUMNS);
	for (guint i = 0; i < ROWS * COLUMNS; i++)
		change[i] = task[i] - base[i];
	TestTensor tensor = {"w", DTYPE_F32, 2, {ROWS, COLUMNS}, base};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	add_all(&fixture, task, a, b);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	const double *vectors[] = {base, change, product};
	for (guint i = 0; i < 3; i++)
		for (guint j = 0; j <= i; j++)
			close_to(cell(digits, 0, i, j), inner(vectors[i], vectors[j]),
				sqrt(inner(vectors[i], vectors[i]) *
					inner(vectors[j], vectors[j])));
}

/* The same bits for any number of threads and any budget. */
static void test_same_bits(void)
{
	g_autofree double *base = numbers(ROWS * COLUMNS, 1), *task = numbers(ROWS * COLUMNS, 2);
	g_autofree double *a = numbers(3 * COLUMNS, 3), *b = numbers(3 * ROWS, 4);
	TestTensor tensor = {"w", DTYPE_F32, 2, {ROWS, COLUMNS}, base};
	static const guint threads[] = {1, 2, 3, 7};
	static const gsize budgets[] = {0, 1, 1u << 20, 0};
	double first[6];
	for (guint run = 0; run < G_N_ELEMENTS(threads); run++) {
		g_auto(Fixture) fixture = fixture_new(&tensor, 1);
		add_all(&fixture, task, a, b);
		g_autoptr(Digits) digits =
			digits_of(g_steal_pointer(&fixture.collection), threads[run], budgets[run]);
		double found[6];
		for (guint i = 0, n = 0; i < 3; i++)
			for (guint j = 0; j <= i; j++)
				found[n++] = cell(digits, 0, i, j);
		if (run == 0)
			memcpy(first, found, sizeof first);
		g_assert_true(memcmp(first, found, sizeof first) == 0);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pass-sources/differences", test_differences);
	g_test_add_func("/pass-sources/other-vocabularies", test_other_vocabularies);
	g_test_add_func("/pass-sources/sources", test_sources);
	g_test_add_func("/pass-sources/same-bits", test_same_bits);
	return g_test_run();
}
