/* test_closed.c - edits that the tables of inner products tell: mixes, and what draws on average.
 */
#include "digits.h"

#include "preview/closed.h"
#include "preview/preview.h"

static Node *parse(const Collection *collection, const char *text)
{
	g_autoptr(GError) error = NULL;
	Node *edit = expression_parse(collection, text, &error);
	test_no_error(error);
	return edit;
}

static Preview *preview_of(const Digits *digits, const Node *edit, const Measure *measure)
{
	g_autoptr(GError) error = NULL;
	PreviewRequest request = {.collection = digits->collection,
		.gram = digits->gram,
		.plan = digits->plan,
		.statistics = (Statistics **)digits->statistics->pdata,
		.edit = edit,
		.scale = 0.7,
		.by = GROUP_LAYER,
		.measure = measure,
		.quick = TRUE};
	Preview *preview = preview_new(&request, &error);
	test_no_error(error);
	return preview;
}

static Measure *measure_of(const Digits *digits, const Node *edit)
{
	g_autoptr(GError) error = NULL;
	MeasureRequest request = {.collection = digits->collection, .edit = edit, .threads = 1};
	Measure *measure = measure_edit(&request, NULL, &error);
	test_no_error(error);
	return measure;
}

static const struct {
	const char *text;
	gboolean closed, random;
} kinds[] = {
	{"mnist - 0.5*greek", TRUE, TRUE},
	{"mean(mnist, slerp(fashion, greek, t=0.3))", TRUE, TRUE},
	{"nuslerp(0.3*mnist, 0.7*greek, along=row)", FALSE, FALSE},
	{"stock(mnist, greek, along=filter)", FALSE, FALSE},
	{"orthogonal(ties(mnist, greek), fashion)", FALSE, FALSE},
	{"ties(mnist, greek)", FALSE, FALSE},
	{"dare(mnist, p=0.5)", FALSE, TRUE},
	{"0.5*dare(mnist, p=0.5)[blocks.0] - greek", FALSE, TRUE},
	{"mean(random_like(mnist), greek)", FALSE, TRUE},
	{"dare(dare(mnist, p=0.5), p=0.5)", FALSE, FALSE},
	{"orthogonal(dare(mnist, p=0.5), greek)", FALSE, FALSE},
	{"dare(mnist, p=0.5, dialect=mergekit)", FALSE, FALSE},
	{"dare(mnist, mnist, p=0.5)", FALSE, FALSE},
};

static void test_kinds(void)
{
	g_autoptr(Digits) digits = digits_new();
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autoptr(Node) edit = parse(digits->collection, kinds[i].text);
		g_test_message("%s", kinds[i].text);
		g_assert_cmpint(closed_is(digits->collection, edit, FALSE), ==, kinds[i].closed);
		g_assert_cmpint(closed_is(digits->collection, edit, TRUE), ==, kinds[i].random);
	}
}

static const char *const mixes[] = {
	"slerp(mnist, greek, t=0.3)",
	"slerp(mnist, greek, t=0.3, of=weights)",
	"nuslerp(0.3*mnist, 0.7*greek)",
	"multislerp(0.3*mnist, 0.7*greek, fashion)",
	"karcher(mnist, greek, fashion)",
	"stock(mnist, greek, fashion)",
	"orthogonal(mnist, greek, fashion)",
	"orthogonal(mnist, greek, by=layer)",
	"orthogonal(mnist, greek, by=tensor)",
	"project(mnist, fashion)",
	"clip(mnist, relative=0.01)",
	"match_norm(mnist, greek, by=layer)",
	"0.5*mnist[blocks.0] - ramp(0.1, 0.9)*slerp(mnist + fashion, greek, t=0.5)[blocks]",
	"orthogonal(mean(slerp(mnist, greek, t=0.2), fashion), mnist - greek)",
	"passthrough(mnist, scale=0.9) + average(0.3*mnist, 0.3*greek, normalize=no)",
	"lines(mnist + greek, alpha=0.4)",
	"orthogonal(mnist@40, mnist)",
};

/* What is measured over the weights never sees the tables. */
static void test_measured(void)
{
	g_autoptr(Digits) digits = digits_new();
	for (gsize i = 0; i < G_N_ELEMENTS(mixes); i++) {
		g_autoptr(Node) edit = parse(digits->collection, mixes[i]);
		g_autoptr(Measure) measure = measure_of(digits, edit);
		g_autoptr(Preview) closed = preview_of(digits, edit, NULL);
		g_autoptr(Preview) measured = preview_of(digits, edit, measure);
		g_test_message("%s", mixes[i]);
		g_assert_true(closed_is(digits->collection, edit, FALSE));
		g_assert_cmpint(closed->kind, ==, PREVIEW_EXACT);
		digits_norm(closed->whole->norm.value, measured->whole->norm.value);
		digits_norm(closed->whole->relative.value, measured->whole->relative.value);
		for (guint t = 0; t < closed->count; t++) {
			digits_close(
				closed->whole->cosine[t].value, measured->whole->cosine[t].value);
			digits_close(closed->whole->kept[t].value, measured->whole->kept[t].value);
		}
		for (guint g = 0; g < closed->groups->len; g++) {
			const PreviewGroup *is = closed->groups->pdata[g];
			const PreviewGroup *was = measured->groups->pdata[g];
			g_assert_cmpstr(is->name, ==, was->name);
			g_assert_cmpfloat_with_epsilon(is->norm.value, was->norm.value, 1e-6);
		}
	}
}

/* Where a mix has no answer there is no preview either, and what is to be done is said. */
static void test_no_answer(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) edit = parse(digits->collection, "project(mnist, greek - greek)");
	g_assert_null(closed_new(digits->collection, digits->gram, edit, &error));
	test_error(error, ERROR_INPUT, "project");
	g_assert_nonnull(error_remedy(error));
}

static const struct {
	const char *format; /* with the seed */
	double norm_least;  /* of the interval that holds, as a part of the norm */
} draws[] = {
	{"dare(mnist, p=0.7, seed=%u)", 1e-4},
	{"dare(0.7*mnist, -0.4*greek, p=0.5, seed=%u) + 0.5*fashion", 1e-4},
	{"dare(mnist, p=0.5, rescale=no, seed=%u)[blocks.0-1] - greek", 1e-5},
	{"random_like(mnist, seed=%u) + 0.3*mnist", 1e-4},
	{"dare(mnist, p=0.4, seed=%u) - 0.5*dare(mnist, p=0.8, seed=%u)", 1e-4},
	{"random_like(mnist, seed=%u) + 0.5*random_like(greek, seed=%u)", 1e-5},
};

#define DRAWS 40u

/* Counts the draws that lie in the interval; their mean is the value, to three standard errors. */
static void check_draws(const Estimate *estimate, const double *drawn)
{
	guint held = 0;
	double mean = 0, deviation = (estimate->high - estimate->low) / (2 * 1.96);
	for (guint i = 0; i < DRAWS; i++) {
		held += drawn[i] >= estimate->low && drawn[i] <= estimate->high ? 1 : 0;
		mean += drawn[i] / DRAWS;
	}
	g_test_message("%u of %u in [%g, %g]", held, DRAWS, estimate->low, estimate->high);
	g_assert_cmpuint(held, >=, DRAWS - DRAWS / 5);
	g_assert_cmpfloat(fabs(mean - estimate->value), <=, 3 * deviation / sqrt(DRAWS));
}

/* Every %u of a format is the same seed. */
static void test_draws(void)
{
	g_autoptr(Digits) digits = digits_new();
	for (gsize i = 0; i < G_N_ELEMENTS(draws); i++) {
		double norm[DRAWS], cosine[DRAWS], kept[DRAWS];
		g_autoptr(Preview) expected = NULL;
		for (guint seed = 0; seed < DRAWS; seed++) {
			g_auto(GStrv) parts = g_strsplit(draws[i].format, "%u", -1);
			g_autofree char *number = g_strdup_printf("%u", seed);
			g_autofree char *text = g_strjoinv(number, parts);
			g_autoptr(Node) edit = parse(digits->collection, text);
			g_autoptr(Measure) measure = measure_of(digits, edit);
			g_autoptr(Preview) drawn = preview_of(digits, edit, measure);
			norm[seed] = drawn->whole->norm.value;
			cosine[seed] = drawn->whole->cosine[0].value;
			kept[seed] = drawn->whole->kept[0].value;
			if (!expected)
				expected = preview_of(digits, edit, NULL);
		}
		g_test_message("%s", draws[i].format);
		const PreviewGroup *whole = expected->whole;
		g_assert_cmpint(expected->kind, ==, PREVIEW_EXPECTED);
		g_assert_cmpfloat(whole->norm.high - whole->norm.low, >,
			draws[i].norm_least * whole->norm.value);
		check_draws(&whole->norm, norm);
		check_draws(&whole->cosine[0], cosine);
		check_draws(&whole->kept[0], kept);
	}
}

static const float *statistics_sample(const Digits *digits, guint member)
{
	return ((const Statistics *)digits->statistics->pdata[member])->sample;
}

/* Of x·m/(1 − p): E‖e‖² = ‖x‖²/(1 − p), its variance Σ x⁴ p/(1 − p)³. */
static void test_formula(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Node) edit = parse(digits->collection, "dare(greek, p=0.6)");
	g_autoptr(Preview) preview = preview_of(digits, edit, NULL);
	gint greek = collection_find(digits->collection, "greek");
	const float *base = statistics_sample(digits, 0),
		    *task = statistics_sample(digits, (guint)greek);
	double square = 0, fourth = 0;
	for (guint64 i = 0; i < digits->plan->first[collection_tensors(digits->collection)]; i++) {
		double x = (double)task[i] - (double)base[i];
		square += x * x;
		fourth += x * x * x * x;
	}
	double deviation = sqrt(fourth * 0.6 / (0.4 * 0.4 * 0.4));
	digits_norm(preview->whole->norm.value, 0.7 * sqrt(square / 0.4));
	digits_norm(preview->whole->norm.low, 0.7 * sqrt(square / 0.4 - 1.959964 * deviation));
	digits_norm(preview->whole->norm.high, 0.7 * sqrt(square / 0.4 + 1.959964 * deviation));
	digits_close(preview->whole->kept[4].value, 0.7);
	g_assert_cmpstr(preview->name[4], ==, "greek");
}

/* The same draws of the same task cancel, or add up to noise of a norm that is known. */
static void test_same_draws(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Node) same = parse(
		digits->collection, "dare(mnist, p=0.5, seed=4) - dare(mnist, p=0.5, seed=4)");
	g_autoptr(Node) other = parse(
		digits->collection, "dare(mnist, p=0.5, seed=4) - dare(mnist, p=0.5, seed=5)");
	g_autoptr(Preview) nothing = preview_of(digits, same, NULL);
	g_autoptr(Preview) something = preview_of(digits, other, NULL);
	g_assert_cmpfloat(nothing->whole->norm.value, <, 1e-6);
	g_assert_cmpfloat(nothing->whole->norm.high, <, 1e-6);
	g_assert_cmpfloat(something->whole->norm.value, >, 1);
	g_autoptr(Node) more =
		parse(digits->collection, "random_like(mnist) + 0.5*random_like(0.4*mnist)");
	g_autoptr(Node) task = parse(digits->collection, "1.2*mnist");
	g_autoptr(Preview) noise = preview_of(digits, more, NULL);
	g_autoptr(Preview) exact = preview_of(digits, task, NULL);
	digits_norm(noise->whole->norm.low, exact->whole->norm.value);
	digits_norm(noise->whole->norm.high, exact->whole->norm.value);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/closed/kinds", test_kinds);
	g_test_add_func("/closed/measured", test_measured);
	g_test_add_func("/closed/no-answer", test_no_answer);
	g_test_add_func("/closed/draws", test_draws);
	g_test_add_func("/closed/formula", test_formula);
	g_test_add_func("/closed/same-draws", test_same_draws);
	return g_test_run();
}
