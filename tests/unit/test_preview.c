/* test_preview.c - a preview says what measuring the written edit would say. */
#include "digits.h"
#include "fixture.h"
#include "toy.h"

#include "core/text.h"
#include "method/apply.h"
#include "preview/closed.h"
#include "method/prepare.h"
#include "preview/preview_sample.h"

#include <string.h>

static Preview *preview_of(
	const Digits *digits, const char *text, double scale, const char *pattern, GroupBy by)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) edit = expression_parse(digits->collection, text, &error);
	test_no_error(error);
	PreviewRequest request = {.collection = digits->collection,
		.gram = digits->gram,
		.plan = digits->plan,
		.statistics = (Statistics **)digits->statistics->pdata,
		.edit = edit,
		.scale = scale,
		.pattern = pattern,
		.by = by};
	Preview *preview = preview_new(&request, &error);
	test_no_error(error);
	return preview;
}

/* Sums over tensors, measured in double: ‖change‖², ‖θ₀‖², and with one task ⟨change, τ⟩, ‖τ‖². */
typedef struct {
	double change, base, product, task;
} Measured;

static void read_numbers(const Collection *collection, guint member, guint tensor, double *values)
{
	g_autoptr(GError) error = NULL;
	guint64 n = collection_tensor(collection, tensor)->elements;
	g_autofree double *scratch = g_new(double, n);
	collection_read_double(collection, member, tensor, 0, n, scratch, values, &error);
	test_no_error(error);
}

/* The change that an edit makes to one tensor, taken from the bytes that it writes. */
static void read_change(const Apply *apply, guint tensor, const double *base, double *change)
{
	g_autoptr(GError) error = NULL;
	guint64 n = collection_tensor(apply->collection, tensor)->elements, overflowed = 0;
	g_autofree guint8 *scratch = g_malloc(apply_scratch_bytes(apply, tensor, n));
	g_autofree float *written = g_new(float, n);
	ApplyPlan plan = apply_plan(apply, tensor);
	apply_block(apply, tensor, &plan, 0, n, scratch, written, &overflowed, &error);
	test_no_error(error);
	for (guint64 i = 0; i < n; i++)
		change[i] = (double)written[i] - base[i];
}

static void measure_tensor(const Apply *apply, guint member, guint tensor, Measured *sum)
{
	guint64 n = collection_tensor(apply->collection, tensor)->elements;
	g_autofree double *base = g_new(double, n);
	g_autofree double *task = g_new(double, n);
	g_autofree double *change = g_new(double, n);
	read_numbers(apply->collection, 0, tensor, base);
	read_numbers(apply->collection, member, tensor, task);
	read_change(apply, tensor, base, change);
	for (guint64 i = 0; i < n; i++) {
		double tau = task[i] - base[i];
		sum->change += change[i] * change[i];
		sum->base += base[i] * base[i];
		sum->product += change[i] * tau;
		sum->task += tau * tau;
	}
}

static void check_group(
	const Apply *apply, const char *pattern, const Preview *preview, const PreviewGroup *group)
{
	const Collection *collection = apply->collection;
	for (guint i = 0; i < preview->count; i++) {
		Measured sum = {0};
		for (guint t = 0; t < collection_tensors(collection); t++)
			if (!pattern || scope_matches(collection, t, pattern))
				measure_tensor(apply, preview->member[i], t, &sum);
		digits_norm(group->norm.value, sqrt(sum.change));
		digits_norm(group->relative.value, sqrt(sum.change / sum.base));
		digits_close(group->cosine[i].value, sum.product / sqrt(sum.change * sum.task));
		digits_close(group->kept[i].value, sum.product / sum.task);
	}
}

static const struct {
	const char *text;
	double scale;
} edits[] = {
	{"0.4*(mnist + \"mnist-inv\")", 1},
	{"mnist", -0.7},
	{"optdigits + (\"mnist-inv\" - mnist)", 1},
	{"0.5*mnist[blocks.0-1] + ramp(0.2, 0.8)*greek", 1.5},
	{"mean(mnist, fashion, mnist@40)", 1},
};

static void test_measured(void)
{
	g_autoptr(Digits) digits = digits_new();
	for (gsize i = 0; i < G_N_ELEMENTS(edits); i++) {
		g_autoptr(Node) edit = expression_parse(digits->collection, edits[i].text, NULL);
		g_autoptr(Preview) preview =
			preview_of(digits, edits[i].text, edits[i].scale, NULL, GROUP_LAYER);
		g_assert_cmpint(preview->kind, ==, PREVIEW_EXACT);
		g_assert_cmpuint(preview->count, ==, G_N_ELEMENTS(digits_tasks));
		g_assert_cmpuint(preview->warnings->len, ==, 0);
		PrepareRequest request = {digits->collection, edit, 1, 0};
		g_autoptr(Prepared) prepared = prepare_weights(&request, NULL, NULL);
		Apply apply = {.collection = digits->collection,
			.edit = edit,
			.prepared = prepared,
			.scale = edits[i].scale,
			.dtype = -1};
		check_group(&apply, NULL, preview, preview->whole);
		for (guint g = 0; g < preview->groups->len; g++) {
			const PreviewGroup *group = preview->groups->pdata[g];
			if (g_str_has_prefix(group->name, "blocks."))
				check_group(&apply, group->name, preview, group);
		}
	}
}

/* The frozen head has task vectors of norm 0: no cosine, nothing kept. */
static void test_frozen(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Preview) preview = preview_of(digits, "mnist", 1, "head", GROUP_ALL);
	g_assert_cmpuint(preview->groups->len, ==, 0);
	g_assert_cmpfloat(preview->whole->norm.value, ==, 0);
	for (guint i = 0; i < preview->count; i++) {
		g_assert_true(isnan(preview->whole->cosine[i].value));
		g_assert_true(isnan(preview->whole->kept[i].value));
	}
}

/* Against numpy's cosines and norms: a task's own preview is its row of the truth. */
static void test_truth(void)
{
	g_autoptr(Digits) digits = digits_new();
	const cJSON *row = cJSON_GetArrayItem(digits_truth(digits, "global/cos"), 0);
	g_autoptr(Preview) preview = preview_of(digits, "mnist", 0.5, NULL, GROUP_ALL);
	double norm = digits_at(digits_truth(digits, "global/norms"), 0);
	digits_norm(preview->whole->norm.value, 0.5 * norm);
	digits_norm(preview->whole->relative.value,
		0.5 * digits_at(digits_truth(digits, "global/relative_norms"), 0));
	digits_close(preview->of_largest, 0.5);
	digits_close(preview->whole->kept[0].value, 0.5);
	for (guint i = 0; i < preview->count; i++)
		digits_close(preview->whole->cosine[i].value, digits_at(row, i));
	g_assert_cmpuint(preview->whole->elements, ==, 63312);
}

static void test_nothing(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Preview) preview = preview_of(digits, "mnist - mnist", 1, NULL, GROUP_ALL);
	g_assert_cmpfloat(preview->whole->norm.value, ==, 0);
	g_assert_cmpfloat(preview->whole->kept[0].value, ==, 0);
	g_assert_true(isnan(preview->whole->cosine[0].value));
}

static void add_values(Collection *collection, const char *folder, const char *name, double first)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	write_toy(path, first, 1);
	add_member(collection, name, MEMBER_TASK, NULL, -1, path);
}

/* Elements that are all sampled make every figure exact; so they are where rows are seen. */
static void test_whole_sample(void)
{
	static const char *const texts[] = {"ties(mnist, greek, fashion)",
		"trim(mnist, density=0.1, by=tensor) - 0.3*greek", "magmax(mnist, greek)",
		"arcee_fusion(mnist)", "della(mnist, density=0.5, seed=2)",
		"stock(mnist, greek, along=filter)", "nuslerp(mnist, greek, along=row)"};
	g_autoptr(Digits) digits = digits_new();
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Preview) sampled = preview_of(digits, texts[i], 1, NULL, GROUP_ALL);
		g_autoptr(Node) edit = expression_parse(digits->collection, texts[i], NULL);
		MeasureRequest measuring = {.collection = digits->collection, .edit = edit};
		g_autoptr(Measure) measure = measure_edit(&measuring, NULL, &error);
		PreviewRequest request = {.collection = digits->collection,
			.gram = digits->gram,
			.plan = digits->plan,
			.edit = edit,
			.scale = 1,
			.measure = measure};
		g_autoptr(Preview) measured = preview_new(&request, &error);
		test_no_error(error);
		g_test_message("%s", texts[i]);
		g_assert_cmpint(sampled->kind, ==, PREVIEW_EXACT);
		g_assert_true(sampled->whole_sample);
		digits_norm(sampled->whole->norm.value, measured->whole->norm.value);
		g_assert_cmpfloat(sampled->whole->norm.low, ==, sampled->whole->norm.high);
		for (guint t = 0; t < sampled->count; t++) {
			digits_close(
				sampled->whole->cosine[t].value, measured->whole->cosine[t].value);
			digits_close(sampled->whole->kept[t].value, measured->whole->kept[t].value);
		}
		g_assert_true(isnan(measured->whole->moves[0]));
	}
}

static gint descending(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x > y ? -1 : x < y;
}

/* Counted element by element. */
static void test_moves(void)
{
	g_autoptr(Digits) digits = digits_new();
	const Collection *collection = digits->collection;
	guint mnist = (guint)collection_find(collection, "mnist");
	guint fashion = (guint)collection_find(collection, "fashion");
	g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(double));
	double moved = 0, opposed = 0;
	for (guint t = 0; t < collection_tensors(collection); t++) {
		guint64 n = collection_tensor(collection, t)->elements;
		g_autofree double *base = g_new(double, n), *a = g_new(double, n);
		g_autofree double *b = g_new(double, n);
		read_numbers(collection, 0, t, base);
		read_numbers(collection, mnist, t, a);
		read_numbers(collection, fashion, t, b);
		for (guint64 i = 0; i < n; i++) {
			double x = a[i] - base[i], y = -0.5 * (b[i] - base[i]);
			double size = fabs(-2 * (x + y));
			moved += x != 0 || y != 0 ? 1 : 0;
			opposed += x * y < 0 ? 1 : 0;
			g_array_append_val(sizes, size);
		}
	}
	g_array_sort(sizes, descending);
	g_autoptr(Preview) preview =
		preview_of(digits, "mnist - 0.5*fashion", -2, NULL, GROUP_LAYER);
	const Estimate *conflict = &preview->whole->conflict;
	g_assert_cmpfloat(conflict->value, ==, opposed / moved);
	g_assert_cmpfloat(conflict->low, ==, conflict->high);
	static const double above[PREVIEW_PERCENTILES] = {0.5, 0.1, 0.01, 0.001};
	for (guint i = 0; i < PREVIEW_PERCENTILES; i++) {
		guint rank = (guint)(above[i] * sizes->len + 0.5);
		digits_close(preview->whole->moves[i], g_array_index(sizes, double, rank - 1));
	}
	g_autoptr(Preview) alone = preview_of(digits, "mnist", 1, NULL, GROUP_ALL);
	g_assert_true(isnan(alone->whole->conflict.value));
	g_assert_true(isfinite(alone->whole->moves[0]));
}

/* Of a million elements two in three are moved by a, one in eight the other way by b. */
static void test_conflict_interval(void)
{
	char *folder = test_folder();
	enum { ROWS = 4096, COLUMNS = 256 };
	g_autofree double *base = g_new0(double, ROWS *COLUMNS), *a = g_new0(double, ROWS *COLUMNS);
	g_autofree double *b = g_new0(double, ROWS *COLUMNS);
	for (guint i = 0; i < ROWS * COLUMNS; i++) {
		a[i] = i % 3 ? 0.5 : 0;
		b[i] = i % 8 == 1 ? -0.25 : 0.25;
	}
	TestTensor tensor = {"w", DTYPE_F32, 2, {ROWS, COLUMNS}, base};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	tensor.values = a;
	fixture_add(&fixture, "a", &tensor, 1);
	tensor.values = b;
	fixture_add(&fixture, "b", &tensor, 1);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_autoptr(Preview) preview = preview_of(digits, "a + b", 1, NULL, GROUP_ALL);
	const Estimate *conflict = &preview->whole->conflict;
	g_assert_false(preview->whole_sample);
	g_assert_cmpfloat(conflict->low, <, 1.0 / 12);
	g_assert_cmpfloat(conflict->high, >, 1.0 / 12);
	g_assert_cmpfloat(conflict->high - conflict->low, <, 0.005);
	g_assert_cmpfloat(preview->whole->moves[0], ==, 0.75);
	test_folder_remove(folder);
}

static void assert_fails(const Digits *digits, const char *text, const char *sentence)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) edit = expression_parse(digits->collection, text, &error);
	test_no_error(error);
	PreviewRequest request = {.collection = digits->collection,
		.gram = digits->gram,
		.plan = digits->plan,
		.statistics = (Statistics **)digits->statistics->pdata,
		.edit = edit,
		.scale = 1};
	g_assert_null(preview_new(&request, &error));
	test_error(error, ERROR_INPUT, sentence);
	g_assert_nonnull(error_remedy(error));
}

static Preview *measured_of(const Digits *digits, const char *text, GError **error)
{
	g_autoptr(Node) edit = expression_parse(digits->collection, text, NULL);
	MeasureRequest measuring = {.collection = digits->collection, .edit = edit};
	g_autoptr(Measure) measure = measure_edit(&measuring, NULL, error);
	PreviewRequest request = {.collection = digits->collection,
		.gram = digits->gram,
		.plan = digits->plan,
		.edit = edit,
		.scale = 1,
		.measure = measure};
	return measure ? preview_new(&request, error) : NULL;
}

/* A mask of infinities that nobody changes has no norm, and its change is 0: a is (3, 4), b (0, 2)
 * beside it. */
static void test_infinite_mask(void)
{
	static const struct {
		const char *text;
		double norm;
	} mixes[] = {
		{"stock(a, b)", 0.8 / 1.8 * 6.708203932499369}, /* c/(1 + c)·‖(3, 6)‖ */
		{"orthogonal(a, b)", 3},
		{"match_norm(b, a)", 5},
		{"clip(a, norm=1)", 1},
		{"slerp(a, b, t=0)", 5},
	};
	static const double mask[] = {0, -INFINITY, NAN}, base[] = {1, 1}, a[] = {4, 5},
			    b[] = {1, 3};
	TestTensor tensors[] = {{"mask", DTYPE_F32, 1, {3}, mask}, {"w", DTYPE_F32, 1, {2}, base}};
	g_auto(Fixture) fixture = fixture_new(tensors, 2);
	tensors[1].values = a;
	fixture_add(&fixture, "a", tensors, 2);
	tensors[1].values = b;
	fixture_add(&fixture, "b", tensors, 2);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	for (gsize i = 0; i < G_N_ELEMENTS(mixes); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Node) edit = expression_parse(digits->collection, mixes[i].text, NULL);
		g_assert_true(closed_is(digits->collection, edit, FALSE));
		g_assert_false(closed_is_known(digits->collection, digits->gram, edit));
		g_autoptr(Preview) sampled = preview_of(digits, mixes[i].text, 1, NULL, GROUP_ALL);
		g_autoptr(Preview) measured = measured_of(digits, mixes[i].text, &error);
		test_no_error(error);
		g_assert_cmpint(sampled->kind, ==, PREVIEW_EXACT);
		digits_close(sampled->whole->norm.value, mixes[i].norm);
		digits_close(measured->whole->norm.value, mixes[i].norm);
	}
	g_autoptr(Preview) drawn = preview_of(digits, "dare(b, p=0.5)", 1, NULL, GROUP_ALL);
	g_assert_true(drawn->whole->norm.value == 0 || drawn->whole->norm.value == 4);
	g_autoptr(Preview) scoped = preview_of(digits, "orthogonal(a, b)[w]", 1, NULL, GROUP_ALL);
	digits_close(scoped->whole->norm.value, 3);
	g_autoptr(Node) stock = expression_parse(digits->collection, "stock(a, b)[w]", NULL);
	g_autoptr(Closed) closed = closed_new(digits->collection, digits->gram, stock, NULL);
	g_assert_nonnull(closed);
}

/* Where no step looks at an input, it may hold what is no number; where one does, it may not. */
static void test_not_looked_at(void)
{
	static const double base[] = {1, 1, 1, 1}, bad[] = {2, NAN, 3, 1};
	TestTensor tensor = {"w", DTYPE_F32, 1, {4}, base};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	tensor.values = bad;
	fixture_add(&fixture, "bad", &tensor, 1);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	static const char *const texts[] = {"trim(bad, dialect=mergekit)",
		"breadcrumbs(bad, dialect=mergekit)", "della_linear(bad, density=1)"};
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(Preview) preview = preview_of(digits, texts[i], 1, NULL, GROUP_ALL);
		g_assert_true(isnan(preview->whole->norm.value));
		g_assert_cmpuint(preview->warnings->len, >, 0);
	}
	assert_fails(digits, "trim(bad)", "no finite numbers");
}

/* Numbers that the sample's 32 bits do not hold are told of as that. */
static void test_beyond_sample(void)
{
	static const double base[] = {1, 1}, large[] = {1e150, 2};
	TestTensor tensor = {"w", DTYPE_F64, 1, {2}, base};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	tensor.values = large;
	fixture_add(&fixture, "c", &tensor, 1);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_autoptr(GError) error = NULL;
	assert_fails(digits, "trim(c)", "c has changes beyond 32-bit floats");
	g_autoptr(Preview) measured = measured_of(digits, "trim(c, density=0.5)", &error);
	test_no_error(error);
	g_assert_cmpfloat_with_epsilon(measured->whole->norm.value / 1e150, 1, 1e-12);
}

/* No sample is kept of steps: what is not exact cannot be told, and what is from elements. */
static void test_steps(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Preview) linear = preview_of(digits, "mnist@40 - greek", 1, NULL, GROUP_ALL);
	g_assert_cmpint(linear->kind, ==, PREVIEW_EXACT);
	g_assert_true(isnan(linear->whole->conflict.value));
	g_assert_true(isnan(linear->whole->moves[0]));
	assert_fails(digits, "ties(mnist@40, greek)", "no sample is kept of mnist@40");
	assert_fails(digits, "dare(mnist@40, p=0.5)", "no sample is kept of mnist@40");
}

/* A sample that is kept gives the same at another scale, and of another edit its own. */
static void test_kept(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(PreviewSample) sample = preview_sample_new(
		digits->collection, digits->plan, (Statistics **)digits->statistics->pdata);
	static const char *const texts[] = {
		"ties(mnist, greek)", "ties(mnist, greek)", "greek", "ties(mnist, greek)"};
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		double scale = i == 0 ? 1 : -0.5;
		g_autoptr(Node) edit = expression_parse(digits->collection, texts[i], NULL);
		PreviewRequest request = {.collection = digits->collection,
			.gram = digits->gram,
			.plan = digits->plan,
			.edit = edit,
			.scale = scale,
			.by = GROUP_KIND,
			.sample = sample,
			.quick = i == 1};
		g_autoptr(Preview) kept = preview_new(&request, NULL);
		g_autoptr(Preview) fresh = preview_of(digits, texts[i], scale, NULL, GROUP_KIND);
		g_assert_cmpfloat(kept->whole->norm.value, ==, fresh->whole->norm.value);
		g_assert_cmpfloat(kept->whole->moves[1], ==, fresh->whole->moves[1]);
		g_assert_cmpfloat(kept->whole->kept[0].value, ==, fresh->whole->kept[0].value);
		g_assert_cmpuint(kept->groups->len, ==, fresh->groups->len);
	}
}

static gboolean warns(const Preview *preview, const char *text)
{
	for (guint i = 0; i < preview->warnings->len; i++)
		if (strstr(preview->warnings->pdata[i], text))
			return TRUE;
	return FALSE;
}

static void assert_warns(const Preview *preview, const char *text)
{
	if (!warns(preview, text))
		g_error("no warning says \"%s\"", text);
}

/* A base, two tasks, and the mean of these two, which is rounded to 32 bits. */
static Fixture mean_fixture(guint64 n)
{
	g_autofree double *values = g_new0(double, n), *a = g_new(double, n), *b = g_new(double, n);
	TestTensor tensor = {"w", DTYPE_F32, 1, {n}, values};
	for (guint64 i = 0; i < n; i++)
		values[i] = 4 * cos((double)i);
	Fixture fixture = fixture_new(&tensor, 1);
	for (guint64 i = 0; i < n; i++) {
		a[i] = (float)sin(1 + 0.7 * (double)i);
		b[i] = (float)sin(2 + 0.9 * (double)i);
		values[i] = (a[i] + b[i]) / 2;
	}
	fixture_add(&fixture, "m", &tensor, 1);
	tensor.values = a;
	fixture_add(&fixture, "a", &tensor, 1);
	tensor.values = b;
	fixture_add(&fixture, "b", &tensor, 1);
	return fixture;
}

/* What is left of terms that cancel each other is not passed off as known; where products are made
 * in double it is known, and terms that do not cancel are no reason to warn. */
static void test_cancel_warning(void)
{
	g_auto(Fixture) large = mean_fixture(70000), small = mean_fixture(60000);
	g_autoptr(Digits) rounded = fixture_run(&large);
	g_autoptr(Digits) wide = fixture_run(&small);
	g_autoptr(Preview) nothing = preview_of(rounded, "m - 0.5*(a + b)", 1, NULL, GROUP_KIND);
	g_autoptr(Preview) known = preview_of(wide, "m - 0.5*(a + b)", 1, NULL, GROUP_KIND);
	g_autoptr(Preview) much = preview_of(rounded, "1e-5*(a - b)", 1, NULL, GROUP_KIND);
	double sizes = 0;
	for (guint i = 1; i <= 3; i++)
		sizes += (i == (guint)collection_find(rounded->collection, "m") ? 1 : 0.5) *
			 sqrt(cell(rounded, 0, i, i));
	g_autofree char *rounding = text_number(sqrt(PASS_ERROR) * sizes);
	g_autofree char *says = g_strdup_printf("of its norm %s or less is rounding", rounding);
	assert_warns(nothing, "cancel each other");
	assert_warns(nothing, says);
	g_assert_cmpfloat(nothing->whole->norm.value, <, 0.1);
	g_assert_false(warns(known, "cancel each other"));
	g_assert_false(warns(much, "cancel each other"));
}

static void test_call_warnings(void)
{
	static const struct {
		const char *text, *warning;
	} warned[] = {
		{"ties(0.3*mnist)", "the size of the weight of its one input has no effect"},
		{"ties(-0.3*mnist, dialect=mergekit)", "the weight of its one input has no effect"},
		{"ties(mnist, -1*greek, dialect=mergekit)",
			"ties with dialect=mergekit divides by the weights of those that agree"},
		{"breadcrumbs(mnist, density=0.9, dialect=mergekit)",
			"tensors of which breadcrumbs drops everything, as mergekit does"},
		{"slerp(mnist[blocks.0], greek, t=0.5)",
			"on which an input of slerp is 0 and has no direction: "},
	};
	static const char *const fine[] = {"0.3*ties(mnist)", "ties(-mnist)",
		"ties(0.5*mnist, 0.5*greek)",
		"ties(mnist, -1*greek, normalize=no, dialect=mergekit)",
		"breadcrumbs(mnist, density=0.9)", "slerp(mnist, greek, t=0.5)"};
	g_autoptr(Digits) digits = digits_new();
	for (gsize i = 0; i < G_N_ELEMENTS(warned); i++) {
		g_autoptr(Preview) preview = preview_of(digits, warned[i].text, 1, NULL, GROUP_ALL);
		assert_warns(preview, warned[i].warning);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(fine); i++) {
		g_autoptr(Preview) preview = preview_of(digits, fine[i], 1, NULL, GROUP_ALL);
		g_test_message("%s", fine[i]);
		g_assert_cmpuint(preview->warnings->len, ==, 0);
	}
}

static void test_warnings(void)
{
	char *folder = test_folder();
	Collection *collection = toy_collection(folder);
	TestTensor part[] = {{"head.weight", DTYPE_F32, 2, {1, 3}, NULL}};
	g_autofree char *path = g_build_filename(folder, "part.safetensors", NULL);
	test_write_safetensors(path, part, 1);
	add_member(collection, "part", MEMBER_TASK, NULL, -1, path);
	add_values(collection, folder, "broken", NAN);
	g_autoptr(Digits) toy = digits_of(collection, 1, 0);

	g_autoptr(Preview) lacking = preview_of(toy, "0.1*part", 1, NULL, GROUP_ALL);
	assert_warns(lacking, "7 tensors edited in part only");
	assert_warns(lacking, "blocks.0.attn.q.weight, blocks.1.attn.q.weight, "
			      "blocks.2.mlp.fc_in.weight, ...");
	assert_warns(lacking, "1 tensor not of a float type, copied from the base: seen");
	g_autoptr(Preview) broken = preview_of(toy, "a + broken[head]", 1, NULL, GROUP_ALL);
	g_assert_true(isnan(broken->whole->norm.value));
	assert_warns(broken, "1 tensor with values that are not finite (from broken)");
	assert_warns(broken, ": head.weight");
	g_autoptr(Preview) large = preview_of(toy, "4*a", 1, NULL, GROUP_ALL);
	assert_warns(large, "the edit is 4.00 times as long as the base itself");
	g_autoptr(Preview) longer = preview_of(toy, "3.5*mnist@40", 1, NULL, GROUP_ALL);
	assert_warns(longer, "the edit is 3.50 times as long as the largest task vector in it");
	g_autoptr(Preview) far = preview_of(toy, "0.1*\"mnist-inv\"", 1, NULL, GROUP_ALL);
	assert_warns(far,
		"mnist-inv is as far from the base as that is from 0: the base is probably "
		"not the one it was fine-tuned from");
	g_autoptr(Preview) alike =
		preview_of(toy, "0.1*(\"4x big\" + \"ελ\" + \"mnist-inv\")", 1, NULL, GROUP_ALL);
	assert_warns(alike,
		"the tasks in the edit are nearly parallel, every two with a cosine above "
		"0.95: the base is probably not the one they were fine-tuned from");
	g_autoptr(Preview) nothing = preview_of(toy, "part[embed]", 1, NULL, GROUP_ALL);
	assert_warns(nothing, "the edit is nothing: no tensor that its scopes choose is shared");
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/preview/measured", test_measured);
	g_test_add_func("/preview/frozen", test_frozen);
	g_test_add_func("/preview/truth", test_truth);
	g_test_add_func("/preview/nothing", test_nothing);
	g_test_add_func("/preview/warnings", test_warnings);
	g_test_add_func("/preview/cancel-warning", test_cancel_warning);
	g_test_add_func("/preview/call-warnings", test_call_warnings);
	g_test_add_func("/preview/whole-sample", test_whole_sample);
	g_test_add_func("/preview/moves", test_moves);
	g_test_add_func("/preview/conflict-interval", test_conflict_interval);
	g_test_add_func("/preview/infinite-mask", test_infinite_mask);
	g_test_add_func("/preview/not-looked-at", test_not_looked_at);
	g_test_add_func("/preview/beyond-sample", test_beyond_sample);
	g_test_add_func("/preview/steps", test_steps);
	g_test_add_func("/preview/kept", test_kept);
	return g_test_run();
}
