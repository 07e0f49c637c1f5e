/* test_deferred.c - weights that a store left where they are, and that are made when they are read:
 * by several threads, after the file has gone, and of tables that lie. */
#include "store/deferred.h"
#include "hdf5_files.h"
#include "seals.h"

#define MADE "/checkpoints/task/made"
#define TENSORS "/checkpoints/task/tensors"

enum { WIDTH = 300, HEIGHT = 400, ELEMENTS = WIDTH * HEIGHT };
#define BYTES (ELEMENTS * sizeof(float))

/* A base and a task in chunks, which no span has, linked into a store. */
typedef struct {
	Scratch scratch;
	TestHdf5 base, task;
	float *base_values, *task_values;
} Linked;

static TestHdf5 write_chunked(const float *values)
{
	const hsize_t chunk[] = {64, 64};
	TestHdf5 test = test_hdf5_new(FALSE, 0);
	TestDataset dataset = {
		"w", H5T_IEEE_F32LE, test_hdf5_chunks(2, chunk), 2, {HEIGHT, WIDTH}, NULL, values};
	test_hdf5_add(test.file, dataset);
	test_hdf5_close(&test);
	return test;
}

static Linked linked_new(void)
{
	Linked linked = {.scratch = scratch_new(),
		.base_values = test_ramp(ELEMENTS),
		.task_values = test_ramp(ELEMENTS)};
	for (guint i = 0; i < ELEMENTS; i++)
		linked.task_values[i] *= 2;
	linked.base = write_chunked(linked.base_values);
	linked.task = write_chunked(linked.task_values);
	g_autoptr(Store) store = store_new(linked.scratch.store);
	load_into(
		store, request_of(linked.base.path, WEIGHTS_LINK, "task", linked.task.path, NULL));
	return linked;
}

static void linked_clear(Linked *linked)
{
	scratch_free(&linked->scratch);
	test_hdf5_clear(&linked->base);
	test_hdf5_clear(&linked->task);
	g_free(linked->base_values);
	g_free(linked->task_values);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Linked, linked_clear)

static const Checkpoint *task_of(const Store *store)
{
	return collection_member(store->collection, 1)->checkpoint;
}

static gpointer read_all(gpointer data)
{
	const Store *store = data;
	g_autoptr(GError) error = NULL;
	float *values = g_new(float, 2 * ELEMENTS);
	for (guint i = 0; i < 2; i++) {
		const Checkpoint *from = collection_member(store->collection, i)->checkpoint;
		checkpoint_read_raw(from, 0, 0, ELEMENTS, values + i * ELEMENTS, &error);
		test_no_error(error);
	}
	return values;
}

/* The first to read opens the file, whoever that is. */
static void test_threads(void)
{
	g_auto(Linked) linked = linked_new();
	g_autoptr(Store) store = reopen(linked.scratch.store);
	GThread *threads[4];

	g_assert_cmpstr(source_name(checkpoint_tensor(task_of(store), 0)->source), ==, "chunked");
	for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new(NULL, read_all, store);
	for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
		g_autofree float *values = g_thread_join(threads[i]);
		g_assert_cmpint(memcmp(values, linked.base_values, BYTES), ==, 0);
		g_assert_cmpint(memcmp(values + ELEMENTS, linked.task_values, BYTES), ==, 0);
	}
}

static void expect_failure(const Store *store, int code, const char *text)
{
	g_autoptr(GError) error = NULL;
	float value;
	g_assert_false(checkpoint_read_raw(task_of(store), 0, 0, 1, &value, &error));
	test_error(error, code, text);
}

/* Gone after the store was opened, then another file, then put back. */
static void test_gone_and_back(void)
{
	g_auto(Linked) linked = linked_new();
	g_autoptr(Store) store = reopen(linked.scratch.store);
	g_autofree char *aside = g_strconcat(linked.task.path, ".old", NULL);
	const double other[] = {1, 2};
	const TestTensor tensors[] = {{"w", DTYPE_F32, 1, {2}, other}};
	float value = 0;

	g_assert_cmpint(g_rename(linked.task.path, aside), ==, 0);
	expect_failure(store, ERROR_IO, linked.task.path);
	g_assert_cmpint(g_rename(aside, linked.task.path), ==, 0);
	g_assert_true(checkpoint_read_raw(task_of(store), 0, 7, 1, &value, NULL));
	g_assert_cmpfloat(value, ==, linked.task_values[7]);

	g_autoptr(Store) again = reopen(linked.scratch.store);
	test_write_safetensors(linked.task.path, tensors, 1);
	expect_failure(again, ERROR_INPUT, "no longer holds the tensor that was loaded");
	g_autoptr(Store) changed = reopen(linked.scratch.store);
	expect_failure(changed, ERROR_IO, "have changed, or are not there");
}

/* What a store says of made tensors is checked like what it says of others. */
static void test_lies(void)
{
	g_auto(Linked) linked = linked_new();
	const char *path = linked.scratch.store;
	g_autofree char *bytes = NULL;
	gsize length = 0;
	g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));

	rewrite_number(path, MADE, "tensor", 1);
	assert_not_opened(path, ERROR_INPUT, "of no tensor");
	test_write(path, bytes, length);
	rewrite_text(path, TENSORS, "type", "F4");
	assert_not_opened(path, ERROR_INPUT, "do not give its bytes");
	rewrite_number(path, TENSORS, "bytes", ELEMENTS / 2);
	assert_not_opened(path, ERROR_INPUT, "no source makes elements below a byte");
	test_write(path, bytes, length);
	g_autoptr(Store) store = reopen(path);
	g_assert_true(store_is_complete(store));
}

/* A tensor that is not of the type that it was: nothing of it may fill the caller's buffer. */
static void test_other_type(void)
{
	static const double values[] = {1, 2};
	const TestTensor stored = {"w", DTYPE_F64, 1, {2}, values};
	g_autofree char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "w.safetensors", NULL);
	g_autoptr(Deferred) deferred = deferred_new(path);
	g_autoptr(GError) error = NULL;
	float out[2];
	test_write_safetensors(path, &stored, 1);
	Tensor wanted = {.name = (char *)"w", .dtype = DTYPE_F32, .elements = 2};
	g_autoptr(Source) source = deferred_source(deferred, &wanted, "strided");
	g_assert_false(source_read(source, 0, 2, out, &error));
	test_error(error, ERROR_INPUT, "no longer holds the tensor");
	test_folder_remove(g_steal_pointer(&folder));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/deferred/threads", test_threads);
	g_test_add_func("/deferred/gone-and-back", test_gone_and_back);
	g_test_add_func("/deferred/other-type", test_other_type);
	g_test_add_func("/deferred/lies", test_lies);
	return g_test_run();
}
