/* test_apply.c - what an edit writes, element by element and bit for bit. */
#include "applying.h"

/* Rows that the task has not keep the base, whatever lay in the scratch before. */
static void test_fewer_rows(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base[] = {1, 2, 3, 4}, task[] = {2, 4, 6, 8};
	const float expected[] = {1.5f, 3, 3, 4};
	load_values(fixture, "base", DTYPE_F32, base, 4);
	load_values(fixture, "a", DTYPE_F32, task, 4);
	((Member *)fixture->collection->members->pdata[1])->shared[0] = 2;
	g_autofree guint8 *out = apply(fixture, "0.5*a", 1);
	g_assert_cmpint(memcmp(out, expected, sizeof expected), ==, 0);
}

static void assert_bytes(
	const Fixture *fixture, const char *text, double scale, const void *expected, gsize length)
{
	g_autofree guint8 *out = apply(fixture, text, scale);
	if (memcmp(out, expected, length) != 0)
		g_error("%g * (%s): other bytes than expected", scale, text);
}

/* A bit pattern for every kind of value, in each type. */
static const struct {
	Dtype dtype;
	guint64 base[6], task[6];
} patterns[] = {
	{DTYPE_F32, {0x80000000, 0x7fc12345, 0x3f800000, 0xff800000, 0x00000001, 0x3f800000},
		{0x00000000, 0x7fa54321, 0x80000000, 0x7f800000, 0x80000001, 0x2b800000}},
	{DTYPE_F16, {0x8000, 0x7e01, 0x3c00, 0xfc00, 0x0001, 0x3c00},
		{0x0000, 0x7d55, 0x8000, 0x7c00, 0x8001, 0x0010}},
	{DTYPE_BF16, {0x8000, 0x7fc1, 0x3f80, 0xff80, 0x0001, 0x3f80},
		{0x0000, 0x7fa1, 0x8000, 0x7f80, 0x8001, 0x2b80}},
	{DTYPE_F64,
		{0x8000000000000000, 0x7ff8000012345678, 0x3ff0000000000000, 0xfff0000000000000, 1,
			0x3ff0000000000000},
		{0, 0x7ff4000087654321, 0x8000000000000000, 0x7ff0000000000000, 0x8000000000000001,
			0x3d70000000000000}},
	{DTYPE_F8_E5M2, {0x80, 0x7f, 0x3c, 0xfc, 0x01, 0x3c}, {0x00, 0x7d, 0x80, 0x7c, 0x81, 0x04}},
};

static void pack(Dtype dtype, const guint64 *values, guint8 *bytes)
{
	gsize size = dtype_info(dtype)->bits / 8;
	for (gsize i = 0; i < 6; i++) {
		guint64 little = GUINT64_TO_LE(values[i]);
		memcpy(bytes + i * size, &little, size);
	}
}

static void test_bits(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (gsize i = 0; i < G_N_ELEMENTS(patterns); i++) {
		guint8 base[48], task[48];
		gsize length = 6 * dtype_info(patterns[i].dtype)->bits / 8;
		pack(patterns[i].dtype, patterns[i].base, base);
		pack(patterns[i].dtype, patterns[i].task, task);
		load_bytes(fixture, "base", patterns[i].dtype, base, 6);
		load_bytes(fixture, "a", patterns[i].dtype, task, 6);
		load_bytes(fixture, "same", patterns[i].dtype, base, 6);
		assert_bytes(fixture, "a", 1, task, length);
		assert_bytes(fixture, "2*a", 0.5, task, length);
		assert_bytes(fixture, "0.5*a + 0.5*a + 0*same", 1, task, length);
		assert_bytes(fixture, "0*a", 1, base, length);
		assert_bytes(fixture, "a - a", 1, base, length);
		assert_bytes(fixture, "a", 0, base, length);
		assert_bytes(fixture, "0.3*same", 1, base, length);
		g_clear_pointer(&fixture->collection, collection_free);
	}
}

/* 2^-40 beside 1 is lost in float32 arithmetic, and not in float64. */
static void test_small_beside_large(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base[] = {1, 0}, task[] = {1 + 0x1p-40, 0x1p-40},
		     half[] = {1 + 0x1p-41, 0x1p-41};
	load_values(fixture, "base", DTYPE_F64, base, 2);
	load_values(fixture, "a", DTYPE_F64, task, 2);
	assert_bytes(fixture, "0.5*a", 1, half, sizeof half);
}

/* The exact sum 1 + 2^-11 + 2^-40 is above the middle of two F16 values; rounded to F32 on the way
 * it would be the middle, and go down. */
static void test_rounded_once(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base = 1, task = 1 + 0x1p-10 + 0x1p-39;
	const guint8 up[] = {0x01, 0x3c};
	load_values(fixture, "base", DTYPE_F16, &base, 1);
	load_values(fixture, "a", DTYPE_F64, &task, 1);
	assert_bytes(fixture, "0.5*a", 1, up, sizeof up);
}

/* A whole task vector of another type is that task's value in the base's type. */
static void test_other_type(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base[] = {1, 0.1, -3}, task[] = {0.1, -0.0, 70};
	const float in_base[] = {(float)0.0999755859375, -0.0f, 70};
	load_values(fixture, "base", DTYPE_F32, base, 3);
	load_values(fixture, "half", DTYPE_F16, task, 3);
	assert_bytes(fixture, "half", 1, in_base, sizeof in_base);
}

static void fill_random(GRand *rand, double *values)
{
	for (guint i = 0; i < MANY; i++)
		values[i] = (float)g_rand_double_range(rand, -1, 1);
}

/* Formulas in the association in which they are written. */
static double left_to_right(double x, double a, double b, double c)
{
	return x + ((0.4 * (a - x) + 0.4 * (b - x)) - 0.3 * (c - x));
}

static double bracket(double x, double a, double b, double c)
{
	return x + (0.4 * ((a - x) + (b - x)) - 0.3 * (c - x));
}

static double scaled_twice(double x, double a, double b, double c)
{
	(void)b;
	return x + 0.3 * (0.1 * (0.7 * (a - x)) - (c - x) / 3);
}

static double mean(double x, double a, double b, double c)
{
	return x + (((a - x) + (b - x)) + (c - x)) / 3;
}

static double right_to_left(double x, double a, double b, double c)
{
	return x + -0.7 * ((a - x) - ((b - x) - ((c - x) - 2 * (a - x))));
}

static const struct {
	const char *text;
	double scale;
	double (*formula)(double x, double a, double b, double c);
} formulas[] = {
	{"0.4*a + 0.4*b - 0.3*c", 1, left_to_right},
	{"0.4*(a + b) - 0.3*c", 1, bracket},
	{"0.1*(0.7*a) - c/3", 0.3, scaled_twice},
	{"mean(a, b, c)", 1, mean},
	{"a - (b - (c - 2*a))", -0.7, right_to_left},
};

static void load_random(Fixture *fixture, double values[4][MANY])
{
	static const char *const names[] = {"base", "a", "b", "c"};
	g_autoptr(GRand) rand = g_rand_new_with_seed(99);
	for (guint i = 0; i < 4; i++) {
		fill_random(rand, values[i]);
		load_values(fixture, names[i], DTYPE_F32, values[i], MANY);
	}
}

static void test_formulas(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static double v[4][MANY];
	load_random(fixture, v);
	for (gsize i = 0; i < G_N_ELEMENTS(formulas); i++) {
		float expected[MANY];
		for (guint j = 0; j < MANY; j++)
			expected[j] =
				(float)formulas[i].formula(v[0][j], v[1][j], v[2][j], v[3][j]);
		assert_bytes(
			fixture, formulas[i].text, formulas[i].scale, expected, sizeof expected);
	}
}

static void test_blocks(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static double v[4][MANY];
	static const guint64 blocks[] = {1, 7, 2048, 2049, 4096};
	load_random(fixture, v);
	g_autofree guint8 *whole = apply(fixture, "a - (b - (c - 2*a))", 0.3);
	for (gsize i = 0; i < G_N_ELEMENTS(blocks); i++) {
		guint64 overflowed;
		g_autofree guint8 *parts = apply_in_blocks(
			fixture, "a - (b - (c - 2*a))", 0.3, blocks[i], &overflowed);
		g_assert_true(memcmp(parts, whole, MANY * sizeof(float)) == 0);
	}
}

/* Where the edit is 0 the base's bits stay, beside elements that change. */
static void test_unchanged_elements(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const guint32 base[] = {0x80000000, 0x3f800000, 0x7fc12345, 0xff800000},
		      task[] = {0x00000000, 0x40000000, 0x7fc54321, 0xff800000},
		      expected[] = {0x80000000, 0x3fc00000, 0x7fc12345, 0xff800000};
	load_bytes(fixture, "base", DTYPE_F32, base, 4);
	load_bytes(fixture, "a", DTYPE_F32, task, 4);
	assert_bytes(fixture, "0.5*a", 1, expected, sizeof expected);
}

/* NaN and Inf in a task go into what is computed with it, and nowhere else. */
static void test_not_finite(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base[] = {1, 1, 1, INFINITY}, task[] = {NAN, INFINITY, 3, 1};
	load_values(fixture, "base", DTYPE_F32, base, 4);
	load_values(fixture, "a", DTYPE_F32, task, 4);
	g_autofree guint8 *out = apply(fixture, "0.5*a", 1);
	const float *values = (const float *)out;
	g_assert_true(isnan(values[0]));
	g_assert_true(values[1] == INFINITY);
	g_assert_true(values[2] == 2);
	g_assert_true(isnan(values[3]));
}

/* A task, and the base, in another type, over several chunks. */
static void test_converted(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const char *const texts[] = {"0*a", "a"};
	double *values[] = {g_new(double, MANY), g_new(double, MANY)};
	for (guint i = 0; i < MANY; i++)
		values[1][i] = (values[0][i] = i) / 8;
	load_values(fixture, "base", DTYPE_F32, values[0], MANY);
	load_values(fixture, "a", DTYPE_F32, values[1], MANY);
	for (guint t = 0; t < G_N_ELEMENTS(texts); t++) {
		guint64 overflowed;
		g_autofree guint8 *out = apply_form(
			fixture, texts[t], 1, MANY, (Form){.dtype = DTYPE_F64}, &overflowed);
		for (guint i = 0; i < MANY; i++)
			g_assert_cmpfloat(((const double *)(gpointer)out)[i], ==, values[t][i]);
	}
	g_free(values[0]);
	g_free(values[1]);
}

static void test_integers(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const gint64 base[] = {1, 2, 3}, task[] = {5, 6, 7};
	load_bytes(fixture, "base", DTYPE_I64, base, 3);
	load_bytes(fixture, "a", DTYPE_I64, task, 3);
	assert_bytes(fixture, "a", 1, base, sizeof base);
	assert_bytes(fixture, "0.5*a", 1, base, sizeof base);
}

/* A task that lacks the tensor, or has it in another shape, adds 0. */
static void test_not_shared(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base[] = {1, 2}, task[] = {3, 4}, other[] = {9, 9, 9};
	const float half[] = {2, 3};
	load_values(fixture, "base", DTYPE_F32, base, 2);
	load_values(fixture, "a", DTYPE_F32, task, 2);
	load_values(fixture, "b", DTYPE_F32, other, 3);
	assert_bytes(fixture, "0.5*a + 3*b", 1, half, sizeof half);
	assert_bytes(fixture, "0.5*(b + a)", 1, half, sizeof half);
}

static void test_scope(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Collection) collection = toy_collection(fixture->folder);
	g_autoptr(Node) edit = expression_parse(collection, "a + 0.5*b[head]", NULL);
	PrepareRequest request = {.collection = collection, .edit = edit};
	g_autoptr(Prepared) prepared = prepare_weights(&request, NULL, &error);
	test_no_error(error);
	Apply edited = {collection, edit, prepared, 1, -1, FALSE};
	g_autofree guint8 *scratch = g_malloc(apply_scratch_bytes(&edited, 0, 2));
	const float plain[] = {2, 4}, head[] = {1.5, 3.5};
	for (guint i = 0; i + 1 < collection_tensors(collection); i++) {
		float out[2];
		guint64 overflowed = 0;
		gboolean is_head =
			g_str_equal(collection_tensor(collection, i)->name, "head.weight");
		ApplyPlan plan = apply_plan(&edited, i);
		g_assert_cmpint(plan.kind, ==, is_head ? APPLY_COMPUTE : APPLY_COPY_MEMBER);
		g_assert_true(
			apply_block(&edited, i, &plan, 0, 2, scratch, out, &overflowed, NULL));
		g_assert_true(memcmp(out, is_head ? head : plain, sizeof out) == 0);
	}
}

/* Another type for all, rounded to nearest even, also where nothing changes. */
static void test_types(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base[] = {1, 1 + 0x1p-8, 1 + 0x1p-7 + 0x1p-8, 3e38, 1e-40},
		     task[] = {1, 1 + 0x1p-8, 1 + 0x1p-7 + 0x1p-8, 3.4e38, 1e-40};
	const guint16 bf16[] = {0x3f80, 0x3f80, 0x3f82, 0x7f80, 0x0001};
	guint64 overflowed;
	load_values(fixture, "base", DTYPE_F32, base, 5);
	load_values(fixture, "a", DTYPE_F32, task, 5);
	g_autofree guint8 *all =
		apply_form(fixture, "1*a", 1, 5, (Form){.dtype = DTYPE_BF16}, &overflowed);
	g_assert_true(memcmp(all, bf16, sizeof bf16) == 0);
	g_assert_cmpuint(overflowed, ==, 1);
	g_autofree guint8 *none =
		apply_form(fixture, "0*a", 1, 5, (Form){.dtype = DTYPE_BF16}, &overflowed);
	g_assert_true(memcmp(none, bf16, 6) == 0);
	g_assert_cmpuint(overflowed, ==, 0);
}

/* A difference is λ·edit by itself. */
static void test_difference(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base[] = {1, -2, 0.5}, task[] = {3, -2, 0};
	const float expected[] = {1, 0, -0.25f}, nothing[] = {0, 0, 0};
	guint64 overflowed;
	Form form = {.dtype = DTYPE_F32, .difference = TRUE};
	load_values(fixture, "base", DTYPE_F32, base, 3);
	load_values(fixture, "a", DTYPE_F32, task, 3);
	g_autofree guint8 *half = apply_form(fixture, "a", 0.5, 3, form, &overflowed);
	g_assert_true(memcmp(half, expected, sizeof expected) == 0);
	g_autofree guint8 *zero = apply_form(fixture, "0*a", 1, 3, form, &overflowed);
	g_assert_true(memcmp(zero, nothing, sizeof nothing) == 0);
}

static void test_deep(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base = 1, task = 2;
	const float expected = 1 + 200;
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint i = 1; i < 200; i++)
		g_string_append(text, "a+(");
	g_string_append_c(text, 'a');
	for (guint i = 1; i < 200; i++)
		g_string_append_c(text, ')');
	load_values(fixture, "base", DTYPE_F32, &base, 1);
	load_values(fixture, "a", DTYPE_F32, &task, 1);
	assert_bytes(fixture, text->str, 1, &expected, sizeof expected);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *fixture, gconstpointer data);
	} cases[] = {
		{"/apply/bits", test_bits},
		{"/apply/small-beside-large", test_small_beside_large},
		{"/apply/rounded-once", test_rounded_once},
		{"/apply/other-type", test_other_type},
		{"/apply/formulas", test_formulas},
		{"/apply/blocks", test_blocks},
		{"/apply/unchanged-elements", test_unchanged_elements},
		{"/apply/not-finite", test_not_finite},
		{"/apply/converted", test_converted},
		{"/apply/integers", test_integers},
		{"/apply/not-shared", test_not_shared},
		{"/apply/scope", test_scope},
		{"/apply/types", test_types},
		{"/apply/difference", test_difference},
		{"/apply/deep", test_deep},
	};
	g_test_init(&argc, &argv, NULL);
	g_test_add("/apply/fewer-rows", Fixture, NULL, set_up, test_fewer_rows, tear_down);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add(cases[i].path, Fixture, NULL, set_up, cases[i].run, tear_down);
	return g_test_run();
}
