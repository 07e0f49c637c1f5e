/* test_load.c - what a load reads, keeps and computes again. */
#include "stores.h"

#include "core/file.h"
#include "core/json.h"
#include "store/load_private.h"

#include <math.h>

static cJSON *truth(void)
{
	g_autofree char *path = test_source("data/digits/truth.json");
	g_autoptr(GError) error = NULL;
	cJSON *json = json_read_file(path, 64u << 20, &error);
	test_no_error(error);
	return json;
}

static double truth_norm(const cJSON *json, const char *run, guint step)
{
	const cJSON *norms = cJSON_GetObjectItem(
		cJSON_GetObjectItem(cJSON_GetObjectItem(json, "trajectories"), run), "norms");
	return cJSON_GetArrayItem(norms, (int)step)->valuedouble;
}

static double norm_of(const Store *store, guint member)
{
	g_autoptr(Scope) scope = scope_new(store->collection, NULL, &member, 1, NULL);
	return gram_norm(store->gram, scope, member);
}

/* The bytes that a load of nothing new would read. */
static guint64 bytes_to_refresh(Store *store)
{
	g_autoptr(LoadRequest) request = load_request_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(Load) load = load_begin(store, request, &error);
	test_no_error(error);
	return load_bytes(load);
}

static void test_run(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *base = test_source("data/digits/base");
	g_autofree char *greek = test_source("data/digits/greek");
	g_autoptr(Store) store = store_new(scratch.store);
	load_into(store, request_of(base, WEIGHTS_LINK, "+greek", greek, NULL));
	static const gint64 steps[] = {5, 10, 20, 40, 70, 110, 160, 220};
	g_autoptr(GArray) run = collection_run(store->collection, "greek");
	g_assert_cmpuint(run->len, ==, G_N_ELEMENTS(steps) + 1);
	g_autoptr(cJSON) json = truth();
	for (guint i = 0; i < run->len; i++) {
		guint number = g_array_index(run, guint, i);
		const Member *member = collection_member(store->collection, number);
		g_assert_cmpint(member->role, ==, i < 8 ? MEMBER_STEP : MEMBER_TASK);
		if (i < 8)
			g_assert_cmpint(member->step, ==, steps[i]);
		double expected = truth_norm(json, "greek", i);
		g_assert_cmpfloat_with_epsilon(norm_of(store, number) / expected, 1, 1e-9);
	}
}

/* Without a checkpoint beside its steps, the last step is the run's task, and listed once. */
static void test_run_without_final(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *base = test_source("data/digits/base");
	g_free(scratch_digits(&scratch, "greek/checkpoint-5/model.safetensors",
		"run/checkpoint-5/model.safetensors"));
	g_free(scratch_digits(&scratch, "greek/checkpoint-10/model.safetensors",
		"run/checkpoint-10/model.safetensors"));
	g_autofree char *run = scratch_path(&scratch, "run");
	g_autoptr(Store) store = store_new(scratch.store);
	load_into(store, request_of(base, WEIGHTS_AUTOMATIC, "+r", run, NULL));
	g_assert_cmpuint(collection_members(store->collection), ==, 3);
	g_assert_cmpstr(collection_member(store->collection, 1)->name, ==, "r@5");
	g_assert_cmpstr(collection_member(store->collection, 2)->name, ==, "r");
	g_assert_cmpint(collection_member(store->collection, 2)->step, ==, 10);
	g_assert_cmpuint(bytes_to_refresh(store), ==, 0);
}

static void test_again_reads_nothing(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) first = digits_store(&scratch, WEIGHTS_LINK);
	g_assert_cmpuint(bytes_to_refresh(first), ==, 0);
	g_clear_pointer(&first, store_free);
	g_autoptr(Store) store = reopen(scratch.store);
	g_assert_cmpuint(bytes_to_refresh(store), ==, 0);
	g_autofree char *mnist = scratch_path(&scratch, "mnist.safetensors");
	g_autoptr(LoadRequest) same = request_of(NULL, WEIGHTS_AUTOMATIC, "mnist", mnist, NULL);
	g_autoptr(Load) load = load_begin(store, same, NULL);
	g_assert_cmpuint(load_bytes(load), ==, 0);
}

/* A row alone is computed, and all tables are those of a load in one go. */
static void test_added_later(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_LINK);
	g_autofree char *kept = g_strdup(stored(store, "mnist")->rows);
	g_autofree char *cyrillic =
		scratch_digits(&scratch, "cyrillic/model.safetensors", "cyrillic.safetensors");
	load_into(store, request_of(NULL, WEIGHTS_LINK, "cyrillic", cyrillic, NULL));
	g_assert_cmpstr(stored(store, "mnist")->rows, ==, kept);
	g_autofree char *base = scratch_path(&scratch, "base.safetensors");
	g_autofree char *mnist = scratch_path(&scratch, "mnist.safetensors");
	g_autofree char *greek = scratch_path(&scratch, "greek.safetensors");
	g_autofree char *other = scratch_path(&scratch, "other.h5");
	g_autoptr(Store) whole = store_new(other);
	load_into(whole, request_of(base, WEIGHTS_COPY, "cyrillic", cyrillic, "greek", greek,
				 "mnist", mnist, NULL));
	g_autoptr(Store) again = reopen(scratch.store);
	assert_same_tables(whole, again);
	g_assert_true(store_is_complete(again));
	g_assert_cmpuint(count_parts(again, "rows-"), ==, 4);
}

static void test_changed_byte(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) first = digits_store(&scratch, WEIGHTS_LINK);
	g_autofree char *base_rows = g_strdup(stored(first, "base")->rows);
	g_autofree char *greek_rows = g_strdup(stored(first, "greek")->rows);
	g_autofree char *mnist_rows = g_strdup(stored(first, "mnist")->rows);
	g_clear_pointer(&first, store_free);
	g_autofree char *mnist = scratch_path(&scratch, "mnist.safetensors");
	flip_byte(mnist, -2000);
	g_autoptr(Store) store = reopen(scratch.store);
	g_assert_cmpint(store_member_state(store, 1), ==, SOURCE_CHANGED);
	g_assert_false(stored(store, "mnist")->known);
	g_assert_true(stored(store, "greek")->known && stored(store, "base")->known);
	g_assert_false(store_is_complete(store));
	g_autoptr(GError) error = NULL;
	g_assert_false(store_member_usable(store, 1, &error));
	test_error(error, ERROR_INPUT, "changed since it was loaded");
	load_into(store, load_request_new());
	g_assert_cmpstr(stored(store, "base")->rows, ==, base_rows);
	g_assert_cmpstr(stored(store, "greek")->rows, ==, greek_rows);
	g_assert_cmpstr(stored(store, "mnist")->rows, !=, mnist_rows);
	g_assert_true(store_is_complete(store));
	g_assert_true(store_member_usable(store, 1, NULL));
	g_autofree char *base = scratch_path(&scratch, "base.safetensors");
	g_autofree char *greek = scratch_path(&scratch, "greek.safetensors");
	g_autofree char *other = scratch_path(&scratch, "other.h5");
	g_autoptr(Store) whole = store_new(other);
	load_into(whole, request_of(base, WEIGHTS_LINK, "mnist", mnist, "greek", greek, NULL));
	g_autoptr(Store) again = reopen(scratch.store);
	assert_same_tables(whole, again);
	g_assert_cmpuint(count_parts(again, "rows-"), ==, 3);
}

/* Other times, the same contents: read once to make sure, nothing is computed. */
static void test_touched(gconstpointer data)
{
	WeightsMode weights = (WeightsMode)GPOINTER_TO_INT(data);
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) first = digits_store(&scratch, weights);
	g_autofree char *rows = g_strdup(stored(first, "mnist")->rows);
	g_clear_pointer(&first, store_free);
	g_autofree char *mnist = scratch_path(&scratch, "mnist.safetensors");
	touch(mnist);
	g_autoptr(Store) store = reopen(scratch.store);
	g_assert_cmpint(store_member_state(store, 1), ==, SOURCE_TOUCHED);
	g_assert_true(store_is_complete(store));
	g_assert_cmpuint(bytes_to_refresh(store), ==,
		checkpoint_bytes(collection_member(store->collection, 1)->checkpoint));
	load_into(store, load_request_new());
	g_assert_cmpstr(stored(store, "mnist")->rows, ==, rows);
	g_assert_cmpint(store_member_state(store, 1), ==, SOURCE_OK);
	g_assert_cmpint(stored(store, "mnist")->copied, ==, weights == WEIGHTS_COPY);
	g_assert_cmpuint(bytes_to_refresh(store), ==, 0);
}

static void test_changed_base(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_COPY);
	g_autofree char *rows = g_strdup(stored(store, "greek")->rows);
	g_autofree char *base = scratch_path(&scratch, "base.safetensors");
	flip_byte(base, -2000);
	load_into(store, load_request_new());
	g_assert_cmpstr(stored(store, "greek")->rows, !=, rows);
	g_assert_true(store_is_complete(store));
	g_assert_cmpuint(count_parts(store, "rows-"), ==, 3);
	g_assert_cmpuint(count_parts(store, "weights-"), ==, 3);
	g_autoptr(Store) again = reopen(scratch.store);
	g_assert_true(store_is_complete(again));
}

static void test_drop_and_replace(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_COPY);
	LoadRequest *drop = load_request_new();
	g_ptr_array_add(drop->drop, g_strdup("mnist"));
	load_into(store, drop);
	g_assert_cmpuint(collection_members(store->collection), ==, 2);
	g_assert_cmpuint(count_parts(store, "weights-"), ==, 2);
	g_autofree char *other =
		scratch_digits(&scratch, "optdigits/model.safetensors", "optdigits.safetensors");
	load_into(store, request_of(NULL, WEIGHTS_AUTOMATIC, "greek", other, NULL));
	g_assert_cmpuint(collection_members(store->collection), ==, 2);
	g_assert_cmpuint(count_parts(store, "rows-"), ==, 2);
	g_autoptr(cJSON) json = truth();
	const cJSON *norms = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "global"), "norms");
	g_assert_cmpfloat_with_epsilon(
		norm_of(store, 1), cJSON_GetArrayItem(norms, 1)->valuedouble, 1e-9);
}

/* The sources are gone: all that is known stays, and so does what can be read. */
static void test_sources_gone(gconstpointer data)
{
	WeightsMode weights = (WeightsMode)GPOINTER_TO_INT(data);
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) first = digits_store(&scratch, weights);
	static const char *const names[] = {
		"base.safetensors", "mnist.safetensors", "greek.safetensors"};
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = scratch_path(&scratch, names[i]);
		g_assert_cmpint(g_unlink(path), ==, 0);
	}
	g_autoptr(Store) store = reopen(scratch.store);
	assert_same_tables(first, store);
	g_assert_true(store_is_complete(store));
	g_assert_cmpint(store_member_state(store, 2), ==, SOURCE_MISSING);
	g_assert_cmpint(store_member_usable(store, 2, NULL), ==, weights == WEIGHTS_COPY);
	const Checkpoint *greek = collection_member(store->collection, 2)->checkpoint;
	g_autofree float *raw = g_new(float, checkpoint_tensor(greek, 0)->elements);
	g_autoptr(GError) error = NULL;
	gboolean read = checkpoint_read_raw(
		greek, 0, 0, checkpoint_tensor(greek, 0)->elements, raw, &error);
	g_assert_cmpint(read, ==, weights == WEIGHTS_COPY);
	g_clear_pointer(&first, store_free);
	load_into(store, load_request_new());
	g_assert_true(store_is_complete(store));
}

/* A copy that is gone or cut is made again from its sources; nothing is computed again. */
static void test_lost_copy(gconstpointer data)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) first = digits_store(&scratch, WEIGHTS_COPY);
	g_autofree char *rows = g_strdup(stored(first, "mnist")->rows);
	g_autofree char *folder = store_folder(first);
	g_autofree char *copy =
		g_strdup_printf("%s/weights-%s.h5", folder, stored(first, "mnist")->weights);
	g_clear_pointer(&first, store_free);
	g_assert_cmpint(data ? g_unlink(copy) : truncate(copy, 100000), ==, 0);
	g_autoptr(Store) store = reopen(scratch.store);
	g_autoptr(GError) error = NULL;
	g_assert_true(store_is_complete(store));
	g_assert_false(store_member_usable(store, 1, &error));
	test_error(error, ERROR_IO, "copy of the weights of mnist");
	load_into(store, load_request_new());
	g_assert_true(store_member_usable(store, 1, NULL));
	g_assert_cmpstr(stored(store, "mnist")->rows, ==, rows);
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_assert_true(store_verify(store, problems, NULL, NULL));
}

/* New inner products need all weights. */
static void test_missing_partner(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_LINK);
	g_autofree char *mnist = scratch_path(&scratch, "mnist.safetensors");
	g_unlink(mnist);
	g_autofree char *path = test_source("data/digits/cyrillic");
	g_autoptr(LoadRequest) request = request_of(NULL, WEIGHTS_LINK, "cyrillic", path, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(Load) load = load_begin(store, request, &error);
	g_assert_null(load);
	test_error(error, ERROR_IO, "mnist");
}

static void assert_refused(Store *store, LoadRequest *request, int code, const char *text)
{
	g_autoptr(LoadRequest) owned = request;
	g_autoptr(GError) error = NULL;
	g_autoptr(Load) load = load_begin(store, owned, &error);
	g_assert_null(load);
	test_error(error, code, text);
}

static void test_refused(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = store_new(scratch.store);
	g_autofree char *base = test_source("data/digits/base");
	g_autofree char *alien = scratch_path(&scratch, "alien.safetensors");
	test_write_safetensors(alien, (TestTensor[]){{"other.weight", DTYPE_F32, 1, {4}, NULL}}, 1);
	assert_refused(
		store, request_of(NULL, WEIGHTS_LINK, "a", base, NULL), ERROR_USAGE, "--base PATH");
	assert_refused(store, request_of(base, WEIGHTS_LINK, "a", base, "a", base, NULL),
		ERROR_USAGE, "twice");
	assert_refused(store, request_of(base, WEIGHTS_LINK, "alien", alien, NULL), ERROR_INPUT,
		"alien shares no float tensor");
	assert_refused(store, request_of(base, WEIGHTS_LINK, "base", base, NULL), ERROR_USAGE,
		"base is taken");
	assert_refused(store, request_of(base, WEIGHTS_LINK, "a", "/nonexistent", NULL), ERROR_IO,
		"/nonexistent");
	g_autofree char *plain = scratch_path(&scratch, "plain");
	g_autoptr(Store) nameless = store_new(plain);
	assert_refused(nameless, request_of(base, WEIGHTS_LINK, "a", base, NULL), ERROR_USAGE,
		"must end in .h5");
	g_assert_null(store->collection);
	g_assert_false(g_file_test(scratch.store, G_FILE_TEST_EXISTS));
	load_into(store, request_of(base, WEIGHTS_LINK, "mnist", base, NULL));
	LoadRequest *drop = load_request_new();
	g_ptr_array_add(drop->drop, g_strdup("mnisd"));
	assert_refused(store, drop, ERROR_USAGE, "mnist");
}

/* A file that changes under the pass is refused at the end, also one that was there before. */
static void test_changed_meanwhile(gconstpointer name)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_LINK);
	g_autofree char *cyrillic =
		scratch_digits(&scratch, "cyrillic/model.safetensors", "cyrillic.safetensors");
	g_autofree char *changed = scratch_path(&scratch, name);
	g_autoptr(LoadRequest) request = request_of(NULL, WEIGHTS_COPY, "cyrillic", cyrillic, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(Load) load = load_begin(store, request, &error);
	test_no_error(error);
	g_assert_true(load_run(load, NULL, &error));
	flip_byte(changed, -100);
	g_assert_false(load_finish(load, &error));
	test_error(error, ERROR_INPUT, "changed while it was read");
	g_assert_cmpuint(collection_members(store->collection), ==, 3);
	g_clear_pointer(&load, load_free);
	g_assert_cmpuint(count_parts(store, "weights-"), ==, 0);
}

/* So is one whose weights alone are taken into the store, though no product needs them. */
static void test_changed_while_copied(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_LINK);
	g_autofree char *changed = scratch_path(&scratch, "mnist.safetensors");
	g_autoptr(LoadRequest) request = request_of(NULL, WEIGHTS_COPY, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(Load) load = load_begin(store, request, &error);
	test_no_error(error);
	g_assert_cmpuint(load_bytes(load), ==, 0);
	g_assert_true(load_run(load, NULL, &error));
	flip_byte(changed, -100);
	g_assert_false(load_finish(load, &error));
	test_error(error, ERROR_INPUT, "changed while it was read");
}

static void test_cancelled(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_LINK);
	g_autofree char *path = test_source("data/digits/cyrillic");
	g_autoptr(LoadRequest) request = request_of(NULL, WEIGHTS_COPY, "cyrillic", path, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(Load) load = load_begin(store, request, &error);
	g_autoptr(Job) job = job_new("load", NULL, NULL, NULL, NULL);
	job_cancel(job);
	g_assert_false(load_run(load, job, &error));
	test_error(error, ERROR_CANCELLED, "cancelled");
	g_clear_pointer(&load, load_free);
	g_assert_cmpuint(count_parts(store, "weights-"), ==, 0);
	g_assert_cmpuint(collection_members(store->collection), ==, 3);
}

/* A first load that is cancelled leaves nothing at all. */
static void test_cancelled_first(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = store_new(scratch.store);
	g_autofree char *base = test_source("data/digits/base");
	g_autoptr(LoadRequest) request = request_of(base, WEIGHTS_COPY, "same", base, NULL);
	g_autoptr(Load) load = load_begin(store, request, NULL);
	g_assert_nonnull(load);
	g_clear_pointer(&load, load_free);
	g_clear_pointer(&store, store_free);
	g_autoptr(GDir) folder = g_dir_open(scratch.folder, 0, NULL);
	g_assert_null(g_dir_read_name(folder));
}

static guint count_names(const char *folder)
{
	g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
	guint count = 0;
	while (names && g_dir_read_name(names))
		count++;
	return count;
}

/* A fatal signal between the copies and the commit: no store names them, so they go, with the
 * folder and the lock. */
static void test_signal_before_commit(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = store_new(scratch.store);
	g_autofree char *base = test_source("data/digits/base");
	g_autofree char *task = test_source("data/digits/mnist");
	g_autoptr(LoadRequest) request = request_of(base, WEIGHTS_COPY, "mnist", task, NULL);
	g_autoptr(Load) load = load_begin(store, request, NULL);
	g_assert_true(load_run(load, NULL, NULL));
	g_assert_true(load_copies_place(load, NULL));
	g_assert_cmpuint(count_parts(store, "weights-"), ==, 2);
	file_remove_temporaries();
	g_assert_cmpuint(count_names(scratch.folder), ==, 0);
}

/* What a store names stays, whatever signal comes later. */
static void test_signal_after_commit(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = digits_store(&scratch, WEIGHTS_COPY);
	file_remove_temporaries();
	g_assert_cmpuint(count_parts(store, "weights-"), ==, 3);
	g_assert_cmpuint(count_parts(store, "rows-"), ==, 3);
}

/* The norm over all tensors of what a member's own products sum to. */
static double whole_norm(const Store *store, const char *name)
{
	guint member = (guint)collection_find(store->collection, name);
	double square = 0;
	for (guint t = 0; t < collection_tensors(store->collection); t++)
		square += *gram_cell(store->gram, t, member, member);
	return sqrt(square);
}

/* Nothing to copy is copied all the same. */
static void test_no_elements(void)
{
	static const TestTensor none = {"w", DTYPE_F32, 2, {0, 3}, NULL};
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *path = scratch_path(&scratch, "none.safetensors");
	test_write_safetensors(path, &none, 1);
	g_autoptr(Store) store = store_new(scratch.store);
	load_into(store, request_of(path, WEIGHTS_AUTOMATIC, "task", path, NULL));
	g_autoptr(Store) again = reopen(scratch.store);
	g_assert_true(store_is_complete(again));
	g_assert_true(stored(again, "task")->copied);
	g_assert_true(store_member_usable(again, 1, NULL));
}

/* A load that fails removes the folder that it made for copies, but none that was there. */
static void test_folder_of_failed(gconstpointer was_there)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *base =
		scratch_digits(&scratch, "base/model.safetensors", "base.safetensors");
	g_autoptr(Store) store = store_new(scratch.store);
	g_autofree char *folder = store_folder(store);
	if (was_there)
		g_assert_cmpint(g_mkdir(folder, 0777), ==, 0);
	g_autoptr(LoadRequest) request = request_of(base, WEIGHTS_COPY, NULL);
	g_autoptr(GError) error = NULL;
	Load *load = load_begin(store, request, &error);
	test_no_error(error);
	g_assert_true(g_file_test(folder, G_FILE_TEST_IS_DIR));
	load_free(load);
	g_assert_cmpint(g_file_test(folder, G_FILE_TEST_IS_DIR), ==, was_there != NULL);
}

/* A task of the base's very bytes has norm 0 and leaves the base its own (truth.json's base_norm).
 */
static void test_task_like_base(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *base =
		scratch_digits(&scratch, "base/model.safetensors", "base.safetensors");
	g_autofree char *same =
		scratch_digits(&scratch, "base/model.safetensors", "same.safetensors");
	g_autoptr(Store) store = store_new(scratch.store);
	load_into(store, request_of(base, WEIGHTS_COPY, "same", same, NULL));
	g_autoptr(Store) again = reopen(scratch.store);
	g_assert_true(store_is_complete(again));
	g_assert_cmpfloat(whole_norm(again, "same"), ==, 0);
	g_assert_cmpfloat_with_epsilon(whole_norm(again, "base"), 32.422188022474536, 1e-6);
}

/* The same bytes from paths of very different length: each copy is read where it lies. */
static void test_same_contents_twice(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *base = test_source("data/digits/base");
	g_autofree char *long_name = g_strdup_printf("%0200d.safetensors", 0);
	g_autofree char *near =
		scratch_digits(&scratch, "mnist/model.safetensors", "m.safetensors");
	g_autofree char *far = scratch_digits(&scratch, "mnist/model.safetensors", long_name);
	g_autoptr(Store) store = store_new(scratch.store);
	load_into(store, request_of(base, WEIGHTS_COPY, "near", near, "far", far, NULL));
	g_autoptr(Store) again = reopen(scratch.store);
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_assert_true(store_verify(again, problems, NULL, NULL));
	g_assert_cmpuint(problems->len, ==, 0);
}

/* What a double cannot hold is said, and reads as not finite where it is too large. */
static void test_beyond_double(void)
{
	g_auto(Scratch) scratch = scratch_new();
	const double ones[] = {1, 1}, large[] = {1e200, 1}, small[] = {1e-200, 0}, zero[] = {0, 0};
	TestTensor tensors[] = {{"a", DTYPE_F64, 1, {2}, ones}, {"b", DTYPE_F64, 1, {2}, zero},
		{"c", DTYPE_F64, 1, {2}, ones}};
	g_autofree char *base = scratch_path(&scratch, "base.safetensors");
	g_autofree char *task = scratch_path(&scratch, "task.safetensors");
	test_write_safetensors(base, tensors, 3);
	tensors[0].values = large;
	tensors[1].values = small;
	test_write_safetensors(task, tensors, 3);
	g_autoptr(Store) store = store_new(scratch.store);
	g_autoptr(LoadRequest) request = request_of(base, WEIGHTS_LINK, "task", task, NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *summary = NULL;
	g_assert_true(load_all(store, request, &summary, &error));
	g_assert_true(g_str_has_suffix(
		summary, "; the squares of task on 2 tensors are beyond a double"));
	g_assert_false(isfinite(whole_norm(store, "task")));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	gpointer copy = GINT_TO_POINTER(WEIGHTS_COPY), link = GINT_TO_POINTER(WEIGHTS_LINK);
	g_test_add_func("/load/run", test_run);
	g_test_add_func("/load/run-without-final", test_run_without_final);
	g_test_add_func("/load/again-reads-nothing", test_again_reads_nothing);
	g_test_add_func("/load/signal/before-commit", test_signal_before_commit);
	g_test_add_func("/load/signal/after-commit", test_signal_after_commit);
	g_test_add_func("/load/added-later", test_added_later);
	g_test_add_func("/load/changed-byte", test_changed_byte);
	g_test_add_data_func("/load/touched/linked", link, test_touched);
	g_test_add_data_func("/load/touched/copied", copy, test_touched);
	g_test_add_func("/load/changed-base", test_changed_base);
	g_test_add_func("/load/drop-and-replace", test_drop_and_replace);
	g_test_add_data_func("/load/sources-gone/linked", link, test_sources_gone);
	g_test_add_data_func("/load/sources-gone/copied", copy, test_sources_gone);
	g_test_add_data_func("/load/lost-copy/gone", copy, test_lost_copy);
	g_test_add_data_func("/load/lost-copy/cut", NULL, test_lost_copy);
	g_test_add_func("/load/missing-partner", test_missing_partner);
	g_test_add_func("/load/refused", test_refused);
	g_test_add_data_func(
		"/load/changed-meanwhile/new", "cyrillic.safetensors", test_changed_meanwhile);
	g_test_add_data_func(
		"/load/changed-meanwhile/partner", "mnist.safetensors", test_changed_meanwhile);
	g_test_add_func("/load/changed-while-copied", test_changed_while_copied);
	g_test_add_func("/load/cancelled", test_cancelled);
	g_test_add_func("/load/cancelled-first", test_cancelled_first);
	g_test_add_func("/load/no-elements", test_no_elements);
	g_test_add_data_func("/load/folder-of-failed/new", NULL, test_folder_of_failed);
	g_test_add_data_func("/load/folder-of-failed/there", "", test_folder_of_failed);
	g_test_add_func("/load/task-like-base", test_task_like_base);
	g_test_add_func("/load/beyond-double", test_beyond_double);
	g_test_add_func("/load/same-contents-twice", test_same_contents_twice);
	return g_test_run();
}
