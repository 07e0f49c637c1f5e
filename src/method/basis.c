/* basis.c - the vectors of a mix in coordinates: the Cholesky factor of their inner products. */
#include "method/basis.h"

#include "analysis/gram.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* What is left of a square, after all earlier directions, that is rounding alone. */
#define ROUNDING (8 * DBL_EPSILON)

const double *basis_vector(const Basis *basis, guint i)
{
	return basis->vectors + 2 * (gsize)i * basis->size;
}

double *basis_zero(const Basis *basis)
{
	return g_new0(double, 2 * (gsize)basis->size);
}

void basis_add(const Basis *basis, double *out, double factor, const double *vector)
{
	for (guint k = 0; k < 2 * basis->size; k++)
		out[k] += factor * vector[k];
}

void basis_scale(const Basis *basis, double *vector, double factor)
{
	for (guint k = 0; k < 2 * basis->size; k++)
		vector[k] *= factor;
}

static double product_of(const double *a, const double *b, guint n)
{
	double sum = 0;
	for (guint k = 0; k < n; k++)
		sum += a[k] * b[k];
	return sum;
}

double basis_product(const Basis *basis, const double *a, const double *b)
{
	return product_of(a, b, basis->size);
}

double basis_norm(const Basis *basis, const double *vector)
{
	return sqrt(basis_product(basis, vector, vector));
}

/* Half of it has the tangent ‖u − v‖ / ‖u + v‖, u and v the unit vectors (Kahan). */
double basis_angle(const Basis *basis, const double *a, const double *b)
{
	double norm_a = basis_norm(basis, a), norm_b = basis_norm(basis, b);
	double apart = 0, together = 0;
	for (guint k = 0; k < basis->size; k++) {
		double u = a[k] / norm_a, v = b[k] / norm_b;
		apart += (u - v) * (u - v);
		together += (u + v) * (u + v);
	}
	return 2 * atan2(sqrt(apart), sqrt(together));
}

void basis_factors(const Basis *basis, const double *vector, double *factor)
{
	memcpy(factor, vector + basis->size, basis->size * sizeof *factor);
	if (basis->of_weights)
		factor[0] -= 1;
}

/* Row i of the factor L of G = L·Lᵀ, after the rows before.  Where a vector has no direction of its
 * own the diagonal is 0, and later ones have no part in it. */
static void factor_row(const Basis *basis, const double *products, guint i)
{
	double *row = basis->vectors + 2 * (gsize)i * basis->size;
	for (guint j = 0; j < i; j++) {
		const double *other = basis_vector(basis, j);
		double left = products[gram_packed(i, j)] - product_of(row, other, j);
		row[j] = other[j] > 0 ? left / other[j] : 0;
	}
	double square = products[gram_packed(i, i)];
	double left = square - product_of(row, row, i);
	row[i] = left > ROUNDING * basis->size * square ? sqrt(left) : 0;
	row[basis->size + i] = 1;
}

Basis *basis_new(const MethodMix *mix, gboolean of_weights)
{
	Basis *basis = g_new(Basis, 1);
	guint size = mix->site.inputs + 1;
	*basis = (Basis){size, g_new0(double, 2 * (gsize)size * size), of_weights};
	for (guint i = of_weights ? 0 : 1; i < size; i++)
		factor_row(basis, mix->products, i);
	for (guint i = 1; of_weights && i < size; i++)
		basis_add(basis, basis->vectors + 2 * (gsize)i * size, 1, basis->vectors);
	return basis;
}

void basis_free(Basis *basis)
{
	if (basis == NULL)
		return;
	g_free(basis->vectors);
	g_free(basis);
}
