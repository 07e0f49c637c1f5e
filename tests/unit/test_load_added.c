/* test_load_added.c - what a load reads for a row more: what the new member shares with others,
 * once, and nothing else; and for a row less nothing. */
#include "stores.h"

#include "store/load_private.h"

#define ELEMENTS 1000 /* of each tensor here */
#define F32_BYTES (4 * ELEMENTS)

/* A checkpoint of the tensors of some names, one letter each, whose elements are all `value`; `i`
 * is of integers.  Returns its path; g_free. */
static char *letters(const Scratch *scratch, const char *name, const char *tensors, double value)
{
	TestTensor list[4];
	char names[4][2];
	double values[ELEMENTS];
	guint count = (guint)strlen(tensors);
	for (guint i = 0; i < ELEMENTS; i++)
		values[i] = value;
	for (guint i = 0; i < count; i++) {
		g_snprintf(names[i], sizeof names[i], "%c", tensors[i]);
		list[i] = (TestTensor){
			names[i], tensors[i] == 'i' ? DTYPE_I64 : DTYPE_F32, 1, {ELEMENTS}, values};
	}
	g_autofree char *file = g_strconcat(name, ".safetensors", NULL);
	char *path = scratch_path(scratch, file);
	g_autofree char *folder = g_path_get_dirname(path);
	g_mkdir_with_parents(folder, 0777);
	test_write_safetensors(path, list, count);
	return path;
}

/* A store of a base with a, b and i, and tasks: "both" has a and b, "first" a alone. */
static Store *letters_store(const Scratch *scratch, WeightsMode weights)
{
	g_autofree char *base = letters(scratch, "base", "abi", 1);
	g_autofree char *both = letters(scratch, "both", "ab", 2);
	g_autofree char *first = letters(scratch, "first", "a", 3);
	Store *store = store_new(scratch->store);
	load_into(store, request_of(base, weights, "both", both, "first", first, NULL));
	return store;
}

typedef struct {
	guint64 promised, read;
} Amounts;

/* What a load says that it will read, and what its job came to. */
static Amounts run_load(Store *store, LoadRequest *request)
{
	g_autoptr(LoadRequest) owned = request;
	g_autoptr(GError) error = NULL;
	g_autoptr(Load) load = load_begin(store, owned, &error);
	test_no_error(error);
	Amounts bytes = {.promised = load_bytes(load)};
	g_autoptr(Job) job = job_new("load", NULL, NULL, NULL, NULL);
	g_assert_true(load_run(load, job, &error));
	JobStatus status;
	job_status(job, &status);
	g_assert_cmpuint(load_bytes(load), ==, bytes.promised);
	bytes.read = status.done - load_bytes_copied(load);
	g_assert_true(load_finish(load, &error));
	return bytes;
}

static void assert_reads(Store *store, LoadRequest *request, guint64 expected)
{
	Amounts bytes = run_load(store, request);
	g_assert_cmpuint(bytes.promised, ==, expected);
	g_assert_cmpuint(bytes.read, ==, expected);
	g_assert_true(store_is_complete(store));
}

/* The tables are those of a load of all in one go. */
static void assert_as(const Scratch *scratch, LoadRequest *all)
{
	g_autofree char *path = scratch_path(scratch, "whole.h5");
	g_autoptr(Store) whole = store_new(path);
	load_into(whole, all);
	g_autoptr(Store) again = reopen(scratch->store);
	g_assert_true(store_is_complete(again));
	assert_same_tables(whole, again);
}

/* The same for tasks alone. */
static void assert_as_in_one_go(const Scratch *scratch, const Store *store)
{
	LoadRequest *request = load_request_new();
	request->base = g_strdup(collection_member(store->collection, 0)->checkpoint->path);
	for (guint i = 1; i < collection_members(store->collection); i++) {
		const Member *member = collection_member(store->collection, i);
		load_request_add(request, member->name, member->checkpoint->path, FALSE);
	}
	assert_as(scratch, request);
}

/* Of b the base, both and new; nothing of a; of the integers the new ones, to know them again. */
static void test_some_tensors(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = letters_store(&scratch, WEIGHTS_LINK);
	g_autofree char *new = letters(&scratch, "new", "bi", 5);
	assert_reads(store, request_of(NULL, WEIGHTS_LINK, "new", new, NULL),
		3 * F32_BYTES + 8 * ELEMENTS);
	assert_as_in_one_go(&scratch, store);
}

static void test_again_and_less(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = letters_store(&scratch, WEIGHTS_LINK);
	g_autofree char *both = scratch_path(&scratch, "both.safetensors");
	assert_reads(store, request_of(NULL, WEIGHTS_LINK, "both", both, NULL), 0);
	LoadRequest *drop = load_request_new();
	g_ptr_array_add(drop->drop, g_strdup("first"));
	assert_reads(store, drop, 0);
	g_assert_cmpuint(collection_members(store->collection), ==, 2);
	assert_as_in_one_go(&scratch, store);
}

/* Of a the three that have it; of b the new one and the base, both is not there to be replaced. */
static void test_replaced(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = letters_store(&scratch, WEIGHTS_LINK);
	g_autofree char *new = letters(&scratch, "new", "ab", 5);
	assert_reads(store, request_of(NULL, WEIGHTS_LINK, "both", new, NULL), 5 * F32_BYTES);
}

/* Weights in the store are read there, though their sources are gone. */
static void test_copied(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = letters_store(&scratch, WEIGHTS_COPY);
	static const char *const names[] = {
		"base.safetensors", "both.safetensors", "first.safetensors"};
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = scratch_path(&scratch, names[i]);
		g_assert_cmpint(g_unlink(path), ==, 0);
	}
	g_autofree char *new = letters(&scratch, "new", "b", 5);
	assert_reads(store, request_of(NULL, WEIGHTS_COPY, "new", new, NULL), 3 * F32_BYTES);
	g_autoptr(Store) linked = NULL;
	g_auto(Scratch) other = scratch_new();
	linked = letters_store(&other, WEIGHTS_LINK);
	g_autofree char *same = letters(&other, "new", "b", 5);
	load_into(linked, request_of(NULL, WEIGHTS_LINK, "new", same, NULL));
	assert_same_tables(store, linked);
}

/* A member that shares nothing with the new one may be missing; one that does may not. */
static void test_missing(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = letters_store(&scratch, WEIGHTS_LINK);
	g_autofree char *first = scratch_path(&scratch, "first.safetensors");
	g_assert_cmpint(g_unlink(first), ==, 0);
	g_autofree char *apart = letters(&scratch, "apart", "b", 5);
	assert_reads(store, request_of(NULL, WEIGHTS_LINK, "apart", apart, NULL), 3 * F32_BYTES);
	g_autofree char *close = letters(&scratch, "close", "a", 5);
	g_autoptr(LoadRequest) request = request_of(NULL, WEIGHTS_LINK, "close", close, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(Load) load = load_begin(store, request, &error);
	g_assert_null(load);
	test_error(error, ERROR_IO, "this file of first is missing");
}

/* What was the last step, and so the run's task, is a step now: nothing of it is computed again. */
static void test_step(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *base = letters(&scratch, "base", "ab", 1);
	g_free(letters(&scratch, "run/checkpoint-5/model", "ab", 2));
	g_free(letters(&scratch, "run/checkpoint-10/model", "ab", 3));
	g_autofree char *run = scratch_path(&scratch, "run");
	g_autoptr(Store) store = store_new(scratch.store);
	load_into(store, request_of(base, WEIGHTS_LINK, "+r", run, NULL));
	g_autofree char *kept = g_strdup(stored(store, "r@5")->rows);
	g_autofree char *sampled = g_strdup(stored(store, "r")->rows);
	g_free(letters(&scratch, "run/checkpoint-20/model", "ab", 5));
	assert_reads(store, request_of(NULL, WEIGHTS_LINK, "+r", run, NULL), 4 * 2 * F32_BYTES);
	g_assert_cmpuint(collection_members(store->collection), ==, 4);
	g_assert_cmpstr(stored(store, "r@5")->rows, ==, kept);
	g_assert_null(stored(store, "r@10")->statistics->sample);
	g_assert_nonnull(stored(store, "r")->statistics->sample);
	assert_as(&scratch, request_of(base, WEIGHTS_LINK, "+r", run, NULL));
	g_autoptr(Store) again = reopen(scratch.store);
	g_assert_true(store_is_complete(again));
	g_assert_cmpuint(count_parts(again, "rows-"), ==, 4);
	g_assert_cmpstr(stored(again, "r@10")->rows, !=, sampled);
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_assert_true(store_verify(again, problems, NULL, NULL));
}

/* Of later and earlier steps that have some tensors alone, the others are not read again. */
static void test_step_of_some(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *base = letters(&scratch, "base", "ab", 1);
	g_free(letters(&scratch, "run/checkpoint-5/model", "ab", 2));
	g_free(letters(&scratch, "run/checkpoint-10/model", "ab", 3));
	g_autofree char *run = scratch_path(&scratch, "run");
	g_autoptr(Store) store = store_new(scratch.store);
	load_into(store, request_of(base, WEIGHTS_LINK, "+r", run, NULL));
	g_free(letters(&scratch, "run/checkpoint-20/model", "a", 5));
	assert_reads(store, request_of(NULL, WEIGHTS_LINK, "+r", run, NULL), 4 * F32_BYTES);
	g_free(letters(&scratch, "run/checkpoint-15/model", "b", 4));
	assert_reads(store, request_of(NULL, WEIGHTS_LINK, "+r", run, NULL), 4 * F32_BYTES);
	assert_as(&scratch, request_of(base, WEIGHTS_LINK, "+r", run, NULL));
}

/* A later step of the very same weights is known as well, and shares nothing with the other. */
static void test_step_alike(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *base = letters(&scratch, "base", "a", 1);
	g_free(letters(&scratch, "run/checkpoint-5/model", "a", 2));
	g_autofree char *run = scratch_path(&scratch, "run");
	g_autoptr(Store) store = store_new(scratch.store);
	load_into(store, request_of(base, WEIGHTS_COPY, "+r", run, NULL));
	g_free(letters(&scratch, "run/checkpoint-20/model", "a", 2));
	load_into(store, request_of(NULL, WEIGHTS_COPY, "+r", run, NULL));
	g_assert_cmpstr(stored(store, "r@5")->hash, ==, stored(store, "r")->hash);
	assert_as(&scratch, request_of(base, WEIGHTS_LINK, "+r", run, NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/load-added/some-tensors", test_some_tensors);
	g_test_add_func("/load-added/again-and-less", test_again_and_less);
	g_test_add_func("/load-added/replaced", test_replaced);
	g_test_add_func("/load-added/copied", test_copied);
	g_test_add_func("/load-added/missing", test_missing);
	g_test_add_func("/load-added/step", test_step);
	g_test_add_func("/load-added/step-of-some", test_step_of_some);
	g_test_add_func("/load-added/step-alike", test_step_alike);
	return g_test_run();
}
