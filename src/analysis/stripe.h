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

/* The buffers of some workers. */
typedef struct StripePool StripePool;
StripePool *stripe_pool_new(const StripePlan *plan, guint workers);
void stripe_pool_free(StripePool *pool);
/* The bytes of one worker's buffers for reads of `run` elements. */
gsize stripe_buffer_bytes(const StripePlan *plan, gsize run);

/* Called by no more threads at a time than the pool has workers. */
gboolean stripe_work(StripePool *pool, const Stripe *stripe, StripeResult result, GError **error);

#endif
