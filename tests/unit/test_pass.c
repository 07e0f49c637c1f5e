/* test_pass.c - the streaming pass against sums written out here, whatever the threads, the budget
 * and the order in which members come. */
#include "fixture.h"

#include <glib/gstdio.h>
#include <string.h>

static void assert_same_bytes(const void *a, const void *b, gsize length)
{
	g_assert_true(length == 0 || memcmp(a, b, length) == 0);
}

static void assert_same_statistics(
	const Statistics *a, const Statistics *b, const SamplePlan *plan, guint tensors)
{
	assert_same_bytes(a->minimum, b->minimum, tensors * sizeof(double));
	assert_same_bytes(a->maximum, b->maximum, tensors * sizeof(double));
	assert_same_bytes(a->largest_change, b->largest_change, tensors * sizeof(double));
	assert_same_bytes(a->nonfinite, b->nonfinite, tensors * sizeof(guint64));
	assert_same_bytes(a->hash, b->hash, tensors * sizeof(guint64));
	g_assert_true((a->sample == NULL) == (b->sample == NULL));
	if (a->sample != NULL)
		assert_same_bytes(a->sample, b->sample, plan->first[tensors] * sizeof(float));
}

static void assert_same(const Digits *a, const Digits *b)
{
	guint tensors = a->gram->tensors;
	gsize cells = tensors * gram_packed(a->gram->vectors, 0);
	assert_same_bytes(a->gram->products, b->gram->products, cells * sizeof(double));
	for (guint m = 0; m < a->statistics->len; m++)
		assert_same_statistics(statistics_of(a, m), statistics_of(b, m), a->plan, tensors);
}

/* Values that differ everywhere and are exact in float32. */
static double *many_values(guint64 n, double seed)
{
	double *values = g_new(double, n);
	for (guint64 i = 0; i < n; i++)
		values[i] = (float)sin(seed + 0.7 * (double)i);
	return values;
}

#define LONG (2 * 262144 + 12345)

/* A base and two tasks with a tensor of three stripes, and a small one. */
static Fixture long_fixture(void)
{
	g_autofree double *base = many_values(LONG, 1);
	TestTensor tensors[2] = {
		{"long", DTYPE_F32, 1, {LONG}, base}, {"small", DTYPE_F32, 1, {10}, base}};
	Fixture fixture = fixture_new(tensors, 2);
	for (guint task = 0; task < 2; task++) {
		g_autofree double *values = many_values(LONG, 2 + task);
		g_autofree char *name = g_strdup_printf("task-%u", task);
		tensors[0].values = tensors[1].values = values;
		fixture_add(&fixture, name, tensors, 2);
	}
	return fixture;
}

static void test_threads_and_budget(void)
{
	const guint threads[] = {1, 2, 3, 7};
	const gsize budgets[] = {1, 1u << 20, 3u << 20, 16u << 20, 256u << 20};
	g_autoptr(Digits) first = digits_of(digits_collection(), 1, 1);
	for (guint t = 0; t < G_N_ELEMENTS(threads); t++) {
		for (guint b = 0; b < G_N_ELEMENTS(budgets); b++) {
			g_autoptr(Digits) other =
				digits_of(digits_collection(), threads[t], budgets[b]);
			assert_same(first, other);
		}
	}
}

static void test_threads_on_stripes(void)
{
	g_auto(Fixture) first_fixture = long_fixture();
	g_autoptr(Digits) first = digits_of(g_steal_pointer(&first_fixture.collection), 1, 1);
	for (guint threads = 2; threads < 8; threads += 2) {
		g_auto(Fixture) fixture = long_fixture();
		g_autoptr(Digits) other =
			digits_of(g_steal_pointer(&fixture.collection), threads, threads << 18);
		assert_same(first, other);
	}
}

/* Stripes and blocks against one long sum: the error of single precision, averaged out. */
static void test_long_tensor(void)
{
	g_auto(Fixture) fixture = long_fixture();
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_autofree double *base = many_values(LONG, 1), *a = many_values(LONG, 2),
			  *b = many_values(LONG, 3);
	long double aa = 0, ab = 0, a0 = 0, largest = 0;
	for (guint64 i = 0; i < LONG; i++) {
		long double change = (long double)a[i] - base[i];
		aa += change * change;
		ab += change * ((long double)b[i] - base[i]);
		a0 += change * base[i];
		largest = MAX(largest, fabsl(change));
	}
	guint t = tensor_of(digits, "long");
	g_assert_cmpfloat(fabs(cell(digits, t, 1, 1) / (double)aa - 1), <, 1e-8);
	g_assert_cmpfloat(fabs(cell(digits, t, 1, 2) / (double)ab - 1), <, 1e-8);
	g_assert_cmpfloat(fabs(cell(digits, t, 0, 1) / (double)a0 - 1), <, 1e-8);
	g_assert_cmpfloat_with_epsilon(
		statistics_of(digits, 1)->largest_change[t], (double)largest, 1e-7);
}

/* Members that come one after the other give the same tables as all at once. */
static void test_incremental(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Digits) whole = digits_new();
	g_autoptr(Collection) collection = digits_collection();
	g_autoptr(SamplePlan) plan = sample_plan_new(collection);
	g_autoptr(GPtrArray) statistics = digits_statistics(collection, plan);
	guint members = collection_members(collection);
	g_autoptr(Gram) gram = gram_new(collection_tensors(collection), members);
	for (guint part = 0; part < 3; part++) {
		g_autofree gboolean *fresh = g_new0(gboolean, members);
		for (guint m = 0; m < members; m++)
			fresh[m] = m % 3 == part;
		PassRequest request = {collection, fresh, 2, 4u << 20};
		g_assert_true(pass_run(
			&request, plan, gram, (Statistics **)statistics->pdata, NULL, &error));
	}
	gsize cells = gram->tensors * gram_packed(members, 0);
	assert_same_bytes(gram->products, whole->gram->products, cells * sizeof(double));
	for (guint m = 0; m < members; m++)
		assert_same_statistics(g_ptr_array_index(statistics, m), statistics_of(whole, m),
			plan, gram->tensors);
}

/* Rows of members that are not fresh keep what they hold. */
static void test_only_fresh_rows(void)
{
	g_autoptr(GError) error = NULL;
	g_auto(Fixture) fixture = long_fixture();
	const gboolean fresh[3] = {FALSE, FALSE, TRUE};
	g_autoptr(SamplePlan) plan = sample_plan_new(fixture.collection);
	g_autoptr(GPtrArray) statistics = digits_statistics(fixture.collection, plan);
	g_autoptr(Gram) gram = gram_new(2, 3);
	PassRequest request = {fixture.collection, fresh, 2, 0};
	g_assert_true(
		pass_run(&request, plan, gram, (Statistics **)statistics->pdata, NULL, &error));
	for (guint t = 0; t < 2; t++) {
		for (guint i = 0; i < 3; i++)
			for (guint j = 0; j <= i; j++)
				g_assert_true(isnan(*gram_cell(gram, t, i, j)) == (i < 2));
		g_assert_true(isnan(((Statistics *)statistics->pdata[1])->minimum[t]));
		g_assert_cmphex(((Statistics *)statistics->pdata[1])->hash[t], ==, 0);
	}
}

/* Every float type in every place against loops over the numbers that were written. */
static const Dtype all_types[] = {DTYPE_F64, DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_F8_E4M3,
	DTYPE_F8_E5M2, DTYPE_F8_E4M3FNUZ, DTYPE_F8_E5M2FNUZ};

#define TYPED 5003

/* Three significant bits, which all the types hold. */
static double *typed_values(guint seed)
{
	double *values = g_new(double, TYPED);
	for (guint i = 0; i < TYPED; i++)
		values[i] = ((double)((i + 1) * (2 * seed + 7919) % 17) - 8) / 8;
	return values;
}

static void check_typed(const Digits *digits, double **values, guint members)
{
	for (guint i = 0; i < members; i++) {
		double low = INFINITY, high = -INFINITY, change = 0;
		for (guint e = 0; e < TYPED; e++) {
			low = fmin(low, values[i][e]);
			high = fmax(high, values[i][e]);
			change = fmax(change, i == 0 ? 0 : fabs(values[i][e] - values[0][e]));
		}
		g_assert_cmpfloat(statistics_of(digits, i)->minimum[0], ==, low);
		g_assert_cmpfloat(statistics_of(digits, i)->maximum[0], ==, high);
		g_assert_cmpfloat(statistics_of(digits, i)->largest_change[0], ==, change);
		for (guint j = 0; j <= i; j++) {
			double sum = 0;
			for (guint e = 0; e < TYPED; e++)
				sum += (values[i][e] - (i > 0 ? values[0][e] : 0)) *
				       (values[j][e] - (j > 0 ? values[0][e] : 0));
			g_assert_cmpfloat(cell(digits, 0, i, j), ==, sum);
		}
	}
}

static void test_types(void)
{
	const guint types = G_N_ELEMENTS(all_types);
	for (guint base = 0; base < types; base++) {
		double *values[G_N_ELEMENTS(all_types) + 1];
		values[0] = typed_values(0);
		TestTensor tensor = {"w", all_types[base], 1, {TYPED}, values[0]};
		g_auto(Fixture) fixture = fixture_new(&tensor, 1);
		for (guint t = 0; t < types; t++) {
			tensor.values = values[t + 1] = typed_values(t + 1);
			tensor.dtype = all_types[t];
			fixture_add(&fixture, dtype_info(all_types[t])->name, &tensor, 1);
		}
		g_autoptr(Digits) digits = fixture_run(&fixture);
		check_typed(digits, values, types + 1);
		for (guint t = 0; t <= types; t++)
			g_free(values[t]);
	}
}

/* The hash tells a changed element of any type, and pass_hash finds the same values. */
static void test_hash(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Digits) digits = digits_new();
	g_autofree guint64 *hash = g_new0(guint64, digits->gram->tensors);
	for (guint m = 0; m < collection_members(digits->collection); m += 5) {
		for (guint threads = 1; threads < 4; threads++) {
			g_assert_true(
				pass_hash(digits->collection, m, threads, hash, NULL, &error));
			assert_same_bytes(hash, statistics_of(digits, m)->hash,
				digits->gram->tensors * sizeof *hash);
		}
	}
}

static void test_hash_of_stripes(void)
{
	g_autoptr(GError) error = NULL;
	g_auto(Fixture) fixture = long_fixture();
	g_autoptr(Digits) digits = fixture_run(&fixture);
	guint64 hash[2];
	for (guint m = 0; m < 3; m++) {
		g_assert_true(pass_hash(digits->collection, m, 2, hash, NULL, &error));
		assert_same_bytes(hash, statistics_of(digits, m)->hash, sizeof hash);
	}
	g_assert_cmphex(statistics_of(digits, 1)->hash[0], !=, statistics_of(digits, 2)->hash[0]);
}

/* A changed byte in an integer tensor, which has no vector. */
static void test_hash_of_integers(void)
{
	TestTensor tensor = {"steps", DTYPE_I64, 1, {100}, NULL};
	g_auto(Fixture) fixture = fixture_new(&tensor, 1);
	fixture_add(&fixture, "same", &tensor, 1);
	fixture_add(&fixture, "other", &tensor, 1);
	g_autofree char *path = g_build_filename(fixture.folder, "other.safetensors", NULL);
	FILE *file = g_fopen(path, "r+b");
	fseek(file, -1, SEEK_END);
	fputc(7, file);
	fclose(file);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_assert_cmphex(statistics_of(digits, 1)->hash[0], ==, statistics_of(digits, 0)->hash[0]);
	g_assert_cmphex(statistics_of(digits, 2)->hash[0], !=, statistics_of(digits, 0)->hash[0]);
}

/* Progress ends at what pass_bytes promised, every byte of a first load once, and comes on top of
 * what the job counts already. */
static gboolean run_in_job(Job *job, gpointer data, GError **error)
{
	Digits *digits = data;
	g_autofree gboolean *fresh = digits_all_fresh(digits->collection);
	PassRequest request = {digits->collection, fresh, 2, 0};
	job_expect(job, 1000 + pass_bytes(&request));
	job_advance(job, 1000);
	return pass_run(&request, digits->plan, digits->gram,
		(Statistics **)digits->statistics->pdata, job, error);
}

static guint64 all_bytes(const Collection *collection)
{
	guint64 bytes = 0;
	for (guint m = 0; m < collection_members(collection); m++)
		bytes += checkpoint_bytes(collection_member(collection, m)->checkpoint);
	return bytes;
}

static void test_progress(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Job) job = job_new("pass", run_in_job, NULL, digits, NULL);
	g_assert_true(job_run(job, &error));
	JobStatus status;
	job_status(job, &status);
	g_assert_cmpuint(status.total, ==, 1000 + all_bytes(digits->collection));
	g_assert_cmpuint(status.done, ==, status.total);
}

/* One fresh task among 30 others reads them all, but a task alone reads itself and the base. */
static void test_bytes(void)
{
	TestTensor tensors[3] = {{"a", DTYPE_F32, 1, {100}, NULL}, {"b", DTYPE_F32, 1, {10}, NULL},
		{"c", DTYPE_I8, 1, {5}, NULL}};
	g_auto(Fixture) fixture = fixture_new(tensors, 3);
	fixture_add(&fixture, "only-a", tensors, 1);
	fixture_add(&fixture, "all", tensors, 3);
	gboolean fresh[3] = {FALSE, TRUE, FALSE};
	PassRequest request = {fixture.collection, fresh, 1, 0};
	g_assert_cmpuint(pass_bytes(&request), ==, 3 * 400);
	fresh[1] = FALSE;
	g_assert_cmpuint(pass_bytes(&request), ==, 0);
	fresh[2] = TRUE;
	g_assert_cmpuint(pass_bytes(&request), ==, 3 * 400 + 2 * 40 + 5);
}

static void test_cancelled(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Job) job = job_new("pass", run_in_job, NULL, digits, NULL);
	job_cancel(job);
	g_assert_false(run_in_job(job, digits, &error));
	g_assert_error(error, TAUSCOPE_ERROR, ERROR_CANCELLED);
}

/* A file that lost its end since it was opened is an error that names the tensor. */
static void test_truncated(void)
{
	g_autoptr(GError) error = NULL;
	g_auto(Fixture) fixture = long_fixture();
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_autofree char *path = g_build_filename(fixture.folder, "task-1.safetensors", NULL);
	g_autofree char *bytes = NULL;
	gsize length;
	g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
	FILE *file = g_fopen(path, "wb");
	fwrite(bytes, 1, length / 2, file);
	fclose(file);
	g_assert_false(run_in_job(NULL, digits, &error));
	test_error(error, ERROR_INPUT, "long");
}

static void test_no_tensors(void)
{
	g_auto(Fixture) fixture = fixture_new(NULL, 0);
	fixture_add(&fixture, "task", NULL, 0);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	g_assert_cmpuint(digits->gram->tensors, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pass/threads-and-budget", test_threads_and_budget);
	g_test_add_func("/pass/threads-on-stripes", test_threads_on_stripes);
	g_test_add_func("/pass/long-tensor", test_long_tensor);
	g_test_add_func("/pass/incremental", test_incremental);
	g_test_add_func("/pass/only-fresh-rows", test_only_fresh_rows);
	g_test_add_func("/pass/types", test_types);
	g_test_add_func("/pass/hash", test_hash);
	g_test_add_func("/pass/hash-of-stripes", test_hash_of_stripes);
	g_test_add_func("/pass/hash-of-integers", test_hash_of_integers);
	g_test_add_func("/pass/progress", test_progress);
	g_test_add_func("/pass/bytes", test_bytes);
	g_test_add_func("/pass/cancelled", test_cancelled);
	g_test_add_func("/pass/truncated", test_truncated);
	g_test_add_func("/pass/no-tensors", test_no_tensors);
	return g_test_run();
}
