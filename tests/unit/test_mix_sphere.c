/* test_mix_sphere.c - mixes along a sphere: where their ways lead, how fast, and how they end. */
#include "vectors.h"

#include <string.h>

static void slerp_at(const Fixture *fixture, const Vectors *vectors, double t, double *out)
{
	g_autofree char *text = g_strdup_printf("slerp(a, b, t=%.17g)", t);
	value_of(fixture, text, vectors, out);
}

/* The ends, a constant angular speed and the unit norm all the way. */
static void test_slerp_speed(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors vectors = random_vectors(5, 1);
	double *a = vectors.v[1], *b = vectors.v[2], out[ELEMENTS];
	double norm_a = norm_of(a, ELEMENTS), norm_b = norm_of(b, ELEMENTS);
	for (guint k = 0; k < ELEMENTS; k++) {
		a[k] /= norm_a;
		b[k] /= norm_b;
	}
	double whole = acos(dot(a, b, ELEMENTS));
	for (guint step = 0; step <= 16; step++) {
		slerp_at(fixture, &vectors, step / 16.0, out);
		double turned = atan2(
			sqrt(fmax(0, 1 - pow(dot(a, out, ELEMENTS), 2))), dot(a, out, ELEMENTS));
		g_assert_cmpfloat_with_epsilon(norm_of(out, ELEMENTS), 1, 1e-14);
		g_assert_cmpfloat_with_epsilon(turned, step / 16.0 * whole, 1e-7);
	}
	slerp_at(fixture, &vectors, 0, out);
	g_assert_cmpint(memcmp(out, a, sizeof out), ==, 0);
	slerp_at(fixture, &vectors, 1, out);
	g_assert_cmpint(memcmp(out, b, sizeof out), ==, 0);
}

/* Of two, the mean on the sphere lies half way. */
static void test_karcher_midpoint(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors vectors = plane(1, 0, cos(2.5), sin(2.5));
	double mean[2], half[2];
	value_of(fixture, "karcher(a, b)", &vectors, mean);
	slerp_at(fixture, &vectors, 0.5, half);
	for (guint k = 0; k < 2; k++)
		g_assert_cmpfloat_with_epsilon(mean[k], half[k], 1e-14);
	g_assert_cmpfloat_with_epsilon(mean[0], cos(1.25), 1e-14);
}

/* At the mean, what leads to the vectors sums to 0. */
static void test_karcher_gradient(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors vectors = random_vectors(6, 1);
	double mean[ELEMENTS];
	Real unit[ELEMENTS], vector[ELEMENTS], sum[ELEMENTS] = {0}, length = 0;
	value_of(fixture, "karcher(a, b, c, d, e)", &vectors, mean);
	for (guint k = 0; k < ELEMENTS; k++)
		unit[k] = mean[k] / (Real)norm_of(mean, ELEMENTS);
	for (guint i = 1; i <= MIX_INPUTS; i++) {
		for (guint k = 0; k < ELEMENTS; k++)
			vector[k] = vectors.v[i][k];
		add_log(unit, vector, 1, ELEMENTS, sum);
		length += vector_norm(vector, ELEMENTS) / MIX_INPUTS;
	}
	g_assert_cmpfloat((double)vector_norm(sum, ELEMENTS), <, 1e-11);
	g_assert_cmpfloat_with_epsilon(norm_of(mean, ELEMENTS), (double)length, 1e-13);
}

/* A weight below 0 means the opposite direction, whatever is divided by. */
static void test_multislerp_negation(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors vectors = plane(3, 0, 0, 3);
	double out[2];
	value_of(fixture, "multislerp(-a)", &vectors, out);
	g_assert_cmpfloat_with_epsilon(out[0], -3, 1e-7);
	value_of(fixture, "multislerp(-2*a, normalize=no)", &vectors, out);
	g_assert_cmpfloat_with_epsilon(out[0], -6, 1e-7);
	value_of(fixture, "multislerp(a, -b)", &vectors, out);
	g_assert_cmpfloat_with_epsilon(out[0], 3 * G_SQRT2 / 2, 1e-7);
	g_assert_cmpfloat_with_epsilon(out[1], -3 * G_SQRT2 / 2, 1e-7);
	value_of(fixture, "multislerp(-a, normalize=no, of=weights)", &vectors, out);
	g_assert_cmpfloat_with_epsilon(out[0], -4 - 1, 1e-7);
	value_of(fixture, "multislerp(-a, dialect=mergekit, of=changes)", &vectors, out);
	g_assert_cmpfloat_with_epsilon(out[0], 3, 1e-7);
}

/* Vectors much shorter than the ε of multislerp are not opposite; of two mergekit goes straight. */
static void test_short_vectors(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const struct {
		const char *text;
		double bx, by, x, y;
	} rows[] = {
		{"multislerp(a)", 0, 0, 3, 4},
		{"multislerp(a, dialect=mergekit, of=changes)", 0, 0, 3, 4},
		{"multislerp(a, b)", -4, 3, -G_SQRT2 / 2, 3.5 * G_SQRT2},
		{"multislerp(a, b, dialect=mergekit, of=changes)", -4, 3, -0.5, 3.5},
		{"multislerp(a, b, c, dialect=mergekit, of=changes)", 3, 4, 2, 8.0 / 3},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		Vectors vectors = plane(3e-30, 4e-30, rows[i].bx * 1e-30, rows[i].by * 1e-30);
		double out[2];
		value_of(fixture, rows[i].text, &vectors, out);
		g_assert_cmpfloat_with_epsilon(out[0] * 1e30, rows[i].x, 1e-9);
		g_assert_cmpfloat_with_epsilon(out[1] * 1e30, rows[i].y, 1e-9);
	}
}

/* With a tolerance that rounding never reaches the search ends all the same, at once. */
static void test_karcher_ends(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors vectors = {2, {{1, 2}, {3, 4}, {-1, 8}, {5, 0.3}}};
	double near[2], out[2];
	value_of(fixture, "karcher(a, b, c)", &vectors, near);
	g_test_timer_start();
	value_of(fixture, "karcher(a, b, c, tol=0, max_iter=1000000)", &vectors, out);
	g_assert_cmpfloat(g_test_timer_elapsed(), <, 0.1);
	g_assert_cmpfloat_with_epsilon(out[0], near[0], 1e-12);
	g_assert_cmpfloat_with_epsilon(out[1], near[1], 1e-12);
}

/* Of three on one line mergekit's mean goes the way of two: the tangent to the third is 0. */
static void test_karcher_outvoted(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors vectors = {2, {{1, 2}, {3, 4}, {-6, -8}, {3, 4}}};
	double out[2];
	value_of(fixture, "karcher(a, b, c, dialect=mergekit, of=changes)", &vectors, out);
	g_assert_cmpfloat_with_epsilon(out[0], 4, 1e-12);
	g_assert_cmpfloat_with_epsilon(out[1], 16.0 / 3, 1e-12);
}

#define ADD(path, function) g_test_add(path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("/mix-sphere/slerp/speed", test_slerp_speed);
	ADD("/mix-sphere/karcher/midpoint", test_karcher_midpoint);
	ADD("/mix-sphere/karcher/gradient", test_karcher_gradient);
	ADD("/mix-sphere/karcher/ends", test_karcher_ends);
	ADD("/mix-sphere/karcher/outvoted", test_karcher_outvoted);
	ADD("/mix-sphere/multislerp/short", test_short_vectors);
	ADD("/mix-sphere/multislerp/negation", test_multislerp_negation);
	return g_test_run();
}
