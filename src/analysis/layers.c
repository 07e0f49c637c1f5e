/* layers.c - where task vectors live: norms by layer, by kind, by tensor. */
#include "analysis/layers.h"

#include "analysis/chosen.h"

#include <math.h>

static void group_free(LayerGroup *group)
{
	if (group == NULL)
		return;
	g_free(group->name);
	g_free(group->norm); /* the others lie behind it */
	g_free(group);
}

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

/* Their mean points as their sum Σ τ_j does: ⟨τ_i, Σ τ_j⟩ are sums of rows, and ‖Σ τ_j‖² is the sum
 * of those. */
static void fill_mean_cosines(LayerGroup *group, const double *sums, guint n)
{
	double square = 0;
	for (guint i = 0; i < n; i++) {
		double along = 0;
		for (guint j = 0; j < n; j++)
			along += sums[gram_packed(i, j)];
		group->cosine_mean[i] = along;
		square += along;
	}
	double norm = square < 0 ? 0 : sqrt(square);
	for (guint i = 0; i < n; i++)
		group->cosine_mean[i] = cosine_of(group->cosine_mean[i], group->norm[i], norm);
}

static void fill_next_cosines(LayerGroup *group, const double *sums, guint n)
{
	for (guint i = 0; i < n; i++)
		group->cosine_next[i] = i + 1 < n ? cosine_of(sums[gram_packed(i, i + 1)],
							    group->norm[i + 1], group->norm[i])
						  : NAN;
}

/* Shares are of the tasks' norms over everything that they share. */
static LayerGroup *group_new(
	const Gram *gram, const Scope *scope, const Layers *layers, const double *norms)
{
	guint n = layers->count;
	g_autofree double *sums = g_new(double, gram_packed(n, 0) + 1);
	gram_sum_of(gram, scope, layers->member, n, sums);
	LayerGroup *group = g_new0(LayerGroup, 1);
	group->name = g_strdup(scope->label);
	group->first = g_array_index(scope->tensors, guint, 0);
	group->elements = scope->elements;
	group->base_norm = gram_norm(gram, scope, 0);
	double *values = g_new(double, 5 * (gsize)n + 1);
	group->norm = values;
	group->relative = values + n;
	group->share = values + 2 * (gsize)n;
	group->cosine_mean = values + 3 * (gsize)n;
	group->cosine_next = values + 4 * (gsize)n;
	for (guint i = 0; i < n; i++) {
		double norm = sqrt(sums[gram_packed(i, i)]);
		double part = ratio(norm, norms[i]);
		group->norm[i] = norm;
		group->relative[i] = ratio(norm, group->base_norm);
		group->share[i] = part * part;
	}
	fill_mean_cosines(group, sums, n);
	fill_next_cosines(group, sums, n);
	return group;
}

/* ‖τ‖ of each task over everything that they share; free with g_free. */
static double *whole_norms(
	const Collection *collection, const Gram *gram, const Layers *layers, GError **error)
{
	g_autoptr(Scope) all = scope_new(collection, NULL, layers->member, layers->count, error);
	if (all == NULL)
		return NULL;
	double *norms = g_new(double, MAX(layers->count, 1));
	for (guint i = 0; i < layers->count; i++)
		norms[i] = gram_norm(gram, all, layers->member[i]);
	return norms;
}

Layers *layers_new(const Collection *collection, const Gram *gram, const char *pattern, GroupBy by,
	const guint *members, guint n, GError **error)
{
	g_autoptr(Layers) layers = g_new0(Layers, 1);
	layers->groups = g_ptr_array_new_with_free_func((GDestroyNotify)group_free);
	layers->count = chosen_vectors(collection, members, n, &layers->member, &layers->name);
	g_autoptr(Scope) scope =
		scope_new(collection, pattern, layers->member, layers->count, error);
	g_autofree double *norms =
		scope != NULL ? whole_norms(collection, gram, layers, error) : NULL;
	if (norms == NULL)
		return NULL;
	layers->whole = group_new(gram, scope, layers, norms);
	layers->tensors = scope->tensors->len;
	layers->left_out = scope->left_out;
	if (by == GROUP_ALL)
		return g_steal_pointer(&layers);
	g_autoptr(GPtrArray) scopes = scope_groups(collection, scope, by);
	for (guint i = 0; i < scopes->len; i++)
		g_ptr_array_add(layers->groups,
			group_new(gram, g_ptr_array_index(scopes, i), layers, norms));
	return g_steal_pointer(&layers);
}

void layers_free(Layers *layers)
{
	if (layers == NULL)
		return;
	for (guint i = 0; i < layers->count; i++)
		g_free(layers->name[i]);
	g_free(layers->member);
	g_free(layers->name);
	group_free(layers->whole);
	g_ptr_array_unref(layers->groups);
	g_free(layers);
}

static const LayerGroup *largest_share(const Layers *layers)
{
	const LayerGroup *largest = NULL;
	for (guint i = 0; i < layers->groups->len; i++) {
		const LayerGroup *group = g_ptr_array_index(layers->groups, i);
		if (group->share[0] > 0 && (largest == NULL || group->share[0] > largest->share[0]))
			largest = group;
	}
	return largest;
}

char *layers_sentence(const Layers *layers)
{
	if (layers->count == 0)
		return g_strdup("there is no task vector");
	const char *name = layers->name[0];
	const LayerGroup *largest = largest_share(layers);
	if (!isfinite(layers->whole->norm[0]))
		return g_strdup_printf("%s holds values that are not finite", name);
	if (largest != NULL)
		return g_strdup_printf("%s lies most in %s: %.0f %% of its square norm, "
				       "%.1f %% of the base there",
			name, largest->name, 100 * largest->share[0], 100 * largest->relative[0]);
	if (!(layers->whole->norm[0] > 0))
		return g_strdup_printf("%s does not differ from the base", name);
	return g_strdup_printf("%s has norm %.3g, %.1f %% of the base's", name,
		layers->whole->norm[0], 100 * layers->whole->relative[0]);
}
