/* test_pointwise_edges.c - methods that go element by element where something is equal, 0, one, or
 * not finite, and what they refuse. */
#include "oddments.h"

#include "method/divergence.h"
#include "edit/method_rows.h"
#include "method/prepare.h"

/* Some elements by hand, of methods that prepare nothing. */
#define HAND 6
static const struct {
	const Method *method;
	double parameter[2];
	guint inputs;
	double x[TASKS][HAND], out[HAND];
} by_hand[] = {
	{&method_magmax, {0}, 2, {{1, -2, 0, 0.5, NAN, 3}, {-1, 2, 0, -0.25, 9, NAN}},
		{-1, 2, 0, 0.5, NAN, NAN}},
	/* Of (1, 1, -0.1) the first two are large against the rest; of (1, 0, 0) only one. */
	{&method_consensus, {0.4, 2}, 3,
		{{1, 1, 0, -2, 1, 0}, {1, 0, 0, -3, -1, 0}, {-0.1, 0, 0, -4, 0, 5}},
		{1.9, 0, 0, -9, 0, 0}},
	{&method_emr, {NAN}, 2, {{1, 3, 2, 0, -1, NAN}, {-3, -3, 1, 0, 5, 1}},
		{-3, -3, 2, 0, 5, NAN}},
	{&method_ram, {1e-5}, 2, {{1, 1, 1e-6, 0, -4, 0}, {1e-6, 3, 1e-6, -2, 2, 0}},
		{1, 2, 0, -2, -1, 0}},
	{&method_nearswap, {DIALECT_PAPER, 1}, 1, {{0.5, 2, -4, 0, 1, -INFINITY}},
		{0.5, 1, -1, 0, 1, -1}},
	/* mergekit takes 1e-7 for 1e-6. */
	{&method_nearswap, {DIALECT_MERGEKIT, 5e-7}, 1, {{1e-7, 0, 1, -1e-7, 2, -1}},
		{5e-8, 0, 5e-7, -5e-8, 5e-7, -5e-7}},
};

static void test_by_hand(void)
{
	for (guint row = 0; row < G_N_ELEMENTS(by_hand); row++) {
		const double *inputs[] = {by_hand[row].x[0], by_hand[row].x[1], by_hand[row].x[2]};
		double out[HAND];
		MethodBlock block = {.n = HAND, .input = inputs};
		block.site.inputs = by_hand[row].inputs;
		block.site.parameter = by_hand[row].parameter;
		by_hand[row].method->apply(&block, out);
		for (guint i = 0; i < HAND; i++) {
			double expected = by_hand[row].out[i];
			gboolean same = isnan(expected)
						? isnan(out[i]) != 0
						: fabs(out[i] - expected) <= 1e-7 * fabs(expected);
			if (!same)
				g_error("%s: element %u is %g, should be %g",
					by_hand[row].method->name, i, out[i], expected);
		}
	}
}

/* Where a sum is 0 its sign is +; both weights are a half. */
static void test_sce_zero_sum(void)
{
	const double x[] = {1, -3, 0}, y[] = {-1, 3, 0}, *inputs[] = {x, y};
	const double figures[] = {3, 0.5, 0.5};
	for (guint dialect = DIALECT_PAPER; dialect <= DIALECT_MERGEKIT; dialect++) {
		const double parameter[] = {dialect, 1};
		double out[3];
		MethodBlock block = {.n = 3, .input = inputs, .figures = figures};
		block.site.inputs = 2;
		block.site.parameter = parameter;
		method_sce.apply(&block, out);
		g_assert_true(out[0] == 1 && out[1] == 3 && out[2] == 0);
	}
}

/* Which order statistics are asked for: of n in ascending order the one at a place, from 0, has
 * n - place numbers from it upwards. */
static void test_places(void)
{
	static const struct {
		const Method *method;
		guint step;
		double parameter;
		guint64 n, place[3];
		guint cuts;
	} asked[] = {
		/* floor(0.0001 n), floor(0.9999 n) - 1 */
		{&method_pcb, 0, 0.1, 20000, {2, 19997}, 2},
		{&method_pcb, 0, 0.1, 10, {0, 8}, 2},
		{&method_pcb, 0, 0.1, 2, {0, 0}, 2},
		{&method_pcb, 0, 0.1, 1, {0, 0}, 2},
		/* floor((1 - ratio) n), the last */
		{&method_pcb, 1, 0.25, 10, {7, 9}, 2},
		{&method_pcb, 1, 1, 10, {0, 9}, 2},
		{&method_pcb, 1, 1e-9, 10, {9, 9}, 2},
		/* floor(f (n - 1)) */
		{&method_arcee_fusion, 0, DIALECT_PAPER, 1, {0, 0, 0}, 3},
		{&method_arcee_fusion, 0, DIALECT_PAPER, 11, {2, 5, 7}, 3},
		{&method_arcee_fusion, 0, DIALECT_MERGEKIT, 11, {2, 5, 7}, 3},
		/* As a float, 3 * (2^24 + 3) / 4 with n - 1 rounded up to 2^24 + 4. */
		{&method_arcee_fusion, 0, DIALECT_MERGEKIT, (1 << 24) + 4,
			{(1 << 22) + 1, (1 << 23) + 2, 3 * ((1 << 22) + 1)}, 3},
		{&method_arcee_fusion, 0, DIALECT_PAPER, (1 << 24) + 4,
			{1 << 22, (1 << 23) + 1, 3 * (1 << 22) + 2}, 3},
	};
	for (guint row = 0; row < G_N_ELEMENTS(asked); row++) {
		const MethodStep *step = &asked[row].method->steps[asked[row].step];
		MethodSite site = {
			.inputs = 1, .parameter = &asked[row].parameter, .elements = asked[row].n};
		g_assert_cmpuint(step->cuts(&site), ==, asked[row].cuts);
		for (guint i = 0; i < asked[row].cuts; i++)
			g_assert_cmpuint(asked[row].n - step->above(&site, NULL, i), ==,
				asked[row].place[i]);
	}
}

/* Straight from the formula, in long double. */
static double divergence_of(const double *base, const double *change, guint64 n)
{
	long double before = 0, after = 0, sum = 0;
	for (guint64 i = 0; i < n; i++) {
		before += expl(base[i]);
		after += expl(base[i] + change[i]);
	}
	for (guint64 i = 0; i < n; i++) {
		long double p = expl(base[i] + change[i]) / after + 1e-8;
		sum += p * logl(p / (expl(base[i]) / before + 1e-8));
	}
	return (double)sum;
}

/* No term is lost, whatever the length, and the order of sums changes no more than rounding. */
static void test_divergence(void)
{
	static const guint64 lengths[] = {
		1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 63, 511, 512, 513, 545, 4099, 66000};
	g_autoptr(GRand) random = g_rand_new_with_seed(5);
	for (guint k = 0; k < G_N_ELEMENTS(lengths); k++) {
		guint64 n = lengths[k];
		g_autofree double *base = g_new(double, n);
		g_autofree double *change = g_new(double, n);
		g_autofree double *room = g_new(double, n);
		for (guint64 i = 0; i < n; i++) {
			base[i] = g_rand_double_range(random, -1, 1);
			change[i] = g_rand_double_range(random, -1, 1);
		}
		double truth = divergence_of(base, change, n);
		g_assert_cmpfloat(fabs(divergence(base, change, n, room) - truth), <=, 1e-12);
		g_assert_cmpfloat(fabs(divergence_float(base, change, n, room) - truth), <=, 1e-6);
	}
}

/* Where the last element of a row is far larger than the others: from (0, 1) to (½, ½), each with
 * 1e-8 more. */
static void test_divergence_last(void)
{
	const double base[] = {0, 0, 0, 799, 1600}, change[] = {0, 0, 0, 801, 0};
	double room[5], half = 0.5 + 1e-8;
	double truth = half * log(half / 1e-8) + half * log(half / (1 + 1e-8));
	g_assert_cmpfloat(fabs(divergence(base, change, 5, room) / truth - 1), <=, 1e-9);
	g_assert_cmpfloat(fabs(divergence_float(base, change, 5, room) / truth - 1), <=, 1e-5);
}

/* Elements without a softmax have no divergence, also where their difference is 0. */
static void test_divergence_not_finite(void)
{
	const double none[3] = {0}, some[3] = {0.5, 0, 0}, far[3] = {1e300, -1e300, 0};
	const double masked[3] = {-INFINITY, 1, 2}, all[3] = {-INFINITY, -INFINITY, -INFINITY};
	const double unknown[3] = {1, NAN, 2};
	double (*const both[])(const double *, const double *, guint64, double *) = {
		divergence, divergence_float};
	double room[3];
	for (guint i = 0; i < G_N_ELEMENTS(both); i++) {
		g_assert_true(both[i](masked, none, 3, room) == 0);
		g_assert_true(both[i](masked, some, 3, room) == 0);
		g_assert_true(both[i](all, none, 3, room) == 0);
		g_assert_true(both[i](unknown, some, 3, room) == 0);
		g_assert_true(isfinite(both[i](none, far, 3, room)));
		g_assert_cmpfloat(both[i](none, some, 3, room), >, 0.01);
	}
}

/* What is said, and that it says what to do. */
static const struct {
	const char *edit, *problem, *remedy;
} refused[] = {
	{"consensus(a, b, k=3)", "k of consensus is 3", "give a number up to that"},
	{"emr(a, b, c, task=4)", "task of emr is 4", "give a number up to that"},
	{"emr(a, b, task=0)", "task", "at least 1"},
	{"nearswap(a)", "t", "nearswap"},
	{"nearswap(a, t=0)", "t", "more than 0"},
	{"nearswap(a, b, t=1)", "nearswap", "1"},
	{"sce(a, b, topk=1.5)", "topk", "1"},
	{"pcb(a, b, ratio=0)", "ratio", "0"},
};

static void test_refused(void)
{
	g_auto(Odd) odd = odd_new(17);
	for (guint row = 0; row < G_N_ELEMENTS(refused); row++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Node) edit =
			expression_parse(odd.fixture.collection, refused[row].edit, &error);
		g_assert_null(edit);
		test_error(error, ERROR_USAGE, refused[row].problem);
		test_error(error, ERROR_USAGE, refused[row].remedy);
		g_test_message("%s", error->message);
	}
}

/* One tensor, w, of two elements. */
static void assert_no_answer(
	const double *a, const double *b, const char *text, const char *problem, const char *remedy)
{
	const double zero[] = {0, 0};
	g_autoptr(GError) error = NULL;
	TestTensor base = {"w", DTYPE_F64, 1, {2}, zero};
	TestTensor first = {"w", DTYPE_F64, 1, {2}, a}, second = {"w", DTYPE_F64, 1, {2}, b};
	g_auto(Fixture) fixture = fixture_new(&base, 1);
	fixture_add(&fixture, "a", &first, 1);
	fixture_add(&fixture, "b", &second, 1);
	g_autoptr(Node) edit = expression_parse(fixture.collection, text, &error);
	test_no_error(error);
	PrepareRequest request = {fixture.collection, edit, 1, 0};
	g_assert_null(prepare_weights(&request, NULL, &error));
	test_error(error, ERROR_INPUT, problem);
	test_error(error, ERROR_INPUT, remedy);
	g_test_message("%s", error->message);
}

static void test_no_answer(void)
{
	static const char *const sums[] = {"lines_multi(a, b)", "lines_multi(b, a)",
		"emr(a, b, task=1)", "random_like(a)", "dare(a, p=0, dialect=mergekit)",
		"della(a, density=0.5, dialect=mergekit)"};
	const double against[] = {-1, 1}, with[] = {2, -2}, huge[] = {1e200, 0};
	const double beyond[] = {1.7e308, 1.7e308};
	assert_no_answer(against, with, "emr(a, b, task=1)",
		"task vector 1 has nowhere the sign of the sum", "choose another task");
	assert_no_answer(huge, with, "sce(a, b)", "more than a double holds", "scale");
	for (guint i = 0; i < G_N_ELEMENTS(sums); i++)
		assert_no_answer(beyond, with, sums[i], "more than a double holds", "scale");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pointwise-edges/by-hand", test_by_hand);
	g_test_add_func("/pointwise-edges/sce-zero-sum", test_sce_zero_sum);
	g_test_add_func("/pointwise-edges/places", test_places);
	g_test_add_func("/pointwise-edges/divergence", test_divergence);
	g_test_add_func("/pointwise-edges/divergence-last", test_divergence_last);
	g_test_add_func("/pointwise-edges/divergence-not-finite", test_divergence_not_finite);
	g_test_add_func("/pointwise-edges/refused", test_refused);
	g_test_add_func("/pointwise-edges/no-answer", test_no_answer);
	return g_test_run();
}
