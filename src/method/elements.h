/* elements.h - arithmetic on runs of numbers, element by element, as vector code. */
#ifndef TAUSCOPE_ELEMENTS_H
#define TAUSCOPE_ELEMENTS_H

#include <glib.h>

/* `out` may be one of the inputs. */
void elements_add(double *out, const double *a, const double *b, guint64 n);
void elements_subtract(double *out, const double *a, const double *b, guint64 n);
void elements_multiply(double *out, const double *in, guint64 n, double factor);
void elements_divide(double *out, const double *in, guint64 n, double divisor);
/* change *= factor, and sum = base + change. */
void elements_scale_onto(double *sum, const double *base, double *change, guint64 n, double factor);
/* out += factor·in. */
void elements_add_scaled(double *out, const double *in, guint64 n, double factor);

/* θ − θ₀, in place of θ.  Equal values have no difference, though they be infinite, nor has what is
 * no number in both. */
void elements_subtract_base(double *theta, const double *base, guint64 n);
/* The same, faster, of finite ones.  FALSE where a difference is not a number: then θ is lost. */
gboolean elements_subtract_numbers(double *theta, const double *base, guint64 n);

gboolean elements_are_zero(const double *in, guint64 n);
/* Copies the elements of `size` bytes, 1, 2, 4 or 8, whose `change` is not 0. */
void elements_replace_changed(
	void *raw, const void *from, const double *change, guint64 n, gsize size);

#endif
