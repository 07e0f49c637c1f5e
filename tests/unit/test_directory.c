/* test_directory.c - folders, sharded sets and runs, and the links and devices that only a running
 * test can make. */
#include "test.h"

#include "checkpoint/checkpoint.h"
#include "checkpoint/directory.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const double numbers[] = {1, 2, 3, 4};

/* A checkpoint of one tensor in a folder of the scratch folder. */
static void write_model(const char *folder, const char *file, const char *tensor)
{
	const TestTensor one = {tensor, DTYPE_F32, 1, {4}, numbers};
	g_autofree char *path = g_build_filename(folder, file, NULL);
	g_autofree char *parent = g_path_get_dirname(path);

	g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
	test_write_safetensors(path, &one, 1);
}

static void write_text(const char *folder, const char *file, const char *text)
{
	g_autofree char *path = g_build_filename(folder, file, NULL);
	test_write(path, text, strlen(text));
}

static void expect_refusal(const char *path, int code, const char *says)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, &error);

	g_assert_null(checkpoint);
	test_error(error, code, says);
	g_assert_true(g_str_has_prefix(error->message, path));
}

static Checkpoint *expect_open(const char *path, guint tensors)
{
	g_autoptr(GError) error = NULL;
	Checkpoint *checkpoint = checkpoint_open(path, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(checkpoint_count(checkpoint), ==, tensors);
	g_assert_cmpstr(checkpoint->path, ==, path);
	return checkpoint;
}

static void test_single(void)
{
	char *folder = test_folder();
	write_model(folder, "other.safetensors", "other");
	g_autoptr(Checkpoint) other = expect_open(folder, 1);
	g_assert_cmpint(checkpoint_find(other, "other"), ==, 0);

	write_model(folder, "model.safetensors", "model");
	g_autoptr(Checkpoint) checkpoint = expect_open(folder, 1);
	g_assert_cmpint(checkpoint_find(checkpoint, "model"), ==, 0);
	g_assert_cmpstr(checkpoint->directory, ==, folder);
	g_assert_cmpstr(checkpoint->format, ==, "safetensors");
	test_folder_remove(folder);
}

static void test_refused_folders(void)
{
	char *folder = test_folder();

	expect_refusal(folder, ERROR_INPUT, "the folder is empty");
	write_text(folder, "config.json", "{}");
	expect_refusal(folder, ERROR_INPUT, "the folder holds no weights");
	write_text(folder, "optimizer.pt", "beside");
	write_text(folder, "training_args.bin", "beside");
	expect_refusal(folder, ERROR_INPUT, "the folder holds no weights");
	write_model(folder, "a.safetensors", "a");
	write_model(folder, "b.safetensors", "b");
	expect_refusal(folder, ERROR_INPUT, "2 safetensors files and no index");
	write_text(folder, "c.pt", "not read");
	expect_refusal(folder, ERROR_INPUT, "3 weights files and no index");
	write_model(folder, "adapter_model.safetensors", "lora_A");
	expect_refusal(folder, ERROR_INPUT, "an adapter, but no adapter_config.json");
	write_text(folder, "pytorch_model.bin", "not weights");
	expect_refusal(folder, ERROR_INPUT, "pytorch_model.bin: this is");
	g_autofree char *config = g_build_filename(folder, "config.json", NULL);
	expect_refusal(config, ERROR_INPUT, "this is no index of shards");
	g_autofree char *nothing = g_build_filename(folder, "nothing", NULL);
	expect_refusal(nothing, ERROR_IO, "No such file");
	test_folder_remove(folder);
}

/* Weights that only the program which wrote them can join, or that are not read. */
static void test_unread_folders(void)
{
	static const struct {
		const char *file, *says;
	} cases[] = {
		{"__0_0.distcp", "a distributed PyTorch checkpoint, in parts, which is not read: "
				 "__0_0.distcp; join them"},
		{"zero_to_fp32.py", "a DeepSpeed checkpoint, in parts"},
		{"mp_rank_00_model_states.pt", "zero_to_fp32.py"},
		{"global_step100", "a DeepSpeed checkpoint"},
		{"m-00001-of-00003.gguf", "a GGUF file in parts, which is not read: "
					  "m-00001-of-00003.gguf; join them with gguf-split"},
		{"consolidated.01.pth", "weights split over devices"},
		{"flax_model.msgpack", "Flax weights"},
		{"saved_model.pb", "a TensorFlow SavedModel"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		char *folder = test_folder();
		write_text(folder, cases[i].file, "");
		write_text(folder, "config.json", "{}");
		expect_refusal(folder, ERROR_INPUT, cases[i].says);
		write_model(folder, "model.safetensors", "w");
		checkpoint_free(expect_open(folder, 1));
		test_folder_remove(folder);
	}
}

/* Each row is looked for before those below it: they are written from the last on. */
static void test_order(void)
{
	static const char *const names[] = {"model.safetensors", "only.safetensors",
		"pytorch_model.bin", "pytorch_model.fp16.bin"};
	char *folder = test_folder();

	for (guint i = G_N_ELEMENTS(names); i-- > 0;) {
		write_model(folder, names[i], names[i]);
		g_autoptr(Checkpoint) checkpoint = expect_open(folder, 1);
		g_assert_cmpint(checkpoint_find(checkpoint, names[i]), ==, 0);
		g_assert_cmpstr(checkpoint->directory, ==, folder);
	}
	test_folder_remove(folder);
}

/* One file under any name that weights have; what lies beside it does not count. */
static void test_only_weights(void)
{
	static const char *const names[] = {"weights.pt", "best.pth.tar", "last.ckpt", "m.bin",
		"m.h5", "m.npz", "model.fp16.safetensors", "diffusion_pytorch_model.bin"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		char *folder = test_folder();
		write_model(folder, names[i], "w");
		write_model(folder, "optimizer.bin", "v");
		write_text(folder, "rng_state_0.pth", "");
		write_text(folder, "random_states_0.pkl", "");
		write_text(folder, "tokenizer.model", "");
		write_model(folder, "logs.pt/inside.safetensors", "u");
		g_autoptr(Checkpoint) checkpoint = expect_open(folder, 1);
		g_assert_cmpint(checkpoint_find(checkpoint, "w"), ==, 0);
		test_folder_remove(folder);
	}
}

/* Indices of .bin shards, and of a variant. */
static void test_other_indices(void)
{
	static const char *const indices[] = {"pytorch_model.bin.index.json",
		"model.safetensors.index.fp16.json", "diffusion_pytorch_model.bin.index.json"};

	for (guint i = 0; i < G_N_ELEMENTS(indices); i++) {
		char *folder = test_folder();
		g_autofree char *shard = g_build_filename(folder, "p-00002-of-2.bin", NULL);
		write_model(folder, "p-00001-of-2.bin", "v");
		write_model(folder, "p-00002-of-2.bin", "w");
		write_text(folder, indices[i],
			"{\"weight_map\":{\"v\":\"p-00001-of-2.bin\","
			"\"w\":\"p-00002-of-2.bin\"}}");
		checkpoint_free(expect_open(folder, 2));
		checkpoint_free(expect_open(shard, 2));
		test_folder_remove(folder);
	}
}

/* The folder, its index and each of its shards open the same set. */
static void check_sharded(const char *source, const char *const *names, guint count, guint tensors)
{
	g_autofree char *folder = test_source(source);

	for (guint i = 0; i < count; i++) {
		g_autofree char *path = *names[i] != '\0' ? g_build_filename(folder, names[i], NULL)
							  : g_strdup(folder);
		g_autoptr(Checkpoint) checkpoint = expect_open(path, tensors);
		g_assert_cmpuint(checkpoint->files->len, ==, 2);
		g_assert_cmpuint(checkpoint->skipped->len, ==, 0);
		g_assert_cmpstr(checkpoint->directory, ==, folder);
	}
}

static void test_sharded(void)
{
	static const char *const names[] = {
		"", "model.safetensors.index.json", "model-00002-of-00002.safetensors"};
	static const char *const bins[] = {
		"", "pytorch_model.bin.index.json", "pytorch_model-00001-of-00002.bin"};

	check_sharded("tests/corpus/valid/hf/sharded", names, G_N_ELEMENTS(names), 5);
	check_sharded("tests/corpus/valid/hf/sharded_bin", bins, G_N_ELEMENTS(bins), 4);
}

/* What the index does not take is listed, with the reason. */
static void test_skipped(void)
{
	g_autofree char *both = test_source("tests/corpus/hostile/idx_in_two_shards");
	g_autofree char *extra = test_source("tests/corpus/hostile/idx_unmapped_tensor");
	g_autoptr(Checkpoint) first = expect_open(both, 2);
	g_autoptr(Checkpoint) second = expect_open(extra, 1);

	const Skipped *skipped = g_ptr_array_index(first->skipped, 0);
	g_assert_cmpstr(skipped->name, ==, "w");
	g_assert_cmpstr(
		skipped->reason, ==, "in b.safetensors, but the index takes it from a.safetensors");
	skipped = g_ptr_array_index(second->skipped, 0);
	g_assert_cmpstr(skipped->name, ==, "x");
	g_assert_cmpstr(skipped->reason, ==, "in a.safetensors, but not in the index");
}

static void test_hostile_indices(void)
{
	static const struct {
		const char *folder, *says;
	} cases[] = {
		{"idx_traversal", "tensor w: its shard is called ../st_official_deserialization"},
		{"idx_subdir", "must lie in the index's own folder"},
		{"idx_missing", "1 of 1 shards are missing, the first is model-00001-of-00002"},
		{"idx_many_shards", "3000 of 3000 shards are missing, the first is m0.safe"},
		{"idx_not_in_shard", "tensor zz: the index says it is in m.safetensors, but it"},
		{"idx_map_not_object", "weight_map is not an object"},
		{"idx_self", "this is a JSON text, not weights"},
		{"idx_nul_name", "no valid JSON"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *relative =
			g_build_filename("tests/corpus/hostile", cases[i].folder, NULL);
		g_autofree char *path = test_source(relative);
		expect_refusal(path, ERROR_INPUT, cases[i].says);
	}
}

/* The Hugging Face cache: snapshots/REVISION/NAME → ../../blobs/HASH, for index and shards. */
static void test_links(void)
{
	char *folder = test_folder();
	write_model(folder, "blobs/0a1b", "w");
	g_autofree char *snapshot = g_build_filename(folder, "snapshots", "main", NULL);
	g_autofree char *link =
		g_build_filename(snapshot, "model-00001-of-00001.safetensors", NULL);

	g_assert_cmpint(g_mkdir_with_parents(snapshot, 0700), ==, 0);
	write_text(snapshot, "model.safetensors.index.json",
		"{\"weight_map\":{\"w\":\"model-00001-of-00001.safetensors\"}}");
	g_assert_cmpint(symlink("../../blobs/0a1b", link), ==, 0);
	checkpoint_free(expect_open(snapshot, 1));
	g_autoptr(Checkpoint) shard = expect_open(link, 1);
	g_assert_cmpstr(shard->directory, ==, snapshot);
	test_folder_remove(folder);
}

/* A shard that is no regular file is refused at once, whatever it claims to hold. */
static void test_irregular_shards(void)
{
	char *folder = test_folder();
	g_autofree char *shard = g_build_filename(folder, "a.safetensors", NULL);
	g_autofree char *alone = g_build_filename(folder, "model.safetensors", NULL);

	write_text(folder, "model.safetensors.index.json",
		"{\"weight_map\":{\"w\":\"a.safetensors\"}}");
	g_assert_cmpint(symlink("/dev/zero", shard), ==, 0);
	expect_refusal(folder, ERROR_IO, "a.safetensors: is a device, not a file");
	expect_refusal(shard, ERROR_IO, "is a device");
	g_assert_cmpint(unlink(shard), ==, 0);
	g_assert_cmpint(mkfifo(shard, 0600), ==, 0);
	expect_refusal(folder, ERROR_IO, "a.safetensors: is a FIFO, not a file");
	g_assert_cmpint(unlink(shard), ==, 0);
	g_assert_cmpint(mkdir(shard, 0700), ==, 0);
	expect_refusal(folder, ERROR_IO, "a.safetensors: is a directory, not a file");
	g_assert_cmpint(rmdir(shard), ==, 0);
	g_assert_cmpint(symlink("nowhere", shard), ==, 0);
	expect_refusal(folder, ERROR_INPUT, "1 of 1 shards are missing");
	g_assert_cmpint(symlink("model.safetensors", alone), ==, 0);
	expect_refusal(folder, ERROR_IO, "Too many levels of symbolic links");
	test_folder_remove(folder);
}

/* Root reads what has no permissions: there the file opens. */
static void test_unreadable(void)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "model.safetensors", NULL);

	write_model(folder, "model.safetensors", "w");
	g_assert_cmpint(chmod(path, 0), ==, 0);
	if (geteuid() != 0)
		expect_refusal(folder, ERROR_IO, "Permission denied; check its permissions");
	else
		checkpoint_free(expect_open(folder, 1));
	test_folder_remove(folder);
}

/* Many shards at once, as of a large model: all open, none inherited by a child process. */
static void test_many_shards(void)
{
	enum { SHARDS = 200 };
	char *folder = test_folder();
	g_autoptr(GString) index = g_string_new("{\"weight_map\":{");

	for (guint i = 0; i < SHARDS; i++) {
		g_autofree char *name = g_strdup_printf("m-%u.safetensors", i);
		g_autofree char *tensor = g_strdup_printf("w%u", i);
		write_model(folder, name, tensor);
		g_string_append_printf(index, "%s\"%s\":\"%s\"", i > 0 ? "," : "", tensor, name);
	}
	g_string_append(index, "}}");
	write_text(folder, "model.safetensors.index.json", index->str);
	g_autoptr(Checkpoint) checkpoint = expect_open(folder, SHARDS);
	g_assert_cmpuint(checkpoint->files->len, ==, SHARDS);
	g_assert_cmpstr(checkpoint_tensor(checkpoint, 10)->name, ==, "w10");
	for (guint i = 0; i < SHARDS; i++) {
		const CheckpointFile *shard = g_ptr_array_index(checkpoint->files, i);
		g_autofree char *ending = g_strdup_printf("/m-%u.safetensors", i);
		g_assert_true(g_str_has_suffix(shard->path, ending));
		g_assert_cmpint(fcntl(shard->file->fd, F_GETFD) & FD_CLOEXEC, !=, 0);
	}
	test_folder_remove(folder);
}

static void test_index_of(void)
{
	char *folder = test_folder();
	g_autofree char *shard = g_build_filename(folder, "a.safetensors", NULL);
	g_autofree char *other = g_build_filename(folder, "b.safetensors", NULL);

	write_model(folder, "a.safetensors", "w");
	write_model(folder, "b.safetensors", "v");
	g_assert_null(directory_index_of(shard));
	write_text(folder, "broken.index.json", "{");
	g_assert_null(directory_index_of(shard));
	write_text(
		folder, "x.safetensors.index.json", "{\"weight_map\":{\"w\":\"a.safetensors\"}}");
	g_autofree char *index = directory_index_of(shard);
	g_assert_true(g_str_has_suffix(index, "/x.safetensors.index.json"));
	g_assert_null(directory_index_of(other));
	test_folder_remove(folder);
}

/* Steps by number, not by name; and what lies beside them. */
static void test_run(void)
{
	static const gint64 expected[] = {5, 10, 20, 40, 70, 110, 160, 220};
	g_autofree char *path = test_source("data/digits/mnist");
	g_autofree char *final = NULL;
	g_autoptr(GError) error = NULL;
	gint64 final_step = 0;
	g_autoptr(GArray) steps = directory_run(path, &final, &final_step, &error);

	g_assert_no_error(error);
	g_assert_true(directory_is_run(path));
	g_assert_cmpuint(steps->len, ==, G_N_ELEMENTS(expected));
	for (guint i = 0; i < steps->len; i++)
		g_assert_cmpint(g_array_index(steps, RunStep, i).step, ==, expected[i]);
	g_assert_true(
		g_str_has_suffix(g_array_index(steps, RunStep, 0).path, "mnist/checkpoint-5"));
	g_assert_cmpstr(final, ==, path);
	g_assert_cmpint(final_step, ==, -1);
}

/* A trainer writes NaN into its state; the step is found all the same. */
static void test_run_final_step(void)
{
	char *folder = test_folder();
	write_model(folder, "checkpoint-7/model.safetensors", "w");
	g_autofree char *none = NULL, *final = NULL;
	gint64 final_step = 0;

	write_text(folder, "trainer_state.json",
		"{\"log_history\": [{\"loss\": NaN, \"note\": \"}\"}], \"global_step\": 1500}");
	g_autoptr(GArray) steps = directory_run(folder, &none, &final_step, NULL);
	g_assert_nonnull(steps);
	g_assert_null(none);
	g_assert_cmpint(final_step, ==, -1);
	expect_refusal(folder, ERROR_INPUT, "load it with --run NAME=DIR");

	write_model(folder, "model.safetensors", "w");
	g_autoptr(GArray) again = directory_run(folder, &final, &final_step, NULL);
	g_assert_nonnull(again);
	g_assert_cmpstr(final, ==, folder);
	g_assert_cmpint(final_step, ==, 1500);
	test_folder_remove(folder);
}

static void test_no_run(void)
{
	char *folder = test_folder();
	g_autofree char *final = NULL;
	g_autoptr(GError) none = NULL, twice = NULL, absent = NULL;
	gint64 final_step;

	write_text(folder, "checkpoint-9", "a file, not a folder");
	write_model(folder, "checkpoint-last/model.safetensors", "w");
	g_assert_false(directory_is_run(folder));
	g_assert_null(directory_run(folder, &final, &final_step, &none));
	test_error(none, ERROR_INPUT, "there is no checkpoint-N folder in it");
	write_model(folder, "checkpoint-3/model.safetensors", "w");
	write_model(folder, "checkpoint-03/model.safetensors", "w");
	g_assert_null(directory_run(folder, &final, &final_step, &twice));
	test_error(twice, ERROR_INPUT, "two of its folders are step 3");
	g_assert_null(directory_run("/no/such/folder", &final, &final_step, &absent));
	test_error(absent, ERROR_IO, "/no/such/folder: ");
	g_assert_false(directory_is_run("/no/such/folder"));
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/directory/single", test_single);
	g_test_add_func("/directory/refused-folders", test_refused_folders);
	g_test_add_func("/directory/unread-folders", test_unread_folders);
	g_test_add_func("/directory/order", test_order);
	g_test_add_func("/directory/only-weights", test_only_weights);
	g_test_add_func("/directory/other-indices", test_other_indices);
	g_test_add_func("/directory/sharded", test_sharded);
	g_test_add_func("/directory/skipped", test_skipped);
	g_test_add_func("/directory/hostile-indices", test_hostile_indices);
	g_test_add_func("/directory/links", test_links);
	g_test_add_func("/directory/irregular-shards", test_irregular_shards);
	g_test_add_func("/directory/unreadable", test_unreadable);
	g_test_add_func("/directory/many-shards", test_many_shards);
	g_test_add_func("/directory/index-of", test_index_of);
	g_test_add_func("/directory/run", test_run);
	g_test_add_func("/directory/run-final-step", test_run_final_step);
	g_test_add_func("/directory/no-run", test_no_run);
	return g_test_run();
}
