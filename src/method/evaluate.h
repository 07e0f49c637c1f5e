/* evaluate.h - the value of an edit on a run of elements, once its methods are prepared. */
#ifndef TAUSCOPE_EVALUATE_H
#define TAUSCOPE_EVALUATE_H

#include "edit/method.h"
#include "method/values.h"

/* The figures and cuts of all calls; made by prepare.h. */
typedef struct Prepared Prepared;
void prepared_free(Prepared *prepared);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Prepared, prepared_free)

/* How many consecutive elements of a tensor an edit has to see together: a block must begin and end
 * on a multiple of it, or with the tensor. */
guint64 evaluate_unit(const Prepared *prepared, guint tensor);
/* The block of about so many elements that ends on whole units. */
guint64 evaluate_block(const Prepared *prepared, guint tensor, guint64 about);
/* Bytes of scratch for evaluating runs of at most n elements. */
gsize evaluate_scratch_bytes(const Node *edit, guint64 n);
/* out[n]: elements [at, at+n) of `values`, without λ.  Units must be whole, but in a sample.  The
 * node is the prepared edit or a part of it, whose calls are prepared. */
void evaluate(const Prepared *prepared, const Values *values, const Node *node, guint64 at,
	guint64 n, double *out, gpointer scratch);
/* Whether all was there that methods read beside the values (a mask), so far: after each evaluation
 * whose numbers are used.  FALSE with *error set, the same for all that asked for it. */
gboolean evaluate_check(const Prepared *prepared, GError **error);

#endif
