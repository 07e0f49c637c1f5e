/* test_collection.c - how members line up with the base, and in which order they stand. */
#include "test.h"

#include "checkpoint/collection.h"

#include <string.h>

static const double ones[] = {1, 1, 1, 1, 1, 1};
static const double counts[] = {1, 2, 3, 4, 5, 6};

static Checkpoint *write_and_open(
	const char *folder, const char *name, const TestTensor *tensors, guint n)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autoptr(GError) error = NULL;

	test_write_safetensors(path, tensors, n);
	Checkpoint *checkpoint = checkpoint_open(path, &error);
	g_assert_no_error(error);
	return checkpoint;
}

static Checkpoint *make_base(const char *folder)
{
	const TestTensor tensors[] = {
		{"blocks.0.w", DTYPE_F32, 2, {2, 3}, ones},
		{"gone", DTYPE_F32, 1, {2}, ones},
		{"ids", DTYPE_I64, 1, {2}, NULL},
		{"scale", DTYPE_F32, 0, {0}, ones},
		{"turned", DTYPE_F32, 2, {2, 3}, ones},
		{"typed", DTYPE_F32, 1, {2}, ones},
	};
	return write_and_open(folder, "base.safetensors", tensors, G_N_ELEMENTS(tensors));
}

static Checkpoint *make_task(const char *folder)
{
	const TestTensor tensors[] = {
		{"blocks.0.w", DTYPE_BF16, 2, {2, 3}, counts},
		{"extra", DTYPE_F32, 1, {2}, ones},
		{"ids", DTYPE_I64, 1, {2}, NULL},
		{"scale", DTYPE_F32, 1, {1}, ones},
		{"turned", DTYPE_F32, 2, {3, 2}, ones},
		{"typed", DTYPE_I32, 1, {2}, NULL},
	};
	return write_and_open(folder, "task.safetensors", tensors, G_N_ELEMENTS(tensors));
}

static guint place_of(const Collection *collection, const char *tensor)
{
	gint place = checkpoint_find(collection_member(collection, 0)->checkpoint, tensor);
	g_assert_cmpint(place, >=, 0);
	return (guint)place;
}

static void test_line_up(void)
{
	static const struct {
		const char *tensor;
		Match match;
	} expected[] = {
		{"blocks.0.w", MATCH_SHARED},
		{"gone", MATCH_MISSING},
		{"ids", MATCH_NOT_FLOAT},
		{"scale", MATCH_RESHAPED}, /* a scalar and [1] are not the same */
		{"turned", MATCH_RESHAPED},
		{"typed", MATCH_NOT_FLOAT},
	};
	char *folder = test_folder();
	g_autoptr(Collection) collection = collection_new(make_base(folder));
	g_autoptr(GError) error = NULL;

	collection_add(collection, "task", MEMBER_TASK, NULL, -1, make_task(folder), NULL, &error);
	g_assert_no_error(error);
	const Member *base = collection_member(collection, 0);
	const Member *task = collection_member(collection, 1);
	g_assert_cmpuint(collection_tensors(collection), ==, G_N_ELEMENTS(expected));
	for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
		guint place = place_of(collection, expected[i].tensor);
		g_assert_cmpint(task->match[place], ==, expected[i].match);
		g_assert_cmpint(base->place[place], ==, (gint)place);
	}
	g_assert_cmpint(task->place[place_of(collection, "gone")], ==, -1);
	g_assert_cmpuint(task->extra->len, ==, 1);
	g_assert_cmpstr(g_ptr_array_index(task->extra, 0), ==, "extra");
	g_assert_cmpint(base->match[place_of(collection, "ids")], ==, MATCH_NOT_FLOAT);
	g_assert_cmpint(base->match[place_of(collection, "gone")], ==, MATCH_SHARED);
	g_assert_false(collection_is_float(collection, place_of(collection, "ids")));
	g_assert_cmpstr(collection->layer[place_of(collection, "blocks.0.w")], ==, "blocks.0");
	test_folder_remove(folder);
}

/* Values come in the member's own type, from its own file, at any block. */
static void test_read(void)
{
	char *folder = test_folder();
	g_autoptr(Collection) collection = collection_new(make_base(folder));
	guint tensor = place_of(collection, "blocks.0.w");
	double scratch[6], values[6];

	g_assert_true(collection_add(
		collection, "task", MEMBER_TASK, NULL, -1, make_task(folder), NULL, NULL));
	g_assert_true(collection_read_double(collection, 1, tensor, 0, 6, scratch, values, NULL));
	for (guint i = 0; i < 6; i++)
		g_assert_cmpfloat(values[i], ==, counts[i]);
	g_assert_true(collection_read_double(collection, 1, tensor, 4, 2, scratch, values, NULL));
	g_assert_cmpfloat(values[0], ==, 5);
	g_assert_cmpfloat(values[1], ==, 6);
	g_assert_true(collection_read_double(collection, 0, tensor, 5, 1, scratch, values, NULL));
	g_assert_cmpfloat(values[0], ==, 1);
	test_folder_remove(folder);
}

static gboolean add(Collection *collection, const char *folder, const char *name, MemberRole role,
	const char *run, gint64 step, GError **error)
{
	return collection_add(collection, name, role, run, step, make_task(folder), NULL, error);
}

static void expect_order(const Collection *collection, const char *expected)
{
	g_autoptr(GString) names = g_string_new(NULL);
	for (guint i = 0; i < collection_members(collection); i++)
		g_string_append_printf(
			names, "%s%s", i > 0 ? " " : "", collection_member(collection, i)->name);
	g_assert_cmpstr(names->str, ==, expected);
}

/* Steps stand in order of their number before their run's final task, whenever they come. */
static void test_order(void)
{
	char *folder = test_folder();
	g_autoptr(Collection) collection = collection_new(make_base(folder));

	g_assert_true(add(collection, folder, "a", MEMBER_TASK, NULL, -1, NULL));
	g_assert_true(add(collection, folder, "r@100", MEMBER_STEP, "r", 100, NULL));
	g_assert_true(add(collection, folder, "r", MEMBER_TASK, "r", 500, NULL));
	g_assert_true(add(collection, folder, "b", MEMBER_TASK, NULL, -1, NULL));
	g_assert_true(add(collection, folder, "r@20", MEMBER_STEP, "r", 20, NULL));
	g_assert_true(add(collection, folder, "r@300", MEMBER_STEP, "r", 300, NULL));
	g_assert_true(add(collection, folder, "s@1", MEMBER_STEP, "s", 1, NULL));
	g_assert_true(add(collection, folder, "s", MEMBER_TASK, "s", -1, NULL));
	expect_order(collection, "base a r@20 r@100 r@300 r b s@1 s");

	g_autoptr(GArray) tasks = collection_tasks(collection);
	g_autoptr(GArray) run = collection_run(collection, "r");
	g_autoptr(GPtrArray) runs = collection_runs(collection);
	g_assert_cmpuint(tasks->len, ==, 4);
	g_assert_cmpuint(g_array_index(tasks, guint, 1), ==, 5);
	g_assert_cmpuint(run->len, ==, 4);
	g_assert_cmpuint(g_array_index(run, guint, 0), ==, 2);
	g_assert_cmpuint(g_array_index(run, guint, 3), ==, 5);
	g_assert_cmpuint(runs->len, ==, 2);
	g_assert_cmpstr(g_ptr_array_index(runs, 1), ==, "s");
	g_assert_cmpint(collection_find(collection, "r@300"), ==, 4);
	g_assert_cmpint(collection_find(collection, "r@301"), ==, -1);
	test_folder_remove(folder);
}

static void test_names(void)
{
	static const char *const refused[] = {"", "a@1", "say \"a\"", "a[0]", "a]", "line\nend",
		"bell\a", "del\177", "\xff\xfe", "\u202etxt", "base", "taken"};
	static const char *const accepted[] = {"mnist-inv", "Größe 2", "数字", "0.5*a", "it's"};
	char *folder = test_folder();
	g_autoptr(Collection) collection = collection_new(make_base(folder));

	g_assert_true(add(collection, folder, "taken", MEMBER_TASK, NULL, -1, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_false(add(collection, folder, refused[i], MEMBER_TASK, NULL, -1, &error));
		test_error(error, ERROR_USAGE, "name");
		g_assert_true(g_utf8_validate(error->message, -1, NULL));
	}
	for (guint i = 0; i < G_N_ELEMENTS(accepted); i++)
		g_assert_true(add(collection, folder, accepted[i], MEMBER_TASK, NULL, -1, NULL));
	g_assert_cmpuint(collection_members(collection), ==, 2 + G_N_ELEMENTS(accepted));
	test_folder_remove(folder);
}

/* A step is RUN@STEP and nothing else. */
static void test_step_names(void)
{
	char *folder = test_folder();
	g_autoptr(Collection) collection = collection_new(make_base(folder));

	g_assert_false(add(collection, folder, "r", MEMBER_STEP, "r", 1, NULL));
	g_assert_false(add(collection, folder, "r@2", MEMBER_STEP, "r", 1, NULL));
	g_assert_false(add(collection, folder, "r@1", MEMBER_STEP, NULL, 1, NULL));
	g_assert_false(add(collection, folder, "r@-1", MEMBER_STEP, "r", -1, NULL));
	g_assert_false(add(collection, folder, "a@b@1", MEMBER_STEP, "a@b", 1, NULL));
	g_assert_true(add(collection, folder, "r@1", MEMBER_STEP, "r", 1, NULL));
	g_assert_false(add(collection, folder, "r@1", MEMBER_STEP, "r", 1, NULL));
	expect_order(collection, "base r@1");
	test_folder_remove(folder);
}

/* An empty base lines up with anything. */
static void test_empty_base(void)
{
	char *folder = test_folder();
	g_autoptr(Collection) collection =
		collection_new(write_and_open(folder, "empty.safetensors", NULL, 0));

	g_assert_true(add(collection, folder, "task", MEMBER_TASK, NULL, -1, NULL));
	g_assert_cmpuint(collection_tensors(collection), ==, 0);
	g_assert_cmpuint(collection_member(collection, 1)->extra->len, ==, 6);
	test_folder_remove(folder);
}

/* A vocabulary that grew or shrank: rows of embeddings and heads alone, and their first dimension.
 */
static void test_rows(void)
{
	static const double values[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	static const struct {
		const char *tensor;
		Match match;
		guint64 shared;
	} expected[] = {
		{"lm_head.bias", MATCH_SHARED, 2},
		{"lm_head.weight", MATCH_SHARED, 4},
		{"mlp.fc1.weight", MATCH_RESHAPED, 0},
		{"pos_embed", MATCH_RESHAPED, 0},
		{"wte.weight", MATCH_SHARED, 4},
		{"x", MATCH_SHARED, 2},
	};
	const TestTensor base[] = {{"lm_head.bias", DTYPE_F32, 1, {3}, values},
		{"lm_head.weight", DTYPE_F32, 2, {3, 2}, values},
		{"mlp.fc1.weight", DTYPE_F32, 2, {3, 2}, values},
		{"pos_embed", DTYPE_F32, 3, {1, 3, 2}, values},
		{"wte.weight", DTYPE_F32, 2, {2, 2}, values}, {"x", DTYPE_F32, 1, {2}, values}};
	const TestTensor task[] = {{"lm_head.bias", DTYPE_F32, 1, {2}, values},
		{"lm_head.weight", DTYPE_F32, 2, {2, 2}, values},
		{"mlp.fc1.weight", DTYPE_F32, 2, {2, 2}, values},
		{"pos_embed", DTYPE_F32, 3, {1, 2, 2}, values},
		{"wte.weight", DTYPE_BF16, 2, {6, 2}, values}, {"x", DTYPE_F32, 1, {2}, values}};
	char *folder = test_folder();
	g_autoptr(Collection) collection = collection_new(
		write_and_open(folder, "base.safetensors", base, G_N_ELEMENTS(base)));
	Checkpoint *other = write_and_open(folder, "task.safetensors", task, G_N_ELEMENTS(task));

	g_assert_true(collection_add(collection, "task", MEMBER_TASK, NULL, -1, other, NULL, NULL));
	const Member *member = collection_member(collection, 1);
	for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
		guint place = place_of(collection, expected[i].tensor);
		const Tensor *tensor = collection_tensor(collection, place);
		g_assert_cmpint(member->match[place], ==, expected[i].match);
		g_assert_cmpuint(member->shared[place], ==, expected[i].shared);
		g_assert_cmpuint(
			collection_member(collection, 0)->shared[place], ==, tensor->elements);
		g_assert_cmpint(collection_is_resized(collection, 1, place), ==,
			expected[i].match == MATCH_SHARED && strcmp(tensor->name, "x") != 0);
	}
	g_assert_null(member->matched_by);
	test_folder_remove(folder);
}

/* Another vocabulary of no rows at all shares none. */
static void test_no_rows(void)
{
	const TestTensor base[] = {{"wte.weight", DTYPE_F32, 2, {2, 2}, ones}};
	const TestTensor task[] = {{"wte.weight", DTYPE_F32, 2, {0, 2}, ones}};
	char *folder = test_folder();
	g_autoptr(Collection) collection =
		collection_new(write_and_open(folder, "base.safetensors", base, 1));
	Checkpoint *other = write_and_open(folder, "task.safetensors", task, 1);

	g_assert_true(collection_add(collection, "task", MEMBER_TASK, NULL, -1, other, NULL, NULL));
	g_assert_cmpint(collection_member(collection, 1)->match[0], ==, MATCH_RESHAPED);
	test_folder_remove(folder);
}

/* The task's names behind a prefix that a rename puts there first. */
static void test_renames(void)
{
	char *folder = test_folder();
	g_autoptr(Collection) collection = collection_new(make_base(folder));
	g_autoptr(GPtrArray) renames = g_ptr_array_new();
	g_autoptr(GError) error = NULL;

	g_ptr_array_add(renames, (char *)"^extra$=gone");
	g_assert_true(collection_add(
		collection, "task", MEMBER_TASK, NULL, -1, make_task(folder), renames, &error));
	test_no_error(error);
	const Member *member = collection_member(collection, 1);
	g_assert_cmpint(member->match[place_of(collection, "gone")], ==, MATCH_SHARED);
	g_assert_cmpuint(member->extra->len, ==, 0);
	g_assert_cmpuint(member->renames->len, ==, 1);
	g_assert_cmpstr(member->matched_by, ==, "after the rename ^extra$=gone");
	g_ptr_array_add(renames, (char *)"(");
	g_assert_false(collection_add(
		collection, "bad", MEMBER_TASK, NULL, -1, make_task(folder), renames, &error));
	test_error(error, ERROR_USAGE, "a rename is REGEX=TEXT");
	g_assert_cmpuint(collection_members(collection), ==, 2);
	test_folder_remove(folder);
}

static void write_vector(const char *path)
{
	static const char header[] =
		"{\"__metadata__\":{\"tauscope.values\":\"differences\"},"
		"\"gone\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
		"\"ids\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[8,24]}}";
	const guint64 length = GUINT64_TO_LE(sizeof header - 1);
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	const guint8 data[24] = {0};

	g_byte_array_append(bytes, (const guint8 *)&length, sizeof length);
	g_byte_array_append(bytes, (const guint8 *)header, sizeof header - 1);
	g_byte_array_append(bytes, data, sizeof data);
	test_write(path, bytes->data, bytes->len);
}

/* A saved task vector holds differences in its floats; it is a task, and no base. */
static void test_differences(void)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "vector.safetensors", NULL);
	g_autoptr(Collection) collection = collection_new(make_base(folder));
	g_autoptr(GError) error = NULL;

	write_vector(path);
	Checkpoint *vector = checkpoint_open(path, &error);
	test_no_error(error);
	g_assert_true(collection_check_base(collection_member(collection, 0)->checkpoint, &error));
	g_assert_false(collection_check_base(vector, &error));
	test_error(error, ERROR_INPUT, "a saved task vector cannot be the base");
	g_assert_true(
		collection_add(collection, "vector", MEMBER_TASK, NULL, -1, vector, NULL, NULL));
	g_assert_true(add(collection, folder, "task", MEMBER_TASK, NULL, -1, NULL));
	g_assert_true(collection_is_difference(collection, 1, place_of(collection, "gone")));
	g_assert_false(collection_is_difference(collection, 1, place_of(collection, "ids")));
	g_assert_false(collection_is_difference(collection, 1, place_of(collection, "scale")));
	g_assert_true(collection_has_differences(collection, 1));
	g_assert_false(collection_has_differences(collection, 2));
	test_folder_remove(folder);
}

/* An adapter becomes what it changes of the base, under the base's names. */
static void test_adapter(void)
{
	g_autofree char *model = test_source("tests/corpus/valid/peft/rslora/base");
	g_autofree char *folder = test_source("tests/corpus/valid/peft/rslora/adapter");
	g_autoptr(GError) error = NULL;
	Checkpoint *base = checkpoint_open(model, &error);
	test_no_error(error);
	g_autoptr(Collection) collection = collection_new(base);
	Checkpoint *adapter = checkpoint_open(folder, &error);
	test_no_error(error);

	g_assert_false(collection_check_base(adapter, &error));
	test_error(error, ERROR_INPUT, "an adapter cannot be the base");
	g_clear_error(&error);
	g_autoptr(GPtrArray) renames = g_ptr_array_new();
	g_ptr_array_add(renames, (char *)"^enc=dec");
	g_assert_true(collection_add(
		collection, "lora", MEMBER_TASK, NULL, -1, adapter, renames, &error));
	test_no_error(error);
	const Member *member = collection_member(collection, 1);
	g_assert_true(
		collection_is_difference(collection, 1, place_of(collection, "enc.q.weight")));
	g_assert_cmpuint(member->extra->len, ==, 0);
	g_assert_null(member->matched_by);
	g_assert_cmpstr(
		member->notes->pdata[0], ==, "an adapter names what it changes: it is not renamed");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/collection/line-up", test_line_up);
	g_test_add_func("/collection/read", test_read);
	g_test_add_func("/collection/order", test_order);
	g_test_add_func("/collection/names", test_names);
	g_test_add_func("/collection/step-names", test_step_names);
	g_test_add_func("/collection/empty-base", test_empty_base);
	g_test_add_func("/collection/rows", test_rows);
	g_test_add_func("/collection/no-rows", test_no_rows);
	g_test_add_func("/collection/renames", test_renames);
	g_test_add_func("/collection/differences", test_differences);
	g_test_add_func("/collection/adapter", test_adapter);
	return g_test_run();
}
