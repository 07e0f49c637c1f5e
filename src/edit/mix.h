/* mix.h - what the mixes share: inner products by their indices, and how they say no. */
#ifndef TAUSCOPE_MIX_H
#define TAUSCOPE_MIX_H

#include "core/error.h"
#include "edit/method.h"

/* A NUMBER or COUNT that must be given has no default, and so has one that may be left out. */
#define NO_DEFAULT                                                                                 \
	{                                                                                          \
		NAN, NAN                                                                           \
	}

/* ⟨i, j⟩ and ‖i‖ of θ₀ (0) and the bodies (1 to inputs). */
double mix_product(const MethodMix *mix, guint i, guint j);
double mix_norm(const MethodMix *mix, guint i);

/* ERROR_INPUT for a domain without an answer, with a remedy; of a domain within one tensor it names
 * the tensor. */
gboolean mix_fail(const MethodSite *site, GError **error, const char *remedy, const char *format,
	...) G_GNUC_PRINTF(4, 5);
/* TRUE where all factors are finite; else they are more than doubles can hold, and it fails. */
gboolean mix_finite(const MethodMix *mix, const double *factor, GError **error);

#endif
