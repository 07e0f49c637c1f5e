/* cluster.c - an order of task vectors that shows families: average-linkage clustering.
 *
 * Clusters are merged from the most alike on, by the mean cosine over all pairs between them; means
 * that are equal but for rounding go to the lowest numbers, so the order is always the same. */
#include "analysis/similarity.h"

#include <math.h>

#define CUT_COSINE 0.1
/* By how much one cosine is larger than another; less is rounding. */
#define ROUNDING 1e-7

/* Clusters under way; a cluster is called by its lowest position. */
typedef struct {
	guint n;
	double *mean;    /* [n][n]: mean cosine between clusters */
	GArray **leaves; /* [n]: positions in order; NULL where merged into another */
	guint *family;   /* [n]: of each position, by the merges above the cut */
} Clusters;

static double known(double cosine)
{
	return isfinite(cosine) ? cosine : 0;
}

static void clusters_init(Clusters *clusters, const double *cosine, guint n)
{
	clusters->n = n;
	clusters->mean = g_new(double, (gsize)n *n);
	clusters->leaves = g_new(GArray *, n);
	clusters->family = g_new(guint, n);
	for (gsize i = 0; i < (gsize)n * n; i++)
		clusters->mean[i] = known(cosine[i]);
	for (guint i = 0; i < n; i++) {
		clusters->leaves[i] = g_array_new(FALSE, FALSE, sizeof(guint));
		g_array_append_val(clusters->leaves[i], i);
		clusters->family[i] = i;
	}
}

static void clusters_clear(Clusters *clusters)
{
	for (guint i = 0; i < clusters->n; i++)
		g_clear_pointer(&clusters->leaves[i], g_array_unref);
	g_free(clusters->mean);
	g_free(clusters->leaves);
	g_free(clusters->family);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Clusters, clusters_clear)

/* The two clusters that are most alike; a < b. */
static double nearest_pair(const Clusters *clusters, guint *a, guint *b)
{
	double best = -INFINITY;
	for (guint i = 0; i < clusters->n; i++) {
		for (guint j = i + 1; clusters->leaves[i] != NULL && j < clusters->n; j++) {
			double mean = clusters->mean[(gsize)i * clusters->n + j];
			if (clusters->leaves[j] == NULL || mean <= best + ROUNDING)
				continue;
			best = mean;
			*a = i;
			*b = j;
		}
	}
	return best;
}

static void reverse(GArray *leaves)
{
	for (guint i = 0; i < leaves->len / 2; i++) {
		guint *low = &g_array_index(leaves, guint, i);
		guint *high = &g_array_index(leaves, guint, leaves->len - 1 - i);
		guint kept = *low;
		*low = *high;
		*high = kept;
	}
}

static guint end_of(const GArray *leaves, gboolean last)
{
	return g_array_index(leaves, guint, last ? leaves->len - 1 : 0);
}

/* Turns both so that a's end and b's start are the nearest of their four pairs of ends. */
static void turn_to_meet(GArray *a, GArray *b, const double *cosine, guint n)
{
	double best = -INFINITY;
	gboolean turn_a = FALSE, turn_b = FALSE;
	for (guint way = 0; way < 4; way++) {
		gboolean from_start = (way & 1) != 0, to_end = (way & 2) != 0;
		double near = known(cosine[(gsize)end_of(a, !from_start) * n + end_of(b, to_end)]);
		if (near <= best + ROUNDING)
			continue;
		best = near;
		turn_a = from_start;
		turn_b = to_end;
	}
	if (turn_a)
		reverse(a);
	if (turn_b)
		reverse(b);
}

/* The mean to any other cluster is that of both, weighted by their sizes. */
static void average_means(Clusters *clusters, guint a, guint b)
{
	gsize n = clusters->n;
	double weight_a = clusters->leaves[a]->len, weight_b = clusters->leaves[b]->len;
	for (guint i = 0; i < n; i++) {
		double *mean = &clusters->mean[a * n + i];
		*mean = (weight_a * *mean + weight_b * clusters->mean[b * n + i]) /
			(weight_a + weight_b);
		clusters->mean[i * n + a] = *mean;
	}
}

static void join_families(Clusters *clusters, guint a, guint b)
{
	guint kept = clusters->family[a], gone = clusters->family[b];
	for (guint i = 0; i < clusters->n; i++)
		if (clusters->family[i] == gone)
			clusters->family[i] = kept;
}

static void merge_nearest(Clusters *clusters, const double *cosine)
{
	guint a = 0, b = 0;
	double mean = nearest_pair(clusters, &a, &b);
	turn_to_meet(clusters->leaves[a], clusters->leaves[b], cosine, clusters->n);
	average_means(clusters, a, b);
	g_array_append_vals(
		clusters->leaves[a], clusters->leaves[b]->data, clusters->leaves[b]->len);
	g_clear_pointer(&clusters->leaves[b], g_array_unref);
	if (mean >= CUT_COSINE)
		join_families(clusters, a, b);
}

void similarity_cluster(const double *cosine, guint n, guint *order, guint *cluster)
{
	if (n == 0)
		return;
	g_auto(Clusters) clusters;
	clusters_init(&clusters, cosine, n);
	for (guint merges = 1; merges < n; merges++)
		merge_nearest(&clusters, cosine);
	GArray *leaves = clusters.leaves[0];
	if (end_of(leaves, FALSE) > end_of(leaves, TRUE))
		reverse(leaves);
	guint number = 0;
	for (guint i = 0; i < n; i++) {
		order[i] = g_array_index(leaves, guint, i);
		if (i > 0 && clusters.family[order[i]] != clusters.family[order[i - 1]])
			number++;
		cluster[order[i]] = number;
	}
}
