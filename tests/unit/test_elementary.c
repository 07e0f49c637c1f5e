/* test_elementary.c - exponentials and the like, against those of the C library in more digits. */
#include "method/elementary.h"

#include "test.h"

#include <math.h>
#include <string.h>

#define NUMBERS 20001u
#define CLOSE 1e-15L

typedef void (*Many)(double *values, guint64 n);
typedef long double (*One)(long double value);

/* From `least` to `most` in equal steps. */
static void fill(double *values, double least, double most)
{
	for (guint i = 0; i < NUMBERS; i++)
		values[i] = least + (most - least) * i / (NUMBERS - 1);
}

static void check(Many many, One one, const double *values)
{
	g_autofree double *found = g_memdup2(values, NUMBERS * sizeof *values);
	many(found, NUMBERS);
	for (guint i = 0; i < NUMBERS; i++) {
		long double wanted = one((long double)values[i]);
		g_assert_cmpfloat(fabsl((long double)found[i] - wanted), <=, CLOSE * fabsl(wanted));
	}
}

static void test_exponentials(void)
{
	g_autofree double *values = g_new(double, NUMBERS);
	fill(values, -708, 708);
	check(exponentials, expl, values);
	fill(values, -3, 0);
	check(exponentials, expl, values);
	fill(values, -1e-9, 1e-9);
	check(exponentials, expl, values);
}

static void test_exponentials_at_ends(void)
{
	double values[] = {0, -0.0, -INFINITY, -1e300, NAN, -NAN};
	exponentials(values, G_N_ELEMENTS(values));
	g_assert_cmpfloat(values[0], ==, 1);
	g_assert_cmpfloat(values[1], ==, 1);
	g_assert_cmpfloat(values[2], >=, 0);
	g_assert_cmpfloat(values[2], <, 1e-300);
	g_assert_cmpfloat(values[3], ==, values[2]);
	g_assert_true(isnan(values[4]) && isnan(values[5]));
}

static void test_logarithms(void)
{
	g_autofree double *values = g_new(double, NUMBERS);
	fill(values, -700, 700);
	for (guint i = 0; i < NUMBERS; i++)
		values[i] = exp(values[i]);
	check(logarithms, logl, values);
	fill(values, 0.5, 2);
	check(logarithms, logl, values);
	fill(values, 1 - 1e-9, 1 + 1e-9);
	check(logarithms, logl, values);
}

static void test_tangents(void)
{
	g_autofree double *values = g_new(double, NUMBERS);
	fill(values, -30, 30);
	check(tangents, tanhl, values);
	fill(values, -0.03, 0.03);
	check(tangents, tanhl, values);
	fill(values, -1e-12, 1e-12);
	check(tangents, tanhl, values);
	double ends[] = {INFINITY, -INFINITY, NAN};
	tangents(ends, G_N_ELEMENTS(ends));
	g_assert_cmpfloat(ends[0], ==, 1);
	g_assert_cmpfloat(ends[1], ==, -1);
	g_assert_true(isnan(ends[2]));
}

/* Beside whatever others a number stands, and wherever, it has the same bits. */
static void test_places(void)
{
	static const Many many[] = {exponentials, logarithms, tangents};
	g_autofree double *values = g_new(double, NUMBERS);
	g_autofree double *found = g_new(double, NUMBERS);
	fill(values, 0.001, 5);
	for (guint f = 0; f < G_N_ELEMENTS(many); f++) {
		memcpy(found, values, NUMBERS * sizeof *values);
		many[f](found, NUMBERS);
		for (guint i = 0; i < NUMBERS; i++) {
			double alone = values[i];
			many[f](&alone, 1);
			g_assert_true(memcmp(&alone, &found[i], sizeof alone) == 0);
		}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/elementary/exponentials", test_exponentials);
	g_test_add_func("/elementary/exponentials-at-ends", test_exponentials_at_ends);
	g_test_add_func("/elementary/logarithms", test_logarithms);
	g_test_add_func("/elementary/tangents", test_tangents);
	g_test_add_func("/elementary/places", test_places);
	return g_test_run();
}
