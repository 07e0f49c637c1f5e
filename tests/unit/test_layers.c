/* test_layers.c - norms, relative norms and shares against numpy's, by tensor and by layer. */
#include "truths.h"

static Layers *layers_of(const Digits *digits, const char *pattern, GroupBy by)
{
	g_autoptr(GError) error = NULL;
	Layers *layers = layers_new(digits->collection, digits->gram, pattern, by, NULL, 0, &error);
	test_no_error(error);
	return layers;
}

static void test_truth(void)
{
	g_autoptr(Digits) digits = digits_new();
	truth_layers(digits);
}

/* Layers take every tensor once: shares add up to 1, square norms to the whole. */
static void test_layers_add_up(void)
{
	g_autoptr(Digits) digits = digits_new();
	for (GroupBy by = GROUP_LAYER; by <= GROUP_TENSOR; by++) {
		g_autoptr(Layers) layers = layers_of(digits, NULL, by);
		for (guint i = 0; i < layers->count; i++) {
			double shares = 0, square = 0;
			guint64 elements = 0;
			for (guint g = 0; g < layers->groups->len; g++) {
				const LayerGroup *group = g_ptr_array_index(layers->groups, g);
				shares += group->share[i];
				square += group->norm[i] * group->norm[i];
				elements += group->elements;
			}
			g_assert_cmpfloat_with_epsilon(shares, 1, 1e-12);
			digits_norm(
				sqrt(square), digits_at(digits_truth(digits, "global/norms"), i));
			g_assert_cmpuint(elements, ==, 63312);
		}
	}
}

/* cos(τ_i, Σ τ_j) from numpy's cosines and norms. */
static void test_cosine_mean(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Layers) layers = layers_of(digits, NULL, GROUP_ALL);
	const cJSON *cos = digits_truth(digits, "global/cos");
	const cJSON *norms = digits_truth(digits, "global/norms");
	double square = 0, with_sum[6] = {0};
	for (guint i = 0; i < 6; i++) {
		for (guint j = 0; j < 6; j++)
			with_sum[i] += digits_at(cJSON_GetArrayItem(cos, (int)i), j) *
				       digits_at(norms, i) * digits_at(norms, j);
		square += with_sum[i];
	}
	for (guint i = 0; i < 6; i++)
		digits_close(layers->whole->cosine_mean[i],
			with_sum[i] / digits_at(norms, i) / sqrt(square));
	g_assert_cmpuint(layers->groups->len, ==, 0);
}

static void test_frozen(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Layers) layers = layers_of(digits, "head.weight", GROUP_TENSOR);
	const LayerGroup *group = g_ptr_array_index(layers->groups, 0);
	g_assert_cmpfloat(group->norm[2], ==, 0);
	g_assert_cmpfloat(group->relative[2], ==, 0);
	g_assert_cmpfloat(group->share[2], ==, 0); /* of what the task is elsewhere */
	g_assert_true(isnan(group->cosine_mean[2]));
	g_autofree char *sentence = layers_sentence(layers);
	g_assert_cmpstr(sentence, ==, "mnist does not differ from the base");
}

static void test_sentence(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Layers) layers = layers_of(digits, NULL, GROUP_LAYER);
	guint largest = 0;
	for (guint g = 1; g < layers->groups->len; g++)
		if (((LayerGroup *)g_ptr_array_index(layers->groups, g))->norm[0] >
			((LayerGroup *)g_ptr_array_index(layers->groups, largest))->norm[0])
			largest = g;
	g_autofree char *start = g_strdup_printf("mnist lies most in %s: ",
		((LayerGroup *)g_ptr_array_index(layers->groups, largest))->name);
	g_autofree char *sentence = layers_sentence(layers);
	g_assert_true(g_str_has_prefix(sentence, start));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/layers/truth", test_truth);
	g_test_add_func("/layers/add-up", test_layers_add_up);
	g_test_add_func("/layers/cosine-mean", test_cosine_mean);
	g_test_add_func("/layers/frozen", test_frozen);
	g_test_add_func("/layers/sentence", test_sentence);
	return g_test_run();
}
