/* test_torch_legacy.c - the two formats that torch wrote before ZIP archives: the corpus, and small
 * files that differ from a good one in one place. */
#include "checkpoint/torch.h"

#include "checkpoint/tar.h"
#include "corpus.h"

#include <string.h>

#define MAGIC "\x80\2\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19."
#define LEGACY_VERSION "\x80\2M\xe9\3."
#define LITTLE "\x80\2}X\r\0\0\0little_endian\x88s."
#define BIG "\x80\2}X\r\0\0\0little_endian\x89s."
#define STORAGE "(X\7\0\0\0storagectorch\nFloatStorage\n"
#define REBUILD "ctorch._utils\n_rebuild_tensor\n("
/* {"w": four floats of storage "7" in two rows} */
#define OBJECT                                                                                     \
	"\x80\2}X\1\0\0\0w" REBUILD STORAGE "X\1\0\0\0"                                            \
	"7X\3\0\0\0cpuK\4NtQK\0(K\2K\2t(K\2K\1ttRs."
#define KEYS                                                                                       \
	"\x80\2]X\1\0\0\0"                                                                         \
	"7a."
#define COUNT "\4\0\0\0\0\0\0\0"
#define ELEMENTS "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40"
#define FILE_OF(...) sizeof(__VA_ARGS__) - 1, __VA_ARGS__

static const float four[] = {1, 2, 3, 4};

static Checkpoint *open_bytes(gsize length, const char *bytes, GError **error)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "model.pt", NULL);
	test_write(path, bytes, length);
	Checkpoint *checkpoint = checkpoint_open(path, error);
	test_folder_remove(folder);
	return checkpoint;
}

static void check_values(
	const Checkpoint *checkpoint, const char *name, const float *values, guint n)
{
	g_autofree float *read = g_new(float, n);
	g_autoptr(GError) error = NULL;
	gint tensor = checkpoint_find(checkpoint, name);

	g_assert_cmpint(tensor, >=, 0);
	g_assert_cmpuint(checkpoint_tensor(checkpoint, (guint)tensor)->elements, ==, n);
	checkpoint_read_raw(checkpoint, (guint)tensor, 0, n, read, &error);
	test_no_error(error);
	g_assert_cmpint(memcmp(read, values, n * sizeof *values), ==, 0);
}

static void check_good(gsize length, const char *bytes)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_bytes(length, bytes, &error);
	test_no_error(error);
	check_values(checkpoint, "w", four, G_N_ELEMENTS(four));
}

static void check_bad(gsize length, const char *bytes, const char *says)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_bytes(length, bytes, &error);
	g_assert_null(checkpoint);
	test_error(error, ERROR_INPUT, says);
}

#define HEAD MAGIC LEGACY_VERSION LITTLE
#define TAIL KEYS COUNT ELEMENTS

static void test_good(void)
{
	check_good(FILE_OF(HEAD OBJECT TAIL));
	/* what follows is not looked at */
	check_good(FILE_OF(HEAD OBJECT TAIL "more"));
	/* nothing about the machine's byte order */
	check_good(FILE_OF(MAGIC LEGACY_VERSION "}." OBJECT TAIL));
	/* protocol 4 puts a frame before the magic number */
	check_good(FILE_OF(
		"\x80\4\x95\x0d\0\0\0\0\0\0\0\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19." LEGACY_VERSION
			LITTLE OBJECT TAIL));
	/* Python 2 wrote the same texts as str */
	check_good(FILE_OF(HEAD "\x80\2}U\1w" REBUILD "(U\7storagectorch\nFloatStorage\nU\1"
				"7U\3cpuK\4NtQK\0(K\2K\2t(K\2K\1ttRs."
				"]U\1"
				"7a." COUNT ELEMENTS));
	/* a tensor on another device */
	check_good(FILE_OF(HEAD "\x80\2}X\1\0\0\0w" REBUILD
				"(X\7\0\0\0storagectorch.cuda\nFloatStorage\nX\1\0\0\0"
				"7X\6\0\0\0cuda:0K\4NtQ"
				"K\0(K\2K\2t(K\2K\1ttRs." TAIL));
}

static const struct {
	gsize length;
	const char *bytes, *says;
} bad[] = {
	{FILE_OF(MAGIC), "ends without STOP"},
	{FILE_OF(MAGIC "\x80\2M\xea\3." LITTLE OBJECT TAIL), "not the version 1001"},
	{FILE_OF(MAGIC "\x80\2N." LITTLE OBJECT TAIL), "not the version 1001"},
	{FILE_OF(MAGIC LEGACY_VERSION "cos\nsystem\n)R." OBJECT TAIL), "facts of the machine"},
	{FILE_OF(MAGIC LEGACY_VERSION BIG OBJECT TAIL), "big-endian machine"},
	{FILE_OF(MAGIC LEGACY_VERSION "}X\r\0\0\0little_endianK\1s." OBJECT TAIL),
		"facts of the machine"},
	{FILE_OF(HEAD OBJECT "X\1\0\0\0"
			     "7." COUNT ELEMENTS),
		"keys of the storages are no list"},
	{FILE_OF(HEAD OBJECT "]." COUNT ELEMENTS), "a storage is named that does not follow"},
	{FILE_OF(HEAD OBJECT "]X\1\0\0\0"
			     "8a." COUNT ELEMENTS),
		"storage 8 follows, which nothing in the file names"},
	{FILE_OF(HEAD OBJECT "]K\7a." COUNT ELEMENTS), "a key of the storages is no text"},
	{FILE_OF(HEAD OBJECT "](X\1\0\0\0"
			     "7X\1\0\0\0"
			     "7e." COUNT ELEMENTS COUNT ELEMENTS),
		"storage 7 comes a second time"},
	{FILE_OF(HEAD OBJECT KEYS "\3\0\0\0\0\0\0\0" ELEMENTS), "storage 7 has 3 elements here"},
	{FILE_OF(HEAD OBJECT KEYS "\xff\xff\xff\xff\xff\xff\xff\xff" ELEMENTS),
		"storage 7 has -1 elements here"},
	/* an id of no storage, a storage of two lengths, a view that goes out of its storage */
	{FILE_OF(HEAD "}NK\1Qs."
		      "]."),
		"what should be its storage is not the id of one"},
	{FILE_OF(HEAD "(" STORAGE "X\1\0\0\0"
		      "7X\3\0\0\0cpuK\4NtQ" STORAGE "X\1\0\0\0"
		      "7X\3\0\0\0cpuK\5NtQt." TAIL),
		"storage 7 has two lengths"},
	/* a storage under two types */
	{FILE_OF(HEAD "(" STORAGE "X\1\0\0\0"
		      "7X\3\0\0\0cpuK\4NtQ(X\7\0\0\0storagectorch\nIntStorage\nX\1\0\0\0"
		      "7X\3\0\0\0cpuK\4NtQt." TAIL),
		"storage 7 has two types, FloatStorage and IntStorage"},
	{FILE_OF(HEAD "}X\1\0\0\0w" REBUILD STORAGE "X\1\0\0\0"
		      "7X\3\0\0\0cpuK\4"
		      "(X\1\0\0\0"
		      "8K\1K\4ttQK\0(K\2t(K\1ttRs." TAIL),
		"view of storage 7"},
	{FILE_OF(HEAD "}X\1\0\0\0w" REBUILD STORAGE "X\1\0\0\0"
		      "7X\3\0\0\0cpu"
		      "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fNtQK\0(K\2t(K\1ttRs." TAIL),
		"storage 7"},
};

static void test_bad(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_test_message("%u", i);
		check_bad(bad[i].length, bad[i].bytes, bad[i].says);
	}
}

/* Cut anywhere behind the magic number, the file is refused. */
static void test_truncated(void)
{
	static const char whole[] = HEAD OBJECT TAIL;
	for (gsize length = sizeof MAGIC - 1; length < sizeof whole - 1; length++)
		check_bad(length, whole, "model.pt: ");
}

/* Two tensors in one storage, one of them through a view of its last three elements. */
static void test_view(void)
{
	static const float last[] = {3, 4};
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_bytes(
		FILE_OF(HEAD "}(X\1\0\0\0w" REBUILD STORAGE "X\1\0\0\0"
			     "7X\3\0\0\0cpuK\4NtQ"
			     "K\0(K\2K\2t(K\2K\1ttRX\1\0\0\0v" REBUILD STORAGE "X\1\0\0\0"
			     "7X\3\0\0\0cpuK\4(X\1\0\0\0"
			     "8K\1K\3ttQK\1(K\2t(K\1ttRu." TAIL),
		&error);
	test_no_error(error);
	check_values(checkpoint, "w", four, G_N_ELEMENTS(four));
	check_values(checkpoint, "v", last, G_N_ELEMENTS(last));
}

/* A pickle of 3 MB, which no first window holds, and 20,000 storages. */
static void test_large(void)
{
	const guint n = 20000;
	g_autoptr(GString) object = g_string_new_len(HEAD, sizeof HEAD - 1);
	g_autoptr(GString) tail = g_string_new("](");
	g_autoptr(GError) error = NULL;

	g_string_append(object, "}(");
	for (guint i = 0; i < n; i++) {
		g_string_append_printf(object,
			"S'layer.%u.weight'\n" REBUILD "(S'storage'\n"
			"ctorch\nFloatStorage\nS'%u'\nS'cpu'\nI1\nNtQ"
			"I0\n(I1\nt(I1\nttR",
			i, i * 7);
		g_string_append_printf(tail, "S'%u'\n", i * 7);
	}
	g_string_append(object, "u.");
	g_string_append(tail, "e.");
	for (guint i = 0; i < n; i++) {
		float value = (float)i;
		g_string_append_len(tail, "\1\0\0\0\0\0\0\0", 8);
		g_string_append_len(tail, (const char *)&value, sizeof value);
	}
	g_string_append_len(object, tail->str, (gssize)tail->len);
	g_autoptr(Checkpoint) checkpoint = open_bytes(object->len, object->str, &error);
	test_no_error(error);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, n);
	for (guint i = 0; i < n; i += 999) {
		g_autofree char *name = g_strdup_printf("layer.%u.weight", i);
		check_values(checkpoint, name, &(float){(float)i}, 1);
	}
}

/* One member of a tar archive: its header, and its contents in blocks. */
static void add_member(
	GString *tar, const char *name, char type, const char *contents, gsize length)
{
	char header[TAR_BLOCK] = {0};
	guint sum = 0;

	g_strlcpy(header, name, 100);
	g_snprintf(header + 124, 12, "%011o", (guint)length);
	memset(header + 148, ' ', 8);
	header[156] = type;
	memcpy(header + 257, "ustar", 5);
	for (guint i = 0; i < TAR_BLOCK; i++)
		sum += (guchar)header[i];
	g_snprintf(header + 148, 8, "%06o", sum);
	g_string_append_len(tar, header, TAR_BLOCK);
	g_string_append_len(tar, contents, (gssize)length);
	while (tar->len % TAR_BLOCK != 0)
		g_string_append_c(tar, '\0');
}

#define TAR_STORAGE "(K\5X\3\0\0\0cpuctorch\nFloatStorage\nt." COUNT ELEMENTS
#define TAR_STORAGES "K\1." TAR_STORAGE
#define TAR_LAYOUT                                                                                 \
	"\2\0\0\0\xaa\xaa\xaa\xaa\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"                                 \
	"\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define TAR_TENSOR "(K\6K\5ctorch\nFloatTensor\nt." TAR_LAYOUT
#define TAR_TENSORS "K\1." TAR_TENSOR
#define TAR_PICKLE                                                                                 \
	"}U\1wU\1"                                                                                 \
	"6Qs."

typedef struct {
	const char *name;
	char type;
	gsize length;
	const char *contents;
} Member;

static GString *tar_of(const Member *members, guint n)
{
	GString *tar = g_string_new(NULL);
	for (guint i = 0; i < n; i++)
		add_member(tar, members[i].name, members[i].type, members[i].contents,
			members[i].length);
	for (guint i = 0; i < 2 * TAR_BLOCK; i++)
		g_string_append_c(tar, '\0');
	return tar;
}

/* As torch 0.1 wrote it: tensors named by number as text, other members beside them. */
static void test_tar(void)
{
	static const Member members[] = {
		{"sys_info", '0', FILE_OF("}X\r\0\0\0little_endian\x88s.")},
		{"pickle", '0', FILE_OF(TAR_PICKLE)},
		{"PaxHeaders/tensors", 'x', FILE_OF("19 mtime=1.5000000\n")},
		{"tensors", '0', FILE_OF(TAR_TENSORS)},
		{"storages", '\0', FILE_OF(TAR_STORAGES "].")},
	};
	g_autoptr(GString) tar = tar_of(members, G_N_ELEMENTS(members));
	check_good(tar->len, tar->str);
}

/* A view of a storage, and a module's class that was saved with its source. */
static void test_tar_view(void)
{
	static const float last[] = {3, 4};
	static const Member members[] = {
		{"storages", '0', FILE_OF(TAR_STORAGES "](K\7K\5K\2K\2ta.")},
		{"tensors", '0',
			FILE_OF("K\1.(K\6K\7ctorch\nFloatTensor\nt."
				"\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"
				"\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
		{"pickle", '0', FILE_OF("}(U\1wK\6QU\1c(cnet\nNet\nU\1fU\1stQu.")},
	};
	g_autoptr(GString) tar = tar_of(members, G_N_ELEMENTS(members));
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_bytes(tar->len, tar->str, &error);
	test_no_error(error);
	check_values(checkpoint, "w", last, G_N_ELEMENTS(last));
}

static void test_tar_bad(void)
{
	static const struct {
		Member storages, tensors, pickle;
		const char *says;
	} cases[] = {
		{{"storages", '2', FILE_OF("")}, {"tensors", '0', FILE_OF(TAR_TENSORS)},
			{"pickle", '0', FILE_OF(TAR_PICKLE)},
			"storages of the tar archive is a link"},
		{{"stored", '0', FILE_OF("")}, {"tensors", '0', FILE_OF(TAR_TENSORS)},
			{"pickle", '0', FILE_OF(TAR_PICKLE)}, "no member storages"},
		{{"storages", '0', FILE_OF(TAR_STORAGES "].")}, {"pickle", '0', FILE_OF("N.")},
			{"pickle", '0', FILE_OF(TAR_PICKLE)}, "two members pickle"},
		{{"storages", '0', FILE_OF(TAR_STORAGES "].")},
			{"tensors", '0', FILE_OF("K\1.(K\6K\4ctorch\nFloatTensor\nt." TAR_LAYOUT)},
			{"pickle", '0', FILE_OF(TAR_PICKLE)}, "not of a storage that is there"},
		{{"storages", '0', FILE_OF(TAR_STORAGES "].")},
			{"tensors", '0', FILE_OF("K\2.(K\6K\5ctorch\nFloatTensor\nt." TAR_LAYOUT)},
			{"pickle", '0', FILE_OF(TAR_PICKLE)}, "ends without STOP"},
		{{"storages", '0', FILE_OF(TAR_STORAGES "].")},
			{"tensors", '0', FILE_OF("J\xff\xff\xff\xff.")},
			{"pickle", '0', FILE_OF(TAR_PICKLE)}, "no count of what follows"},
		{{"storages", '0', FILE_OF(TAR_STORAGES "](K\7K\4K\2K\2ta.")},
			{"tensors", '0', FILE_OF(TAR_TENSORS)},
			{"pickle", '0', FILE_OF(TAR_PICKLE)}, "a view is not of a part"},
		{{"storages", '0',
			 FILE_OF("K\1.(K\5X\3\0\0\0cpuctorch\nFloatStorage\nt."
				 "\xff\0\0\0\0\0\0\0" ELEMENTS "].")},
			{"tensors", '0', FILE_OF(TAR_TENSORS)},
			{"pickle", '0', FILE_OF(TAR_PICKLE)},
			"storage 5 of 1020 bytes goes beyond the end"},
		{{"storages", '0', FILE_OF("K\2." TAR_STORAGE TAR_STORAGE "].")},
			{"tensors", '0', FILE_OF(TAR_TENSORS)},
			{"pickle", '0', FILE_OF(TAR_PICKLE)}, "storage 5 comes a second time"},
		{{"storages", '0', FILE_OF(TAR_STORAGES "].")},
			{"tensors", '0', FILE_OF("K\2." TAR_TENSOR TAR_TENSOR)},
			{"pickle", '0', FILE_OF(TAR_PICKLE)}, "the number 6 is given twice"},
		{{"storages", '0', FILE_OF("K\1.(K\5X\3\0\0\0cpucos\nsystem\nt." COUNT ELEMENTS)},
			{"tensors", '0', FILE_OF(TAR_TENSORS)},
			{"pickle", '0', FILE_OF(TAR_PICKLE)}, "the type of its storage"},
		{{"storages", '0', FILE_OF(TAR_STORAGES "].")},
			{"tensors", '0', FILE_OF(TAR_TENSORS)},
			{"pickle", '0',
				FILE_OF("}U\1wU\1"
					"9Qs.")},
			"not among the tensors: 9"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		Member members[] = {cases[i].storages, cases[i].tensors, cases[i].pickle};
		g_autoptr(GString) tar = tar_of(members, G_N_ELEMENTS(members));
		g_test_message("%u", i);
		check_bad(tar->len, tar->str, cases[i].says);
	}
}

static void test_tar_header(void)
{
	static const Member members[] = {
		{"storages", '0', FILE_OF(TAR_STORAGES "].")},
		{"tensors", '0', FILE_OF(TAR_TENSORS)},
		{"pickle", '0', FILE_OF(TAR_PICKLE)},
	};
	g_autoptr(GString) tar = tar_of(members, G_N_ELEMENTS(members));
	check_good(tar->len, tar->str);
	check_bad(2 * TAR_BLOCK + 100, tar->str, "ends within a header");
	check_bad(TAR_BLOCK + 60, tar->str, "goes beyond the end");
	tar->str[2 * TAR_BLOCK + 130] ^= 1;
	check_bad(tar->len, tar->str, "header of a member of the tar archive is damaged");
}

static gboolean of_these_formats(const cJSON *expected)
{
	const char *format = corpus_text(expected, "format");
	return format != NULL &&
	       (g_str_has_prefix(format, "torch-legacy") || g_str_has_prefix(format, "torch-tar"));
}

static void check_tensors(const Checkpoint *checkpoint, const cJSON *expected)
{
	const cJSON *tensors = corpus_get(expected, "tensors"), *wanted;

	cJSON_ArrayForEach (wanted, tensors) {
		gint at = checkpoint_find(checkpoint, wanted->string);
		g_assert_cmpint(at, >=, 0);
		const Tensor *tensor = checkpoint_tensor(checkpoint, (guint)at);
		g_autofree guint8 *raw = g_malloc(tensor->bytes + 1);
		g_autoptr(GError) error = NULL;
		checkpoint_read_raw(checkpoint, (guint)at, 0, tensor->elements, raw, &error);
		test_no_error(error);
		g_autofree char *hash =
			g_compute_checksum_for_data(G_CHECKSUM_SHA256, raw, tensor->bytes);
		g_assert_cmpstr(hash, ==, corpus_text(wanted, "sha256_raw"));
	}
	g_assert_cmpuint(checkpoint_count(checkpoint) + g_hash_table_size(checkpoint->aliases), ==,
		(guint)cJSON_GetArraySize(tensors));
}

static void check_case(const char *kind, const cJSON *expected)
{
	g_autofree char *path = corpus_path(kind, expected->string);
	const char *verdict = corpus_text(expected, "verdict");
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, &error);

	if (verdict != NULL && strcmp(verdict, "reject") == 0) {
		g_assert_null(checkpoint);
		test_error(error, ERROR_INPUT, path);
		return;
	}
	if (verdict != NULL && strcmp(verdict, "either") == 0 && checkpoint == NULL) {
		test_error(error, ERROR_INPUT, path);
		return;
	}
	test_no_error(error);
	g_assert_cmpstr(checkpoint->format, ==, corpus_text(expected, "format"));
	check_tensors(checkpoint, expected);
}

static void test_valid(gconstpointer expected)
{
	check_case("valid", expected);
}

static void test_hostile(gconstpointer expected)
{
	check_case("hostile", expected);
	corpus_no_payload();
}

static void add_cases(const cJSON *cases, GTestDataFunc test)
{
	const cJSON *expected;
	guint found = 0;

	cJSON_ArrayForEach (expected, cases) {
		if (!of_these_formats(expected))
			continue;
		g_autofree char *name = g_strdup_printf("/torch-legacy/%s", expected->string);
		g_test_add_data_func(name, expected, test);
		found++;
	}
	g_assert_cmpuint(found, >=, 10);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_autoptr(cJSON) valid = corpus_cases("valid"), hostile = corpus_cases("hostile");
	g_test_add_func("/torch-legacy/good", test_good);
	g_test_add_func("/torch-legacy/bad", test_bad);
	g_test_add_func("/torch-legacy/truncated", test_truncated);
	g_test_add_func("/torch-legacy/view", test_view);
	g_test_add_func("/torch-legacy/large", test_large);
	g_test_add_func("/torch-tar/good", test_tar);
	g_test_add_func("/torch-tar/view", test_tar_view);
	g_test_add_func("/torch-tar/bad", test_tar_bad);
	g_test_add_func("/torch-tar/header", test_tar_header);
	add_cases(valid, test_valid);
	add_cases(hostile, test_hostile);
	return g_test_run();
}
