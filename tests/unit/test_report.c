/* test_report.c - the JSON keys that others build on, their values, and tables that fit a terminal.
 */
#include "digits.h"
#include "toy.h"

#include "export/report.h"

#include <string.h>

/* The keys of an object in order, separated by blanks. */
static char *keys_of(const cJSON *object)
{
	GString *keys = g_string_new(NULL);
	const cJSON *item;
	cJSON_ArrayForEach (item, object)
		g_string_append_printf(keys, "%s%s", keys->len ? " " : "", item->string);
	return g_string_free(keys, FALSE);
}

static void assert_keys(const cJSON *object, const char *expected)
{
	g_autofree char *keys = keys_of(object);
	g_assert_cmpstr(keys, ==, expected);
}

/* object[a][b]…, where a number is a place in an array; separated by `/`. */
static const cJSON *at(const cJSON *item, const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);
	for (char **part = parts; *part; part++) {
		item = cJSON_IsArray(item) ? cJSON_GetArrayItem(item, atoi(*part))
					   : cJSON_GetObjectItemCaseSensitive(item, *part);
		if (!item)
			g_error("there is no %s in %s", *part, path);
	}
	return item;
}

static double number_at(const cJSON *item, const char *path)
{
	const cJSON *found = at(item, path);
	g_assert_true(cJSON_IsNumber(found) || cJSON_IsNull(found));
	return cJSON_IsNumber(found) ? found->valuedouble : NAN;
}

static void assert_text(const cJSON *item, const char *path, const char *expected)
{
	g_assert_cmpstr(at(item, path)->valuestring, ==, expected);
}

/* What is printed is strict JSON: no NaN, no duplicate key. */
static void assert_strict(const cJSON *json)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = json_text(json);
	json_check(text, strlen(text), &error);
	test_no_error(error);
}

/* Takes the table. */
static void assert_fits(Table *table, glong columns)
{
	g_autoptr(Table) owned = table;
	g_autofree char *text = table_print(owned, TABLE_TEXT);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++)
		if (g_utf8_strlen(*line, -1) > columns)
			g_error("too wide: %s", *line);
}

static guint count_lines(Table *table)
{
	g_autoptr(Table) owned = table;
	g_autofree char *csv = table_print(owned, TABLE_CSV);
	guint lines = 0;
	for (const char *c = csv; *c; c++)
		lines += *c == '\n';
	return lines;
}

static void test_similarity(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Similarity) plain =
		similarity_new(digits->collection, digits->gram, NULL, GROUP_ALL, NULL, 0, NULL);
	g_autoptr(cJSON) json = report_similarity_json(plain);
	assert_strict(json);
	assert_keys(
		json, "scope elements tensors tensors_left_out names cosine norm order cluster");
	assert_text(json, "names/2", "mnist-inv");
	g_assert_cmpint(cJSON_GetArraySize(at(json, "order")), ==, 6);
	guint seen = 0;
	for (guint i = 0; i < 6; i++) {
		const cJSON *row = cJSON_GetArrayItem(digits_truth(digits, "global/cos"), (int)i);
		seen |= 1u << (guint)digits_at(at(json, "order"), i);
		digits_norm(digits_at(at(json, "norm"), i),
			digits_at(digits_truth(digits, "global/norms"), i));
		for (guint j = 0; j < 6; j++)
			digits_close(digits_at(cJSON_GetArrayItem(at(json, "cosine"), (int)i), j),
				digits_at(row, j));
	}
	g_assert_cmpuint(seen, ==, 0x3f);
	assert_fits(report_similarity_table(plain), 80);
	g_assert_cmpuint(count_lines(report_similarity_table(plain)), ==, 7);
}

static void test_similarity_groups(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Similarity) by =
		similarity_new(digits->collection, digits->gram, NULL, GROUP_TENSOR, NULL, 0, NULL);
	g_autoptr(cJSON) json = report_similarity_json(by);
	assert_strict(json);
	assert_keys(at(json, "groups/0"), "name elements cosine norm");
	const cJSON *group;
	cJSON_ArrayForEach (group, at(json, "groups")) {
		g_autofree char *path =
			g_strdup_printf("per_tensor/%s/norms", at(group, "name")->valuestring);
		/* truth.json's names hold dots and no slash. */
		digits_norm(number_at(group, "norm/3"), digits_at(digits_truth(digits, path), 3));
		if (g_str_equal(at(group, "name")->valuestring, "head.weight"))
			g_assert_true(cJSON_IsNull(at(group, "cosine/0/1")));
	}
}

static void test_layers(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Layers) layers =
		layers_new(digits->collection, digits->gram, NULL, GROUP_TENSOR, NULL, 0, NULL);
	g_autoptr(cJSON) json = report_layers_json(layers);
	assert_strict(json);
	assert_keys(json, "base groups whole tensors tensors_left_out");
	assert_keys(at(json, "groups/0"), "name elements base_norm tasks");
	assert_keys(at(json, "groups/0/tasks/mnist-inv"), "norm relative share cosine_mean");
	g_assert_cmpint(
		cJSON_GetArraySize(at(json, "base")), ==, cJSON_GetArraySize(at(json, "groups")));
	const cJSON *group;
	cJSON_ArrayForEach (group, at(json, "groups")) {
		g_autofree char *path =
			g_strdup_printf("per_tensor/%s", at(group, "name")->valuestring);
		const cJSON *truth = digits_truth(digits, path);
		digits_norm(number_at(group, "base_norm"), number_at(truth, "base_norm"));
		digits_norm(number_at(group, "tasks/greek/norm"), number_at(truth, "norms/4"));
	}
	digits_close(number_at(json, "whole/tasks/optdigits/relative"),
		digits_at(digits_truth(digits, "global/relative_norms"), 1));
	g_autoptr(Layers) whole =
		layers_new(digits->collection, digits->gram, NULL, GROUP_LAYER, NULL, 0, NULL);
	assert_fits(report_layers_table(whole), 80);
	g_assert_cmpuint(count_lines(report_layers_table(whole)), ==, 1 + 6 * whole->groups->len);
}

static GPtrArray *trajectories_of(const Digits *digits, GroupBy by)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)trajectory_free);
	for (gsize i = 0; i < G_N_ELEMENTS(digits_runs); i++)
		g_ptr_array_add(list, trajectory_new(digits->collection, digits->gram,
					      digits_runs[i], -1, NULL, by, NULL));
	return list;
}

static void test_trajectories(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(GPtrArray) list = trajectories_of(digits, GROUP_ALL);
	g_autoptr(cJSON) json = report_trajectories_json(list);
	assert_strict(json);
	assert_keys(json, "runs");
	assert_keys(at(json, "runs"), "mnist fashion greek");
	assert_keys(at(json, "runs/mnist"),
		"steps norm relative cosine_to_final cosine_to_previous turn_degrees update "
		"path_length displacement");
	g_assert_cmpfloat(number_at(json, "runs/mnist/steps/7"), ==, 220);
	assert_text(json, "runs/mnist/steps/8", "final");
	g_assert_true(cJSON_IsNull(at(json, "runs/mnist/turn_degrees/0")));
	for (gsize i = 0; i < G_N_ELEMENTS(digits_runs); i++) {
		g_autofree char *here = g_strdup_printf("runs/%s", digits_runs[i]);
		g_autofree char *there = g_strdup_printf("trajectories/%s", digits_runs[i]);
		const cJSON *run = at(json, here), *truth = digits_truth(digits, there);
		for (guint s = 0; s < 8; s++) {
			digits_norm(
				digits_at(at(run, "norm"), s), digits_at(at(truth, "norms"), s));
			digits_close(digits_at(at(run, "cosine_to_final"), s),
				digits_at(at(truth, "cos_to_final"), s));
		}
	}
	assert_fits(report_trajectories_table(list), 80);
	g_assert_cmpuint(count_lines(report_trajectories_table(list)), ==, 1 + 3 * 9);
}

static void test_trajectory_groups(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(GPtrArray) list = trajectories_of(digits, GROUP_LAYER);
	g_autoptr(cJSON) json = report_trajectories_json(list);
	assert_strict(json);
	assert_keys(json, "runs groups");
	assert_keys(at(json, "groups/0"), "name elements runs");
	assert_keys(at(json, "groups/0/runs"), "mnist fashion greek");
	guint groups = (guint)cJSON_GetArraySize(at(json, "groups"));
	g_assert_cmpuint(
		count_lines(report_trajectories_table(list)), ==, 1 + 3 * 9 * (groups + 1));
}

static void test_preview(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Node) edit = expression_parse(digits->collection, "mnist-1*fashion", NULL);
	PreviewRequest request = {.collection = digits->collection,
		.gram = digits->gram,
		.plan = digits->plan,
		.edit = edit,
		.scale = 0.5,
		.by = GROUP_LAYER};
	g_autoptr(Preview) preview = preview_new(&request, NULL);
	g_autoptr(cJSON) json = report_preview_json(preview);
	assert_strict(json);
	assert_keys(json, "edit scale kind whole_sample scope elements norm relative cosine kept "
			  "conflict moves of_largest groups warnings");
	assert_text(json, "edit", "mnist - 1*fashion");
	assert_text(json, "kind", "exact");
	g_assert_cmpfloat(number_at(json, "scale"), ==, 0.5);
	assert_keys(at(json, "cosine"), "mnist optdigits mnist-inv fashion greek cyrillic");
	assert_keys(at(json, "groups/0"), "name elements norm relative cosine kept conflict moves");
	assert_fits(report_preview_table(preview), 80);
}

/* What is not exact has an interval beside it. */
static void test_preview_interval(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Node) edit = expression_parse(digits->collection, "dare(mnist, p=0.5)", NULL);
	PreviewRequest request = {.collection = digits->collection,
		.gram = digits->gram,
		.plan = digits->plan,
		.statistics = (Statistics **)digits->statistics->pdata,
		.edit = edit,
		.scale = 0.5,
		.by = GROUP_LAYER};
	g_autoptr(Preview) preview = preview_new(&request, NULL);
	g_autoptr(cJSON) json = report_preview_json(preview);
	assert_strict(json);
	assert_keys(json,
		"edit scale kind whole_sample scope elements norm norm_low norm_high relative "
		"relative_low relative_high cosine cosine_low cosine_high kept kept_low kept_high "
		"conflict moves of_largest groups warnings");
	assert_text(json, "kind", "expected");
	assert_keys(at(json, "moves"), "p50 p90 p99 p99.9");
	assert_keys(at(json, "kept_high"), "mnist optdigits mnist-inv fashion greek cyrillic");
	g_assert_cmpfloat(number_at(json, "norm_low"), ==, preview->whole->norm.low);
	assert_fits(report_preview_table(preview), 80);
	g_assert_cmpuint(count_lines(report_preview_records(preview)), ==,
		1 + preview->count * (preview->groups->len + 1));
}

/* The toy behind a prefix, with three classes in place of two. */
static void test_check_matched(void)
{
	char *folder = test_folder();
	g_autoptr(Collection) collection = toy_collection(folder);
	TestTensor tensors[] = {
		{"module.blocks.0.attn.q.weight", DTYPE_F32, 1, {2}, NULL},
		{"module.blocks.1.attn.q.weight", DTYPE_F32, 1, {2}, NULL},
		{"module.blocks.2.mlp.fc_in.weight", DTYPE_F32, 1, {2}, NULL},
		{"module.head.weight", DTYPE_F32, 1, {3}, NULL},
	};
	g_autofree char *path = g_build_filename(folder, "wrapped.safetensors", NULL);
	test_write_safetensors(path, tensors, G_N_ELEMENTS(tensors));
	add_member(collection, "wrapped", MEMBER_TASK, NULL, -1, path);
	guint number = collection_members(collection) - 1;
	g_autoptr(cJSON) json = report_check_json(collection);
	g_autoptr(GPtrArray) lines = report_alignment(collection, number);
	assert_strict(json);
	g_assert_true(cJSON_IsNull(at(json, "checkpoints/a/matched_by")));
	g_assert_true(cJSON_IsFalse(at(json, "checkpoints/wrapped/differences")));
	assert_text(json, "checkpoints/wrapped/matched_by", "without the prefix module.");
	assert_keys(at(json, "checkpoints/wrapped/resized/0"), "name rows base_rows shared_rows");
	assert_text(json, "checkpoints/wrapped/resized/0/name", "head.weight");
	g_assert_cmpfloat(number_at(json, "checkpoints/wrapped/resized/0/rows"), ==, 3);
	g_assert_cmpfloat(number_at(json, "checkpoints/wrapped/resized/0/base_rows"), ==, 2);
	g_assert_cmpfloat(number_at(json, "checkpoints/wrapped/resized/0/shared_rows"), ==, 2);
	g_assert_cmpuint(lines->len, ==, 2);
	g_assert_cmpstr(lines->pdata[0], ==, "names matched without the prefix module.");
	g_assert_cmpstr(lines->pdata[1], ==,
		"head.weight has 3 rows, the base's 2: the first 2 are compared");
	test_folder_remove(folder);
}

static void test_check(void)
{
	char *folder = test_folder();
	g_autoptr(Collection) collection = toy_collection(folder);
	TestTensor tensors[] = {
		{"blocks.0.attn.q.weight", DTYPE_F32, 1, {2}, NULL},
		{"head.weight", DTYPE_F32, 2, {1, 3}, NULL},
		{"seen", DTYPE_I64, 1, {2}, NULL},
		{"new", DTYPE_F32, 1, {1}, NULL},
	};
	g_autofree char *path = g_build_filename(folder, "part.safetensors", NULL);
	test_write_safetensors(path, tensors, G_N_ELEMENTS(tensors));
	add_member(collection, "part", MEMBER_TASK, NULL, -1, path);
	g_autoptr(cJSON) json = report_check_json(collection);
	assert_strict(json);
	assert_keys(json, "base tensors_shared elements_shared checkpoints");
	g_assert_true(g_str_has_suffix(at(json, "base")->valuestring, "/base.safetensors"));
	g_assert_cmpfloat(number_at(json, "tensors_shared"), ==, 1);
	g_assert_cmpfloat(number_at(json, "elements_shared"), ==, 2);
	assert_keys(at(json, "checkpoints/part"), "missing extra reshaped skipped matched_by "
						  "resized differences renames notes");
	g_assert_cmpint(cJSON_GetArraySize(at(json, "checkpoints/part/missing")), ==, 5);
	assert_text(json, "checkpoints/part/missing/4", "embed.weight");
	assert_text(json, "checkpoints/part/extra/0", "new");
	assert_text(json, "checkpoints/part/reshaped/0", "head.weight");
	assert_text(json, "checkpoints/part/skipped/0", "seen");
	g_assert_cmpint(cJSON_GetArraySize(at(json, "checkpoints/a/missing")), ==, 0);
	assert_fits(report_check_table(collection), 80);
	test_folder_remove(folder);
}

static void test_checkpoint(void)
{
	g_autofree char *path = test_source("data/digits/base/model.safetensors");
	g_autoptr(Checkpoint) checkpoint = open_checked(path);
	g_autoptr(cJSON) json = report_checkpoint_json(checkpoint);
	assert_strict(json);
	assert_keys(json, "format about metadata tensors skipped");
	assert_text(json, "format", "safetensors");
	assert_text(json, "metadata/format", "pt");
	assert_keys(at(json, "tensors/0"), "name type shape bytes file offset");
	/* The header of the file: 8 bytes, then 4664 of JSON. */
	assert_text(json, "tensors/0/name", "blocks.0.attn.k_proj.bias");
	assert_text(json, "tensors/0/type", "F32");
	assert_text(json, "tensors/0/file", path);
	g_assert_cmpfloat(number_at(json, "tensors/0/offset"), ==, 8 + 4664);
	g_assert_cmpfloat(number_at(json, "tensors/1/offset"), ==, 8 + 4664 + 192);
	g_assert_cmpfloat(number_at(json, "tensors/1/shape/1"), ==, 48);
	g_assert_cmpfloat(number_at(json, "tensors/1/bytes"), ==, 48 * 48 * 4);
	g_assert_cmpuint(count_lines(report_checkpoint_table(checkpoint)), ==,
		1 + checkpoint_count(checkpoint));
}

static gboolean read_nothing(
	gconstpointer state, guint64 first, guint64 count, void *out, GError **error)
{
	(void)state, (void)first, (void)count, (void)out, (void)error;
	return TRUE;
}

static void free_nothing(gpointer state)
{
	(void)state;
}

/* A raw tensor that another name is tied to, one that is quantised, one that was passed over. */
static Checkpoint *odd_checkpoint(void)
{
	static const SourceClass class = {"quantised", read_nothing, free_nothing, FALSE};
	Checkpoint *checkpoint = checkpoint_new("odd", "gguf");
	Tensor raw = {.dtype = DTYPE_F16, .elements = 1, .bytes = 2, .offset = 64};
	Tensor made = {.dtype = DTYPE_F32, .elements = 32, .bytes = 128, .rank = 1};

	raw.name = g_strdup("wte");
	made.name = g_strdup("w");
	made.shape = g_memdup2(&made.elements, sizeof made.elements);
	made.source = source_new(&class, NULL, DTYPE_F32, 32, NULL);
	made.stored_type = "Q8_0";
	made.stored_bytes = 34;
	checkpoint_add_file(checkpoint, "/models/odd.gguf", NULL);
	checkpoint_add_tensor(checkpoint, raw);
	checkpoint_add_tensor(checkpoint, made);
	checkpoint_add_alias(checkpoint, "head", "wte");
	checkpoint_add_alias(checkpoint, "absent", "in another shard");
	checkpoint_skip(checkpoint, "mask", "it is sparse");
	checkpoint_tell(checkpoint, "root", "model");
	checkpoint_tell(checkpoint, "class", "nets.LM");
	g_assert_true(checkpoint_seal(checkpoint, NULL));
	return checkpoint;
}

static void test_odd_checkpoint(void)
{
	g_autoptr(Checkpoint) checkpoint = odd_checkpoint();
	g_autoptr(cJSON) json = report_checkpoint_json(checkpoint);
	assert_strict(json);
	assert_text(json, "about/root", "model");
	g_assert_cmpint(cJSON_GetArraySize(at(json, "tensors")), ==, 3);
	assert_keys(at(json, "tensors/0"), "name type shape bytes file offset source read_as");
	assert_text(json, "tensors/0/name", "w");
	assert_text(json, "tensors/0/type", "Q8_0");
	assert_text(json, "tensors/0/read_as", "F32");
	assert_text(json, "tensors/0/source", "quantised");
	g_assert_true(cJSON_IsNull(at(json, "tensors/0/offset")));
	g_assert_cmpfloat(number_at(json, "tensors/0/bytes"), ==, 34);
	assert_keys(at(json, "tensors/1"), "name type shape bytes file offset");
	assert_keys(at(json, "tensors/2"), "name tied_to type shape bytes file offset");
	assert_text(json, "tensors/2/name", "head");
	assert_text(json, "tensors/2/tied_to", "wte");
	g_assert_cmpfloat(number_at(json, "tensors/2/offset"), ==, 64);
	assert_text(json, "skipped/0/reason", "it is sparse");
}

static void test_odd_checkpoint_table(void)
{
	g_autoptr(Checkpoint) checkpoint = odd_checkpoint();
	g_autoptr(Table) table = report_checkpoint_table(checkpoint);
	g_autofree char *text = table_print(table, TABLE_TEXT);
	g_assert_cmpstr(text, ==,
		"odd: gguf, 2 tensors, 36 bytes\n"
		"class: nets.LM\n"
		"root: model\n"
		"tensor  type  shape   bytes  offset  file      tied to\n"
		"w       Q8_0  32         34       -  odd.gguf\n"
		"wte     F16   scalar      2      64  odd.gguf\n"
		"head    F16   scalar      2      64  odd.gguf  wte\n"
		"passed over:\n"
		"  mask: it is sparse\n");
}

static void test_model(void)
{
	ModelReport *report = g_new0(ModelReport, 1);
	report->files = g_ptr_array_new_with_free_func(g_free);
	report->notes = g_ptr_array_new_with_free_func(g_free);
	report->warnings = g_ptr_array_new_with_free_func(g_free);
	report->tensors = 3;
	report->bytes = G_GUINT64_CONSTANT(140000000000);
	g_ptr_array_add(report->files, g_strdup("out.safetensors"));
	g_autoptr(cJSON) json = report_model_json(report);
	assert_strict(json);
	assert_keys(json, "tensors changed converted bytes files notes warnings");
	g_assert_cmpfloat(number_at(json, "bytes"), ==, 140e9);
	assert_text(json, "files/0", "out.safetensors");
	model_report_free(report);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/report/similarity", test_similarity);
	g_test_add_func("/report/similarity-groups", test_similarity_groups);
	g_test_add_func("/report/layers", test_layers);
	g_test_add_func("/report/trajectories", test_trajectories);
	g_test_add_func("/report/trajectory-groups", test_trajectory_groups);
	g_test_add_func("/report/preview", test_preview);
	g_test_add_func("/report/preview-interval", test_preview_interval);
	g_test_add_func("/report/check", test_check);
	g_test_add_func("/report/check-matched", test_check_matched);
	g_test_add_func("/report/checkpoint", test_checkpoint);
	g_test_add_func("/report/odd-checkpoint", test_odd_checkpoint);
	g_test_add_func("/report/odd-checkpoint-table", test_odd_checkpoint_table);
	g_test_add_func("/report/model", test_model);
	return g_test_run();
}
