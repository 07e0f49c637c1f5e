/* similarity.h - how task vectors relate: pairwise cosines, norms, and an order that shows
 * families. */
#ifndef TAUSCOPE_SIMILARITY_H
#define TAUSCOPE_SIMILARITY_H

#include "analysis/gram.h"

/* One matrix: `count` task vectors over one scope. */
typedef struct {
	char *scope; /* label */
	guint64 elements;
	guint count;
	double *cosine;  /* [count][count]; NaN where a norm is 0 */
	double *product; /* [count][count] */
	double *norm;    /* [count] */
} SimilarityMatrix;

typedef struct {
	guint count;
	guint *member; /* [count]: member numbers, in the collection's order */
	char **name;   /* [count] */
	SimilarityMatrix *whole;
	guint tensors, left_out; /* of the whole: float tensors that all share, and that not all do
				  */
	guint *order;            /* [count]: positions in the order of clustering */
	guint *cluster;    /* [count]: cluster of each position; numbers ascend along the order */
	GPtrArray *groups; /* of SimilarityMatrix; empty for GROUP_ALL */
} Similarity;

/* Over the tensors that `pattern` (NULL: everything) chooses and all these tasks share.
 * `members`/n: NULL/0 means all tasks. */
Similarity *similarity_new(const Collection *collection, const Gram *gram, const char *pattern,
	GroupBy by, const guint *members, guint n, GError **error);
void similarity_free(Similarity *similarity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Similarity, similarity_free)

/* The cosine of vectors a and b on each tensor of a scope, as a matrix by tensor has it; NaN where
 * a norm is 0.  Free with g_free. */
double *similarity_by_tensor(const Gram *gram, const Scope *scope, guint a, guint b);

/* The order of leaves of average-linkage clustering of 1 − cosine, each merge placed so that the
 * nearer ends meet; clusters are cut where the mean cosine between parts falls below 0.1.
 * Unknown cosines count as 0.  order and cluster are [n]. */
void similarity_cluster(const double *cosine, guint n, guint *order, guint *cluster);

/* One sentence for people: which pair is closest, which most opposed.  Free with g_free. */
char *similarity_sentence(const Similarity *similarity);

#endif
