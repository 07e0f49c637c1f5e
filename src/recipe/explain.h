/* explain.h - what a model is made of: the task vectors whose combination comes nearest to it.
 *
 * Least squares, from inner products alone: the coefficients c for which ‖d − Σ cᵢτᵢ‖ is least,
 * with d = θ − θ₀ over all tensors.  A model that an edit made has the edit's coefficients, and
 * what rounding left over. */
#ifndef TAUSCOPE_EXPLAIN_H
#define TAUSCOPE_EXPLAIN_H

#include "analysis/gram.h"
#include "analysis/least_squares.h"

typedef struct {
	char *name;
	guint64 elements;
	double norm; /* ‖d‖ */
	double residual; /* ‖d − Σ cᵢτᵢ‖; sums of squares do not tell less than 1e-8 ‖d‖ from 0 */
	double relative;  /* residual / norm; NaN where the norm is 0 */
	double explained; /* 1 − relative² */
} ExplainGroup;

typedef struct {
	guint count;
	char **name;         /* [count] */
	double *coefficient; /* [count] */
	double *part;        /* [count] ‖cᵢτᵢ‖ / ‖d‖; NaN where that is 0 */
	LeastSquares fit;
	ExplainGroup *whole;
	GPtrArray *groups; /* of ExplainGroup */
	char *expression;  /* an edit of these coefficients; NULL where d is 0 */
	char *sentence;
	GPtrArray *warnings; /* of char * */
} Explanation;

typedef struct {
	const Collection *collection;
	const Gram *gram;
	guint model;           /* the member that is explained */
	const GArray *vectors; /* of guint: the members that it may be made of */
	gboolean partial;      /* where it has no tensor, it is as the base has it */
	GroupBy by;
} ExplainRequest;

/* ERROR_INPUT where no tensor is left that has all numbers finite. */
Explanation *explain_new(const ExplainRequest *request, GError **error);
void explain_free(Explanation *explanation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Explanation, explain_free)

#endif
