/* test_checkpoint.c - what is the same for every format, and safetensors: refusals to the byte,
 * truncated copies, types below a byte, files that change while they are open. */
#include "test.h"

#include "checkpoint/checkpoint.h"
#include "checkpoint/safetensors.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The demo's checkpoints against the truths that float64 arithmetic elsewhere gave. */
static void test_digits(void)
{
	g_autofree char *path = test_source("data/digits/base/model.safetensors");
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) base = checkpoint_open(path, &error);

	g_assert_no_error(error);
	g_assert_cmpstr(base->format, ==, "safetensors");
	g_assert_null(base->directory);
	g_assert_cmpuint(checkpoint_elements(base), ==, 63312);
	g_assert_cmpuint(checkpoint_bytes(base), ==, 4 * 63312);
	const Tensor *patches =
		checkpoint_tensor(base, (guint)checkpoint_find(base, "patch_embed.weight"));
	g_autofree char *shape = tensor_shape_text(patches);
	g_assert_cmpstr(shape, ==, "48 x 49");
	g_assert_cmpint(checkpoint_find(base, "patch_embed"), ==, -1);
}

/* Natural order, whatever the order in the file. */
static void test_order(void)
{
	g_autofree char *path =
		test_source("tests/corpus/valid/safetensors/1200_tensors.safetensors");
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, NULL);

	g_assert_nonnull(checkpoint);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 1200);
	for (guint i = 0; i < 1200; i++)
		g_assert_cmpint(checkpoint_find(checkpoint, checkpoint_tensor(checkpoint, i)->name),
			==, (gint)i);
}

static void test_metadata(void)
{
	g_autofree char *path =
		test_source("tests/corpus/valid/safetensors/metadata_only.safetensors");
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, NULL);

	g_assert_nonnull(checkpoint);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 0);
	g_assert_cmpuint(g_hash_table_size(checkpoint->metadata), ==, 1);
	g_assert_cmpstr(g_hash_table_lookup(checkpoint->metadata, "framework"), ==, "pt");
}

/* A file cut at any byte is refused, and says what to do. */
static void test_truncated(void)
{
	g_autofree char *path =
		test_source("tests/corpus/valid/safetensors/scalar_and_empty.safetensors");
	char *folder = test_folder();
	g_autofree char *copy = g_build_filename(folder, "model.safetensors", NULL);
	g_autofree char *bytes = NULL;
	gsize length;

	g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
	for (gsize cut = 0; cut < length; cut++) {
		g_autoptr(GError) error = NULL;
		test_write(copy, bytes, cut);
		g_assert_null(checkpoint_open(copy, &error));
		test_error(error, ERROR_INPUT, copy);
		g_assert_cmpstr(error_remedy(error), ==, "download it again");
	}
	test_folder_remove(folder);
}

static Checkpoint *parse(const char *header, guint64 data_bytes, GError **error)
{
	g_autoptr(Checkpoint) checkpoint = checkpoint_new("it", "safetensors");
	gsize length = strlen(header);

	checkpoint_add_file(checkpoint, "it", NULL);
	if (!safetensors_parse(checkpoint, 0, header, length, 8 + length, data_bytes, error))
		return NULL;
	g_assert_true(checkpoint_seal(checkpoint, error));
	return g_steal_pointer(&checkpoint);
}

/* The refusals that the corpus cannot tell apart: what is said, of which byte. */
static void test_refusals(void)
{
	static const struct {
		const char *header;
		guint64 data_bytes;
		const char *says;
	} cases[] = {
		{"[]", 0, "it: byte 8: the header is not a JSON object"},
		{"{\"a\":1}", 0, "tensor a: byte 13: the tensor's entry is not an object"},
		{"{\"a\":{}}", 0, "tensor a: byte 13: the tensor's entry has no dtype"},
		{"{\"a\":{\"dtype\":\"F9\"}}", 0, "byte 22: the dtype F9 is not one"},
		{"{\"a\":{\"shape\":[1,-1]}}", 0, "byte 25: dimension 2 is not a non-negative"},
		{"{\"a\":{\"shape\":[18446744073709551616]}}", 0, "dimension 1 is not"},
		{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8e0]}}", 8,
			"data_offsets is not a list of two"},
		{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 8,
			"2 elements of F32 take 8 bytes, but its data_offsets span 4"},
		{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8,
			"ends at 0, before it begins at 8"},
		{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12,
			"leave a hole"},
		{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7,
			"promises 8 bytes of data from byte 62 on, but 7 are there; download"},
		{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9,
			"1 bytes after the last tensor, from byte 70 on"},
		{"{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,2]}}", 2,
			"do not end on a byte"},
		{"{\"__metadata__\":{\"k\":1}}", 0, "the value of k in __metadata__ is not"},
		{"{\"__metadata__\":{\"tauscope.values\":\"Differences\"}}", 0,
			"byte 43: tauscope.values in __metadata__ is Differences, which is neither "
			"differences nor weights"},
		{"{\"a\":1,\"a\":1}", 0,
			"the header, counted from byte 8, is no valid JSON at byte 7"},
		{"{\"\\u001b[2J\":1}", 0, "entry is not an object"},
		{"{\"\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
			"byte 12: a tensor has an empty name"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(parse(cases[i].header, cases[i].data_bytes, &error));
		test_error(error, ERROR_INPUT, cases[i].says);
		g_assert_null(strchr(error->message, '\033'));
	}
}

/* Only the word for differences makes them differences. */
static void test_values(void)
{
	static const char *const words[] = {"weights", "differences"};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
		g_autofree char *header =
			g_strdup_printf("{\"__metadata__\":{\"tauscope.values\":\"%s\"},\"a\":{"
					"\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
				words[i]);
		g_autoptr(GError) error = NULL;
		g_autoptr(Checkpoint) checkpoint = parse(header, 8, &error);
		test_no_error(error);
		g_assert_cmpint(checkpoint_tensor(checkpoint, 0)->difference, ==, i == 1);
	}
}

/* Metadata ties a name to a tensor, but a key that speaks of the file is no name, nor is one that
 * is empty or too long. */
static void test_tied_by_metadata(void)
{
	static const char tensor[] = "{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}";
	g_autofree char *longest = g_strnfill(4096, 'n'), *longer = g_strnfill(4097, 'n');
	g_autofree char *header = g_strdup_printf(
		"{\"__metadata__\":{\"format\":\"pt\",\"total_size\":\"pt\",\"tauscope.base\":"
		"\"pt\","
		"\"\":\"pt\",\"head\":\"pt\",\"%s\":\"pt\",\"%s\":\"pt\"},\"pt\":%s}",
		longest, longer, tensor);
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = parse(header, 1, &error);

	test_no_error(error);
	g_assert_cmpuint(checkpoint->tied->len, ==, 2);
	g_assert_cmpint(checkpoint_find(checkpoint, "head"), ==, 0);
	g_assert_cmpint(checkpoint_find(checkpoint, longest), ==, 0);
	g_assert_cmpint(checkpoint_find(checkpoint, "format"), ==, -1);
}

/* Names come out of their escapes as they are written elsewhere. */
static void test_names_decoded(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint =
		parse("{\"a\\u00e9\\ud83d\\ude00\\n\\\"\\\\\\/\":{\"data_offsets\":[0,1],"
		      "\"other\":[{\"x\":\"]}\\\"\"},1.5,null],\"shape\":[],\"dtype\":\"U8\"}}",
			1, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 1);
	g_assert_cmpstr(checkpoint_tensor(checkpoint, 0)->name, ==, "aé😀\n\"\\/");
}

static void test_limits(void)
{
	g_autofree char *name = g_strnfill(TENSOR_NAME_MOST + 1, 'n');
	g_autofree char *named = g_strdup_printf("{\"%s\":{}}", name);
	g_autoptr(GString) ranked = g_string_new("{\"a\":{\"shape\":[1");
	g_autoptr(GError) too_long = NULL, too_many = NULL;

	for (guint i = 0; i < TENSOR_RANK_MOST; i++)
		g_string_append(ranked, ",1");
	g_string_append(ranked, "]}}");
	g_assert_null(parse(named, 0, &too_long));
	test_error(too_long, ERROR_INPUT, "a tensor's name is 4097 bytes long, at most 4096");
	g_assert_null(parse(ranked->str, 0, &too_many));
	test_error(too_many, ERROR_INPUT, "more than 32 dimensions");
}

/* One tensor of each kind that reading treats apart. */
static char *write_mixed(const char *folder)
{
	static const double values[] = {1, -2, 3, 0.5, 5, 6};
	const TestTensor tensors[] = {
		{"matrix", DTYPE_BF16, 2, {2, 3}, values},
		{"scalar", DTYPE_F64, 0, {0}, values},
		{"nibbles", DTYPE_F4, 1, {4}, NULL},
		{"none", DTYPE_F32, 2, {3, 0}, NULL},
	};
	char *path = g_build_filename(folder, "mixed.safetensors", NULL);
	test_write_safetensors(path, tensors, G_N_ELEMENTS(tensors));
	return path;
}

static void test_read_blocks(void)
{
	char *folder = test_folder();
	g_autofree char *path = write_mixed(folder);
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, NULL);
	g_autoptr(GError) error = NULL;
	guint16 raw[6] = {0};
	double values[2];

	g_assert_nonnull(checkpoint);
	guint matrix = (guint)checkpoint_find(checkpoint, "matrix");
	g_assert_true(checkpoint_read_raw(checkpoint, matrix, 2, 2, raw, &error));
	dtype_decode_double(DTYPE_BF16, raw, 2, values);
	g_assert_cmpfloat(values[0], ==, 3);
	g_assert_cmpfloat(values[1], ==, 0.5);
	g_assert_false(checkpoint_read_raw(checkpoint, matrix, 5, 2, raw, &error));
	test_error(error, ERROR_INPUT, "tensor matrix: elements from 5 on, 2 of them");
	g_clear_error(&error);
	g_assert_false(checkpoint_read_raw(checkpoint, matrix, G_MAXUINT64, 2, raw, &error));
	g_clear_error(&error);
	guint none = (guint)checkpoint_find(checkpoint, "none");
	g_assert_true(checkpoint_read_raw(checkpoint, none, 0, 0, raw, &error));
	guint nibbles = (guint)checkpoint_find(checkpoint, "nibbles");
	g_assert_true(checkpoint_read_raw(checkpoint, nibbles, 0, 4, raw, &error));
	g_assert_true(checkpoint_read_raw(checkpoint, nibbles, 2, 2, raw, &error));
	g_assert_false(checkpoint_read_raw(checkpoint, nibbles, 1, 2, raw, &error));
	test_error(error, ERROR_INPUT, "nibbles");
	test_folder_remove(folder);
}

/* Offsets beyond 32 bits, in a file that is mostly a hole. */
static void test_large(void)
{
	static const char header[] =
		"{\"a\":{\"dtype\":\"F32\",\"shape\":[1073741825],\"data_offsets\":[0,4294967300]},"
		"\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4294967300,4294967308]}}";
	const guint64 length = sizeof header - 1, stored = GUINT64_TO_LE(length);
	const float written[] = {1.5f, -2};
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "large.safetensors", NULL);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	float read[2];

	g_assert_cmpint(pwrite(fd, &stored, 8, 0), ==, 8);
	g_assert_cmpint(pwrite(fd, header, length, 8), ==, (gssize)length);
	g_assert_cmpint(pwrite(fd, written, 8, (off_t)(8 + length + 4294967300)), ==, 8);
	close(fd);
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, NULL);
	g_assert_nonnull(checkpoint);
	g_assert_cmpuint(checkpoint_bytes(checkpoint), ==, 4294967308);
	g_assert_true(checkpoint_read_raw(checkpoint, 1, 0, 2, read, NULL));
	g_assert_cmpfloat(read[0], ==, written[0]);
	g_assert_cmpfloat(read[1], ==, written[1]);
	g_assert_true(checkpoint_read_raw(checkpoint, 0, 1073741824, 1, read, NULL));
	g_assert_cmpfloat(read[0], ==, 0);
	test_folder_remove(folder);
}

/* A file that shrinks while it is open gives an error that names the tensor, not zeros. */
static void test_shrinking(void)
{
	char *folder = test_folder();
	g_autofree char *path = write_mixed(folder);
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, NULL);
	g_autoptr(GError) error = NULL;
	double value;

	g_assert_nonnull(checkpoint);
	g_assert_cmpint(truncate(path, 16), ==, 0);
	guint scalar = (guint)checkpoint_find(checkpoint, "scalar");
	g_assert_false(checkpoint_read_raw(checkpoint, scalar, 0, 1, &value, &error));
	test_error(error, ERROR_INPUT, "tensor scalar: ");
	g_assert_nonnull(strstr(error->message, path));
	test_folder_remove(folder);
}

/* What a store may hold: a span in a file that is gone, or too short by now. */
static void test_spans_of_a_store(void)
{
	char *folder = test_folder();
	g_autofree char *path = write_mixed(folder);
	g_autoptr(Checkpoint) checkpoint = checkpoint_new("store", "safetensors");
	g_autoptr(GError) gone = NULL, short_file = NULL;
	Tensor tensor = {.dtype = DTYPE_U8, .elements = 8, .bytes = 8, .offset = 1u << 20};
	guint8 raw[8];

	tensor.name = g_strdup("a");
	tensor.file = checkpoint_add_file(checkpoint, "/no/such/file", NULL);
	checkpoint_add_tensor(checkpoint, tensor);
	tensor.name = g_strdup("b");
	tensor.file = checkpoint_add_file(checkpoint, path, file_open(path, NULL));
	checkpoint_add_tensor(checkpoint, tensor);
	g_assert_true(checkpoint_seal(checkpoint, NULL));
	g_assert_false(checkpoint_read_raw(checkpoint, 0, 0, 8, raw, &gone));
	test_error(gone, ERROR_IO, "/no/such/file: tensor a: the file could not be opened; put");
	g_assert_false(checkpoint_read_raw(checkpoint, 1, 0, 8, raw, &short_file));
	test_error(short_file, ERROR_IO, "its data should end at byte 1048584");
	test_folder_remove(folder);
}

static void test_duplicate_name(void)
{
	g_autoptr(Checkpoint) checkpoint = checkpoint_new("store", "safetensors");
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < 2; i++)
		checkpoint_add_tensor(checkpoint, (Tensor){.name = g_strdup("twice")});
	g_assert_false(checkpoint_seal(checkpoint, &error));
	test_error(error, ERROR_INPUT, "store: tensor twice: there are two tensors of this name");
}

/* Formats that are not read are named, by their first bytes alone. */
static void test_signatures(void)
{
	static const struct {
		const char *bytes;
		gsize length;
		const char *says;
	} cases[] = {
		{"", 0, "an empty file"},
		{"\x81\xa6params\x81", 9, "a Flax msgpack file"},
		{"\x08\x07\x12\x04", 4, "an ONNX file"},
		{"\x80\x02}q\0.", 6, "a pickle of protocol 2"},
		{"PYTORCH1", 8, "an old PyTorch archive"},
		{"\x1f\x8b\x08\0", 4, "a gzip file"},
		{"<!doctype html>", 15, "an HTML page"},
		{"version https://git-lfs.github.com/spec/v1", 42, "a Git LFS pointer"},
		{"\xff\xfe\xfd", 3, "not a checkpoint of a known format"},
	};
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "model.bin", NULL);

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		test_write(path, cases[i].bytes, cases[i].length);
		g_assert_null(checkpoint_open(path, &error));
		test_error(error, ERROR_INPUT, cases[i].says);
		g_assert_nonnull(error_remedy(error));
	}
	test_folder_remove(folder);
}

/* A format's first bytes and nothing after them: its own reader refuses that. */
static void test_heads(void)
{
	static const struct {
		const char *bytes;
		gsize length;
	} heads[] = {
		{"PK\x03\x04\x00\x00", 6},
		{"PK\x05\x06", 4},
		{"GGUF\x03\0\0\0", 8},
		{"\x93NUMPY\x01", 7},
		{"\x89HDF\r\n\x1a\n", 8},
		{"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9", 9},
	};
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "model.bin", NULL);

	for (guint i = 0; i < G_N_ELEMENTS(heads); i++) {
		g_autoptr(GError) error = NULL;
		test_write(path, heads[i].bytes, heads[i].length);
		g_assert_null(checkpoint_open(path, &error));
		test_error(error, ERROR_INPUT, path);
		g_assert_null(strstr(error->message, "not a checkpoint of a known format"));
	}
	test_folder_remove(folder);
}

static void test_shapes(void)
{
	guint64 one[] = {1}, square[] = {2, 2}, flat[] = {4, 1};
	Tensor scalar = {.rank = 0, .elements = 1}, single = {.rank = 1, .shape = one};
	Tensor a = {.rank = 2, .shape = square}, b = {.rank = 2, .shape = flat};
	g_autofree char *text = tensor_shape_text(&scalar);

	g_assert_cmpstr(text, ==, "scalar");
	g_assert_true(tensor_same_shape(&scalar, &scalar));
	g_assert_false(tensor_same_shape(&scalar, &single));
	g_assert_false(tensor_same_shape(&a, &b));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/checkpoint/digits", test_digits);
	g_test_add_func("/checkpoint/order", test_order);
	g_test_add_func("/checkpoint/metadata", test_metadata);
	g_test_add_func("/checkpoint/truncated", test_truncated);
	g_test_add_func("/checkpoint/refusals", test_refusals);
	g_test_add_func("/checkpoint/values", test_values);
	g_test_add_func("/checkpoint/tied-by-metadata", test_tied_by_metadata);
	g_test_add_func("/checkpoint/names-decoded", test_names_decoded);
	g_test_add_func("/checkpoint/limits", test_limits);
	g_test_add_func("/checkpoint/read-blocks", test_read_blocks);
	g_test_add_func("/checkpoint/large", test_large);
	g_test_add_func("/checkpoint/shrinking", test_shrinking);
	g_test_add_func("/checkpoint/spans-of-a-store", test_spans_of_a_store);
	g_test_add_func("/checkpoint/duplicate-name", test_duplicate_name);
	g_test_add_func("/checkpoint/signatures", test_signatures);
	g_test_add_func("/checkpoint/heads", test_heads);
	g_test_add_func("/checkpoint/shapes", test_shapes);
	return g_test_run();
}
