/* test_view.c - views of stored elements against the place of each element worked out by its
 * formula: offset + the sum of index times stride. */
#include "checkpoint/view.h"

#include "core/error.h"
#include "test.h"

#include <string.h>
#include <zlib.h>

#define STORED 200000u

/* A storage whose element i has the value i, of 4 bytes. */
static guint8 *stored_bytes(gboolean swapped)
{
	guint32 *values = g_new(guint32, STORED);
	for (guint32 i = 0; i < STORED; i++)
		values[i] = swapped ? GUINT32_TO_BE(i) : GUINT32_TO_LE(i);
	return (guint8 *)values;
}

static Checkpoint *empty_checkpoint(void)
{
	Checkpoint *checkpoint = checkpoint_new("test", "test");
	checkpoint_add_file(checkpoint, "storage", NULL);
	return checkpoint;
}

/* The stored element that a view's element `number` in C order is. */
static guint64 place_of(const View *view, guint64 number)
{
	guint64 place = view->offset;
	for (guint i = view->rank; i-- > 0;) {
		place += number % view->shape[i] * view->strides[i];
		number /= view->shape[i];
	}
	return place;
}

static void check_run(const Checkpoint *checkpoint, const View *view, guint64 first, guint64 count)
{
	g_autoptr(GError) error = NULL;
	g_autofree guint32 *out = g_new(guint32, MAX(count, 1));
	checkpoint_read_raw(checkpoint, 0, first, count, out, &error);
	test_no_error(error);
	for (guint64 i = 0; i < count; i++)
		g_assert_cmpuint(GUINT32_FROM_LE(out[i]), ==, place_of(view, first + i));
}

static void check_view(const View *view, GRand *rand)
{
	g_autoptr(Checkpoint) checkpoint = empty_checkpoint();
	g_autoptr(GError) error = NULL;
	checkpoint_add_view(checkpoint, view, &error);
	test_no_error(error);
	guint64 elements = checkpoint_tensor(checkpoint, 0)->elements;
	check_run(checkpoint, view, 0, elements);
	for (guint i = 0; i < 8 && elements > 0; i++) {
		guint64 first = g_rand_int(rand) % elements;
		check_run(checkpoint, view, first, g_rand_int(rand) % (elements - first + 1));
	}
}

/* Any shape of up to 5 axes, transposed, sliced, and with gaps, in both byte orders. */
static void test_random_views(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	for (guint round = 0; round < 400; round++) {
		guint64 shape[5], strides[5], reach = 1;
		guint order[5], rank = g_rand_int(rand) % 6;
		for (guint i = 0; i < rank; i++) {
			order[i] = i;
			shape[i] = 1 + g_rand_int(rand) % 9;
		}
		for (guint i = rank; i > 1; i--) {
			guint j = g_rand_int(rand) % i, swap = order[j];
			order[j] = order[i - 1];
			order[i - 1] = swap;
		}
		for (guint i = 0; i < rank; i++) {
			strides[order[i]] = reach + (g_rand_int(rand) % 4 == 0 ? 3 : 0);
			reach = strides[order[i]] * shape[order[i]];
		}
		gboolean swapped = g_rand_boolean(rand);
		g_autoptr(Bytes) bytes =
			bytes_memory(stored_bytes(swapped), STORED * sizeof(guint32));
		check_view(&(View){.name = "v",
				   .dtype = DTYPE_U32,
				   .swapped = swapped,
				   .bytes = bytes,
				   .offset = g_rand_int(rand) % 50,
				   .rank = rank,
				   .shape = shape,
				   .strides = strides},
			rand);
	}
}

/* Larger than a block, so that boxes are cut in several ways. */
static void test_large_views(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(8);
	g_autoptr(Bytes) bytes = bytes_memory(stored_bytes(FALSE), STORED * sizeof(guint32));
	static const guint64 shapes[][3] = {
		{400, 500, 1}, {3, 60000, 1}, {60000, 3, 1}, {40, 70, 71}, {1000, 100, 2}};
	static const guint64 strides[][3] = {
		{1, 400, 0}, {1, 3, 0}, {1, 60000, 0}, {1, 40, 2800}, {0, 1, 100}};
	for (guint i = 0; i < G_N_ELEMENTS(shapes); i++)
		check_view(&(View){.name = "v",
				   .dtype = DTYPE_U32,
				   .bytes = bytes,
				   .rank = 3,
				   .shape = shapes[i],
				   .strides = strides[i]},
			rand);
}

/* The storage, deflated in a file of the folder. */
static Bytes *deflated_storage(const char *folder)
{
	g_autofree char *path = g_build_filename(folder, "storage", NULL);
	g_autofree guint8 *stored = stored_bytes(FALSE);
	gsize length = STORED * sizeof(guint32);
	uLongf packed = compressBound(length);
	g_autofree guint8 *deflated = g_malloc(packed);
	g_autoptr(GError) error = NULL;
	g_assert_cmpint(compress2(deflated, &packed, stored, length, 6), ==, Z_OK);
	test_write(path, deflated, packed);
	g_autoptr(File) file = file_open(path, &error);
	test_no_error(error);
	/* zlib's own frame, of 2 bytes before and 4 behind, is none of the stream. */
	return bytes_deflated(file, 2, packed - 6, length);
}

static guint count_unnamed_files(void)
{
	g_autoptr(GDir) files = g_dir_open("/proc/self/fd", 0, NULL);
	const char *name;
	guint count = 0;
	while ((name = g_dir_read_name(files)) != NULL) {
		g_autofree char *link = g_build_filename("/proc/self/fd", name, NULL);
		g_autofree char *leads_to = g_file_read_link(link, NULL);
		count += leads_to != NULL && g_str_has_suffix(leads_to, " (deleted)");
	}
	return count;
}

/* A deflated storage, read in an order that is not its own: unpacked once, for both its views. */
static void test_transposed_deflated(void)
{
	g_autofree char *folder = test_folder();
	g_autoptr(Bytes) bytes = deflated_storage(folder);
	g_autoptr(GRand) rand = g_rand_new_with_seed(9);
	guint before = count_unnamed_files();
	const guint64 shape[] = {400, 500}, half[] = {200, 500};
	const guint64 strides[] = {1, 400}, spread[] = {2, 400};
	View view = {.name = "v",
		.dtype = DTYPE_U32,
		.bytes = bytes,
		.rank = 2,
		.shape = shape,
		.strides = strides};
	check_view(&view, rand);
	view.shape = half;
	view.strides = spread;
	check_view(&view, rand);
	g_assert_cmpuint(count_unnamed_files(), ==, before + 1);
	g_clear_pointer(&bytes, bytes_unref);
	g_assert_cmpuint(count_unnamed_files(), ==, before);
	test_folder_remove(g_steal_pointer(&folder));
}

/* What lies in order in a file is left there. */
static void test_raw_stays_raw(void)
{
	g_autofree char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "storage", NULL);
	g_autofree guint8 *stored = stored_bytes(FALSE);
	g_autoptr(GError) error = NULL;
	test_write(path, stored, STORED * sizeof(guint32));
	File *file = file_open(path, &error);
	test_no_error(error);
	g_autoptr(Checkpoint) checkpoint = checkpoint_new(path, "test");
	g_autoptr(Bytes) bytes = bytes_span(file, 40, 4000);
	checkpoint_add_file(checkpoint, path, file);
	const guint64 shape[] = {3, 1, 5}, strides[] = {5, 99, 1}, turned[] = {1, 1, 3};
	View view = {.name = "a",
		.dtype = DTYPE_U32,
		.bytes = bytes,
		.offset = 2,
		.rank = 3,
		.shape = shape,
		.strides = strides};
	g_assert_true(checkpoint_add_view(checkpoint, &view, &error));
	view.name = "b";
	view.strides = turned;
	g_assert_true(checkpoint_add_view(checkpoint, &view, &error));
	g_assert_null(checkpoint_tensor(checkpoint, 0)->source);
	g_assert_cmpuint(checkpoint_tensor(checkpoint, 0)->offset, ==, 48);
	g_assert_nonnull(checkpoint_tensor(checkpoint, 1)->source);
	guint32 value;
	g_assert_true(checkpoint_read_raw(checkpoint, 0, 14, 1, &value, &error));
	g_assert_cmpuint(GUINT32_FROM_LE(value), ==, 10 + 2 + 14);
	g_assert_true(checkpoint_read_raw(checkpoint, 1, 1, 1, &value, &error));
	g_assert_cmpuint(GUINT32_FROM_LE(value), ==, 10 + 2 + 3);
	test_folder_remove(g_steal_pointer(&folder));
}

static void empty_view_is_fine(View view)
{
	g_autoptr(Checkpoint) checkpoint = empty_checkpoint();
	g_assert_true(checkpoint_add_view(checkpoint, &view, NULL));
	g_assert_cmpuint(checkpoint_tensor(checkpoint, 0)->elements, ==, 0);
	g_assert_true(checkpoint_read_raw(checkpoint, 0, 0, 0, NULL, NULL));
}

static void refused(const View *view, const char *text)
{
	g_autoptr(Checkpoint) checkpoint = empty_checkpoint();
	g_autoptr(GError) error = NULL;
	g_assert_false(checkpoint_add_view(checkpoint, view, &error));
	test_error(error, ERROR_INPUT, text);
	g_assert_cmpstr(error_file(error), ==, "storage");
}

static void test_refusals(void)
{
	g_autoptr(Bytes) bytes = bytes_memory(g_malloc0(64), 64);
	const guint64 huge[] = {G_MAXUINT64, 3}, four[] = {4, 4}, five[] = {4, 5}, zero[] = {0, 9};
	const guint64 wrapping[] = {1ull << 62, 1}, far[] = {1ull << 63, 1}, none[] = {0, 0};
	const guint64 vast[] = {1ull << 20, 1ull << 10};
	guint64 many[33];
	for (guint i = 0; i < 33; i++)
		many[i] = 1;
	View view = {.name = "v", .dtype = DTYPE_F32, .bytes = bytes, .rank = 2};
	view.shape = huge;
	refused(&view, "overflows");
	view.shape = five;
	refused(&view, "number 19 of its storage, which holds 16");
	view.shape = four;
	view.offset = 1;
	refused(&view, "number 16");
	view.offset = 0;
	view.strides = wrapping;
	refused(&view, "storage");
	view.strides = far;
	refused(&view, "overflow");
	view.strides = none;
	view.shape = vast;
	refused(&view, "repeats");
	view.strides = NULL;
	view.shape = zero;
	view.offset = G_MAXUINT64;
	empty_view_is_fine(view);
	view.shape = many;
	view.rank = 33;
	view.offset = 0;
	refused(&view, "32 dimensions");
	view.rank = 0;
	view.name = "";
	refused(&view, "empty name");
	view.name = "\xff";
	refused(&view, "UTF-8");
}

/* A complex number is turned in its halves. */
static void test_swapped_complex(void)
{
	static const guint8 stored[] = {1, 2, 3, 4, 5, 6, 7, 8};
	static const guint8 wanted[] = {4, 3, 2, 1, 8, 7, 6, 5};
	g_autoptr(Bytes) bytes = bytes_memory(g_memdup2(stored, 8), 8);
	g_autoptr(Checkpoint) checkpoint = empty_checkpoint();
	g_autoptr(GError) error = NULL;
	guint8 out[8];
	View view = {.name = "z", .dtype = DTYPE_C64, .swapped = TRUE, .bytes = bytes};
	g_assert_true(checkpoint_add_view(checkpoint, &view, &error));
	g_assert_true(checkpoint_read_raw(checkpoint, 0, 0, 1, out, &error));
	g_assert_cmpint(memcmp(out, wanted, sizeof wanted), ==, 0);
}

static void test_tied_names(void)
{
	g_autoptr(Checkpoint) checkpoint = empty_checkpoint();
	g_autoptr(Bytes) bytes = bytes_memory(g_malloc0(64), 64);
	g_autoptr(GError) error = NULL;
	const guint64 shape[] = {16};
	View view = {.name = "wte", .dtype = DTYPE_F32, .bytes = bytes, .rank = 1, .shape = shape};
	g_assert_true(checkpoint_add_view(checkpoint, &view, &error));
	checkpoint_add_alias(checkpoint, "head", "wte");
	checkpoint_add_alias(checkpoint, "elsewhere", "in another shard");
	g_assert_true(checkpoint_seal(checkpoint, &error));
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, 1);
	g_assert_cmpint(checkpoint_find(checkpoint, "head"), ==, 0);
	g_assert_cmpint(checkpoint_find(checkpoint, "elsewhere"), ==, -1);
	g_autoptr(Checkpoint) taken = empty_checkpoint();
	g_assert_true(checkpoint_add_view(taken, &view, &error));
	checkpoint_add_alias(taken, "wte", "wte");
	g_assert_false(checkpoint_seal(taken, &error));
	test_error(error, ERROR_INPUT, "two tensors of this name");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/view/random", test_random_views);
	g_test_add_func("/view/large", test_large_views);
	g_test_add_func("/view/transposed-deflated", test_transposed_deflated);
	g_test_add_func("/view/raw-stays-raw", test_raw_stays_raw);
	g_test_add_func("/view/refusals", test_refusals);
	g_test_add_func("/view/swapped-complex", test_swapped_complex);
	g_test_add_func("/view/tied-names", test_tied_names);
	return g_test_run();
}
