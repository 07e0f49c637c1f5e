/* prepared.h - the state of each call of an edit, while it is prepared and once it is.  For
 * prepare*.c, steps.c and evaluate.c alone. */
#ifndef TAUSCOPE_PREPARED_H
#define TAUSCOPE_PREPARED_H

#include "method/evaluate.h"

#define NO_DOMAIN G_MAXUINT
#define UNIT_MOST (1u << 22)    /* elements that are seen together */
#define COLUMNS_MOST (1u << 20) /* of a tensor, where each has its factors */

/* What one set of figures of a call is about. */
typedef struct {
	guint first;          /* its first tensor */
	guint64 elements;     /* of all its tensors */
	double *sums;         /* of the step at hand; or NULL */
	CutSearch **searches; /* [step_cuts] of the step at hand; or NULL */
	guint sum_count, step_cuts;
	double *figures; /* or NULL */
	Cut *cuts;       /* [cut_count], of all steps that are settled */
	guint cut_count;
} Domain;

typedef struct {
	const Node *node;
	const Method *method;
	guint *domain_of; /* [tensors]: into domains, or NO_DOMAIN where nothing of it is wanted */
	guint64 *offset;  /* [tensors]: elements of its domain in the tensors before */
	GArray *domains;  /* of Domain */
	guint step;       /* at hand; as many as it has once it is done */
	gboolean begun;   /* its first step is */
	gboolean summed;  /* the sums of that step are there */
	gboolean checked; /* all elements of its inputs are finite */
	/* [tensors], of a sample: whether it has but some elements of one.  Its rows and columns
	 * are not whole then, and the tensor stands for them.  Borrowed; or NULL. */
	const guint8 *in_part;
	/* Its figures are too many to be kept for all tensors: see prepare_tensor. */
	gboolean by_tensor;
	gpointer context; /* what Method.open gave */
} Call;

struct Prepared {
	const Collection *collection;
	const Node *edit;
	GPtrArray *nodes;   /* of const Node: the calls, inner ones first */
	Call *calls;        /* [nodes->len] */
	guint8 *in_part;    /* what that of the calls is; or NULL */
	gboolean by_tensor; /* a call is */
	Latch *failure;
};

/* More cuts than any call with so many inputs has. */
guint call_cuts_most(guint inputs);
/* Opens what the calls need and finds their domains; nothing is read of the weights. */
Prepared *prepared_new(const Collection *collection, const Node *edit, GError **error);
const Call *prepared_call(const Prepared *prepared, const Node *node);
/* The domain of a call on a tensor, or NULL. */
Domain *call_domain(const Call *call, guint tensor);

/* How many inputs, and the numbers of memory that a site of the call needs. */
guint call_inputs(const Call *call);
gsize call_site_numbers(const Call *call);
/* The call as its method sees it on a tensor, of so many elements; in memory of call_site_numbers.
 */
MethodSite call_site(
	const Prepared *prepared, const Call *call, guint tensor, guint64 elements, double *memory);
/* The same of a whole domain. */
MethodSite call_domain_site(
	const Prepared *prepared, const Call *call, const Domain *domain, double *memory);
/* The cuts of a domain as they cut one of its tensors, with indices that begin there: cuts[n]. */
void call_tensor_cuts(const Call *call, const Domain *domain, guint tensor, Cut *cuts);
/* How many consecutive elements the call has to see together, on a tensor. */
guint64 call_unit(const Prepared *prepared, const Call *call, guint tensor);
/* The block that a method sees: elements [at, at+n) of the values, with its inputs computed, in
 * memory of evaluate_scratch_bytes(call, n).  Returns what of that is free: n numbers and, behind
 * them or in their place, the factors and inner products of a mix. */
double *call_block(const Prepared *prepared, const Values *values, const Call *call, guint64 at,
	guint64 n, MethodBlock *block, MethodSite *whole, double *stack);
/* Whether its factors are of parts of a tensor: rows, filters or columns. */
gboolean call_is_partial(const Call *call, guint tensor);

#endif
