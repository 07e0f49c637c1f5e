/* test_measure.c - edits measured over the weights, and the session's measures. */
#include "digits.h"
#include "stores.h"

#include "preview/measure.h"
#include "session.h"

static Measure *measure_of(
	const Collection *collection, const char *text, guint threads, gsize budget)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) edit = expression_parse(collection, text, &error);
	test_no_error(error);
	MeasureRequest request = {
		.collection = collection, .edit = edit, .threads = threads, .budget = budget};
	Measure *measure = measure_edit(&request, NULL, &error);
	test_no_error(error);
	return measure;
}

/* θ of a whole tensor as double; g_free. */
static double *read_whole(const Collection *collection, guint member, guint tensor)
{
	g_autoptr(GError) error = NULL;
	guint64 n = collection_tensor(collection, tensor)->elements;
	g_autofree double *scratch = g_new(double, n + 1);
	double *values = g_new(double, n + 1);
	collection_read_double(collection, member, tensor, 0, n, scratch, values, &error);
	test_no_error(error);
	return values;
}

/* τ of a whole tensor. */
static double *read_change(const Collection *collection, guint member, guint tensor)
{
	guint64 n = collection_tensor(collection, tensor)->elements;
	g_autofree double *base = read_whole(collection, 0, tensor);
	double *change = read_whole(collection, member, tensor);
	for (guint64 i = 0; i < n; i++)
		change[i] -= base[i];
	return change;
}

static gint descending(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x > y ? -1 : x < y;
}

/* The size that `density` of all elements of a task vector reach. */
static double threshold_of(const Collection *collection, guint member, double density)
{
	g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(double));
	for (guint t = 0; t < collection_tensors(collection); t++) {
		g_autofree double *change = read_change(collection, member, t);
		for (guint64 i = 0; i < collection_tensor(collection, t)->elements; i++) {
			double size = fabs(change[i]);
			g_array_append_val(sizes, size);
		}
	}
	g_array_sort(sizes, descending);
	return g_array_index(sizes, double, (guint)(density * sizes->len + 0.5) - 1);
}

/* Trimming keeps the largest tenth of all elements: counted by sorting them. */
static void test_trim(void)
{
	g_autoptr(Digits) digits = digits_new();
	const Collection *collection = digits->collection;
	guint mnist = (guint)collection_find(collection, "mnist");
	guint greek = (guint)collection_find(collection, "greek");
	double threshold = threshold_of(collection, mnist, 0.1);
	g_autoptr(Measure) measure = measure_of(collection, "trim(mnist, density=0.1)", 2, 0);
	for (guint t = 0; t < collection_tensors(collection); t++) {
		double square = 0, own = 0, other = 0, base = 0;
		g_autofree double *x = read_change(collection, mnist, t);
		g_autofree double *y = read_change(collection, greek, t);
		g_autofree double *theta = read_whole(collection, 0, t);
		for (guint64 i = 0; i < collection_tensor(collection, t)->elements; i++) {
			double kept = fabs(x[i]) >= threshold ? x[i] : 0;
			square += kept * kept;
			own += kept * x[i];
			other += kept * y[i];
			base += kept * theta[i];
		}
		const double *products = measure->products + (gsize)t * measure->members;
		g_assert_cmpfloat_with_epsilon(measure->square[t], square, 1e-9);
		g_assert_cmpfloat_with_epsilon(products[mnist], own, 1e-9);
		g_assert_cmpfloat_with_epsilon(products[greek], other, 1e-9);
		g_assert_cmpfloat_with_epsilon(products[0], base, 1e-9);
	}
}

/* Of a linear edit with a scope, the tables know the same; a task has its product also where the
 * edit does not want it. */
static void test_tables(void)
{
	g_autoptr(Digits) digits = digits_new();
	const Collection *collection = digits->collection;
	guint mnist = (guint)collection_find(collection, "mnist");
	guint fashion = (guint)collection_find(collection, "fashion");
	g_autoptr(Measure) measure = measure_of(collection, "0.5*mnist - fashion[blocks.0]", 1, 0);
	for (guint t = 0; t < collection_tensors(collection); t++) {
		gboolean both = scope_matches(collection, t, "blocks.0");
		double with = *gram_cell(digits->gram, t, mnist, fashion);
		double own = *gram_cell(digits->gram, t, fashion, fashion);
		double found = measure->products[(gsize)t * measure->members + fashion];
		g_assert_cmpfloat_with_epsilon(found, 0.5 * with - (both ? own : 0), 1e-8);
	}
}

static void assert_same(const Measure *a, const Measure *b)
{
	gsize square = a->tensors * sizeof(double), products = square * a->members;
	g_assert_cmpint(memcmp(a->square, b->square, square), ==, 0);
	g_assert_cmpint(memcmp(a->products, b->products, products), ==, 0);
}

/* The same bits for any number of threads and any budget. */
static void test_same(void)
{
	static const char edit[] = "ties(mnist, greek) + della(fashion, density=0.5)";
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Measure) one = measure_of(digits->collection, edit, 1, 0);
	g_autoptr(Measure) three = measure_of(digits->collection, edit, 3, 0);
	g_autoptr(Measure) tight = measure_of(digits->collection, edit, 3, 1);
	for (guint t = 0; t < one->tensors; t++)
		for (guint m = 0; m < one->members; m++)
			if (collection_member(digits->collection, m)->role == MEMBER_STEP)
				g_assert_true(isnan(one->products[t * one->members + m]));
	assert_same(one, three);
	assert_same(one, tight);
}

/* Only what is asked for is read. */
static void test_wanted(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Digits) digits = digits_new();
	const Collection *collection = digits->collection;
	g_autofree gboolean *wanted = g_new0(gboolean, collection_members(collection));
	guint greek = (guint)collection_find(collection, "greek");
	guint mnist = (guint)collection_find(collection, "mnist");
	guint fashion = (guint)collection_find(collection, "fashion");
	wanted[greek] = TRUE;
	g_autoptr(Node) edit = expression_parse(collection, "trim(mnist)", NULL);
	MeasureRequest request = {.collection = collection, .edit = edit, .wanted = wanted};
	g_autoptr(Measure) measure = measure_edit(&request, NULL, &error);
	test_no_error(error);
	g_assert_true(isfinite(measure->products[greek]));
	g_assert_true(isfinite(measure->products[mnist]));
	g_assert_true(isnan(measure->products[fashion]));
}

static void test_cancelled(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Node) edit = expression_parse(digits->collection, "trim(mnist)", NULL);
	g_autoptr(Job) job = job_new("measure", NULL, NULL, NULL, NULL);
	MeasureRequest request = {.collection = digits->collection, .edit = edit};
	job_cancel(job);
	g_assert_null(measure_edit(&request, job, &error));
	g_assert_error(error, TAUSCOPE_ERROR, ERROR_CANCELLED);
}

/* The bytes that a job expects of an edit: all of them, or as many as it knows of at first. */
static guint64 expected_bytes(const Collection *collection, const char *text, gboolean at_first)
{
	g_autoptr(Node) edit = expression_parse(collection, text, NULL);
	g_autoptr(Job) job = job_new("measure", NULL, NULL, NULL, NULL);
	MeasureRequest request = {.collection = collection, .edit = edit};
	JobStatus status;
	if (at_first)
		job_cancel(job);
	g_autoptr(Measure) measure = measure_edit(&request, job, NULL);
	g_assert_true((measure == NULL) == at_first);
	job_status(job, &status);
	g_assert_cmpuint(at_first ? 0 : status.total, ==, status.done);
	return status.total;
}

/* What is expected at first holds to the end: progress does not go back. */
static void test_expected(void)
{
	static const char *const edits[] = {"0.5*mnist", "trim(mnist)", "ties(mnist, greek)",
		"dare(mnist, greek, p=0.5)", "breadcrumbs_ties(mnist, greek)"};
	g_autoptr(Digits) digits = digits_new();
	for (guint i = 0; i < G_N_ELEMENTS(edits); i++)
		g_assert_cmpuint(expected_bytes(digits->collection, edits[i], TRUE), ==,
			expected_bytes(digits->collection, edits[i], FALSE));
}

static void compose(Session *session, const char *text, double scale)
{
	g_autoptr(Composition) next = composition_copy(session_composition(session));
	composition_set_text(next, session_collection(session), text, NULL);
	next->scale = scale;
	session_compose(session, next, text, NULL);
}

static PreviewKind kind_of(const Session *session, double *norm)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Preview) preview =
		session_preview(session, session_composition(session), GROUP_ALL, &error);
	test_no_error(error);
	*norm = preview->whole->norm.value;
	return preview->kind;
}

static void measure(Session *session, const char *text)
{
	g_autoptr(GError) error = NULL;
	session_measure(session, text, &error);
	test_no_error(error);
	while (session_running(session) > 0)
		g_main_context_iteration(NULL, TRUE);
}

/* What was measured is exact at any scale, until eight others were. */
static void test_session(void)
{
	g_auto(Scratch) scratch = scratch_new();
	store_free(digits_store(&scratch, WEIGHTS_COPY));
	g_autoptr(GError) error = NULL;
	g_autoptr(Session) session = session_open(scratch.store, 2, &error);
	test_no_error(error);
	double before, after, doubled;
	compose(session, "dare(greek, p=0.5, seed=7)", 1);
	g_assert_cmpint(kind_of(session, &before), ==, PREVIEW_EXPECTED);
	measure(session, "dare(greek, seed=7, p=0.5)");
	g_assert_cmpint(kind_of(session, &after), ==, PREVIEW_EXACT);
	g_assert_cmpfloat(before, !=, after);
	g_assert_cmpfloat(fabs(before - after), <, 0.02 * before);
	compose(session, "dare(greek, p=0.5, seed=7)", -2);
	g_assert_cmpint(kind_of(session, &doubled), ==, PREVIEW_EXACT);
	g_assert_cmpfloat_with_epsilon(doubled, 2 * after, 1e-12);
	for (guint i = 0; i < 8; i++) {
		g_autofree char *other = g_strdup_printf("dare(greek, p=0.5, seed=%u)", i + 8);
		measure(session, other);
	}
	g_assert_cmpint(kind_of(session, &doubled), ==, PREVIEW_EXPECTED);
	g_autofree char *message = session_take_message(session);
	g_assert_cmpstr(
		message, ==, "dare(greek, p=0.5, seed=15) is measured: its preview is exact");
	g_assert_false(session_measure(session, "nobody", &error));
	test_error(error, ERROR_USAGE, "nobody");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/measure/trim", test_trim);
	g_test_add_func("/measure/tables", test_tables);
	g_test_add_func("/measure/same", test_same);
	g_test_add_func("/measure/wanted", test_wanted);
	g_test_add_func("/measure/cancelled", test_cancelled);
	g_test_add_func("/measure/expected", test_expected);
	g_test_add_func("/measure/session", test_session);
	return g_test_run();
}
