/* test_mix.c - methods that are mixes: their factors, from inner products alone, make what the
 * formulas make of every element; and what they say where there is no answer. */
#include "vectors.h"

#include "edit/linear.h"

#include <string.h>

/* Apart by at most `tolerance` of the largest element. */
static void assert_near(
	const char *text, const double *found, const Real *expected, guint n, double tolerance)
{
	double largest = 0, worst = 0;
	for (guint k = 0; k < n; k++) {
		largest = fmax(largest, (double)fabsl(expected[k]));
		worst = fmax(worst, (double)fabsl(expected[k] - found[k]));
	}
	g_test_message("%s: %g apart", text, worst / largest);
	if (!(worst <= tolerance * largest))
		g_error("%s: %g from %g", text, worst, largest);
}

static void check_row(
	const Fixture *fixture, const MixRow *row, const Vectors *vectors, double tolerance)
{
	double found[ELEMENTS];
	Real real[1 + MIX_INPUTS][ELEMENTS], expected[ELEMENTS];
	const Real *changes[MIX_INPUTS];
	for (guint i = 0; i <= MIX_INPUTS; i++)
		for (guint k = 0; k < vectors->n; k++)
			real[i][k] = vectors->v[i][k];
	for (guint i = 0; i < MIX_INPUTS; i++)
		changes[i] = real[i + 1];
	value_of(fixture, row->text, vectors, found);
	mix_expected(row, real[0], changes, vectors->n, expected);
	assert_near(row->text, found, expected, vectors->n, tolerance);
}

static void test_formulas(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors large = random_vectors(1, 1), small = random_vectors(2, 0.05);
	for (guint i = 0; i < G_N_ELEMENTS(mix_rows); i++) {
		check_row(fixture, &mix_rows[i], &large, 1e-11); /* karcher stops at 1e-12 */
		check_row(fixture, &mix_rows[i], &small, 1e-11);
	}
}

/* Changes that are a millionth of the weights keep nine digits, and between two of them twelve,
 * though the models are all but parallel. */
static void test_tiny_changes(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors tiny = random_vectors(3, 1e-6);
	for (guint i = 0; i < G_N_ELEMENTS(mix_rows); i++) {
		gboolean slerp = g_str_has_prefix(mix_rows[i].text, "slerp");
		if (!mix_rows[i].mergekit && !strstr(mix_rows[i].text, "clip") &&
			!strstr(mix_rows[i].text, "eps"))
			check_row(fixture, &mix_rows[i], &tiny, slerp ? 1e-12 : 1e-9);
	}
}

/* Changes that are nearly the same: what differs is a millionth of them.  Their span is not looked
 * at: directions that are a millionth count as none. */
static void test_near_parallel(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors vectors = random_vectors(4, 1);
	for (guint i = 2; i <= MIX_INPUTS; i++)
		for (guint k = 0; k < ELEMENTS; k++)
			vectors.v[i][k] = vectors.v[1][k] + 1e-6 * vectors.v[i][k];
	for (guint i = 0; i < G_N_ELEMENTS(mix_rows); i++)
		if (!mix_rows[i].mergekit && !strstr(mix_rows[i].text, "orthogonal") &&
			!strstr(mix_rows[i].text, "project"))
			check_row(fixture, &mix_rows[i], &vectors, 1e-9);
}

/* All but opposite, by 1e-5: of its square, 1e-10, inner products keep six digits. */
static void test_near_opposite(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors vectors = random_vectors(9, 1);
	for (guint k = 0; k < ELEMENTS; k++)
		vectors.v[2][k] = 1e-5 * vectors.v[2][k] - vectors.v[1][k];
	for (guint i = 0; i < G_N_ELEMENTS(mix_rows); i++)
		if (!mix_rows[i].mergekit && !mix_rows[i].weights &&
			strstr(mix_rows[i].text, "slerp(") && mix_rows[i].inputs == 2)
			check_row(fixture, &mix_rows[i], &vectors, 1e-5);
}

/* Three changes with the same angle between each two: the cosine is 0.5, the ratio 3/4; wider than
 * right angles nothing is left. */
static void test_stock(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors vectors = {3, {{1, 1, 1}, {1, 1, 0}, {1, 0, 1}, {0, 1, 1}}};
	double out[3];
	value_of(fixture, "stock(a, b, c)", &vectors, out);
	for (guint k = 0; k < 3; k++)
		g_assert_cmpfloat_with_epsilon(out[k], 0.75 * 2 / 3, 1e-14);
	vectors = plane(1, 0, -1, 1);
	value_of(fixture, "stock(a, b)", &vectors, out);
	g_assert_true(out[0] == 0 && out[1] == 0);
	value_of(fixture, "stock(a, b, dialect=mergekit)", &vectors, out);
	double c = -G_SQRT2 / 2;
	g_assert_cmpfloat_with_epsilon(out[1], 2 * c / (1 + c) / 2, 1e-14);
	vectors = plane(1e-4, 0, 1e-4, 0);
	value_of(fixture, "stock(a, b)", &vectors, out);
	g_assert_cmpfloat_with_epsilon(out[0], 1e-4, 1e-18);
	value_of(fixture, "stock(a, b, dialect=mergekit)", &vectors, out);
	g_assert_cmpfloat_with_epsilon(out[0], 2 * 0.01 / 1.01 * 1e-4, 1e-18);
}

/* What is left has nothing along the others, also where these depend on each other; and what is
 * taken away is taken away whole. */
static void test_orthogonal(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors vectors = random_vectors(7, 1);
	double rest[ELEMENTS], along[ELEMENTS], again[ELEMENTS];
	for (guint k = 0; k < ELEMENTS; k++) {
		vectors.v[3][k] *= 1e-7;
		vectors.v[4][k] = 2 * vectors.v[2][k] - 3e6 * vectors.v[3][k];
		vectors.v[5][k] = 0;
	}
	value_of(fixture, "orthogonal(a, b, c, d, e)", &vectors, rest);
	value_of(fixture, "project(a, b, c, d, e)", &vectors, along);
	for (guint i = 2; i <= 4; i++)
		g_assert_cmpfloat(fabs(dot(rest, vectors.v[i], ELEMENTS)), <,
			1e-12 * norm_of(rest, ELEMENTS) * norm_of(vectors.v[i], ELEMENTS));
	for (guint k = 0; k < ELEMENTS; k++)
		g_assert_cmpfloat_with_epsilon(rest[k] + along[k], vectors.v[1][k], 1e-14);
	memcpy(vectors.v[1], along, sizeof along);
	value_of(fixture, "project(a, b, c, d, e)", &vectors, again);
	for (guint k = 0; k < ELEMENTS; k++)
		g_assert_cmpfloat_with_epsilon(again[k], along[k], 1e-13);
}

/* Two that are all but parallel, and a span that holds the vector. */
static void test_orthogonal_near(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors vectors = random_vectors(8, 1);
	double rest[ELEMENTS];
	for (guint k = 0; k < ELEMENTS; k++)
		vectors.v[3][k] = vectors.v[2][k] + 1e-4 * vectors.v[3][k];
	value_of(fixture, "orthogonal(a, b, c)", &vectors, rest);
	for (guint i = 2; i <= 3; i++)
		g_assert_cmpfloat(fabs(dot(rest, vectors.v[i], ELEMENTS)), <,
			1e-11 * norm_of(rest, ELEMENTS) * norm_of(vectors.v[i], ELEMENTS));
	memcpy(vectors.v[1], vectors.v[2], sizeof rest);
	value_of(fixture, "orthogonal(a, b, c)", &vectors, rest);
	g_assert_cmpfloat(norm_of(rest, ELEMENTS), <, 1e-11 * norm_of(vectors.v[1], ELEMENTS));
}

/* Of the many combinations of the same vectors, the one with the smallest factors. */
static void test_orthogonal_twice(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (guint32 seed = 10; seed < 20; seed++) {
		g_autoptr(GError) error = NULL;
		Vectors vectors = random_vectors(seed, 1);
		double factor[1 + MIX_INPUTS];
		memcpy(vectors.v[3], vectors.v[2], sizeof vectors.v[3]);
		memcpy(vectors.v[5], vectors.v[4], sizeof vectors.v[5]);
		ask(fixture, "orthogonal(a, b, c, d, e)", &vectors, factor, &error);
		test_no_error(error);
		g_assert_cmpfloat_with_epsilon(factor[2], factor[3], 1e-12);
		g_assert_cmpfloat_with_epsilon(factor[4], factor[5], 1e-12);
	}
}

/* Alone between bounds, both of which count. */
static void test_clip(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Vectors vectors = plane(3, 4, 0, 0); /* of norm 5; the base has √5 */
	double out[2];
	value_of(fixture, "clip(a, norm=2.5)", &vectors, out);
	g_assert_cmpfloat_with_epsilon(out[0], 1.5, 1e-15);
	value_of(fixture, "clip(a, norm=2.5, relative=0.1)", &vectors, out);
	g_assert_cmpfloat_with_epsilon(norm_of(out, 2), 0.1 * sqrt(5), 1e-15);
	value_of(fixture, "clip(a, norm=0)", &vectors, out);
	g_assert_true(out[0] == 0 && out[1] == 0);
	vectors = plane(0, 0, 0, 0);
	value_of(fixture, "clip(a, norm=0)", &vectors, out);
	g_assert_true(out[0] == 0 && out[1] == 0);
}

/* The scale rises from the first numbered layer to the last; outside it is that of the first. */
static void test_lines(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	static const double alone[] = {0.4, 0.55, 0.7, 0.85, 1, 0.4, 0.4};
	g_autoptr(Node) edit = expression_parse(fixture->collection, "lines(a, alpha=0.4)", &error);
	test_no_error(error);
	g_autoptr(Node) given =
		expression_parse(fixture->collection, "lines(a, alpha=0.4, beta=2)", &error);
	test_no_error(error);
	for (guint tensor = 0; tensor < G_N_ELEMENTS(alone); tensor++) {
		double c[16] = {0};
		linear_coefficients(fixture->collection, edit, tensor, c);
		g_assert_cmpfloat_with_epsilon(c[1], alone[tensor], 1e-15);
		linear_coefficients(fixture->collection, given, tensor, c);
		g_assert_cmpfloat_with_epsilon(c[1], 0.4 + (alone[tensor] - 0.4) / 0.6 * 2, 1e-14);
	}
}

/* Where an input is 0 on a domain there is still an answer. */
static void test_zero_norms(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const struct {
		const char *text;
		double ax, ay, x, y;
	} rows[] = {
		{"slerp(a, b, t=0.25)", 2, 4, 1.5, 3},
		{"slerp(a, b, t=0.25)", 0, 0, 0, 0},
		{"slerp(a, b, t=0.5, dialect=mergekit, of=changes)", 2, 4, G_SQRT2, 2 * G_SQRT2},
		{"nuslerp(a, 3*b)", 2, 4, 0.5, 1},
		{"nuslerp(a, b, dialect=mergekit)", 2, 4, G_SQRT2, 2 * G_SQRT2},
		{"multislerp(a, b)", 2, 4, 1, 2},
		{"multislerp(a, b)", 0, 0, 0, 0},
		{"multislerp(a, b, c, dialect=mergekit, of=changes)", 0, 0, 0, 0},
		{"karcher(a, b)", 2, 4, 1, 2},
		{"karcher(a, b)", 0, 0, 0, 0},
		{"stock(a, b)", 2, 4, 0, 0},
		{"stock(a, b, dialect=mergekit)", 0, 0, 0, 0},
		{"orthogonal(a, b)", 2, 4, 2, 4},
		{"orthogonal(a, b, c)", 0, 0, 0, 0},
		{"project(a, b, by=tensor)", 2, 4, 0, 0},
		{"match_norm(a, b)", 2, 4, 0, 0},
		{"match_norm(a, b)", 0, 0, 0, 0},
		{"clip(a, relative=1)", 0, 0, 0, 0},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		Vectors vectors = plane(rows[i].ax, rows[i].ay, 0, 0);
		double out[2];
		value_of(fixture, rows[i].text, &vectors, out);
		if (fabs(out[0] - rows[i].x) > 1e-7 || fabs(out[1] - rows[i].y) > 1e-7)
			g_error("%s: %g, %g", rows[i].text, out[0], out[1]);
	}
}

/* Whole models where nothing changes: no change, to the last bit. */
static void test_unchanged(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const char *const texts[] = {"slerp(a, b, t=0.3, of=weights)",
		"slerp(a, t=0.7, of=weights)", "slerp(a, b, t=0.1, dialect=mergekit)",
		"nuslerp(a, 0.7*b, of=weights)", "average(0.1*a, 0.7*b, 0.3*c)"};
	Vectors vectors = plane(0, 0, 0, 0);
	double out[2];
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		value_of(fixture, texts[i], &vectors, out);
		g_assert_true(out[0] == 0 && out[1] == 0);
	}
	value_of(fixture, "karcher(a, b, c, of=weights)", &vectors, out);
	g_assert_cmpfloat(fabs(out[0]), <, 1e-14);
	value_of(fixture, "multislerp(a, b, c, of=weights)", &vectors, out);
	g_assert_cmpfloat(fabs(out[0]), <, 1e-14);
}

/* Where there is no answer: why, and what to do. */
static void test_refusals(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const struct {
		const char *text;
		double ax, ay, bx, by;
		const char *says;
	} rows[] = {
		{"slerp(a, b, t=0.5)", 1, 2, -2, -4, "opposite directions"},
		{"slerp(a, b, t=0.5)", 1, 2, -2, -4, "take a sum or a mean"},
		{"nuslerp(a, b)", 1, 2, -1, -2, "opposite directions"},
		{"nuslerp(a, b, along=row)", 1, 2, -1, -2, "tensor blocks.0.attn.q.weight"},
		{"nuslerp(a, -b)", 1, 2, 2, 2, "the weights sum to 0"},
		{"nuslerp(-a, -2*b)", 1, 2, 2, 2, "turn every sign round"},
		{"multislerp(a, b)", 1, 2, -1, -2, "opposite vectors have no mean direction"},
		{"multislerp(a, -b)", 1, 2, 1, 2, "leave one of them out"},
		{"multislerp(0*a, 0*b)", 1, 2, 1, 2, "normalize=no"},
		{"multislerp(a, -b, of=weights)", 1, 2, 1, 2, "the weights sum to 0"},
		{"multislerp(a, -b, dialect=mergekit)", 1, 2, 1, 2, "the weights sum to 0"},
		{"multislerp(a, b, c, dialect=mergekit, of=changes)", 1, 2, -1, -2, "opposite"},
		{"karcher(a, b)", 1, 2, -3, -6, "opposite vectors have no mean direction"},
		{"karcher(a, b, dialect=mergekit, of=changes)", 1, 2, -3, -6, "opposite"},
		{"stock(a, b, dialect=mergekit)", 1, 2, -1, -2, "use dialect=paper"},
		{"project(a, b)", 1, 2, 0, 0, "nothing to project on"},
		{"match_norm(a, b)", 0, 0, 1, 2, "by=tensor"},
		{"clip(a, norm=1)", 1e200, 0, 0, 0, "finite"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		Vectors vectors = plane(rows[i].ax, rows[i].ay, rows[i].bx, rows[i].by);
		double factor[1 + MIX_INPUTS];
		if (ask(fixture, rows[i].text, &vectors, factor, &error))
			g_error("%s: no error", rows[i].text);
		g_test_message("%s: %s", rows[i].text, error->message);
		test_error(error, ERROR_INPUT, rows[i].says);
	}
}

/* Calls that cannot mean anything. */
static void test_wrong_calls(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"slerp(a, b)", "t"},
		{"slerp(a, b, t=1.5)", "0 <= t <= 1"},
		{"slerp(a, t=0.5)", "give a second one, or of=weights"},
		{"slerp(a, base, t=0.5)", "it is 0 on every tensor"},
		{"nuslerp(base, b)", "it is 0 on every tensor"},
		{"slerp(a, b, c, t=0.5)", "slerp"},
		{"nuslerp(a)", "nuslerp"},
		{"nuslerp(a, b, along=filter)", "tensor, row or column"},
		{"multislerp(a, eps=-1)", "0 <= eps <= 1"},
		{"karcher(a, b, max_iter=0)", "max_iter"},
		{"karcher(a, b, max_iter=2.5)", "a whole number"},
		{"stock(a)", "stock"},
		{"orthogonal(a)", "orthogonal"},
		{"project(a, b, by=row)", "model, layer or tensor"},
		{"clip(a)", "relative=R"},
		{"clip(a, norm=-1)", "at least 0"},
		{"match_norm(a)", "match_norm"},
		{"lines(a)", "alpha"},
		{"passthrough(a, b)", "passthrough"},
		{"average(a, -b)", "the weights sum to 0"},
		{"average(a, -2*b)", "give weights of a positive sum, or normalize=no"},
		{"average(first(1[head])*a, b, -first(1[head], 1)*b)", "sum to 0"},
		{"lines_multi(a)", "lines_multi"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Node) node = expression_parse(fixture->collection, rows[i].text, &error);
		if (node)
			g_error("%s: no error", rows[i].text);
		g_test_message("%s: %s", rows[i].text, error->message);
		test_error(error, ERROR_USAGE, rows[i].says);
	}
}

#define ADD(path, function) g_test_add(path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("/mix/formulas", test_formulas);
	ADD("/mix/tiny changes", test_tiny_changes);
	ADD("/mix/near parallel", test_near_parallel);
	ADD("/mix/near opposite", test_near_opposite);
	ADD("/mix/stock", test_stock);
	ADD("/mix/orthogonal", test_orthogonal);
	ADD("/mix/orthogonal/near", test_orthogonal_near);
	ADD("/mix/orthogonal/twice", test_orthogonal_twice);
	ADD("/mix/clip", test_clip);
	ADD("/mix/lines", test_lines);
	ADD("/mix/zero norms", test_zero_norms);
	ADD("/mix/unchanged", test_unchanged);
	ADD("/mix/refusals", test_refusals);
	ADD("/mix/wrong calls", test_wrong_calls);
	return g_test_run();
}
