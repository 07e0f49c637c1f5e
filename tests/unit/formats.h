/* formats.h - the same float32 tensors written in one format or another, as the programs that these
 * formats come from would write them. */
#ifndef TAUSCOPE_TEST_FORMATS_H
#define TAUSCOPE_TEST_FORMATS_H

#include "notation.h"
#include "tensors.h"

#include <hdf5.h>

/* What can be written; tensors have rank 1 to 4, and are written as F32 whatever their type is. */
typedef struct {
	const char *name, *suffix;
	const char *opens_as; /* Checkpoint.format of what was written */
	void (*write)(const char *path, const TestTensor *tensors, guint n);
} TestFormat;

static inline guint64 test_elements(const TestTensor *tensor)
{
	guint64 elements = 1;
	for (guint i = 0; i < tensor->rank; i++)
		elements *= tensor->shape[i];
	return elements;
}

/* The values as float32, little- or big-endian; with `turned` the first index runs fastest. */
static inline GByteArray *test_floats(const TestTensor *tensor, gboolean big, gboolean turned)
{
	guint64 elements = test_elements(tensor), index[4] = {0};
	GByteArray *bytes = g_byte_array_new();

	g_byte_array_set_size(bytes, (guint)elements * 4);
	for (guint64 i = 0; i < elements; i++) {
		guint64 at = 0;
		for (guint d = tensor->rank; d-- > 0;)
			at = at * tensor->shape[d] + index[d];
		float value = (float)tensor->values[i];
		guint32 bits;
		memcpy(&bits, &value, sizeof bits);
		bits = big ? GUINT32_TO_BE(bits) : GUINT32_TO_LE(bits);
		memcpy(bytes->data + 4 * (turned ? at : i), &bits, sizeof bits);
		for (guint d = tensor->rank; d-- > 0 && ++index[d] == tensor->shape[d];)
			index[d] = 0;
	}
	return bytes;
}

/* "48 96 ": the sizes, or the strides of C order. */
static inline char *test_sizes(const TestTensor *tensor, gboolean strides)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < tensor->rank; i++) {
		guint64 size = strides ? 1 : tensor->shape[i];
		for (guint j = i + 1; strides && j < tensor->rank; j++)
			size *= tensor->shape[j];
		g_string_append_printf(text, "%" G_GUINT64_FORMAT " ", size);
	}
	return g_string_free(text, FALSE);
}

/* The pickle of a state dict; tensor i lies in storage i.  `view` ends what is said of a storage,
 * of which the legacy format has one thing more. */
static inline GByteArray *test_state_dict(const TestTensor *tensors, guint n, const char *view)
{
	g_autoptr(GString) text = g_string_new("@collections:OrderedDict ( ) ! .{ ");
	for (guint i = 0; i < n; i++) {
		g_autofree char *sizes = test_sizes(&tensors[i], FALSE);
		g_autofree char *strides = test_sizes(&tensors[i], TRUE);
		g_string_append_printf(text,
			"'%s' @torch._utils:_rebuild_tensor_v2 ( "
			"( 'storage' @torch:FloatStorage '%u' 'cpu' %" G_GUINT64_FORMAT
			" %s) ~ 0 ( %s) ( %s) - @collections:OrderedDict ( ) ! ) ! ",
			tensors[i].name, i, test_elements(&tensors[i]), view, sizes, strides);
	}
	g_string_append(text, ".}");
	return test_pickle(text->str);
}

/* Entries of a ZIP archive, whose names and data it owns. */
typedef struct {
	GArray *entries;
	GPtrArray *owned;
} TestArchive;

static inline TestArchive test_archive_new(void)
{
	return (TestArchive){g_array_new(FALSE, TRUE, sizeof(TestEntry)),
		g_ptr_array_new_with_free_func(g_free)};
}

/* Takes the name and the data. */
static inline void test_archive_add(
	TestArchive *archive, char *name, GByteArray *data, TestEntry how)
{
	how.name = name;
	how.length = data->len;
	how.data = g_byte_array_free(data, FALSE);
	g_ptr_array_add(archive->owned, name);
	g_ptr_array_add(archive->owned, (gpointer)how.data);
	g_array_append_val(archive->entries, how);
}

static inline void test_archive_write(TestArchive *archive, const char *path)
{
	const TestEntry *entries = (const TestEntry *)(void *)archive->entries->data;
	g_autoptr(GByteArray) bytes = test_zip(entries, archive->entries->len);
	test_write(path, bytes->data, bytes->len);
	g_array_unref(archive->entries);
	g_ptr_array_unref(archive->owned);
}

static inline GByteArray *test_text(const char *text)
{
	GByteArray *bytes = g_byte_array_new();
	put_text(bytes, text);
	return bytes;
}

static inline void test_write_torch(const char *path, const TestTensor *tensors, guint n)
{
	const TestEntry how = {.late = TRUE, .aligned = TRUE};
	TestArchive archive = test_archive_new();

	test_archive_add(
		&archive, g_strdup("model/data.pkl"), test_state_dict(tensors, n, ""), how);
	test_archive_add(&archive, g_strdup("model/byteorder"), test_text("little"), how);
	for (guint i = 0; i < n; i++)
		test_archive_add(&archive, g_strdup_printf("model/data/%u", i),
			test_floats(&tensors[i], FALSE, FALSE), how);
	test_archive_add(&archive, g_strdup("model/version"), test_text("3\n"), how);
	test_archive_write(&archive, path);
}

/* Takes the part. */
static inline void test_append(GByteArray *bytes, GByteArray *part)
{
	g_byte_array_append(bytes, part->data, part->len);
	g_byte_array_unref(part);
}

/* Pickles of a magic number, the version, the machine, the object and the keys; then storages. */
static inline void test_write_torch_legacy(const char *path, const TestTensor *tensors, guint n)
{
	g_autoptr(GByteArray) bytes = test_text("\x80\2\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.");
	g_autoptr(GString) keys = g_string_new("[ ");

	test_append(bytes, test_pickle("1001"));
	test_append(bytes, test_pickle("{ 'protocol_version' 1001 'little_endian' + }"));
	test_append(bytes, test_state_dict(tensors, n, "N "));
	for (guint i = 0; i < n; i++)
		g_string_append_printf(keys, "'%u' ", i);
	g_string_append(keys, "]");
	test_append(bytes, test_pickle(keys->str));
	for (guint i = 0; i < n; i++) {
		put64(bytes, test_elements(&tensors[i]));
		test_append(bytes, test_floats(&tensors[i], FALSE, FALSE));
	}
	test_write(path, bytes->data, bytes->len);
}

/* A .npy of version 1.0; the header ends at a multiple of 64. */
static inline GByteArray *test_npy(const TestTensor *tensor, gboolean odd)
{
	GByteArray *bytes = g_byte_array_new();
	g_autofree char *sizes = test_sizes(tensor, FALSE);
	g_auto(GStrv) parts = g_strsplit(g_strchomp(sizes), " ", -1);
	g_autofree char *shape = g_strjoinv(", ", parts);
	g_autofree char *header =
		g_strdup_printf("{'descr': '%s', 'fortran_order': %s, 'shape': (%s,), }",
			odd ? ">f4" : "<f4", odd ? "True" : "False", shape);
	guint length = ((guint)strlen(header) + 11 + 63) / 64 * 64 - 10;

	g_byte_array_append(bytes, (const guint8 *)"\x93NUMPY\1\0", 8);
	put16(bytes, length);
	put_text(bytes, header);
	while (bytes->len < length + 9)
		put_text(bytes, " ");
	put_text(bytes, "\n");
	test_append(bytes, test_floats(tensor, odd, odd));
	return bytes;
}

static inline void test_write_npz_with(
	const char *path, const TestTensor *tensors, guint n, gboolean deflate, gboolean odd)
{
	const TestEntry how = {.deflate = deflate};
	TestArchive archive = test_archive_new();

	for (guint i = 0; i < n; i++)
		test_archive_add(&archive, g_strconcat(tensors[i].name, ".npy", NULL),
			test_npy(&tensors[i], odd), how);
	test_archive_write(&archive, path);
}

static inline void test_write_npz(const char *path, const TestTensor *tensors, guint n)
{
	test_write_npz_with(path, tensors, n, FALSE, FALSE);
}

static inline void test_write_npz_deflated(const char *path, const TestTensor *tensors, guint n)
{
	test_write_npz_with(path, tensors, n, TRUE, FALSE);
}

/* Big-endian, in Fortran order. */
static inline void test_write_npz_odd(const char *path, const TestTensor *tensors, guint n)
{
	test_write_npz_with(path, tensors, n, FALSE, TRUE);
}

static inline void put_gguf_text(GByteArray *bytes, const char *text)
{
	put64(bytes, strlen(text));
	put_text(bytes, text);
}

static inline void put_zeros(GByteArray *bytes, guint alignment)
{
	const guint8 zero = 0;
	while (bytes->len % alignment != 0)
		g_byte_array_append(bytes, &zero, 1);
}

/* Blocks of 32 values: a scale in F16, then bytes.  The scale is a power of two. */
static inline GByteArray *test_q8_0(const TestTensor *tensor)
{
	GByteArray *bytes = g_byte_array_new();
	for (guint64 i = 0; i < test_elements(tensor); i += 32) {
		int exponent = -14;
		for (guint j = 0; j < 32; j++)
			while (fabs(tensor->values[i + j]) > ldexp(127, exponent))
				exponent++;
		put16(bytes, (guint)(exponent + 15) << 10);
		for (guint j = 0; j < 32; j++) {
			gint8 whole = (gint8)lrint(ldexp(tensor->values[i + j], -exponent));
			g_byte_array_append(bytes, (const guint8 *)&whole, 1);
		}
	}
	return bytes;
}

/* Version 3, with one key; the file has the sizes from the last to the first. */
static inline void test_write_gguf_with(
	const char *path, const TestTensor *tensors, guint n, gboolean quantise)
{
	enum { F32 = 0, Q8_0 = 8, STRING = 8, ALIGNMENT = 32 };
	g_autoptr(GByteArray) bytes = test_text("GGUF"), data = g_byte_array_new();

	put32(bytes, 3);
	put64(bytes, n);
	put64(bytes, 1);
	put_gguf_text(bytes, "general.architecture");
	put32(bytes, STRING);
	put_gguf_text(bytes, "vit");
	for (guint i = 0; i < n; i++) {
		guint rank = tensors[i].rank;
		gboolean blocks = quantise && rank > 1 && tensors[i].shape[rank - 1] % 32 == 0;
		put_gguf_text(bytes, tensors[i].name);
		put32(bytes, rank);
		for (guint d = rank; d-- > 0;)
			put64(bytes, tensors[i].shape[d]);
		put32(bytes, blocks ? Q8_0 : F32);
		put64(bytes, data->len);
		test_append(data,
			blocks ? test_q8_0(&tensors[i]) : test_floats(&tensors[i], FALSE, FALSE));
		put_zeros(data, ALIGNMENT);
	}
	put_zeros(bytes, ALIGNMENT);
	g_byte_array_append(bytes, data->data, data->len);
	test_write(path, bytes->data, bytes->len);
}

static inline void test_write_gguf(const char *path, const TestTensor *tensors, guint n)
{
	test_write_gguf_with(path, tensors, n, FALSE);
}

/* Matrices whose rows are whole blocks are quantised. */
static inline void test_write_gguf_q8_0(const char *path, const TestTensor *tensors, guint n)
{
	test_write_gguf_with(path, tensors, n, TRUE);
}

/* Chunks that are no divisor of the sizes, shuffled, then deflated. */
static inline hid_t test_chunked(const TestTensor *tensor)
{
	hid_t plan = H5Pcreate(H5P_DATASET_CREATE);
	hsize_t chunk[4];
	for (guint i = 0; i < tensor->rank; i++)
		chunk[i] = MIN(tensor->shape[i], 20);
	g_assert_cmpint(H5Pset_chunk(plan, (int)tensor->rank, chunk), >=, 0);
	H5Pset_shuffle(plan);
	H5Pset_deflate(plan, 4);
	return plan;
}

static inline void test_write_dataset(hid_t file, const TestTensor *tensor, gboolean chunked)
{
	hsize_t shape[4];
	for (guint i = 0; i < tensor->rank; i++)
		shape[i] = tensor->shape[i];
	hid_t plan = chunked ? test_chunked(tensor) : H5Pcreate(H5P_DATASET_CREATE);
	hid_t space = H5Screate_simple((int)tensor->rank, shape, NULL);
	hid_t set = H5Dcreate2(
		file, tensor->name, H5T_IEEE_F32LE, space, H5P_DEFAULT, plan, H5P_DEFAULT);
	g_assert_cmpint(set, >=, 0);
	g_assert_cmpint(
		H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor->values), >=,
		0);
	H5Dclose(set);
	H5Sclose(space);
	H5Pclose(plan);
}

static inline void test_write_hdf5_with(
	const char *path, const TestTensor *tensors, guint n, gboolean chunked)
{
	hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	g_assert_cmpint(file, >=, 0);
	for (guint i = 0; i < n; i++)
		test_write_dataset(file, &tensors[i], chunked);
	g_assert_cmpint(H5Fclose(file), >=, 0);
}

static inline void test_write_hdf5(const char *path, const TestTensor *tensors, guint n)
{
	test_write_hdf5_with(path, tensors, n, FALSE);
}

static inline void test_write_hdf5_chunked(const char *path, const TestTensor *tensors, guint n)
{
	test_write_hdf5_with(path, tensors, n, TRUE);
}

/* A safetensors file whose metadata says that its values are differences. */
static inline void test_write_differences(const char *path, const TestTensor *tensors, guint n)
{
	static const char mark[] = "{\"__metadata__\":{\"tauscope.values\":\"differences\"},";
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autofree char *plain = NULL;
	gsize length = 0;
	guint64 header;

	test_write_safetensors(path, tensors, n);
	g_assert_true(g_file_get_contents(path, &plain, &length, NULL));
	memcpy(&header, plain, sizeof header);
	put64(bytes, GUINT64_FROM_LE(header) + sizeof mark - 2);
	put_text(bytes, mark);
	g_byte_array_append(bytes, (const guint8 *)plain + 9, (guint)length - 9);
	test_write(path, bytes->data, bytes->len);
}

/* The same with values of double precision: nothing is rounded. */
static inline void test_write_differences_f64(const char *path, const TestTensor *tensors, guint n)
{
	g_autofree TestTensor *wide = g_memdup2(tensors, n * sizeof *tensors);
	for (guint i = 0; i < n; i++)
		wide[i].dtype = DTYPE_F64;
	test_write_differences(path, wide, n);
}

static const TestFormat test_formats[] = {
	{"safetensors", ".safetensors", "safetensors", test_write_safetensors},
	{"torch", ".pt", "torch-zip", test_write_torch},
	{"torch-legacy", ".pth", "torch-legacy", test_write_torch_legacy},
	{"npz", ".npz", "npz", test_write_npz},
	{"npz-deflated", ".npz", "npz", test_write_npz_deflated},
	{"npz-odd", ".npz", "npz", test_write_npz_odd},
	{"gguf", ".gguf", "gguf", test_write_gguf},
	{"gguf-q8_0", ".gguf", "gguf", test_write_gguf_q8_0},
	{"hdf5", ".h5", "hdf5", test_write_hdf5},
	{"hdf5-chunked", ".h5", "hdf5", test_write_hdf5_chunked},
	{"differences", ".safetensors", "safetensors", test_write_differences},
	{"differences-f64", ".safetensors", "safetensors", test_write_differences_f64},
};

static inline const TestFormat *test_format(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(test_formats); i++)
		if (g_str_equal(test_formats[i].name, name))
			return &test_formats[i];
	g_error("there is no format %s", name);
}

/* Tensors that own their names and values. */
typedef struct {
	GArray *tensors; /* of TestTensor */
} TestTensors;

static inline TestTensor *test_tensors_at(const TestTensors *all, guint i)
{
	return &g_array_index(all->tensors, TestTensor, i);
}

static inline void test_tensors_clear(TestTensors *all)
{
	for (guint i = 0; all->tensors != NULL && i < all->tensors->len; i++) {
		g_free((gpointer)test_tensors_at(all, i)->name);
		g_free((gpointer)test_tensors_at(all, i)->values);
	}
	g_clear_pointer(&all->tensors, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TestTensors, test_tensors_clear)

/* All tensors of a checkpoint, which are floats, with a prefix before their names. */
static inline TestTensors test_tensors_of(const Checkpoint *checkpoint, const char *prefix)
{
	TestTensors all = {g_array_new(FALSE, TRUE, sizeof(TestTensor))};
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		const Tensor *from = checkpoint_tensor(checkpoint, i);
		TestTensor tensor = {g_strconcat(prefix, from->name, NULL), DTYPE_F32, from->rank,
			.values = test_read(checkpoint, i, 0, from->elements)};
		for (guint d = 0; d < from->rank; d++)
			tensor.shape[d] = from->shape[d];
		g_array_append_val(all.tensors, tensor);
	}
	return all;
}

/* What a checkpoint of the same tensors would have to gain to be these. */
static inline void test_tensors_subtract(TestTensors *all, const Checkpoint *base)
{
	for (guint i = 0; i < all->tensors->len; i++) {
		TestTensor *tensor = test_tensors_at(all, i);
		g_autofree double *from = test_read_named(base, tensor->name);
		double *values = (double *)tensor->values;
		for (guint64 e = 0; e < test_elements(tensor); e++)
			values[e] -= from[e];
	}
}

static inline void test_tensors_write(
	const TestTensors *all, const TestFormat *format, const char *path)
{
	format->write(path, (const TestTensor *)(void *)all->tensors->data, all->tensors->len);
}

#endif
