/* test_adapter_bind.c - adapters bound to a base: the changes that the corpus' manifest gives,
 * which numpy worked out in float64, and those of small adapters by their formulas. */
#include "adapters.h"
#include "checkpoint/collection.h"
#include "checkpoint/unchanged.h"
#include "corpus.h"

#include <glib/gstdio.h>

/* The change of one tensor against the manifest's numbers. */
static void check_change(
	const Checkpoint *bound, const Checkpoint *base, const cJSON *expected, const char *name)
{
	g_autofree double *values = test_read_named(bound, name);
	g_autofree double *before = test_read_named(base, name);
	const Tensor *tensor = checkpoint_tensor(bound, (guint)checkpoint_find(bound, name));
	const cJSON *first = corpus_get(expected, "delta_f64"), *number;
	double length = corpus_get(expected, "delta_l2")->valuedouble, squares = 0;
	double merged = corpus_get(expected, "merged_l2")->valuedouble, sum = 0;
	guint i = 0;

	g_assert_true(tensor->difference == !cJSON_IsTrue(corpus_get(expected, "replaced")));
	for (guint64 k = 0; k < tensor->elements; k++) {
		values[k] -= tensor->difference ? 0 : before[k];
		squares += values[k] * values[k];
		sum += (before[k] + values[k]) * (before[k] + values[k]);
	}
	test_near(sqrt(squares), length, 1e-6 * length);
	test_near(sqrt(sum), merged, 1e-6 * merged);
	cJSON_ArrayForEach (number, first)
		test_near(values[i++], number->valuedouble, 1e-6 * length);
}

/* How many tensors the adapter changes; of all others of the base the change is 0. */
static guint count_changed(const Checkpoint *bound)
{
	guint changed = 0;
	for (guint i = 0; i < checkpoint_count(bound); i++) {
		const Tensor *tensor = checkpoint_tensor(bound, i);
		if (tensor->source == NULL ||
			g_strcmp0(source_name(tensor->source), UNCHANGED_SOURCE) != 0) {
			changed++;
			continue;
		}
		g_autofree double *values = test_read_named(bound, tensor->name);
		g_assert_true(tensor->difference);
		for (guint64 k = 0; k < tensor->elements; k++)
			test_near(values[k], 0, 0);
	}
	return changed;
}

static void test_valid(gconstpointer data)
{
	const cJSON *expected = data, *tensor;
	const cJSON *merged = corpus_get(expected, "merged");
	g_autofree char *adapter_path = corpus_path("valid", expected->string);
	g_autofree char *base_path = corpus_path("valid", corpus_text(expected, "base"));
	g_autoptr(Checkpoint) adapter = test_open(adapter_path);
	g_autoptr(Checkpoint) base = test_open(base_path);
	g_autoptr(GError) error = NULL;

	g_assert_cmpstr(adapter->format, ==, "peft-dir");
	g_assert_cmpuint(checkpoint_count(adapter), ==,
		(guint)cJSON_GetArraySize(corpus_get(expected, "tensors")));
	cJSON_ArrayForEach (tensor, corpus_get(expected, "tensors"))
		g_assert_cmpint(checkpoint_find(adapter, tensor->string), >=, 0);
	g_autoptr(Checkpoint) bound = adapter_bind(adapter, base, &error);
	test_no_error(error);
	g_assert_cmpuint(count_changed(bound), ==, (guint)cJSON_GetArraySize(merged));
	g_assert_cmpuint(checkpoint_count(bound), ==, checkpoint_count(base));
	cJSON_ArrayForEach (tensor, merged)
		check_change(bound, base, tensor, tensor->string);
}

/* However large the base is, an adapter takes the bytes of its files. */
static void test_stored_bytes(void)
{
	g_autofree char *adapter_path = corpus_path("valid", "peft/rslora/adapter");
	g_autofree char *base_path = corpus_path("valid", "peft/rslora/base");
	g_autoptr(Checkpoint) adapter = test_open(adapter_path);
	g_autoptr(Checkpoint) base = test_open(base_path);
	g_autoptr(GError) error = NULL;
	static const char *const files[] = {"adapter_model.safetensors", "adapter_config.json"};
	guint64 bytes = 0;

	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(adapter_path, files[i], NULL);
		GStatBuf status;
		g_assert_cmpint(g_stat(path, &status), ==, 0);
		bytes += (guint64)status.st_size;
	}
	g_autoptr(Checkpoint) bound = adapter_bind(adapter, base, &error);
	test_no_error(error);
	g_assert_cmpuint(checkpoint_stored_bytes(bound), ==, bytes);
	g_assert_cmpuint(checkpoint_stored_bytes(base), ==, checkpoint_bytes(base));
}

static void expect_matched(const Checkpoint *bound, const char *by)
{
	g_assert_cmpstr(g_hash_table_lookup(bound->about, ADAPTER_MATCHED), ==, by);
}

/* Binds the plain factors to other bases. */
static Checkpoint *bind_to(const TestTensor *base, guint n, const char *more, const char *says)
{
	g_auto(Pair) pair = pair_new(base, n, plain_factors, 2);
	g_autofree char *config = g_strdup_printf(PLAIN, more);

	write_config(&pair, config);
	if (says == NULL)
		return bind_pair(&pair);
	expect_refusal(&pair, says);
	return NULL;
}

/* A member says how its targets were matched, as one of whole weights does. */
static void test_matched(void)
{
	static const TestTensor shorter[] = {{"q.weight", DTYPE_F32, 2, {ROWS, COLUMNS}, weights}};
	g_auto(Pair) pair = pair_new(shorter, 1, plain_factors, 2);
	g_autofree char *config = g_strdup_printf(PLAIN, "");
	g_autoptr(Collection) collection = collection_new(test_open(pair.base));
	g_autoptr(GError) error = NULL;

	write_config(&pair, config);
	collection_add(
		collection, "lora", MEMBER_TASK, NULL, -1, test_open(pair.adapter), NULL, &error);
	test_no_error(error);
	g_assert_cmpstr(
		collection_member(collection, 1)->matched_by, ==, "without the prefix enc.");
}

static void test_targets(void)
{
	static const TestTensor longer[] = {
		{"model.enc.q.weight", DTYPE_F32, 2, {ROWS, COLUMNS}, weights},
		{"model.enc.k.weight", DTYPE_F32, 2, {ROWS, COLUMNS}, weights}};
	static const TestTensor two[] = {{"a.enc.q.weight", DTYPE_F32, 2, {ROWS, COLUMNS}, weights},
		{"b.enc.q.weight", DTYPE_F32, 2, {ROWS, COLUMNS}, weights}};
	static const TestTensor joint[] = {
		{"enc.q.in_proj_weight", DTYPE_F32, 2, {ROWS, COLUMNS}, weights}};
	static const TestTensor near[] = {
		{"enc.qq.weight", DTYPE_F32, 2, {ROWS, COLUMNS}, weights}};
	static const TestTensor inside[] = {
		{"xenc.q.weight", DTYPE_F32, 2, {ROWS, COLUMNS}, weights}};
	static const TestTensor other[] = {
		{"enc.q.weight", DTYPE_F32, 2, {COLUMNS + 1, ROWS}, NULL}};
	static const TestTensor shorter[] = {{"q.weight", DTYPE_F32, 2, {ROWS, COLUMNS}, weights}};
	g_autoptr(Checkpoint) prefixed = bind_to(longer, 2, "", NULL);
	g_autoptr(Checkpoint) bare = bind_to(shorter, 1, "", NULL);
	g_autoptr(Checkpoint) attention = bind_to(joint, 1, "", NULL);

	g_assert_cmpuint(count_changed(prefixed), ==, 1);
	g_assert_cmpuint(checkpoint_count(prefixed), ==, 2);
	expect_product(prefixed, "model.enc.q.weight", 2);
	expect_product(bare, "q.weight", 2);
	expect_product(attention, "enc.q.in_proj_weight", 2);
	expect_matched(prefixed, "with the prefix model.");
	expect_matched(bare, "without the prefix enc.");
	expect_matched(attention, NULL);
	bind_to(two, 2, "", "more than one tensor of the base ends with its name");
	bind_to(near, 1, "",
		"tensor enc.q.weight: the adapter changes it, but the base has no such "
		"tensor; the nearest is enc.qq.weight");
	bind_to(inside, 1, "", "the base has no such tensor");
	bind_to(other, 1, "",
		"it is 5 x 3, which does not fit the adapter's factors, B 3 x 2 and A "
		"2 x 4; give it the base that it was trained on");
}

/* Weights that are [in][out]: by the setting where both ways fit, else by their shape. */
static void test_fan_in_fan_out(void)
{
	static const TestTensor base[] = {{"enc.q.weight", DTYPE_F32, 2, {COLUMNS, ROWS}, weights}};
	double expected[ELEMENTS];

	for (guint i = 0; i < ELEMENTS; i++)
		expected[i] = 2 * product(i % ROWS, i / ROWS);
	g_autoptr(Checkpoint) set = bind_to(base, 1, ",\"fan_in_fan_out\":true", NULL);
	g_autoptr(Checkpoint) unset = bind_to(base, 1, "", NULL);
	g_autoptr(Checkpoint) linear = bind_to(plain_base, 1, ",\"fan_in_fan_out\":true", NULL);
	expect_numbers(set, "enc.q.weight", expected);
	expect_numbers(unset, "enc.q.weight", expected);
	expect_product(linear, "enc.q.weight", 2);
}

static void test_square(void)
{
	static const TestTensor base[] = {{"q.weight", DTYPE_F32, 2, {2, 2}, weights}};
	static const TestTensor factors[] = {{"q.lora_A.weight", DTYPE_F32, 2, {2, 2}, a_values},
		{"q.lora_B.weight", DTYPE_F32, 2, {2, 2}, b_values}};
	g_auto(Pair) pair = pair_new(base, 1, factors, 2);

	for (guint transposed = 0; transposed < 2; transposed++) {
		g_autofree char *config =
			g_strdup_printf(PLAIN, transposed ? ",\"fan_in_fan_out\":true" : "");
		write_config(&pair, config);
		g_autoptr(Checkpoint) bound = bind_pair(&pair);
		g_autofree double *values = test_read_named(bound, "q.weight");
		/* Element (0, 1) of B A. */
		double sum = b_values[0] * a_values[1] + b_values[1] * a_values[3];
		test_near(values[transposed ? 2 : 1], 2 * sum, 1e-12);
	}
}

static const double magnitudes[ROWS] = {2, 0.5, 7};

/* m V / |V| - W, where row i of V = W + s B A lies at elements i * step + j * stride. */
static void dora_expected(guint step, guint stride, double *expected)
{
	for (guint i = 0; i < ROWS; i++) {
		double squares = 0;
		for (guint j = 0; j < COLUMNS; j++) {
			double v = weights[i * step + j * stride] + 2 * product(i, j);
			squares += v * v;
		}
		for (guint j = 0; j < COLUMNS; j++) {
			double w = weights[i * step + j * stride];
			double v = w + 2 * product(i, j);
			expected[i * step + j * stride] = magnitudes[i] * v / sqrt(squares) - w;
		}
	}
}

static void test_dora(void)
{
	static const TestTensor transposed[] = {
		{"enc.q.weight", DTYPE_F32, 2, {COLUMNS, ROWS}, weights}};
	static const char *const names[] = {"base_model.model.enc.q.lora_magnitude_vector",
		"base_model.model.enc.q.lora_magnitude_vector.default.weight"};
	double expected[ELEMENTS];

	for (guint i = 0; i < 4; i++) {
		const TestTensor factors[] = {plain_factors[0], plain_factors[1],
			{names[i % 2], DTYPE_F32, 1, {ROWS}, magnitudes}};
		g_auto(Pair) pair = pair_new(i < 2 ? plain_base : transposed, 1, factors, 3);
		g_autofree char *config = g_strdup_printf(PLAIN, ",\"use_dora\":true");
		write_config(&pair, config);
		g_autoptr(Checkpoint) bound = bind_pair(&pair);
		dora_expected(i < 2 ? COLUMNS : 1, i < 2 ? 1 : ROWS, expected);
		g_assert_true(checkpoint_tensor(bound, 0)->difference);
		expect_numbers(bound, "enc.q.weight", expected);
		write_config(&pair, "{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4}");
		expect_refusal(&pair, "but use_dora is not set");
	}
}

/* Rows longer than a block, and blocks that begin within a row. */
static void test_dora_long_rows(void)
{
	const guint64 rows = 2, columns = 3 * SOURCE_BLOCK / 2, n = rows * columns;
	g_autofree double *base = test_numbers(n, 0.1), *a = test_numbers(columns, 2.2);
	const double b[] = {0.5, -2}, m[] = {3, 4};
	const TestTensor one[] = {{"q.weight", DTYPE_F64, 2, {rows, columns}, base}};
	const TestTensor factors[] = {{"q.lora_A.weight", DTYPE_F64, 2, {1, columns}, a},
		{"q.lora_B.weight", DTYPE_F64, 2, {rows, 1}, b},
		{"q.lora_magnitude_vector", DTYPE_F64, 1, {rows}, m}};
	g_auto(Pair) pair = pair_new(one, 1, factors, 3);
	double squares[2] = {0};

	write_config(&pair, "{\"peft_type\":\"LORA\",\"r\":1,\"lora_alpha\":1,\"use_dora\":true}");
	g_autoptr(Checkpoint) bound = bind_pair(&pair);
	g_autofree double *values = test_read_named(bound, "q.weight");
	for (guint64 i = 0; i < n; i++)
		squares[i / columns] += pow(base[i] + b[i / columns] * a[i % columns], 2);
	for (guint64 i = 0; i < n; i++) {
		double v = base[i] + b[i / columns] * a[i % columns];
		double new = m[i / columns] * v / sqrt(squares[i / columns]);
		test_near(values[i], new - base[i], 1e-12);
	}
}

enum { OUTPUTS = 300, INPUTS = 700 };

static gpointer read_in_thread(gpointer bound)
{
	return test_read(bound, 0, 0, OUTPUTS * INPUTS);
}

/* Rows that lie across the whole tensor: their lengths are found once, whoever asks first. */
static void test_dora_threads(void)
{
	g_autofree double *base = test_numbers(OUTPUTS * INPUTS, 0.4);
	g_autofree double *a = test_numbers(INPUTS, 1), *b = test_numbers(OUTPUTS, 2);
	g_autofree double *m = test_numbers(OUTPUTS, 3);
	const TestTensor one[] = {{"q.weight", DTYPE_F64, 2, {INPUTS, OUTPUTS}, base}};
	const TestTensor factors[] = {{"q.lora_A.weight", DTYPE_F64, 2, {1, INPUTS}, a},
		{"q.lora_B.weight", DTYPE_F64, 2, {OUTPUTS, 1}, b},
		{"q.lora_magnitude_vector", DTYPE_F64, 1, {OUTPUTS}, m}};
	g_auto(Pair) pair = pair_new(one, 1, factors, 3);
	double squares[OUTPUTS] = {0};
	GThread *threads[4];

	write_config(&pair, "{\"peft_type\":\"LORA\",\"r\":1,\"lora_alpha\":1,\"use_dora\":true}");
	g_autoptr(Checkpoint) bound = bind_pair(&pair);
	for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new(NULL, read_in_thread, bound);
	for (guint i = 0; i < INPUTS * OUTPUTS; i++)
		squares[i % OUTPUTS] += pow(base[i] + b[i % OUTPUTS] * a[i / OUTPUTS], 2);
	for (guint t = 0; t < G_N_ELEMENTS(threads); t++) {
		g_autofree double *values = g_thread_join(threads[t]);
		for (guint i = 0; i < INPUTS * OUTPUTS; i++) {
			double v = base[i] + b[i % OUTPUTS] * a[i / OUTPUTS];
			double new = m[i % OUTPUTS] * v / sqrt(squares[i % OUTPUTS]);
			test_near(values[i], new - base[i], 1e-12);
		}
	}
}

/* lora_B's bias, scaled, is added to the module's. */
static void test_lora_bias(void)
{
	static const TestTensor base[] = {{"enc.q.weight", DTYPE_F32, 2, {ROWS, COLUMNS}, weights},
		{"enc.q.bias", DTYPE_F32, 1, {ROWS}, weights}};
	const TestTensor factors[] = {plain_factors[0], plain_factors[1],
		{"base_model.model.enc.q.lora_B.bias", DTYPE_F32, 1, {ROWS}, magnitudes}};
	g_auto(Pair) pair = pair_new(base, 2, factors, 3);
	g_autofree char *config = g_strdup_printf(PLAIN, ",\"lora_bias\":true");

	write_config(&pair, config);
	g_autoptr(Checkpoint) bound = bind_pair(&pair);
	g_autofree double *values = test_read_named(bound, "enc.q.bias");
	g_assert_cmpuint(checkpoint_count(bound), ==, 2);
	for (guint i = 0; i < ROWS; i++)
		test_near(values[i], 2 * magnitudes[i], 1e-12);
	expect_product(bound, "enc.q.weight", 2);
	test_write_safetensors(pair.base, base, 1);
	expect_refusal(&pair, "tensor enc.q.bias: the adapter changes it, but the base has no");
}

/* Weights that stand for the base's: as they are, under the base's names or as extra ones. */
static void test_whole(void)
{
	static const TestTensor base[] = {{"enc.q.weight", DTYPE_F32, 2, {ROWS, COLUMNS}, weights},
		{"enc.q.bias", DTYPE_F32, 1, {ROWS}, NULL},
		{"model.cls.weight", DTYPE_F32, 1, {ROWS}, NULL}};
	const TestTensor factors[] = {plain_factors[0], plain_factors[1],
		{"base_model.model.enc.q.bias", DTYPE_F32, 1, {ROWS}, magnitudes},
		{"base_model.model.cls.modules_to_save.default.weight", DTYPE_F16, 1, {ROWS},
			magnitudes},
		{"base_model.model.cls.original_module.weight", DTYPE_F16, 1, {ROWS}, NULL},
		{"base_model.model.score.weight", DTYPE_F32, 1, {ROWS}, magnitudes}};
	g_auto(Pair) pair = pair_new(base, 3, factors, G_N_ELEMENTS(factors));
	static const char *const names[] = {"enc.q.bias", "model.cls.weight", "score.weight"};

	write_config(&pair, "{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"bias\":\"all\","
			    "\"modules_to_save\":[\"cls\",\"score\"]}");
	g_autoptr(Checkpoint) bound = bind_pair(&pair);
	g_assert_cmpuint(checkpoint_count(bound), ==, 4);
	g_assert_cmpuint(bound->skipped->len, ==, 1);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		guint found = (guint)checkpoint_find(bound, names[i]);
		g_autofree double *values = test_read_named(bound, names[i]);
		g_assert_false(checkpoint_tensor(bound, found)->difference);
		g_assert_null(checkpoint_tensor(bound, found)->source);
		for (guint k = 0; k < ROWS; k++)
			test_near(values[k], magnitudes[k], 0);
	}
}

/* PEFT saves the embeddings that it adapts beside their factors: the product is added to them. */
static void test_whole_and_product(void)
{
	static const TestTensor base[] = {{"emb.weight", DTYPE_F32, 2, {COLUMNS, ROWS}, NULL}};
	static const TestTensor factors[] = {
		{"base_model.model.emb.lora_embedding_A", DTYPE_F32, 2, {RANK, COLUMNS}, a_values},
		{"base_model.model.emb.lora_embedding_B", DTYPE_F32, 2, {ROWS, RANK}, b_values},
		{"base_model.model.emb.base_layer.weight", DTYPE_F32, 2, {COLUMNS, ROWS}, weights}};
	g_auto(Pair) pair = pair_new(base, 1, factors, 3);
	g_autofree char *config = g_strdup_printf(PLAIN, "");
	double expected[ELEMENTS];

	write_config(&pair, config);
	g_autoptr(Checkpoint) bound = bind_pair(&pair);
	for (guint i = 0; i < ELEMENTS; i++)
		expected[i] = weights[i] + 2 * product(i % ROWS, i / ROWS);
	g_assert_cmpuint(checkpoint_count(bound), ==, 1);
	g_assert_false(checkpoint_tensor(bound, 0)->difference);
	expect_numbers(bound, "emb.weight", expected);
}

/* The base's tensor may be reached under two names: two products cannot both be its change. */
static void test_twice(void)
{
	const TestTensor factors[] = {plain_factors[0], plain_factors[1],
		{"base_model.model.model.enc.q.lora_A.weight", DTYPE_F32, 2, {RANK, COLUMNS},
			a_values},
		{"base_model.model.model.enc.q.lora_B.weight", DTYPE_F32, 2, {ROWS, RANK},
			b_values}};
	g_auto(Pair) pair = pair_new(plain_base, 1, factors, 4);
	g_autofree char *config = g_strdup_printf(PLAIN, "");

	write_config(&pair, config);
	expect_refusal(&pair, "two parts of the adapter change it");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_autoptr(cJSON) cases = corpus_cases("valid");
	const cJSON *expected;

	cJSON_ArrayForEach (expected, cases)
		if (g_str_has_prefix(expected->string, "peft/")) {
			g_autofree char *name =
				g_strconcat("/adapter-bind/", expected->string, NULL);
			g_test_add_data_func(name, expected, test_valid);
		}
	g_test_add_func("/adapter-bind/stored-bytes", test_stored_bytes);
	g_test_add_func("/adapter-bind/targets", test_targets);
	g_test_add_func("/adapter-bind/matched", test_matched);
	g_test_add_func("/adapter-bind/fan-in-fan-out", test_fan_in_fan_out);
	g_test_add_func("/adapter-bind/square", test_square);
	g_test_add_func("/adapter-bind/dora", test_dora);
	g_test_add_func("/adapter-bind/dora-long-rows", test_dora_long_rows);
	g_test_add_func("/adapter-bind/dora-threads", test_dora_threads);
	g_test_add_func("/adapter-bind/lora-bias", test_lora_bias);
	g_test_add_func("/adapter-bind/whole", test_whole);
	g_test_add_func("/adapter-bind/whole-and-product", test_whole_and_product);
	g_test_add_func("/adapter-bind/twice", test_twice);
	return g_test_run();
}
