/* steps.h - what a step of a call gathers, whether it is a mix or not.  For prepare*.c and
 * evaluate.c. */
#ifndef TAUSCOPE_STEPS_H
#define TAUSCOPE_STEPS_H

#include "method/prepared.h"

/* Whether all steps of a call are done. */
gboolean call_is_done(const Call *call);
/* How many steps that gather something follow the one at hand: at least so many passes. */
guint steps_ahead(const Prepared *prepared, const Call *call);

/* Begins the step at hand in all domains: sums of 0 and searches for its cuts.  Where it wants
 * nothing, it is over at once. */
void step_begin(const Prepared *prepared, Call *call);
/* The same of a call that is by tensor, on one: sums of 0, and figures made of them. */
void step_begin_tensor(const Prepared *prepared, Call *call, guint tensor);
gboolean step_end_tensor(const Prepared *prepared, Call *call, guint tensor, GError **error);
/* Drops what the step at hand gathered, and goes on to the next. */
void step_drop(Call *call);
/* Whether the sums of a step are the same in whatever pieces a block is added to them. */
gboolean step_is_divisible(const Call *call);
/* Whether the step wants elements [first, first+n) of a domain, for its sums or cuts [from, to). */
gboolean step_wants(
	const Call *call, const Domain *domain, guint from, guint to, guint64 first, guint64 n);
/* Whether everything that the step wants of its domains is there. */
gboolean step_is_over(const Call *call);
/* Settles all domains, and goes on to the next step. */
gboolean step_end(const Prepared *prepared, Call *call, GError **error);

/* Whether all elements of the inputs are finite: ERROR_INPUT, with the tensor, where one is not. */
gboolean step_check_inputs(const Call *call, const MethodBlock *block, GError **error);
/* Adds a block to the sums of its domain.  FALSE with *error set where a mix of a row has no
 * answer. */
gboolean step_add(const Call *call, const MethodBlock *block, double *sums, GError **error);
void step_keys(const Call *call, const MethodBlock *block, guint cut, double *keys);
/* Whether two cuts go through the same keys. */
gboolean step_is_alike(const Call *call, const MethodSite *domain, guint cut, guint other);
/* How many of the domain's elements stand above a cut. */
guint64 step_above(const Call *call, const Domain *domain, const MethodSite *site, guint cut);
/* Makes figures of the domain's sums and of its cuts. */
gboolean step_settle(
	const Call *call, Domain *domain, const MethodSite *site, const Cut *cuts, GError **error);
/* Puts the tensor, or what else a failure was about, before its sentence. */
void step_blame(const Call *call, const Prepared *prepared, guint tensor, GError **error);

/* The inner products of θ₀ and the inputs over a run of a block, added to `products`, packed. */
void mix_products(const MethodBlock *block, guint64 from, guint64 n, double *products);
/* The factors of a mix; checked to be finite. */
gboolean mix_factors(const Call *call, const MethodSite *site, const double *products,
	double *factor, GError **error);
/* The size of a packed table of the inputs and θ₀. */
guint mix_cells(const MethodSite *site);

#endif
