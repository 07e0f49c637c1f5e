/* test_similarity.c - cosines and norms against numpy's, and the order of clusters. */
#include "truths.h"

static void test_truth(void)
{
	g_autoptr(Digits) digits = digits_new();
	truth_similarity(digits);
}

/* The head was frozen: no vector, no cosine. */
static void test_frozen(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(Similarity) similarity = similarity_new(
		digits->collection, digits->gram, "head.weight", GROUP_ALL, NULL, 0, &error);
	test_no_error(error);
	g_assert_cmpfloat(similarity->whole->norm[0], ==, 0);
	g_assert_true(isnan(similarity->whole->cosine[0]));
	g_assert_cmpuint(similarity->groups->len, ==, 0);
	g_autofree char *sentence = similarity_sentence(similarity);
	g_assert_cmpstr(sentence, ==, "no two task vectors can be compared");
}

/* A matrix over chosen members, and the layers adding up to the whole. */
static void test_members_and_layers(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(GError) error = NULL;
	guint chosen[2] = {(guint)collection_find(digits->collection, "greek"),
		(guint)collection_find(digits->collection, "mnist@40")};
	g_autoptr(Similarity) similarity = similarity_new(
		digits->collection, digits->gram, "blocks.*", GROUP_LAYER, chosen, 2, &error);
	test_no_error(error);
	g_assert_cmpuint(similarity->count, ==, 2);
	g_assert_cmpstr(similarity->name[1], ==, "mnist@40");
	g_assert_cmpuint(similarity->groups->len, ==, 3);
	double sum = 0;
	for (guint i = 0; i < 3; i++)
		sum += ((SimilarityMatrix *)g_ptr_array_index(similarity->groups, i))->product[1];
	g_assert_cmpfloat_with_epsilon(sum, similarity->whole->product[1], 1e-12);
}

static void test_nothing_chosen(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(GError) error = NULL;
	g_assert_null(similarity_new(
		digits->collection, digits->gram, "decoder.9", GROUP_ALL, NULL, 0, &error));
	g_assert_error(error, TAUSCOPE_ERROR, ERROR_USAGE);
}

static void test_sentence(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(Similarity) similarity = similarity_new(
		digits->collection, digits->gram, NULL, GROUP_LAYER, NULL, 0, &error);
	test_no_error(error);
	g_autofree char *sentence = similarity_sentence(similarity);
	g_assert_true(g_str_has_prefix(
		sentence, "mnist and optdigits share a direction (cos +0.23), most in "));
	g_assert_true(g_str_has_suffix(sentence, "; no pair is opposed"));
}

static void fill_cosines(double *cosine, guint n, double value)
{
	for (guint i = 0; i < n; i++)
		for (guint j = 0; j < n; j++)
			cosine[i * n + j] = i == j ? 1 : value;
}

static void set_cosine(double *cosine, guint n, guint i, guint j, double value)
{
	cosine[i * n + j] = cosine[j * n + i] = value;
}

static void check_numbers(const guint *found, const guint *expected, guint n)
{
	for (guint i = 0; i < n; i++)
		g_assert_cmpuint(found[i], ==, expected[i]);
}

/* Families {0, 3} and {1, 4}, 2 alone; 3 is nearer to 1 than 0 is, so 3 and 1 meet. */
static void test_cluster_families(void)
{
	double cosine[25];
	guint order[5], cluster[5];
	fill_cosines(cosine, 5, 0);
	set_cosine(cosine, 5, 0, 3, 0.9);
	set_cosine(cosine, 5, 1, 4, 0.8);
	set_cosine(cosine, 5, 3, 1, 0.2);
	similarity_cluster(cosine, 5, order, cluster);
	const guint expected_order[5] = {0, 3, 1, 4, 2}, expected_cluster[5] = {0, 1, 2, 0, 1};
	check_numbers(order, expected_order, 5);
	check_numbers(cluster, expected_cluster, 5);
}

/* Average linkage by hand: {0,1} at .9; then 2 joins at mean (.5 + .1) / 2 = .3, above the cut, and
 * 3 at mean (.2 + .05 - .1) / 3 = .05, below it. */
static void test_cluster_average(void)
{
	double cosine[16];
	guint order[4], cluster[4];
	fill_cosines(cosine, 4, 0);
	set_cosine(cosine, 4, 0, 1, 0.9);
	set_cosine(cosine, 4, 0, 2, 0.5);
	set_cosine(cosine, 4, 1, 2, 0.1);
	set_cosine(cosine, 4, 0, 3, 0.2);
	set_cosine(cosine, 4, 1, 3, 0.05);
	set_cosine(cosine, 4, 2, 3, -0.1);
	similarity_cluster(cosine, 4, order, cluster);
	const guint expected_cluster[4] = {0, 0, 0, 1};
	check_numbers(cluster, expected_cluster, 4);
	const guint expected_order[4] = {2, 0, 1, 3};
	check_numbers(order, expected_order, 4);
}

/* Of pairs that are alike but for rounding the first is merged, and so makes the family. */
static void test_cluster_rounding(void)
{
	const double ab = 0.15, bc = ab + 3e-8, ac = -0.5;
	const double cosine[9] = {1, ab, ac, ab, 1, bc, ac, bc, 1};
	guint order[3], cluster[3];
	similarity_cluster(cosine, 3, order, cluster);
	for (guint i = 0; i < 3; i++)
		g_assert_cmpuint(order[i], ==, i);
	g_assert_cmpuint(cluster[0], ==, cluster[1]);
	g_assert_cmpuint(cluster[1], !=, cluster[2]);
}

static void test_cluster_edges(void)
{
	double unknown[4] = {NAN, NAN, NAN, 1}, one = 1, equal[9];
	guint order[3] = {9, 9, 9}, cluster[3] = {9, 9, 9};
	similarity_cluster(NULL, 0, order, cluster);
	g_assert_cmpuint(order[0], ==, 9);
	similarity_cluster(&one, 1, order, cluster);
	g_assert_cmpuint(order[0], ==, 0);
	g_assert_cmpuint(cluster[0], ==, 0);
	similarity_cluster(unknown, 2, order, cluster);
	g_assert_cmpuint(order[1], ==, 1);
	g_assert_cmpuint(cluster[1], ==, 1);
	fill_cosines(equal, 3, 0.5);
	similarity_cluster(equal, 3, order, cluster);
	for (guint i = 0; i < 3; i++) {
		g_assert_cmpuint(order[i], ==, i);
		g_assert_cmpuint(cluster[i], ==, 0);
	}
}

/* Some hundreds of vectors in hidden families come out family by family. */
static void test_cluster_many(void)
{
	const guint n = 300, families = 10;
	g_autofree double *cosine = g_new(double, n *n);
	g_autofree guint *order = g_new(guint, n), *cluster = g_new(guint, n);
	for (guint i = 0; i < n; i++)
		for (guint j = 0; j < n; j++)
			cosine[i * n + j] = i == j ? 1 : i % families == j % families ? 0.6 : 0.02;
	similarity_cluster(cosine, n, order, cluster);
	g_autofree gboolean *seen = g_new0(gboolean, n);
	for (guint i = 0; i < n; i++) {
		g_assert_false(seen[order[i]]);
		seen[order[i]] = TRUE;
		g_assert_cmpuint(order[i] % families, ==, order[i - i % (n / families)] % families);
		g_assert_cmpuint(cluster[order[i]], ==, i / (n / families));
	}
}

/* To the last bit, so that nobody need allow for rounding in what is true by definition. */
static void test_exact(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(Similarity) similarity = similarity_new(
		digits->collection, digits->gram, NULL, GROUP_TENSOR, NULL, 0, &error);
	test_no_error(error);
	guint n = similarity->count;
	for (guint g = 0; g < similarity->groups->len; g++) {
		const SimilarityMatrix *matrix = similarity->groups->pdata[g];
		for (guint i = 0; i < n; i++) {
			const double *row = matrix->cosine + (gsize)i * n;
			g_assert_true(matrix->norm[i] > 0 ? row[i] == 1 : isnan(row[i]));
			for (guint j = 0; j < n; j++)
				g_assert_true(row[j] == matrix->cosine[(gsize)j * n + i] ||
					      isnan(row[j]));
		}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/similarity/truth", test_truth);
	g_test_add_func("/similarity/frozen", test_frozen);
	g_test_add_func("/similarity/members-and-layers", test_members_and_layers);
	g_test_add_func("/similarity/nothing-chosen", test_nothing_chosen);
	g_test_add_func("/similarity/sentence", test_sentence);
	g_test_add_func("/similarity/cluster-families", test_cluster_families);
	g_test_add_func("/similarity/cluster-average", test_cluster_average);
	g_test_add_func("/similarity/cluster-rounding", test_cluster_rounding);
	g_test_add_func("/similarity/cluster-edges", test_cluster_edges);
	g_test_add_func("/similarity/cluster-many", test_cluster_many);
	g_test_add_func("/similarity/exact", test_exact);
	return g_test_run();
}
