/* test_low_rank.c - products of two factors against straight loops in double, run by run. */
#include "checkpoint/low_rank.h"

#include "tensors.h"

#include <unistd.h>

typedef struct {
	const char *name;
	guint64 rows, columns, rank;
	Dtype dtype;
} Shape;

/* Tiles of one and of several, in each direction; strips that are not whole. */
static const Shape shapes[] = {
	{"one", 1, 1, 1, DTYPE_F32},
	{"small", 5, 3, 2, DTYPE_F64},
	{"strips", 37, 61, 7, DTYPE_F32},
	{"half", 19, 33, 4, DTYPE_F16},
	{"wide", 3, 70001, 2, DTYPE_BF16},
	{"tall", 70001, 3, 2, DTYPE_F32},
	{"tiles", 300, 700, 150, DTYPE_F32},
	{"rank", 9, 70, 2500, DTYPE_F32},
	{"column", 1000, 1, 3, DTYPE_F32},
	{"row", 1, 1000, 3, DTYPE_F32},
};

/* The factors, as they are and as they are read back. */
typedef struct {
	char *folder;
	Checkpoint *checkpoint;
	double *a, *b;
	LowRank product;
} Case;

static Case case_new(const Shape *shape, gboolean transposed)
{
	Case it = {.folder = test_folder()};
	g_autofree char *path = g_build_filename(it.folder, "f.safetensors", NULL);
	g_autofree double *a = test_numbers(shape->rank * shape->columns, 0.3);
	g_autofree double *b = test_numbers(shape->rows * shape->rank, 1.1);
	const TestTensor tensors[] = {
		{"a", shape->dtype, 2, {shape->rank, shape->columns}, a},
		{"b", shape->dtype, 2, {shape->rows, shape->rank}, b},
	};

	test_write_safetensors(path, tensors, 2);
	it.checkpoint = test_open(path);
	it.a = test_read_named(it.checkpoint, "a");
	it.b = test_read_named(it.checkpoint, "b");
	it.product = (LowRank){
		it.checkpoint, 0, 1, shape->rows, shape->columns, shape->rank, -0.75, transposed};
	return it;
}

static void case_clear(Case *it)
{
	checkpoint_free(it->checkpoint);
	g_free(it->a);
	g_free(it->b);
	test_folder_remove(it->folder);
}

static double expected(const Case *it, guint64 element)
{
	const LowRank *product = &it->product;
	guint64 width = product->transposed ? product->rows : product->columns;
	guint64 row = product->transposed ? element % width : element / width;
	guint64 column = product->transposed ? element / width : element % width;
	double sum = 0;

	for (guint64 r = 0; r < product->rank; r++)
		sum += it->b[row * product->rank + r] * it->a[r * product->columns + column];
	return sum * product->scaling;
}

static double *read_run(const Case *it, guint64 first, guint64 count)
{
	g_autoptr(GError) error = NULL;
	double *out = g_new(double, MAX(count, 1));

	low_rank_read(&it->product, first, count, out, &error);
	test_no_error(error);
	return out;
}

/* A part of the product has the same bits as in the whole. */
static void check_run(const Case *it, const double *whole, guint64 first, guint64 count)
{
	g_autofree double *out = read_run(it, first, count);
	g_assert_true(memcmp(out, whole + first, count * sizeof *out) == 0);
}

static void check_runs(const Shape *shape, gboolean transposed)
{
	Case it = case_new(shape, transposed);
	guint64 elements = shape->rows * shape->columns;
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	g_autofree double *whole = read_run(&it, 0, elements);

	for (guint64 i = 0; i < elements; i++)
		test_near(whole[i], expected(&it, i), 1e-15 * (double)shape->rank);
	check_run(&it, whole, 0, 0);
	check_run(&it, whole, elements - 1, 1);
	for (guint i = 0; i < 6; i++) {
		guint64 first = g_rand_int(rand) % elements;
		check_run(&it, whole, first, 1 + g_rand_int(rand) % (elements - first));
	}
	case_clear(&it);
}

static void test_shape(gconstpointer shape)
{
	check_runs(shape, FALSE);
	check_runs(shape, TRUE);
}

static void count_release(gpointer count)
{
	++*(guint *)count;
}

/* The source gives the same numbers across its blocks, and lets go of its owner. */
static void test_source_blocks(void)
{
	static const Shape shape = {"blocks", 210, 1000, 3, DTYPE_F32};
	Case it = case_new(&shape, FALSE);
	g_autoptr(GError) error = NULL;
	guint released = 0;
	Source *source =
		low_rank_source(&it.product, &released, count_release, it.checkpoint->cache);
	guint64 first = SOURCE_BLOCK - 5, count = 2 * SOURCE_BLOCK + 9;
	g_autofree double *out = g_new(double, count);

	g_assert_cmpstr(source_name(source), ==, "low rank");
	source_read(source, first, count, out, &error);
	test_no_error(error);
	for (guint64 i = 0; i < count; i++)
		test_near(out[i], expected(&it, first + i), 1e-14);
	g_assert_cmpuint(released, ==, 0);
	source_unref(source);
	g_assert_cmpuint(released, ==, 1);
	case_clear(&it);
}

/* A file that is cut short meanwhile is an error, not numbers. */
static void test_truncated(void)
{
	static const Shape shape = {"truncated", 40, 50, 2, DTYPE_F32};
	Case it = case_new(&shape, FALSE);
	g_autoptr(GError) error = NULL;
	double out[8];

	const CheckpointFile *file = g_ptr_array_index(it.checkpoint->files, 0);
	g_assert_cmpint(truncate(file->path, (off_t)file->file->size - 4), ==, 0);
	g_assert_false(low_rank_read(&it.product, 40 * 50 - 8, 8, out, &error));
	test_error(error, ERROR_INPUT, "f.safetensors");
	case_clear(&it);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
		g_autofree char *name = g_strconcat("/low-rank/shape/", shapes[i].name, NULL);
		g_test_add_data_func(name, &shapes[i], test_shape);
	}
	g_test_add_func("/low-rank/source", test_source_blocks);
	g_test_add_func("/low-rank/truncated", test_truncated);
	return g_test_run();
}
