/* test_zip.c - archives of the corpus, archives wrong in one field at a time, and archives of 64
 * bits. */
#include "archives.h"
#include "corpus.h"
#include "test.h"

#include "checkpoint/zip.h"

#include <fcntl.h>

/* Cases of the corpus whose fault is in what the archive holds, not in the archive. */
static const char *const sound[] = {
	"zip_bomb_pickle.pt",
	"zip_byteorder_middle.pt",
	"zip_deflate_garbage.pt",
	"zip_empty.pt",
	"zip_two_tops.pt",
};

static gboolean is_sound(const cJSON *expected)
{
	if (strcmp(corpus_text(expected, "verdict"), "accept") == 0)
		return TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(sound); i++)
		if (strcmp(expected->string, sound[i]) == 0)
			return TRUE;
	return FALSE;
}

static Zip *open_path(const char *path, GError **error)
{
	g_autoptr(File) file = file_open(path, error);
	return file ? zip_open(file, error) : NULL;
}

/* The storage of the one tensor that these cases have, against its hash. */
static void check_storage(const Zip *zip, const cJSON *expected)
{
	const cJSON *tensor = corpus_get(corpus_get(expected, "tensors"), "w");
	for (guint i = 0; tensor != NULL && i < zip_count(zip); i++) {
		const ZipEntry *entry = zip_entry(zip, i);
		if (!g_str_has_suffix(entry->name, "/data/0"))
			continue;
		guint8 bytes[16];
		g_autoptr(Bytes) data = zip_bytes(zip, entry);
		g_assert_cmpuint(bytes_length(data), ==, sizeof bytes);
		g_assert_true(bytes_read(data, 0, sizeof bytes, bytes, NULL));
		g_autofree char *hash =
			g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, sizeof bytes);
		g_assert_cmpstr(hash, ==, corpus_text(tensor, "sha256_raw"));
		g_assert_true(zip_find(zip, entry->name) == entry);
	}
}

static void check_hostile(const cJSON *expected)
{
	g_autofree char *path = corpus_path("hostile", expected->string);
	g_autoptr(GError) error = NULL;
	g_autoptr(Zip) zip = open_path(path, &error);

	g_test_message("%s: %s", expected->string, error ? error->message : "opens");
	if (is_sound(expected))
		g_assert_no_error(error);
	else if (strcmp(corpus_text(expected, "verdict"), "reject") == 0)
		g_assert_null(zip);
	if (zip != NULL) {
		check_storage(zip, expected);
		return;
	}
	g_assert_cmpint(error->code, ==, ERROR_INPUT);
	g_assert_cmpstr(error_file(error), ==, path);
	g_assert_nonnull(strstr(error->message, "byte"));
}

static void test_corpus(void)
{
	g_autoptr(cJSON) cases = corpus_cases("hostile");
	const cJSON *expected;
	guint checked = 0;

	cJSON_ArrayForEach (expected, cases) {
		if (!g_str_has_prefix(expected->string, "zip_"))
			continue;
		check_hostile(expected);
		checked++;
	}
	g_assert_cmpuint(checked, ==, 31);
}

/* Archives that others wrote: all that is in them is as its CRC says. */
static void test_others(void)
{
	static const char *const paths[] = {
		"valid/torch/zip_train_checkpoint.pt",
		"valid/torch/zip_module_image_classifier.pt",
		"valid/numpy/plain.npz",
		"valid/numpy/compressed.npz",
		"valid/h5/keras3.keras",
		"wild/candle_test.pt",
		"wild/candle_test.npz",
		"hostile/npy_bomb.npz",
	};
	for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autofree char *path = corpus_path(paths[i], NULL);
		g_autoptr(GError) error = NULL;
		g_autoptr(Zip) zip = open_path(path, &error);
		test_no_error(error);
		g_assert_cmpuint(zip_count(zip), >, 0);
		for (guint entry = 0; entry < zip_count(zip); entry++) {
			zip_check(zip, zip_entry(zip, entry), &error);
			test_no_error(error);
		}
	}
}

/* An archive in memory, by way of a file; NULL with *error set. */
static Zip *open_bytes(const GByteArray *bytes, GError **error)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "archive.zip", NULL);
	test_write(path, bytes->data, bytes->len);
	Zip *zip = open_path(path, error);
	test_folder_remove(folder);
	return zip;
}

static void check_refused(const GByteArray *bytes, const char *says)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(open_bytes(bytes, &error));
	test_error(error, ERROR_INPUT, says);
	g_assert_nonnull(error_file(error));
}

static const char text[] = "a text that repeats itself, repeats itself, repeats itself, repeats";
static const TestEntry two[] = {
	{.name = "top/one", .data = text, .length = sizeof text},
	{.name = "top/two", .data = text, .length = sizeof text, .deflate = TRUE},
};

/* The byte at which the n-th record of a kind begins. */
static guint find_record(const GByteArray *bytes, const char *signature, guint n)
{
	for (guint at = 0; at + 4 <= bytes->len; at++)
		if (memcmp(bytes->data + at, signature, 4) == 0 && n-- == 0)
			return at;
	g_error("there is no such record");
}

#define LOCAL "PK\3\4"
#define RECORD "PK\1\2"
#define END "PK\5\6"

/* One field, of two or four bytes, changed by adding to it. */
static const struct {
	const char *record;
	guint number, at, width;
	guint32 add;
	const char *says;
} changes[] = {
	{LOCAL, 0, 0, 2, 1, "the header before its data should begin here"},
	{LOCAL, 0, 6, 2, 1, "it is encrypted"},
	{LOCAL, 0, 8, 2, 8, "another compression than the directory"},
	{LOCAL, 1, 8, 2, 4, "compression method 12"},
	{LOCAL, 0, 14, 4, 1, "another CRC"},
	{LOCAL, 0, 18, 4, 1, "other sizes"},
	{LOCAL, 1, 22, 4, 1, "other sizes"},
	{LOCAL, 1, 22, 4, 0xffffffff - sizeof text, "there is none"},
	{LOCAL, 0, 26, 2, 1, "another name"},
	{LOCAL, 0, 28, 2, 40, "begins within the entry top/one"},
	{LOCAL, 0, 28, 2, 60000, "reach into the directory"},
	{LOCAL, 0, 30, 2, 1, "another name"},
	{RECORD, 1, 0, 2, 1, "an entry of the directory should begin here"},
	{RECORD, 0, 8, 2, 1, "it is encrypted"},
	{RECORD, 0, 8, 2, 0x40, "it is encrypted"},
	{RECORD, 0, 8, 2, 0x20, "it is a patch"},
	{RECORD, 0, 10, 2, 99, "compression method 99"},
	{RECORD, 0, 10, 2, 8, "another compression"},
	{RECORD, 0, 16, 4, 1, "another CRC"},
	{RECORD, 0, 20, 4, 1, "it is stored as it is, but in 69 bytes and of 68"},
	{RECORD, 1, 20, 4, 1000, "reach into the directory"},
	{RECORD, 1, 24, 4, 1, "other sizes"},
	{RECORD, 1, 24, 4, 1000000, "cannot unpack to 1000068"},
	{RECORD, 0, 24, 4, 0xffffffff - sizeof text, "there is none"},
	{RECORD, 0, 28, 2, 1, "another name"},
	{RECORD, 0, 28, 2, 0xfff9, "is empty"},
	{RECORD, 0, 30, 2, 53, "extra field is longer"},
	{RECORD, 1, 32, 2, 1, "reaches beyond its end"},
	{RECORD, 0, 34, 2, 1, "on another part of an archive"},
	{RECORD, 0, 42, 4, 1, "should begin here"},
	{RECORD, 0, 42, 4, 100000, "the directory begins before its end"},
	{RECORD, 0, 42, 4, 0xffffffff, "there is none"},
	{RECORD, 0, 46, 1, 0x8b, "not UTF-8"},
	{END, 0, 4, 2, 1, "one part of an archive of several"},
	{END, 0, 6, 2, 1, "one part of an archive of several"},
	{END, 0, 8, 2, 1, "one part of an archive of several"},
	{END, 0, 10, 2, 1, "one part of an archive of several"},
	{END, 0, 12, 4, 1, "which do not end here"},
	{END, 0, 16, 4, 1, "which do not end here"},
	{END, 0, 16, 4, 100000, "which do not end here"},
	{END, 0, 20, 2, 1, "does not end where"},
};

static void add_to(GByteArray *bytes, guint at, guint width, guint32 add)
{
	for (guint i = 0; i < width; i++, add >>= 8) {
		guint32 sum = bytes->data[at + i] + (add & 0xff);
		bytes->data[at + i] = (guint8)sum;
		add += (sum >> 8) << 8;
	}
}

static void test_changes(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
		g_autoptr(GByteArray) bytes = test_zip(two, 2);
		guint at = find_record(bytes, changes[i].record, changes[i].number);
		g_test_message("change %u: %s", i, changes[i].says);
		add_to(bytes, at + changes[i].at, changes[i].width, changes[i].add);
		check_refused(bytes, changes[i].says);
	}
}

/* Cut at any byte, and with any byte more. */
static void test_cuts(void)
{
	g_autoptr(GByteArray) whole = test_zip(two, 2);
	for (guint length = 0; length < whole->len; length++) {
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		g_byte_array_append(bytes, whole->data, length);
		check_refused(bytes, "end record");
	}
	put_text(whole, "x");
	check_refused(whole, "does not end where");
}

static void test_counts(void)
{
	g_autoptr(GByteArray) fewer = test_zip(two, 2), more = test_zip(two, 2);
	g_autoptr(GByteArray) many = test_zip(two, 2);
	guint end = find_record(fewer, END, 0);

	for (guint field = 8; field <= 10; field += 2) {
		add_to(fewer, end + field, 2, 0xffff);
		add_to(more, end + field, 2, 1);
		add_to(many, end + field, 2, 10000);
	}
	check_refused(fewer, "goes on after the 1 entries");
	check_refused(more, "3 entries are more than a directory");
	check_refused(many, "10002 entries are more than a directory");
}

/* A comment may follow the end record, unless another reader could take it for one. */
static void test_comments(void)
{
	g_autoptr(GByteArray) plain = test_zip(two, 2), second = test_zip(two, 2);
	g_autoptr(GByteArray) signature = test_zip(two, 2);
	g_autoptr(GError) error = NULL;
	guint end = find_record(plain, END, 0);

	plain->data[end + 20] = 9;
	put_text(plain, "a comment");
	g_autoptr(Zip) zip = open_bytes(plain, &error);
	test_no_error(error);
	g_assert_cmpuint(zip_count(zip), ==, 2);
	second->data[end + 20] = 22;
	test_zip_end(second, 0, 0, 0);
	check_refused(second, "there are two end records");
	signature->data[end + 20] = 8;
	put_text(signature, "xx" END "xx");
	check_refused(signature, "does not end where");
}

static void test_names(void)
{
	const TestEntry same[] = {two[0], two[1], two[0]};
	const TestEntry odd[] = {{.name = "/etc/passwd"}, {.name = "../x"}, {.name = "a\\b"},
		{.name = "folder/"}, {.name = "\xc3\xa9"}};
	g_autoptr(GByteArray) twice = test_zip(same, 3), all = test_zip(odd, 5);
	g_autoptr(GError) error = NULL;

	check_refused(twice, "entry top/one: there are two of this name");
	g_autoptr(Zip) zip = open_bytes(all, &error);
	test_no_error(error);
	for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
		g_assert_cmpstr(zip_entry(zip, i)->name, ==, odd[i].name);
		g_assert_true(zip_find(zip, odd[i].name) == zip_entry(zip, i));
		g_assert_true(zip_check(zip, zip_entry(zip, i), NULL));
	}
	g_assert_null(zip_find(zip, "passwd"));
	g_assert_null(zip_find(zip, ""));
}

/* Two records of one local header, and a record of a header within another entry's data. */
static void test_overlap(void)
{
	g_autoptr(GByteArray) inner = test_zip(two, 1), directory = g_byte_array_new();
	guint length = find_record(inner, RECORD, 0);
	TestEntry outer = {.name = "outer", .data = inner->data, .length = length};
	g_autoptr(GByteArray) bytes = g_byte_array_new(), unused = g_byte_array_new();

	test_zip_add(bytes, directory, &outer);
	guint within = bytes->len - length;
	test_zip_add(unused, directory, &two[0]);
	guint offset = bytes->len;
	g_byte_array_append(bytes, directory->data, directory->len);
	test_zip_end(bytes, 2, directory->len, offset);
	add_to(bytes, find_record(bytes, RECORD, 1) + 42, 4, within);
	check_refused(bytes, "it begins within the entry outer");
}

static void test_read(void)
{
	g_autoptr(GByteArray) bytes = test_zip(two, 2);
	g_autoptr(GError) error = NULL;
	g_autoptr(Zip) zip = open_bytes(bytes, &error);

	test_no_error(error);
	for (guint i = 0; i < 2; i++) {
		gsize length = 0;
		g_autofree char *out =
			zip_read(zip, zip_entry(zip, i), sizeof text, &length, &error);
		test_no_error(error);
		g_assert_cmpuint(length, ==, sizeof text);
		g_assert_cmpint(memcmp(out, text, sizeof text), ==, 0);
		g_assert_cmpint(out[length], ==, 0);
		g_assert_null(zip_read(zip, zip_entry(zip, i), sizeof text - 1, &length, &error));
		test_error(error, ERROR_INPUT, "68 bytes unpacked, where at most 67 are read");
		g_clear_error(&error);
	}
}

/* A changed byte of the data is found by whoever reads all of it; where the writer gave no CRC, as
 * PyTorch does where it is told so, there is none to compare. */
static void test_crc(void)
{
	TestEntry entry = two[0];
	entry.late = TRUE;
	g_autoptr(GByteArray) bytes = test_zip(&entry, 1);
	g_autoptr(GError) error = NULL;
	gsize length = 0;

	bytes->data[40] ^= 1;
	g_autoptr(Zip) changed = open_bytes(bytes, &error);
	test_no_error(error);
	g_assert_false(zip_check(changed, zip_entry(changed, 0), &error));
	test_error(error, ERROR_INPUT, "entry top/one, byte 37: its bytes were changed");
	g_clear_error(&error);
	g_assert_null(zip_read(changed, zip_entry(changed, 0), 100, &length, &error));
	test_error(error, ERROR_INPUT, "its bytes were changed");
	g_clear_error(&error);
	memset(bytes->data + find_record(bytes, RECORD, 0) + 16, 0, 4);
	g_autoptr(Zip) unknown = open_bytes(bytes, &error);
	test_no_error(error);
	g_assert_true(zip_check(unknown, zip_entry(unknown, 0), &error));
}

/* Sizes and places in a zip64 field, although they need none, and fields that do not hold them. */
static void test_wide_fields(void)
{
	static const guint8 none[] = {1, 0, 0, 0}, cut[] = {1, 0, 8, 0, 68, 0, 0, 0, 0, 0, 0},
			    beyond[] = {1, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0,
				    0x80},
			    good[] = {0xfe, 0xca, 2, 0, 9, 9, 1, 0, 16, 0, 68, 0, 0, 0, 0, 0, 0, 0,
				    68, 0, 0, 0, 0, 0, 0, 0, 0x5a},
			    doubled[] = {1, 0, 0, 0, 1, 0, 0, 0};
	static const struct {
		const guint8 *extra;
		gsize length;
		const char *says;
	} cases[] = {
		{good, sizeof good, NULL},
		{none, sizeof none, "its zip64 field is too short"},
		{none, 0, "need a zip64 field, and there is none"},
		{cut, sizeof cut, "longer than the room"},
		{beyond, sizeof beyond, "reach into the directory"},
		{doubled, sizeof doubled, "too short"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		TestEntry entry = two[0];
		entry.extra = cases[i].extra;
		entry.extra_length = cases[i].length;
		g_autoptr(GByteArray) bytes = test_zip(&entry, 1);
		g_autoptr(GError) error = NULL;
		memset(bytes->data + find_record(bytes, RECORD, 0) + 20, 0xff, 8);
		if (cases[i].says != NULL) {
			check_refused(bytes, cases[i].says);
			continue;
		}
		g_autoptr(Zip) zip = open_bytes(bytes, &error);
		test_no_error(error);
		g_assert_true(zip_check(zip, zip_entry(zip, 0), &error));
	}
}

/* The zip64 end record and its locator; the end record says "see there" of the
 * directory. */
static void put_end64(GByteArray *bytes, guint64 at, guint entries, guint64 length, guint64 offset)
{
	put_text(bytes, "PK\6\6");
	put64(bytes, 44);
	put32(bytes, 45u | 45u << 16);
	put64(bytes, 0);
	put64(bytes, entries);
	put64(bytes, entries);
	put64(bytes, length);
	put64(bytes, offset);
	put_text(bytes, "PK\6\7");
	put32(bytes, 0);
	put64(bytes, at);
	put32(bytes, 1);
	test_zip_end(bytes, 0xffff, 0xffffffff, 0xffffffff);
}

/* Each number of the zip64 records that is wrong is found, and so is an end record that says
 * another than they do. */
static void test_wide_end(void)
{
	static const struct {
		guint at, width;
		guint32 add;
		const char *says;
	} wrong[] = {
		{0, 2, 0, NULL},
		{0, 2, 1, "there is no zip64 end record"},
		{4, 4, 1, "there is no zip64 end record"},
		{16, 4, 1, "do not say the same"},
		{24, 4, 1, "one part of an archive"},
		{40, 4, 1, "which do not end here"},
		{48, 4, 1, "which do not end here"},
		{55, 1, 0x80, "which do not end here"},
		{60, 4, 1, "do not say the same"},
		{64, 4, 0xffffffff, "there is no zip64 end record"},
		{71, 1, 0x80, "which is not before its locator"},
		{84, 2, 2, "do not say the same"},
		{88, 4, 5, "do not say the same"},
		{92, 4, 5, "do not say the same"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GByteArray) bytes = test_zip(two, 2);
		g_autoptr(GError) error = NULL;
		guint end = find_record(bytes, END, 0), offset = find_record(bytes, RECORD, 0);
		g_byte_array_set_size(bytes, end);
		put_end64(bytes, end, 2, end - offset, offset);
		add_to(bytes, end + wrong[i].at, wrong[i].width, wrong[i].add);
		g_test_message("change %u", i);
		if (wrong[i].says != NULL) {
			check_refused(bytes, wrong[i].says);
			continue;
		}
		g_autoptr(Zip) zip = open_bytes(bytes, &error);
		test_no_error(error);
		g_assert_cmpuint(zip_count(zip), ==, 2);
	}
}

#define FAR_OFF (G_GUINT64_CONSTANT(5) << 30)

static void write_at(int fd, const GByteArray *bytes, guint64 at)
{
	g_assert_cmpint(pwrite(fd, bytes->data, bytes->len, (off_t)at), ==, bytes->len);
}

/* A record of the directory whose sizes and place are all in its zip64 field. */
static void put_wide_record(GByteArray *directory, const char *name, guint64 size, guint64 header)
{
	TestEntry entry = {.name = name, .late = TRUE};
	put_text(directory, "PK\1\2");
	put16(directory, 45);
	put_fields(directory, &entry, 0, 0xffffffff, 0xffffffff);
	put16(directory, 28);
	put64(directory, 0);
	put16(directory, 0);
	put32(directory, 0xffffffff);
	put_text(directory, name);
	put16(directory, 1);
	put16(directory, 24);
	put64(directory, size);
	put64(directory, size);
	put64(directory, header);
}

/* Five gigabytes, nearly all of them a hole: a large entry, and a small one behind it. */
static void write_large(const char *path)
{
	const TestEntry large = {.name = "large", .late = TRUE},
			small = {
				.name = "small", .data = text, .length = sizeof text, .late = TRUE};
	g_autoptr(GByteArray) first = g_byte_array_new(), second = g_byte_array_new();
	g_autoptr(GByteArray) unused = g_byte_array_new(), directory = g_byte_array_new();
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	test_zip_add(first, unused, &large);
	test_zip_add(second, unused, &small);
	write_at(fd, first, 0);
	write_at(fd, second, FAR_OFF);
	put_wide_record(directory, "large", FAR_OFF - first->len, 0);
	put_wide_record(directory, "small", sizeof text, FAR_OFF);
	guint64 offset = FAR_OFF + second->len;
	guint length = directory->len;
	put_end64(directory, offset + length, 2, length, offset);
	write_at(fd, directory, offset);
	close(fd);
}

static void test_large(void)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "large.zip", NULL);
	g_autoptr(GError) error = NULL;
	guint8 last[8] = "unread!";
	gsize length = 0;

	write_large(path);
	g_autoptr(Zip) zip = open_path(path, &error);
	test_no_error(error);
	const ZipEntry *large = zip_find(zip, "large"), *small = zip_find(zip, "small");
	g_assert_cmpuint(large->offset + large->size, ==, FAR_OFF);
	g_autoptr(Bytes) bytes = zip_bytes(zip, large);
	g_assert_true(bytes_read(bytes, large->size - 8, 8, last, NULL));
	g_assert_cmpint(memcmp(last, "\0\0\0\0\0\0\0\0", 8), ==, 0);
	g_autofree char *out = zip_read(zip, small, 100, &length, &error);
	test_no_error(error);
	g_assert_cmpstr(out, ==, text);
	test_folder_remove(folder);
}

/* As many entries as an archive without zip64 can have: each is found by its name. */
static void test_many(void)
{
	g_autoptr(GArray) entries = g_array_new(FALSE, TRUE, sizeof(TestEntry));
	g_autoptr(GStringChunk) names = g_string_chunk_new(4096);
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < 65535; i++) {
		char name[16];
		g_snprintf(name, sizeof name, "data/%u", i);
		TestEntry entry = {.name = g_string_chunk_insert(names, name)};
		g_array_append_val(entries, entry);
	}
	g_autoptr(GByteArray) bytes =
		test_zip((const TestEntry *)(void *)entries->data, entries->len);
	g_autoptr(Zip) zip = open_bytes(bytes, &error);
	test_no_error(error);
	g_assert_cmpuint(zip_count(zip), ==, 65535);
	for (guint i = 0; i < 65535; i += 7)
		g_assert_true(zip_find(zip, zip_entry(zip, i)->name) == zip_entry(zip, i));
	g_assert_null(zip_find(zip, "data/65535"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/zip/corpus", test_corpus);
	g_test_add_func("/zip/others", test_others);
	g_test_add_func("/zip/changes", test_changes);
	g_test_add_func("/zip/cuts", test_cuts);
	g_test_add_func("/zip/counts", test_counts);
	g_test_add_func("/zip/comments", test_comments);
	g_test_add_func("/zip/names", test_names);
	g_test_add_func("/zip/overlap", test_overlap);
	g_test_add_func("/zip/read", test_read);
	g_test_add_func("/zip/crc", test_crc);
	g_test_add_func("/zip/wide-fields", test_wide_fields);
	g_test_add_func("/zip/wide-end", test_wide_end);
	g_test_add_func("/zip/large", test_large);
	g_test_add_func("/zip/many", test_many);
	return g_test_run();
}
