/* method_subspace.c - what lies in the span of some vectors, and lengths that are cut or matched.
 */
#include "edit/method_rows.h"
#include "method/mix.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_eigen.h>
#include <math.h>

/* An eigenvalue below this part of the largest belongs to a direction that is not there. */
#define EIGENVALUE_LEAST 1e-12

#define PARAMETER_BY                                                                               \
	{                                                                                          \
		.name = "by", .type = PARAMETER_CHOICE,                                            \
		.help = "over the whole model, each layer, or each tensor",                        \
		.choices = "model layer tensor"                                                    \
	}

static MethodBy by_of(const Node *call, guint parameter)
{
	static const MethodBy by[] = {BY_MODEL, BY_LAYER, BY_TENSOR};
	return by[call->argument[parameter].choice];
}

enum { SPAN_BY };

static const Parameter span_parameters[] = {PARAMETER_BY, {0}};

static MethodBy span_by(const Node *call)
{
	return by_of(call, SPAN_BY);
}

static double inverse(double norm)
{
	return norm > 0 ? 1 / norm : 0;
}

/* The cosines between vectors 2 to n+1, and into `wanted` theirs to vector 1 times its norm. */
static void fill_cosines(const MethodMix *mix, gsl_matrix *cosines, gsl_vector *wanted)
{
	for (guint i = 0; i < wanted->size; i++) {
		double unit = inverse(mix_norm(mix, i + 2));
		gsl_vector_set(wanted, i, mix_inner(mix, i + 2, 1) * unit);
		for (guint j = 0; j < wanted->size; j++)
			gsl_matrix_set(cosines, i, j,
				mix_inner(mix, i + 2, j + 2) * unit *
					inverse(mix_norm(mix, j + 2)));
	}
}

/* vector := the pseudo-inverse of a symmetric matrix, which is used up, times it. */
static void solve(gsl_matrix *matrix, gsl_vector *vector)
{
	gsize n = vector->size;
	gsl_eigen_symmv_workspace *workspace = gsl_eigen_symmv_alloc(n);
	gsl_matrix *axes = gsl_matrix_alloc(n, n);
	gsl_vector *values = gsl_vector_alloc(n), *along = gsl_vector_alloc(n);
	gsl_eigen_symmv(matrix, values, axes, workspace);
	gsl_blas_dgemv(CblasTrans, 1, axes, vector, 0, along);
	double least = EIGENVALUE_LEAST * gsl_vector_max(values);
	for (gsize i = 0; i < n; i++) {
		double value = gsl_vector_get(values, i), part = gsl_vector_get(along, i);
		gsl_vector_set(along, i, value > least ? part / value : 0);
	}
	gsl_blas_dgemv(CblasNoTrans, 1, axes, along, 0, vector);
	gsl_vector_free(along);
	gsl_vector_free(values);
	gsl_matrix_free(axes);
	gsl_eigen_symmv_free(workspace);
}

/* factor[2 on]: the combination of the others that lies nearest to the first input. */
static void nearest(const MethodMix *mix, double *factor)
{
	guint n = mix->site.inputs - 1;
	gsl_matrix *cosines = gsl_matrix_alloc(n, n);
	gsl_vector *solution = gsl_vector_alloc(n);
	fill_cosines(mix, cosines, solution);
	solve(cosines, solution);
	for (guint i = 0; i < n; i++)
		factor[i + 2] = gsl_vector_get(solution, i) * inverse(mix_norm(mix, i + 2));
	gsl_vector_free(solution);
	gsl_matrix_free(cosines);
}

static gboolean orthogonal_mix(const MethodMix *mix, double *factor, GError **error)
{
	if (!mix_check_norms(mix, FALSE, error))
		return FALSE;
	factor[0] = 0;
	factor[1] = 1;
	nearest(mix, factor);
	for (guint i = 2; i <= mix->site.inputs; i++)
		factor[i] = -factor[i];
	return mix_check_factors(mix, factor, error);
}

const Method method_orthogonal = {
	.name = "orthogonal",
	.help = "the first without what lies along the others",
	.example = "orthogonal(a, b, c)",
	.least = 2,
	.most = G_MAXUINT,
	.parameters = span_parameters,
	.by = span_by,
	.mix = orthogonal_mix,
	.wants_products = TRUE,
};

static gboolean others_are_zero(const MethodMix *mix)
{
	for (guint i = 2; i <= mix->site.inputs; i++)
		if (mix_norm(mix, i) > 0)
			return FALSE;
	return TRUE;
}

static gboolean project_mix(const MethodMix *mix, double *factor, GError **error)
{
	if (!mix_check_norms(mix, FALSE, error))
		return FALSE;
	if (others_are_zero(mix) && span_by(mix->site.call) == BY_MODEL)
		return mix_fail(&mix->site, error, "give another one to project on",
			"all but the first are zero: there is nothing to project on");
	factor[0] = factor[1] = 0;
	nearest(mix, factor);
	return mix_check_factors(mix, factor, error);
}

const Method method_project = {
	.name = "project",
	.help = "what of the first lies along the others",
	.example = "project(a, b, c)",
	.least = 2,
	.most = G_MAXUINT,
	.parameters = span_parameters,
	.by = span_by,
	.mix = project_mix,
	.wants_products = TRUE,
};

enum { CLIP_NORM, CLIP_RELATIVE, CLIP_BY };

static const Parameter clip_parameters[] = {
	{
		.name = "norm",
		.type = PARAMETER_NUMBER,
		.help = "the largest norm",
		.least = 0,
		.most = INFINITY,
		.optional = TRUE,
		.otherwise = NO_DEFAULT,
	},
	{
		.name = "relative",
		.type = PARAMETER_NUMBER,
		.help = "the largest norm, in norms of the base there",
		.least = 0,
		.most = INFINITY,
		.optional = TRUE,
		.otherwise = NO_DEFAULT,
	},
	PARAMETER_BY,
	{0},
};

static MethodBy clip_by(const Node *call)
{
	return by_of(call, CLIP_BY);
}

/* fmin() passes over what is not given, which is NaN. */
static gboolean clip_mix(const MethodMix *mix, double *factor, GError **error)
{
	double limit = mix->site.parameter[CLIP_NORM];
	double relative = mix->site.parameter[CLIP_RELATIVE];
	if (!mix_check_norms(mix, !isnan(relative), error))
		return FALSE;
	double norm = mix_norm(mix, 1), most = fmin(limit, relative * mix_norm(mix, 0));
	factor[0] = 0;
	factor[1] = norm > most ? most / norm : 1;
	return mix_check_factors(mix, factor, error);
}

static gboolean clip_check(const Collection *collection, const Node *call, GError **error)
{
	(void)collection;
	if (call->argument[CLIP_NORM].number || call->argument[CLIP_RELATIVE].number)
		return TRUE;
	return fail_at(error, ERROR_USAGE,
		(Place){.remedy = "give norm=N, or relative=R for R times the norm of the base"},
		"column %u: clip does not know the largest norm", call->column);
}

const Method method_clip = {
	.name = "clip",
	.help = "shortened to a norm, where it is longer",
	.example = "clip(a, relative=0.01)",
	.least = 1,
	.most = 1,
	.parameters = clip_parameters,
	.by = clip_by,
	.mix = clip_mix,
	.wants_products = TRUE,
	.check = clip_check,
};

static gboolean match_norm_mix(const MethodMix *mix, double *factor, GError **error)
{
	if (!mix_check_norms(mix, FALSE, error))
		return FALSE;
	double norm = mix_norm(mix, 1), like = mix_norm(mix, 2);
	if (norm == 0 && like > 0 && span_by(mix->site.call) == BY_MODEL)
		return mix_fail(&mix->site, error,
			"give another one, or match each tensor with by=tensor",
			"the first is zero, and no factor gives it the norm of the second");
	factor[0] = factor[2] = 0;
	factor[1] = like * inverse(norm);
	return mix_check_factors(mix, factor, error);
}

const Method method_match_norm = {
	.name = "match_norm",
	.help = "the first, with the norm of the second",
	.example = "match_norm(a, b)",
	.least = 2,
	.most = 2,
	.parameters = span_parameters,
	.by = span_by,
	.mix = match_norm_mix,
	.wants_products = TRUE,
};
