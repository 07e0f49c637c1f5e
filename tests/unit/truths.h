/* truths.h - what numpy found about the six shipped tasks, asked of a pass over them. */
#ifndef TAUSCOPE_TEST_TRUTHS_H
#define TAUSCOPE_TEST_TRUTHS_H

#include "analysis/layers.h"
#include "analysis/similarity.h"
#include "digits.h"

static inline void truth_matrix(
	const Digits *digits, const char *path, const SimilarityMatrix *matrix)
{
	g_autofree char *cosines = g_strdup_printf("%s/cos", path);
	g_autofree char *norms = g_strdup_printf("%s/norms", path);
	const cJSON *cos = digits_truth(digits, cosines);
	for (guint i = 0; i < matrix->count; i++) {
		const cJSON *row = cJSON_GetArrayItem(cos, (int)i);
		digits_norm(matrix->norm[i], digits_at(digits_truth(digits, norms), i));
		for (guint j = 0; j < matrix->count; j++) {
			gsize at = i * matrix->count + j;
			digits_close(matrix->cosine[at], digits_at(row, j));
			g_assert_cmpfloat_with_epsilon(matrix->product[at],
				isnan(matrix->cosine[at])
					? 0
					: matrix->cosine[at] * matrix->norm[i] * matrix->norm[j],
				1e-12);
		}
	}
}

/* Every cosine and norm, over all and tensor by tensor. */
static inline void truth_similarity(const Digits *digits)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Similarity) similarity = similarity_new(
		digits->collection, digits->gram, NULL, GROUP_TENSOR, NULL, 0, &error);
	test_no_error(error);
	g_assert_cmpuint(similarity->count, ==, G_N_ELEMENTS(digits_tasks));
	for (guint i = 0; i < similarity->count; i++)
		g_assert_cmpstr(similarity->name[i], ==, digits_tasks[i]);
	g_assert_cmpuint(similarity->whole->elements, ==, 63312);
	truth_matrix(digits, "global", similarity->whole);
	g_assert_cmpuint(similarity->groups->len, ==, 54);
	for (guint i = 0; i < similarity->groups->len; i++) {
		const SimilarityMatrix *group = g_ptr_array_index(similarity->groups, i);
		g_autofree char *path = g_strdup_printf("per_tensor/%s", group->scope);
		truth_matrix(digits, path, group);
	}
}

static inline void truth_group(const Digits *digits, const char *path, const LayerGroup *group)
{
	g_autofree char *norms = g_strdup_printf("%s/norms", path);
	g_autofree char *relative = g_strdup_printf("%s/relative_norms", path);
	g_autofree char *base = g_strdup_printf("%s/base_norm", path);
	digits_norm(group->base_norm, digits_truth(digits, base)->valuedouble);
	for (guint i = 0; i < G_N_ELEMENTS(digits_tasks); i++) {
		double norm = digits_at(digits_truth(digits, norms), i);
		double whole = digits_at(digits_truth(digits, "global/norms"), i);
		digits_norm(group->norm[i], norm);
		digits_norm(group->relative[i], digits_at(digits_truth(digits, relative), i));
		g_assert_cmpfloat_with_epsilon(
			group->share[i], norm * norm / (whole * whole), 1e-6);
	}
}

/* Every norm, relative norm and share, over all and tensor by tensor. */
static inline void truth_layers(const Digits *digits)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Layers) layers =
		layers_new(digits->collection, digits->gram, NULL, GROUP_TENSOR, NULL, 0, &error);
	test_no_error(error);
	g_assert_cmpuint(layers->count, ==, G_N_ELEMENTS(digits_tasks));
	truth_group(digits, "global", layers->whole);
	g_assert_cmpuint(layers->groups->len, ==, 54);
	for (guint i = 0; i < layers->groups->len; i++) {
		const LayerGroup *group = g_ptr_array_index(layers->groups, i);
		g_autofree char *path = g_strdup_printf("per_tensor/%s", group->name);
		truth_group(digits, path, group);
	}
}

#endif
