/* test_store_align.c - what a store keeps of how names were matched, and results that are of other
 * pairs than would be made today. */
#include "seals.h"

static char *write_pair(
	const Scratch *scratch, const char *file, const char *first, const char *second)
{
	const double values[] = {1, 5, 2, 2};
	const TestTensor tensors[] = {{first, DTYPE_F32, 1, {2}, values},
		{second, DTYPE_F32, 1, {2}, values + 2}, {"same", DTYPE_F32, 0, {0}, values}};
	char *path = scratch_path(scratch, file);
	test_write_safetensors(path, tensors, G_N_ELEMENTS(tensors));
	return path;
}

static void write_base(const Scratch *scratch)
{
	const double ones[] = {1, 1};
	const TestTensor tensors[] = {{"a.w", DTYPE_F32, 1, {2}, ones},
		{"b.w", DTYPE_F32, 1, {2}, ones}, {"same", DTYPE_F32, 0, {0}, ones}};
	g_autofree char *path = scratch_path(scratch, "base.safetensors");
	test_write_safetensors(path, tensors, G_N_ELEMENTS(tensors));
}

/* The base, and a task of the names given, renamed by the rules. */
static Store *pair_store(const Scratch *scratch, const char *first, const char *second,
	const char *const *renames, WeightsMode weights)
{
	g_autofree char *base = scratch_path(scratch, "base.safetensors");
	g_autofree char *task = write_pair(scratch, "task.safetensors", first, second);
	LoadRequest *request = request_of(base, weights, "task", task, NULL);
	Store *store = store_new(scratch->store);

	write_base(scratch);
	for (; renames && *renames; renames++)
		g_ptr_array_add(request->renames, g_strdup(*renames));
	load_into(store, request);
	return store;
}

/* ⟨τ, τ⟩ of the task on a tensor of the base. */
static double square_of(const Store *store, const char *tensor)
{
	gint place = checkpoint_find(collection_member(store->collection, 0)->checkpoint, tensor);
	return *gram_cell(store->gram, (guint)place, 1, 1);
}

static void test_renames(void)
{
	static const char *const renames[] = {"^p=b", "^q=a", NULL};
	g_auto(Scratch) scratch = scratch_new();

	for (guint i = 0; i < 2; i++) {
		g_autoptr(Store) store = pair_store(
			&scratch, "p.w", "q.w", renames, i == 0 ? WEIGHTS_LINK : WEIGHTS_COPY);
		g_autoptr(Store) again = reopen(scratch.store);
		const Member *member = collection_member(again->collection, 1);
		assert_same_tables(store, again);
		g_assert_true(stored(again, "task")->known);
		g_assert_cmpfloat(square_of(again, "a.w"), ==, 2);
		g_assert_cmpfloat(square_of(again, "b.w"), ==, 16);
		g_assert_cmpuint(member->renames->len, ==, 2);
		g_assert_cmpstr(member->renames->pdata[1], ==, renames[1]);
		g_assert_cmpstr(
			member->matched_by, ==, "after the rename ^p=b; after the rename ^q=a");
		g_unlink(scratch.store);
	}
}

/* A refresh keeps them; what is named again has those of the new command alone. */
static void test_refresh(void)
{
	static const char *const renames[] = {"^p=b", "^q=a", NULL};
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = pair_store(&scratch, "p.w", "q.w", renames, WEIGHTS_COPY);
	g_autofree char *task = scratch_path(&scratch, "task.safetensors");

	touch(task);
	load_into(store, request_of(NULL, WEIGHTS_AUTOMATIC, NULL));
	g_assert_cmpfloat(square_of(store, "b.w"), ==, 16);
	LoadRequest *request = request_of(NULL, WEIGHTS_AUTOMATIC, "task", task, NULL);
	g_ptr_array_add(request->renames, g_strdup("^p=a"));
	load_into(store, request);
	g_assert_cmpfloat(square_of(store, "a.w"), ==, 16);
	g_assert_cmpint(collection_member(store->collection, 1)->match[1], ==, MATCH_MISSING);
	g_assert_cmpuint(collection_member(store->collection, 1)->renames->len, ==, 1);
}

/* Puts a text in the place of an attribute of the task, or with NULL takes it away. */
static void change_attribute(const Scratch *scratch, const char *name, const char *text)
{
	hdf5_quiet();
	{
		g_auto(Hid) file = H5Fopen(scratch->store, H5F_ACC_RDWR, H5P_DEFAULT);
		g_auto(Hid) group = H5Gopen2(file, "/checkpoints/task", H5P_DEFAULT);
		g_assert_cmpint(H5Adelete(group, name), >=, 0);
		g_assert_true(!text || hdf5_put_text(group, name, text, NULL));
	}
	seal_file(scratch->store);
}

static void expect_unknown(const Scratch *scratch)
{
	g_autoptr(Store) store = reopen(scratch->store);
	const StoreMember *task = stored(store, "task");

	g_assert_false(task->known);
	test_error(task->unread, ERROR_INPUT, "paired with the base's by other rules");
	load_into(store, request_of(NULL, WEIGHTS_AUTOMATIC, NULL));
	g_assert_true(stored(store, "task")->known);
	g_assert_cmpfloat(square_of(store, "a.w"), ==, 16);
	g_autoptr(Store) again = reopen(scratch->store);
	g_assert_true(stored(again, "task")->known);
}

/* A store that was written before names were matched by rules. */
static void test_older(void)
{
	g_auto(Scratch) scratch = scratch_new();

	store_free(pair_store(&scratch, "a.w", "b.w", NULL, WEIGHTS_LINK));
	change_attribute(&scratch, "alignment", NULL);
	g_autoptr(Store) plain = reopen(scratch.store);
	g_assert_true(stored(plain, "task")->known);
	g_unlink(scratch.store);
	store_free(pair_store(&scratch, "module.a.w", "module.b.w", NULL, WEIGHTS_LINK));
	change_attribute(&scratch, "alignment", NULL);
	expect_unknown(&scratch);
}

static void test_other_pairs(void)
{
	g_auto(Scratch) scratch = scratch_new();

	store_free(pair_store(&scratch, "a.w", "b.w", NULL, WEIGHTS_LINK));
	change_attribute(&scratch, "alignment", "00000000000000000000000000000000");
	expect_unknown(&scratch);
}

static void test_bad_rename(void)
{
	static const char *const renames[] = {"^p=b", "^q=a", NULL};
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(GError) error = NULL;

	store_free(pair_store(&scratch, "p.w", "q.w", renames, WEIGHTS_LINK));
	change_attribute(&scratch, "renames", "(=a");
	g_assert_null(store_open(scratch.store, &error));
	test_error(error, ERROR_INPUT, "the store is damaged: the rename (=a is not valid");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store-align/renames", test_renames);
	g_test_add_func("/store-align/refresh", test_refresh);
	g_test_add_func("/store-align/older", test_older);
	g_test_add_func("/store-align/other-pairs", test_other_pairs);
	g_test_add_func("/store-align/bad-rename", test_bad_rename);
	return g_test_run();
}
