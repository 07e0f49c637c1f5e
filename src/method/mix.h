/* mix.h - what mixes and other methods share: inner products by their indices, checks, and how they
 * say no. */
#ifndef TAUSCOPE_MIX_H
#define TAUSCOPE_MIX_H

#include "core/error.h"
#include "edit/method.h"

#include <math.h>

/* A NUMBER or COUNT that must be given has no default, and so has one that may be left out. */
#define NO_DEFAULT                                                                                 \
	{                                                                                          \
		NAN, NAN                                                                           \
	}

/* ⟨i, j⟩ and ‖i‖ of θ₀ (0) and the bodies (1 to inputs). */
double mix_inner(const MethodMix *mix, guint i, guint j);
double mix_norm(const MethodMix *mix, guint i);

/* The words of a CHOICE that says what is mixed, in the order of its values. */
enum { OF_CHANGES, OF_WEIGHTS };
#define PARAMETER_OF(paper, mergekit)                                                              \
	{                                                                                          \
		.name = "of", .type = PARAMETER_CHOICE,                                            \
		.help = "mix task vectors or whole models", .choices = "changes weights",          \
		.otherwise[DIALECT_PAPER] = paper, .otherwise[DIALECT_MERGEKIT] = mergekit         \
	}

/* The sum of the weights where something is divided by it; FALSE with *error set where it is 0,
 * or, but in mergekit's dialect, turns every sign round. */
gboolean mix_weight_sum(const MethodSite *site, const char *remedy, double *sum, GError **error);

/* Whether what is mixed is a single number, in the paper dialect: it has a sign and no direction,
 * so that the way from one to another is straight, also to one of the other sign. */
gboolean mix_is_number(const MethodSite *site);

/* What a method of directions checks of its inputs: that none is 0 on every tensor (ERROR_USAGE).
 */
gboolean mix_check_acting(const Collection *collection, const Node *call, GError **error);

/* ERROR_INPUT for a domain without an answer, with a remedy; of a domain within one tensor it names
 * the tensor. */
gboolean mix_fail(const MethodSite *site, GError **error, const char *remedy, const char *format,
	...) G_GNUC_PRINTF(4, 5);
/* Whether the norms of the bodies, and with `of_weights` of θ₀, are finite; those of infinities and
 * of numbers whose squares doubles cannot hold are not. */
gboolean mix_check_norms(const MethodMix *mix, gboolean of_weights, GError **error);
/* Whether a sum over the inputs, or a ratio of sums, is a number that a double holds. */
gboolean mix_check_sum(const MethodSite *site, double sum, GError **error);
/* Whether the factors are finite, last. */
gboolean mix_check_factors(const MethodMix *mix, const double *factor, GError **error);

#endif
