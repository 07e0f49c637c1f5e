/* adapters.h - small adapters and bases that tests write, and what their product is. */
#ifndef TAUSCOPE_TEST_ADAPTERS_H
#define TAUSCOPE_TEST_ADAPTERS_H

#include "checkpoint/adapter.h"
#include "tensors.h"

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
static inline double product(guint i, guint j)
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

static inline void write_config(const Pair *pair, const char *config)
{
	g_autofree char *path = g_build_filename(pair->adapter, "adapter_config.json", NULL);
	test_write(path, config, strlen(config));
}

static inline Pair pair_new(const TestTensor *base, guint bases, const TestTensor *factors, guint n)
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

static inline Pair plain_pair(const char *more)
{
	Pair pair = pair_new(plain_base, 1, plain_factors, 2);
	g_autofree char *config = g_strdup_printf(PLAIN, more);
	write_config(&pair, config);
	return pair;
}

static inline void pair_clear(Pair *pair)
{
	test_folder_remove(pair->folder);
	g_free(pair->base);
	g_free(pair->adapter);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

/* What it was bound from is closed: the bound checkpoint needs neither. */
static inline Checkpoint *bind_paths(
	const char *adapter_path, const char *base_path, GError **error)
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

static inline Checkpoint *bind_pair(const Pair *pair)
{
	g_autoptr(GError) error = NULL;
	Checkpoint *bound = bind_paths(pair->adapter, pair->base, &error);
	test_no_error(error);
	return bound;
}

static inline void expect_refusal(const Pair *pair, const char *says)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(bind_paths(pair->adapter, pair->base, &error));
	test_error(error, ERROR_INPUT, says);
	g_assert_true(g_str_has_prefix(error->message, pair->adapter));
}

/* The configuration with more in it is refused. */
static inline void expect_setting_refused(const char *more, const char *says)
{
	g_auto(Pair) pair = plain_pair(more);
	expect_refusal(&pair, says);
}

/* The numbers of a bound tensor of the small weight's shape are these. */
static inline void expect_numbers(const Checkpoint *bound, const char *name, const double *expected)
{
	g_autofree double *values = test_read_named(bound, name);
	for (guint i = 0; i < ELEMENTS; i++)
		test_near(values[i], expected[i], 1e-12);
}

static inline void expect_product(const Checkpoint *bound, const char *name, double scaling)
{
	double expected[ELEMENTS];
	for (guint i = 0; i < ELEMENTS; i++)
		expected[i] = scaling * product(i / COLUMNS, i % COLUMNS);
	expect_numbers(bound, name, expected);
}

#endif
