/* similarity.c - how task vectors relate: pairwise cosines, norms, and an order that shows
 * families. */
#include "analysis/similarity.h"

#include "analysis/chosen.h"

#include <math.h>

/* From this cosine on, people would say that two vectors have something in common. */
#define NOTABLE_COSINE 0.1

static void matrix_free(SimilarityMatrix *matrix)
{
	if (matrix == NULL)
		return;
	g_free(matrix->scope);
	g_free(matrix->cosine);
	g_free(matrix->product);
	g_free(matrix->norm);
	g_free(matrix);
}

/* Both cells of a pair, to the same bits; a vector that has a direction has its own. */
static void fill_pair(SimilarityMatrix *matrix, guint i, guint j, double product)
{
	gsize at = (gsize)i * matrix->count + j, mirrored = (gsize)j * matrix->count + i;
	double cosine = cosine_of(product, matrix->norm[i], matrix->norm[j]);
	matrix->product[at] = matrix->product[mirrored] = product;
	matrix->cosine[at] = matrix->cosine[mirrored] = i == j && isfinite(cosine) ? 1 : cosine;
}

static SimilarityMatrix *matrix_new(
	const Gram *gram, const Scope *scope, const guint *member, guint n)
{
	SimilarityMatrix *matrix = g_new0(SimilarityMatrix, 1);
	g_autofree double *sums = g_new(double, gram_packed(n, 0) + 1);
	gram_sum_of(gram, scope, member, n, sums);
	matrix->scope = g_strdup(scope->label);
	matrix->elements = scope->elements;
	matrix->count = n;
	matrix->cosine = g_new(double, (gsize)n *n);
	matrix->product = g_new(double, (gsize)n *n);
	matrix->norm = g_new(double, n);
	for (guint i = 0; i < n; i++)
		matrix->norm[i] = sqrt(sums[gram_packed(i, i)]);
	for (guint i = 0; i < n; i++)
		for (guint j = 0; j <= i; j++)
			fill_pair(matrix, i, j, sums[gram_packed(i, j)]);
	return matrix;
}

static void fill_groups(Similarity *similarity, const Collection *collection, const Gram *gram,
	const Scope *scope, GroupBy by)
{
	if (by == GROUP_ALL)
		return;
	g_autoptr(GPtrArray) scopes = scope_groups(collection, scope, by);
	for (guint i = 0; i < scopes->len; i++)
		g_ptr_array_add(similarity->groups, matrix_new(gram, g_ptr_array_index(scopes, i),
							    similarity->member, similarity->count));
}

Similarity *similarity_new(const Collection *collection, const Gram *gram, const char *pattern,
	GroupBy by, const guint *members, guint n, GError **error)
{
	g_autoptr(Similarity) similarity = g_new0(Similarity, 1);
	similarity->groups = g_ptr_array_new_with_free_func((GDestroyNotify)matrix_free);
	similarity->count =
		chosen_vectors(collection, members, n, &similarity->member, &similarity->name);
	g_autoptr(Scope) scope =
		scope_new(collection, pattern, similarity->member, similarity->count, error);
	if (scope == NULL)
		return NULL;
	similarity->whole = matrix_new(gram, scope, similarity->member, similarity->count);
	similarity->tensors = scope->tensors->len;
	similarity->left_out = scope->left_out;
	similarity->order = g_new(guint, similarity->count);
	similarity->cluster = g_new(guint, similarity->count);
	similarity_cluster(similarity->whole->cosine, similarity->count, similarity->order,
		similarity->cluster);
	fill_groups(similarity, collection, gram, scope, by);
	return g_steal_pointer(&similarity);
}

void similarity_free(Similarity *similarity)
{
	if (similarity == NULL)
		return;
	for (guint i = 0; i < similarity->count; i++)
		g_free(similarity->name[i]);
	g_free(similarity->member);
	g_free(similarity->name);
	g_free(similarity->order);
	g_free(similarity->cluster);
	matrix_free(similarity->whole);
	g_ptr_array_unref(similarity->groups);
	g_free(similarity);
}

double *similarity_by_tensor(const Gram *gram, const Scope *scope, guint a, guint b)
{
	double *cosine = g_new(double, scope->tensors->len + 1);
	for (guint i = 0; i < scope->tensors->len; i++) {
		guint tensor = g_array_index(scope->tensors, guint, i);
		double of_a = sqrt(*gram_cell(gram, tensor, a, a));
		double of_b = sqrt(*gram_cell(gram, tensor, b, b));
		cosine[i] = cosine_of(*gram_cell(gram, tensor, a, b), of_b, of_a);
	}
	return cosine;
}

/* A pair of positions and its cosine; NaN where there is no pair with one. */
typedef struct {
	guint a, b;
	double cosine;
} Pair;

static Pair extreme_pair(const SimilarityMatrix *matrix, double sign)
{
	Pair best = {.cosine = NAN};
	for (guint i = 0; i < matrix->count; i++) {
		for (guint j = i + 1; j < matrix->count; j++) {
			double cosine = matrix->cosine[(gsize)i * matrix->count + j];
			if (isfinite(cosine) &&
				!(isfinite(best.cosine) && sign * cosine <= sign * best.cosine))
				best = (Pair){i, j, cosine};
		}
	}
	return best;
}

/* The group that gives most to the pair's inner product, or NULL. */
static const char *main_group(const Similarity *similarity, Pair pair)
{
	const char *name = NULL;
	double most = 0;
	for (guint i = 0; i < similarity->groups->len; i++) {
		const SimilarityMatrix *group = g_ptr_array_index(similarity->groups, i);
		double product = group->product[(gsize)pair.a * group->count + pair.b];
		if (fabs(product) > most) {
			most = fabs(product);
			name = group->scope;
		}
	}
	return name;
}

static void say_closest(GString *text, const Similarity *similarity, Pair pair)
{
	const char *group = main_group(similarity, pair);
	if (pair.cosine < NOTABLE_COSINE) {
		g_string_append_printf(
			text, "no two share a direction (highest cos %+.2f)", pair.cosine);
		return;
	}
	g_string_append_printf(text, "%s and %s share a direction (cos %+.2f)",
		similarity->name[pair.a], similarity->name[pair.b], pair.cosine);
	if (group != NULL)
		g_string_append_printf(text, ", most in %s", group);
}

static void say_opposed(GString *text, const Similarity *similarity, Pair pair)
{
	if (pair.cosine > -NOTABLE_COSINE)
		g_string_append(text, "; no pair is opposed");
	else
		g_string_append_printf(text, "; %s and %s are opposed (cos %+.2f)",
			similarity->name[pair.a], similarity->name[pair.b], pair.cosine);
}

char *similarity_sentence(const Similarity *similarity)
{
	Pair closest = extreme_pair(similarity->whole, 1);
	if (!isfinite(closest.cosine))
		return g_strdup("no two task vectors can be compared");
	g_autoptr(GString) text = g_string_new(NULL);
	say_closest(text, similarity, closest);
	say_opposed(text, similarity, extreme_pair(similarity->whole, -1));
	return g_strdup(text->str);
}
