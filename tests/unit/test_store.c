/* test_store.c - stores that are reopened, damaged, locked, killed and made by others. */
#include "seals.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_same_statistics(const Store *a, const Store *b)
{
	guint tensors = collection_tensors(a->collection);
	for (guint i = 0; i < a->members->len; i++) {
		const Statistics *one = ((const StoreMember *)a->members->pdata[i])->statistics;
		const Statistics *other = ((const StoreMember *)b->members->pdata[i])->statistics;
		g_assert_cmpint(memcmp(one->minimum, other->minimum, tensors * 8), ==, 0);
		g_assert_cmpint(
			memcmp(one->largest_change, other->largest_change, tensors * 8), ==, 0);
		g_assert_cmpint(memcmp(one->hash, other->hash, tensors * 8), ==, 0);
		g_assert_cmpint(
			memcmp(one->sample, other->sample, a->plan->first[tensors] * 4), ==, 0);
	}
}

static void test_reopen(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_COPY);
	store_add_edit(store, "half", "0.5*mnist", 0.75);
	g_hash_table_insert(store->state, g_strdup("a/b"), g_strdup("two\nlines, ü"));
	g_hash_table_insert(store->state, g_strdup("."), g_strdup(""));
	g_autoptr(GError) error = NULL;
	store_commit(store, &error);
	test_no_error(error);
	g_autoptr(Store) again = reopen(scratch.store);
	g_assert_true(store_is_complete(again));
	assert_same_tables(store, again);
	assert_same_statistics(store, again);
	const StoreEdit *edit = again->edits->pdata[0];
	g_assert_cmpstr(edit->expression, ==, "0.5*mnist");
	g_assert_cmpfloat(edit->scale, ==, 0.75);
	g_assert_cmpstr(g_hash_table_lookup(again->state, "a/b"), ==, "two\nlines, ü");
	g_assert_cmpstr(g_hash_table_lookup(again->state, "."), ==, "");
	g_assert_true(store_is(scratch.store));
	const Checkpoint *mnist = collection_member(again->collection, 1)->checkpoint;
	g_assert_cmpstr(g_hash_table_lookup(mnist->metadata, "format"), ==, "pt");
}

/* The store and its folder can be moved together. */
static void test_moved(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_COPY);
	g_autofree char *elsewhere = scratch_path(&scratch, "elsewhere");
	g_autofree char *file = g_build_filename(elsewhere, "new.h5", NULL);
	g_autofree char *parts = g_build_filename(elsewhere, "new.d", NULL);
	g_autofree char *old = scratch_path(&scratch, "work.d");
	g_mkdir(elsewhere, 0777);
	g_assert_cmpint(g_rename(scratch.store, file), ==, 0);
	g_assert_cmpint(g_rename(old, parts), ==, 0);
	g_autoptr(Store) again = reopen(file);
	assert_same_tables(store, again);
	g_assert_true(store_member_usable(again, 1, NULL));
}

/* A link stays one, and leads to the store with its parts. */
static void test_linked(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *folder = scratch_path(&scratch, "real");
	g_autofree char *real = g_build_filename(folder, "real.h5", NULL);
	g_autofree char *beside = scratch_path(&scratch, "work.d");
	g_autofree char *second = scratch_path(&scratch, "second.h5");
	g_mkdir(folder, 0777);
	g_assert_cmpint(symlink("real/real.h5", scratch.store), ==, 0);
	g_assert_cmpint(symlink(scratch.store, second), ==, 0);
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_COPY);
	g_autoptr(Store) again = reopen(second);
	assert_same_tables(store, again);
	g_assert_cmpstr(again->path, ==, real);
	store_unlock(store);
	g_assert_true(store_commit(again, NULL));
	g_assert_true(g_file_test(scratch.store, G_FILE_TEST_IS_SYMLINK));
	g_assert_true(g_file_test(second, G_FILE_TEST_IS_SYMLINK));
	g_assert_false(g_file_test(beside, G_FILE_TEST_EXISTS));
	g_autoptr(Store) direct = reopen(real);
	g_assert_true(store_is_complete(direct));
	g_assert_true(store_member_usable(direct, 1, NULL));
}

static void test_empty(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = store_new(scratch.store);
	g_autoptr(GError) error = NULL;
	store_commit(store, &error);
	test_no_error(error);
	g_autoptr(Store) again = reopen(scratch.store);
	g_assert_null(again->collection);
	g_assert_false(store_is_complete(again));
}

/* Tensors of every kind that has a shape or a type of its own. */
static void test_odd_tensors(void)
{
	static const double values[] = {1.5, -2, 0.25, 448, 0, 1, 7, -0.5};
	const TestTensor tensors[] = {
		{"scalar", DTYPE_F32, 0, {0}, values},
		{"empty", DTYPE_F32, 2, {0, 3}, NULL},
		{"group/half", DTYPE_F16, 1, {8}, values},
		{"brain", DTYPE_BF16, 2, {2, 4}, values},
		{"e5m2", DTYPE_F8_E5M2, 1, {4}, values},
		{"e4m3", DTYPE_F8_E4M3, 1, {4}, values},
		{"double", DTYPE_F64, 3, {2, 2, 2}, values},
		{"count", DTYPE_I64, 1, {3}, NULL},
		{"mask", DTYPE_BOOL, 1, {5}, NULL},
		{"four", DTYPE_F4, 1, {6}, NULL},
		{"complex", DTYPE_C64, 1, {2}, NULL},
		{"%2F", DTYPE_U16, 1, {1}, NULL},
	};
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *base = scratch_path(&scratch, "base.safetensors");
	test_write_safetensors(base, tensors, G_N_ELEMENTS(tensors));
	g_autoptr(Store) store = store_new(scratch.store);
	load_into(store, request_of(base, WEIGHTS_COPY, "same", base, NULL));
	g_unlink(base);
	g_autoptr(Store) again = reopen(scratch.store);
	const Checkpoint *checkpoint = collection_member(again->collection, 1)->checkpoint;
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, G_N_ELEMENTS(tensors));
	for (guint i = 0; i < G_N_ELEMENTS(tensors); i++) {
		gint place = checkpoint_find(checkpoint, tensors[i].name);
		g_assert_cmpint(place, >=, 0);
		const Tensor *tensor = checkpoint_tensor(checkpoint, (guint)place);
		g_assert_cmpint(tensor->dtype, ==, tensors[i].dtype);
		g_assert_cmpuint(tensor->rank, ==, tensors[i].rank);
		guint8 raw[64], expected[64] = {0};
		g_assert_true(checkpoint_read_raw(
			checkpoint, (guint)place, 0, tensor->elements, raw, NULL));
		if (tensors[i].values && dtype_info(tensor->dtype)->class == CLASS_FLOAT)
			dtype_encode(tensor->dtype, values, tensor->elements, expected);
		g_assert_cmpint(memcmp(raw, expected, tensor->bytes), ==, 0);
	}
}

static guint verify(Store *store, const char *text)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	gboolean whole = store_verify(store, problems, NULL, &error);
	test_no_error(error);
	g_assert_cmpint(whole, ==, problems->len == 0);
	gboolean found = FALSE;
	for (guint i = 0; i < problems->len; i++)
		found = found || strstr(problems->pdata[i], text);
	g_assert_cmpint(found, ==, problems->len > 0);
	return problems->len;
}

static char *part_path(const Store *store, const char *kind, const char *hash)
{
	g_autofree char *folder = store_folder(store);
	return g_strdup_printf("%s/%s-%s.h5", folder, kind, hash);
}

static void test_verify(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_COPY);
	g_assert_cmpuint(verify(store, ""), ==, 0);
	g_autofree char *copy = part_path(store, "weights", stored(store, "mnist")->weights);
	flip_byte(copy, -5000);
	g_assert_cmpuint(verify(store, "mnist: the bytes of its weights"), ==, 2);
	flip_byte(copy, -5000);
	g_autofree char *rows = part_path(store, "rows", stored(store, "greek")->rows);
	flip_byte(rows, -5000);
	g_assert_cmpuint(verify(store, "greek: its results cannot be used"), ==, 1);
}

typedef struct {
	const char *member, *other;
	gboolean gone; /* else broken */
} LostRows;

/* A rows file that is broken or gone makes its member unknown, and a load makes it again; whether
 * its pairs were in it or in that of the other. */
static void test_lost_rows(gconstpointer data)
{
	const LostRows *lost = data;
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_LINK);
	g_autofree char *rows = part_path(store, "rows", stored(store, lost->member)->rows);
	g_autofree char *sentence =
		g_strdup_printf("the results of %s cannot be read: ", lost->member);
	if (lost->gone)
		g_unlink(rows);
	else
		flip_byte(rows, 5000);
	store_unlock(store);
	g_autoptr(Store) again = reopen(scratch.store);
	g_autoptr(GError) error = NULL;
	guint member = (guint)collection_find(again->collection, lost->member);
	g_assert_false(store_member_known(again, member, &error));
	test_error(error, lost->gone ? ERROR_IO : ERROR_INPUT, sentence);
	g_assert_nonnull(strstr(error->message, rows));
	g_assert_true(stored(again, lost->other)->known);
	load_into(again, load_request_new());
	g_assert_true(store_is_complete(again));
	assert_same_tables(store, again);
	g_autoptr(Store) third = reopen(scratch.store);
	assert_same_tables(store, third);
}

static void test_truncated(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_LINK);
	g_autofree char *bytes = NULL;
	gsize length = 0;
	g_assert_true(g_file_get_contents(scratch.store, &bytes, &length, NULL));
	for (gsize cut = 0; cut < length; cut += 97) {
		test_write(scratch.store, bytes, cut);
		assert_not_opened(scratch.store, ERROR_INPUT, "store");
	}
	test_write(scratch.store, bytes, length);
	g_autoptr(Store) again = reopen(scratch.store);
	assert_same_tables(store, again);
}

static void test_not_a_store(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *checkpoint = test_source("data/digits/base/model.safetensors");
	assert_not_opened(checkpoint, ERROR_INPUT, "not a tauscope store");
	assert_not_opened(scratch.folder, ERROR_IO, scratch.folder);
	assert_not_opened("/nonexistent.h5", ERROR_IO, "/nonexistent.h5");
	g_assert_false(store_is(checkpoint));
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_COPY);
	g_autofree char *rows = part_path(store, "rows", stored(store, "mnist")->rows);
	assert_not_opened(rows, ERROR_INPUT, "not a tauscope store");
}

static void test_newer(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_LINK);
	g_autofree char *bytes = NULL;
	gsize length = 0;
	g_assert_true(g_file_get_contents(scratch.store, &bytes, &length, NULL));
	seal_bytes(bytes, length, 1);
	test_write(scratch.store, bytes, length);
	g_autoptr(Store) same = reopen(scratch.store);
	assert_same_tables(store, same);
	seal_bytes(bytes, length, 2);
	test_write(scratch.store, bytes, length);
	assert_not_opened(scratch.store, ERROR_INPUT, "newer tauscope");
}

/* One flipped byte is noticed before libhdf5 sees it. */
static void test_flipped(void)
{
	g_auto(Scratch) scratch = scratch_new();
	store_free(digits_store(&scratch, WEIGHTS_LINK));
	g_autofree char *bytes = NULL;
	gsize length = 0;
	g_assert_true(g_file_get_contents(scratch.store, &bytes, &length, NULL));
	for (gsize at = SEAL_BYTES; at < length; at += 89) {
		bytes[at] ^= 0x10;
		test_write(scratch.store, bytes, length);
		assert_not_opened(scratch.store, ERROR_INPUT, "checksum");
		bytes[at] ^= 0x10;
	}
}

typedef enum { OPENED, REFUSED, CRASHED_INSIDE_HDF5 } Outcome;

/* Opens in a child that may crash or hang, as libhdf5 1.10 does on some damaged files. */
static Outcome open_in_child(const char *path)
{
	pid_t child = fork();
	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		const struct rlimit none = {0, 0};
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGSEGV, SIG_DFL);
		alarm(10);
		g_autoptr(GError) error = NULL;
		g_autoptr(Store) store = store_open(path, &error);
		_exit(store ? OPENED : error ? REFUSED : 99);
	}
	int status = 0;
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	if (!WIFEXITED(status))
		return CRASHED_INSIDE_HDF5;
	g_assert_cmpint(WEXITSTATUS(status), <=, REFUSED);
	return (Outcome)WEXITSTATUS(status);
}

/* Stores by someone who knows the seal: whatever the bytes, ours is no crash and no false store. */
static void test_hostile(void)
{
	g_auto(Scratch) scratch = scratch_new();
	store_free(digits_store(&scratch, WEIGHTS_LINK));
	g_autofree char *bytes = NULL;
	gsize length = 0;
	guint count[3] = {0};
	g_assert_true(g_file_get_contents(scratch.store, &bytes, &length, NULL));
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	for (guint trial = 0; trial < 300; trial++) {
		g_autofree char *bad = g_memdup2(bytes, length);
		for (gint flips = g_rand_int_range(random, 1, 4); flips > 0; flips--)
			bad[g_rand_int_range(random, SEAL_BYTES, (gint32)length)] =
				(char)g_rand_int_range(random, -128, 128);
		seal_bytes(bad, length, 1);
		test_write(scratch.store, bad, length);
		count[open_in_child(scratch.store)]++;
	}
	g_test_message("hostile stores: %u opened, %u refused, %u ended in the library", count[0],
		count[1], count[2]);
	g_assert_cmpuint(count[REFUSED], >, 0);
	g_assert_cmpuint(count[CRASHED_INSIDE_HDF5], <=, 15);
}

static void test_false_spans(void)
{
	static const char table[] = "/checkpoints/mnist/tensors";
	static const struct {
		const char *field, *text;
		guint64 number;
		const char *message;
	} cases[] = {
		{"offset", NULL, G_MAXUINT64 - 3, "outside of its file"},
		{"offset", NULL, 257920, "outside of its file"},
		{"bytes", NULL, 191, "do not give its bytes"},
		{"file", NULL, 1, "outside of its file"},
		{"file", NULL, G_GUINT64_CONSTANT(1) << 32, "outside of its file"},
		{"type", "Q42", 0, "type is unknown"},
		{"shape", "[48", 0, "not a shape"},
		{"shape", "[48,]", 0, "not a shape"},
		{"shape", "[-48]", 0, "not a shape"},
		{"shape", "[7]", 0, "do not give its bytes"},
		{"name", "\xff", 0, "name of a tensor"},
		{"name", "", 0, "name of a tensor"},
		{"name", "head.weight", 0, "two tensors"},
	};
	g_auto(Scratch) scratch = scratch_new();
	store_free(digits_store(&scratch, WEIGHTS_LINK));
	g_autofree char *bytes = NULL;
	gsize length = 0;
	g_assert_true(g_file_get_contents(scratch.store, &bytes, &length, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		test_write(scratch.store, bytes, length);
		if (cases[i].text)
			rewrite_text(scratch.store, table, cases[i].field, cases[i].text);
		else
			rewrite_number(scratch.store, table, cases[i].field, cases[i].number);
		assert_not_opened(scratch.store, ERROR_INPUT, cases[i].message);
	}
}

static void test_lock(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) first = digits_store(&scratch, WEIGHTS_LINK);
	g_autoptr(Store) second = reopen(scratch.store);
	g_autoptr(GError) error = NULL;
	g_assert_false(store_lock(second, &error));
	g_autofree char *owner = g_strdup_printf("open for writing in process %d", (int)getpid());
	test_error(error, ERROR_IO, owner);
	g_clear_error(&error);
	store_unlock(first);
	g_assert_true(store_lock(second, &error));
	test_no_error(error);
	g_assert_true(store_commit(second, &error));
	store_unlock(second);
	g_autofree char *lock = scratch_path(&scratch, "work.h5.lock");
	g_assert_false(g_file_test(lock, G_FILE_TEST_EXISTS));
	g_assert_false(store_commit(first, &error));
	test_error(error, ERROR_IO, "another process wrote the store");
}

static void end_tidily(G_GNUC_UNUSED int number)
{
	file_remove_temporaries();
	_exit(0);
}

/* Takes and leaves the lock until a signal comes, and then ends as the program does. */
G_NORETURN static void lock_for(const char *path, guint microseconds)
{
	struct itimerval timer = {.it_value.tv_usec = (suseconds_t)microseconds};
	Store *store = store_new(path);
	signal(SIGALRM, end_tidily);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (;;) {
		store_lock(store, NULL);
		store_unlock(store);
	}
}

/* Whatever a signal falls between, the lock goes with its owner. */
static void test_interrupted_lock(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *lock = scratch_path(&scratch, "work.h5.lock");
	for (guint i = 0; i < 200; i++) {
		int status = 0;
		pid_t child = fork();
		if (child == 0)
			lock_for(scratch.store, 200 + 7 * i);
		g_assert_cmpint(waitpid(child, &status, 0), ==, child);
		g_assert_cmpint(status, ==, 0);
		g_assert_false(g_file_test(lock, G_FILE_TEST_EXISTS));
	}
}

/* A lock whose owner was killed holds nobody up. */
static void test_stale_lock(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *lock = scratch_path(&scratch, "work.h5.lock");
	test_write(lock, "1\n", 2);
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_LINK);
	g_assert_true(store_is_complete(store));
}

/* What another program keeps under the name of the lock stays as it is. */
static void test_foreign_lock(void)
{
	static const char *const contents[] = {"precious\n", "12", "\n", "12\n\n",
		"more than the number of a process could ever be\n"};
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *lock = scratch_path(&scratch, "work.h5.lock");
	for (guint i = 0; i < G_N_ELEMENTS(contents); i++) {
		g_autoptr(Store) store = store_new(scratch.store);
		g_autoptr(GError) error = NULL;
		g_autofree char *after = NULL;
		test_write(lock, contents[i], strlen(contents[i]));
		g_assert_false(store_commit(store, &error));
		test_error(error, ERROR_IO, "was not made as one");
		g_assert_true(g_file_get_contents(lock, &after, NULL, NULL));
		g_assert_cmpstr(after, ==, contents[i]);
		g_assert_false(g_file_test(scratch.store, G_FILE_TEST_EXISTS));
	}
	test_write(lock, "", 0);
	g_autoptr(Store) store = store_new(scratch.store);
	g_assert_true(store_commit(store, NULL));
}

/* Where nothing can be written: a folder that is none. */
static void test_unwritable(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *file = scratch_path(&scratch, "file");
	g_autofree char *path = g_build_filename(file, "work.h5", NULL);
	test_write(file, "x", 1);
	g_autoptr(Store) store = store_new(path);
	g_autoptr(GError) error = NULL;
	g_assert_false(store_commit(store, &error));
	test_error(error, ERROR_IO, "cannot write");
}

/* A full disk, played by a limit on the size of files. */
static void test_full_disk(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_LINK);
	struct rlimit before, small;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){20000, before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &small);
	g_autoptr(GError) error = NULL;
	gboolean committed = store_commit(store, &error);
	setrlimit(RLIMIT_FSIZE, &before);
	g_assert_false(committed);
	test_error(error, ERROR_IO, "File too large");
	g_autoptr(Store) again = reopen(scratch.store);
	assert_same_tables(store, again);
	g_assert_true(store_commit(store, NULL));
}

static void test_sweep(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_COPY);
	g_autofree char *folder = store_folder(store);
	static const struct {
		const char *name;
		gboolean stays;
	} files[] = {
		{"rows-00000000000000000000000000000000.h5", FALSE},
		{"weights-0123456789abcdef0123456789abcdef.h5", FALSE},
		{"rows-0.h5", TRUE},
		{"notes.txt", TRUE},
		{"rows-00000000000000000000000000000000.h5.tmp.2147483646", FALSE},
	};
	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(folder, files[i].name, NULL);
		test_write(path, "", 0);
	}
	g_autofree char *killed = scratch_path(&scratch, "work.h5.tmp.2147483646");
	g_autofree char *foreign = scratch_path(&scratch, "other.h5.tmp.2147483646");
	test_write(killed, "", 0);
	test_write(foreign, "", 0);
	g_assert_true(store_commit(store, NULL));
	g_assert_false(g_file_test(killed, G_FILE_TEST_EXISTS));
	g_assert_true(g_file_test(foreign, G_FILE_TEST_EXISTS));
	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(folder, files[i].name, NULL);
		g_assert_cmpint(g_file_test(path, G_FILE_TEST_EXISTS), ==, files[i].stays);
	}
	g_assert_cmpuint(count_parts(store, "weights-"), ==, 3);
	g_autoptr(Store) again = reopen(scratch.store);
	g_assert_true(store_is_complete(again));
}

/* Commits again and again, each time with another number of edits and another task. */
static void commit_for_ever(const Scratch *scratch)
{
	g_autoptr(Store) store = reopen(scratch->store);
	g_autofree char *greek = scratch_path(scratch, "greek.safetensors");
	for (guint round = 0;; round++) {
		g_autofree char *name = g_strdup_printf("edit %u", round % 40);
		store_add_edit(store, name, "mnist", round);
		LoadRequest *request = load_request_new();
		if (round % 2)
			g_ptr_array_add(request->drop, g_strdup("greek"));
		else
			load_request_add(request, "greek", greek, FALSE);
		load_into(store, request);
	}
}

static void test_killed(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_COPY);
	store_unlock(store);
	guint with_greek = 0;
	for (guint trial = 0; trial < 40; trial++) {
		pid_t child = fork();
		if (child == 0)
			commit_for_ever(&scratch);
		g_usleep(20000 + 1777 * (gulong)trial);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		g_autoptr(Store) again = reopen(scratch.store);
		g_assert_true(store_is_complete(again));
		with_greek += collection_members(again->collection) == 3 ? 1 : 0;
		g_assert_true(store_member_usable(again, 1, NULL));
	}
	g_autoptr(Store) last = reopen(scratch.store);
	g_assert_cmpuint(last->edits->len, >, 0);
	load_into(last, load_request_new());
	g_assert_cmpuint(count_parts(last, "rows-"), ==, collection_members(last->collection));
	g_assert_cmpuint(count_parts(last, "weights-"), ==, collection_members(last->collection));
	g_test_message("%u of 40 stores had greek", with_greek);
}

int main(int argc, char **argv)
{
	static const LostRows broken = {"greek", "mnist", FALSE}, gone = {"mnist", "greek", TRUE};
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/killed", test_killed);
	g_test_add_func("/store/reopen", test_reopen);
	g_test_add_func("/store/moved", test_moved);
	g_test_add_func("/store/linked", test_linked);
	g_test_add_func("/store/empty", test_empty);
	g_test_add_func("/store/odd-tensors", test_odd_tensors);
	g_test_add_func("/store/verify", test_verify);
	g_test_add_data_func("/store/lost-rows/broken", &broken, test_lost_rows);
	g_test_add_data_func("/store/lost-rows/gone", &gone, test_lost_rows);
	g_test_add_func("/store/truncated", test_truncated);
	g_test_add_func("/store/not-a-store", test_not_a_store);
	g_test_add_func("/store/newer", test_newer);
	g_test_add_func("/store/flipped", test_flipped);
	g_test_add_func("/store/hostile", test_hostile);
	g_test_add_func("/store/false-spans", test_false_spans);
	g_test_add_func("/store/lock", test_lock);
	g_test_add_func("/store/interrupted-lock", test_interrupted_lock);
	g_test_add_func("/store/stale-lock", test_stale_lock);
	g_test_add_func("/store/foreign-lock", test_foreign_lock);
	g_test_add_func("/store/unwritable", test_unwritable);
	g_test_add_func("/store/full-disk", test_full_disk);
	g_test_add_func("/store/sweep", test_sweep);
	return g_test_run();
}
