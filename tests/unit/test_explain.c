/* test_explain.c - what a model is made of: coefficients that the test has put into it. */
#include "fixture.h"

#include "recipe/explain.h"
#include "edit/expression.h"

#include <string.h>

#define N 6u

/* Two tensors of three elements, in two layers. */
static void put(Fixture *fixture, const char *name, const double *values)
{
	TestTensor tensors[] = {{"blocks.0.w", DTYPE_F64, 1, {N / 2}, values},
		{"blocks.1.w", DTYPE_F64, 1, {N / 2}, values + N / 2}};
	if (fixture->folder)
		fixture_add(fixture, name, tensors, 2);
	else
		*fixture = fixture_new(tensors, 2);
}

static const double base[N] = {1, 2, 3, -1, 0.5, 2};

/* base + Σ cᵢτᵢ of up to three vectors. */
static void put_sum(Fixture *fixture, const char *name, const double *const *tau, const double *c)
{
	double values[N];
	for (guint i = 0; i < N; i++) {
		values[i] = base[i];
		for (guint k = 0; tau[k]; k++)
			values[i] += c[k] * tau[k][i];
	}
	put(fixture, name, values);
}

static Explanation *explain(const Digits *digits, gboolean partial, GroupBy by, GError **error)
{
	g_autoptr(GArray) vectors = g_array_new(FALSE, FALSE, sizeof(guint));
	guint model = (guint)collection_find(digits->collection, "model");
	for (guint i = 1; i < collection_members(digits->collection); i++)
		if (i != model)
			g_array_append_val(vectors, i);
	ExplainRequest request = {digits->collection, digits->gram, model, vectors, partial, by};
	return explain_new(&request, error);
}

static void near(double found, double expected)
{
	g_assert_cmpfloat_with_epsilon(found, expected, 1e-9);
}

static const double a[N] = {1, 0, 0, 2, 0, 1}, b[N] = {0, 3, 0, 1, 1, 0},
		    c[N] = {0, 0, 1, 0, -1, 4};

static void test_made(void)
{
	g_auto(Fixture) fixture = {0};
	const double *const parts[] = {a, b, NULL};
	put(&fixture, "base", base);
	put_sum(&fixture, "a", (const double *const[]){a, NULL}, (double[]){1});
	put_sum(&fixture, "odd name", (const double *const[]){b, NULL}, (double[]){1});
	put_sum(&fixture, "c", (const double *const[]){c, NULL}, (double[]){1});
	put_sum(&fixture, "model", parts, (double[]){0.4, -0.25});
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_autoptr(GError) error = NULL;
	g_autoptr(Explanation) found = explain(digits, FALSE, GROUP_LAYER, &error);
	test_no_error(error);
	g_assert_cmpuint(found->count, ==, 3);
	near(found->coefficient[0], 0.4);
	near(found->coefficient[1], -0.25);
	near(found->coefficient[2], 0);
	/* ‖a‖² = 6, ‖b‖² = 11, ⟨a, b⟩ = 2. */
	double norm = sqrt(0.16 * 6 + 0.0625 * 11 - 2 * 0.1 * 2);
	near(found->whole->norm, norm);
	near(found->part[0], 0.4 * sqrt(6) / norm);
	near(found->part[1], 0.25 * sqrt(11) / norm);
	g_assert_cmpfloat(found->whole->relative, <, 1e-7);
	near(found->whole->explained, 1);
	g_assert_cmpstr(found->expression, ==, "0.4*a - 0.25*\"odd name\"");
	g_assert_cmpstr(found->sentence, ==, "0.4·a - 0.25·odd name explains 100 % of it");
	g_assert_cmpuint(found->fit.rank, ==, 3);
	g_assert_cmpuint(found->groups->len, ==, 2);
	g_assert_cmpuint(found->warnings->len, ==, 0);
	g_autoptr(Node) edit = expression_parse(digits->collection, found->expression, &error);
	test_no_error(error);
	g_assert_true(edit->is_vector);
}

/* What lies along no task is left over: r is orthogonal to a and b, and lies in both layers. */
static void test_residual(void)
{
	static const double r[N] = {-2, 0, 5, 1, -1, 0};
	g_auto(Fixture) fixture = {0};
	put(&fixture, "base", base);
	put_sum(&fixture, "a", (const double *const[]){a, NULL}, (double[]){1});
	put_sum(&fixture, "b", (const double *const[]){b, NULL}, (double[]){1});
	put_sum(&fixture, "model", (const double *const[]){a, r, NULL}, (double[]){2, 0.5});
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_autoptr(Explanation) found = explain(digits, FALSE, GROUP_LAYER, NULL);
	double left = 0.5 * sqrt(31), whole = sqrt(4 * 6 + 0.25 * 31);
	near(found->coefficient[0], 2);
	near(found->coefficient[1], 0);
	near(found->whole->residual, left);
	near(found->whole->relative, left / whole);
	near(found->whole->explained, 1 - left * left / whole / whole);
	const ExplainGroup *first = found->groups->pdata[0], *second = found->groups->pdata[1];
	g_assert_cmpstr(first->name, ==, "blocks.0");
	near(first->residual, 0.5 * sqrt(29));
	near(first->norm, sqrt(1 + 2.5 * 2.5));
	near(second->residual, 0.5 * sqrt(2));
	g_autofree char *percent = g_strdup_printf(
		"2·a explains %.2f %% of it", 100 * (1 - left * left / whole / whole));
	g_assert_cmpstr(found->sentence, ==, percent);
}

/* b = 2a: of all that do, 1·a + 1·b of 3a, whose parts are 3a·(1/2) each, is the smallest. */
static void test_dependent(void)
{
	g_auto(Fixture) fixture = {0};
	put(&fixture, "base", base);
	put_sum(&fixture, "a", (const double *const[]){a, NULL}, (double[]){1});
	put_sum(&fixture, "b", (const double *const[]){a, NULL}, (double[]){2});
	put_sum(&fixture, "nothing", (const double *const[]){NULL}, NULL);
	put_sum(&fixture, "model", (const double *const[]){a, NULL}, (double[]){3});
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_autoptr(Explanation) found = explain(digits, FALSE, GROUP_ALL, NULL);
	near(found->coefficient[0], 1.5);
	near(found->coefficient[1], 0.75);
	near(found->coefficient[2], 0);
	g_assert_cmpuint(found->fit.count, ==, 2);
	g_assert_cmpuint(found->fit.rank, ==, 1);
	g_assert_true(isinf(found->fit.condition));
	g_assert_cmpuint(found->warnings->len, ==, 1);
	g_assert_nonnull(strstr(
		found->warnings->pdata[0], "1 of the 2 task vectors follow from the others"));
}

/* v = a + √2·b: what makes a + b of the three is a line of coefficients, along (‖a‖, √2‖b‖, −‖v‖)
 * in parts; the nearest to 0 on it is what is left without that direction. */
static void test_dependent_of_three(void)
{
	const double root = sqrt(2), parts[] = {sqrt(6), sqrt(11), 0};
	const double line[] = {sqrt(6), root * sqrt(11), -sqrt(6 + 22 + 2 * root * 2)};
	double along = 0, square = 0;
	for (guint i = 0; i < 3; i++) {
		along += parts[i] * line[i];
		square += line[i] * line[i];
	}
	g_auto(Fixture) fixture = {0};
	put(&fixture, "base", base);
	put_sum(&fixture, "a", (const double *const[]){a, NULL}, (double[]){1});
	put_sum(&fixture, "b", (const double *const[]){b, NULL}, (double[]){1});
	put_sum(&fixture, "v", (const double *const[]){a, b, NULL}, (double[]){1, root});
	put_sum(&fixture, "model", (const double *const[]){a, b, NULL}, (double[]){1, 1});
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_autoptr(Explanation) found = explain(digits, FALSE, GROUP_ALL, NULL);
	g_assert_cmpuint(found->fit.rank, ==, 2);
	for (guint i = 0; i < 3; i++)
		near(found->part[i] * found->whole->norm,
			fabs(parts[i] - along / square * line[i]));
	g_assert_cmpfloat(found->whole->relative, <, 1e-7);
}

/* Of two unit vectors with cosine k the singular values are √(1+k) and √(1−k). */
static void test_collinear(void)
{
	static const double e[N] = {1}, f[N] = {0, 1};
	static const double tilts[] = {0.01, 0.5};
	for (guint i = 0; i < G_N_ELEMENTS(tilts); i++) {
		g_auto(Fixture) fixture = {0};
		double cosine = 1 / sqrt(1 + tilts[i] * tilts[i]);
		put(&fixture, "base", base);
		put_sum(&fixture, "a", (const double *const[]){e, NULL}, (double[]){7});
		put_sum(&fixture, "b", (const double *const[]){e, f, NULL},
			(double[]){1, tilts[i]});
		put_sum(&fixture, "model", (const double *const[]){f, NULL}, (double[]){1});
		g_autoptr(Digits) digits = fixture_run(&fixture);
		g_autoptr(Explanation) found = explain(digits, FALSE, GROUP_ALL, NULL);
		double condition = sqrt((1 + cosine) / (1 - cosine));
		g_assert_cmpfloat(fabs(found->fit.condition / condition - 1), <, 1e-6);
		g_assert_cmpuint(found->warnings->len, ==, condition > 30 ? 1 : 0);
		g_assert_cmpfloat(fabs(found->coefficient[1] * tilts[i] - 1), <, 1e-6);
	}
}

static void test_nothing(void)
{
	static const double e[N] = {1}, f[N] = {0, 1};
	g_auto(Fixture) fixture = {0};
	put(&fixture, "base", base);
	put_sum(&fixture, "a", (const double *const[]){e, NULL}, (double[]){1});
	put_sum(&fixture, "model", (const double *const[]){NULL}, NULL);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_autoptr(Explanation) same = explain(digits, FALSE, GROUP_ALL, NULL);
	g_assert_cmpstr(same->sentence, ==, "it is the base");
	g_assert_null(same->expression);
	g_assert_true(isnan(same->whole->relative) && isnan(same->part[0]));
	near(same->coefficient[0], 0);

	g_auto(Fixture) other = {0};
	put(&other, "base", base);
	put_sum(&other, "a", (const double *const[]){e, NULL}, (double[]){1});
	put_sum(&other, "model", (const double *const[]){f, NULL}, (double[]){1});
	g_autoptr(Digits) across = fixture_run(&other);
	g_autoptr(Explanation) none = explain(across, FALSE, GROUP_ALL, NULL);
	g_assert_cmpstr(none->sentence, ==, "the task vectors explain 0.00 % of it");
	g_assert_null(none->expression);
	near(none->whole->explained, 0);
}

/* A tensor that a model lacks counts as changed by nothing only where the file says that it is a
 * part; one with what is no number counts nowhere. */
static void test_left_out(void)
{
	static const double wild[N] = {1, NAN, 0, 0, 0, 0};
	g_auto(Fixture) fixture = {0};
	double half[N / 2];
	for (guint i = 0; i < N / 2; i++)
		half[i] = base[i] + 0.5 * a[i];
	TestTensor part[] = {{"blocks.0.w", DTYPE_F64, 1, {N / 2}, half}};
	put(&fixture, "base", base);
	put_sum(&fixture, "a", (const double *const[]){a, NULL}, (double[]){1});
	fixture_add(&fixture, "model", part, 1);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_autoptr(Explanation) whole = explain(digits, FALSE, GROUP_ALL, NULL);
	near(whole->coefficient[0], 0.5);
	g_assert_cmpuint(whole->warnings->len, ==, 1);
	g_assert_nonnull(strstr(whole->warnings->pdata[0], "1 float tensor of the base left out"));
	g_autoptr(Explanation) partial = explain(digits, TRUE, GROUP_ALL, NULL);
	near(partial->coefficient[0], 0.5 * 1 / 6); /* ⟨d, a⟩ = 0.5, ‖a‖² = 6 */
	g_assert_cmpuint(partial->warnings->len, ==, 0);

	g_auto(Fixture) broken = {0};
	put(&broken, "base", base);
	put_sum(&broken, "a", (const double *const[]){a, NULL}, (double[]){1});
	put_sum(&broken, "model", (const double *const[]){a, wild, NULL}, (double[]){0.5, 1});
	g_autoptr(Digits) odd = fixture_run(&broken);
	g_autoptr(Explanation) finite = explain(odd, FALSE, GROUP_ALL, NULL);
	near(finite->coefficient[0], 0.5);
	g_assert_nonnull(strstr(finite->warnings->pdata[0], "blocks.0.w"));
}

/* A vocabulary that grew: what the new rows hold is told of as not looked at. */
static void test_more_rows(void)
{
	static const double first[] = {1, 2, 3, 4}, task[] = {2, 2, 3, 6},
			    grown[] = {1.5, 2, 3, 5, 70, 80};
	TestTensor tensors[] = {{"head.weight", DTYPE_F64, 2, {2, 2}, first}};
	g_auto(Fixture) fixture = fixture_new(tensors, 1);
	tensors[0].values = task;
	fixture_add(&fixture, "a", tensors, 1);
	fixture_add(
		&fixture, "model", &(TestTensor){"head.weight", DTYPE_F64, 2, {3, 2}, grown}, 1);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_autoptr(GError) error = NULL;
	g_autoptr(Explanation) found = explain(digits, FALSE, GROUP_ALL, &error);
	test_no_error(error);
	near(found->coefficient[0], 0.5);
	g_assert_cmpuint(found->warnings->len, ==, 1);
	g_assert_nonnull(strstr(found->warnings->pdata[0], "1 tensor of which it has more"));
	g_assert_nonnull(strstr(found->warnings->pdata[0], "head.weight"));
}

static void test_refused(void)
{
	static const double wild[N] = {NAN, 0, 0, INFINITY};
	g_auto(Fixture) fixture = {0};
	g_autoptr(GError) error = NULL;
	put(&fixture, "base", base);
	put_sum(&fixture, "a", (const double *const[]){a, NULL}, (double[]){1});
	put_sum(&fixture, "model", (const double *const[]){wild, NULL}, (double[]){1});
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_assert_null(explain(digits, FALSE, GROUP_ALL, &error));
	test_error(error, ERROR_INPUT, "every tensor has values that are not finite");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/explain/made", test_made);
	g_test_add_func("/explain/residual", test_residual);
	g_test_add_func("/explain/dependent", test_dependent);
	g_test_add_func("/explain/dependent-of-three", test_dependent_of_three);
	g_test_add_func("/explain/collinear", test_collinear);
	g_test_add_func("/explain/nothing", test_nothing);
	g_test_add_func("/explain/left-out", test_left_out);
	g_test_add_func("/explain/more-rows", test_more_rows);
	g_test_add_func("/explain/refused", test_refused);
	return g_test_run();
}
