/* prepare.h - what the methods of an edit must know of the weights before an element is computed.
 *
 * Thresholds, norms and other figures, for each call and each domain of it, found by as many passes
 * over the weights as the steps of the methods ask for; inner calls first.  The same bits for any
 * number of threads and any budget.  Nothing is kept of the elements but figures and cuts. */
#ifndef TAUSCOPE_PREPARE_H
#define TAUSCOPE_PREPARE_H

#include "analysis/pass.h"
#include "method/evaluate.h"
#include "method/pieces.h"

typedef struct {
	const Collection *collection;
	const Node *edit;
	guint threads;
	gsize budget;
} PrepareRequest;

/* Of the weights.  The job (or NULL) gets the bytes that are read; the collection and the edit must
 * outlive it.  An edit without calls is prepared at once, and so is one whose calls need nothing.
 * NULL with *error set: ERROR_INPUT where a method has no answer for these inputs, or where an
 * input of a method holds what is no finite number. */
Prepared *prepare_weights(const PrepareRequest *request, Job *job, GError **error);
/* The figures of some calls are so many (of each column of a tensor) that they are known of one
 * tensor at a time: this finds them for one, and drops those of the one before.  Before anything is
 * evaluated on a tensor; where there is no such call it does nothing.  The request is that of
 * prepare_weights. */
gboolean prepare_tensor(
	Prepared *prepared, const PrepareRequest *request, guint tensor, Job *job, GError **error);
/* parallel_run of the items of pieces, which evaluate: prepare_tensor is called before those of
 * each piece. */
gboolean prepare_parallel(Prepared *prepared, const PrepareRequest *request,
	const Parallel *parallel, const GArray *pieces, Job *job, GError **error);
/* Bytes for buffers. */
gsize prepare_budget(const PrepareRequest *request);
/* How many threads have two slots each within the request's budget, one with one slot at least.  0
 * with *error set (ERROR_USAGE) where not even that fits, nor 16 MiB: which tensor, how much it
 * would take. */
guint prepare_threads(
	const Prepared *prepared, const PrepareRequest *request, gsize slot_bytes, GError **error);
/* Of a sample: sums count for as many elements as the sample stands for, cuts for as many above.
 * base[tensors] and task[members][tensors] hold the sampled values of each tensor (NULL where a
 * member does not share it); borrowed for the call alone. */
typedef struct {
	const SamplePlan *plan;
	const double *const *base;
	const double *const *const *task;
} PrepareSample;
Prepared *prepare_sample(const Collection *collection, const Node *edit,
	const PrepareSample *sample, GError **error);
/* The sampled values of a tensor, to evaluate an edit on; task[members] is memory for them. */
Values prepare_sample_values(
	const Collection *collection, const PrepareSample *sample, guint tensor, double **task);

#endif
