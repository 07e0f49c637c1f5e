/* frame.c - the vectors of a mix in coordinates: the Cholesky factor of their inner products. */
#include "edit/frame.h"

#include "analysis/gram.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* What is left of a square, after all earlier directions, that is rounding alone. */
#define ROUNDING (8 * DBL_EPSILON)

const double *frame_vector(const Frame *frame, guint i)
{
	return frame->vectors + 2 * (gsize)i * frame->size;
}

double *frame_zero(const Frame *frame)
{
	return g_new0(double, 2 * (gsize)frame->size);
}

void frame_add(const Frame *frame, double *out, double factor, const double *vector)
{
	for (guint k = 0; k < 2 * frame->size; k++)
		out[k] += factor * vector[k];
}

void frame_scale(const Frame *frame, double *vector, double factor)
{
	for (guint k = 0; k < 2 * frame->size; k++)
		vector[k] *= factor;
}

static double product_of(const double *a, const double *b, guint n)
{
	double sum = 0;
	for (guint k = 0; k < n; k++)
		sum += a[k] * b[k];
	return sum;
}

double frame_product(const Frame *frame, const double *a, const double *b)
{
	return product_of(a, b, frame->size);
}

double frame_norm(const Frame *frame, const double *vector)
{
	return sqrt(frame_product(frame, vector, vector));
}

/* Half of it has the tangent ‖u − v‖ / ‖u + v‖, u and v the unit vectors (Kahan). */
double frame_angle(const Frame *frame, const double *a, const double *b)
{
	double norm_a = frame_norm(frame, a), norm_b = frame_norm(frame, b);
	double apart = 0, together = 0;
	for (guint k = 0; k < frame->size; k++) {
		double u = a[k] / norm_a, v = b[k] / norm_b;
		apart += (u - v) * (u - v);
		together += (u + v) * (u + v);
	}
	return 2 * atan2(sqrt(apart), sqrt(together));
}

void frame_factors(const Frame *frame, const double *vector, double *factor)
{
	memcpy(factor, vector + frame->size, frame->size * sizeof *factor);
	if (frame->of_weights)
		factor[0] -= 1;
}

/* Row i of the factor L of G = L·Lᵀ, after the rows before.  Where a vector has no direction of its
 * own the diagonal is 0, and later ones have no part in it. */
static void factor_row(const Frame *frame, const double *products, guint i)
{
	double *row = frame->vectors + 2 * (gsize)i * frame->size;
	for (guint j = 0; j < i; j++) {
		const double *other = frame_vector(frame, j);
		double left = products[gram_packed(i, j)] - product_of(row, other, j);
		row[j] = other[j] > 0 ? left / other[j] : 0;
	}
	double square = products[gram_packed(i, i)];
	double left = square - product_of(row, row, i);
	row[i] = left > ROUNDING * frame->size * square ? sqrt(left) : 0;
	row[frame->size + i] = 1;
}

Frame *frame_new(const MethodMix *mix, gboolean of_weights)
{
	Frame *frame = g_new(Frame, 1);
	guint size = mix->site.inputs + 1;
	*frame = (Frame){size, g_new0(double, 2 * (gsize)size * size), of_weights};
	for (guint i = of_weights ? 0 : 1; i < size; i++)
		factor_row(frame, mix->products, i);
	for (guint i = 1; of_weights && i < size; i++)
		frame_add(frame, frame->vectors + 2 * (gsize)i * size, 1, frame->vectors);
	return frame;
}

void frame_free(Frame *frame)
{
	if (frame == NULL)
		return;
	g_free(frame->vectors);
	g_free(frame);
}
