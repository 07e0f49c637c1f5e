/* test_hdf5_child.c - the child that libhdf5 runs in, with work that goes wrong in every way, and
 * its parent's reading of what it says. */
#include "checkpoint/hdf5_child.h"
#include "checkpoint/hdf5_dataset.h"
#include "hdf5_files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static GByteArray *ask(Hdf5Work work, int fd, GError **error)
{
	Hdf5Image image = {.fd = fd, .length = 100};
	return hdf5_child_ask(work, &image, "x.h5", error);
}

/* Fails with a sentence, and leaves no child behind. */
static void check_refused(Hdf5Work work, const char *text)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(ask(work, -1, &error));
	test_error(error, ERROR_INPUT, text);
	g_assert_cmpstr(error_file(error), ==, "x.h5");
	g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
	g_assert_cmpint(errno, ==, ECHILD);
}

static void say(int fd, const void *bytes, gsize length)
{
	if (write(fd, bytes, length) != (ssize_t)length)
		_exit(2);
}

static void work_well(G_GNUC_UNUSED const Hdf5Image *image, int fd, void (*alive)(void))
{
	alive();
	say(fd, "hello", 5);
}

static void test_well(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GByteArray) said = ask(work_well, -1, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(said->len, ==, 5);
	g_assert_cmpint(memcmp(said->data, "hello", 5), ==, 0);
	g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
}

static void work_crash(G_GNUC_UNUSED const Hdf5Image *image, G_GNUC_UNUSED int fd,
	G_GNUC_UNUSED void (*alive)(void))
{
	raise(SIGSEGV);
}

static void work_abort(
	G_GNUC_UNUSED const Hdf5Image *image, int fd, G_GNUC_UNUSED void (*alive)(void))
{
	say(fd, "so far so good", 14);
	abort();
}

static void work_fail(G_GNUC_UNUSED const Hdf5Image *image, G_GNUC_UNUSED int fd,
	G_GNUC_UNUSED void (*alive)(void))
{
	_exit(7);
}

static void test_crash(void)
{
	check_refused(work_crash, "libhdf5 crashed on it (signal 11)");
	check_refused(work_abort, "libhdf5 crashed on it (signal 6)");
	check_refused(work_fail, "libhdf5 failed on it (status 7)");
}

static void work_hang(G_GNUC_UNUSED const Hdf5Image *image, G_GNUC_UNUSED int fd,
	G_GNUC_UNUSED void (*alive)(void))
{
	for (volatile guint i = 0;; i++)
		;
}

/* The verdict comes in less than a second of its processor time. */
static void test_hang(void)
{
	struct rusage before, after;

	getrusage(RUSAGE_CHILDREN, &before);
	check_refused(work_hang, "libhdf5 hangs on it");
	getrusage(RUSAGE_CHILDREN, &after);
	gint64 used = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * G_USEC_PER_SEC +
		      after.ru_utime.tv_usec - before.ru_utime.tv_usec;
	g_assert_cmpint(used, <, G_USEC_PER_SEC);
}

/* Says so much that no file of 100 bytes can explain it; the parent does not keep it. */
static void work_flood(G_GNUC_UNUSED const Hdf5Image *image, int fd, void (*alive)(void))
{
	static guint8 block[65536];
	for (;;) {
		say(fd, block, sizeof block);
		alive();
	}
}

static void test_flood(void)
{
	check_refused(work_flood, "longer than its size explains");
}

/* What the child has of its parent: neither files nor handlers. */
static void work_look(const Hdf5Image *image, int fd, G_GNUC_UNUSED void (*alive)(void))
{
	struct sigaction user, end;
	struct rlimit core, space;
	sigset_t mask;
	guint8 sees = 0;

	sigaction(SIGUSR1, NULL, &user);
	sigaction(SIGINT, NULL, &end);
	getrlimit(RLIMIT_CORE, &core);
	getrlimit(RLIMIT_AS, &space);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int other = 0; other < 1024; other++)
		sees |= other != fd && other != image->fd && fcntl(other, F_GETFD) >= 0;
	sees |= user.sa_handler != SIG_DFL ? 2 : 0;
	sees |= end.sa_handler != SIG_IGN ? 4 : 0;
	sees |= sigismember(&mask, SIGUSR2) ? 8 : 0;
	sees |= core.rlim_max != 0 ? 16 : 0;
	sees |= space.rlim_max == RLIM_INFINITY ? 32 : 0;
	sees |= image->fd >= 0 && fcntl(image->fd, F_GETFD) < 0 ? 64 : 0;
	say(fd, &sees, 1);
}

static void on_signal(G_GNUC_UNUSED int number)
{
}

static void test_inherits_nothing(void)
{
	g_autoptr(GError) error = NULL;
	sigset_t blocked, mask;
	int kept = open("/dev/null", O_RDONLY);

	signal(SIGUSR1, on_signal);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	g_autoptr(GByteArray) said = ask(work_look, kept, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(said->len, ==, 1);
	g_assert_cmpint(said->data[0], ==, 0);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	g_assert_true(sigismember(&mask, SIGUSR2));
	g_assert_false(sigismember(&mask, SIGTERM));
	close(kept);
}

/* Takes 2 GiB where it can. */
static void work_hoard(
	G_GNUC_UNUSED const Hdf5Image *image, int fd, G_GNUC_UNUSED void (*alive)(void))
{
	void *memory = mmap(NULL, (gsize)2 << 30, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct rlimit space;
	getrlimit(RLIMIT_AS, &space);
	/* With a sanitizer the limit is far away. */
	guint8 refused = memory == MAP_FAILED || space.rlim_max > (rlim_t)1 << 40;
	say(fd, &refused, 1);
}

static void test_memory(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GByteArray) said = ask(work_hoard, -1, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(said->len, ==, 1);
	g_assert_cmpint(said->data[0], ==, 1);
}

/* Where children are not waited for, their status is lost, and their answer is not. */
static void test_ignored_children(void)
{
	g_autoptr(GError) error = NULL;

	signal(SIGCHLD, SIG_IGN);
	g_autoptr(GByteArray) said = ask(work_well, -1, &error);
	signal(SIGCHLD, SIG_DFL);
	g_assert_no_error(error);
	g_assert_cmpuint(said->len, ==, 5);
}

/* A reply, as a child would say it. */
static void put(GByteArray *reply, guint32 kind, const void *bytes, gsize length)
{
	const Hdf5Record record = {.kind = kind, .length = (guint32)length};
	static const guint8 zeros[8];
	g_byte_array_append(reply, (const guint8 *)&record, sizeof record);
	if (length > 0)
		g_byte_array_append(reply, bytes, (guint)length);
	g_byte_array_append(reply, zeros, (guint)(-length % 8));
}

static void put_dataset(GByteArray *reply, const Hdf5Dataset *dataset, const char *name)
{
	g_autoptr(GByteArray) record = g_byte_array_new();
	g_byte_array_append(record, (const guint8 *)dataset, sizeof *dataset);
	g_byte_array_append(record, (const guint8 *)name, (guint)strlen(name) + 1);
	put(reply, HDF5_DATASET, record->data, record->len);
}

static void check_reply(GByteArray *reply, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(hdf5_reply_read(reply->data, reply->len, "x.h5", &error));
	test_error(error, ERROR_INPUT, text);
	g_byte_array_set_size(reply, 0);
}

static void test_reply(void)
{
	static const char nonsense[] = "makes no sense", refused[] = "\0bad\0mend it";
	g_autoptr(GByteArray) reply = g_byte_array_new();
	const Hdf5Dataset deep = {.rank = 33}, unknown = {.dtype = DTYPE_COUNT},
			  plain = {.rank = 0};
	const Hdf5Chunk chunk = {0};

	check_reply(reply, nonsense);
	put(reply, 99, "", 1);
	check_reply(reply, nonsense);
	put_dataset(reply, &plain, "w");
	check_reply(reply, nonsense);
	put_dataset(reply, &deep, "w");
	check_reply(reply, nonsense);
	put_dataset(reply, &unknown, "w");
	check_reply(reply, nonsense);
	put(reply, HDF5_DATASET, &plain, sizeof plain);
	check_reply(reply, nonsense);
	put_dataset(reply, &plain, "\xff");
	check_reply(reply, "not UTF-8");
	put(reply, HDF5_CHUNKS, &chunk, sizeof chunk);
	check_reply(reply, nonsense);
	put_dataset(reply, &plain, "w");
	put(reply, HDF5_CHUNKS, &chunk, sizeof chunk);
	check_reply(reply, nonsense);
	put(reply, HDF5_REFUSED, refused, sizeof refused);
	check_reply(reply, "x.h5: bad; mend it");
	put(reply, HDF5_END, NULL, 0);
	g_byte_array_set_size(reply, 4);
	check_reply(reply, nonsense);
}

/* Chunks must be told in order, so that none is told twice. */
static void test_reply_chunks(void)
{
	const Hdf5Dataset chunked = {.layout = HDF5_CHUNKED, .rank = 1, .shape = {9}, .chunk = {3}};
	const Hdf5Chunk rising[] = {{.cell = 0}, {.cell = 2}}, twice[] = {{.cell = 1}, {.cell = 1}};
	g_autoptr(GByteArray) reply = g_byte_array_new();
	g_autoptr(GError) error = NULL;

	put_dataset(reply, &chunked, "w");
	put(reply, HDF5_CHUNKS, twice, sizeof twice);
	put(reply, HDF5_END, NULL, 0);
	check_reply(reply, "makes no sense");
	put_dataset(reply, &chunked, "w");
	put(reply, HDF5_CHUNKS, rising, sizeof rising);
	put(reply, HDF5_END, NULL, 0);
	g_autoptr(GArray) rows = hdf5_reply_read(reply->data, reply->len, "x.h5", &error);
	g_assert_no_error(error);
	g_assert_cmpuint(rows->len, ==, 1);
	g_assert_cmpuint(g_array_index(rows, Hdf5Row, 0).chunks->len, ==, 2);
}

/* Claims about a file of 100 bytes that cannot be. */
static void check_claim(const Hdf5Dataset *claim, const Hdf5Chunk *chunk, const char *text)
{
	g_autoptr(Checkpoint) checkpoint = checkpoint_new("x.h5", "hdf5");
	g_autoptr(Bytes) whole = bytes_memory(g_malloc0(100), 100);
	g_autoptr(GArray) chunks = g_array_new(FALSE, FALSE, sizeof *chunk);
	g_autoptr(GError) error = NULL;
	Hdf5Row row = {.name = "w", .dataset = claim, .chunks = chunks};

	if (chunk != NULL)
		g_array_append_val(chunks, *chunk);
	checkpoint_add_file(checkpoint, "x.h5", NULL);
	g_assert_false(hdf5_add_dataset(checkpoint, 0, whole, "w", &row, &error));
	test_error(error, ERROR_INPUT, text);
	g_assert_cmpstr(error_tensor(error), ==, "w");
}

static void test_claims(void)
{
	const Hdf5Dataset chunked = {.layout = HDF5_CHUNKED,
		.dtype = DTYPE_F32,
		.rank = 1,
		.shape = {10},
		.chunk = {10},
		.filled = 1};
	Hdf5Dataset claim = {.dtype = DTYPE_F32,
		.rank = 2,
		.shape = {G_MAXUINT64 / 2, 8},
		.length = G_MAXUINT64};
	check_claim(&claim, NULL, "overflows");
	claim.shape[0] = 0;
	claim.shape[1] = G_MAXUINT64;
	claim.shape[2] = 2;
	claim.rank = 3;
	check_claim(&claim, NULL, "overflows");
	claim.rank = 2;
	claim.shape[0] = claim.shape[1] = 5;
	claim.offset = 1;
	check_claim(&claim, NULL, "beyond the end of the file");
	claim.offset = G_MAXUINT64 - 1;
	check_claim(&claim, NULL, "beyond the end of the file");
	claim.length = 99;
	check_claim(&claim, NULL, "its storage has 99 bytes, its shape needs 100");

	check_claim(&chunked, &(Hdf5Chunk){.offset = 61, .stored = 40}, "lies outside");
	check_claim(&chunked, &(Hdf5Chunk){.cell = 1, .stored = 40}, "lies outside");
	check_claim(&chunked, &(Hdf5Chunk){.stored = 39}, "cannot be 40 bytes");
	claim = chunked;
	claim.chunk[0] = 0;
	check_claim(&claim, NULL, "empty");
	claim = chunked;
	claim.filters = 2;
	claim.filter[0] = claim.filter[1] = HDF5_DEFLATE;
	check_claim(&claim, NULL, "twice");
	claim.filter[1] = 77;
	check_claim(&claim, NULL, "not known");
	claim.filters = 1;
	claim.chunk[0] = claim.shape[0] = 1 << 20;
	check_claim(&claim, &(Hdf5Chunk){.stored = 80}, "cannot be 4194304 bytes");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/well", test_well);
	g_test_add_func("/crash", test_crash);
	g_test_add_func("/hang", test_hang);
	g_test_add_func("/flood", test_flood);
	g_test_add_func("/inherits-nothing", test_inherits_nothing);
	g_test_add_func("/memory", test_memory);
	g_test_add_func("/ignored-children", test_ignored_children);
	g_test_add_func("/reply", test_reply);
	g_test_add_func("/reply-chunks", test_reply_chunks);
	g_test_add_func("/claims", test_claims);
	return g_test_run();
}
