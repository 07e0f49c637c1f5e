/* test_corpus_made.c - checkpoints that no repository can hold: behind links, loops and devices,
 * without permissions, or with a hole of four gigabytes in them. */
#include "child.h"
#include "corpus.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#define HOLE ((guint64)1 << 32)

/* The names that a checkpoint of each format may come under. */
static const char *const names[] = {"model.safetensors", "model.pt", "model.gguf", "model.npz",
	"model.npy", "model.h5", "model.keras"};

static void expect_refusal(const char *path, int code, const char *says)
{
	gint64 start = g_get_monotonic_time();
	g_autoptr(GError) error = NULL;

	g_test_message("%s", path);
	g_assert_null(checkpoint_open(path, &error));
	test_error(error, code, says);
	g_assert_true(g_str_has_prefix(error->message, path));
	g_assert_cmpint(g_get_monotonic_time() - start, <, G_USEC_PER_SEC);
}

/* The cache of the Hugging Face hub: snapshots/REVISION/NAME → ../../blobs/HASH. */
static void test_cache(void)
{
	static const struct {
		const char *source, *name;
		guint tensors;
	} cases[] = {
		{"torch/zip_tied.pt", "pytorch_model.bin", 2},
		{"gguf/quantised.gguf", "model.gguf", 6},
		{"numpy/compressed.npz", "weights.npz", 7},
		{"h5/keras2_weights.h5", "model.h5", 3},
	};
	char *folder = test_folder();
	g_autofree char *blobs = g_build_filename(folder, "blobs", NULL);
	g_autofree char *snapshot = g_build_filename(folder, "snapshots", "0a1b", NULL);

	g_assert_cmpint(g_mkdir(blobs, 0700), ==, 0);
	g_assert_cmpint(g_mkdir_with_parents(snapshot, 0700), ==, 0);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *source = corpus_path("valid", cases[i].source);
		g_autofree char *blob = g_strdup_printf("%s/%u", blobs, i);
		g_autofree char *target = g_strdup_printf("../../blobs/%u", i);
		g_autofree char *link = g_build_filename(snapshot, cases[i].name, NULL);
		g_autofree char *bytes = NULL;
		g_autoptr(GError) error = NULL;
		gsize length;
		g_assert_true(g_file_get_contents(source, &bytes, &length, NULL));
		test_write(blob, bytes, length);
		g_assert_cmpint(symlink(target, link), ==, 0);
		g_autoptr(Checkpoint) checkpoint = checkpoint_open(link, &error);
		g_assert_no_error(error);
		g_assert_cmpuint(checkpoint_count(checkpoint), ==, cases[i].tensors);
	}
	test_folder_remove(folder);
}

/* Whatever the name promises: a loop, a device, a pipe and a socket's folder are refused at once.
 */
static void test_no_file(void)
{
	char *folder = test_folder();

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(folder, names[i], NULL);
		g_assert_cmpint(symlink(names[i], path), ==, 0);
		expect_refusal(path, ERROR_IO, "symbolic links");
		g_assert_cmpint(unlink(path), ==, 0);
		g_assert_cmpint(symlink("/dev/zero", path), ==, 0);
		expect_refusal(path, ERROR_IO, "is a device");
		g_assert_cmpint(unlink(path), ==, 0);
		g_assert_cmpint(mkfifo(path, 0600), ==, 0);
		expect_refusal(path, ERROR_IO, "is a FIFO");
		g_assert_cmpint(unlink(path), ==, 0);
		g_assert_cmpint(symlink("nowhere", path), ==, 0);
		expect_refusal(path, ERROR_IO, "No such file");
		g_assert_cmpint(unlink(path), ==, 0);
	}
	expect_refusal("/dev/zero", ERROR_IO, "is a device");
	expect_refusal("/dev/full", ERROR_IO, "is a device");
	test_folder_remove(folder);
}

/* The superuser reads what has no permissions: there the file opens. */
static void test_unreadable(void)
{
	g_autofree char *source = corpus_path("valid", "torch/zip_tied.pt");
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "model.pt", NULL);
	g_autofree char *bytes = NULL;
	gsize length;

	g_assert_true(g_file_get_contents(source, &bytes, &length, NULL));
	test_write(path, bytes, length);
	g_assert_cmpint(chmod(path, 0), ==, 0);
	if (geteuid() != 0)
		expect_refusal(path, ERROR_IO, "Permission denied");
	else {
		g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, NULL);
		g_assert_nonnull(checkpoint);
	}
	test_folder_remove(folder);
}

/* A file that is written piece by piece, and is a hole elsewhere. */
typedef struct {
	int fd;
	guint64 at;
} Sparse;

static void put(Sparse *sparse, const void *bytes, gsize length)
{
	g_assert_cmpint(pwrite(sparse->fd, bytes, length, (off_t)sparse->at), ==, (gssize)length);
	sparse->at += length;
}

static void put_number(Sparse *sparse, guint64 number, gsize bytes)
{
	guint64 little = GUINT64_TO_LE(number);
	put(sparse, &little, bytes);
}

static void put_text(Sparse *sparse, const char *text)
{
	put(sparse, text, strlen(text));
}

static Sparse sparse_create(const char *path)
{
	Sparse sparse = {open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 0};
	g_assert_cmpint(sparse.fd, >=, 0);
	return sparse;
}

/* The last of 2³⁰ + 1 floats behind the hole, and two floats behind them. */
static void write_safetensors(const char *path)
{
	static const char header[] =
		"{\"a\":{\"dtype\":\"F32\",\"shape\":[1073741825],\"data_offsets\":[0,4294967300]},"
		"\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4294967300,4294967308]}}";
	static const float values[] = {3, 1.5f, -2};
	Sparse sparse = sparse_create(path);

	put_number(&sparse, sizeof header - 1, 8);
	put_text(&sparse, header);
	sparse.at += HOLE;
	put(&sparse, values, sizeof values);
	close(sparse.fd);
}

/* An entry of a ZIP archive, stored; its checksum is only looked at in small ones. */
typedef struct {
	const char *name;
	guint64 offset, size;
	guint32 crc;
} Entry;

static guint32 crc_of(const guint8 *bytes, gsize length)
{
	guint32 crc = 0xffffffff;
	for (gsize i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (guint bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* As torch writes it: no sizes here, all of them in the directory (APPNOTE 4.3.7). */
static void put_local(Sparse *sparse, Entry *entry)
{
	entry->offset = sparse->at;
	put_number(sparse, 0x04034b50, 4);
	put_number(sparse, 0, 2);
	put_number(sparse, 0x0808, 2);
	for (guint i = 0; i < 9; i++)
		put_number(sparse, 0, 2);
	put_number(sparse, strlen(entry->name), 2);
	put_number(sparse, 0, 2);
	put_text(sparse, entry->name);
}

/* Sizes and offset always in the zip64 extra field (APPNOTE 4.3.12 and 4.5.3). */
static void put_central(Sparse *sparse, const Entry *entry)
{
	put_number(sparse, 0x02014b50, 4);
	put_number(sparse, 0, 4);
	put_number(sparse, 0x0808, 2);
	put_number(sparse, 0, 6);
	put_number(sparse, entry->crc, 4);
	put_number(sparse, 0xffffffff, 4);
	put_number(sparse, 0xffffffff, 4);
	put_number(sparse, strlen(entry->name), 2);
	put_number(sparse, 28, 2);
	put_number(sparse, 0, 8);
	put_number(sparse, 0, 2);
	put_number(sparse, 0xffffffff, 4);
	put_text(sparse, entry->name);
	put_number(sparse, 1, 2);
	put_number(sparse, 24, 2);
	put_number(sparse, entry->size, 8);
	put_number(sparse, entry->size, 8);
	put_number(sparse, entry->offset, 8);
}

/* The zip64 end record, its locator, and the end record that only points there. */
static void put_end(Sparse *sparse, guint entries, guint64 directory)
{
	guint64 end = sparse->at;

	put_number(sparse, 0x06064b50, 4);
	put_number(sparse, 44, 8);
	put_number(sparse, 0, 4);
	put_number(sparse, 0, 8);
	put_number(sparse, entries, 8);
	put_number(sparse, entries, 8);
	put_number(sparse, end - directory, 8);
	put_number(sparse, directory, 8);
	put_number(sparse, 0x07064b50, 4);
	put_number(sparse, 0, 4);
	put_number(sparse, end, 8);
	put_number(sparse, 1, 4);
	put_number(sparse, 0x06054b50, 4);
	put_number(sparse, 0, 4);
	put_number(sparse, entries, 2);
	put_number(sparse, entries, 2);
	put_number(sparse, 0xffffffff, 4);
	put_number(sparse, 0xffffffff, 4);
	put_number(sparse, 0, 2);
}

/* {"a": 2³⁰ + 1 floats of storage 0, "b": 2 floats of storage 1}, in protocol 2. */
static const char pickle[] =
	"\x80\x02}("
	"X\x01\0\0\0a"
	"ctorch._utils\n_rebuild_tensor_v2\n"
	"((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0000X\x03\0\0\0cpu"
	"\x8a\x04\x01\0\0\x40tQK\0\x8a\x04\x01\0\0\x40\x85K\x01\x85\x89"
	"ccollections\nOrderedDict\n)RtR"
	"X\x01\0\0\0b"
	"ctorch._utils\n_rebuild_tensor_v2\n"
	"((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0001X\x03\0\0\0cpu"
	"K\x02tQK\0K\x02\x85K\x01\x85\x89"
	"ccollections\nOrderedDict\n)RtRu.";

static void put_stored(Sparse *sparse, Entry *entry, const void *bytes, gsize length)
{
	put_local(sparse, entry);
	put(sparse, bytes, length);
	entry->size = length;
	entry->crc = crc_of(bytes, length);
}

static void write_torch(const char *path)
{
	static const float values[] = {3, 1.5f, -2};
	Entry entries[] = {{.name = "m/data.pkl"}, {.name = "m/data/0"}, {.name = "m/data/1"},
		{.name = "m/version"}};
	Sparse sparse = sparse_create(path);

	put_stored(&sparse, &entries[0], pickle, sizeof pickle - 1);
	put_local(&sparse, &entries[1]);
	entries[1].size = HOLE + sizeof values[0];
	sparse.at += HOLE;
	put(&sparse, &values[0], sizeof values[0]);
	put_stored(&sparse, &entries[2], &values[1], 2 * sizeof values[1]);
	put_stored(&sparse, &entries[3], "3\n", 2);
	guint64 directory = sparse.at;
	for (guint i = 0; i < G_N_ELEMENTS(entries); i++)
		put_central(&sparse, &entries[i]);
	put_end(&sparse, G_N_ELEMENTS(entries), directory);
	close(sparse.fd);
}

static void check_large(const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, &error);
	float read[2];

	g_assert_no_error(error);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 2);
	g_assert_cmpuint(checkpoint_bytes(checkpoint), ==, HOLE + 12);
	g_assert_null(checkpoint_tensor(checkpoint, 0)->source);
	g_assert_true(checkpoint_read_raw(checkpoint, 0, HOLE / 4 - 1, 2, read, NULL));
	g_assert_cmpfloat(read[0], ==, 0);
	g_assert_cmpfloat(read[1], ==, 3);
	g_assert_true(checkpoint_read_raw(checkpoint, 1, 0, 2, read, NULL));
	g_assert_cmpfloat(read[0], ==, 1.5f);
	g_assert_cmpfloat(read[1], ==, -2);
}

/* Offsets beyond 32 bits, in files that are mostly a hole. */
static void test_large(void)
{
	char *folder = test_folder();
	g_autofree char *safetensors = g_build_filename(folder, "large.safetensors", NULL);
	g_autofree char *torch = g_build_filename(folder, "large.pt", NULL);

	write_safetensors(safetensors);
	check_large(safetensors);
	write_torch(torch);
	check_large(torch);
	test_folder_remove(folder);
}

/* The same by the program, which reads headers alone: at once, and in little memory. */
static void test_large_program(void)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "large.pt", NULL);
	char *words[] = {(char *)g_getenv("TAUSCOPE"), "info", path, "--json", NULL};

	write_torch(path);
	g_auto(Child) child = child_run(folder, words);
	g_assert_cmpint(child.status, ==, 0);
	g_assert_nonnull(strstr(child.out, "4294967300"));
	g_assert_cmpfloat(child.seconds, <, 5);
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/made/cache", test_cache);
	g_test_add_func("/made/no-file", test_no_file);
	g_test_add_func("/made/unreadable", test_unreadable);
	g_test_add_func("/made/large", test_large);
	g_test_add_func("/made/large-program", test_large_program);
	return g_test_run();
}
