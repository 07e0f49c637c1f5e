/* test_elements.c - arithmetic on runs of numbers, against the same written out for one element. */
#include "method/elements.h"
#include "test.h"

#include <math.h>
#include <string.h>

#define MOST 517u

typedef struct {
	double a[MOST], b[MOST], out[MOST];
} Numbers;

static double any_number(GRand *random)
{
	static const double special[] = {
		0, -0.0, INFINITY, -INFINITY, NAN, 0x1p-1074, -0x1p-1030, 1e308, 1};
	return g_rand_int(random) % 3 ? g_rand_double_range(random, -4, 4)
				      : special[g_rand_int(random) % G_N_ELEMENTS(special)];
}

static void fill(Numbers *numbers, GRand *random)
{
	for (guint i = 0; i < MOST; i++) {
		numbers->a[i] = any_number(random);
		numbers->b[i] = g_rand_int(random) % 4 ? any_number(random) : numbers->a[i];
		numbers->out[i] = any_number(random);
	}
}

static void assert_same(double got, double expected)
{
	if (isnan(got) && isnan(expected))
		return;
	if (got != expected || signbit(got) != signbit(expected))
		g_error("%.17g is not %.17g", got, expected);
}

/* What one operation makes of an element; `out` is what stood there. */
typedef enum { ADD, SUBTRACT, MULTIPLY, DIVIDE, ADD_SCALED, SUBTRACT_BASE, OPERATIONS } Operation;

static double expected_of(Operation operation, double a, double b, double out)
{
	switch (operation) {
	case ADD:
		return a + b;
	case SUBTRACT:
		return a - b;
	case MULTIPLY:
		return a * 0.3;
	case DIVIDE:
		return a / 0.3;
	case ADD_SCALED: {
		volatile double product = 0.3 * a; /* rounded before it is added */
		return out + product;
	}
	default:
		return out == b || (isnan(out) && isnan(b)) ? 0 : out - b;
	}
}

static void run(Operation operation, double *out, const double *a, const double *b, guint n)
{
	switch (operation) {
	case ADD:
		elements_add(out, a, b, n);
		break;
	case SUBTRACT:
		elements_subtract(out, a, b, n);
		break;
	case MULTIPLY:
		elements_multiply(out, a, n, 0.3);
		break;
	case DIVIDE:
		elements_divide(out, a, n, 0.3);
		break;
	case ADD_SCALED:
		elements_add_scaled(out, a, n, 0.3);
		break;
	default:
		elements_subtract_base(out, b, n);
	}
}

static void assert_operation(Operation operation, const Numbers *from, guint n)
{
	double out[MOST];
	memcpy(out, from->out, sizeof out);
	run(operation, out, from->a, from->b, n);
	for (guint i = 0; i < n; i++)
		assert_same(out[i], expected_of(operation, from->a[i], from->b[i], from->out[i]));
	for (guint i = n; i < MOST; i++)
		assert_same(out[i], from->out[i]);
}

static void assert_in_place(Operation operation, const Numbers *from, guint n)
{
	double first[MOST], second[MOST];
	memcpy(first, from->a, sizeof first);
	memcpy(second, from->b, sizeof second);
	run(operation, first, first, from->b, n);
	run(operation, second, from->a, second, n);
	for (guint i = 0; i < n; i++) {
		double expected = expected_of(operation, from->a[i], from->b[i], 0);
		assert_same(first[i], expected);
		assert_same(second[i], expected);
	}
}

static void test_arithmetic(void)
{
	static const guint lengths[] = {0, 1, 3, 8, 15, 64, 511, MOST};
	g_autoptr(GRand) random = g_rand_new_with_seed(11);
	Numbers numbers;
	fill(&numbers, random);
	for (guint i = 0; i < G_N_ELEMENTS(lengths); i++)
		for (Operation operation = 0; operation < OPERATIONS; operation++) {
			assert_operation(operation, &numbers, lengths[i]);
			if (operation < ADD_SCALED)
				assert_in_place(operation, &numbers, lengths[i]);
		}
}

static void test_are_zero(void)
{
	double values[MOST] = {0};
	values[3] = -0.0;
	g_assert_true(elements_are_zero(values, MOST));
	g_assert_true(elements_are_zero(values, 0));
	for (guint i = 0; i < MOST; i++) {
		values[i] = i % 2 ? NAN : 0x1p-1074;
		g_assert_false(elements_are_zero(values, MOST));
		g_assert_true(elements_are_zero(values, i));
		values[i] = 0;
	}
}

static void test_replace_changed(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(2);
	Numbers numbers;
	fill(&numbers, random);
	guint8 from[MOST * 8], raw[MOST * 8 + 1], expected[MOST * 8];
	for (gsize size = 1; size <= 8; size *= 2) {
		for (guint i = 0; i < MOST * size; i++)
			from[i] = (guint8)g_rand_int(random);
		memset(raw, 0x5a, sizeof raw);
		memset(expected, 0x5a, sizeof expected);
		for (guint i = 0; i < MOST; i++)
			if (numbers.a[i] != 0)
				memcpy(expected + i * size, from + i * size, size);
		elements_replace_changed(raw + 1, from, numbers.a, MOST, size);
		g_assert_cmpint(memcmp(raw + 1, expected, MOST * size), ==, 0);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/elements/arithmetic", test_arithmetic);
	g_test_add_func("/elements/are-zero", test_are_zero);
	g_test_add_func("/elements/replace-changed", test_replace_changed);
	return g_test_run();
}
