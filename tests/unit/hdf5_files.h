/* hdf5_files.h - HDF5 files that tests write with libhdf5, and what must be read of them. */
#ifndef TAUSCOPE_TEST_HDF5_FILES_H
#define TAUSCOPE_TEST_HDF5_FILES_H

#include "checkpoint/checkpoint.h"
#include "test.h"

#include <hdf5.h>
#include <string.h>

typedef struct {
	const char *name;
	hid_t type, plan; /* plan: how it is made, 0 by default; closed by test_hdf5_add */
	int rank;
	hsize_t shape[4];
	const hsize_t *most; /* what it may grow to; NULL: its shape */
	const void *values;  /* of the type; NULL: never written */
} TestDataset;

/* A scratch folder and a file in it. */
typedef struct {
	char *folder, *path;
	hid_t file;
} TestHdf5;

/* Opens a new file: with the newest structures, and so many bytes before it. */
static inline TestHdf5 test_hdf5_new(gboolean newest, hsize_t before)
{
	TestHdf5 test = {.folder = test_folder()};
	hid_t creation = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);

	test.path = g_build_filename(test.folder, "test.h5", NULL);
	H5Pset_userblock(creation, before);
	if (newest)
		H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
	test.file = H5Fcreate(test.path, H5F_ACC_TRUNC, creation, access);
	g_assert_cmpint(test.file, >=, 0);
	H5Pclose(creation);
	H5Pclose(access);
	return test;
}

static inline void test_hdf5_close(TestHdf5 *test)
{
	if (test->file > 0)
		g_assert_cmpint(H5Fclose(test->file), >=, 0);
	test->file = 0;
}

static inline void test_hdf5_clear(TestHdf5 *test)
{
	test_hdf5_close(test);
	test_folder_remove(test->folder);
	g_free(test->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TestHdf5, test_hdf5_clear)

/* Makes a dataset, and the groups above it, and leaves it open. */
static inline hid_t test_hdf5_make(hid_t file, const TestDataset *dataset)
{
	hid_t links = H5Pcreate(H5P_LINK_CREATE);
	hid_t space = H5Screate_simple(dataset->rank, dataset->shape, dataset->most);
	H5Pset_create_intermediate_group(links, 1);
	hid_t made = H5Dcreate2(file, dataset->name, dataset->type, space, links,
		dataset->plan > 0 ? dataset->plan : H5P_DEFAULT, H5P_DEFAULT);
	g_assert_cmpint(made, >=, 0);
	H5Sclose(space);
	H5Pclose(links);
	if (dataset->plan > 0)
		H5Pclose(dataset->plan);
	return made;
}

static inline void test_hdf5_add(hid_t file, TestDataset dataset)
{
	hid_t made = test_hdf5_make(file, &dataset);
	if (dataset.values != NULL)
		g_assert_cmpint(
			H5Dwrite(made, dataset.type, H5S_ALL, H5S_ALL, H5P_DEFAULT, dataset.values),
			>=, 0);
	H5Dclose(made);
}

/* A plan of chunks. */
static inline hid_t test_hdf5_chunks(int rank, const hsize_t *chunk)
{
	hid_t plan = H5Pcreate(H5P_DATASET_CREATE);
	g_assert_cmpint(H5Pset_chunk(plan, rank, chunk), >=, 0);
	return plan;
}

/* 0, 0.25, 0.5, … less 3: all different, and exact in float; g_free. */
static inline float *test_ramp(guint64 n)
{
	float *values = g_new(float, n);
	for (guint64 i = 0; i < n; i++)
		values[i] = (float)i * 0.25f - 3;
	return values;
}

static inline Checkpoint *test_hdf5_open(TestHdf5 *test)
{
	g_autoptr(GError) error = NULL;
	test_hdf5_close(test);
	Checkpoint *checkpoint = checkpoint_open(test->path, &error);
	g_assert_no_error(error);
	return checkpoint;
}

static inline void test_hdf5_refused(TestHdf5 *test, const char *text)
{
	g_autoptr(GError) error = NULL;
	test_hdf5_close(test);
	g_assert_null(checkpoint_open(test->path, &error));
	test_error(error, ERROR_INPUT, text);
	g_assert_cmpstr(error_file(error), ==, test->path);
}

static inline const Tensor *test_tensor(const Checkpoint *checkpoint, const char *name)
{
	gint number = checkpoint_find(checkpoint, name);
	g_assert_cmpint(number, >=, 0);
	return checkpoint_tensor(checkpoint, (guint)number);
}

/* Reads elements [first, first+count) and compares their bytes. */
static inline void test_run(const Checkpoint *checkpoint, const char *name, guint64 first,
	guint64 count, const void *expected)
{
	g_autoptr(GError) error = NULL;
	const Tensor *tensor = test_tensor(checkpoint, name);
	gsize unit = dtype_info(tensor->dtype)->bits / 8;
	g_autofree guint8 *raw = g_malloc(count * unit + 1);

	checkpoint_read_raw(
		checkpoint, (guint)checkpoint_find(checkpoint, name), first, count, raw, &error);
	g_assert_no_error(error);
	g_assert_cmpint(memcmp(raw, (const guint8 *)expected + first * unit, count * unit), ==, 0);
}

/* All of a tensor at once, and in many runs of odd places and lengths. */
static inline void test_values(
	const Checkpoint *checkpoint, const char *name, Dtype dtype, const void *expected)
{
	const Tensor *tensor = test_tensor(checkpoint, name);
	guint64 n = tensor->elements;

	g_assert_cmpint(tensor->dtype, ==, dtype);
	test_run(checkpoint, name, 0, n, expected);
	for (guint64 i = 0; n > 0 && i < 200; i++) {
		guint64 first = i * 7919 % n, count = 1 + i * i * 31 % (n - first);
		test_run(checkpoint, name, first, i % 2 ? count : MIN(count, 1 + i), expected);
	}
}

#endif
