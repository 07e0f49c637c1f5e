/* test_pass_odd.c - the streaming pass on tensors that are odd in size, value or type. */
#include "fixture.h"

#include "analysis/lineup.h"

/* Far outside of float32's range and below it, products included. */
static void test_wide_doubles(void)
{
	const double base[4] = {1e30, -1e30, 1e-30, 0}, task[4] = {3e30, 1e30, 3e-30, 0};
	const double tiny[4] = {1e-30, 2e-30, -1e-30, 0}, zero[4] = {0};
	TestTensor tensors[2] = {
		{"huge", DTYPE_F64, 1, {4}, base}, {"tiny", DTYPE_F64, 1, {4}, zero}};
	g_auto(Fixture) fixture = fixture_new(tensors, 2);
	tensors[0].values = task;
	tensors[1].values = tiny;
	fixture_add(&fixture, "task", tensors, 2);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	guint huge = tensor_of(digits, "huge"), small = tensor_of(digits, "tiny");
	g_assert_cmpfloat(fabs(cell(digits, huge, 1, 1) / 8e60 - 1), <, 1e-14);
	g_assert_cmpfloat(fabs(cell(digits, huge, 0, 0) / 2e60 - 1), <, 1e-14);
	g_assert_cmpfloat(fabs(cell(digits, small, 1, 1) / 6e-60 - 1), <, 1e-14);
	g_assert_cmpfloat(statistics_of(digits, 1)->largest_change[huge], ==, 2e30);
	g_assert_cmpfloat(statistics_of(digits, 1)->maximum[huge], ==, 3e30);
}

/* Small changes of large float32 weights: differences are taken exactly. */
static void test_exact_difference(void)
{
	const double base[3] = {1, 1000, -4096}, task[3] = {1 + 0x1p-23, 0.3f, -4096};
	TestTensor tensor = {"w", DTYPE_F32, 1, {3}, base};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	tensor.values = task;
	fixture_add(&fixture, "task", &tensor, 1);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	double second = (double)0.3f - 1000;
	g_assert_cmpfloat(cell(digits, 0, 1, 1), ==, 0x1p-46 + second * second);
}

/* A member with NaN or Inf is unknown on that tensor; the others and other tensors are not. */
static void test_nonfinite(void)
{
	const double base[4] = {1, 2, 3, 4}, good[4] = {2, 2, 3, 4};
	const double nan[4] = {1, NAN, 3, 5}, inf[4] = {1, 2, -INFINITY, INFINITY};
	TestTensor tensors[2] = {
		{"bad", DTYPE_F32, 1, {4}, base}, {"fine", DTYPE_F32, 1, {4}, base}};
	g_auto(Fixture) fixture = fixture_new(tensors, 2);
	const double *bad[3] = {good, nan, inf};
	tensors[1].values = good;
	for (guint i = 0; i < 3; i++) {
		g_autofree char *name = g_strdup_printf("task-%u", i);
		tensors[0].values = bad[i];
		fixture_add(&fixture, name, tensors, 2);
	}
	g_autoptr(Digits) digits = fixture_run(&fixture);
	guint t = tensor_of(digits, "bad"), fine = tensor_of(digits, "fine");
	for (guint i = 0; i < 4; i++) {
		for (guint j = 0; j <= i; j++) {
			g_assert_true(isnan(cell(digits, t, i, j)) == (i >= 2));
			g_assert_true(isfinite(cell(digits, fine, i, j)));
		}
	}
	g_assert_cmpfloat(cell(digits, t, 1, 1), ==, 1);
	g_assert_cmpuint(statistics_of(digits, 1)->nonfinite[t], ==, 0);
	g_assert_cmpuint(statistics_of(digits, 2)->nonfinite[t], ==, 1);
	g_assert_cmpuint(statistics_of(digits, 3)->nonfinite[t], ==, 2);
	g_assert_cmpfloat(statistics_of(digits, 2)->maximum[t], ==, 5);
	g_assert_cmpfloat(statistics_of(digits, 2)->largest_change[t], ==, 1);
	g_assert_cmpfloat(statistics_of(digits, 3)->minimum[t], ==, 1);
	g_assert_true(isinf(statistics_of(digits, 3)->sample[digits->plan->first[t] + 3]));
}

/* All Inf: nothing is known but that. */
static void test_all_nonfinite(void)
{
	const double base[2] = {1, 2}, inf[2] = {INFINITY, INFINITY};
	TestTensor tensor = {"w", DTYPE_F16, 1, {2}, base};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	tensor.values = inf;
	fixture_add(&fixture, "task", &tensor, 1);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_assert_true(isnan(statistics_of(digits, 1)->minimum[0]));
	g_assert_true(isnan(statistics_of(digits, 1)->maximum[0]));
	g_assert_cmpuint(statistics_of(digits, 1)->nonfinite[0], ==, 2);
	g_assert_cmpfloat(statistics_of(digits, 1)->largest_change[0], ==, 0);
}

/* A base that is not known leaves every task vector unknown there. */
static void test_nonfinite_base(void)
{
	const double base[2] = {NAN, 2}, good[2] = {1, 2};
	TestTensor tensor = {"w", DTYPE_F32, 1, {2}, base};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	tensor.values = good;
	fixture_add(&fixture, "task", &tensor, 1);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_assert_true(isnan(cell(digits, 0, 0, 0)));
	g_assert_true(isnan(cell(digits, 0, 1, 1)));
	g_assert_cmpuint(statistics_of(digits, 1)->nonfinite[0], ==, 0);
	g_assert_cmpuint(statistics_of(digits, 0)->nonfinite[0], ==, 1);
}

static void test_odd_shapes(void)
{
	const double two[1] = {2}, five[1] = {5};
	TestTensor tensors[5] = {{"empty", DTYPE_F32, 2, {0, 4}, NULL},
		{"one", DTYPE_F32, 1, {1}, two}, {"scalar", DTYPE_F32, 0, {0}, two},
		{"whole", DTYPE_I64, 1, {3}, NULL}, {"zero", DTYPE_F32, 1, {6}, NULL}};
	g_auto(Fixture) fixture = fixture_new(tensors, 5);
	tensors[1].values = tensors[2].values = five;
	fixture_add(&fixture, "task", tensors, 5);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	const Statistics *task = statistics_of(digits, 1);
	const char *flat[3] = {"empty", "whole", "zero"}, *single[2] = {"one", "scalar"};
	for (guint i = 0; i < 3; i++)
		g_assert_cmpfloat(cell(digits, tensor_of(digits, flat[i]), 1, 1), ==, 0);
	for (guint i = 0; i < 2; i++) {
		guint t = tensor_of(digits, single[i]);
		g_assert_cmpfloat(cell(digits, t, 1, 1), ==, 9);
		g_assert_cmpfloat(cell(digits, t, 1, 0), ==, 6);
		g_assert_cmpfloat(task->minimum[t], ==, 5);
		g_assert_cmpfloat(task->sample[digits->plan->first[t]], ==, 5);
	}
	g_assert_true(isnan(task->minimum[tensor_of(digits, "empty")]));
	g_assert_true(isnan(task->minimum[tensor_of(digits, "whole")]));
	g_assert_cmpfloat(task->maximum[tensor_of(digits, "zero")], ==, 0);
	for (guint t = 0; t < 5; t++)
		g_assert_cmphex(task->hash[t], !=, 0);
}

/* Missing, reshaped and not float: no vector there, but a hash of what there is. */
static void test_not_shared(void)
{
	const double values[6] = {1, 2, 3, 4, 5, 6}, other[6] = {2, 2, 2, 2, 2, 2};
	TestTensor base[4] = {{"both", DTYPE_F32, 1, {6}, values},
		{"missing", DTYPE_F32, 1, {6}, values}, {"reshaped", DTYPE_F32, 1, {6}, values},
		{"typed", DTYPE_F32, 1, {6}, values}};
	TestTensor task[4] = {{"both", DTYPE_F32, 1, {6}, other},
		{"extra", DTYPE_F32, 1, {6}, other}, {"reshaped", DTYPE_F32, 2, {2, 3}, other},
		{"typed", DTYPE_I32, 1, {6}, NULL}};
	g_auto(Fixture) fixture = fixture_new(base, 4);
	fixture_add(&fixture, "task", task, 4);
	fixture_add(&fixture, "whole", base, 4);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	const char *names[3] = {"missing", "reshaped", "typed"};
	for (guint i = 0; i < 3; i++) {
		guint t = tensor_of(digits, names[i]);
		for (guint m = 0; m < 3; m++)
			g_assert_cmpfloat(cell(digits, t, 1, m), ==, 0);
		g_assert_cmpfloat(cell(digits, t, 0, 0), ==, 91);
		g_assert_true(isnan(statistics_of(digits, 1)->minimum[t]));
		g_assert_true(isnan(statistics_of(digits, 1)->sample[digits->plan->first[t]]));
		g_assert_true((statistics_of(digits, 1)->hash[t] == 0) == (i == 0));
		g_assert_cmphex(
			statistics_of(digits, 2)->hash[t], ==, statistics_of(digits, 0)->hash[t]);
	}
	g_assert_cmpfloat(cell(digits, tensor_of(digits, "both"), 1, 1), ==, 31);
}

/* Types below a byte, longer than a stripe, have a hash too. */
static void test_opaque(void)
{
	TestTensor tensors[2] = {
		{"four", DTYPE_F4, 1, {262144 + 10}, NULL}, {"six", DTYPE_F6_E2M3, 1, {8}, NULL}};
	g_auto(Fixture) fixture = fixture_new(tensors, 2);
	fixture_add(&fixture, "task", tensors, 2);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	for (guint t = 0; t < 2; t++) {
		g_assert_cmphex(statistics_of(digits, 1)->hash[t], !=, 0);
		g_assert_cmphex(
			statistics_of(digits, 1)->hash[t], ==, statistics_of(digits, 0)->hash[t]);
		g_assert_cmpfloat(cell(digits, t, 1, 1), ==, 0);
	}
}

/* What bounds a tensor may stand in any of its stripes. */
static void test_extremes_of_stripes(void)
{
	guint64 n = 2 * STRIPE_ELEMENTS + 10;
	g_autofree double *values = g_new(double, n);
	for (guint64 i = 0; i < n; i++)
		values[i] = 1;
	TestTensor tensor = {"w", DTYPE_F32, 1, {n}, values};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	values[7] = 9;
	values[STRIPE_ELEMENTS + 5] = -3;
	values[0] = values[2 * STRIPE_ELEMENTS + 1] = NAN;
	fixture_add(&fixture, "first-is-largest", &tensor, 1);
	values[7] = -8;
	values[2 * STRIPE_ELEMENTS + 1] = 9;
	fixture_add(&fixture, "last-is-largest", &tensor, 1);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	const Statistics *first = statistics_of(digits, 1), *last = statistics_of(digits, 2);
	g_assert_cmpfloat(first->minimum[0], ==, -3);
	g_assert_cmpfloat(first->maximum[0], ==, 9);
	g_assert_cmpfloat(first->largest_change[0], ==, 8);
	g_assert_cmpuint(first->nonfinite[0], ==, 2);
	g_assert_cmpfloat(last->minimum[0], ==, -8);
	g_assert_cmpfloat(last->maximum[0], ==, 9);
	g_assert_cmpfloat(last->largest_change[0], ==, 9);
	g_assert_cmpuint(last->nonfinite[0], ==, 1);
}

/* Steps of a run are told apart by less than single precision would see of their products. */
static void test_steps_are_exact(void)
{
	enum { N = 70001 };
	g_autofree double *values = g_new(double, N), *one = g_new(double, N);
	long double expected = 0;
	for (guint i = 0; i < N; i++)
		values[i] = (float)sin(0.7 * i);
	TestTensor tensor = {"w", DTYPE_F32, 1, {N}, values};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	for (guint i = 0; i < N; i++)
		one[i] = (float)(values[i] + 0.01 * cos(0.3 * i));
	for (guint i = 0; i < N; i++) {
		values[i] = (float)(one[i] + 1e-6 * sin(1.3 * i));
		expected += ((long double)values[i] - one[i]) * ((long double)values[i] - one[i]);
	}
	const double *steps[2] = {one, values};
	for (guint i = 0; i < 2; i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *name = g_strdup_printf("run@%u", i);
		tensor.values = steps[i];
		collection_add(fixture.collection, name, MEMBER_STEP, "run", i,
			write_and_open(fixture.folder, name, &tensor, 1), NULL, &error);
		test_no_error(error);
	}
	g_autoptr(Digits) digits = fixture_run(&fixture);
	double square = cell(digits, 0, 1, 1) - 2 * cell(digits, 0, 1, 2) + cell(digits, 0, 2, 2);
	g_assert_cmpfloat(fabs(square / (double)expected - 1), <, 1e-5);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pass/wide-doubles", test_wide_doubles);
	g_test_add_func("/pass/exact-difference", test_exact_difference);
	g_test_add_func("/pass/nonfinite", test_nonfinite);
	g_test_add_func("/pass/all-nonfinite", test_all_nonfinite);
	g_test_add_func("/pass/nonfinite-base", test_nonfinite_base);
	g_test_add_func("/pass/odd-shapes", test_odd_shapes);
	g_test_add_func("/pass/not-shared", test_not_shared);
	g_test_add_func("/pass/opaque", test_opaque);
	g_test_add_func("/pass/extremes-of-stripes", test_extremes_of_stripes);
	g_test_add_func("/pass/steps-are-exact", test_steps_are_exact);
	return g_test_run();
}
