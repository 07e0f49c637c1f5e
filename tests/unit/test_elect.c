/* test_elect.c - what sparse merges keep and elect, element by element. */
#include "merges.h"

/* How many a density keeps of n, in either dialect. */
static guint64 kept_by_paper(double density, guint64 n)
{
	guint64 kept = (guint64)floor(density * (double)n + 0.5);
	return density > 0 ? MAX(kept, 1) : 0;
}

static guint64 kept_by_mergekit(double density, guint64 n)
{
	return density > 0 ? MAX((guint64)(density * (double)n), 1) : 0;
}

static const double densities[] = {0, 0.001, 0.1, 0.2, 0.29, 0.5, 0.75, 0.999, 1};

/* Of equal elements the first are kept, exactly as many as are to be. */
static void assert_first(const double *values, guint64 n, guint64 from, guint64 to)
{
	for (guint64 i = 0; i < n; i++)
		g_assert_cmpfloat(values[i], ==, i >= from && i < to ? 0.25 : 0);
}

static void test_equal_elements(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	for (guint d = 0; d < G_N_ELEMENTS(densities); d++)
		for (guint k = 0; k < G_N_ELEMENTS(merge_floats); k++) {
			guint tensor = merge_floats[k];
			guint64 n = merge_elements[tensor];
			g_autofree char *text =
				g_strdup_printf("trim(c, density=%g, by=tensor)", densities[d]);
			g_autofree double *paper = merged(&fixture, text, tensor);
			g_autofree double *mergekit =
				merged_as(&fixture, text, AS_MERGEKIT, tensor);
			assert_first(paper, n, 0, kept_by_paper(densities[d], n));
			assert_first(mergekit, n, 0, kept_by_mergekit(densities[d], n));
		}
}

/* By model the tensors are one long vector, in their order. */
static void test_equal_in_model(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	guint64 all = 0;
	for (guint k = 0; k < G_N_ELEMENTS(merge_floats); k++)
		all += merge_elements[merge_floats[k]];
	for (guint d = 0; d < G_N_ELEMENTS(densities); d++) {
		g_autofree char *text = g_strdup_printf("trim(c, density=%g)", densities[d]);
		guint64 left = kept_by_paper(densities[d], all);
		for (guint k = 0; k < G_N_ELEMENTS(merge_floats); k++) {
			guint64 n = merge_elements[merge_floats[k]], kept = MIN(left, n);
			g_autofree double *values = merged(&fixture, text, merge_floats[k]);
			assert_first(values, n, 0, kept);
			left -= kept;
		}
	}
}

/* Nothing of a tensor that is not changed, whatever is kept of it; also of one element. */
static void test_zeros(void)
{
	static const char *const texts[] = {"trim(a, density=0.5, by=tensor)",
		"ties(a, b, density=0.5)", "breadcrumbs(a)", "breadcrumbs_ties(a, b)",
		"dare(a, p=0.3)", "dare_ties(a, b, p=0.3)", "della(a, b, density=0.5)",
		"della_linear(a, density=0.5)", "random_like(a)"};
	g_auto(Fixture) fixture = merge_fixture();
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree double *paper = merged(&fixture, texts[i], ZERO);
		g_autofree double *mergekit = merged_as(&fixture, texts[i], AS_MERGEKIT, ZERO);
		g_assert_cmpuint(count_kept(paper, 20), ==, 0);
		g_assert_cmpuint(count_kept(mergekit, 20), ==, 0);
	}
}

static int compare_sizes(const void *a, const void *b)
{
	double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
	return (x < y) - (x > y);
}

/* The k-th largest |value|, from 1. */
static double kth_size(const double *values, guint64 n, guint64 k)
{
	g_autofree double *sorted = g_memdup2(values, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, compare_sizes);
	return fabs(sorted[k - 1]);
}

/* Those above the k-th largest are kept, those below are not, and k are kept. */
static void assert_largest(const double *kept, const double *values, guint64 n, guint64 k)
{
	double least = kth_size(values, n, k);
	for (guint64 i = 0; i < n; i++) {
		if (fabs(values[i]) != least)
			g_assert_cmpfloat(kept[i], ==, fabs(values[i]) > least ? values[i] : 0);
		else
			g_assert_true(kept[i] == 0 || kept[i] == values[i]);
	}
	if (least > 0)
		g_assert_cmpuint(count_kept(kept, n), ==, k);
}

static void test_largest_kept(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	static const guint tensors[] = {BIG, CONV, VEC, ONE, SCALAR};
	for (guint d = 1; d < G_N_ELEMENTS(densities); d++)
		for (guint k = 0; k < G_N_ELEMENTS(tensors); k++) {
			guint64 n = merge_elements[tensors[k]];
			g_autofree char *text =
				g_strdup_printf("trim(a, density=%g, by=tensor)", densities[d]);
			g_autofree double *values = merged(&fixture, "a", tensors[k]);
			g_autofree double *kept = merged(&fixture, text, tensors[k]);
			assert_largest(kept, values, n, kept_by_paper(densities[d], n));
		}
}

/* An input's count is of the tensors that it has: b has all but vec.bias. */
static void test_own_elements(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	guint64 own = 6000 + 108 + 1 + 1 + 20, kept = 0;
	for (guint k = 0; k < G_N_ELEMENTS(merge_floats); k++) {
		guint tensor = merge_floats[k];
		g_autofree double *alone = merged(&fixture, "trim(b, density=0.1)", tensor);
		g_autofree double *beside = merged(&fixture, "trim(0*a, b, density=0.1)", tensor);
		g_assert_cmpint(memcmp(alone, beside, merge_elements[tensor] * 8), ==, 0);
		kept += count_kept(alone, merge_elements[tensor]);
	}
	g_assert_cmpuint(kept, ==, kept_by_paper(0.1, own));
}

/* Nor of those where its weight is 0: the model is one tensor then, whatever the others hold. */
static void test_own_weights(void)
{
	static const char *const pairs[][2] = {
		{"trim(0.5[vec*]*a, density=0.1)", "trim(0.5*a[vec*], density=0.1)"},
		{"trim(0.5[vec*]*a, c, density=0.1)", "trim(0.5*a[vec*], c, density=0.1)"},
		{"ties(a[vec*]/2, first(2[vec*], 0)*c, density=0.3)",
			"ties(0.5[vec*]*a, 2*c[vec*], density=0.3)"},
	};
	g_auto(Fixture) fixture = merge_fixture();
	for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
		assert_edits(&fixture, pairs[i][0], 1, pairs[i][1]);
	g_autofree double *values = merged(&fixture, pairs[0][0], VEC);
	g_assert_cmpuint(count_kept(values, 50), ==, 5);
}

/* Equal elements: the paper's outliers are the first, mergekit counts from the smallest. */
static void test_outliers(void)
{
	static const struct {
		double density, gamma;
	} rows[] = {{0.5, 0.1}, {0.85, 0.01}, {0.9, 0.3}, {0.3, 0}, {1, 0.02}, {0, 0.5}, {0.2, 1}};
	static const guint tensors[] = {BIG, CONV, VEC, ONE, SCALAR};
	g_auto(Fixture) fixture = merge_fixture();
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		for (guint k = 0; k < G_N_ELEMENTS(tensors); k++) {
			guint64 n = merge_elements[tensors[k]];
			g_autofree char *text =
				g_strdup_printf("breadcrumbs(c, density=%g, gamma=%g)",
					rows[i].density, rows[i].gamma);
			g_autofree double *values = merged(&fixture, text, tensors[k]);
			guint64 top = (guint64)floor(rows[i].gamma * (double)n + 0.5);
			guint64 kept = kept_by_paper(rows[i].density, n);
			assert_first(values, n, top, top + MIN(kept, n - top));
		}
}

static void test_outliers_of_mergekit(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	g_autofree double *values =
		merged_as(&fixture, "breadcrumbs(c, density=0.5, gamma=0.1)", AS_MERGEKIT, VEC);
	/* 50 elements: 25 are kept, the 5 largest are dropped, and so are the 20 smallest. */
	assert_first(values, 50, 20, 45);
	g_autofree double *dense =
		merged_as(&fixture, "breadcrumbs(c, density=0.99, gamma=0.1)", AS_MERGEKIT, VEC);
	/* 49 are kept, so that but 1 is dropped as an outlier. */
	assert_first(dense, 50, 0, 49);
	g_autofree double *small =
		merged_as(&fixture, "breadcrumbs(c, density=0.9, gamma=0.01)", AS_MERGEKIT, VEC);
	assert_first(small, 50, 0, 0);
	g_autofree double *whole = merged_as(&fixture, "breadcrumbs(c)", AS_MERGEKIT, VEC);
	assert_first(whole, 50, 0, 50);
}

/* Outliers are the largest: of 50, gamma=0.1 drops 5, and density=0.4 keeps the next 20. */
static void test_outliers_are_large(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	const char *text = "breadcrumbs(a, density=0.4, gamma=0.1)";
	g_autofree double *values = merged(&fixture, "a", VEC);
	g_autofree double *paper = merged(&fixture, text, VEC);
	g_autofree double *mergekit = merged_as(&fixture, text, AS_MERGEKIT, VEC);
	double top = kth_size(values, 50, 5), least = kth_size(values, 50, 25);
	g_assert_cmpfloat(kth_size(values, 50, 6), <, top);
	g_assert_cmpfloat(kth_size(values, 50, 26), <, least);
	for (guint i = 0; i < 50; i++) {
		double size = fabs(values[i]);
		double expected = size < top && size >= least ? values[i] : 0;
		g_assert_cmpfloat(paper[i], ==, expected);
		g_assert_cmpfloat(mergekit[i], ==, expected);
	}
}

/* A negative coefficient is never cancelled. */
static void test_negation(void)
{
	static const char *const pairs[][2] = {
		{"trim(-a)", "trim(a)"},
		{"ties(-a)", "trim(a)"},
		{"ties(-a, normalize=no)", "ties(a, normalize=no)"},
		{"ties(-0.25*a, density=0.5)", "trim(a, density=0.5)"},
		{"ties(-a, -b)", "ties(a, b)"},
		{"ties(-0.5*a, 0.25*b)", "ties(0.5*a, -0.25*b)"},
		{"trim(-a, b, normalize=yes)", "trim(a, -b, normalize=yes)"},
		{"dare(-a, p=0.5)", "dare(a, p=0.5)"},
		{"dare_ties(-a, -b, p=0.5)", "dare_ties(a, b, p=0.5)"},
		{"dare_ties(-a, p=0.5)", "dare(a, p=0.5)"},
		{"breadcrumbs(-a)", "breadcrumbs(a)"},
		{"breadcrumbs_ties(-a)", "breadcrumbs(a)"},
		{"della(-a, density=0.5)", "della_linear(a, density=0.5)"},
		{"della_linear(-a, density=0.5)", "della_linear(a, density=0.5)"},
	};
	g_auto(Fixture) fixture = merge_fixture();
	for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
		assert_edits(&fixture, pairs[i][0], -1, pairs[i][1]);
}

/* What a call is where nothing is dropped and nothing disagrees. */
static void test_whole(void)
{
	static const char *const pairs[][2] = {
		{"trim(0.5*a, -0.25*b, density=1)", "0.5*a + -0.25*b"},
		{"trim(0.5*a, -0.25*b, density=1, normalize=yes)", "(0.5*a + -0.25*b)/0.75"},
		{"trim(-0.5*a, -0.5*b, density=1, normalize=yes)", "(-0.5*a - 0.5*b)/1"},
		{"ties(0.5*a, 0.5*a, density=1)", "a"},
		{"ties(0.5*a, 0.25*a, density=1, normalize=no)", "0.75*a"},
		{"dare(0.5*a, 0.25*b, p=0)", "0.5*a + 0.25*b"},
		{"dare_ties(2*a, p=0, normalize=no)", "2*a"},
		{"breadcrumbs(3*a, density=1, gamma=0)", "3*a"},
		{"della(0.5*a, density=1)", "a"},
		{"della_linear(0.5*a, 0.25*b, density=1)", "0.5*a + 0.25*b"},
		{"trim(0*a, b, density=1, normalize=yes)", "b"},
		{"ties(0*a, b, density=1)", "b"},
		{"ties(trim(a, density=0.3), density=1)", "trim(a, density=0.3)"},
		{"trim(a/4, density=0.3)", "0.25*trim(a, density=0.3)"},
	};
	g_auto(Fixture) fixture = merge_fixture();
	for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
		assert_edits(&fixture, pairs[i][0], 1, pairs[i][1]);
}

/* Those with the sign of the sum, each by the size of its weight; the votes have none. */
static double elected_of(double wa, double a, double wb, double b, double majority)
{
	double sa = wa < 0 ? -a : a, sb = wb < 0 ? -b : b, sum = sa + sb;
	double sign = sum != 0 ? sum : majority, value = 0, divisor = 0;
	if (sa * sign > 0) {
		value += wa * a;
		divisor += fabs(wa);
	}
	if (sb * sign > 0) {
		value += wb * b;
		divisor += fabs(wb);
	}
	return divisor > 0 ? value / divisor : 0;
}

static void test_election(void)
{
	static const struct {
		const char *text;
		double a, b;
	} rows[] = {{"ties(0.25*a, 2*b, density=1)", 0.25, 2}, {"ties(a, -3*b, density=1)", 1, -3},
		{"ties(-0.1*a, -0.7*b, density=1)", -0.1, -0.7}};
	g_auto(Fixture) fixture = merge_fixture();
	g_autofree double *a = merged(&fixture, "a", BIG), *b = merged(&fixture, "b", BIG);
	for (guint r = 0; r < G_N_ELEMENTS(rows); r++) {
		g_autofree double *found = merged(&fixture, rows[r].text, BIG);
		for (guint i = 0; i < 6000; i++) {
			double sign = rows[r].b < 0 ? -1 : 1;
			if (a[i] * (rows[r].a < 0 ? -1 : 1) + sign * b[i] != 0)
				g_assert_cmpfloat(found[i], ==,
					elected_of(rows[r].a, a[i], rows[r].b, b[i], 0));
		}
	}
}

/* a and d cancel out in two elements of three; in the others a votes alone.  The sign that is
 * elected by most of these decides, of the tensor or of the model. */
static double majority_of(const Fixture *fixture, const guint *tensors, guint n)
{
	double sum = 0;
	for (guint k = 0; k < n; k++) {
		g_autofree double *a = merged(fixture, "a", tensors[k]);
		for (guint64 i = 0; i < merge_elements[tensors[k]]; i += 3)
			sum += (a[i] > 0) - (a[i] < 0);
	}
	return sum;
}

static void assert_majority(
	const Fixture *fixture, const char *text, guint dialect, guint tensor, double majority)
{
	g_autofree double *a = merged(fixture, "a", tensor);
	g_autofree double *found =
		merged_as(fixture, text, (ExpressionDefaults){dialect, 0}, tensor);
	for (guint64 i = 0; i < merge_elements[tensor]; i++) {
		double expected = i % 3 == 0 ? a[i] : majority < 0 ? -fabs(a[i]) : fabs(a[i]);
		g_assert_cmpfloat(found[i], ==, expected);
	}
}

static void test_majority(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	double model = majority_of(&fixture, merge_floats, G_N_ELEMENTS(merge_floats));
	for (guint k = 0; k < G_N_ELEMENTS(merge_floats); k++) {
		guint tensor = merge_floats[k];
		double own = majority_of(&fixture, &tensor, 1);
		assert_majority(&fixture, "ties(a, d, density=1)", DIALECT_PAPER, tensor, model);
		assert_majority(&fixture, "dare_ties(a, d, p=0)", DIALECT_PAPER, tensor, model);
		assert_majority(&fixture, "della(a, d, density=1)", DIALECT_PAPER, tensor, model);
		assert_majority(
			&fixture, "ties(a, d, density=1, by=tensor)", DIALECT_PAPER, tensor, own);
		assert_majority(&fixture, "breadcrumbs_ties(a, d, density=1, gamma=0)",
			DIALECT_PAPER, tensor, own);
		assert_majority(&fixture, "ties(a, d, density=1)", DIALECT_MERGEKIT, tensor, 1);
	}
	guint conv = CONV, vec = VEC;
	g_assert_cmpfloat(majority_of(&fixture, &conv, 1), >, 0);
	g_assert_cmpfloat(majority_of(&fixture, &vec, 1), <, 0);
}

/* mergekit's weights vote: of 0.5 a and 0.0625 the sum is what counts. */
static void test_mergekit_election(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	g_autofree double *a = merged(&fixture, "a", BIG);
	g_autofree double *found = merged_as(&fixture, "ties(0.5*a, 0.25*c)", AS_MERGEKIT, BIG);
	guint beaten = 0;
	for (guint i = 0; i < 6000; i++) {
		double both = (0.5 * a[i] + 0.0625) / 0.75;
		double positive = a[i] > 0 ? both : 0.25;
		double expected = 0.5 * a[i] + 0.0625 >= 0 ? positive : a[i];
		g_assert_cmpfloat_with_epsilon(found[i], expected, 1e-12);
		beaten += a[i] > -0.25 && a[i] < -0.125;
	}
	g_assert_cmpuint(beaten, >, 100);
}

/* Weights whose sum is 0 do not divide. */
static void test_mergekit_divisor(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	g_autofree double *a = merged(&fixture, "a", VEC), *c = merged(&fixture, "c", VEC);
	g_autofree double *elected = merged_as(&fixture, "ties(0.5*a, -0.5*d)", AS_MERGEKIT, VEC);
	g_autofree double *linear =
		merged_as(&fixture, "trim(a, -c, normalize=yes)", AS_MERGEKIT, VEC);
	for (guint i = 0; i < 50; i++) {
		g_assert_cmpfloat(elected[i], ==, a[i]);
		g_assert_cmpfloat(linear[i], ==, a[i] - c[i]);
	}
}

/* A weight may differ by tensor, and be 0 on some. */
static void test_scoped_weights(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	const char *text = "ties(first(0.5[vec*], 2[big*])*a, density=1, normalize=no)";
	g_autofree double *a = merged(&fixture, "a", VEC), *vec = merged(&fixture, text, VEC);
	g_autofree double *conv = merged(&fixture, text, CONV);
	g_autofree double *divided = merged(&fixture, "ties(first(0.5[vec*])*a, density=1)", CONV);
	for (guint i = 0; i < 50; i++)
		g_assert_cmpfloat(vec[i], ==, 0.5 * a[i]);
	g_assert_cmpuint(count_kept(conv, 108), ==, 0);
	g_assert_cmpuint(count_kept(divided, 108), ==, 0);
}

/* A density may differ by tensor where the threshold is of each tensor. */
static void test_ramped_density(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	const char *text = "trim(c, density=first(0.1[big*], 0.5), by=tensor)";
	g_autofree double *big = merged(&fixture, text, BIG), *vec = merged(&fixture, text, VEC);
	assert_first(big, 6000, 0, 600);
	assert_first(vec, 50, 0, 25);
	edit_fails(fixture.collection, "trim(c, density=first(0.1[big*], 0.5))", ERROR_USAGE,
		"by=tensor");
}

static void test_bad_calls(void)
{
	static const struct {
		const char *text, *holds;
	} rows[] = {
		{"trim(a, density=1.5)", "0 <= density <= 1"},
		{"ties(a, density=-0.1)", "0 <= density <= 1"},
		{"dare(a)", "dare needs p"},
		{"dare(a, p=1)", "0 <= p < 1"},
		{"dare_ties(a, b, p=1.5)", "0 <= p < 1"},
		{"dare(a, p=0.5, seed=0.5)", "seed"},
		{"dare(a, p=0.5, seed=-1)", "seed"},
		{"breadcrumbs(a, gamma=2)", "0 <= gamma <= 1"},
		{"della(a)", "della needs density"},
		{"della(a, density=0)", "0 < density <= 1"},
		{"della(a, density=0.1)", "give an epsilon below 0.1"},
		{"della(a, density=0.5, epsilon=0.5)", "give an epsilon below 0.5"},
		{"della_linear(a, density=0.9)", "give an epsilon of at most 0.1"},
		{"ties(0*a, 0*b)", "normalize=no"},
		{"dare_ties(0*a, p=0.5)", "normalize=no"},
		{"ties(a, by=layer)", "model or tensor"},
		{"ties(a, p=0.5)", "p"},
		{"random_like(a, b)", "1 task vector"},
	};
	g_auto(Fixture) fixture = merge_fixture();
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		edit_fails(fixture.collection, rows[i].text, ERROR_USAGE, rows[i].holds);
}

/* mergekit orders what it rounded to float, where these are equal and the first is kept. */
static void test_equal_as_float(void)
{
	const double none[] = {0, 0, 0}, values[] = {1, 1 + 0x1p-30, 1e300};
	TestTensor tensor = {"w", DTYPE_F64, 1, {3}, none};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	tensor.values = values;
	fixture_add(&fixture, "a", &tensor, 1);
	g_autofree double *paper = merged(&fixture, "trim(a, density=0.67)", 0);
	g_autofree double *mergekit = merged_as(&fixture, "trim(a, density=0.67)", AS_MERGEKIT, 0);
	g_assert_cmpfloat(paper[0], ==, 0);
	g_assert_cmpfloat(paper[1], ==, values[1]);
	g_assert_cmpfloat(mergekit[0], ==, 1);
	g_assert_cmpfloat(mergekit[1], ==, 0);
	g_assert_cmpfloat(mergekit[2], ==, 1e300);
}

/* What is no number is elected by none, and is written all the same. */
static void test_nan_shows(void)
{
	const double none[] = {0, 0, 0}, values[] = {1, NAN, -2}, others[] = {3, 4, -1};
	TestTensor tensor = {"w", DTYPE_F32, 1, {3}, none};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	tensor.values = values;
	fixture_add(&fixture, "a", &tensor, 1);
	tensor.values = others;
	fixture_add(&fixture, "b", &tensor, 1);
	static const char *const texts[] = {"ties(a, b)", "breadcrumbs_ties(a, b)",
		"della(a, b, density=1, rescale=no)", "dare_ties(a, b, p=0, rescale=no)"};
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree double *found = merged_as(&fixture, texts[i], AS_MERGEKIT, 0);
		g_assert_true(isnan(found[1]));
		g_assert_true(found[0] == (i % 2 ? 4 : 2) && found[2] == (i % 2 ? -3 : -1.5));
	}
}

/* Calls on different tasks, whose cuts are looked for together. */
static void test_side_by_side(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	g_autofree double *a = merged(&fixture, "ties(a, density=0.3)", BIG);
	g_autofree double *b = merged(&fixture, "ties(b, density=0.2)", BIG);
	g_autofree double *both =
		merged(&fixture, "ties(a, density=0.3) + ties(b, density=0.2)", BIG);
	guint kept = 0;
	for (guint i = 0; i < 6000; i++) {
		g_assert_cmpfloat(both[i], ==, a[i] + b[i]);
		kept += b[i] != 0;
	}
	g_assert_cmpuint(kept, >, 1000);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/elect/equal elements", test_equal_elements);
	g_test_add_func("/elect/equal in model", test_equal_in_model);
	g_test_add_func("/elect/zeros", test_zeros);
	g_test_add_func("/elect/largest kept", test_largest_kept);
	g_test_add_func("/elect/equal as float", test_equal_as_float);
	g_test_add_func("/elect/own elements", test_own_elements);
	g_test_add_func("/elect/own weights", test_own_weights);
	g_test_add_func("/elect/outliers", test_outliers);
	g_test_add_func("/elect/outliers of mergekit", test_outliers_of_mergekit);
	g_test_add_func("/elect/outliers are large", test_outliers_are_large);
	g_test_add_func("/elect/negation", test_negation);
	g_test_add_func("/elect/whole", test_whole);
	g_test_add_func("/elect/election", test_election);
	g_test_add_func("/elect/majority", test_majority);
	g_test_add_func("/elect/mergekit election", test_mergekit_election);
	g_test_add_func("/elect/mergekit divisor", test_mergekit_divisor);
	g_test_add_func("/elect/scoped weights", test_scoped_weights);
	g_test_add_func("/elect/ramped density", test_ramped_density);
	g_test_add_func("/elect/nan shows", test_nan_shows);
	g_test_add_func("/elect/bad calls", test_bad_calls);
	g_test_add_func("/elect/side-by-side", test_side_by_side);
	return g_test_run();
}
