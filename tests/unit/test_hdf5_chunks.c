/* test_hdf5_chunks.c - datasets in chunks: every filter and index of libhdf5, any run of elements,
 * and what damaged or boundless ones come to. */
#include "hdf5_files.h"

#include <zlib.h>

typedef enum { DEFLATE = 1, SHUFFLE = 2, FLETCHER = 4 } Filters;

static hid_t filtered(int rank, const hsize_t *chunk, guint filters)
{
	hid_t plan = test_hdf5_chunks(rank, chunk);
	if (filters & SHUFFLE)
		H5Pset_shuffle(plan);
	if (filters & DEFLATE)
		H5Pset_deflate(plan, 5);
	if (filters & FLETCHER)
		H5Pset_fletcher32(plan);
	return plan;
}

static void add_ramp(const TestHdf5 *test, TestDataset dataset)
{
	guint64 n = 1;
	for (int i = 0; i < dataset.rank; i++)
		n *= dataset.shape[i];
	g_autofree float *values = test_ramp(n);
	dataset.values = values;
	dataset.type = H5T_IEEE_F32LE;
	test_hdf5_add(test->file, dataset);
}

static void check_ramp(const Checkpoint *checkpoint, const char *name)
{
	g_autofree float *values = test_ramp(test_tensor(checkpoint, name)->elements);
	test_values(checkpoint, name, DTYPE_F32, values);
	g_assert_nonnull(test_tensor(checkpoint, name)->source);
}

/* Every choice of filters, with chunks that do not divide the shape. */
static void test_filters(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	for (guint filters = 0; filters < 8; filters++) {
		g_autofree char *name = g_strdup_printf("w%u", filters);
		add_ramp(&test, (TestDataset){.name = name,
					.plan = filtered(2, (hsize_t[]){8, 5}, filters),
					.rank = 2,
					.shape = {33, 21}});
	}
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	for (guint filters = 0; filters < 8; filters++) {
		g_autofree char *name = g_strdup_printf("w%u", filters);
		check_ramp(checkpoint, name);
	}
}

/* The checksum comes before deflate, and chunks of an odd number of bytes have one. */
static void test_odd_order(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	guint8 bytes[77];
	hid_t before = test_hdf5_chunks(1, (hsize_t[]){7}),
	      odd = test_hdf5_chunks(1, (hsize_t[]){7});

	for (guint i = 0; i < sizeof bytes; i++)
		bytes[i] = (guint8)(i * 37);
	H5Pset_fletcher32(before);
	H5Pset_shuffle(before);
	H5Pset_deflate(before, 9);
	H5Pset_fletcher32(odd);
	test_hdf5_add(test.file, (TestDataset){.name = "odd",
					 .type = H5T_STD_U8LE,
					 .plan = odd,
					 .rank = 1,
					 .shape = {77},
					 .values = bytes});
	add_ramp(&test, (TestDataset){.name = "before", .plan = before, .rank = 1, .shape = {40}});
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	test_values(checkpoint, "odd", DTYPE_U8, bytes);
	check_ramp(checkpoint, "before");
}

/* All zeros and all ones are what Fletcher's sums tell apart worst. */
static void test_checksum_of_extremes(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	const gsize n = 300000;
	g_autofree guint8 *zeros = g_malloc0(n), *ones = g_malloc(n);
	memset(ones, 0xff, n);
	test_hdf5_add(test.file, (TestDataset){.name = "zeros",
					 .type = H5T_STD_U8LE,
					 .plan = filtered(1, (hsize_t[]){n}, FLETCHER),
					 .rank = 1,
					 .shape = {n},
					 .values = zeros});
	test_hdf5_add(test.file, (TestDataset){.name = "ones",
					 .type = H5T_STD_U8LE,
					 .plan = filtered(1, (hsize_t[]){n}, FLETCHER),
					 .rank = 1,
					 .shape = {n},
					 .values = ones});
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	test_run(checkpoint, "zeros", 0, n, zeros);
	test_run(checkpoint, "ones", 0, n, ones);
}

static void test_ranks(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	add_ramp(&test, (TestDataset){.name = "r1",
				.plan = filtered(1, (hsize_t[]){100}, DEFLATE),
				.rank = 1,
				.shape = {1001}});
	add_ramp(&test, (TestDataset){.name = "r3",
				.plan = filtered(3, (hsize_t[]){2, 7, 4}, SHUFFLE | DEFLATE),
				.rank = 3,
				.shape = {5, 7, 9}});
	add_ramp(&test, (TestDataset){.name = "r4",
				.plan = filtered(4, (hsize_t[]){1, 2, 3, 4}, DEFLATE),
				.rank = 4,
				.shape = {3, 4, 5, 6}});
	/* Rows so long that a run has the end of one and the beginning of the next. */
	add_ramp(&test, (TestDataset){.name = "long",
				.plan = filtered(3, (hsize_t[]){1, 1, 500}, DEFLATE),
				.rank = 3,
				.shape = {2, 2, 9000}});
	add_ramp(&test, (TestDataset){.name = "larger",
				.plan = filtered(2, (hsize_t[]){16, 16}, DEFLATE),
				.rank = 2,
				.shape = {5, 6},
				.most = (hsize_t[]){H5S_UNLIMITED, H5S_UNLIMITED}});
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	check_ramp(checkpoint, "r1");
	check_ramp(checkpoint, "r3");
	check_ramp(checkpoint, "r4");
	check_ramp(checkpoint, "long");
	g_autofree float *values = test_ramp(36000);
	for (guint64 row = 9000; row < 36000; row += 9000)
		test_run(checkpoint, "long", row - 7, 20, values);
	test_run(checkpoint, "long", 8999, 9002, values);
	check_ramp(checkpoint, "larger");
}

static void add_indexes(const TestHdf5 *test, guint filters)
{
	const hsize_t all[] = {H5S_UNLIMITED, H5S_UNLIMITED}, one[] = {H5S_UNLIMITED, 21};
	const struct {
		const char *name;
		hsize_t chunk[2];
		const hsize_t *most;
	} rows[] = {
		{"single", {33, 21}, NULL},
		{"fixed", {8, 5}, NULL},
		{"extensible", {8, 5}, one},
		{"tree", {8, 5}, all},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = g_strdup_printf("%s%u", rows[i].name, filters);
		add_ramp(test, (TestDataset){.name = name,
				       .plan = filtered(2, rows[i].chunk, filters),
				       .rank = 2,
				       .shape = {33, 21},
				       .most = rows[i].most});
	}
}

/* The newest kind of file has five kinds of index, chosen by what the dataset may become. */
static void test_indexes(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(TRUE, 0);
	hid_t early = test_hdf5_chunks(2, (hsize_t[]){8, 5});

	H5Pset_alloc_time(early, H5D_ALLOC_TIME_EARLY);
	add_ramp(&test,
		(TestDataset){.name = "implicit", .plan = early, .rank = 2, .shape = {33, 21}});
	add_indexes(&test, 0);
	add_indexes(&test, DEFLATE | FLETCHER);
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 9);
	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		check_ramp(checkpoint, checkpoint_tensor(checkpoint, i)->name);
}

/* Chunks at the edges may be left out of the filters as a whole. */
static void test_plain_edges(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(TRUE, 0);
	hid_t plan = filtered(2, (hsize_t[]){8, 5}, DEFLATE);
	H5Pset_chunk_opts(plan, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
	add_ramp(&test, (TestDataset){.name = "w", .plan = plan, .rank = 2, .shape = {33, 21}});
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	check_ramp(checkpoint, "w");
}

/* One chunk left out of all filters, one of shuffle alone, one never written. */
static void test_masks(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	float values[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9};
	const float fill = 9;
	guint8 packed[100];
	uLongf length = sizeof packed;
	TestDataset dataset = {.name = "w",
		.type = H5T_IEEE_F32LE,
		.plan = filtered(1, (hsize_t[]){4}, SHUFFLE | DEFLATE),
		.rank = 1,
		.shape = {12}};

	H5Pset_fill_value(dataset.plan, H5T_NATIVE_FLOAT, &fill);
	hid_t made = test_hdf5_make(test.file, &dataset);
	H5Dwrite_chunk(made, H5P_DEFAULT, 3, (hsize_t[]){0}, 16, values);
	g_assert_cmpint(compress(packed, &length, (const Bytef *)(values + 4), 16), ==, Z_OK);
	H5Dwrite_chunk(made, H5P_DEFAULT, 1, (hsize_t[]){4}, length, packed);
	H5Dclose(made);
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	test_values(checkpoint, "w", DTYPE_F32, values);
}

/* As many as make it plain if each were looked for among all. */
static void test_many(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	add_ramp(&test, (TestDataset){.name = "w",
				.plan = filtered(2, (hsize_t[]){4, 4}, 0),
				.rank = 2,
				.shape = {400, 400}});
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	check_ramp(checkpoint, "w");
}

/* Writes one chunk of a dataset as it stands in `stored`, and reads the dataset. */
static void check_damaged(guint filters, const void *stored, gsize length, const char *text)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	g_autoptr(GError) error = NULL;
	TestDataset dataset = {.name = "w",
		.type = H5T_IEEE_F32LE,
		.plan = filtered(1, (hsize_t[]){4}, filters),
		.rank = 1,
		.shape = {4}};
	hid_t made = test_hdf5_make(test.file, &dataset);
	float out[4];

	H5Dwrite_chunk(made, H5P_DEFAULT, 0, (hsize_t[]){0}, length, stored);
	H5Dclose(made);
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	g_assert_false(checkpoint_read_raw(checkpoint, 0, 0, 4, out, &error));
	test_error(error, ERROR_INPUT, text);
	g_assert_cmpstr(error_file(error), ==, test.path);
}

static void test_damaged(void)
{
	const float five[5] = {1, 2, 3, 4, 5};
	guint8 packed[100], summed[20] = {1, 2, 3};
	uLongf length = sizeof packed;

	g_assert_cmpint(compress(packed, &length, (const Bytef *)five, 16), ==, Z_OK);
	check_damaged(DEFLATE, packed, length - 4, "deflated bytes are damaged");
	packed[length - 1] ^= 1;
	check_damaged(DEFLATE, packed, length, "deflated bytes are damaged");
	length = sizeof packed;
	g_assert_cmpint(compress(packed, &length, (const Bytef *)five, 12), ==, Z_OK);
	check_damaged(DEFLATE, packed, length, "not those of a whole chunk");
	length = sizeof packed;
	g_assert_cmpint(compress(packed, &length, (const Bytef *)five, 20), ==, Z_OK);
	check_damaged(DEFLATE, packed, length, "not those of a whole chunk");
	check_damaged(FLETCHER, summed, sizeof summed, "checksum");
}

static void test_boundless(void)
{
	g_auto(TestHdf5) declared = test_hdf5_new(FALSE, 0), chunk = test_hdf5_new(FALSE, 0),
			 sparse = test_hdf5_new(FALSE, 0);
	TestDataset few = {.name = "w",
		.type = H5T_IEEE_F32LE,
		.plan = filtered(2, (hsize_t[]){1, 1}, 0),
		.rank = 2,
		.shape = {1000, 1000}};
	float value = 1;

	test_hdf5_add(declared.file, (TestDataset){.name = "w",
					     .type = H5T_IEEE_F32LE,
					     .rank = 2,
					     .shape = {1 << 20, 1 << 20}});
	test_hdf5_refused(&declared, "cannot come of the 0 that are stored");
	test_hdf5_add(chunk.file, (TestDataset){.name = "w",
					  .type = H5T_IEEE_F32LE,
					  .plan = filtered(1, (hsize_t[]){17 << 20}, DEFLATE),
					  .rank = 1,
					  .shape = {17 << 20}});
	test_hdf5_refused(&chunk, "larger than 64 MiB");
	hid_t made = test_hdf5_make(sparse.file, &few);
	H5Dwrite_chunk(made, H5P_DEFAULT, 0, (hsize_t[]){999, 999}, sizeof value, &value);
	H5Dclose(made);
	test_hdf5_refused(&sparse, "few of its chunks were ever written");
}

/* Nothing fills what was never written where the writer said that nothing does. */
static void test_no_fill(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	hid_t plan = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_fill_value(plan, H5T_NATIVE_FLOAT, NULL);
	test_hdf5_add(test.file, (TestDataset){.name = "w",
					 .type = H5T_IEEE_F32LE,
					 .plan = plan,
					 .rank = 1,
					 .shape = {4}});
	test_hdf5_refused(&test, "never written");
}

static void test_other_filter(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	hid_t plan = test_hdf5_chunks(1, (hsize_t[]){4});
	H5Pset_nbit(plan);
	test_hdf5_add(test.file, (TestDataset){.name = "w",
					 .type = H5T_IEEE_F32LE,
					 .plan = plan,
					 .rank = 1,
					 .shape = {4}});
	test_hdf5_refused(&test, "tensor w: its chunks went through filter 5");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/filters", test_filters);
	g_test_add_func("/odd-order", test_odd_order);
	g_test_add_func("/checksum-of-extremes", test_checksum_of_extremes);
	g_test_add_func("/ranks", test_ranks);
	g_test_add_func("/indexes", test_indexes);
	g_test_add_func("/plain-edges", test_plain_edges);
	g_test_add_func("/masks", test_masks);
	g_test_add_func("/many", test_many);
	g_test_add_func("/damaged", test_damaged);
	g_test_add_func("/boundless", test_boundless);
	g_test_add_func("/no-fill", test_no_fill);
	g_test_add_func("/other-filter", test_other_filter);
	return g_test_run();
}
