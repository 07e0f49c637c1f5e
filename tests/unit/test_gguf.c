/* test_gguf.c - GGUF files made here and of the corpus: what is kept of the metadata, where tensors
 * may lie, both byte orders, and what each refusal says. */
#include "corpus.h"

#include "checkpoint/gguf.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>

enum { TYPE_U16 = 2, TYPE_U32 = 4, TYPE_F32 = 6, TYPE_STRING = 8, TYPE_ARRAY = 9 };

/* A file as it is written. */
typedef struct {
	GByteArray *bytes;
	gboolean swapped;
	guint32 version;
} Writer;

static void put(Writer *writer, guint width, guint64 number)
{
	for (guint i = 0; i < width; i++) {
		guint8 byte = (guint8)(number >> 8 * (writer->swapped ? width - 1 - i : i));
		g_byte_array_append(writer->bytes, &byte, 1);
	}
}

static void put_length(Writer *writer, guint64 length)
{
	put(writer, writer->version == 1 ? 4 : 8, length);
}

static void put_text(Writer *writer, const char *text)
{
	put_length(writer, strlen(text));
	g_byte_array_append(writer->bytes, (const guint8 *)text, (guint)strlen(text));
}

static Writer begin(guint32 version, gboolean swapped, guint64 tensors, guint64 keys)
{
	Writer writer = {g_byte_array_new(), swapped, version};
	g_byte_array_append(writer.bytes, (const guint8 *)"GGUF", 4);
	put(&writer, 4, version);
	put_length(&writer, tensors);
	put_length(&writer, keys);
	return writer;
}

static void put_key(Writer *writer, const char *key, guint32 type)
{
	put_text(writer, key);
	put(writer, 4, type);
}

/* `columns` is the file's first size. */
static void put_tensor(Writer *writer, const char *name, guint64 columns, guint64 rows,
	guint32 type, guint64 offset)
{
	put_text(writer, name);
	put(writer, 4, 2);
	put_length(writer, columns);
	put_length(writer, rows);
	put(writer, 4, type);
	put(writer, 8, offset);
}

static void pad(Writer *writer, guint alignment)
{
	while (writer->bytes->len % alignment != 0)
		put(writer, 1, 0);
}

/* Writes the file, frees the writer, and opens what was written. */
static Checkpoint *end(Writer *writer, GError **error)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "made.gguf", NULL);
	test_write(path, writer->bytes->data, writer->bytes->len);
	g_byte_array_unref(writer->bytes);
	Checkpoint *checkpoint = checkpoint_open(path, error);
	test_folder_remove(folder);
	return checkpoint;
}

static void end_refused(Writer *writer, const char *says)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = end(writer, &error);
	g_assert_null(checkpoint);
	test_error(error, ERROR_INPUT, says);
}

static Checkpoint *open_case(const char *kind, const char *name)
{
	g_autofree char *path = corpus_path(kind, name);
	g_autoptr(GError) error = NULL;
	Checkpoint *checkpoint = checkpoint_open(path, &error);
	g_assert_no_error(error);
	return checkpoint;
}

static void has(GHashTable *table, const char *key, const char *value)
{
	g_assert_cmpstr(g_hash_table_lookup(table, key), ==, value);
}

/* One of each type, as the maker of the corpus wrote them. */
static void test_metadata(void)
{
	g_autoptr(Checkpoint) checkpoint = open_case("valid", "gguf/no_tail_padding.gguf");
	GHashTable *kept = checkpoint->metadata;

	g_assert_cmpstr(checkpoint->format, ==, "gguf");
	has(kept, "general.architecture", "llama");
	has(kept, "general.name", "tiny");
	has(kept, "general.file_type", "1");
	has(kept, "a.u8", "200");
	has(kept, "a.i8", "-5");
	has(kept, "a.u16", "60000");
	has(kept, "a.i16", "-6");
	has(kept, "a.i32", "-7");
	has(kept, "a.f32", "1.5");
	has(kept, "a.bool", "true");
	has(kept, "a.u64", "1099511627776");
	has(kept, "a.i64", "-1099511627776");
	has(kept, "a.f64", "2.25");
	g_assert_cmpuint(g_hash_table_size(kept), ==, 13);
	has(checkpoint->about, "a.arr", "array of 3 i32");
	has(checkpoint->about, "tokenizer.ggml.tokens", "array of 3 strings");
	has(checkpoint->about, "empty", "array of 0 strings");
	has(checkpoint->about, "version", "3");
	has(checkpoint->about, "byte order", "little-endian");
	has(checkpoint->about, "alignment", "32");
	has(checkpoint->about, "architecture", "llama");
}

static void test_value_type(void)
{
	Writer writer = begin(3, FALSE, 0, 1);
	put_key(&writer, "key", 13);
	put(&writer, 8, 0);
	end_refused(&writer, "byte 35: the value of key has the unknown type 13");

	writer = begin(3, FALSE, 0, 1);
	put_key(&writer, "key", TYPE_ARRAY);
	put(&writer, 4, 99);
	put(&writer, 8, 0);
	end_refused(&writer, "byte 39: the value of key has the unknown type 99");
}

/* A part of a model says that it is one. */
static void test_split(void)
{
	static const char *const counts[] = {"1", "3"};
	for (guint i = 0; i < 2; i++) {
		g_autoptr(GError) error = NULL;
		Writer writer = begin(3, FALSE, 0, 1);
		put_key(&writer, "split.count", TYPE_U16);
		put(&writer, 2, (guint64)g_ascii_strtoull(counts[i], NULL, 10));
		g_autoptr(Checkpoint) checkpoint = end(&writer, &error);
		g_assert_no_error(error);
		has(checkpoint->metadata, "split.count", counts[i]);
		g_assert_true(g_hash_table_contains(checkpoint->about, "split") == (i == 1));
	}
}

static void test_floats(void)
{
	static const struct {
		guint32 bits;
		const char *text;
	} floats[] = {{0x3727c5ac, "1e-05"}, {0x49742400, "1e+06"}, {0x3dcccccd, "0.1"},
		{0x3eaaaaab, "0.33333334"}, {0x7f800000, "inf"}, {0xff800000, "-inf"}};
	Writer writer = begin(3, FALSE, 0, G_N_ELEMENTS(floats));
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(floats); i++) {
		put_key(&writer, floats[i].text, TYPE_F32);
		put(&writer, 4, floats[i].bits);
	}
	g_autoptr(Checkpoint) checkpoint = end(&writer, &error);
	g_assert_no_error(error);
	for (guint i = 0; i < G_N_ELEMENTS(floats); i++)
		has(checkpoint->metadata, floats[i].text, floats[i].text);
}

/* The first 64 KiB of a long string, but for a character that the cut goes through. */
static void test_long_string(void)
{
	Writer writer = begin(3, FALSE, 0, 2);
	g_autoptr(GString) text = g_string_new("x");
	g_autoptr(GError) error = NULL;

	while (text->len < 200000)
		g_string_append(text, "é");
	put_key(&writer, "long", TYPE_STRING);
	put_text(&writer, text->str);
	put_key(&writer, "after", TYPE_U32);
	put(&writer, 4, 5);
	g_autoptr(Checkpoint) checkpoint = end(&writer, &error);
	g_assert_no_error(error);
	const char *kept = g_hash_table_lookup(checkpoint->metadata, "long");
	g_assert_true(g_utf8_validate(kept, -1, NULL));
	g_assert_true(strncmp(kept, text->str, 65535) == 0);
	g_assert_true(g_str_has_suffix(kept, "é… (cut off: 200001 bytes)"));
	has(checkpoint->metadata, "after", "5");
}

static long peak_kilobytes(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* What is in the writer goes to the file, so that the test itself holds little. */
static void flush(Writer *writer, FILE *file)
{
	gsize length = writer->bytes->len;
	g_assert_cmpuint(fwrite(writer->bytes->data, 1, length, file), ==, length);
	g_byte_array_set_size(writer->bytes, 0);
}

static void write_vocabulary(const char *path, guint words)
{
	Writer writer = begin(3, FALSE, 0, 2);
	FILE *file = fopen(path, "wb");

	g_assert_nonnull(file);
	put_key(&writer, "words", TYPE_ARRAY);
	put(&writer, 4, TYPE_STRING);
	put_length(&writer, words);
	for (guint i = 0; i < words; i++) {
		char word[16];
		g_snprintf(word, sizeof word, "word%08u", i);
		put_text(&writer, word);
		flush(&writer, file);
	}
	put_key(&writer, "after", TYPE_U32);
	put(&writer, 4, 5);
	flush(&writer, file);
	g_assert_cmpint(fclose(file), ==, 0);
	g_byte_array_unref(writer.bytes);
}

/* A vocabulary of 20 MB costs no more memory than one of three words. */
static void test_vocabulary(void)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "vocabulary.gguf", NULL);
	g_autoptr(GError) error = NULL;

	write_vocabulary(path, 1000000);
	long before = peak_kilobytes();
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, &error);
	g_assert_no_error(error);
	g_assert_cmpint(peak_kilobytes() - before, <, 2048);
	has(checkpoint->about, "words", "array of 1000000 strings");
	has(checkpoint->metadata, "after", "5");
	test_folder_remove(folder);
}

/* A raw tensor, one of blocks, and one of a type that is not decoded, in either byte order. */
static Checkpoint *make_tensors(guint32 version, gboolean swapped)
{
	Writer writer = begin(version, swapped, 3, 1);
	g_autoptr(GError) error = NULL;

	put_key(&writer, "general.alignment", TYPE_U32);
	put(&writer, 4, 64);
	put_tensor(&writer, "raw", 3, 2, 0, 0);
	put_tensor(&writer, "blocks", 32, 1, 8, 64);
	put_tensor(&writer, "grid", 256, 1, 16, 128);
	pad(&writer, 64);
	for (guint i = 0; i < 6; i++)
		put(&writer, 4, 0x3f800000 + (i << 20));
	pad(&writer, 64);
	put(&writer, 2, 0x3800);
	for (guint i = 0; i < 32; i++)
		put(&writer, 1, i);
	pad(&writer, 64);
	for (guint i = 0; i < 66; i++)
		put(&writer, 1, i);
	Checkpoint *checkpoint = end(&writer, &error);
	g_assert_no_error(error);
	return checkpoint;
}

static void check_blocks(const Checkpoint *checkpoint, const Tensor *tensor)
{
	g_autofree float *values = g_new(float, 32);
	g_autoptr(GError) error = NULL;

	g_assert_cmpstr(tensor->name, ==, "blocks");
	g_assert_cmpstr(tensor->stored_type, ==, "Q8_0");
	g_assert_cmpstr(tensor_type(tensor), ==, "Q8_0");
	g_assert_cmpuint(tensor->stored_bytes, ==, 34);
	g_assert_cmpint(tensor->dtype, ==, DTYPE_F32);
	g_assert_cmpuint(tensor->bytes, ==, 128);
	g_assert_cmpuint(tensor->elements, ==, 32);
	g_assert_true(checkpoint_read_raw(checkpoint, 0, 0, 32, values, &error));
	for (guint i = 0; i < 32; i++)
		g_assert_cmpfloat(values[i], ==, (float)i / 2);
}

static void check_raw(const Checkpoint *checkpoint, const Tensor *tensor, gboolean swapped)
{
	float values[6];
	g_autoptr(GError) error = NULL;

	g_assert_cmpstr(tensor->name, ==, "raw");
	g_assert_null(tensor->stored_type);
	g_assert_cmpuint(tensor->rank, ==, 2);
	g_assert_cmpuint(tensor->shape[0], ==, 2);
	g_assert_cmpuint(tensor->shape[1], ==, 3);
	g_assert_true((tensor->source != NULL) == swapped);
	g_assert_true(checkpoint_read_raw(checkpoint, 1, 0, 6, values, &error));
	for (guint i = 0; i < 6; i++)
		g_assert_cmpfloat(values[i], ==, 1 + (float)i / 8);
}

static void check_tensors(guint32 version, gboolean swapped)
{
	g_autoptr(Checkpoint) checkpoint = make_tensors(version, swapped);

	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 2);
	check_blocks(checkpoint, checkpoint_tensor(checkpoint, 0));
	check_raw(checkpoint, checkpoint_tensor(checkpoint, 1), swapped);
	g_assert_cmpuint(checkpoint->skipped->len, ==, 1);
	const Skipped *skipped = checkpoint->skipped->pdata[0];
	g_assert_cmpstr(skipped->name, ==, "grid");
	g_assert_nonnull(strstr(skipped->reason, "IQ2_XXS"));
	has(checkpoint->about, "alignment", "64");
	has(checkpoint->about, "byte order", swapped ? "big-endian" : "little-endian");
}

static void test_tensors(void)
{
	for (guint32 version = 1; version <= 3; version++)
		check_tensors(version, FALSE);
}

static void test_big_endian(void)
{
	check_tensors(3, TRUE);
}

/* Newer programs turn the magic number round as well; with a little-endian version it is wrong. */
static void test_turned_magic(void)
{
	g_autoptr(GError) error = NULL;
	Writer writer = begin(3, TRUE, 0, 0);
	memcpy(writer.bytes->data, "FUGG", 4);
	g_autoptr(Checkpoint) checkpoint = end(&writer, &error);
	g_assert_no_error(error);
	has(checkpoint->about, "byte order", "big-endian");

	writer = begin(3, FALSE, 0, 0);
	memcpy(writer.bytes->data, "FUGG", 4);
	end_refused(&writer, "FUGG");
}

/* Tensors may lie in any order, with holes between them, but not on each other. */
static void test_places(void)
{
	g_autoptr(GError) error = NULL;
	Writer writer = begin(3, FALSE, 2, 0);
	put_tensor(&writer, "a", 8, 1, 0, 96);
	put_tensor(&writer, "b", 8, 1, 0, 0);
	pad(&writer, 32);
	for (guint i = 0; i < 32; i++)
		put(&writer, 4, 0x3f800000);
	g_autoptr(Checkpoint) checkpoint = end(&writer, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(checkpoint_tensor(checkpoint, 0)->offset, ==,
		checkpoint_tensor(checkpoint, 1)->offset + 96);

	writer = begin(3, FALSE, 2, 0);
	put_tensor(&writer, "a", 16, 1, 0, 0);
	put_tensor(&writer, "b", 8, 1, 0, 32);
	pad(&writer, 32);
	for (guint i = 0; i < 32; i++)
		put(&writer, 4, 0);
	end_refused(&writer, "within the data of another tensor");
}

static void test_names(void)
{
	Writer writer = begin(3, FALSE, 2, 0);
	put_tensor(&writer, "same", 8, 1, 0, 0);
	put_tensor(&writer, "same", 8, 1, 0, 32);
	pad(&writer, 32);
	for (guint i = 0; i < 16; i++)
		put(&writer, 4, 0);
	end_refused(&writer, "same");

	writer = begin(3, FALSE, 1, 0);
	put_tensor(&writer, "not \xff UTF-8", 0, 1, 0, 0);
	end_refused(&writer, "not UTF-8");

	writer = begin(3, FALSE, 1, 0);
	put_length(&writer, 3);
	g_byte_array_append(writer.bytes, (const guint8 *)"a\0b", 3);
	put(&writer, 8, 0);
	put(&writer, 8, 0);
	end_refused(&writer, "not UTF-8");
}

/* A product of sizes that wraps to zero, or to a negative size beside a zero. */
static void test_sizes(void)
{
	Writer writer = begin(3, FALSE, 1, 0);
	put_tensor(&writer, "w", G_GUINT64_CONSTANT(1) << 63, 0, 0, 0);
	end_refused(&writer, "negative");

	writer = begin(3, FALSE, 1, 0);
	put_tensor(&writer, "w", G_GUINT64_CONSTANT(1) << 32, G_GUINT64_CONSTANT(1) << 32, 2, 0);
	end_refused(&writer, "overflows");

	writer = begin(3, FALSE, 1, 0);
	put_tensor(&writer, "w", 64, G_GUINT64_CONSTANT(1) << 40, 12, 0);
	end_refused(&writer, "whole blocks of Q4_K");
}

static void test_empty(void)
{
	g_autoptr(GError) error = NULL;
	Writer writer = begin(3, FALSE, 2, 0);
	put_tensor(&writer, "blocks", 256, 0, 12, 0);
	put_tensor(&writer, "raw", 0, 7, 1, 0);
	g_autoptr(Checkpoint) checkpoint = end(&writer, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 2);
	g_assert_cmpuint(checkpoint_bytes(checkpoint), ==, 0);
}

/* More keys than any model has, each of them short. */
static void test_many_keys(void)
{
	guint keys = 100000;
	Writer writer = begin(3, FALSE, 0, keys);
	for (guint i = 0; i < keys; i++) {
		char key[16];
		g_snprintf(key, sizeof key, "k%u", i);
		put_key(&writer, key, TYPE_U32);
		put(&writer, 4, i);
	}
	end_refused(&writer, "8 MiB");
}

/* A file cut at any byte is refused, and says where, until the last tensor is whole. */
static void test_truncated(void)
{
	g_autofree char *path = corpus_path("valid", "gguf/quantised.gguf");
	g_autofree char *bytes = NULL;
	gsize length;

	g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
	char *folder = test_folder();
	g_autofree char *cut = g_build_filename(folder, "cut.gguf", NULL);
	for (gsize n = 4; n < length - 32; n++) {
		g_autoptr(GError) error = NULL;
		test_write(cut, bytes, n);
		g_autoptr(Checkpoint) checkpoint = checkpoint_open(cut, &error);
		g_assert_null(checkpoint);
		test_error(error, ERROR_INPUT, "byte ");
		g_assert_cmpstr(error_file(error), ==, cut);
	}
	test_folder_remove(folder);
}

/* What the refusals of the corpus say. */
static const struct {
	const char *name, *says;
} refusals[] = {
	{"bad_magic", "byte 0: it begins with FUGG"},
	{"version_0", "byte 4: version 0"},
	{"version_4", "byte 4: version 4"},
	{"big_endian", "big-endian: the number of tensors"},
	{"n_tensors_max", "byte 8: the number of tensors is 18446744073709551615"},
	{"n_kv_max", "byte 16: the number of keys is 18446744073709551615"},
	{"n_kv_4g", "byte 16: the number of keys is 4294967296"},
	{"truncated_header", "the file ends within the number of keys"},
	{"only_magic", "the file ends within the version"},
	{"key_len_max", "byte 24: the length of a key is 18446744073709551615"},
	{"str_len_max", "the length of a string is 18446744073709551615"},
	{"kv_type_99", "a key of 0 bytes"},
	{"arr_count_max", "the length of an array is 18446744073709551615"},
	{"arr_count_wraps", "the length of an array is"},
	{"arr_of_str_huge", "the length of an array is 1099511627776"},
	{"arr_nested_deep", "an array of arrays"},
	{"dup_key", "two keys of the name k"},
	{"empty_key", "a key of 0 bytes"},
	{"bool_7", "bool of 7"},
	{"align_0", "general.alignment, which ends here, is 0 (u32)"},
	{"align_13", "is 13 (u32)"},
	{"align_type", "general.alignment"},
	{"empty_name", "the name of a tensor has 0 bytes"},
	{"n_dims_max", "4294967295 dimensions"},
	{"dim_negative", "18446744073709551615"},
	{"dims_wrap", "overflows"},
	{"nbytes_wrap", "overflows"},
	{"type_removed", "Q4_2"},
	{"type_1000", "its type 1000"},
	{"type_max", "its type 4294967295"},
	{"block_misfit", "a row of 33 elements"},
	{"offset_misaligned", "no multiple of the alignment 32"},
	{"offset_beyond", "do not lie in the data"},
	{"offset_max", "offset"},
	{"not_enough_data", "do not lie in the data"},
};

static void test_refusals(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
		g_autofree char *name = g_strdup_printf("gguf_%s.gguf", refusals[i].name);
		g_autofree char *path = corpus_path("hostile", name);
		g_autoptr(GError) error = NULL;
		g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, &error);
		g_test_message("%s: %s", name, error != NULL ? error->message : "accepted");
		g_assert_null(checkpoint);
		test_error(error, ERROR_INPUT, refusals[i].says);
	}
}

/* Text that is not UTF-8 is kept as what can be shown; scales may be NaN. */
static void test_odd(void)
{
	g_autoptr(Checkpoint) text = open_case("hostile", "gguf_bad_utf8.gguf");
	has(text->metadata, "k", "\xef\xbf\xbd(");
	g_autoptr(Checkpoint) control = open_case("hostile", "gguf_key_control.gguf");
	g_assert_cmpuint(g_hash_table_size(control->metadata), ==, 1);

	g_autoptr(Checkpoint) scales = open_case("hostile", "gguf_q8_nan_scale.gguf");
	float values[64];
	g_assert_true(checkpoint_read_raw(scales, 0, 0, 64, values, NULL));
	for (guint i = 0; i < 64; i++)
		g_assert_false(isfinite(values[i]));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	/* The first, while the process has never been large. */
	g_test_add_func("/gguf/vocabulary", test_vocabulary);
	g_test_add_func("/gguf/metadata", test_metadata);
	g_test_add_func("/gguf/value_type", test_value_type);
	g_test_add_func("/gguf/split", test_split);
	g_test_add_func("/gguf/floats", test_floats);
	g_test_add_func("/gguf/long_string", test_long_string);
	g_test_add_func("/gguf/tensors", test_tensors);
	g_test_add_func("/gguf/big_endian", test_big_endian);
	g_test_add_func("/gguf/turned_magic", test_turned_magic);
	g_test_add_func("/gguf/places", test_places);
	g_test_add_func("/gguf/names", test_names);
	g_test_add_func("/gguf/sizes", test_sizes);
	g_test_add_func("/gguf/empty", test_empty);
	g_test_add_func("/gguf/many_keys", test_many_keys);
	g_test_add_func("/gguf/truncated", test_truncated);
	g_test_add_func("/gguf/refusals", test_refusals);
	g_test_add_func("/gguf/odd", test_odd);
	return g_test_run();
}
