/* test_cut.c - exactly k above, as a full sort says, whatever is equal. */
#include "test.h"

#include "method/weighted.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
	double key;
	guint64 index;
} Entry;

static int compare(const void *a, const void *b)
{
	const Entry *x = a, *y = b;
	if (x->key != y->key)
		return x->key > y->key ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* The numbers in blocks, pass by pass, as the engine does it. */
static Cut find_cut(const double *keys, guint64 n, guint64 above, guint64 block, guint *passes)
{
	g_autoptr(CutSearch) search = cut_search_new(n, above);
	g_autofree CutPart *part = g_malloc(cut_part_bytes(block));
	for (*passes = 0; !cut_search_done(search); ++*passes) {
		for (guint64 at = 0; at < n; at += block) {
			cut_part_fill(part, search, keys + at, MIN(block, n - at), at, NULL);
			cut_search_add(search, part);
		}
		cut_search_end(search);
	}
	return cut_search_result(search);
}

/* Every element on the side of the cut where sorting puts it. */
static void check_cut(const double *keys, guint64 n, guint64 above, guint64 block)
{
	g_autofree Entry *sorted = g_new(Entry, n + 1);
	guint passes;
	Cut cut = find_cut(keys, n, above, block, &passes);
	for (guint64 i = 0; i < n; i++)
		sorted[i] = (Entry){keys[i], i};
	qsort(sorted, n, sizeof *sorted, compare);
	for (guint64 i = 0; i < n; i++)
		g_assert_cmpint(cut_above(&cut, sorted[i].key, sorted[i].index), ==, i < above);
	if (above > 0)
		g_assert_true(cut.key == sorted[above - 1].key);
	g_assert_cmpuint(passes, <=, 7);
}

static void check_all(const double *keys, guint64 n)
{
	const guint64 above[] = {0, 1, n / 5, n / 2, n - 1, n};
	for (gsize i = 0; i < G_N_ELEMENTS(above); i++) {
		check_cut(keys, n, above[i], 4096);
		check_cut(keys, n, above[i], 32768);
	}
}

static void test_few(void)
{
	const double keys[] = {3, -1, 3, 0, -0.0, 7, 3, -INFINITY, 0};
	for (guint64 above = 0; above <= G_N_ELEMENTS(keys); above++)
		for (guint64 block = 1; block <= 4; block++)
			check_cut(keys, G_N_ELEMENTS(keys), above, block);
}

static double *numbers(guint64 n, double (*number)(GRand *rand, guint64 i))
{
	GRand *rand = g_rand_new_with_seed(7);
	double *keys = g_new(double, n);
	for (guint64 i = 0; i < n; i++)
		keys[i] = number(rand, i);
	g_rand_free(rand);
	return keys;
}

static double spread(GRand *rand, guint64 i)
{
	(void)i;
	return g_rand_double_range(rand, -1, 1) * pow(10, g_rand_double_range(rand, -12, 3));
}

static double few_values(GRand *rand, guint64 i)
{
	(void)i;
	return g_rand_int_range(rand, -3, 4) * 0x1p-9;
}

static double one_value(GRand *rand, guint64 i)
{
	(void)rand;
	(void)i;
	return 0.1;
}

/* All within one bucket of the first digits. */
static double near_one(GRand *rand, guint64 i)
{
	(void)i;
	return 1 + g_rand_double(rand) * 0x1p-40;
}

static void test_many(gconstpointer data)
{
	guint64 n = 150001;
	g_autofree double *keys = numbers(n, (double (*)(GRand *, guint64))data);
	check_all(keys, n);
}

/* A number that stands for w is as good as w numbers. */
static void test_weighted(void)
{
	enum { N = 500 };
	GRand *rand = g_rand_new_with_seed(3);
	WeightedKey keys[N], again[N];
	double total = 0;
	for (guint i = 0; i < N; i++) {
		keys[i] = (WeightedKey){
			g_rand_int_range(rand, 0, 50), g_rand_int_range(rand, 1, 9), i};
		total += keys[i].weight;
	}
	g_rand_free(rand);
	for (double above = 0; above <= total; above += 97) {
		double weight = 0;
		memcpy(again, keys, sizeof keys);
		Cut cut = weighted_cut(again, N, above);
		for (guint i = 0; i < N; i++)
			if (cut_above(&cut, keys[i].key, keys[i].index))
				weight += keys[i].weight;
		g_assert_cmpfloat(fabs(weight - above), <=, 4.5);
	}
	memcpy(again, keys, sizeof keys);
	Cut all = weighted_cut(again, N, total);
	for (guint i = 0; i < N; i++)
		g_assert_true(cut_above(&all, keys[i].key, keys[i].index));
}

/* Less than half of what the largest stands for: none is above, and yet the cut is a number. */
static void test_weighted_end(void)
{
	WeightedKey keys[] = {{3, 10, 0}, {7, 10, 1}, {5, 10, 2}};
	Cut cut = weighted_cut(keys, G_N_ELEMENTS(keys), 1);
	g_assert_false(cut_above(&cut, 7, 1));
	g_assert_cmpfloat(fabs(cut.key - 7), <=, 1e-14);
	g_assert_true(isinf(weighted_cut(keys, G_N_ELEMENTS(keys), 0).key));
}

/* Of many numbers: those that a full sort puts above, to half a number. */
static void test_weighted_many(gconstpointer data)
{
	guint64 n = 20000;
	g_autofree double *numbers_drawn = numbers(n, (double (*)(GRand *, guint64))data);
	g_autofree WeightedKey *keys = g_new(WeightedKey, n);
	g_autofree Entry *sorted = g_new(Entry, n);
	for (guint64 i = 0; i < n; i++)
		sorted[i] = (Entry){numbers_drawn[i], i};
	qsort(sorted, n, sizeof *sorted, compare);
	for (double above = 1; above <= (double)n; above *= 3) {
		double weight = 0;
		guint64 last = 0;
		for (guint64 i = 0; i < n; i++)
			keys[i] = (WeightedKey){numbers_drawn[i], (double)(1 + i % 3) / 2, i};
		for (; last < n; last++) {
			double own = (double)(1 + sorted[last].index % 3) / 2;
			if (weight + own / 2 > above)
				break;
			weight += own;
		}
		Cut cut = weighted_cut(keys, n, above);
		for (guint64 i = 0; i < n; i++)
			g_assert_cmpint(
				cut_above(&cut, sorted[i].key, sorted[i].index), ==, i < last);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/cut/few", test_few);
	g_test_add_data_func("/cut/spread", (gconstpointer)spread, test_many);
	g_test_add_data_func("/cut/few-values", (gconstpointer)few_values, test_many);
	g_test_add_data_func("/cut/one-value", (gconstpointer)one_value, test_many);
	g_test_add_data_func("/cut/near-one", (gconstpointer)near_one, test_many);
	g_test_add_func("/cut/weighted", test_weighted);
	g_test_add_data_func("/cut/weighted/spread", (gconstpointer)spread, test_weighted_many);
	g_test_add_data_func(
		"/cut/weighted/few-values", (gconstpointer)few_values, test_weighted_many);
	g_test_add_data_func(
		"/cut/weighted/one-value", (gconstpointer)one_value, test_weighted_many);
	g_test_add_data_func("/cut/weighted/near-one", (gconstpointer)near_one, test_weighted_many);
	g_test_add_func("/cut/weighted-end", test_weighted_end);
	return g_test_run();
}
