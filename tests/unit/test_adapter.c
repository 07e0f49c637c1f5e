/* test_adapter.c - adapters of PEFT: what is read of their configuration and names, and what is
 * refused. */
#include "checkpoint/adapter.h"

#include "adapters.h"
#include "checkpoint/directory.h"
#include "corpus.h"

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
	g_test_add_func("/adapter/hostile", test_hostile);
	g_test_add_func("/adapter/told", test_told);
	g_test_add_func("/adapter/parts-open", test_parts_open);
	g_test_add_func("/adapter/scaling", test_scaling);
	g_test_add_func("/adapter/refused-settings", test_refused_settings);
	g_test_add_func("/adapter/refused-types", test_refused_types);
	g_test_add_func("/adapter/costly-patterns", test_costly_patterns);
	g_test_add_func("/adapter/factor-names", test_factor_names);
	g_test_add_func("/adapter/refused-names", test_refused_names);
	g_test_add_func("/adapter/run", test_run);
	return g_test_run();
}
