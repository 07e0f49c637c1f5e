/* test_draw.c - methods that draw: the same draws however the work is cut, the probabilities that
 * were asked for, and masks in their place. */
#include "merges.h"
#include "tensors.h"

#include "core/rng.h"
#include "edit/method.h"

/* A sound generator fails a test at so many standard deviations once in 15,000 times; the draws
 * are the same each time. */
#define DEVIATIONS 4

static const char *const drawing[] = {"dare(a, 0.5*b, p=0.4, seed=3)", "dare_ties(a, b, p=0.4)",
	"della(a, 0.5*d, density=0.4)", "della_linear(a, b, density=0.6, rescale=no)",
	"random_like(a, seed=5)"};

static void assert_same_bytes(GPtrArray *a, GPtrArray *b, const char *text)
{
	for (guint k = 0; k < G_N_ELEMENTS(merge_floats); k++) {
		guint tensor = merge_floats[k];
		if (memcmp(a->pdata[tensor], b->pdata[tensor], merge_elements[tensor] * 8) != 0)
			g_error("%s: other bytes in %s", text, merge_tensors[tensor].name);
	}
}

/* Any number of threads, and blocks of any size. */
static void test_cuts_of_work(void)
{
	static const struct {
		guint threads;
		guint64 block;
	} rows[] = {{1, 1}, {2, 0}, {7, 64}, {2, 1000}, {7, 77}};
	g_auto(Fixture) fixture = merge_fixture();
	for (guint i = 0; i < G_N_ELEMENTS(drawing); i++)
		for (guint dialect = 0; dialect < 2; dialect++) {
			EditRun run = {.collection = fixture.collection,
				.text = drawing[i],
				.defaults = {dialect, 0},
				.difference = TRUE};
			g_autoptr(GPtrArray) whole = edit_all(&run);
			for (guint r = 0; r < G_N_ELEMENTS(rows); r++) {
				run.threads = rows[r].threads;
				run.block = rows[r].block;
				g_autoptr(GPtrArray) cut = edit_all(&run);
				assert_same_bytes(whole, cut, drawing[i]);
			}
		}
}

/* One layer alone, whichever way it is said; and a coefficient, draw nothing else. */
static void test_scopes(void)
{
	static const char *const pairs[][2] = {
		{"dare(a[vec*], p=0.5)", "dare(a, p=0.5)[vec*]"},
		{"dare(2*a[vec*], p=0.5)", "2*dare(a, p=0.5)[vec*]"},
		{"dare(a[vec*] + a[big*], p=0.5)", "dare(a, p=0.5)[vec*] + dare(a[big*], p=0.5)"},
		{"della_linear(a[vec*], density=0.5)", "della_linear(a, density=0.5)[vec*]"},
		{"random_like(a[vec*])", "random_like(a)[vec*]"},
		{"random_like(4*a)", "4*random_like(a)"},
		{"dare(a, b, p=0.5)", "dare(a, p=0.5) + dare(b, p=0.5)"},
		{"dare(a, p=0.5, seed=0)", "dare(a, p=0.5)"},
	};
	g_auto(Fixture) fixture = merge_fixture();
	for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
		assert_edits(&fixture, pairs[i][0], 1, pairs[i][1]);
}

/* How many elements of two runs are both kept. */
static guint64 count_shared(const double *a, const double *b, guint64 n)
{
	guint64 shared = 0;
	for (guint64 i = 0; i < n; i++)
		shared += a[i] != 0 && b[i] != 0;
	return shared;
}

/* Whether `count` of n is what a probability p gives. */
static void assert_binomial(guint64 count, guint64 n, double p, const char *what)
{
	double spread = sqrt((double)n * p * (1 - p));
	if (fabs((double)count - (double)n * p) > DEVIATIONS * spread)
		g_error("%s: %d of %d, and %g should be", what, (int)count, (int)n, p);
}

static void test_rate(void)
{
	static const double rates[] = {0.01, 0.1, 0.5, 0.9, 0.99};
	g_auto(Fixture) fixture = merge_fixture();
	for (guint i = 0; i < G_N_ELEMENTS(rates); i++)
		for (guint seed = 0; seed < 4; seed++) {
			g_autofree char *text =
				g_strdup_printf("dare(c, p=%g, seed=%u)", rates[i], seed);
			g_autofree double *big = merged(&fixture, text, BIG);
			g_autofree double *conv = merged(&fixture, text, CONV);
			assert_binomial(count_kept(big, 6000), 6000, 1 - rates[i], text);
			if (rates[i] < 0.95 && rates[i] > 0.05)
				assert_binomial(count_kept(conv, 108), 108, 1 - rates[i], text);
		}
}

/* Masks of other seeds, tasks, tensors and neighbours have nothing to do with each other. */
static void test_independence(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	const double p = 0.3, both = (1 - p) * (1 - p);
	g_autofree double *first = merged(&fixture, "dare(c, p=0.3)", BIG);
	g_autofree double *seed = merged(&fixture, "dare(c, p=0.3, seed=1)", BIG);
	g_autofree double *task = merged(&fixture, "dare(a + c - a, p=0.3)", BIG);
	g_autofree double *conv = merged(&fixture, "dare(c, p=0.3)", CONV);
	g_autofree double *noise = merged(&fixture, "random_like(c)", BIG);
	guint64 pairs = 0, positive = 0;
	assert_binomial(count_shared(first, seed, 6000), 6000, both, "two seeds");
	assert_binomial(count_shared(first, task, 6000), 6000, both, "two tasks");
	assert_binomial(count_shared(first, conv, 108), 108, both, "two tensors");
	for (guint i = 0; i < 6000; i += 2)
		pairs += first[i] != 0 && first[i + 1] != 0;
	assert_binomial(pairs, 3000, both, "neighbours");
	for (guint i = 0; i < 6000; i++)
		positive += first[i] != 0 && noise[i] > 0;
	assert_binomial(positive, 6000, (1 - p) / 2, "masks and noise");
}

/* What survives is divided by the probability that it does. */
static void test_rescale(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	g_autofree double *a = merged(&fixture, "a", BIG);
	g_autofree double *paper = merged(&fixture, "dare(a, p=0.8)", BIG);
	g_autofree double *plain = merged(&fixture, "dare(a, p=0.8, rescale=no)", BIG);
	for (guint i = 0; i < 6000; i++) {
		g_assert_true(paper[i] == 0 || paper[i] == a[i] / (1 - 0.8));
		g_assert_cmpfloat(plain[i], ==, paper[i] != 0 ? a[i] : 0);
	}
}

static double l1_of(const double *values, guint64 n)
{
	double sum = 0;
	for (guint64 i = 0; i < n; i++)
		sum += fabs(values[i]);
	return sum;
}

/* mergekit gives each tensor the L1 norm that it had. */
static void test_mergekit_rescale(void)
{
	static const char *const texts[] = {"dare(a, p=0.8)", "della_linear(a, density=0.3)"};
	static const guint tensors[] = {BIG, CONV, VEC};
	g_auto(Fixture) fixture = merge_fixture();
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		for (guint k = 0; k < G_N_ELEMENTS(tensors); k++) {
			guint64 n = merge_elements[tensors[k]];
			g_autofree double *a = merged(&fixture, "a", tensors[k]);
			g_autofree double *found =
				merged_as(&fixture, texts[i], AS_MERGEKIT, tensors[k]);
			g_assert_cmpuint(count_kept(found, n), <, n * 6 / 10);
			test_near(l1_of(found, n), l1_of(a, n), 1e-12 * (double)n);
		}
}

/* Of one element all is dropped or nothing: there is no norm to give back to nothing. */
static void test_mergekit_single(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	guint kept = 0;
	for (guint seed = 0; seed < 20; seed++) {
		g_autofree char *text = g_strdup_printf("dare(c, p=0.5, seed=%u)", seed);
		g_autofree double *found = merged_as(&fixture, text, AS_MERGEKIT, SCALAR);
		g_assert_true(found[0] == 0 || found[0] == 0.25);
		kept += found[0] != 0;
	}
	assert_binomial(kept, 20, 0.5, "single elements");
}

/* How many elements of a run, `stride` apart, come before one: smaller, or as large and earlier. */
static guint64 rank_in(
	const double *values, guint64 from, guint64 count, guint64 stride, guint64 element)
{
	guint64 rank = 0;
	for (guint64 i = 0; i < count; i++) {
		guint64 at = from + i * stride;
		double size = fabs(values[at]), own = fabs(values[element]);
		rank += size < own || (size == own && at < element);
	}
	return rank;
}

/* The draw of an element, as the key and the place alone give it. */
static double draw_of(const Fixture *fixture, const char *task, guint tensor, guint64 element)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) node = expression_parse(fixture->collection, task, &error);
	guint64 stream = method_stream(fixture->collection, node);
	test_no_error(error);
	return rng_uniform(rng_key(stream, merge_tensors[tensor].name), element);
}

typedef struct {
	guint tensor, dialect;
	guint64 unit, count, stride; /* of runs: how they lie in a tensor */
} Ranks;

/* The paper ranks each index of the first axis, mergekit runs along the second. */
static const Ranks ranks[] = {
	{BIG, DIALECT_PAPER, 100, 100, 1},
	{CONV, DIALECT_PAPER, 27, 27, 1},
	{VEC, DIALECT_PAPER, 50, 50, 1},
	{ONE, DIALECT_PAPER, 1, 1, 1},
	{SCALAR, DIALECT_PAPER, 1, 1, 1},
	{BIG, DIALECT_MERGEKIT, 100, 100, 1},
	{CONV, DIALECT_MERGEKIT, 27, 3, 9},
	{VEC, DIALECT_MERGEKIT, 50, 50, 1},
};

static double keep_probability(const Ranks *row, const double *values, guint64 element)
{
	guint64 unit = element - element % row->unit;
	guint64 from = unit + element % row->unit % row->stride;
	guint64 rank = rank_in(values, from, row->count, row->stride, element);
	return row->count < 2 ? 0.5 : 0.2 + 0.6 * (double)rank / (double)(row->count - 1);
}

static void test_ranks(void)
{
	const char *text = "della_linear(c + a, density=0.5, epsilon=0.3, rescale=no)";
	g_auto(Fixture) fixture = merge_fixture();
	for (guint r = 0; r < G_N_ELEMENTS(ranks); r++) {
		const Ranks *row = &ranks[r];
		g_autofree double *values = merged(&fixture, "c + a", row->tensor);
		g_autofree double *found = merged_as(
			&fixture, text, (ExpressionDefaults){row->dialect, 0}, row->tensor);
		for (guint64 i = 0; i < MIN(merge_elements[row->tensor], 300); i++) {
			double kept = keep_probability(row, values, i);
			double draw = draw_of(&fixture, "c + a", row->tensor, i);
			g_assert_cmpfloat(found[i], ==, draw >= 1 - kept ? values[i] : 0);
		}
	}
}

/* The paper divides each survivor by its own probability; on average nothing changes. */
static void test_ranked_rescale(void)
{
	g_auto(Fixture) fixture = merge_fixture();
	g_autofree double *values = merged(&fixture, "c", VEC);
	g_autofree double *found =
		merged(&fixture, "della_linear(c, density=0.5, epsilon=0.3)", VEC);
	for (guint i = 0; i < 50; i++)
		if (found[i] != 0)
			test_near(found[i], values[i] / keep_probability(&ranks[2], values, i),
				1e-15);
	g_assert_cmpuint(count_kept(found, 50), >, 10);
}

/* Over many seeds: the mean is the input, and the variance what `expect` says. */
static void test_expectation(void)
{
	enum { SEEDS = 300 };
	const double p = 0.7, weight = -0.5;
	double sum = 0, square = 0, expected = 0, variance = 0;
	g_auto(Fixture) fixture = merge_fixture();
	g_autofree double *a = merged(&fixture, "a", VEC);
	for (guint seed = 0; seed < SEEDS; seed++) {
		g_autofree char *text = g_strdup_printf("dare(-0.5*a, p=0.7, seed=%u)", seed);
		g_autofree double *found = merged(&fixture, text, VEC);
		for (guint i = 0; i < 50; i++) {
			sum += found[i] - weight * a[i];
			square += (found[i] - weight * a[i]) * (found[i] - weight * a[i]);
		}
	}
	for (guint i = 0; i < 50; i++) {
		expected += weight * weight * a[i] * a[i] * p / (1 - p);
		variance += pow(weight * a[i], 4) * p * pow(1 - 2 * p, 2) / pow(1 - p, 3);
	}
	test_near(sum, 0, DEVIATIONS * sqrt(SEEDS * expected));
	test_near(square, SEEDS * expected, DEVIATIONS * sqrt(SEEDS * variance));
}

/* What the row says of the mean and the variance of a call. */
static gboolean expect(const Fixture *fixture, const char *text, double *factor, double *square)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) call = expression_parse(fixture->collection, text, &error);
	test_no_error(error);
	double weight[4], parameter[8], constant = NAN;
	for (guint i = 0; i < call->children->len; i++)
		weight[i] = method_weight(call, i, VEC);
	for (guint i = 0; i < method_parameters(call->method); i++)
		parameter[i] = method_value(call, i, VEC);
	MethodMix mix = {.site = {fixture->collection, call, VEC, call->children->len, weight,
				 parameter, 50}};
	gboolean known =
		call->method->expect && call->method->expect(&mix, factor, square, &constant);
	if (known)
		g_assert_cmpfloat(constant, ==, 0);
	return known;
}

static void test_closed_form(void)
{
	static const struct {
		const char *text;
		double a, b, square_a, square_b;
	} rows[] = {
		{"dare(0.5*a, -2*b, p=0.75)", 0.5, -2, 0.25 * 3, 4 * 3},
		{"dare(0.5*a, -2*b, p=0.75, rescale=no)", 0.125, -0.5, 0.25 * 0.1875, 4 * 0.1875},
		{"dare(first(1[big*])*a, b, p=0.75)", 0, 1, 0, 3},
		{"dare(first(1[big*])*a, first(1[big*])*b, p=0.75, normalize=yes)", 0, 0, 0, 0},
		{"dare(a, -3*b, p=0.75, normalize=yes)", 0.25, -0.75, 0.1875, 9.0 / 16 * 3},
	};
	g_auto(Fixture) fixture = merge_fixture();
	double factor[3], square[3];
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_assert_true(expect(&fixture, rows[i].text, factor, square));
		test_near(factor[1], rows[i].a, 1e-15);
		test_near(factor[2], rows[i].b, 1e-15);
		test_near(square[1], rows[i].square_a, 1e-15);
		test_near(square[2], rows[i].square_b, 1e-14);
	}
	g_assert_false(expect(&fixture, "dare(a, 2*a, p=0.75)", factor, square));
	g_assert_false(expect(&fixture, "dare(a, p=0.75, mask=\"m\")", factor, square));
	g_assert_false(expect(&fixture, "dare(a, p=0.75, dialect=mergekit)", factor, square));
	g_assert_false(expect(&fixture, "dare_ties(a, p=0.75)", factor, square));
}

static double norm_of(const double *values, guint64 n)
{
	double sum = 0;
	for (guint64 i = 0; i < n; i++)
		sum += values[i] * values[i];
	return sqrt(sum);
}

/* As large as its input on every tensor, normal, and other with another seed. */
static void test_random_like(void)
{
	static const guint tensors[] = {BIG, CONV, ONE, SCALAR, VEC};
	g_auto(Fixture) fixture = merge_fixture();
	for (guint k = 0; k < G_N_ELEMENTS(tensors); k++) {
		guint64 n = merge_elements[tensors[k]];
		g_autofree double *c = merged(&fixture, "c", tensors[k]);
		g_autofree double *noise = merged(&fixture, "random_like(c)", tensors[k]);
		test_near(norm_of(noise, n), norm_of(c, n), 1e-12 * norm_of(c, n));
	}
	guint64 within[3] = {0}, positive = 0;
	g_autofree double *noise = merged(&fixture, "random_like(c)", BIG);
	g_autofree double *other = merged(&fixture, "random_like(c, seed=1)", BIG);
	double product = 0;
	for (guint i = 0; i < 6000; i++) {
		double z = noise[i] / 0.25;
		product += z * other[i] / 0.25;
		positive += z > 0;
		for (guint s = 0; s < 3; s++)
			within[s] += fabs(z) < s + 1;
	}
	assert_binomial(positive, 6000, 0.5, "positive noise");
	assert_binomial(within[0], 6000, 0.682689492, "noise within 1 deviation");
	assert_binomial(within[1], 6000, 0.954499736, "noise within 2 deviations");
	assert_binomial(within[2], 6000, 0.997300204, "noise within 3 deviations");
	test_near(product, 0, DEVIATIONS * sqrt(6000));
}

/* The values of all tensors, as the sample of a small model has them. */
typedef struct {
	double *task[5][MERGE_TENSORS];
	const double *const *table[5];
} Sampled;

static void sampled_fill(const Fixture *fixture, Sampled *sampled)
{
	static const char *const names[] = {"base", "a", "b", "c", "d"};
	memset(sampled, 0, sizeof *sampled);
	for (guint m = 0; m < 5; m++) {
		sampled->table[m] = (const double *const *)sampled->task[m];
		for (guint k = 0; k < G_N_ELEMENTS(merge_floats); k++)
			sampled->task[m][merge_floats[k]] =
				m ? merged(fixture, names[m], merge_floats[k])
				  : merge_values(merge_floats[k], merge_none);
	}
}

static void sampled_clear(Sampled *sampled)
{
	for (guint m = 0; m < 5; m++)
		for (guint k = 0; k < MERGE_TENSORS; k++)
			g_free(sampled->task[m][k]);
}

/* The edit's values on all sampled elements of a tensor; g_free. */
static double *values_of_sample(
	const Fixture *fixture, const PrepareSample *sample, const char *text, guint tensor)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) edit = expression_parse(fixture->collection, text, &error);
	test_no_error(error);
	g_autoptr(Prepared) prepared = prepare_sample(fixture->collection, edit, sample, &error);
	test_no_error(error);
	double *members[5];
	Values values = prepare_sample_values(fixture->collection, sample, tensor, members);
	double *found = g_new(double, values.count);
	g_autofree guint8 *scratch = g_malloc0(evaluate_scratch_bytes(edit, values.count));
	evaluate(prepared, &values, edit, 0, values.count, found, scratch);
	return found;
}

static void assert_sample(
	const Fixture *fixture, const PrepareSample *sample, const char *text, guint tensor)
{
	g_autofree double *found = values_of_sample(fixture, sample, text, tensor);
	g_autofree double *whole = merged(fixture, text, tensor);
	for (guint64 i = 0; i < merge_elements[tensor]; i++)
		test_near(found[i], whole[i], 1e-12);
}

/* A sample that holds every element is drawn, ranked and turned as the export is, row by row. */
static void test_sample(void)
{
	static const char *const texts[] = {"dare(a, 0.5*b, p=0.4)", "trim(a, density=0.3)",
		"ties(a, d, density=0.5)", "random_like(a)", "della_linear(a, density=0.5)",
		"arcee_fusion(a)", "nuslerp(a, 2*c, along=row)", "nuslerp(a, 2*c, along=column)",
		"stock(a, c, along=filter)"};
	g_auto(Fixture) fixture = merge_fixture();
	g_autoptr(SamplePlan) plan = sample_plan_new(fixture.collection);
	Sampled sampled;
	sampled_fill(&fixture, &sampled);
	PrepareSample sample = {plan, sampled.table[0], sampled.table};
	for (guint t = 0; t < G_N_ELEMENTS(texts); t++) {
		assert_sample(&fixture, &sample, texts[t], BIG);
		assert_sample(&fixture, &sample, texts[t], CONV);
	}
	assert_sample(&fixture, &sample, "della_linear(a, density=0.5)", VEC);
	sampled_clear(&sampled);
}

/* Of a tensor of which but some elements are sampled these stand for every row. */
static void test_sample_in_part(void)
{
	static const char *const texts[][2] = {{"stock(a, a + c, along=row)", "stock(a, a + c)"},
		{"nuslerp(a, 2*c, along=column)", "nuslerp(a, 2*c)"},
		{"arcee_fusion(a + 4*trim(a, density=0.01))", "5*trim(a, density=0.01)"}};
	g_auto(Fixture) fixture = merge_fixture();
	g_autoptr(SamplePlan) plan = sample_plan_new(fixture.collection);
	Sampled sampled;
	sampled_fill(&fixture, &sampled);
	for (guint tensor = BIG + 1; tensor <= MERGE_TENSORS; tensor++)
		plan->first[tensor] -= 1000;
	memmove(plan->places + 5000, plan->places + 6000,
		(plan->first[MERGE_TENSORS] - 5000) * sizeof *plan->places);
	PrepareSample sample = {plan, sampled.table[0], sampled.table};
	for (guint t = 0; t < G_N_ELEMENTS(texts); t++) {
		g_autofree double *found = values_of_sample(&fixture, &sample, texts[t][0], BIG);
		g_autofree double *other = values_of_sample(&fixture, &sample, texts[t][1], BIG);
		g_assert_cmpuint(count_kept(found, 5000), >, 0);
		for (guint i = 0; i < 5000; i++)
			test_near(found[i], other[i], 1e-12);
	}
	sampled_clear(&sampled);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/draw/cuts of work", test_cuts_of_work);
	g_test_add_func("/draw/scopes", test_scopes);
	g_test_add_func("/draw/rate", test_rate);
	g_test_add_func("/draw/independence", test_independence);
	g_test_add_func("/draw/rescale", test_rescale);
	g_test_add_func("/draw/mergekit rescale", test_mergekit_rescale);
	g_test_add_func("/draw/mergekit single", test_mergekit_single);
	g_test_add_func("/draw/ranks", test_ranks);
	g_test_add_func("/draw/ranked rescale", test_ranked_rescale);
	g_test_add_func("/draw/expectation", test_expectation);
	g_test_add_func("/draw/closed form", test_closed_form);
	g_test_add_func("/draw/random_like", test_random_like);
	g_test_add_func("/draw/sample", test_sample);
	g_test_add_func("/draw/sample in part", test_sample_in_part);
	return g_test_run();
}
