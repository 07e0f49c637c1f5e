/* test_rank.c - places in an order, against a search through all. */
#include "method/rank.h"

#include "test.h"

#include <math.h>

/* How many come before one: the smaller ones, and of equal ones those in front of it. */
static guint32 place_of(const double *sizes, guint64 n, guint64 i)
{
	guint32 before = 0;
	for (guint64 k = 0; k < n; k++)
		before += sizes[k] < sizes[i] || (sizes[k] == sizes[i] && k < i) ? 1 : 0;
	return before;
}

static void check(const double *sizes, guint64 n, guint64 stride)
{
	g_autofree guint32 *rank = g_new0(guint32, n * stride + 1);
	g_autofree gpointer memory = g_malloc(rank_bytes(n) + 1);
	rank_sizes(sizes, n, stride, rank, memory);
	for (guint64 i = 0; i < n; i++)
		g_assert_cmpuint(rank[i * stride], ==, place_of(sizes, n, i));
}

#define MOST 2000u

typedef double (*Size)(GRand *random, guint64 i);

static double any_size(GRand *random, guint64 i)
{
	return i % 7 ? ldexp(g_rand_double(random), g_rand_int_range(random, -60, 60)) : 0;
}

static double few_sizes(GRand *random, guint64 i)
{
	(void)i;
	return g_rand_int_range(random, 0, 9) / 8.0;
}

/* They differ in the last bits alone. */
static double near_sizes(GRand *random, guint64 i)
{
	(void)i;
	return 1 + ldexp(g_rand_int_range(random, 0, 500), -52);
}

/* Pairs and threes that do. */
static double near_groups(GRand *random, guint64 i)
{
	return (double)(i / 3) + 1 + ldexp(g_rand_int_range(random, 0, 4), -40);
}

static double extreme_sizes(GRand *random, guint64 i)
{
	static const double sizes[] = {0, 0x1p-1074, G_MINDOUBLE, G_MAXDOUBLE, 1};
	(void)i;
	return sizes[g_rand_int_range(random, 0, G_N_ELEMENTS(sizes))];
}

static void test_sizes(void)
{
	static const Size kinds[] = {any_size, few_sizes, near_sizes, near_groups, extreme_sizes};
	static const guint64 counts[] = {0, 1, 2, 3, 15, 16, 17, 300, MOST};
	g_autoptr(GRand) random = g_rand_new_with_seed(3);
	double sizes[MOST];
	for (guint kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
		for (guint64 i = 0; i < MOST; i++)
			sizes[i] = kinds[kind](random, i);
		for (guint k = 0; k < G_N_ELEMENTS(counts); k++)
			check(sizes, counts[k], 1);
		check(sizes, 300, 4);
	}
}

static void test_descending(void)
{
	double sizes[100];
	for (guint i = 0; i < 100; i++)
		sizes[i] = 1 + ldexp(100 - i, -52);
	check(sizes, 100, 1);
	check(sizes, 16, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rank/sizes", test_sizes);
	g_test_add_func("/rank/descending", test_descending);
	return g_test_run();
}
