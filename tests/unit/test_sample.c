/* test_sample.c - which elements are sampled, and that the pass keeps just these. */
#include "fixture.h"

static void check_tensor_sample(const Digits *digits, guint tensor)
{
	const SamplePlan *plan = digits->plan;
	guint64 n = collection_tensor(digits->collection, tensor)->elements;
	guint64 count = plan->first[tensor + 1] - plan->first[tensor];
	const guint64 *places = plan->places + plan->first[tensor];
	g_autofree double *weights = g_new(double, n);
	g_autofree void *scratch = g_malloc(8 * n);
	g_autoptr(GError) error = NULL;
	guint member = (guint)collection_find(digits->collection, "greek");
	g_assert_true(collection_read_double(
		digits->collection, member, tensor, 0, n, scratch, weights, &error));
	for (guint64 i = 0; i < count; i++) {
		g_assert_cmpuint(places[i], >=, i * n / count);
		g_assert_cmpuint(places[i], <, (i + 1) * n / count);
		g_assert_cmpfloat(
			(double)statistics_of(digits, member)->sample[plan->first[tensor] + i], ==,
			weights[places[i]]);
	}
}

static void test_sample(void)
{
	g_autoptr(Digits) digits = digits_new();
	for (guint t = 0; t < digits->gram->tensors; t++)
		check_tensor_sample(digits, t);
	g_assert_cmpuint(digits->plan->first[54], ==, 63312);
	guint step = (guint)collection_find(digits->collection, "greek@20");
	g_assert_null(statistics_of(digits, step)->sample);
}

/* 2,000,001 elements: in proportion, but 64 of the small one, and all of the smallest. */
static void test_sample_shares(void)
{
	TestTensor tensors[4] = {{"large", DTYPE_F8_E4M3, 1, {1999000}, NULL},
		{"number", DTYPE_I32, 1, {50}, NULL}, {"small", DTYPE_F8_E4M3, 1, {100}, NULL},
		{"tiny", DTYPE_F8_E4M3, 1, {7}, NULL}};
	g_auto(Fixture) fixture = fixture_new(tensors, 4);
	g_autoptr(Digits) digits = fixture_run(&fixture);
	const guint64 *first = digits->plan->first;
	g_assert_cmpuint(first[1], ==, (guint64)(262144 * (1999000 / 1999107.0)));
	g_assert_cmpuint(first[2] - first[1], ==, 0);
	g_assert_cmpuint(first[3] - first[2], ==, 64);
	g_assert_cmpuint(first[4] - first[3], ==, 7);
	for (guint64 i = 1; i < first[1]; i++)
		g_assert_cmpuint(digits->plan->places[i], >, digits->plan->places[i - 1]);
	g_assert_cmpuint(digits->plan->places[first[1] - 1], <, 1999000);
	guint64 sum = 0;
	for (guint64 i = 0; i < first[1]; i++)
		sum += digits->plan->places[i];
	g_assert_cmpfloat_with_epsilon((double)sum / (double)first[1], 999500, 10);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sample/places", test_sample);
	g_test_add_func("/sample/shares", test_sample_shares);
	return g_test_run();
}
