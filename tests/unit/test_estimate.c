/* test_estimate.c - what a sample says of an edit against what a pass over all weights measures. */
#include "large.h"

#include "preview/preview.h"

static const char *const edits[] = {
	"trim(a, density=0.1)",
	"trim(a, density=0.3, by=tensor)",
	"ties(a, b, c)",
	"ties(0.7*a, 0.3*b, density=0.5)",
	"ties(a, -b, density=0.1, by=tensor)",
	"dare_ties(a, b, p=0.5, seed=3)",
	"breadcrumbs(a, b, density=0.8)",
	"magmax(a, b, c)",
	"consensus(a, b, c)",
	"emr(a, b, c, task=2)",
	"nearswap(a, t=0.001)",
	"ram(a, b, c, epsilon=0.001)",
	"0.5*a + ties(b, c)[blocks]",
	"orthogonal(trim(a, density=0.2), b)",
	"dare(trim(a, density=0.2), p=0.3)",
	"lines_multi(a + b, a, b)",
};

/* How many figures lie in their intervals, and how wide these are. */
typedef struct {
	guint figures, held;
	GArray *norm_width;   /* of double: high - low as a part of the norm */
	GArray *cosine_width; /* of double: high - low */
} Tally;

/* The tables, which the truth here takes ‖τ‖ from, are made of products in single precision. */
static gboolean holds(const Estimate *estimate, double truth)
{
	double rounding = 2 * PASS_ERROR * fabs(truth) + 1e-12;
	return truth >= estimate->low - rounding && truth <= estimate->high + rounding;
}

static void count(Tally *tally, const Estimate *estimate, double truth)
{
	g_assert_cmpfloat(estimate->low, <=, estimate->value);
	g_assert_cmpfloat(estimate->value, <=, estimate->high);
	tally->figures++;
	tally->held += holds(estimate, truth) ? 1 : 0;
	if (!holds(estimate, truth))
		g_test_message("    %g is not in [%g, %g]", truth, estimate->low, estimate->high);
}

static PreviewRequest request_of(const Digits *model, const Node *edit)
{
	return (PreviewRequest){.collection = model->collection,
		.gram = model->gram,
		.plan = model->plan,
		.statistics = (Statistics **)model->statistics->pdata,
		.edit = edit,
		.scale = -0.5,
		.quick = TRUE};
}

static void compare(Tally *tally, const PreviewGroup *estimated, const PreviewGroup *exact)
{
	double norm = (estimated->norm.high - estimated->norm.low) / exact->norm.value;
	g_array_append_val(tally->norm_width, norm);
	count(tally, &estimated->norm, exact->norm.value);
	for (guint i = 0; i < 3; i++) {
		double cosine = estimated->cosine[i].high - estimated->cosine[i].low;
		g_array_append_val(tally->cosine_width, cosine);
		count(tally, &estimated->cosine[i], exact->cosine[i].value);
		count(tally, &estimated->kept[i], exact->kept[i].value);
	}
}

static void check_edit(const Digits *model, const char *text, Tally *tally)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) edit = expression_parse(model->collection, text, &error);
	test_no_error(error);
	PreviewRequest request = request_of(model, edit);
	g_autoptr(Preview) estimated = preview_new(&request, &error);
	test_no_error(error);
	g_assert_cmpint(estimated->kind, ==, PREVIEW_ESTIMATED);
	MeasureRequest measuring = {.collection = model->collection, .edit = edit, .threads = 2};
	g_autoptr(Measure) measure = measure_edit(&measuring, NULL, &error);
	test_no_error(error);
	request.measure = measure;
	g_autoptr(Preview) exact = preview_new(&request, &error);
	test_no_error(error);
	g_assert_cmpint(exact->kind, ==, PREVIEW_EXACT);
	g_test_message("%s", text);
	compare(tally, estimated->whole, exact->whole);
}

static gint ascending(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double median(GArray *values)
{
	g_array_sort(values, ascending);
	return g_array_index(values, double, values->len / 2);
}

/* Intervals of 95 %, though the figures of one model err together: at least nine in ten hold, and
 * they are narrow enough to tell something. */
static void test_held(gconstpointer data)
{
	Tails tails = (Tails)GPOINTER_TO_INT(data);
	char *folder = test_folder();
	g_autoptr(Digits) model = large_model(folder, tails, 1);
	g_autoptr(GArray) norms = g_array_new(FALSE, FALSE, sizeof(double));
	g_autoptr(GArray) cosines = g_array_new(FALSE, FALSE, sizeof(double));
	Tally tally = {0, 0, norms, cosines};
	for (guint i = 0; i < G_N_ELEMENTS(edits); i++)
		check_edit(model, edits[i], &tally);
	g_test_message("%u of %u figures; median width of norms %.2g, of cosines %.2g", tally.held,
		tally.figures, median(norms), median(cosines));
	g_assert_cmpuint(tally.figures, ==, 7 * G_N_ELEMENTS(edits));
	g_assert_cmpuint(10 * tally.held, >=, 9 * tally.figures);
	g_assert_cmpfloat(median(norms), <, tails == TAILS_NORMAL ? 0.01 : 0.06);
	g_assert_cmpfloat(median(cosines), <, tails == TAILS_NORMAL ? 0.01 : 0.06);
	test_folder_remove(folder);
}

/* Each tensor by itself: those of which every element is sampled too, whose thresholds are not
 * known. */
static void test_groups(void)
{
	char *folder = test_folder();
	guint figures = 0, held = 0;
	g_autoptr(GError) error = NULL;
	g_autoptr(Digits) model = large_model(folder, TAILS_LONG, 2);
	g_autoptr(Node) edit = expression_parse(model->collection, "ties(a, b)", NULL);
	PreviewRequest request = request_of(model, edit);
	request.by = GROUP_TENSOR;
	g_autoptr(Preview) estimated = preview_new(&request, &error);
	MeasureRequest measuring = {.collection = model->collection, .edit = edit};
	g_autoptr(Measure) measure = measure_edit(&measuring, NULL, &error);
	request.measure = measure;
	g_autoptr(Preview) exact = preview_new(&request, &error);
	test_no_error(error);
	for (guint i = 0; i < LARGE_TENSORS; i++) {
		const PreviewGroup *is = estimated->groups->pdata[i];
		const PreviewGroup *was = exact->groups->pdata[i];
		g_assert_cmpstr(is->name, ==, was->name);
		held += holds(&is->norm, was->norm.value) ? 1 : 0;
		held += holds(&is->kept[0], was->kept[0].value) ? 1 : 0;
		figures += 2;
	}
	g_assert_cmpuint(10 * held, >=, 9 * figures);
	test_folder_remove(folder);
}

static gboolean has_warning(const Preview *preview, const char *text)
{
	for (guint i = 0; i < preview->warnings->len; i++)
		if (strstr(preview->warnings->pdata[i], text))
			return TRUE;
	return FALSE;
}

/* What rows do is not in a sample that has none whole: bounds hold it, all of them.  A tensor that
 * is sampled whole is in doubt only where it shares thresholds with others. */
static void test_rows(void)
{
	static const char *const texts[] = {
		"stock(a, b, along=row)",
		"stock(a, b, c, along=filter)",
		"stock(a, b, along=row, dialect=mergekit)",
		"nuslerp(a, 3*b, along=row)",
		"nuslerp(a, b, along=column, of=weights)",
		"arcee_fusion(a)",
		"della(a, 0.5*b, density=0.5, seed=2)",
		"della_linear(a, -b, density=0.4, dialect=mergekit)",
		"0.5*c - 2*stock(a, b, along=row)[blocks]",
		"trim(arcee_fusion(a), density=0.1) / 2",
		"mean(c, magmax(stock(a, b, along=row), b))",
		"orthogonal(arcee_fusion(b), a)",
	};
	char *folder = test_folder();
	g_autoptr(Digits) model = large_model(folder, TAILS_NORMAL, 3);
	g_autoptr(GArray) norms = g_array_new(FALSE, FALSE, sizeof(double));
	g_autoptr(GArray) cosines = g_array_new(FALSE, FALSE, sizeof(double));
	Tally tally = {0, 0, norms, cosines};
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		check_edit(model, texts[i], &tally);
		g_autoptr(Node) edit = expression_parse(model->collection, texts[i], NULL);
		PreviewRequest request = request_of(model, edit);
		g_autoptr(Preview) preview = preview_new(&request, NULL);
		g_assert_true(has_warning(preview, "sees rows whole"));
		request.pattern = "norm";
		g_autoptr(Preview) sampled_whole = preview_new(&request, NULL);
		gboolean spreads = g_str_has_prefix(texts[i], "orthogonal") ||
				   g_str_has_prefix(texts[i], "trim") ||
				   g_str_has_prefix(texts[i], "della(");
		g_assert_true(has_warning(sampled_whole, "sees rows whole") == spreads);
	}
	g_assert_cmpuint(tally.figures, ==, 7 * G_N_ELEMENTS(texts));
	g_assert_cmpuint(tally.held, ==, tally.figures);
	test_folder_remove(folder);
}

/* Each row's part of the mean is at most all of it: λ·‖a + b‖ / 2. */
static void test_stock_bound(void)
{
	char *folder = test_folder();
	g_autoptr(Digits) model = large_model(folder, TAILS_NORMAL, 3);
	g_autoptr(Node) edit =
		expression_parse(model->collection, "stock(a, b, along=row)[mlp]", NULL);
	PreviewRequest request = request_of(model, edit);
	request.pattern = "mlp";
	g_autoptr(Preview) preview = preview_new(&request, NULL);
	double square = 0;
	for (guint t = 0; t < LARGE_TENSORS; t++) {
		double a = sqrt(*gram_cell(model->gram, t, 1, 1));
		double b = sqrt(*gram_cell(model->gram, t, 2, 2));
		if (strstr(collection_tensor(model->collection, t)->name, "mlp"))
			square += (a + b) * (a + b) / 4;
	}
	g_assert_cmpfloat(preview->whole->norm.low, ==, 0);
	g_assert_cmpfloat(preview->whole->norm.high, >=, 0.5 * sqrt(square) * (1 - 1e-9));
	g_assert_cmpfloat(preview->whole->norm.high, <, 0.5 * sqrt(square) * 1.1);
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/estimate/normal", GINT_TO_POINTER(TAILS_NORMAL), test_held);
	g_test_add_data_func("/estimate/long", GINT_TO_POINTER(TAILS_LONG), test_held);
	g_test_add_data_func("/estimate/sparse", GINT_TO_POINTER(TAILS_SPARSE), test_held);
	g_test_add_func("/estimate/groups", test_groups);
	g_test_add_func("/estimate/rows", test_rows);
	g_test_add_func("/estimate/stock-bound", test_stock_bound);
	return g_test_run();
}
