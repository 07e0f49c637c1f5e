/* test_bench.c - the bench's own arithmetic: medians, verdicts, and the noise whose cosines are
 * said to be known. */
#include "test.h"

#include "../bench/noise.h"
#include "../bench/table.h"

#include <math.h>

#define ELEMENTS 65536u

static void test_median(void)
{
	g_auto(Series) series = {0};
	g_assert_true(isnan(series_median(&series)));
	series_append(&series, 7);
	g_assert_cmpfloat(series_median(&series), ==, 7);
	series_append(&series, 1);
	g_assert_cmpfloat(series_median(&series), ==, 4);
	series_append(&series, 2);
	g_assert_cmpfloat(series_median(&series), ==, 2);
	g_assert_cmpfloat(g_array_index(series.seconds, double, 0), ==, 7);
}

static void test_sum(void)
{
	g_auto(Series) one = {0}, other = {0};
	const double runs[] = {1, 10, 2, 3};
	for (guint i = 0; i < 2; i++) {
		series_append(&one, runs[i]);
		series_append(&other, runs[2 + i]);
	}
	series_add(&one, &other);
	series_scale(&one, 10);
	g_assert_cmpfloat(series_median(&one), ==, (30 + 130) / 2.0);
}

static void test_command(void)
{
	g_autoptr(GError) error = NULL;
	g_auto(Series) series = {0};
	const char *sleep[] = {"sh", "-c", "sleep 0.05; echo slept", NULL};
	const char *fails[] = {"sh", "-c", "echo why >&2; exit 3", NULL};
	g_assert_true(measure_once(&(Command){.argv = sleep, .heard = TRUE}, &series, &error));
	g_assert_cmpfloat(series_median(&series), >=, 0.05);
	g_assert_cmpstr(series.output, ==, "slept\n");
	g_assert_cmpfloat(series.peak, >, 0.1);
	g_assert_true(measure_once(&(Command){.argv = sleep}, &series, &error));
	g_assert_null(series.output);
	g_assert_false(measure_once(&(Command){.argv = fails}, &series, &error));
	test_error(error, ERROR_IO, "sh ended with status 3: why");
}

static void test_verdict(void)
{
	g_autoptr(Row) row = row_new("section", "row");
	g_assert_cmpint(row_verdict(row), ==, VERDICT_NONE);
	row_value(row, 3, "s");
	row_against_value(row, "another", 2);
	g_assert_cmpfloat(row_ratio(row), ==, 1.5);
	g_assert_cmpint(row_verdict(row), ==, VERDICT_NONE);
	row->ratio_most = 1.5;
	g_assert_cmpint(row_verdict(row), ==, VERDICT_MET);
	row->value_most = 2.9;
	g_assert_cmpint(row_verdict(row), ==, VERDICT_NOT_MET);
	row->value_most = 3;
	row->ratio_most = 1.4;
	g_assert_cmpint(row_verdict(row), ==, VERDICT_NOT_MET);
	row->wrong = TRUE;
	g_assert_cmpint(row_verdict(row), ==, VERDICT_WRONG);
}

/* The task vector that a task would have, exactly. */
static double *task_vector(const Noise *noise, guint task)
{
	double *own = g_new(double, ELEMENTS);
	g_autofree double *zero = g_new0(double, ELEMENTS);
	g_autofree double *shared = g_new(double, ELEMENTS);
	noise_draw(noise_own(task), "w", 0, ELEMENTS, own);
	noise_draw(noise_shared(noise_group(noise, task)), "w", 0, ELEMENTS, shared);
	noise_add(noise, task, zero, shared, ELEMENTS, own);
	return own;
}

static double product(const double *a, const double *b)
{
	double sum = 0;
	for (guint i = 0; i < ELEMENTS; i++)
		sum += a[i] * b[i];
	return sum;
}

/* What the patterns promise of tasks 1 to 6, written out. */
static void test_cosines(void)
{
	const double expected[NOISE_PATTERNS][3] = {
		{0.5, 0.5, 0.5}, {0.5, 0, 0}, {-0.5, 0.5, -0.5}};
	for (guint pattern = 0; pattern < NOISE_PATTERNS; pattern++) {
		Noise noise = {(NoisePattern)pattern, 0.5};
		const guint others[] = {2, 5, 6};
		g_autofree double *first = task_vector(&noise, 1);
		for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
			g_autofree double *other = task_vector(&noise, others[i]);
			double cosine = product(first, other) /
					sqrt(product(first, first) * product(other, other));
			g_assert_cmpfloat_with_epsilon(
				cosine, expected[pattern][i], 6 / sqrt(ELEMENTS));
			g_assert_cmpfloat(
				noise_cosine(&noise, 1, others[i]), ==, expected[pattern][i]);
		}
		double norm = sqrt(product(first, first) / ELEMENTS);
		g_assert_cmpfloat_with_epsilon(norm / NOISE_TASK, 1, 6 / sqrt(ELEMENTS));
	}
}

/* A block by itself has the elements that it has in the whole. */
static void test_blocks(void)
{
	double whole[64], part[10];
	noise_draw(noise_own(3), "w", 0, G_N_ELEMENTS(whole), whole);
	noise_draw(noise_own(3), "w", 20, G_N_ELEMENTS(part), part);
	for (guint i = 0; i < G_N_ELEMENTS(part); i++)
		g_assert_cmpfloat(part[i], ==, whole[20 + i]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	measure_begin();
	g_test_add_func("/bench/median", test_median);
	g_test_add_func("/bench/sum", test_sum);
	g_test_add_func("/bench/command", test_command);
	g_test_add_func("/bench/verdict", test_verdict);
	g_test_add_func("/bench/cosines", test_cosines);
	g_test_add_func("/bench/blocks", test_blocks);
	return g_test_run();
}
