/* test_numpy.c - arrays of the corpus against its manifest, and headers written here: every type,
 * order and shape, and what Python would read and we do not. */
#include "archives.h"
#include "corpus.h"
#include "test.h"

#include "checkpoint/checkpoint.h"

#include <fcntl.h>

static void check_hash(const cJSON *expected, const char *key, const void *bytes, gsize length)
{
	g_autofree char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, length);
	g_assert_cmpstr(hash, ==, corpus_text(expected, key));
}

static void check_tensor(const Checkpoint *checkpoint, guint number, const cJSON *expected)
{
	const Tensor *tensor = checkpoint_tensor(checkpoint, number);
	const cJSON *shape = corpus_get(expected, "shape");
	g_autofree guint8 *raw = g_malloc(tensor->bytes + 1);
	g_autofree float *floats = g_new(float, tensor->elements + 1);
	g_autoptr(GError) error = NULL;

	g_assert_cmpstr(dtype_info(tensor->dtype)->name, ==, corpus_text(expected, "dtype"));
	g_assert_cmpint(cJSON_GetArraySize(shape), ==, tensor->rank);
	for (guint i = 0; i < tensor->rank; i++)
		g_assert_cmpfloat((double)tensor->shape[i], ==,
			cJSON_GetArrayItem(shape, (int)i)->valuedouble);
	checkpoint_read_raw(checkpoint, number, 0, tensor->elements, raw, &error);
	test_no_error(error);
	dtype_decode_float(tensor->dtype, raw, tensor->elements, floats);
	check_hash(expected, "sha256_raw", raw, tensor->bytes);
	check_hash(expected, "sha256_f32", floats, tensor->elements * sizeof *floats);
}

static void check_tensors(const Checkpoint *checkpoint, const cJSON *expected)
{
	const cJSON *tensors = corpus_get(expected, "tensors"), *tensor;

	g_assert_cmpstr(checkpoint->format, ==, corpus_text(expected, "format"));
	if (tensors == NULL)
		return;
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, (guint)cJSON_GetArraySize(tensors));
	cJSON_ArrayForEach (tensor, tensors) {
		gint number = checkpoint_find(checkpoint, tensor->string);
		g_assert_cmpint(number, >=, 0);
		check_tensor(checkpoint, (guint)number, tensor);
	}
}

static void check_case(const char *kind, const cJSON *expected)
{
	g_autofree char *path = corpus_path(kind, expected->string);
	const char *verdict = corpus_text(expected, "verdict");
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, &error);

	g_test_message("%s: %s", expected->string, error ? error->message : "read");
	if (verdict == NULL || strcmp(verdict, "accept") == 0)
		test_no_error(error);
	else if (strcmp(verdict, "reject") == 0)
		g_assert_null(checkpoint);
	if (checkpoint != NULL)
		check_tensors(checkpoint, expected);
	else
		g_assert_cmpstr(error_file(error), ==, path);
	corpus_no_payload();
}

static void test_corpus(void)
{
	guint checked = 0;
	for (guint i = 0; i < G_N_ELEMENTS(corpus_kinds); i++) {
		g_autoptr(cJSON) cases = corpus_cases(corpus_kinds[i]);
		const cJSON *expected;
		cJSON_ArrayForEach (expected, cases) {
			const char *format = corpus_text(expected, "format");
			if (strcmp(format, "npy") != 0 && strcmp(format, "npz") != 0)
				continue;
			check_case(corpus_kinds[i], expected);
			checked++;
		}
	}
	g_assert_cmpuint(checked, ==, 42);
}

/* A .npy of version 1.0 with this header; g_byte_array_unref. */
static GByteArray *make_array(const char *header, const void *data, gsize length)
{
	GByteArray *bytes = g_byte_array_new();
	put_text(bytes, "\x93NUMPY\x01");
	g_byte_array_append(bytes, (const guint8 *)"", 1);
	put16(bytes, (guint)strlen(header));
	put_text(bytes, header);
	if (length > 0)
		g_byte_array_append(bytes, data, (guint)length);
	return bytes;
}

static GByteArray *make_typed(const char *type, const char *shape, const void *data, gsize length)
{
	g_autofree char *header = g_strdup_printf(
		"{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", type, shape);
	return make_array(header, data, length);
}

static Checkpoint *open_bytes(const GByteArray *bytes, GError **error)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "some.npy", NULL);
	test_write(path, bytes->data, bytes->len);
	Checkpoint *checkpoint = checkpoint_open(path, error);
	test_folder_remove(folder);
	return checkpoint;
}

/* Every type, little- and big-endian, from two elements whose bytes are all different: raw bytes
 * come out little-endian, the two halves of a complex number each for itself. */
static void test_types(void)
{
	static const struct {
		const char *type;
		Dtype dtype;
		guint unit; /* bytes that are turned together, or 1 */
		guint size;
	} types[] = {
		{"|b1", DTYPE_BOOL, 1, 1},
		{"|i1", DTYPE_I8, 1, 1},
		{"|u1", DTYPE_U8, 1, 1},
		{"<u1", DTYPE_U8, 1, 1},
		{">i1", DTYPE_I8, 1, 1},
		{"<i2", DTYPE_I16, 1, 2},
		{">i2", DTYPE_I16, 2, 2},
		{"<u2", DTYPE_U16, 1, 2},
		{">u2", DTYPE_U16, 2, 2},
		{"<f2", DTYPE_F16, 1, 2},
		{">f2", DTYPE_F16, 2, 2},
		{"<i4", DTYPE_I32, 1, 4},
		{">i4", DTYPE_I32, 4, 4},
		{"<u4", DTYPE_U32, 1, 4},
		{">u4", DTYPE_U32, 4, 4},
		{"<f4", DTYPE_F32, 1, 4},
		{">f4", DTYPE_F32, 4, 4},
		{"<i8", DTYPE_I64, 1, 8},
		{">i8", DTYPE_I64, 8, 8},
		{"<u8", DTYPE_U64, 1, 8},
		{">u8", DTYPE_U64, 8, 8},
		{"<f8", DTYPE_F64, 1, 8},
		{">f8", DTYPE_F64, 8, 8},
		{"<c8", DTYPE_C64, 1, 8},
		{">c8", DTYPE_C64, 4, 8},
	};
	guint8 stored[16], raw[16];
	for (guint i = 0; i < 16; i++)
		stored[i] = (guint8)(i + 1);
	for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
		gsize length = 2 * types[i].size;
		g_autoptr(GByteArray) bytes = make_typed(types[i].type, "(2,)", stored, length);
		g_autoptr(GError) error = NULL;
		g_autoptr(Checkpoint) checkpoint = open_bytes(bytes, &error);
		test_no_error(error);
		const Tensor *tensor = checkpoint_tensor(checkpoint, 0);
		g_assert_cmpint(tensor->dtype, ==, types[i].dtype);
		g_assert_true((tensor->source == NULL) == (types[i].unit == 1));
		g_assert_true(checkpoint_read_raw(checkpoint, 0, 0, 2, raw, NULL));
		for (guint at = 0; at < length; at++) {
			guint unit = types[i].unit, within = at % unit;
			g_assert_cmpint(raw[at], ==, stored[at - within + (unit - 1 - within)]);
		}
	}
}

/* Types that hold no numbers that are read; each is called by its name, and says what to do. */
static void test_other_types(void)
{
	static const struct {
		const char *type, *says;
	} types[] = {
		{"|O", "Python objects"},
		{"|V2", "as NumPy writes bfloat16"},
		{"<V2", "as NumPy writes bfloat16"},
		{"|V1", "as NumPy writes float8"},
		{"|V16", "raw bytes"},
		{"<c16", "complex128"},
		{"<c32", "complex numbers of long doubles"},
		{"<f16", "long doubles"},
		{"<f12", "long doubles"},
		{"<U8", "text or dates"},
		{"|S3", "text or dates"},
		{"<M8[ns]", "text or dates"},
		{"|T16", "text or dates"},
		{"=f4", "no type in a stated byte order"},
		{"f4", "no type in a stated byte order"},
		{"|f4", "does not say the order of bytes"},
		{"<f3", "of a type that is not known"},
		{"<f44", "of a type that is not known"},
		{"<", "no type"},
		{"", "no type"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autoptr(GByteArray) bytes =
			make_typed(types[i].type, "(1,)", "0123456789abcdef", 16);
		g_autoptr(GError) error = NULL;
		g_assert_null(open_bytes(bytes, &error));
		test_error(error, ERROR_INPUT, types[i].says);
		g_assert_nonnull(error_remedy(error));
	}
}

/* Element i, j, k of an array in Fortran order lies at i + 2j + 6k. */
static void test_fortran(void)
{
	guint8 stored[24], raw[24];
	for (guint i = 0; i < 24; i++)
		stored[i] = (guint8)i;
	g_autoptr(GByteArray) bytes = make_array(
		"{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4)}", stored, 24);
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_bytes(bytes, &error);

	test_no_error(error);
	g_assert_true(checkpoint_read_raw(checkpoint, 0, 0, 24, raw, NULL));
	for (guint i = 0; i < 2; i++)
		for (guint j = 0; j < 3; j++)
			for (guint k = 0; k < 4; k++)
				g_assert_cmpint(raw[12 * i + 4 * j + k], ==, i + 2 * j + 6 * k);
}

/* What others than NumPy write, and Python reads as the same. */
static void test_spellings(void)
{
	static const char *const headers[] = {
		"{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"<f4\"}",
		"{ 'descr' : '<f4' ,\n 'fortran_order' : True , 'shape' : ( 2 , ) , } \t\r\n",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (2L,)}",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 1,)}",
	};
	static const float values[] = {1.5f, -2};
	for (guint i = 0; i < G_N_ELEMENTS(headers); i++) {
		g_autoptr(GByteArray) bytes = make_array(headers[i], values, sizeof values);
		g_autoptr(GError) error = NULL;
		g_autoptr(Checkpoint) checkpoint = open_bytes(bytes, &error);
		test_no_error(error);
		const Tensor *tensor = checkpoint_tensor(checkpoint, 0);
		g_assert_null(tensor->source);
		g_assert_cmpuint(tensor->offset, ==, bytes->len - sizeof values);
	}
}

#define START "{'descr': '|u1', 'fortran_order': False, "

static void test_refusals(void)
{
	static const struct {
		const char *header, *says;
	} cases[] = {
		{"", "byte 10 of the array: a { should stand here"},
		{"{}", "byte 12 of the array: descr is missing"},
		{START "}", "shape is missing"},
		{START "'shape': (2,)", "a comma or a } should stand here"},
		{START "'shape': (2,)} x", "goes on after its }"},
		{START "'shape' (2,)}", "a key in quotes and a colon"},
		{START "shape: (2,)}", "a key in quotes and a colon"},
		{START "'shape': (2,), 'shape': (2,)}", "shape is given twice"},
		{START "'shape': (2,), 'names': 1}", "names is none of"},
		{START "'sh\\x61pe': (2,)}", "a key in quotes"},
		{START "'shape': (2)}", "shape is a number, not a tuple"},
		{START "'shape': 2}", "shape is not a tuple"},
		{START "'shape': [2]}", "shape is not a tuple"},
		{START "'shape': (2 2)}", "shape is not a tuple of numbers"},
		{START "'shape': (,)}", "dimension 1 of shape is not"},
		{START "'shape': (1, -2)}", "dimension 2 of shape is not"},
		{START "'shape': (02,)}", "dimension 1 of shape is not"},
		{START "'shape': (2.0,)}", "not a tuple of numbers"},
		{START "'shape': (0x2,)}", "not a tuple of numbers"},
		{START "'shape': (None,)}", "dimension 1 of shape is not"},
		{START "'shape': (18446744073709551616,)}", "dimension 1 of shape is not"},
		{START "'shape': (18446744073709551615, 2)}", "overflows 64 bits"},
		{START "'shape': (4294967296, 4294967296, 0)}", "overflows 64 bits"},
		{START "'shape': (1,)}", "1 bytes follow its elements"},
		{START "'shape': (3,)}", "take 3 bytes from byte 65 on, but 2 are there"},
		{"{'descr': [('a', '<f4')], }", "structures"},
		{"{'descr': ('<f4', (2,)), }", "structures"},
		{"{'descr': b'<f4', }", "descr is not a plain string"},
		{"{'descr': '<f4, }", "descr is not a plain string"},
		{"{'fortran_order': 0, }", "neither True nor False"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GByteArray) bytes = make_array(cases[i].header, "ab", 2);
		g_autoptr(GError) error = NULL;
		g_assert_null(open_bytes(bytes, &error));
		test_error(error, ERROR_INPUT, cases[i].says);
	}
}

static void test_ranks(void)
{
	for (guint rank = 0; rank <= 33; rank++) {
		g_autoptr(GString) shape = g_string_new("(");
		g_autoptr(GError) error = NULL;
		for (guint i = 0; i < rank; i++)
			g_string_append(shape, "1,");
		g_string_append(shape, ")");
		g_autoptr(GByteArray) bytes = make_typed("<f8", shape->str, "12345678", 8);
		g_autoptr(Checkpoint) checkpoint = open_bytes(bytes, &error);
		if (rank > TENSOR_RANK_MOST) {
			test_error(error, ERROR_INPUT, "more than 32 dimensions");
			continue;
		}
		test_no_error(error);
		g_assert_cmpuint(checkpoint_tensor(checkpoint, 0)->rank, ==, rank);
	}
}

/* Cut at any byte, a file is refused. */
static void test_cuts(void)
{
	g_autoptr(GByteArray) whole = make_typed("<f4", "(2,)", "12345678", 8);
	for (guint length = 0; length < whole->len; length++) {
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		g_autoptr(GError) error = NULL;
		g_byte_array_append(bytes, whole->data, length);
		g_assert_null(open_bytes(bytes, &error));
		g_assert_cmpint(error->code, ==, ERROR_INPUT);
		if (length >= 6)
			g_assert_nonnull(strstr(error_remedy(error), "it is cut short"));
	}
}

static void test_versions(void)
{
	static const struct {
		guint8 major, minor;
		gboolean read;
	} versions[] = {{1, 0, TRUE}, {2, 0, FALSE}, {0, 0, FALSE}, {1, 1, FALSE}, {4, 0, FALSE}};
	for (guint i = 0; i < G_N_ELEMENTS(versions); i++) {
		g_autoptr(GByteArray) bytes = make_typed("|u1", "(2,)", "ab", 2);
		g_autoptr(GError) error = NULL;
		bytes->data[6] = versions[i].major;
		bytes->data[7] = versions[i].minor;
		g_autoptr(Checkpoint) checkpoint = open_bytes(bytes, &error);
		g_assert_true((checkpoint != NULL) == versions[i].read);
		if (!versions[i].read)
			test_error(
				error, ERROR_INPUT, versions[i].major == 2 ? "64 KiB" : "version");
	}
}

/* Members of an archive: stored, deflated, in folders, in Fortran order; text beside numbers is
 * passed over, and said to be. */
static void test_members(void)
{
	g_autoptr(GByteArray) numbers = make_typed(">f4", "(1,)", "\x3f\xc0\0\0", 4);
	g_autoptr(GByteArray) words = make_typed("<U1", "()", "a\0\0\0", 4);
	g_autoptr(GByteArray) turned = make_array(
		"{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2)}", "\0\1\2\3", 4);
	const TestEntry entries[] = {
		{.name = "layers/", .length = 0},
		{.name = "layers/0/w.npy", .data = numbers->data, .length = numbers->len},
		{.name = "v.npy", .data = numbers->data, .length = numbers->len, .deflate = TRUE},
		{.name = "t.npy", .data = turned->data, .length = turned->len, .deflate = TRUE},
		{.name = "author.npy", .data = words->data, .length = words->len},
		{.name = "README", .data = "read me", .length = 7},
	};
	g_autoptr(GByteArray) archive = test_zip(entries, G_N_ELEMENTS(entries));
	g_autoptr(GError) error = NULL;
	float value = 0;
	guint8 four[4];

	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "some.npz", NULL);
	test_write(path, archive->data, archive->len);
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, &error);
	test_no_error(error);
	g_assert_cmpstr(checkpoint->format, ==, "npz");
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 3);
	for (guint i = 0; i < 2; i++) {
		gint number = checkpoint_find(checkpoint, i == 0 ? "layers/0/w" : "v");
		g_assert_true(checkpoint_read_raw(checkpoint, (guint)number, 0, 1, &value, NULL));
		g_assert_cmpfloat(value, ==, 1.5f);
	}
	gint number = checkpoint_find(checkpoint, "t");
	g_assert_true(checkpoint_read_raw(checkpoint, (guint)number, 0, 4, four, NULL));
	g_assert_cmpint(memcmp(four, "\0\2\1\3", 4), ==, 0);
	g_assert_cmpuint(checkpoint->skipped->len, ==, 2);
	const Skipped *author = checkpoint->skipped->pdata[0];
	g_assert_cmpstr(author->name, ==, "author");
	test_folder_remove(folder);
}

/* One bad member spoils the archive, and is named; so do two members of one name. */
static void test_bad_members(void)
{
	g_autoptr(GByteArray) good = make_typed("|u1", "(1,)", "a", 1);
	g_autoptr(GByteArray) bad = make_typed("|O", "(1,)", "\x80\2.", 3);
	g_autoptr(GByteArray) words = make_typed("|S1", "(1,)", "a", 1);
	const TestEntry spoiled[] = {{.name = "a.npy", .data = good->data, .length = good->len},
		{.name = "b.npy", .data = bad->data, .length = bad->len}};
	const TestEntry only_words[] = {
		{.name = "a.npy", .data = words->data, .length = words->len}};
	g_autoptr(GByteArray) first = test_zip(spoiled, 2), second = test_zip(only_words, 1);
	g_autoptr(GError) error = NULL;

	g_assert_null(open_bytes(first, &error));
	test_error(error, ERROR_INPUT, "Python objects");
	g_assert_cmpstr(error_tensor(error), ==, "b");
	g_clear_error(&error);
	g_assert_null(open_bytes(second, &error));
	test_error(error, ERROR_INPUT, "no array of numbers");
}

/* More than 4 GiB, nearly all of it a hole. */
static void test_large(void)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "large.npy", NULL);
	g_autoptr(GByteArray) bytes = make_typed("<f4", "(2, 536870913)", NULL, 0);
	const guint64 elements = G_GUINT64_CONSTANT(2) * 536870913;
	const float last = 2.5f;
	float read = 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(pwrite(fd, bytes->data, bytes->len, 0), ==, bytes->len);
	off_t end = (off_t)(bytes->len + (elements - 1) * sizeof last);
	g_assert_cmpint(pwrite(fd, &last, sizeof last, end), ==, sizeof last);
	close(fd);
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, &error);
	test_no_error(error);
	g_assert_true(checkpoint_read_raw(checkpoint, 0, elements - 1, 1, &read, NULL));
	g_assert_cmpfloat(read, ==, last);
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/numpy/corpus", test_corpus);
	g_test_add_func("/numpy/types", test_types);
	g_test_add_func("/numpy/other-types", test_other_types);
	g_test_add_func("/numpy/fortran", test_fortran);
	g_test_add_func("/numpy/spellings", test_spellings);
	g_test_add_func("/numpy/refusals", test_refusals);
	g_test_add_func("/numpy/ranks", test_ranks);
	g_test_add_func("/numpy/cuts", test_cuts);
	g_test_add_func("/numpy/versions", test_versions);
	g_test_add_func("/numpy/members", test_members);
	g_test_add_func("/numpy/bad-members", test_bad_members);
	g_test_add_func("/numpy/large", test_large);
	return g_test_run();
}
