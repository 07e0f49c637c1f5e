/* test_file.c - inputs that are not what they seem, fingerprints, and outputs that appear whole. */
#include "core/file.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
	char *folder, *path;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->folder = test_folder();
	fixture->path = g_build_filename(fixture->folder, "file", NULL);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	test_folder_remove(fixture->folder);
	g_free(fixture->path);
}

static guint entries(const char *folder)
{
	g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
	guint n = 0;
	while (g_dir_read_name(names))
		n++;
	return n;
}

static void assert_contents(const char *path, const char *expected)
{
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, expected);
}

static void assert_not_opened(const char *path, const char *reason)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(file_open(path, &error));
	test_error(error, ERROR_IO, reason);
	g_assert_cmpstr(error_file(error), ==, path);
}

static void test_open(Fixture *fixture, gconstpointer data)
{
	(void)data;
	assert_not_opened(fixture->path, "cannot open");
	assert_not_opened(fixture->folder, "is a directory");
	assert_not_opened("/dev/null", "is a device");
	g_assert_cmpint(mkfifo(fixture->path, 0600), ==, 0);
	assert_not_opened(fixture->path, "is a FIFO");
}

static void test_read(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	char bytes[8] = "";
	test_write(fixture->path, "0123456789", 10);
	g_autoptr(File) file = file_open(fixture->path, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(file->size, ==, 10);
	g_assert_true(file_read(file, 7, 3, bytes, &error));
	g_assert_cmpstr(bytes, ==, "789");
	g_assert_true(file_read(file, 10, 0, bytes, &error));
	g_assert_false(file_read(file, 7, 4, bytes, &error));
	test_error(error, ERROR_INPUT, "from byte 7 on, but the file ends at byte 10");
	g_clear_error(&error);
	g_assert_false(file_read(file, G_MAXUINT64, 4, bytes, &error));
	g_clear_error(&error);
	g_assert_cmpint(truncate(fixture->path, 4), ==, 0);
	g_assert_false(file_read(file, 2, 5, bytes, &error));
	test_error(error, ERROR_INPUT, "the file ends at byte 4");
}

static void test_span(void)
{
	g_assert_true(span_within(0, 0, 0));
	g_assert_true(span_within(3, 7, 10));
	g_assert_false(span_within(3, 8, 10));
	g_assert_false(span_within(11, 0, 10));
	g_assert_false(span_within(2, G_MAXUINT64, 10));
	g_assert_false(span_within(G_MAXUINT64, 2, 10));
}

static Fingerprint fingerprint_of(const char *path)
{
	g_autoptr(GError) error = NULL;
	Fingerprint fingerprint;
	g_autoptr(File) file = file_open(path, &error);
	g_assert_no_error(error);
	file_fingerprint(file, &fingerprint, &error);
	g_assert_no_error(error);
	return fingerprint;
}

/* A change of one byte at either end of 8 MiB is seen, and of a byte anywhere in a small file. */
static void test_fingerprint(Fixture *fixture, gconstpointer data)
{
	const gsize size = GPOINTER_TO_SIZE(data);
	g_autofree char *bytes = g_malloc0(size);
	g_autofree char *copy = g_strconcat(fixture->path, "2", NULL);
	test_write(fixture->path, bytes, size);
	test_write(copy, bytes, size);
	Fingerprint first = fingerprint_of(fixture->path), second = fingerprint_of(copy);
	g_assert_cmpuint(strlen(first.sample), ==, 32);
	g_assert_true(fingerprint_same_stat(&first, &first));
	g_assert_true(fingerprint_same_content(&first, &second));
	g_assert_false(fingerprint_same_stat(&first, &second));
	const gsize places[] = {0, MIN(size / 2, 60000), size - 1};
	for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
		bytes[places[i]] ^= 1;
		test_write(copy, bytes, size);
		bytes[places[i]] ^= 1;
		second = fingerprint_of(copy);
		g_assert_false(fingerprint_same_content(&first, &second));
	}
}

static void test_empty_fingerprint(Fixture *fixture, gconstpointer data)
{
	(void)data;
	test_write(fixture->path, "", 0);
	Fingerprint fingerprint = fingerprint_of(fixture->path);
	g_assert_cmpuint(fingerprint.size, ==, 0);
}

static void test_commit(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Output) output = output_create(fixture->path, FALSE, &error);
	g_assert_no_error(error);
	g_assert_true(output_write(output, 3, "def", 3, &error));
	g_assert_true(output_write(output, 0, "abc", 3, &error));
	g_assert_false(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
	g_assert_true(g_file_test(output_temporary(output), G_FILE_TEST_EXISTS));
	g_assert_true(output_commit(output, &error));
	assert_contents(fixture->path, "abcdef");
	g_assert_cmpuint(entries(fixture->folder), ==, 1);
}

static void test_abandon(Fixture *fixture, gconstpointer data)
{
	(void)data;
	test_write(fixture->path, "old", 3);
	Output *output = output_create(fixture->path, TRUE, NULL);
	g_assert_true(output_write(output, 0, "new", 3, NULL));
	output_free(output);
	assert_contents(fixture->path, "old");
	g_assert_cmpuint(entries(fixture->folder), ==, 1);
}

static void test_replace(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_assert_true(file_write_all(fixture->path, "old", 3, FALSE, &error));
	g_assert_false(file_write_all(fixture->path, "new", 3, FALSE, &error));
	test_error(error, ERROR_IO, "exists; say --overwrite to replace it");
	assert_contents(fixture->path, "old");
	g_clear_error(&error);
	g_assert_true(file_write_all(fixture->path, "new", 3, TRUE, &error));
	assert_contents(fixture->path, "new");
	g_assert_cmpuint(entries(fixture->folder), ==, 1);
}

/* What comes into being between the two checks is not replaced either. */
static void test_late_arrival(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	Output *output = output_create(fixture->path, FALSE, &error);
	g_assert_no_error(error);
	test_write(fixture->path, "theirs", 6);
	g_assert_false(output_commit(output, &error));
	test_error(error, ERROR_IO, "exists");
	output_free(output);
	assert_contents(fixture->path, "theirs");
	g_assert_cmpuint(entries(fixture->folder), ==, 1);
}

static void test_two_outputs(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Output) first = output_create(fixture->path, TRUE, &error);
	g_autoptr(Output) second = output_create(fixture->path, TRUE, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(output_temporary(first), !=, output_temporary(second));
	g_assert_true(output_commit(first, &error));
	g_assert_true(output_write(second, 0, "2", 1, &error));
	g_assert_true(output_commit(second, &error));
	assert_contents(fixture->path, "2");
}

static void assert_not_created(const char *path, gboolean replace, const char *reason)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(output_create(path, replace, &error));
	test_error(error, ERROR_IO, reason);
}

static void test_bad_targets(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autofree char *below = g_build_filename(fixture->path, "x", NULL);
	g_autofree char *link = g_build_filename(fixture->folder, "link", NULL);
	assert_not_created(fixture->folder, TRUE, "is a directory");
	assert_not_created("/dev/null", TRUE, "is a device");
	assert_not_created(below, TRUE, "cannot create");
	g_assert_cmpint(symlink("/dev/null", link), ==, 0);
	assert_not_created(link, TRUE, "is a device");
	g_unlink(link);
	g_assert_cmpint(symlink("nowhere", link), ==, 0);
	assert_not_created(link, FALSE, "exists");
}

/* The room is there before the bytes, and what is sent early is no other than what is synced. */
static void test_reserve(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Output) output = output_create(fixture->path, FALSE, &error);
	g_assert_cmpint(output_reserve(output, 0), ==, 0);
	g_assert_cmpint(output_reserve(output, 6), ==, 0);
	g_assert_true(output_write(output, 3, "def", 3, &error));
	output_send(output, 3, 3);
	g_assert_true(output_write(output, 0, "abc", 3, &error));
	g_assert_true(output_sync(output, &error));
	g_assert_true(output_commit(output, &error));
	assert_contents(fixture->path, "abcdef");
}

/* A limit on the size of files stands for a full disk. */
static void test_limit(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Output) output = output_create(fixture->path, FALSE, &error);
	g_autofree char *bytes = g_malloc0(8192);
	struct rlimit before, limit;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = (struct rlimit){4096, before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &limit);
	int reserved = output_reserve(output, 8192);
	gboolean written = output_write(output, 0, bytes, 8192, &error);
	setrlimit(RLIMIT_FSIZE, &before);
	g_assert_cmpint(reserved, ==, EFBIG);
	g_assert_false(written);
	test_error(error, ERROR_IO, "cannot write: ");
	g_assert_nonnull(error_remedy(error));
}

static void on_fatal(int signal)
{
	file_remove_temporaries();
	_exit(signal);
}

static void die_while_writing(const char *path)
{
	signal(SIGTERM, on_fatal);
	Output *first = output_create(path, TRUE, NULL), *second = output_create(path, TRUE, NULL);
	output_write(second, 0, "half", 4, NULL);
	output_free(first);
	raise(SIGTERM);
	_exit(0);
}

static void test_signal(Fixture *fixture, gconstpointer data)
{
	(void)data;
	int status;
	test_write(fixture->path, "old", 3);
	pid_t child = fork();
	if (child == 0)
		die_while_writing(fixture->path);
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(WEXITSTATUS(status), ==, SIGTERM);
	assert_contents(fixture->path, "old");
	g_assert_cmpuint(entries(fixture->folder), ==, 1);
}

static void leave(const char *folder, const char *name, int pid)
{
	g_autofree char *full = g_strdup_printf("%s/%s%d", folder, name, pid);
	test_write(full, "", 0);
}

static void test_sweep(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const char *folder = fixture->folder;
	pid_t dead = fork();
	if (dead == 0)
		_exit(0);
	waitpid(dead, NULL, 0);
	leave(folder, "swept.tmp.", dead);
	leave(folder, "swept.3.tmp.", dead);
	leave(folder, "alive.tmp.", getpid());
	leave(folder, "kept.tmp.x", dead);
	leave(folder, "kept.tmp.-", dead);
	leave(folder, "kept.temp.", dead);
	leave(folder, ".tmp.", dead);
	leave(folder, "kept.tmp.99999999999", dead);
	file_sweep_temporaries(folder);
	g_assert_cmpuint(entries(folder), ==, 6);
	g_autofree char *swept = g_strdup_printf("%s/swept.tmp.%d", folder, dead);
	g_assert_false(g_file_test(swept, G_FILE_TEST_EXISTS));
	file_sweep_temporaries(fixture->path);
}

/* Of one path alone, also a folder with what is in it. */
static void test_sweep_leftovers(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const char *folder = fixture->folder;
	g_autofree char *mine = g_build_filename(folder, "mine", NULL);
	pid_t dead = fork();
	if (dead == 0)
		_exit(0);
	waitpid(dead, NULL, 0);
	g_autofree char *inner = g_strdup_printf("%s/mine.2.tmp.%d", folder, dead);
	g_assert_cmpint(mkdir(inner, 0777), ==, 0);
	leave(inner, "model.safetensors.tmp.", dead);
	leave(inner, "config.json", 0);
	leave(folder, "mine.tmp.", dead);
	leave(folder, "mine.tmp.", getpid());
	leave(folder, "mine.x.tmp.", dead);
	leave(folder, "miner.tmp.", dead);
	leave(folder, "other.tmp.", dead);
	file_sweep_leftovers(mine);
	g_assert_cmpuint(entries(folder), ==, 4);
	g_assert_false(g_file_test(inner, G_FILE_TEST_EXISTS));
}

#define ADD(name, function) g_test_add("/file/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("open", test_open);
	ADD("read", test_read);
	g_test_add_func("/file/span", test_span);
	g_test_add("/file/fingerprint/small", Fixture, GSIZE_TO_POINTER(60001), set_up,
		test_fingerprint, tear_down);
	g_test_add("/file/fingerprint/large", Fixture, GSIZE_TO_POINTER(8 << 20), set_up,
		test_fingerprint, tear_down);
	ADD("fingerprint/empty", test_empty_fingerprint);
	ADD("commit", test_commit);
	ADD("abandon", test_abandon);
	ADD("replace", test_replace);
	ADD("late-arrival", test_late_arrival);
	ADD("two-outputs", test_two_outputs);
	ADD("bad-targets", test_bad_targets);
	ADD("reserve", test_reserve);
	ADD("limit", test_limit);
	ADD("signal", test_signal);
	ADD("sweep", test_sweep);
	ADD("sweep-leftovers", test_sweep_leftovers);
	return g_test_run();
}
