/* stripe.h - the work on one stripe of one tensor: read, decode, subtract, multiply. */
#ifndef TAUSCOPE_STRIPE_H
#define TAUSCOPE_STRIPE_H

#include "analysis/kernel.h"
#include "analysis/lineup.h"
#include "analysis/pass.h"

/* What is the same for all stripes of a pass. */
typedef struct {
	const PassRequest *request;
	const SamplePlan *plan;
	Statistics **statistics;
	const Kernel *kernel;
	Job *job;
	guint vectors; /* at most, on one tensor */
	gsize cells;   /* inner products at most, on one tensor */
	gsize width;   /* bytes of the widest element */
	gsize run;     /* elements of a read; a multiple of KERNEL_BLOCK */
} StripePlan;

/* The results of one stripe, laid out in a slot of stripe_slot_bytes; by place in the lineup. */
typedef struct {
	double *sums;       /* rows of the packed triangle from the first fresh vector on */
	Extremes *extremes; /* [vectors] */
	guint64 *hash;      /* [vectors]: of the raw bytes; of fresh vectors alone */
} StripeResult;

gsize stripe_slot_bytes(const StripePlan *plan);
StripeResult stripe_result(const StripePlan *plan, gpointer slot);

/* A worker's own buffers. */
typedef struct StripeScratch StripeScratch;
StripeScratch *stripe_scratch_new(const StripePlan *plan);
void stripe_scratch_free(StripeScratch *scratch);
/* The bytes of one for reads of `run` elements. */
gsize stripe_scratch_bytes(const StripePlan *plan, gsize run);

gboolean stripe_work(const StripePlan *plan, const Stripe *stripe, StripeScratch *scratch,
	StripeResult result, GError **error);

#endif
