/* test_adapter.c - adapters of PEFT bound to a base: the changes that the corpus' manifest gives,
 * which numpy worked out in float64, and those of small adapters by their formulas. */
#include "checkpoint/adapter.h"

#include "adapters.h"
#include "checkpoint/directory.h"
#include "corpus.h"

#define Q_A "base_model.model.enc.q.lora_A.weight"
#define Q_B "base_model.model.enc.q.lora_B.weight"
#define PLAIN "{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4%s}"

enum { ROWS = 3, COLUMNS = 4, RANK = 2, ELEMENTS = ROWS * COLUMNS };

/* The factors of small adapters, and the weight they change. */
static const double a_values[RANK * COLUMNS] = {1, -2, 3, 0.5, 0.25, 4, -1, 2};
static const double b_values[ROWS * RANK] = {2, 1, -1, 0.5, 3, -2};
static const double weights[ELEMENTS] = {1, 2, 3, 4, -1, 0.5, 2, -3, 0, 1, -1, 1};

static const TestTensor plain_base[] = {{"enc.q.weight", DTYPE_F32, 2, {ROWS, COLUMNS}, weights}};
static const TestTensor plain_factors[] = {
	{Q_A, DTYPE_F32, 2, {RANK, COLUMNS}, a_values},
	{Q_B, DTYPE_F32, 2, {ROWS, RANK}, b_values},
};

/* Element (i, j) of B A. */
static double product(guint i, guint j)
{
	double sum = 0;
	for (guint r = 0; r < RANK; r++)
		sum += b_values[i * RANK + r] * a_values[r * COLUMNS + j];
	return sum;
}

/* A base and an adapter in a scratch folder. */
typedef struct {
	char *folder, *base, *adapter;
} Pair;

static void write_config(const Pair *pair, const char *config)
{
	g_autofree char *path = g_build_filename(pair->adapter, "adapter_config.json", NULL);
	test_write(path, config, strlen(config));
}

static Pair pair_new(const TestTensor *base, guint bases, const TestTensor *factors, guint n)
{
	Pair pair = {.folder = test_folder()};
	pair.base = g_build_filename(pair.folder, "base.safetensors", NULL);
	pair.adapter = g_build_filename(pair.folder, "adapter", NULL);
	g_autofree char *path = g_build_filename(pair.adapter, "adapter_model.safetensors", NULL);

	test_write_safetensors(pair.base, base, bases);
	g_assert_cmpint(g_mkdir_with_parents(pair.adapter, 0700), ==, 0);
	test_write_safetensors(path, factors, n);
	return pair;
}

static Pair plain_pair(const char *more)
{
	Pair pair = pair_new(plain_base, 1, plain_factors, 2);
	g_autofree char *config = g_strdup_printf(PLAIN, more);
	write_config(&pair, config);
	return pair;
}

static void pair_clear(Pair *pair)
{
	test_folder_remove(pair->folder);
	g_free(pair->base);
	g_free(pair->adapter);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

/* What it was bound from is closed: the bound checkpoint needs neither. */
static Checkpoint *bind_paths(const char *adapter_path, const char *base_path, GError **error)
{
	g_autoptr(Checkpoint) adapter = checkpoint_open(adapter_path, error);
	g_autoptr(Checkpoint) base = checkpoint_open(base_path, NULL);

	if (adapter == NULL)
		return NULL;
	g_assert_nonnull(base);
	g_assert_true(adapter_is_unbound(adapter));
	Checkpoint *bound = adapter_bind(adapter, base, error);
	g_assert_true(bound == NULL || !adapter_is_unbound(bound));
	return bound;
}

static Checkpoint *bind_pair(const Pair *pair)
{
	g_autoptr(GError) error = NULL;
	Checkpoint *bound = bind_paths(pair->adapter, pair->base, &error);
	test_no_error(error);
	return bound;
}

static void expect_refusal(const Pair *pair, const char *says)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(bind_paths(pair->adapter, pair->base, &error));
	test_error(error, ERROR_INPUT, says);
	g_assert_true(g_str_has_prefix(error->message, pair->adapter));
}

/* The configuration with more in it is refused. */
static void expect_setting_refused(const char *more, const char *says)
{
	g_auto(Pair) pair = plain_pair(more);
	expect_refusal(&pair, says);
}

/* The numbers of a bound tensor of the small weight's shape are these. */
static void expect_numbers(const Checkpoint *bound, const char *name, const double *expected)
{
	g_autofree double *values = test_read_named(bound, name);
	for (guint i = 0; i < ELEMENTS; i++)
		test_near(values[i], expected[i], 1e-12);
}

static void expect_product(const Checkpoint *bound, const char *name, double scaling)
{
	double expected[ELEMENTS];
	for (guint i = 0; i < ELEMENTS; i++)
		expected[i] = scaling * product(i / COLUMNS, i % COLUMNS);
	expect_numbers(bound, name, expected);
}

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
	g_assert_cmpuint(checkpoint_count(bound), ==, (guint)cJSON_GetArraySize(merged));
	cJSON_ArrayForEach (tensor, merged)
		check_change(bound, base, tensor, tensor->string);
}

/* The base that the manifest of hostile adapters speaks of. */
static void write_hostile_base(const char *path)
{
	const TestTensor base = {"q.weight", DTYPE_F32, 2, {4, 3}, weights};
	test_write_safetensors(path, &base, 1);
}

static const struct {
	const char *name, *says; /* says: NULL where it is read */
} hostile[] = {
	{"peft_r_zero", "r, the rank of its factors, is not a whole number from 1"},
	{"peft_r_string", "r, the rank of its factors, is not a whole number"},
	{"peft_alpha_nan", "adapter_config.json: is no valid JSON"},
	{"peft_inner_mismatch", "its factors do not fit each other"},
	{"peft_outer_mismatch", "which does not fit the adapter's factors"},
	{"peft_missing_b", "its factor lora_B is missing"},
	{"peft_no_config",
		"what its factors are multiplied by is not known; put the adapter_config"},
	{"peft_config_not_json", "adapter_config.json: is no valid JSON at byte 0"},
	{"peft_redos", "takes too long to match"},
	{"peft_pattern_invalid", "alpha_pattern: the expression ( cannot be read as one"},
	{"peft_base_path", NULL},
	{"peft_unknown_target", "the base has no such tensor"},
	{"peft_dora_wrong_size", "its lora_magnitude_vector has 7 numbers, but it has 4 outputs"},
	{"peft_dora_missing", "use_dora is set, but its lora_magnitude_vector is missing"},
	{"peft_no_weights", "neither adapter_model.safetensors nor adapter_model.bin"},
	{"peft_conv_on_linear", "which does not fit the adapter's factors"},
};

static void test_hostile(void)
{
	char *folder = test_folder();
	g_autofree char *base = g_build_filename(folder, "base.safetensors", NULL);

	write_hostile_base(base);
	for (guint i = 0; i < G_N_ELEMENTS(hostile); i++) {
		g_autofree char *path = corpus_path("hostile", hostile[i].name);
		g_autoptr(GError) error = NULL;
		gint64 begun = g_get_monotonic_time();
		g_autoptr(Checkpoint) bound = bind_paths(path, base, &error);
		g_assert_true((bound == NULL) == (hostile[i].says != NULL));
		g_assert_cmpint(g_get_monotonic_time() - begun, <, G_USEC_PER_SEC);
		if (hostile[i].says != NULL)
			test_error(error, ERROR_INPUT, hostile[i].says);
		else
			test_no_error(error);
	}
	test_folder_remove(folder);
}

/* What info tells, and what of its files is watched for changes. */
static void test_told(void)
{
	g_auto(Pair) pair = plain_pair(",\"base_model_name_or_path\":\"/etc/passwd\"");
	g_autoptr(Checkpoint) adapter = test_open(pair.adapter);
	static const char *const told[][2] = {{"rank", "2"}, {"alpha", "4"},
		{"targets", "q (1 module)"}, {"base", "/etc/passwd"}};

	for (guint i = 0; i < G_N_ELEMENTS(told); i++)
		g_assert_cmpstr(g_hash_table_lookup(adapter->about, told[i][0]), ==, told[i][1]);
	g_assert_cmpuint(adapter->files->len, ==, 2);
	g_assert_cmpuint(adapter->shards->len, ==, 2);
	const CheckpointFile *config = g_ptr_array_index(adapter->files, 1);
	g_assert_true(g_str_has_suffix(config->path, "/adapter_config.json"));
	g_assert_nonnull(config->file);
	g_assert_cmpstr(adapter->directory, ==, pair.adapter);
	g_assert_true(adapter_is(pair.adapter));
	g_assert_false(adapter_is(pair.folder));
}

/* Either file of it opens the adapter; factors without a configuration are only tensors. */
static void test_parts_open(void)
{
	static const char *const names[] = {"adapter_config.json", "adapter_model.safetensors"};
	g_auto(Pair) pair = plain_pair("");

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(pair.adapter, names[i], NULL);
		g_autoptr(Checkpoint) adapter = test_open(path);
		g_assert_cmpstr(adapter->format, ==, "peft-dir");
		g_assert_cmpstr(adapter->path, ==, path);
	}
	g_autofree char *config = g_build_filename(pair.adapter, names[0], NULL);
	g_autofree char *factors = g_build_filename(pair.adapter, names[1], NULL);
	g_assert_cmpint(unlink(config), ==, 0);
	g_autoptr(Checkpoint) alone = test_open(factors);
	g_assert_cmpstr(alone->format, ==, "safetensors");
	g_assert_false(adapter_is_unbound(alone));
}

/* alpha by the rank or its root, each by the first pattern that fits, as PEFT has it. */
static void test_scaling(void)
{
	static const struct {
		const char *more;
		double scaling;
	} cases[] = {
		{"", 2},
		{",\"use_rslora\":true", 4 / M_SQRT2},
		{",\"alpha_pattern\":{\"q\":3}", 1.5},
		{",\"alpha_pattern\":{\"enc.q\":3}", 1.5},
		{",\"alpha_pattern\":{\"nc.q\":3}", 2},
		{",\"alpha_pattern\":{\"enc\":3}", 2},
		{",\"alpha_pattern\":{\"enc\\\\.q\":-3}", -1.5},
		{",\"alpha_pattern\":{\"e.c.q\":3}", 1.5},
		{",\"alpha_pattern\":{\"e\\\\.c.q\":3}", 2},
		{",\"alpha_pattern\":{\"k|q\":3,\"q\":5}", 1.5},
		{",\"alpha_pattern\":{\"k\":3,\"q\":5,\"enc.q\":7}", 2.5},
		{",\"alpha_pattern\":{\"^q\":3}", 2},
		{",\"alpha_pattern\":{\"^enc.q\":3}", 1.5},
		{",\"alpha_pattern\":{\".*\\\\.[pq]\":0}", 0},
		{",\"rank_pattern\":{\"q\":2,\"k\":8},\"alpha_pattern\":{}", 2},
		{",\"rank_pattern\":null,\"use_dora\":null,\"layer_replication\":null", 2},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(Pair) pair = plain_pair(cases[i].more);
		g_autoptr(Checkpoint) bound = bind_pair(&pair);
		g_assert_cmpuint(checkpoint_count(bound), ==, 1);
		expect_product(bound, "enc.q.weight", cases[i].scaling);
	}
	expect_setting_refused(
		",\"rank_pattern\":{\"q\":3}", "of rank 2, but the configuration says 3");
}

/* Settings that would change what the factors mean, and values of the wrong type. */
static void test_refused_settings(void)
{
	static const struct {
		const char *more, *says;
	} cases[] = {
		{",\"layer_replication\":[[0,2],[1,3]]", "layer_replication is set"},
		{",\"megatron_config\":{\"a\":1}", "megatron_config is set"},
		{",\"target_parameters\":[\"experts.w\"]", "target_parameters is set"},
		{",\"trainable_token_indices\":[1]", "trainable_token_indices is set"},
		{",\"alora_invocation_tokens\":[1]", "alora_invocation_tokens is set"},
		{",\"init_lora_weights\":\"pissa\"", "init_lora_weights is pissa"},
		{",\"init_lora_weights\":\"olora\"", "other weights than the base's"},
		{",\"bias\":\"some\"", "bias is not none, all or lora_only"},
		{",\"use_rslora\":1", "use_rslora is neither true nor false"},
		{",\"modules_to_save\":\"cls\"", "modules_to_save is not a list"},
		{",\"modules_to_save\":[1]", "modules_to_save is not all names"},
		{",\"rank_pattern\":[1]", "rank_pattern is not an object"},
		{",\"rank_pattern\":{\"x\":0}", "the value of x is no rank"},
		{",\"rank_pattern\":{\"x\":1.5}", "the value of x is no rank"},
		{",\"alpha_pattern\":{\"x\":\"y\"}", "the value of x is no number"},
		{",\"alpha_pattern\":{\"x\":1e999}", "the value of x is no number"},
		{",\"use_dora\":true", "lora_magnitude_vector is missing"},
		{",\"lora_bias\":true", "lora_B.bias is missing"},
		{",\"r\":2", "no valid JSON"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		expect_setting_refused(cases[i].more, cases[i].says);
}

static void test_refused_types(void)
{
	static const struct {
		const char *config, *says;
	} cases[] = {
		{"{\"peft_type\":\"IA3\"}",
			"its peft_type is IA3, and only LORA is read; merge it"},
		{"{\"r\":2,\"lora_alpha\":4}", "it has no peft_type"},
		{"{\"peft_type\":\"LORA\",\"lora_alpha\":4}", "r, the rank of its factors"},
		{"{\"peft_type\":\"LORA\",\"r\":2}", "lora_alpha is not a number"},
		{"{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":\"4\"}",
			"lora_alpha is not a number"},
		{"[]", "it is not a JSON object"},
		{"", "no valid JSON"},
	};
	g_auto(Pair) pair = plain_pair("");

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		write_config(&pair, cases[i].config);
		expect_refusal(&pair, cases[i].says);
	}
	g_autofree char *large = g_strnfill(2 << 20, ' ');
	write_config(&pair, large);
	expect_refusal(&pair, "are too many for the configuration");
}

/* Many expressions that each backtrack within their limit, over many modules: refused in time. */
static void test_costly_patterns(void)
{
	enum { MODULES = 400, PATTERNS = 200 };
	TestTensor factors[2 * MODULES];
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) more = g_string_new(",\"alpha_pattern\":{");

	for (guint i = 0; i < 2 * MODULES; i++) {
		char *name = g_strdup_printf("base_model.model.aaaaaaaaaaaaaaaaaaaaa.m%u.lora_%s"
					     ".weight",
			i / 2, i % 2 ? "B" : "A");
		g_ptr_array_add(names, name);
		factors[i] = plain_factors[i % 2];
		factors[i].name = name;
	}
	for (guint i = 0; i < PATTERNS; i++)
		g_string_append_printf(more, "%s\"a+a+m.x%u\":1", i > 0 ? "," : "", i);
	g_string_append(more, "}");
	g_autofree char *config = g_strdup_printf(PLAIN, more->str);
	g_auto(Pair) pair = pair_new(plain_base, 1, factors, G_N_ELEMENTS(factors));
	write_config(&pair, config);
	gint64 begun = g_get_monotonic_time();
	expect_refusal(&pair, "is one of too many for its modules");
	g_assert_cmpint(g_get_monotonic_time() - begun, <, 5 * G_USEC_PER_SEC);
}

/* The same factors under the names that older versions, wrappers and hands give them. */
static void test_factor_names(void)
{
	static const char *const cases[][2] = {
		{"base_model.model.enc.q.lora_A.default.weight",
			"base_model.model.enc.q.lora_B.default.weight"},
		{"enc.q.lora_A.weight", "enc.q.lora_B.weight"},
		{"base_model.model.enc.q.base_layer.lora_A.weight",
			"base_model.model.enc.q.base_layer.lora_B.weight"},
		{"base_model.model.enc.q.lora_A.lora_x.weight",
			"base_model.model.enc.q.lora_B.lora_x.weight"},
		{"base_model.model.model.enc.q.lora_A.weight",
			"base_model.model.model.enc.q.lora_B.weight"},
		{"base_model.model.q.lora_A.weight", "base_model.model.q.lora_B.weight"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		TestTensor factors[] = {plain_factors[0], plain_factors[1]};
		factors[0].name = cases[i][0];
		factors[1].name = cases[i][1];
		g_auto(Pair) pair = pair_new(plain_base, 1, factors, 2);
		g_autofree char *config = g_strdup_printf(PLAIN, "");
		write_config(&pair, config);
		g_autoptr(Checkpoint) bound = bind_pair(&pair);
		expect_product(bound, "enc.q.weight", 2);
	}
}

/* Names that are of no adapter, or of two. */
static void test_refused_names(void)
{
	static const struct {
		const char *a, *b, *says;
	} cases[] = {
		{"q.lora_A.one.weight", "q.lora_B.two.weight", "it is of a second adapter"},
		{"q.lora_A.weight", "q.lora_A.default.weight", "its module has two of them"},
		{"q.lora_A.x.y.weight", Q_B, "its name is not of any part"},
		{"q.lora_A.bias", Q_B, "it is no part of LoRA that is known"},
		{"q.lora_E", Q_B, "it is no part of LoRA that is known"},
		{"q.lora_A.weight", "q.lora_embedding_B", "factors of an embedding and of a layer"},
		{"q.weight", "k.weight", "it holds no factors of LoRA"},
		{"q.lora_A.weight", "k.lora_B.weight", "lora_A is missing"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		TestTensor factors[] = {plain_factors[0], plain_factors[1]};
		factors[0].name = cases[i].a;
		factors[1].name = cases[i].b;
		g_auto(Pair) pair = pair_new(plain_base, 1, factors, 2);
		g_autofree char *config = g_strdup_printf(PLAIN, "");
		write_config(&pair, config);
		expect_refusal(&pair, cases[i].says);
	}
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
	g_autoptr(Checkpoint) prefixed = bind_to(longer, 2, "", NULL);
	g_autoptr(Checkpoint) attention = bind_to(joint, 1, "", NULL);

	g_assert_cmpuint(checkpoint_count(prefixed), ==, 1);
	expect_product(prefixed, "model.enc.q.weight", 2);
	expect_product(attention, "enc.q.in_proj_weight", 2);
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

/* A run of adapters: each step opens, and so does what lies beside them. */
static void test_run(void)
{
	g_auto(Pair) pair = plain_pair("");
	g_autofree char *step = g_build_filename(pair.adapter, "checkpoint-20", NULL);
	g_autofree char *final = NULL;
	g_autoptr(GError) error = NULL;
	Pair inner = {.adapter = step};
	gint64 final_step;

	g_assert_cmpint(g_mkdir_with_parents(step, 0700), ==, 0);
	g_autofree char *factors = g_build_filename(step, "adapter_model.safetensors", NULL);
	g_autofree char *config = g_strdup_printf(PLAIN, "");
	test_write_safetensors(factors, plain_factors, 2);
	write_config(&inner, config);
	g_autoptr(GArray) steps = directory_run(pair.adapter, &final, &final_step, &error);
	test_no_error(error);
	g_assert_cmpuint(steps->len, ==, 1);
	g_assert_cmpstr(final, ==, pair.adapter);
	g_autoptr(Checkpoint) bound =
		bind_paths(g_array_index(steps, RunStep, 0).path, pair.base, &error);
	test_no_error(error);
	expect_product(bound, "enc.q.weight", 2);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_autoptr(cJSON) cases = corpus_cases("valid");
	const cJSON *expected;

	cJSON_ArrayForEach (expected, cases)
		if (g_str_has_prefix(expected->string, "peft/")) {
			g_autofree char *name = g_strconcat("/adapter/", expected->string, NULL);
			g_test_add_data_func(name, expected, test_valid);
		}
	g_test_add_func("/adapter/hostile", test_hostile);
	g_test_add_func("/adapter/told", test_told);
	g_test_add_func("/adapter/parts-open", test_parts_open);
	g_test_add_func("/adapter/scaling", test_scaling);
	g_test_add_func("/adapter/refused-settings", test_refused_settings);
	g_test_add_func("/adapter/refused-types", test_refused_types);
	g_test_add_func("/adapter/costly-patterns", test_costly_patterns);
	g_test_add_func("/adapter/factor-names", test_factor_names);
	g_test_add_func("/adapter/refused-names", test_refused_names);
	g_test_add_func("/adapter/targets", test_targets);
	g_test_add_func("/adapter/fan-in-fan-out", test_fan_in_fan_out);
	g_test_add_func("/adapter/square", test_square);
	g_test_add_func("/adapter/dora", test_dora);
	g_test_add_func("/adapter/dora-long-rows", test_dora_long_rows);
	g_test_add_func("/adapter/lora-bias", test_lora_bias);
	g_test_add_func("/adapter/whole", test_whole);
	g_test_add_func("/adapter/whole-and-product", test_whole_and_product);
	g_test_add_func("/adapter/twice", test_twice);
	g_test_add_func("/adapter/run", test_run);
	return g_test_run();
}
