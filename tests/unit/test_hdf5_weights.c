/* test_hdf5_weights.c - weights in HDF5 files: types, layouts, names, Keras' ways, and what is
 * refused.  The files are written by libhdf5, the values by a formula. */
#include "archives.h"
#include "hdf5_files.h"

/* A float type by its fields, as h5py and others make the small ones. */
static hid_t float_type(gsize bytes, gsize exponent_bits, gsize mantissa_bits, gsize bias)
{
	hid_t type = H5Tcopy(H5T_IEEE_F32LE);
	H5Tset_fields(type, bytes * 8 - 1, mantissa_bits, exponent_bits, 0, mantissa_bits);
	H5Tset_precision(type, bytes * 8);
	H5Tset_size(type, bytes);
	H5Tset_ebias(type, bias);
	return type;
}

static hid_t bool_type(void)
{
	gint8 no = 0, yes = 1;
	hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
	H5Tenum_insert(type, "FALSE", &no);
	H5Tenum_insert(type, "TRUE", &yes);
	return type;
}

static void test_types(void)
{
	const struct {
		const char *name;
		hid_t type;
		Dtype dtype;
	} rows[] = {
		{"f64", H5T_IEEE_F64LE, DTYPE_F64},
		{"f32", H5T_IEEE_F32LE, DTYPE_F32},
		{"f16", float_type(2, 5, 10, 15), DTYPE_F16},
		{"bf16", float_type(2, 8, 7, 127), DTYPE_BF16},
		{"e5m2", float_type(1, 5, 2, 15), DTYPE_F8_E5M2},
		{"i8", H5T_STD_I8LE, DTYPE_I8},
		{"u8", H5T_STD_U8BE, DTYPE_U8},
		{"i16", H5T_STD_I16LE, DTYPE_I16},
		{"u16", H5T_STD_U16LE, DTYPE_U16},
		{"i32", H5T_STD_I32LE, DTYPE_I32},
		{"u32", H5T_STD_U32LE, DTYPE_U32},
		{"i64", H5T_STD_I64LE, DTYPE_I64},
		{"u64", H5T_STD_U64LE, DTYPE_U64},
		{"bool", bool_type(), DTYPE_BOOL},
	};
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	guint8 bytes[64];

	for (guint i = 0; i < sizeof bytes; i++)
		bytes[i] = (guint8)(i % 2);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		test_hdf5_add(test.file, (TestDataset){.name = rows[i].name,
						 .type = rows[i].type,
						 .rank = 2,
						 .shape = {2, 4},
						 .values = bytes});
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	g_assert_cmpstr(checkpoint->format, ==, "hdf5");
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, G_N_ELEMENTS(rows));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const Tensor *tensor = test_tensor(checkpoint, rows[i].name);
		g_assert_null(tensor->source);
		g_assert_cmpuint(tensor->rank, ==, 2);
		g_assert_cmpuint(tensor->shape[0], ==, 2);
		g_assert_cmpuint(tensor->shape[1], ==, 4);
		test_values(checkpoint, rows[i].name, rows[i].dtype, bytes);
	}
}

/* Types that are not ours are skipped with what they are. */
static void test_other_types(void)
{
	hid_t pair = H5Tcreate(H5T_COMPOUND, 8), odd = H5Tcopy(H5T_STD_I32LE);
	hid_t three = H5Tenum_create(H5T_NATIVE_INT8);
	gint8 code = 3;
	H5Tinsert(pair, "r", 0, H5T_IEEE_F32LE);
	H5Tinsert(pair, "i", 4, H5T_IEEE_F32LE);
	H5Tset_precision(odd, 24);
	H5Tenum_insert(three, "THREE", &code);
	const struct {
		const char *name;
		hid_t type;
		const char *reason;
	} rows[] = {
		{"compound", pair, "compound"},
		{"enum", three, "enumeration"},
		{"odd", odd, "odd size"},
		{"e4m3", float_type(1, 4, 3, 7), "floating-point format"},
		{"text", H5T_C_S1, "text"},
	};
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		test_hdf5_add(test.file, (TestDataset){.name = rows[i].name,
						 .type = rows[i].type,
						 .rank = 1,
						 .shape = {3}});
	test_hdf5_add(test.file,
		(TestDataset){.name = "w", .type = H5T_IEEE_F32LE, .rank = 1, .shape = {3}});
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 1);
	g_assert_cmpuint(checkpoint->skipped->len, ==, G_N_ELEMENTS(rows));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const Skipped *skipped = checkpoint->skipped->pdata[i];
		guint row = 0;
		while (row < G_N_ELEMENTS(rows) && strcmp(rows[row].name, skipped->name) != 0)
			row++;
		g_assert_cmpuint(row, <, G_N_ELEMENTS(rows));
		g_assert_nonnull(strstr(skipped->reason, rows[row].reason));
	}
}

static void test_big_endian(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	guint16 stored[30], expected[30];

	for (guint i = 0; i < 30; i++) {
		expected[i] = GUINT16_TO_LE((guint16)(i * 259));
		stored[i] = GUINT16_SWAP_LE_BE(expected[i]);
	}
	test_hdf5_add(test.file, (TestDataset){.name = "plain",
					 .type = H5T_STD_U16BE,
					 .rank = 2,
					 .shape = {5, 6},
					 .values = stored});
	test_hdf5_add(test.file, (TestDataset){.name = "chunked",
					 .type = H5T_STD_U16BE,
					 .plan = test_hdf5_chunks(2, (hsize_t[]){2, 4}),
					 .rank = 2,
					 .shape = {5, 6},
					 .values = stored});
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	test_values(checkpoint, "plain", DTYPE_U16, expected);
	test_values(checkpoint, "chunked", DTYPE_U16, expected);
}

static void test_scalar_and_empty(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	const float value = 1.5f;
	hid_t compact = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_layout(compact, H5D_COMPACT);
	test_hdf5_add(test.file,
		(TestDataset){.name = "scalar", .type = H5T_IEEE_F32LE, .values = &value});
	test_hdf5_add(test.file, (TestDataset){.name = "compact",
					 .type = H5T_IEEE_F32LE,
					 .plan = compact,
					 .rank = 1,
					 .shape = {1},
					 .values = &value});
	test_hdf5_add(test.file,
		(TestDataset){.name = "empty", .type = H5T_IEEE_F32LE, .rank = 2, .shape = {0, 4}});
	test_hdf5_add(test.file, (TestDataset){.name = "growing",
					 .type = H5T_IEEE_F32LE,
					 .plan = test_hdf5_chunks(1, (hsize_t[]){8}),
					 .rank = 1,
					 .most = (hsize_t[]){H5S_UNLIMITED}});
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	test_values(checkpoint, "scalar", DTYPE_F32, &value);
	test_values(checkpoint, "compact", DTYPE_F32, &value);
	g_assert_cmpuint(test_tensor(checkpoint, "scalar")->rank, ==, 0);
	g_assert_cmpuint(test_tensor(checkpoint, "empty")->elements, ==, 0);
	g_assert_cmpuint(test_tensor(checkpoint, "empty")->rank, ==, 2);
	g_assert_cmpuint(test_tensor(checkpoint, "growing")->elements, ==, 0);
}

static hid_t plan_with_fill(hid_t plan, float fill)
{
	H5Pset_fill_value(plan, H5T_NATIVE_FLOAT, &fill);
	return plan;
}

static void test_never_written(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	hid_t plain = plan_with_fill(H5Pcreate(H5P_DATASET_CREATE), 2.5f);
	hid_t chunked = plan_with_fill(test_hdf5_chunks(1, (hsize_t[]){4}), -7);
	const float zeros[6] = {0}, fills[] = {2.5f, 2.5f, 2.5f, 2.5f, 2.5f, 2.5f},
		    other[] = {-7, -7, -7, -7, -7, -7};

	test_hdf5_add(test.file,
		(TestDataset){.name = "zeros", .type = H5T_IEEE_F32LE, .rank = 1, .shape = {6}});
	test_hdf5_add(test.file, (TestDataset){.name = "fills",
					 .type = H5T_IEEE_F32LE,
					 .plan = plain,
					 .rank = 2,
					 .shape = {2, 3}});
	test_hdf5_add(test.file, (TestDataset){.name = "other",
					 .type = H5T_IEEE_F32BE,
					 .plan = chunked,
					 .rank = 1,
					 .shape = {6}});
	test_hdf5_add(test.file, (TestDataset){.name = "scalar", .type = H5T_IEEE_F32LE});
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	test_values(checkpoint, "zeros", DTYPE_F32, zeros);
	test_values(checkpoint, "fills", DTYPE_F32, fills);
	test_values(checkpoint, "other", DTYPE_F32, other);
	test_values(checkpoint, "scalar", DTYPE_F32, zeros);
}

static void add_ramp(const TestHdf5 *test, const char *name, guint64 n)
{
	g_autofree float *values = test_ramp(n);
	test_hdf5_add(test->file, (TestDataset){.name = name,
					  .type = H5T_IEEE_F32LE,
					  .rank = 1,
					  .shape = {n},
					  .values = values});
}

/* Groups that hold themselves, names of one dataset, soft links; in both kinds of groups. */
static void test_links(gconstpointer newest)
{
	g_auto(TestHdf5) test = test_hdf5_new(newest != NULL, 0);

	add_ramp(&test, "a/b/c/w", 5);
	add_ramp(&test, "a/other", 3);
	H5Lcreate_hard(test.file, "a/b/c/w", test.file, "a/b/second", H5P_DEFAULT, H5P_DEFAULT);
	H5Lcreate_hard(test.file, "/", test.file, "a/b/root", H5P_DEFAULT, H5P_DEFAULT);
	H5Lcreate_hard(test.file, "a", test.file, "a/b/again", H5P_DEFAULT, H5P_DEFAULT);
	H5Lcreate_soft("/a/other", test.file, "soft", H5P_DEFAULT, H5P_DEFAULT);
	H5Lcreate_soft("/nowhere", test.file, "dangling", H5P_DEFAULT, H5P_DEFAULT);
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	g_autofree float *values = test_ramp(5);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 2);
	g_assert_cmpstr(test_tensor(checkpoint, "a/b/c/w")->name, ==, "a/b/second");
	g_assert_cmpuint(g_hash_table_size(checkpoint->aliases), ==, 1);
	test_values(checkpoint, "a/b/c/w", DTYPE_F32, values);
	g_assert_cmpuint(test_tensor(checkpoint, "a/other")->elements, ==, 3);
}

/* A kept name for weights that the skipped part of the file names first. */
static void test_keras2(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);

	add_ramp(&test, "model_weights/dense/dense/kernel:0", 12);
	add_ramp(&test, "optimizer_weights/Adam/m/kernel:0", 12);
	add_ramp(&test, "optimizer_weights/Adam/v/kernel:0", 12);
	add_ramp(&test, "beside", 2);
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 1);
	g_assert_cmpuint(test_tensor(checkpoint, "dense/dense/kernel:0")->elements, ==, 12);
	g_assert_cmpstr(g_hash_table_lookup(checkpoint->about, "root"), ==, "model_weights");
	g_assert_cmpuint(checkpoint->skipped->len, ==, 2);
	const Skipped *first = checkpoint->skipped->pdata[0],
		      *second = checkpoint->skipped->pdata[1];
	g_assert_cmpstr(first->name, ==, "beside");
	g_assert_cmpstr(second->name, ==, "optimizer_weights");
	g_assert_nonnull(strstr(second->reason, "2 datasets"));
}

static void test_keras3(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);

	add_ramp(&test, "layers/dense/vars/0", 12);
	add_ramp(&test, "optimizer/vars/0", 1);
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 1);
	g_assert_cmpuint(test_tensor(checkpoint, "layers/dense/vars/0")->elements, ==, 12);
	g_assert_cmpuint(checkpoint->skipped->len, ==, 1);
}

/* The name means nothing where Keras 3 has not written the file. */
static void test_not_keras(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);

	add_ramp(&test, "optimizer/w", 4);
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 1);
}

/* The member's values are read where they lie in the archive, or out of the deflated stream. */
static void check_archive(gboolean deflate)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	g_autofree float *values = test_ramp(900), *many = test_ramp(400);
	g_autofree char *member = NULL, *path = g_build_filename(test.folder, "m.keras", NULL);
	g_autoptr(GError) error = NULL;
	hid_t plan = test_hdf5_chunks(2, (hsize_t[]){7, 9});
	gsize length;

	H5Pset_deflate(plan, 6);
	add_ramp(&test, "layers/dense/vars/0", 900);
	test_hdf5_add(test.file, (TestDataset){.name = "layers/dense/vars/1",
					 .type = H5T_IEEE_F32LE,
					 .plan = plan,
					 .rank = 2,
					 .shape = {20, 20},
					 .values = many});
	test_hdf5_close(&test);
	g_file_get_contents(test.path, &member, &length, &error);
	g_assert_no_error(error);
	const TestEntry entries[] = {{.name = "metadata.json", .data = "{}", .length = 2},
		{.name = "config.json", .data = "{}", .length = 2},
		{.name = "model.weights.h5", .data = member, .length = length, .deflate = deflate}};
	g_autoptr(GByteArray) zip = test_zip(entries, G_N_ELEMENTS(entries));
	test_write(path, zip->data, zip->len);
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(checkpoint->format, ==, "keras-zip");
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 2);
	test_values(checkpoint, "layers/dense/vars/0", DTYPE_F32, values);
	test_values(checkpoint, "layers/dense/vars/1", DTYPE_F32, many);
	g_assert_true((test_tensor(checkpoint, "layers/dense/vars/0")->source == NULL) != deflate);
}

static void test_keras_archive(void)
{
	check_archive(FALSE);
}

static void test_keras_deflated(void)
{
	check_archive(TRUE);
}

static void test_user_block(gconstpointer newest)
{
	g_auto(TestHdf5) test = test_hdf5_new(newest != NULL, 2048);
	g_autofree float *values = test_ramp(50);
	hid_t plan = test_hdf5_chunks(1, (hsize_t[]){8});

	H5Pset_deflate(plan, 1);
	add_ramp(&test, "plain", 50);
	test_hdf5_add(test.file, (TestDataset){.name = "chunked",
					 .type = H5T_IEEE_F32LE,
					 .plan = plan,
					 .rank = 1,
					 .shape = {50},
					 .values = values});
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	test_values(checkpoint, "plain", DTYPE_F32, values);
	test_values(checkpoint, "chunked", DTYPE_F32, values);
}

static void test_store(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 512);
	g_autoptr(GError) error = NULL;
	g_autofree char *bytes = NULL;
	gsize length;

	add_ramp(&test, "w", 5);
	test_hdf5_close(&test);
	g_file_get_contents(test.path, &bytes, &length, &error);
	g_assert_no_error(error);
	memcpy(bytes, "tauscope store 1\n", 17);
	test_write(test.path, bytes, length);
	test_hdf5_refused(&test, "this is a tauscope store");
}

static void test_other_files(void)
{
	g_auto(TestHdf5) external = test_hdf5_new(FALSE, 0), linked = test_hdf5_new(FALSE, 0),
			 virtual = test_hdf5_new(TRUE, 0);
	hid_t plan = H5Pcreate(H5P_DATASET_CREATE), map = H5Pcreate(H5P_DATASET_CREATE);
	hid_t space = H5Screate_simple(1, (hsize_t[]){4}, NULL);

	H5Pset_external(plan, "/etc/passwd", 0, 16);
	test_hdf5_add(external.file, (TestDataset){.name = "w",
					     .type = H5T_IEEE_F32LE,
					     .plan = plan,
					     .rank = 1,
					     .shape = {4}});
	test_hdf5_refused(&external, "keeps its values in another file");

	add_ramp(&linked, "w", 4);
	H5Lcreate_external(external.path, "/w", linked.file, "far", H5P_DEFAULT, H5P_DEFAULT);
	test_hdf5_refused(&linked, "tensor far: this is a link to another file");

	H5Pset_virtual(map, space, external.path, "w", space);
	H5Sclose(space);
	test_hdf5_add(virtual.file,
		(TestDataset){
			.name = "w", .type = H5T_IEEE_F32LE, .plan = map, .rank = 1, .shape = {4}});
	test_hdf5_refused(&virtual, "virtual");
}

static void test_nothing(void)
{
	g_auto(TestHdf5) none = test_hdf5_new(FALSE, 0), text = test_hdf5_new(FALSE, 0);

	test_hdf5_refused(&none, "no dataset of numbers");
	test_hdf5_add(text.file, (TestDataset){.name = "t", .type = H5T_C_S1});
	test_hdf5_refused(&text, "t is not numeric: text");
}

/* Cut anywhere, it is refused; the library sees that the file is too short. */
static void test_cut(void)
{
	g_auto(TestHdf5) test = test_hdf5_new(FALSE, 0);
	g_autoptr(GError) error = NULL;
	g_autofree char *bytes = NULL;
	gsize length;

	add_ramp(&test, "w", 500);
	test_hdf5_close(&test);
	g_file_get_contents(test.path, &bytes, &length, &error);
	g_assert_no_error(error);
	for (gsize cut = 8; cut < length; cut += length / 20) {
		test_write(test.path, bytes, cut);
		test_hdf5_refused(&test, "libhdf5 cannot open it");
	}
}

/* Once there are more than 8 links a group of the newest kind is an index, and no list. */
static void test_many(gconstpointer newest)
{
	g_auto(TestHdf5) test = test_hdf5_new(newest != NULL, 0);
	g_autofree float *values = test_ramp(3);

	for (guint i = 0; i < 300; i++) {
		g_autofree char *name = g_strdup_printf("layer.%u/weight", i);
		add_ramp(&test, name, 3);
	}
	g_autoptr(Checkpoint) checkpoint = test_hdf5_open(&test);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 300);
	g_assert_cmpstr(checkpoint_tensor(checkpoint, 10)->name, ==, "layer.10/weight");
	test_values(checkpoint, "layer.299/weight", DTYPE_F32, values);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/types", test_types);
	g_test_add_func("/other-types", test_other_types);
	g_test_add_func("/big-endian", test_big_endian);
	g_test_add_func("/scalar-and-empty", test_scalar_and_empty);
	g_test_add_func("/never-written", test_never_written);
	g_test_add_data_func("/links/oldest", NULL, test_links);
	g_test_add_data_func("/links/newest", "", test_links);
	g_test_add_func("/keras2", test_keras2);
	g_test_add_func("/keras3", test_keras3);
	g_test_add_func("/not-keras", test_not_keras);
	g_test_add_func("/keras-archive", test_keras_archive);
	g_test_add_func("/keras-deflated", test_keras_deflated);
	g_test_add_data_func("/user-block/oldest", NULL, test_user_block);
	g_test_add_data_func("/user-block/newest", "", test_user_block);
	g_test_add_func("/store", test_store);
	g_test_add_func("/other-files", test_other_files);
	g_test_add_func("/nothing", test_nothing);
	g_test_add_func("/cut", test_cut);
	g_test_add_data_func("/many/oldest", NULL, test_many);
	g_test_add_data_func("/many/newest", "", test_many);
	return g_test_run();
}
