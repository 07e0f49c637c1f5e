/* test_rng.c - the generator against SplitMix64's published numbers, and its independence of order.
 */
#include "core/rng.h"
#include "test.h"

#include <math.h>

/* The first outputs of SplitMix64 for the seed 1234567. */
static void test_reference(void)
{
	const guint64 expected[] = {G_GUINT64_CONSTANT(6457827717110365317),
		G_GUINT64_CONSTANT(3203168211198807973), G_GUINT64_CONSTANT(9817491932198370423),
		G_GUINT64_CONSTANT(4593380528125082431), G_GUINT64_CONSTANT(16408922859458223821)};
	for (guint i = G_N_ELEMENTS(expected); i-- > 0;)
		g_assert_cmpuint(rng_bits(1234567, i), ==, expected[i]);
}

static void test_keys_differ(void)
{
	g_assert_cmpuint(rng_key(1, "a"), ==, rng_key(1, "a"));
	g_assert_cmpuint(rng_key(1, "a"), !=, rng_key(2, "a"));
	g_assert_cmpuint(rng_key(1, "a"), !=, rng_key(1, "b"));
	g_assert_cmpuint(rng_key(1, "ab"), !=, rng_key(1, "ba"));
	g_assert_cmpuint(rng_key(0, ""), !=, 0);
}

/* Mean 1/2 and variance 1/12 of a uniform number, within five standard errors of n draws; two
 * streams correlate by no more than five standard errors 1/sqrt(n). */
static void test_moments(void)
{
	const guint n = 200000;
	guint64 key = rng_key(42, "blocks.0.weight"), other = rng_key(42, "blocks.1.weight");
	double sum = 0, squares = 0, products = 0;
	for (guint i = 0; i < n; i++) {
		double x = rng_uniform(key, i), y = rng_uniform(other, i);
		g_assert_true(x >= 0 && x < 1);
		sum += x;
		squares += (x - 0.5) * (x - 0.5);
		products += (x - 0.5) * (y - 0.5);
	}
	g_assert_cmpfloat_with_epsilon(sum / n, 0.5, 5 * sqrt(1.0 / 12 / n));
	g_assert_cmpfloat_with_epsilon(squares / n, 1.0 / 12, 5 * sqrt(1.0 / 180 / n));
	g_assert_cmpfloat_with_epsilon(12 * products / n, 0, 5 / sqrt(n));
}

static void test_unforeseen(void)
{
	guint64 first = rng_unforeseen(), second = rng_unforeseen();
	g_assert_cmpuint(first, !=, second);
	g_assert_cmpuint(first >> 32, !=, second >> 32);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rng/reference", test_reference);
	g_test_add_func("/rng/keys-differ", test_keys_differ);
	g_test_add_func("/rng/moments", test_moments);
	g_test_add_func("/rng/unforeseen", test_unforeseen);
	return g_test_run();
}
