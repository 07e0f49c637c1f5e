/* test_model_output.c - where edited models go: files, folders, and what is refused. */
#include "export.h"

#include "export/model_inputs.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A folder beside the weights: side files are copied, the state of training is not. */
static char *make_model_folder(const Fixture *fixture, gboolean sharded)
{
	static const char *const files[] = {"config.json", "tokenizer.json",
		"tokenizer_config.json", "merges.txt", "spiece.model", "chat.jinja", "README.md",
		"LICENSE", "modeling.py", "training_args.bin", "optimizer.pt", "rng_state.pth",
		"trainer_state.json", "scheduler.pt", "pytorch_model.bin", "recipe.json",
		"notes.tmp.12"};
	char *folder = path_in(fixture, sharded ? "sharded" : "single");
	g_assert_cmpint(g_mkdir(folder, 0777), ==, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(folder, files[i], NULL);
		test_write(path, files[i], strlen(files[i]));
	}
	g_autofree char *step = g_build_filename(folder, "checkpoint-5", NULL);
	g_assert_cmpint(g_mkdir(step, 0777), ==, 0);
	return folder;
}

static void write_shards(const char *folder)
{
	const double values[] = {1, 2, 3};
	TestTensor first[] = {{"z", DTYPE_F32, 1, {3}, values}, {"a", DTYPE_F16, 1, {2}, values}};
	TestTensor second[] = {{"m", DTYPE_F32, 1, {2}, values}, {"n", DTYPE_I32, 0, {0}, NULL}};
	g_autofree char *one = g_build_filename(folder, "model-00001-of-00002.safetensors", NULL);
	g_autofree char *two = g_build_filename(folder, "model-00002-of-00002.safetensors", NULL);
	g_autofree char *index = g_build_filename(folder, "model.safetensors.index.json", NULL);
	const char *map = "{\"metadata\":{\"total_size\":28,\"kept\":true},\"weight_map\":{"
			  "\"z\":\"model-00001-of-00002.safetensors\","
			  "\"a\":\"model-00001-of-00002.safetensors\","
			  "\"m\":\"model-00002-of-00002.safetensors\","
			  "\"n\":\"model-00002-of-00002.safetensors\"}}";
	test_write_safetensors(one, first, 2);
	test_write_safetensors(two, second, 2);
	test_write(index, map, strlen(map));
}

static void test_sharded(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = make_model_folder(fixture, TRUE);
	write_shards(folder);
	const double values[] = {2, 4, 6};
	TestTensor task[] = {{"a", DTYPE_F32, 1, {2}, values}, {"m", DTYPE_F32, 1, {2}, values},
		{"z", DTYPE_F32, 1, {3}, values}};
	g_autofree char *task_path = path_in(fixture, "task.safetensors");
	test_write_safetensors(task_path, task, 3);
	g_autoptr(Collection) collection = collection_new(open_checked(folder));
	add_member(collection, "t", MEMBER_TASK, NULL, -1, task_path);
	g_autofree char *output = path_in(fixture, "out/");
	g_autoptr(ModelReport) report = write_with(
		collection, "0.5*t", output, (ModelRequest){.write_recipe = TRUE}, NULL, &error);
	test_no_error(error);
	g_autofree char *out = path_in(fixture, "out");
	assert_listing(out,
		"LICENSE README.md chat.jinja config.json merges.txt "
		"model-00001-of-00002.safetensors model-00002-of-00002.safetensors "
		"model.safetensors.index.json modeling.py recipe.json spiece.model tokenizer.json "
		"tokenizer_config.json");
	g_assert_cmpuint(report->files->len, ==, 13);
	g_assert_cmpuint(report->changed, ==, 3);
	g_autoptr(Checkpoint) written = open_checked(out);
	g_assert_cmpuint(written->files->len, ==, 2);
	gsize length;
	g_autofree guint8 *a = raw_tensor(written, "a", &length);
	g_assert_true(memcmp(a, "\x00\x3e\x00\x42", 4) == 0); /* 1.5 and 3 */
	g_autofree guint8 *z = raw_tensor(written, "z", &length);
	const float halfway[] = {1.5f, 3, 4.5f};
	g_assert_true(memcmp(z, halfway, sizeof halfway) == 0);
	g_autofree char *index = g_build_filename(out, "model.safetensors.index.json", NULL);
	g_autoptr(cJSON) json = json_read_file(index, 10000, &error);
	test_no_error(error);
	const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(json, "metadata");
	g_assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(metadata, "kept")));

	/* The same base as one file: all tensors in the order of the shards. */
	g_autofree char *single = path_in(fixture, "one.safetensors");
	model_report_free(write_with(collection, "0.5*t", single, (ModelRequest){0}, NULL, &error));
	test_no_error(error);
	g_autoptr(Checkpoint) joined = open_checked(single);
	guint64 last = 0;
	static const char *const order[] = {"z", "a", "m", "n"};
	for (gsize i = 0; i < G_N_ELEMENTS(order); i++) {
		guint place = (guint)checkpoint_find(joined, order[i]);
		g_assert_cmpuint(checkpoint_tensor(joined, place)->offset, >, last);
		last = checkpoint_tensor(joined, place)->offset;
	}
}

static void test_folder_output(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = make_model_folder(fixture, FALSE);
	g_autofree char *weights = g_build_filename(folder, "model.safetensors", NULL);
	g_autofree char *task = path_in(fixture, "task.safetensors");
	write_toy(weights, 1, 2);
	write_toy(task, 3, 4);
	g_autoptr(Collection) collection = collection_new(open_checked(folder));
	add_member(collection, "t", MEMBER_TASK, NULL, -1, task);
	g_autofree char *out = path_in(fixture, "there");
	g_assert_cmpint(g_mkdir(out, 0777), ==, 0);
	model_report_free(write_with(
		collection, "t", out, (ModelRequest){.write_recipe = TRUE}, NULL, &error));
	test_no_error(error);
	const char *all = "LICENSE README.md chat.jinja config.json merges.txt model.safetensors "
			  "modeling.py recipe.json spiece.model tokenizer.json "
			  "tokenizer_config.json";
	assert_listing(out, all);
	g_autofree char *config = g_build_filename(out, "config.json", NULL);
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(config, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, "config.json");
	g_autoptr(Recipe) recipe = NULL;
	g_autofree char *recipe_path = g_build_filename(out, "recipe.json", NULL);
	recipe = recipe_read(recipe_path, &error);
	test_no_error(error);
	g_assert_cmpstr(recipe->expression, ==, "t");

	g_assert_null(write_with(collection, "t", out, (ModelRequest){0}, NULL, &error));
	test_error(error, ERROR_IO, "exists; say --overwrite");
	g_clear_error(&error);
	model_report_free(write_with(
		collection, "0.5*t", out, (ModelRequest){.replace = TRUE}, NULL, &error));
	test_no_error(error);
	assert_listing(out, all);
	g_assert_null(
		write_with(collection, "t", folder, (ModelRequest){.replace = TRUE}, NULL, &error));
	test_error(error, ERROR_IO, "it is one of the inputs");
}

/* Shards of one stem, which would both become model-1.safetensors. */
static void test_shards_of_one_name(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const char map[] = "{\"weight_map\":{\"a\":\"model-1.bin\",\"b\":\"model-1.pt\"}}";
	const double values[] = {1, 2};
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = make_model_folder(fixture, TRUE);
	g_autofree char *one = g_build_filename(folder, "model-1.bin", NULL);
	g_autofree char *two = g_build_filename(folder, "model-1.pt", NULL);
	g_autofree char *index = g_build_filename(folder, "model.bin.index.json", NULL);
	test_write_safetensors(one, &(TestTensor){"a", DTYPE_F32, 1, {2}, values}, 1);
	test_write_safetensors(two, &(TestTensor){"b", DTYPE_F32, 1, {2}, values}, 1);
	test_write(index, map, strlen(map));
	g_autoptr(Collection) collection = collection_new(open_checked(index));
	add_member(collection, "t", MEMBER_TASK, NULL, -1, one);
	g_autofree char *output = path_in(fixture, "out/");
	g_assert_null(write_with(collection, "t", output, (ModelRequest){0}, NULL, &error));
	test_error(error, ERROR_INPUT, "would both be written as model-1.safetensors");
}

/* A model.safetensors more would be read in place of the shards the next time. */
static void test_folder_of_input(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autofree char *folder = make_model_folder(fixture, TRUE);
	g_autofree char *before = NULL;
	write_shards(folder);
	before = listing(folder);
	g_assert_true(collection_add(fixture->collection, "shards", MEMBER_TASK, NULL, -1,
		open_checked(folder), NULL, NULL));
	write_fails(fixture, "a", folder, (ModelRequest){.replace = TRUE}, ERROR_IO,
		"it is one of the inputs");
	assert_listing(folder, before);
}

/* Nor beside a model of one file, which whoever loads the folder would take. */
static void test_folder_of_another(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = make_model_folder(fixture, TRUE);
	write_shards(folder);
	g_autoptr(Collection) collection = collection_new(open_checked(folder));
	add_member(collection, "t", MEMBER_TASK, NULL, -1, folder);
	g_autofree char *out = path_in(fixture, "there");
	g_autofree char *other = g_build_filename(out, "model.safetensors", NULL);
	g_assert_cmpint(g_mkdir(out, 0777), ==, 0);
	write_toy(other, 1, 2);
	g_assert_null(write_with(
		collection, "0.5*t", out, (ModelRequest){.replace = TRUE}, NULL, &error));
	test_error(error, ERROR_IO, "model.safetensors: the weights here would be loaded");
	g_clear_error(&error);
	assert_listing(out, "model.safetensors");
	g_assert_cmpint(g_remove(other), ==, 0);
	model_report_free(write_with(collection, "0.5*t", out, (ModelRequest){0}, NULL, &error));
	test_no_error(error);
	model_report_free(
		write_with(collection, "t", out, (ModelRequest){.replace = TRUE}, NULL, &error));
	test_no_error(error);
}

static void test_recipe_beside(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autofree char *out = path_in(fixture, "merged.safetensors");
	g_autoptr(ModelReport) report = write_with(fixture->collection, "a", out,
		(ModelRequest){.write_recipe = TRUE, .scale = 0.5}, NULL, &error);
	test_no_error(error);
	assert_listing(fixture->folder, "inputs merged.recipe.json merged.safetensors");
	g_autofree char *path = path_in(fixture, "merged.recipe.json");
	g_autoptr(Recipe) recipe = recipe_read(path, &error);
	test_no_error(error);
	g_assert_cmpfloat(recipe->scale, ==, 0.5);
	g_assert_cmpstr(report->files->pdata[1], ==, path);
	g_assert_cmpuint(report->warnings->len, ==, 1);
	g_assert_nonnull(strstr(report->warnings->pdata[0], "seen"));
}

static void test_refused(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autofree char *out = path_in(fixture, "out.safetensors");
	g_autofree char *plain = path_in(fixture, "out");
	g_autofree char *nowhere = path_in(fixture, "no/such/out.safetensors");
	g_autofree char *input = path_in(fixture, "inputs/b.safetensors");
	g_autofree char *link = path_in(fixture, "link.safetensors");
	g_autofree char *hard = path_in(fixture, "hard.safetensors");
	ModelRequest replace = {.replace = TRUE};
	g_assert_cmpint(symlink(input, link), ==, 0);
	write_fails(fixture, "a", plain, replace, ERROR_USAGE, "must end in .safetensors, or in /");
	write_fails(fixture, "a", nowhere, replace, ERROR_IO, "there is no such folder");
	write_fails(fixture, "a", input, replace, ERROR_IO, "it is one of the inputs");
	write_fails(fixture, "a", link, replace, ERROR_IO, "it is one of the inputs");
	g_assert_cmpint(g_unlink(link), ==, 0);
	g_assert_cmpint(linkat(AT_FDCWD, input, AT_FDCWD, hard, 0), ==, 0);
	write_fails(fixture, "a", hard, replace, ERROR_IO, "it is one of the inputs");
	g_assert_cmpint(g_unlink(hard), ==, 0);
	write_fails(fixture, "a", out, (ModelRequest){.scale = NAN}, ERROR_USAGE, "scale");
	write_fails(fixture, "a", out, (ModelRequest){.scale = 1e200}, ERROR_USAGE, "scale");
	write_fails(fixture, "a", out, (ModelRequest){.scale = 1e39}, ERROR_INPUT,
		"2 values are too large for F32; make the edit smaller");
	assert_listing(fixture->folder, "inputs");
	test_write(out, "mine", 4);
	write_fails(fixture, "a", out, (ModelRequest){0}, ERROR_IO, "exists; say --overwrite");
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(out, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, "mine");
}

static void test_missing_source(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autofree char *out = path_in(fixture, "out.safetensors");
	gint b = collection_find(fixture->collection, "b");
	const Member *member = collection_member(fixture->collection, (guint)b);
	CheckpointFile *file = member->checkpoint->files->pdata[0];
	g_clear_pointer(&file->file, file_close);
	write_fails(fixture, "a + b", out, (ModelRequest){0}, ERROR_IO,
		"the weights of b are not there; put it back");
	g_autoptr(ModelReport) report = write_edit(fixture, "a", "out.safetensors");
	g_assert_nonnull(report);
}

/* Types that are carried along, and tensors without elements. */
static void test_carried(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double values[] = {1, 2, 3, 4};
	TestTensor tensors[] = {
		{"f4", DTYPE_F4, 1, {200000}, NULL},
		{"none", DTYPE_F32, 2, {0, 3}, NULL},
		{"scalar", DTYPE_F64, 0, {0}, values},
		{"flag", DTYPE_BOOL, 1, {3}, NULL},
		{"w", DTYPE_F32, 1, {4}, values},
	};
	TestTensor moved[] = {{"w", DTYPE_F32, 1, {4}, NULL}, {"scalar", DTYPE_F64, 0, {0}, NULL}};
	g_autofree char *base = path_in(fixture, "carried.safetensors");
	g_autofree char *task = path_in(fixture, "moved.safetensors");
	test_write_safetensors(base, tensors, G_N_ELEMENTS(tensors));
	test_write_safetensors(task, moved, G_N_ELEMENTS(moved));
	g_autofree char *bytes = NULL;
	gsize length;
	g_assert_true(g_file_get_contents(base, &bytes, &length, NULL));
	guint64 header;
	memcpy(&header, bytes, sizeof header);
	for (gsize i = 0; i < 100000; i++)
		bytes[8 + header + i] = (char)(i * 7);
	test_write(base, bytes, length);
	g_autoptr(GError) error = NULL;
	g_autoptr(Collection) collection = collection_new(open_checked(base));
	add_member(collection, "t", MEMBER_TASK, NULL, -1, task);
	g_autofree char *out = path_in(fixture, "out.safetensors");
	g_autoptr(ModelReport) report =
		write_with(collection, "0.5*t", out, (ModelRequest){0}, NULL, &error);
	test_no_error(error);
	g_assert_cmpuint(report->changed, ==, 2);
	g_autoptr(Checkpoint) written = open_checked(out);
	gsize size;
	g_autofree guint8 *f4 = raw_tensor(written, "f4", &size);
	g_assert_true(memcmp(f4, bytes + 8 + header, 100000) == 0);
	g_autofree guint8 *scalar = raw_tensor(written, "scalar", &size);
	const double half = 0.5;
	g_assert_true(memcmp(scalar, &half, sizeof half) == 0);
}

/* A tensor of some blocks and a part of one: all of it is written, and what is found anywhere in it
 * is counted. */
static void test_blocks(Fixture *fixture, gconstpointer data)
{
	enum { N = 70003 };
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autofree double *values = g_new0(double, N);
	TestTensor tensor = {"w", DTYPE_F16, 1, {N}, values};
	g_autofree char *base = path_in(fixture, "zero.safetensors");
	g_autofree char *large = path_in(fixture, "large.safetensors");
	g_autofree char *odd = path_in(fixture, "odd.safetensors");
	g_autofree char *out = path_in(fixture, "out.safetensors");
	test_write_safetensors(base, &tensor, 1);
	for (guint i = 0; i < N; i++)
		values[i] = i % 100;
	values[1] = values[N - 1] = 60000;
	test_write_safetensors(large, &tensor, 1);
	values[1] = values[N - 1] = NAN;
	test_write_safetensors(odd, &tensor, 1);
	g_autoptr(Collection) collection = collection_new(open_checked(base));
	add_member(collection, "large", MEMBER_TASK, NULL, -1, large);
	add_member(collection, "odd", MEMBER_TASK, NULL, -1, odd);
	ModelRequest request = {.threads = 2, .budget = 1};
	g_assert_null(write_with(collection, "4*large", out, request, NULL, &error));
	test_error(error, ERROR_INPUT, "2 values are too large for F16");
	g_clear_error(&error);
	g_autoptr(ModelReport) report = write_with(collection, "4*odd", out, request, NULL, &error);
	test_no_error(error);
	g_assert_cmpstr(report->warnings->pdata[0], ==,
		"1 tensor with values that are not finite (2 elements from odd): w");
	g_autoptr(Checkpoint) written = open_checked(out);
	g_assert_true(checkpoint_read_double(written, 0, 0, N, values, &error));
	for (guint i = 2; i + 1 < N; i++)
		g_assert_cmpfloat(values[i], ==, 4 * (i % 100));
	g_assert_true(isnan(values[1]) && isnan(values[N - 1]));
}

/* What was written is counted, with the tensors and the members that it comes from. */
static void test_not_finite(Fixture *fixture, gconstpointer data)
{
	(void)data;
	add_toy(fixture->collection, fixture->folder, "nan", MEMBER_TASK, NULL, -1, NAN, NAN);
	add_toy(fixture->collection, fixture->folder, "inf", MEMBER_TASK, NULL, -1, 1, INFINITY);
	g_autoptr(ModelReport) one = write_edit(fixture, "a + nan[head]", "one.safetensors");
	g_assert_cmpuint(one->warnings->len, ==, 2);
	g_assert_cmpstr(one->warnings->pdata[0], ==,
		"1 tensor with values that are not finite (2 elements from nan): head.weight");
	g_autoptr(ModelReport) two =
		write_edit(fixture, "inf[*.attn.*] + nan[blocks.0] + 0*inf", "two.safetensors");
	g_assert_cmpstr(two->warnings->pdata[0], ==,
		"4 tensors with values that are not finite (5 elements from nan, inf): "
		"blocks.0.attn.q.weight, blocks.1.attn.q.weight, blocks.3.attn.q.weight, ...");
	g_autoptr(ModelReport) none = write_edit(fixture, "a + 0*nan", "none.safetensors");
	/* Nor is one to blame for tensors that its scope leaves out, whatever it holds there. */
	const double wild[] = {NAN, 1}, tame[] = {3, 3};
	TestTensor tensors[] = {{"blocks.0.attn.q.weight", DTYPE_F32, 1, {2}, wild},
		{"head.weight", DTYPE_F32, 1, {2}, tame}};
	g_autofree char *half = path_in(fixture, "half.safetensors");
	test_write_safetensors(half, tensors, 2);
	add_member(fixture->collection, "half", MEMBER_TASK, NULL, -1, half);
	g_autoptr(ModelReport) scoped =
		write_edit(fixture, "nan[blocks.0] + half[head]", "scoped.safetensors");
	g_assert_cmpstr(scoped->warnings->pdata[0], ==,
		"1 tensor with values that are not finite (2 elements from nan): "
		"blocks.0.attn.q.weight");
	g_assert_cmpuint(none->warnings->len, ==, 1);
}

/* Also where the edit does not act: what is written is what counts. */
static void test_base_not_finite(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autofree char *base = path_in(fixture, "masked.safetensors");
	write_toy(base, -INFINITY, 2);
	g_autoptr(Collection) collection = collection_new(open_checked(base));
	add_toy(collection, fixture->folder, "t", MEMBER_TASK, NULL, -1, -INFINITY, 3);
	g_autofree char *path = path_in(fixture, "out.safetensors");
	g_autoptr(ModelReport) report =
		write_with(collection, "t[head]", path, (ModelRequest){0}, NULL, NULL);
	g_assert_nonnull(report);
	g_assert_cmpstr(report->warnings->pdata[0], ==,
		"7 tensors with values that are not finite (7 elements from base): "
		"blocks.0.attn.q.weight, blocks.1.attn.q.weight, blocks.2.mlp.fc_in.weight, ...");
	g_assert_cmpuint(report->changed, ==, 1);
}

/* An edit may act and yet leave every byte as it was. */
static void test_changed(Fixture *fixture, gconstpointer data)
{
	(void)data;
	add_toy(fixture->collection, fixture->folder, "twin", MEMBER_TASK, NULL, -1, 1, 2);
	g_autoptr(ModelReport) twin = write_edit(fixture, "twin", "whole.safetensors");
	g_autoptr(ModelReport) half = write_edit(fixture, "0.5*twin + b[head]", "half.safetensors");
	g_autoptr(ModelReport) tiny = write_edit(fixture, "1e-12*a", "tiny.safetensors");
	g_assert_cmpuint(twin->changed, ==, 0);
	g_assert_cmpuint(half->changed, ==, 1);
	g_assert_cmpuint(tiny->changed, ==, 0);
	g_assert_cmpuint(tiny->tensors, ==, 8);
}

/* What a killed export to the same folder left is gone after the next one. */
static void test_leftovers(Fixture *fixture, gconstpointer data)
{
	(void)data;
	pid_t dead = fork();
	if (dead == 0)
		_exit(0);
	waitpid(dead, NULL, 0);
	g_autofree char *left = g_strdup_printf("%s/out.tmp.%d", fixture->folder, dead);
	g_autofree char *file = g_strdup_printf("%s/model.safetensors.tmp.%d", left, dead);
	g_assert_cmpint(g_mkdir(left, 0777), ==, 0);
	test_write(file, "half", 4);
	model_report_free(write_edit(fixture, "a", "out/"));
	assert_listing(fixture->folder, "inputs out");
}

/* While methods are prepared, while it is looked what changes, and while it is written. */
static gboolean run_cancelled(Job *job, gpointer data, GError **error)
{
	static const struct {
		const char *edit, *output;
		ModelPart part;
	} rows[] = {{"a", "out.safetensors", MODEL_WHOLE}, {"a", "out/", MODEL_WHOLE},
		{"ties(a, b, density=0.5)", "out.safetensors", MODEL_WHOLE},
		{"ties(a, b, density=0.5)", "out/", MODEL_WHOLE},
		{"a", "out.safetensors", MODEL_CHANGED}};
	const Fixture *fixture = data;
	job_cancel(job);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) reason = NULL;
		g_autofree char *path = path_in(fixture, rows[i].output);
		g_assert_null(write_with(fixture->collection, rows[i].edit, path,
			(ModelRequest){.part = rows[i].part}, job, &reason));
		test_error(reason, ERROR_CANCELLED, "");
	}
	return job_check(job, error);
}

static void test_cancelled(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Job) job = job_new("export", run_cancelled, NULL, fixture, NULL);
	g_assert_false(job_run(job, &error));
	test_error(error, ERROR_CANCELLED, "");
	assert_listing(fixture->folder, "inputs");
}

/* Another program writes to a task's file between two looks. */
static void test_written_meanwhile(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) edit = expression_parse(fixture->collection, "a", &error);
	test_no_error(error);
	g_autoptr(Recipe) recipe = recipe_new("a", 1);
	ModelRequest request = {.collection = fixture->collection, .edit = edit, .recipe = recipe};
	gint member = collection_find(fixture->collection, "a");
	const Checkpoint *task = collection_member(fixture->collection, (guint)member)->checkpoint;
	const char *path = ((const CheckpointFile *)task->files->pdata[0])->path;
	g_autoptr(ModelInputs) inputs = model_inputs_look(&request);
	g_assert_true(model_inputs_unchanged(inputs, &error));
	int fd = open(path, O_WRONLY | O_APPEND);
	g_assert_cmpint(write(fd, "x", 1), ==, 1);
	close(fd);
	g_assert_false(model_inputs_unchanged(inputs, &error));
	test_error(error, ERROR_INPUT, "was written to while the model was made of it");
	g_assert_cmpstr(error_file(error), ==, path);
}

/* In a process of its own, where files may not grow beyond 1000 bytes. */
static void test_no_room(Fixture *fixture, gconstpointer data)
{
	(void)data;
	if (g_test_subprocess()) {
		const struct rlimit limit = {1000, 1000};
		g_autofree char *file = path_in(fixture, "out.safetensors");
		g_autofree char *folder = path_in(fixture, "out/");
		signal(SIGXFSZ, SIG_IGN);
		g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
		write_fails(fixture, "mnist", file, (ModelRequest){0}, ERROR_IO, "out.safetensors");
		write_fails(fixture, "mnist", folder, (ModelRequest){0}, ERROR_IO, "out");
		assert_listing(fixture->folder, "");
		return;
	}
	g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
	g_test_trap_assert_passed();
}

/* More than any disk has: the tensor's bytes are a hole of 2^50 in a file that says so. */
static void test_no_space(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(Checkpoint) huge = checkpoint_new("huge", "safetensors");
	Tensor tensor = {.name = g_strdup("w"),
		.dtype = DTYPE_F32,
		.rank = 1,
		.shape = g_new(guint64, 1),
		.elements = G_GUINT64_CONSTANT(1) << 48,
		.bytes = G_GUINT64_CONSTANT(1) << 50};
	tensor.shape[0] = tensor.elements;
	g_autofree char *base = path_in(fixture, "inputs/base.safetensors");
	checkpoint_add_file(huge, base, file_open(base, NULL));
	checkpoint_add_tensor(huge, tensor);
	g_assert_true(checkpoint_seal(huge, NULL));
	g_autoptr(Collection) collection = collection_new(g_steal_pointer(&huge));
	add_member(collection, "a", MEMBER_TASK, NULL, -1, base);
	g_autoptr(GError) error = NULL;
	g_autofree char *out = path_in(fixture, "out.safetensors");
	g_assert_null(write_with(collection, "a", out, (ModelRequest){0}, NULL, &error));
	test_error(error, ERROR_IO, "needs 1.13 PB");
	g_assert_nonnull(strstr(error->message, "is free here"));
	assert_listing(fixture->folder, "inputs");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*set_up)(Fixture *fixture, gconstpointer data);
		void (*run)(Fixture *fixture, gconstpointer data);
	} cases[] = {
		{"/model-output/sharded", set_up_toy, test_sharded},
		{"/model-output/shards-of-one-name", set_up_toy, test_shards_of_one_name},
		{"/model-output/folder", set_up_toy, test_folder_output},
		{"/model-output/folder-of-input", set_up_toy, test_folder_of_input},
		{"/model-output/folder-of-another", set_up_toy, test_folder_of_another},
		{"/model-output/recipe-beside", set_up_toy, test_recipe_beside},
		{"/model-output/refused", set_up_toy, test_refused},
		{"/model-output/missing-source", set_up_toy, test_missing_source},
		{"/model-output/carried", set_up_toy, test_carried},
		{"/model-output/blocks", set_up_toy, test_blocks},
		{"/model-output/not-finite", set_up_toy, test_not_finite},
		{"/model-output/base-not-finite", set_up_toy, test_base_not_finite},
		{"/model-output/changed", set_up_toy, test_changed},
		{"/model-output/leftovers", set_up_toy, test_leftovers},
		{"/model-output/cancelled", set_up_toy, test_cancelled},
		{"/model-output/written-meanwhile", set_up_toy, test_written_meanwhile},
		{"/model-output/no-room", set_up_digits, test_no_room},
		{"/model-output/no-space", set_up_toy, test_no_space},
	};
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add(cases[i].path, Fixture, NULL, cases[i].set_up, cases[i].run, tear_down);
	return g_test_run();
}
