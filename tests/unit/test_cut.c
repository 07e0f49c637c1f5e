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

/* What a search is told of the numbers before its first pass. */
typedef enum { GUESS_NONE, GUESS_FAIR, GUESS_LARGEST, GUESS_SMALLEST, GUESS_OTHER } Guess;
#define RUN 64u

/* A sample in runs: from everywhere, or of what stands first or last, or of other numbers. */
static void guess_cut(CutSearch *search, const double *keys, guint64 n, Guess guess)
{
	enum { RUNS = 24 };
	double sample[RUNS * RUN];
	if (n < G_N_ELEMENTS(sample) || !cut_search_wants_guess(search))
		return;
	for (guint i = 0; i < RUNS; i++)
		for (guint k = 0; k < RUN; k++) {
			guint64 at = n / RUNS * i + k;
			sample[i * RUN + k] = guess == GUESS_OTHER      ? (double)(at % 7) - 1e5
					      : guess == GUESS_LARGEST  ? fabs(keys[at]) * 3 + 2
					      : guess == GUESS_SMALLEST ? -fabs(keys[at]) * 3 - 2
									: keys[at];
		}
	cut_search_guess(search, sample, G_N_ELEMENTS(sample), RUN);
	g_assert_false(cut_search_wants_guess(search));
}

/* One pass: blocks are added in pieces, and left out where nothing of them is wanted. */
static void run_pass(CutSearch *search, CutPart *part, const double *keys, guint64 n, guint64 block)
{
	for (guint64 at = 0; at < n; at += block) {
		guint64 count = MIN(block, n - at), half = count / 2;
		if (!cut_search_wants(search, at, count))
			continue;
		cut_part_clear(part, search);
		cut_part_fill(part, search, keys + at, half, at);
		cut_part_fill(part, search, keys + at + half, count - half, at + half);
		cut_search_add(search, part);
	}
	cut_search_end(search);
}

/* The numbers in blocks, pass by pass, as the engine does it. */
static Cut find_cut(
	const double *keys, guint64 n, guint64 above, guint64 block, Guess guess, guint *passes)
{
	g_autoptr(CutSearch) search = cut_search_new(n, above);
	g_autofree CutPart *part = g_malloc(cut_part_bytes(block));
	if (guess != GUESS_NONE)
		guess_cut(search, keys, n, guess);
	for (*passes = 0; !cut_search_done(search); ++*passes)
		run_pass(search, part, keys, n, block);
	return cut_search_result(search);
}

/* Every element on the side of the cut where sorting puts it. */
static guint check_cut(const double *keys, const Entry *sorted, guint64 n, guint64 above,
	guint64 block, Guess guess)
{
	guint passes;
	Cut cut = find_cut(keys, n, above, block, guess, &passes);
	for (guint64 i = 0; i < n; i++)
		g_assert_cmpint(cut_above(&cut, sorted[i].key, sorted[i].index), ==, i < above);
	if (above > 0)
		g_assert_true(cut.key == sorted[above - 1].key);
	return passes;
}

static Entry *sorted_of(const double *keys, guint64 n)
{
	Entry *sorted = g_new(Entry, n + 1);
	for (guint64 i = 0; i < n; i++)
		sorted[i] = (Entry){keys[i], i};
	qsort(sorted, n, sizeof *sorted, compare);
	return sorted;
}

/* With a fair guess few passes are enough; no guess makes the answer another, nor many more. */
static void check_all(const double *keys, guint64 n)
{
	const guint64 above[] = {0, 1, 2, n / 5, n / 2, n / 10 * 9, n - 1, n};
	g_autofree Entry *sorted = sorted_of(keys, n);
	for (gsize i = 0; i < G_N_ELEMENTS(above); i++) {
		check_cut(keys, sorted, n, above[i], 4096, GUESS_NONE);
		for (Guess guess = GUESS_NONE; guess <= GUESS_OTHER; guess++) {
			guint passes = check_cut(keys, sorted, n, above[i], 32768, guess);
			g_assert_cmpuint(passes, <=, guess == GUESS_FAIR ? 3 : 8);
		}
	}
}

static void test_few(void)
{
	const double keys[] = {3, -1, 3, 0, -0.0, 7, 3, -INFINITY, 0};
	g_autofree Entry *sorted = sorted_of(keys, G_N_ELEMENTS(keys));
	for (guint64 above = 0; above <= G_N_ELEMENTS(keys); above++)
		for (guint64 block = 1; block <= 4; block++)
			g_assert_cmpuint(check_cut(keys, sorted, G_N_ELEMENTS(keys), above, block,
						 GUESS_NONE),
				<=, 1);
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

/* Tails without a mean. */
static double heavy_tails(GRand *rand, guint64 i)
{
	(void)i;
	return tan(G_PI * (g_rand_double(rand) - 0.5));
}

/* Most are 0, of either sign, and all others in one place. */
static double mostly_zero(GRand *rand, guint64 i)
{
	return i / 20000 == 3 ? g_rand_double(rand) : i % 2 ? -0.0 : 0;
}

/* The later, the larger. */
static double ascending(GRand *rand, guint64 i)
{
	(void)rand;
	return (double)i;
}

/* One of many values equals a third of them, as differences of coarse numbers do. */
static double one_in_three(GRand *rand, guint64 i)
{
	return i % 3 ? g_rand_double(rand) : 0.5;
}

static double on_a_grid(GRand *rand, guint64 i)
{
	(void)i;
	return g_rand_int_range(rand, 0, 4000) * 0x1p-12;
}

/* A few lie between the others. */
static double near_a_grid(GRand *rand, guint64 i)
{
	return i % 50 ? on_a_grid(rand, i) : g_rand_double(rand);
}

static void test_many(gconstpointer data)
{
	guint64 n = 150001;
	g_autofree double *keys = numbers(n, (double (*)(GRand *, guint64))data);
	check_all(keys, n);
}

/* One pass to know the key, and one over no more than so many blocks to find the last above. */
static void check_two_passes(double (*number)(GRand *rand, guint64 i), guint64 most)
{
	guint64 n = 2000001, wanted = 0;
	g_autofree double *keys = numbers(n, number);
	g_autofree Entry *sorted = sorted_of(keys, n);
	g_autoptr(CutSearch) search = cut_search_new(n, n / 2);
	g_autofree CutPart *part = g_malloc(cut_part_bytes(512));
	guess_cut(search, keys, n, GUESS_FAIR);
	run_pass(search, part, keys, n, 512);
	g_assert_false(cut_search_done(search));
	for (guint64 at = 0; at < n; at += 512)
		wanted += cut_search_wants(search, at, 512) ? 1 : 0;
	g_assert_cmpuint(wanted, <=, most);
	run_pass(search, part, keys, n, 512);
	g_assert_true(cut_search_done(search));
	Cut cut = cut_search_result(search);
	g_assert_true(cut.key == sorted[n / 2 - 1].key && cut.index == sorted[n / 2 - 1].index);
}

/* A value that many equal is matched, in a thousand groups. */
static void test_matched(void)
{
	check_two_passes(few_values, 5);
}

/* A window of many values that many equal is tallied, in 32 groups. */
static void test_tallied(void)
{
	check_two_passes(on_a_grid, 2000001 / 512 / 32 + 2);
}

/* Numbers that become others between two passes: some answer, and soon. */
static void test_changing(void)
{
	double (*const kinds[])(GRand *, guint64) = {
		spread, few_values, one_value, near_one, on_a_grid};
	guint64 n = 600001;
	g_autofree CutPart *part = g_malloc(cut_part_bytes(32768));
	for (guint i = 0; i < 100; i++) {
		g_autofree double *before = numbers(n, kinds[i % 5]);
		g_autofree double *after = numbers(n, kinds[i / 5 % 5]);
		g_autoptr(CutSearch) search = cut_search_new(n, i < 50 ? n / 5 : n - 1);
		if (i / 25 % 2)
			guess_cut(search, before, n, GUESS_FAIR);
		run_pass(search, part, before, n, 32768);
		for (guint pass = 1; !cut_search_done(search); pass++) {
			g_assert_cmpuint(pass, <=, 16);
			run_pass(search, part, after, n, 32768);
		}
	}
}

static double zero_or_less(GRand *rand, guint64 i)
{
	return i % 2 ? -g_rand_double(rand) : 0;
}

/* A sample of 0 alone, and a cut below: 0 itself is in no range that ends before it. */
static void test_below_zero(void)
{
	guint64 n = 150001, above = n / 10 * 9;
	const double sample[4 * RUN] = {0};
	g_autofree double *keys = numbers(n, zero_or_less);
	g_autofree Entry *sorted = sorted_of(keys, n);
	g_autoptr(CutSearch) search = cut_search_new(n, above);
	g_autofree CutPart *part = g_malloc(cut_part_bytes(4096));
	cut_search_guess(search, sample, G_N_ELEMENTS(sample), RUN);
	for (guint pass = 0; pass < 8 && !cut_search_done(search); pass++)
		run_pass(search, part, keys, n, 4096);
	g_assert_true(cut_search_done(search));
	Cut cut = cut_search_result(search);
	g_assert_true(cut.key == sorted[above - 1].key && cut.index == sorted[above - 1].index);
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
	g_test_add_data_func("/cut/heavy-tails", (gconstpointer)heavy_tails, test_many);
	g_test_add_data_func("/cut/mostly-zero", (gconstpointer)mostly_zero, test_many);
	g_test_add_data_func("/cut/ascending", (gconstpointer)ascending, test_many);
	g_test_add_data_func("/cut/one-in-three", (gconstpointer)one_in_three, test_many);
	g_test_add_data_func("/cut/on-a-grid", (gconstpointer)on_a_grid, test_many);
	g_test_add_data_func("/cut/near-a-grid", (gconstpointer)near_a_grid, test_many);
	g_test_add_func("/cut/matched", test_matched);
	g_test_add_func("/cut/tallied", test_tallied);
	g_test_add_func("/cut/changing", test_changing);
	g_test_add_func("/cut/below-zero", test_below_zero);
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
