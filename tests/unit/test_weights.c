/* test_weights.c - copied weights as libhdf5 reads them: true shapes, float types, attributes. */
#include "store/weights.h"
#include "checkpoint/view.h"
#include "store/hdf5.h"
#include "stores.h"

static const double values[] = {1.5, -2, 0.25, 448, 0, 1, 6, -0.5};

/* Copies a checkpoint into the scratch folder; returns the copy. */
static Checkpoint *copied(const Scratch *scratch, const char *path, char **hash)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, &error);
	test_no_error(error);
	g_autoptr(WeightsCopy) copy = weights_begin(scratch->folder, checkpoint, &error);
	test_no_error(error);
	weights_copy(&copy, 1, 2, NULL, &error);
	test_no_error(error);
	Checkpoint *result = weights_finish(copy, hash, &error);
	test_no_error(error);
	return result;
}

static const char *file_of(const Checkpoint *checkpoint)
{
	return ((const CheckpointFile *)checkpoint->files->pdata[0])->path;
}

/* What libhdf5 makes of a dataset, as doubles. */
static void assert_reads(Hid file, const char *name, const TestTensor *tensor)
{
	g_auto(Hid) dataset = H5Dopen2(file, name, H5P_DEFAULT);
	g_assert_cmpint(dataset, >=, 0);
	g_auto(Hid) space = H5Dget_space(dataset);
	g_autofree char *true_name = NULL;
	g_assert_true(hdf5_get_text(dataset, "name", &true_name, NULL));
	g_assert_cmpstr(true_name, ==, tensor->name);
	hsize_t extent[4] = {0};
	g_assert_cmpint(H5Sget_simple_extent_dims(space, extent, NULL), ==, tensor->rank);
	for (guint i = 0; i < tensor->rank; i++)
		g_assert_cmpuint(extent[i], ==, tensor->shape[i]);
	double found[8] = {0};
	g_assert_cmpint(
		H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, found), >=, 0);
	for (hssize_t i = 0; i < H5Sget_simple_extent_npoints(space); i++)
		g_assert_cmpfloat(found[i], ==, tensor->values[i]);
}

static void test_types(void)
{
	const TestTensor tensors[] = {
		{"scalar", DTYPE_F32, 0, {0}, values},
		{"group/half", DTYPE_F16, 1, {8}, values},
		{"brain", DTYPE_BF16, 2, {2, 4}, values},
		{"e5m2", DTYPE_F8_E5M2, 1, {8}, values},
		{"double", DTYPE_F64, 3, {2, 2, 2}, values},
		{"single", DTYPE_F32, 2, {4, 2}, values},
		{"empty", DTYPE_F32, 2, {0, 3}, values},
	};
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *path = scratch_path(&scratch, "a.safetensors");
	test_write_safetensors(path, tensors, G_N_ELEMENTS(tensors));
	g_autofree char *hash = NULL;
	g_autoptr(Checkpoint) copy = copied(&scratch, path, &hash);
	hdf5_quiet();
	g_auto(Hid) file = H5Fopen(file_of(copy), H5F_ACC_RDONLY, H5P_DEFAULT);
	g_assert_cmpint(file, >=, 0);
	for (guint i = 0; i < G_N_ELEMENTS(tensors); i++)
		assert_reads(file, i == 1 ? "group%2Fhalf" : tensors[i].name, &tensors[i]);
}

/* Types that HDF5 has no word for are bytes, with their name beside them. */
static void test_other_types(void)
{
	const TestTensor tensors[] = {
		{"e4m3", DTYPE_F8_E4M3, 1, {4}, values},
		{"four", DTYPE_F4, 2, {2, 3}, NULL},
		{"mask", DTYPE_BOOL, 1, {5}, NULL},
		{"complex", DTYPE_C64, 1, {2}, NULL},
		{"count", DTYPE_U16, 1, {3}, NULL},
	};
	static const struct {
		H5T_class_t class;
		gsize size, points;
	} expected[] = {{H5T_INTEGER, 1, 4}, {H5T_INTEGER, 1, 3}, {H5T_ENUM, 1, 5},
		{H5T_COMPOUND, 8, 2}, {H5T_INTEGER, 2, 3}};
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *path = scratch_path(&scratch, "a.safetensors");
	test_write_safetensors(path, tensors, G_N_ELEMENTS(tensors));
	g_autofree char *hash = NULL;
	g_autoptr(Checkpoint) copy = copied(&scratch, path, &hash);
	hdf5_quiet();
	g_auto(Hid) file = H5Fopen(file_of(copy), H5F_ACC_RDONLY, H5P_DEFAULT);
	for (guint i = 0; i < G_N_ELEMENTS(tensors); i++) {
		g_auto(Hid) dataset = H5Dopen2(file, tensors[i].name, H5P_DEFAULT);
		g_auto(Hid) type = H5Dget_type(dataset);
		g_auto(Hid) space = H5Dget_space(dataset);
		g_autofree char *name = NULL;
		g_assert_cmpint(H5Tget_class(type), ==, expected[i].class);
		g_assert_cmpuint(H5Tget_size(type), ==, expected[i].size);
		g_assert_cmpint(
			H5Sget_simple_extent_npoints(space), ==, (hssize_t)expected[i].points);
		g_assert_true(hdf5_get_text(dataset, "type", &name, NULL));
		g_assert_cmpstr(name, ==, dtype_info(tensors[i].dtype)->name);
	}
}

/* Every byte of a real checkpoint, larger than one stripe, comes back out of the copy. */
static void test_bytes(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *path = scratch_path(&scratch, "big.safetensors");
	g_autofree double *many = g_new(double, 1000 * 700);
	for (guint i = 0; i < 1000 * 700; i++)
		many[i] = i % 1021 - 500.5;
	const TestTensor tensors[] = {
		{"big", DTYPE_F32, 2, {1000, 700}, many}, {"small", DTYPE_F16, 1, {8}, values}};
	test_write_safetensors(path, tensors, 2);
	g_autofree char *hash = NULL;
	g_autoptr(Checkpoint) copy = copied(&scratch, path, &hash);
	g_autoptr(Checkpoint) from = checkpoint_open(path, NULL);
	for (guint i = 0; i < 2; i++) {
		const Tensor *tensor = checkpoint_tensor(from, i);
		g_autofree guint8 *one = g_malloc(tensor->bytes), *other = g_malloc(tensor->bytes);
		g_assert_true(checkpoint_read_raw(from, i, 0, tensor->elements, one, NULL));
		g_assert_true(checkpoint_read_raw(copy, i, 0, tensor->elements, other, NULL));
		g_assert_cmpint(memcmp(one, other, tensor->bytes), ==, 0);
	}
	g_autofree char *after = weights_hash(copy, 2, NULL, NULL);
	g_assert_cmpstr(after, ==, hash);
	flip_byte(file_of(copy), (gint64)checkpoint_tensor(copy, 0)->offset + 1500000);
	g_autofree char *damaged = weights_hash(copy, 2, NULL, NULL);
	g_assert_cmpstr(damaged, !=, hash);
}

/* A checkpoint of two tensors, of which one fills some stripes. */
static Checkpoint *striped(const Scratch *scratch, const char *name, guint64 elements)
{
	g_autofree char *path = scratch_path(scratch, name);
	g_autofree double *many = g_new(double, elements);
	for (guint64 i = 0; i < elements; i++)
		many[i] = (double)(i % 1021) - 500.5;
	const TestTensor tensors[] = {
		{"big", DTYPE_F32, 1, {elements}, many}, {"small", DTYPE_F16, 1, {8}, values}};
	test_write_safetensors(path, tensors, 2);
	g_autoptr(GError) error = NULL;
	Checkpoint *checkpoint = checkpoint_open(path, &error);
	test_no_error(error);
	return checkpoint;
}

/* Copies that are made together are those that are made one by one, also of unlike lengths. */
static void test_together(void)
{
	static const guint64 elements[] = {900000, 3, 300000};
	g_auto(Scratch) scratch = scratch_new();
	Checkpoint *from[3];
	WeightsCopy *copies[3];
	g_autoptr(GError) error = NULL;
	for (guint i = 0; i < 3; i++) {
		g_autofree char *name = g_strdup_printf("%u.safetensors", i);
		from[i] = striped(&scratch, name, elements[i]);
		copies[i] = weights_begin(scratch.folder, from[i], &error);
		test_no_error(error);
	}
	g_assert_true(weights_copy(copies, 3, 4, NULL, &error));
	for (guint i = 0; i < 3; i++) {
		g_autofree char *alone = NULL, *hash = NULL;
		g_autoptr(Checkpoint) other = copied(&scratch, from[i]->path, &alone);
		g_assert_nonnull(other);
		g_assert_true(weights_sync(copies[i], &error));
		g_autoptr(Checkpoint) copy = weights_finish(copies[i], &hash, &error);
		g_assert_cmpstr(hash, ==, alone);
		g_autofree char *found = weights_hash(copy, 2, NULL, &error);
		g_assert_cmpstr(hash, ==, found);
		weights_free(copies[i]);
		checkpoint_free(from[i]);
	}
}

/* The same bytes under other names, or of another shape, are other contents. */
static void test_headings(void)
{
	const TestTensor tensors[] = {{"a", DTYPE_F32, 1, {4}, values},
		{"b", DTYPE_F32, 1, {4}, values}, {"a", DTYPE_F32, 2, {2, 2}, values}};
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *path = scratch_path(&scratch, "one.safetensors");
	char *hash[G_N_ELEMENTS(tensors)];
	for (guint i = 0; i < G_N_ELEMENTS(tensors); i++) {
		test_write_safetensors(path, &tensors[i], 1);
		g_autoptr(Checkpoint) copy = copied(&scratch, path, &hash[i]);
		g_assert_nonnull(copy);
	}
	g_assert_cmpstr(hash[1], !=, hash[0]);
	g_assert_cmpstr(hash[2], !=, hash[0]);
	for (guint i = 0; i < G_N_ELEMENTS(tensors); i++)
		g_free(hash[i]);
}

/* What does not lie in a file as it is, a transpose of some stripes. */
static void test_view(void)
{
	enum { SIDE = 700 };
	g_autoptr(GError) error = NULL;
	g_auto(Scratch) scratch = scratch_new();
	float *stored = g_new(float, SIDE *SIDE);
	for (guint i = 0; i < SIDE * SIDE; i++)
		stored[i] = (float)i;
	g_autoptr(Bytes) bytes = bytes_memory(stored, SIDE * SIDE * sizeof *stored);
	const guint64 shape[] = {SIDE, SIDE}, strides[] = {1, SIDE};
	View view = {"w", DTYPE_F32, FALSE, bytes, 0, 0, 2, shape, strides};
	g_autoptr(Checkpoint) checkpoint = checkpoint_new("transposed", "test");
	checkpoint_add_file(checkpoint, "transposed", NULL);
	g_assert_true(checkpoint_add_view(checkpoint, &view, &error));
	g_assert_true(checkpoint_seal(checkpoint, &error));
	g_autoptr(WeightsCopy) copy = weights_begin(scratch.folder, checkpoint, &error);
	g_assert_true(weights_copy(&copy, 1, 2, NULL, &error));
	g_autofree char *hash = NULL;
	g_autoptr(Checkpoint) result = weights_finish(copy, &hash, &error);
	test_no_error(error);
	g_autofree float *found = g_new(float, SIDE *SIDE);
	g_assert_true(checkpoint_read_raw(result, 0, 0, SIDE * SIDE, found, &error));
	for (guint i = 0; i < SIDE; i++)
		for (guint j = 0; j < SIDE; j++)
			g_assert_cmpfloat(found[i * SIDE + j], ==, j * SIDE + i);
}

/* What is not finished leaves nothing behind. */
static void test_abandoned(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *path = test_source("data/digits/base/model.safetensors");
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, &error);
	g_autoptr(WeightsCopy) copy = weights_begin(scratch.folder, checkpoint, &error);
	test_no_error(error);
	g_assert_true(weights_copy(&copy, 1, 2, NULL, &error));
	g_clear_pointer(&copy, weights_free);
	g_autoptr(GDir) folder = g_dir_open(scratch.folder, 0, NULL);
	g_assert_null(g_dir_read_name(folder));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/weights/types", test_types);
	g_test_add_func("/weights/other-types", test_other_types);
	g_test_add_func("/weights/bytes", test_bytes);
	g_test_add_func("/weights/together", test_together);
	g_test_add_func("/weights/headings", test_headings);
	g_test_add_func("/weights/view", test_view);
	g_test_add_func("/weights/abandoned", test_abandoned);
	return g_test_run();
}
