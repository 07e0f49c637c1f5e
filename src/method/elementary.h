/* elementary.h - exponentials and the like of many numbers at a time.
 *
 * Within 1e-15 of their value, and the same bits on every processor, since nothing is fused. */
#ifndef TAUSCOPE_ELEMENTARY_H
#define TAUSCOPE_ELEMENTARY_H

#include <glib.h>

/* Each, of at most 708, becomes its exponential; what is below −708 counts as that; NaN stays. */
void exponentials(double *values, guint64 n);
/* Each, above 0, finite, and not so small that it lacks digits, becomes its natural logarithm. */
void logarithms(double *values, guint64 n);
/* Each becomes its hyperbolic tangent: fast where it is small, as products of changes are. */
void tangents(double *values, guint64 n);

#endif
