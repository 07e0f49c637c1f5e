/* pass.h - the one streaming pass: Gram tables, sample, extremes, non-finite counts.
 *
 * Tensors are cut into fixed stripes, stripes are shared out over threads, and their sums are added
 * in order, so the result has the same bits for any number of threads and any budget.  The pass
 * sees a list of tensors, not a model: lists can be shared out over processes and added up. */
#ifndef TAUSCOPE_PASS_H
#define TAUSCOPE_PASS_H

#include "analysis/gram.h"
#include "core/job.h"

#define PASS_BUDGET_DEFAULT (256u << 20)
#define SAMPLE_ELEMENTS 262144u
#define SAMPLE_TENSOR_LEAST 64u

/* What is known of one member's tensors beside its inner products; all [base tensors].  New ones
 * know nothing: NaN, or 0 for counts and hashes; their sample is not set. */
typedef struct {
	double *minimum, *maximum; /* of the finite elements of θ; NaN where there is none */
	double *largest_change;    /* max |τ|; 0 for the base */
	guint64 *nonfinite;        /* elements of θ that are NaN or Inf */
	guint64 *hash;             /* XXH3-64 of the raw bytes, stripe by stripe, of any type and
				      shape; 0: the member has no tensor of that name */
	float *sample; /* [sample plan's total]: θ at the sampled places, or τ of tensors
			  that hold differences; NaN where not shared; NULL for steps */
} Statistics;

/* `sampled` is 0 for steps: no sample. */
Statistics *statistics_new(guint tensors, guint64 sampled);
void statistics_free(Statistics *statistics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Statistics, statistics_free)
/* Makes sample[from … to) NaN. */
void sample_forget(float *sample, guint64 from, guint64 to);

/* Which elements are sampled: for tensor ℓ, places[first[ℓ] … first[ℓ+1]) ascending, chosen by the
 * tensor's name and size alone, one at random in each of equal parts. */
typedef struct {
	guint64 *first;  /* [tensors + 1] */
	guint64 *places; /* [first[tensors]] */
} SamplePlan;

SamplePlan *sample_plan_new(const Collection *collection);
void sample_plan_free(SamplePlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SamplePlan, sample_plan_free)

typedef struct {
	const Collection *collection;
	const gboolean *fresh; /* [members]: rows to compute; the others' pairs are left alone */
	guint threads;         /* 0: all */
	gsize budget;          /* bytes for buffers; 0: the default */
} PassRequest;

/* The budget bounds the buffers: fewer threads and shorter reads until they fit.  The least is one
 * thread with KERNEL_BLOCK elements of each of V vectors, raw, as float and as double, and the
 * inner products of one tensor some ten times: at most V x 56 KB + V² x 48 bytes. */

/* By what part of ‖vᵢ‖‖vⱼ‖ an inner product is off, about, that is made in single precision: what
 * kernel.h says of the smallest tensors for which it is. */
#define PASS_ERROR 5e-9
/* Whether a member's products on a tensor, with other members of which that is true, are made in
 * double: on tensors of at most 65,536 elements, where errors would not average out, and for the
 * members of runs, which lie close to one another and are looked at through their differences. */
gboolean pass_is_wide(const Collection *collection, guint member, guint tensor);

/* Computes ⟨vᵢ, vⱼ⟩ for all pairs with at least one fresh member into `gram` (already of the
 * collection's size) and the statistics of the fresh members into statistics[member].  A pair is 0
 * on tensors that one of the two does not share, and NaN on those where one of the two has an
 * element that is NaN or Inf.  Squares of F64 elements beyond some 1e±154 leave the
 * range of a double: their sum is then Inf, or 0 though the vector is not.  Reads each needed
 * tensor of each member once, and advances the job, whose total the caller sets, by pass_bytes.
 * What `gram` and `statistics` hold of fresh members after a failure is undefined.
 */
gboolean pass_run(const PassRequest *request, const SamplePlan *plan, Gram *gram,
	Statistics **statistics, Job *job, GError **error);

/* The bytes that a pass will read. */
guint64 pass_bytes(const PassRequest *request);

/* The content hash of one member's tensors as the pass computes it (hash[base tensors]), by reading
 * that member alone. */
gboolean pass_hash(const Collection *collection, guint member, guint threads, guint64 *hash,
	Job *job, GError **error);

#endif
