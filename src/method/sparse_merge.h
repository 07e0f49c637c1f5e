/* sparse_merge.h - the work that TIES, DARE, Breadcrumbs and DELLA share: what goes into a row of
 * the table of methods for each of them. */
#ifndef TAUSCOPE_SPARSE_MERGE_H
#define TAUSCOPE_SPARSE_MERGE_H

#include "edit/method.h"

MethodBy sparse_merge_by(const Node *call);
/* Cuts through the sizes of the elements, then sums: of mergekit's L1 norms, or of the signs that
 * the elements elect. */
extern const MethodStep sparse_merge_steps[];
guint sparse_merge_figures(const MethodSite *domain);
/* Of kinds that work by rows. */
guint64 sparse_merge_unit(const MethodSite *site);
/* What its steps and sparse_merge_apply work in. */
gsize sparse_merge_room(const Node *call, guint64 n);
/* The context is Masks, or NULL. */
void sparse_merge_apply(const MethodBlock *block, double *out);

#endif
