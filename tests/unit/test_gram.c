/* test_gram.c - closed forms on Gram tables, against sums written out over the vectors. */
#include "analysis/gram.h"
#include "test.h"

#include <math.h>

#define TENSORS 3u
#define VECTORS 5u
#define LENGTH 7u

/* Vector v of tensor t; v 0 is the base. */
static double element(guint t, guint v, guint i)
{
	return sin(1.0 + 17.0 * t + 5.0 * v + 3.0 * i) * (v + 1.0);
}

static double inner(guint t, guint a, guint b)
{
	double sum = 0;
	for (guint i = 0; i < LENGTH; i++)
		sum += element(t, a, i) * element(t, b, i);
	return sum;
}

static Gram *known_gram(void)
{
	Gram *gram = gram_new(TENSORS, VECTORS);
	for (guint t = 0; t < TENSORS; t++)
		for (guint i = 0; i < VECTORS; i++)
			for (guint j = 0; j <= i; j++)
				*gram_cell(gram, t, i, j) = inner(t, i, j);
	return gram;
}

static Scope *scope_of(guint first, guint count)
{
	Scope *scope = g_new0(Scope, 1);
	scope->label = g_strdup("some");
	scope->tensors = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint t = first; t < first + count; t++)
		g_array_append_val(scope->tensors, t);
	return scope;
}

static void test_new_is_unknown(void)
{
	g_autoptr(Gram) gram = gram_new(2, 3);
	for (guint i = 0; i < 3; i++)
		for (guint j = 0; j < 3; j++)
			g_assert_true(isnan(*gram_cell(gram, 1, i, j)));
	g_assert_true(gram_cell(gram, 1, 0, 2) == gram_cell(gram, 1, 2, 0));
	g_assert_true(gram_cell(gram, 1, 0, 0) == gram->products + 6);
	g_assert_cmpuint(gram_packed(2, 1), ==, 4);
	g_assert_cmpuint(gram_packed(1, 2), ==, 4);
}

static void test_empty(void)
{
	g_autoptr(Gram) gram = gram_new(0, 0);
	g_assert_nonnull(gram->products);
}

/* 2^22 tensors of 2^22 vectors are more than any memory holds; two of three are not. */
static void test_too_large(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Gram) large = gram_try_new(1u << 22, 1u << 22, &error);
	g_assert_null(large);
	test_error(error, ERROR_INPUT, "do not fit into memory");
	g_autoptr(Gram) small = gram_try_new(2, 3, NULL);
	g_assert_true(isnan(*gram_cell(small, 1, 2, 2)));
}

static void test_scope_sums(void)
{
	g_autoptr(Gram) gram = known_gram();
	Scope *scope = scope_of(1, 2);
	double product = inner(1, 2, 4) + inner(2, 2, 4);
	double square_a = inner(1, 2, 2) + inner(2, 2, 2);
	double square_b = inner(1, 4, 4) + inner(2, 4, 4);
	g_assert_cmpfloat_with_epsilon(gram_product(gram, scope, 4, 2), product, 1e-12);
	g_assert_cmpfloat_with_epsilon(gram_norm(gram, scope, 2), sqrt(square_a), 1e-12);
	double cosine = cosine_of(product, gram_norm(gram, scope, 2), gram_norm(gram, scope, 4));
	g_assert_cmpfloat_with_epsilon(cosine, product / sqrt(square_a * square_b), 1e-12);
	double sums[VECTORS * (VECTORS + 1) / 2];
	gram_sum(gram, scope, sums);
	g_assert_cmpfloat_with_epsilon(sums[gram_packed(4, 2)], product, 1e-12);
	g_assert_cmpfloat_with_epsilon(sums[gram_packed(2, 2)], square_a, 1e-12);
	const guint chosen[] = {4, 2};
	gram_sum_of(gram, scope, chosen, 2, sums);
	g_assert_cmpfloat_with_epsilon(sums[gram_packed(0, 0)], square_b, 1e-12);
	g_assert_cmpfloat_with_epsilon(sums[gram_packed(0, 1)], product, 1e-12);
	g_assert_cmpfloat_with_epsilon(sums[gram_packed(1, 1)], square_a, 1e-12);
	scope_free(scope);
}

static void test_cosine_edges(void)
{
	g_assert_true(isnan(cosine_of(0, 0, 1)));
	g_assert_true(isnan(cosine_of(0, 1, 0)));
	g_assert_true(isnan(cosine_of(NAN, 1, 1)));
	g_assert_true(isnan(cosine_of(1, NAN, 1)));
	g_assert_cmpfloat(cosine_of(1 + 1e-15, 1, 1), ==, 1);
	g_assert_cmpfloat(cosine_of(-1 - 1e-15, 1, 1), ==, -1);
	g_assert_cmpfloat_with_epsilon(cosine_of(1e-200, 1e-100, 2e-100), 0.5, 1e-15);
}

/* ‖Σ c v‖² and ⟨Σ c v, v_j⟩ written out. */
static void test_linear(void)
{
	g_autoptr(Gram) gram = known_gram();
	const double c[VECTORS] = {0, 0.5, 0, -1.25, 2};
	for (guint t = 0; t < TENSORS; t++) {
		double products[VECTORS] = {10, 20, 30, 40, 50}, square = 0;
		double found = gram_linear(gram, t, c, products);
		double expected[VECTORS] = {10, 20, 30, 40, 50};
		for (guint i = 0; i < LENGTH; i++) {
			double edit = 0;
			for (guint v = 0; v < VECTORS; v++)
				edit += c[v] * element(t, v, i);
			square += edit * edit;
			for (guint v = 0; v < VECTORS; v++)
				expected[v] += edit * element(t, v, i);
		}
		g_assert_cmpfloat_with_epsilon(found, square, 1e-11);
		for (guint v = 0; v < VECTORS; v++)
			g_assert_cmpfloat_with_epsilon(products[v], expected[v], 1e-11);
	}
}

static void test_linear_skips_zeros(void)
{
	g_autoptr(Gram) gram = known_gram();
	const double c[VECTORS] = {0, 1, 0, 0, 1};
	double products[VECTORS] = {0};
	for (guint v = 0; v < VECTORS; v++)
		*gram_cell(gram, 0, 2, v) = NAN;
	double square = gram_linear(gram, 0, c, products);
	g_assert_cmpfloat_with_epsilon(
		square, inner(0, 1, 1) + 2 * inner(0, 1, 4) + inner(0, 4, 4), 1e-11);
	g_assert_true(isnan(products[2]));
	g_assert_cmpfloat_with_epsilon(products[3], inner(0, 1, 3) + inner(0, 4, 3), 1e-11);
}

/* Of chosen vectors the same bits; nothing else of the table is looked at, nor changed. */
static void test_linear_of(void)
{
	enum { MANY = 23, CHOSEN = 9 };
	static const guint chosen[CHOSEN] = {1, 2, 3, 7, 8, 11, 12, 19, 22};
	g_autoptr(Gram) all = gram_new(1, MANY), some = gram_new(1, MANY);
	double c[MANY] = {0}, products[MANY] = {0}, found[MANY] = {0};
	for (guint i = 0; i < MANY; i++)
		for (guint j = 0; j <= i; j++)
			*gram_cell(all, 0, i, j) = sin(1 + i * 31 + j);
	for (guint k = 0; k < CHOSEN; k++) {
		c[chosen[k]] = k % 3 ? 0.1 * k : 0;
		for (guint l = 0; l <= k; l++)
			*gram_cell(some, 0, chosen[k], chosen[l]) =
				*gram_cell(all, 0, chosen[k], chosen[l]);
	}
	double square = gram_linear(all, 0, c, products);
	g_assert_cmpfloat(gram_linear_of(some, 0, c, chosen, CHOSEN, found), ==, square);
	for (guint k = 0; k < CHOSEN; k++)
		g_assert_cmpfloat(found[chosen[k]], ==, products[chosen[k]]);
	g_assert_cmpfloat(found[0], ==, 0);
}

/* A frame with a slider moving calls this for every tensor: 32 tasks, 500 tensors. */
static void test_linear_speed(void)
{
	g_autoptr(Gram) gram = gram_new(500, 33);
	double c[33] = {0}, products[33] = {0}, square = 0, best = INFINITY;
	for (gsize i = 0; i < 500 * 33 * 34 / 2; i++)
		gram->products[i] = 1e-3 * (double)(i % 100);
	for (guint v = 1; v < 33; v++)
		c[v] = 0.1 * v;
	for (guint run = 0; run < 50; run++) {
		gint64 start = g_get_monotonic_time();
		for (guint t = 0; t < 500; t++)
			square += gram_linear(gram, t, c, products);
		best = MIN(best, (double)(g_get_monotonic_time() - start));
	}
	g_test_message("%.0f microseconds (%g)", best, square);
#ifndef __SANITIZE_ADDRESS__
	g_assert_cmpfloat(best, <, 1000);
#endif
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/gram/too-large", test_too_large);
	g_test_add_func("/gram/new-is-unknown", test_new_is_unknown);
	g_test_add_func("/gram/empty", test_empty);
	g_test_add_func("/gram/scope-sums", test_scope_sums);
	g_test_add_func("/gram/cosine-edges", test_cosine_edges);
	g_test_add_func("/gram/linear", test_linear);
	g_test_add_func("/gram/linear-skips-zeros", test_linear_skips_zeros);
	g_test_add_func("/gram/linear-of", test_linear_of);
	g_test_add_func("/gram/linear-speed", test_linear_speed);
	return g_test_run();
}
