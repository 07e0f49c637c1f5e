/* least_squares.c - the nearest combination of vectors of which inner products alone are known.
 *
 * The vectors are first brought to unit length, so that what counts as dependent does not hang on
 * how long they are; then the pseudo-inverse of their products, from its eigenvectors. */
#include "analysis/least_squares.h"

#include <gsl/gsl_eigen.h>
#include <math.h>

/* Eigenvalues below this part of the largest are taken for 0: the products have 53 bits. */
#define INDEPENDENT 1e-12

/* The products of the vectors that are not 0, at unit length. */
typedef struct {
	guint n;
	guint *place; /* [n]: which vector it is */
	double *norm; /* [n] */
	gsl_vector *values;
	gsl_matrix *axes;
} Axes;

static void axes_clear(Axes *axes)
{
	g_free(axes->place);
	g_free(axes->norm);
	g_clear_pointer(&axes->values, gsl_vector_free);
	g_clear_pointer(&axes->axes, gsl_matrix_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Axes, axes_clear)

static gsl_matrix *cosines(const Axes *axes, const double *products, guint n)
{
	gsl_matrix *matrix = gsl_matrix_alloc(axes->n, axes->n);
	for (guint i = 0; i < axes->n; i++)
		for (guint j = 0; j < axes->n; j++) {
			double product = products[(gsize)axes->place[i] * n + axes->place[j]];
			gsl_matrix_set(matrix, i, j, product / axes->norm[i] / axes->norm[j]);
		}
	return matrix;
}

static void decompose(Axes *axes, const double *products, guint n)
{
	gsl_matrix *matrix = cosines(axes, products, n);
	gsl_eigen_symmv_workspace *workspace = gsl_eigen_symmv_alloc(axes->n);
	axes->values = gsl_vector_alloc(axes->n);
	axes->axes = gsl_matrix_alloc(axes->n, axes->n);
	gsl_eigen_symmv(matrix, axes->values, axes->axes, workspace);
	gsl_eigen_symmv_sort(axes->values, axes->axes, GSL_EIGEN_SORT_VAL_DESC);
	gsl_eigen_symmv_free(workspace);
	gsl_matrix_free(matrix);
}

static void axes_init(Axes *axes, const double *products, guint n)
{
	axes->place = g_new(guint, n + 1);
	axes->norm = g_new(double, n + 1);
	for (guint i = 0; i < n; i++) {
		double norm = sqrt(products[(gsize)i * n + i]);
		if (!(norm > 0))
			continue;
		axes->place[axes->n] = i;
		axes->norm[axes->n++] = norm;
	}
	if (axes->n > 0)
		decompose(axes, products, n);
}

/* Adds to c what the combination has along one axis. */
static void add_axis(const Axes *axes, guint axis, const double *along, double *c)
{
	double length = 0;
	for (guint i = 0; i < axes->n; i++)
		length +=
			gsl_matrix_get(axes->axes, i, axis) * along[axes->place[i]] / axes->norm[i];
	length /= gsl_vector_get(axes->values, axis);
	for (guint i = 0; i < axes->n; i++)
		c[axes->place[i]] += length * gsl_matrix_get(axes->axes, i, axis) / axes->norm[i];
}

static double condition_of(const Axes *axes, guint rank)
{
	if (axes->n == 0)
		return 1;
	return rank < axes->n ? INFINITY
			      : sqrt(gsl_vector_get(axes->values, 0) /
					gsl_vector_get(axes->values, axes->n - 1));
}

LeastSquares least_squares(const double *products, const double *along, guint n, double *c)
{
	g_auto(Axes) axes = {0};
	guint rank = 0;
	axes_init(&axes, products, n);
	for (guint i = 0; i < n; i++)
		c[i] = 0;
	while (rank < axes.n &&
		gsl_vector_get(axes.values, rank) > INDEPENDENT * gsl_vector_get(axes.values, 0))
		add_axis(&axes, rank++, along, c);
	return (LeastSquares){axes.n, rank, condition_of(&axes, rank)};
}
