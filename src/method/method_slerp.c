/* method_slerp.c - from one vector to another at constant angular speed.
 *
 * With Ω the angle between them, (sin((1−t)Ω)·a + sin(tΩ)·b) / sin Ω (Shoemake, 1985): the angle is
 * that of the unit vectors, a and b keep their lengths. */
#include "method/basis.h"
#include "edit/method_rows.h"
#include "method/mix.h"

#include <math.h>

/* The way from a to b at t: first·a + second·b; first + second − 1 is `excess`, in full digits. */
typedef struct {
	double first, second, excess;
} Arc;

/* Below, the sine of an angle is taken for 0. */
#define SINE_LEAST 1e-8

static Arc straight(double t)
{
	return (Arc){1 - t, t, 0};
}

static Arc curved(double angle, double t)
{
	double sine = sin(angle);
	return (Arc){sin((1 - t) * angle) / sine, sin(t * angle) / sine,
		2 * sin((1 - t) * angle / 2) * sin(t * angle / 2) / cos(angle / 2)};
}

/* From vector i of a basis to j. */
static gboolean paper_arc(const MethodSite *site, const Basis *basis, guint i, guint j, double t,
	Arc *arc, GError **error)
{
	*arc = straight(t);
	const double *from = basis_vector(basis, i), *to = basis_vector(basis, j);
	if (basis_norm(basis, from) == 0 || basis_norm(basis, to) == 0 || t == 0 || t == 1 ||
		mix_is_number(site))
		return TRUE;
	double angle = basis_angle(basis, from, to);
	if (sin(angle) >= SINE_LEAST)
		*arc = curved(angle, t);
	else if (angle > G_PI_2)
		return mix_fail(site, error, "take a sum or a mean of them, or leave one out",
			"they point in opposite directions, and no way between is the shortest");
	return TRUE;
}

enum { SLERP_DIALECT, SLERP_T, SLERP_OF };

static const Parameter slerp_parameters[] = {
	PARAMETER_DIALECT,
	{
		.name = "t",
		.type = PARAMETER_NUMBER,
		.help = "how far to go, from 0, the first, to 1, the second",
		.least = 0,
		.most = 1,
		.otherwise = NO_DEFAULT,
	},
	PARAMETER_OF(OF_CHANGES, OF_WEIGHTS),
	{0},
};

/* mergekit goes straight where the cosine is beyond 0.9995, and leaves a vector as short as 1e-8 as
 * it is when the others become unit vectors. */
static Arc slerp_mergekit(const Basis *basis, guint i, guint j, double t)
{
	const double *from = basis_vector(basis, i), *to = basis_vector(basis, j);
	double norm_from = basis_norm(basis, from), norm_to = basis_norm(basis, to);
	double cosine = basis_product(basis, from, to) / (norm_from > 1e-8 ? norm_from : 1) /
			(norm_to > 1e-8 ? norm_to : 1);
	return fabs(cosine) > 0.9995 ? straight(t) : curved(acos(cosine), t);
}

/* With one input the way begins at the base itself, vector 0. */
static gboolean slerp_mix(const MethodMix *mix, double *factor, GError **error)
{
	const MethodSite *site = &mix->site;
	gboolean of_weights = site->parameter[SLERP_OF] == OF_WEIGHTS;
	if (!mix_check_norms(mix, of_weights, error))
		return FALSE;
	g_autoptr(Basis) basis = basis_new(mix, of_weights);
	guint to = site->inputs, from = to - 1;
	double t = site->parameter[SLERP_T];
	Arc arc;
	if (site->parameter[SLERP_DIALECT] == DIALECT_MERGEKIT)
		arc = slerp_mergekit(basis, from, to, t);
	else if (!paper_arc(site, basis, from, to, t, &arc, error))
		return FALSE;
	factor[0] = of_weights ? arc.excess : 0;
	factor[to] = arc.second;
	if (from > 0)
		factor[from] = arc.first;
	return mix_check_factors(mix, factor, error);
}

static gboolean slerp_check(const Collection *collection, const Node *call, GError **error)
{
	if (call->argument[SLERP_OF].choice == OF_WEIGHTS)
		return TRUE;
	if (call->children->len < 2)
		return fail_at(error, ERROR_USAGE,
			(Place){.remedy = "give a second one, or of=weights to begin at the base"},
			"column %u: slerp of changes goes from one task vector to another",
			call->column);
	return mix_check_acting(collection, call, error);
}

const Method method_slerp = {
	.name = "slerp",
	.help = "from one vector to another at constant angular speed",
	.example = "slerp(a, b, t=0.5)",
	.source = "Shoemake, 1985; mergekit slerp",
	.least = 1,
	.most = 2,
	.parameters = slerp_parameters,
	.mix = slerp_mix,
	.wants_products = TRUE,
	.check = slerp_check,
};

enum { NUSLERP_DIALECT, NUSLERP_OF, NUSLERP_ALONG };

static const Parameter nuslerp_parameters[] = {
	PARAMETER_DIALECT,
	PARAMETER_OF(OF_CHANGES, OF_CHANGES),
	{
		.name = "along",
		.type = PARAMETER_CHOICE,
		.help = "turn whole tensors, each row, or each column",
		.choices = "tensor row column",
	},
	{0},
};

static MethodBy nuslerp_by(const Node *call)
{
	static const MethodBy by[] = {BY_TENSOR, BY_ROW, BY_COLUMN};
	return by[call->argument[NUSLERP_ALONG].choice];
}

static Arc nuslerp_mergekit(const MethodSite *site, const Basis *basis)
{
	const double *from = basis_vector(basis, 1), *to = basis_vector(basis, 2);
	double sum = site->weight[0] + site->weight[1];
	double t = fabs(sum) < 1e-6 ? 0.5 : site->weight[1] / sum;
	double cosine = basis_product(basis, from, to) / MAX(basis_norm(basis, from), 1e-7) /
			MAX(basis_norm(basis, to), 1e-7);
	double angle = acos(CLAMP(cosine, -1, 1));
	return fabs(sin(angle)) < SINE_LEAST ? straight(t) : curved(angle, t);
}

static gboolean nuslerp_paper(const MethodSite *site, const Basis *basis, Arc *arc, GError **error)
{
	double sum;
	return mix_weight_sum(site, "give weights of a positive sum", &sum, error) &&
	       paper_arc(site, basis, 1, 2, site->weight[1] / sum, arc, error);
}

static gboolean nuslerp_mix(const MethodMix *mix, double *factor, GError **error)
{
	const MethodSite *site = &mix->site;
	gboolean of_weights = site->parameter[NUSLERP_OF] == OF_WEIGHTS;
	if (!mix_check_norms(mix, of_weights, error))
		return FALSE;
	g_autoptr(Basis) basis = basis_new(mix, of_weights);
	Arc arc;
	if (site->parameter[NUSLERP_DIALECT] == DIALECT_MERGEKIT)
		arc = nuslerp_mergekit(site, basis);
	else if (!nuslerp_paper(site, basis, &arc, error))
		return FALSE;
	factor[0] = of_weights ? arc.excess : 0;
	factor[1] = arc.first;
	factor[2] = arc.second;
	return mix_check_factors(mix, factor, error);
}

static gboolean nuslerp_check(const Collection *collection, const Node *call, GError **error)
{
	return call->argument[NUSLERP_OF].choice == OF_WEIGHTS ||
	       mix_check_acting(collection, call, error);
}

const Method method_nuslerp = {
	.name = "nuslerp",
	.help = "slerp by weights, of whole tensors, rows or columns",
	.example = "nuslerp(0.3*a, 0.7*b, along=row)",
	.source = "mergekit nuslerp",
	.whole = "with along=row each row",
	.least = 2,
	.most = 2,
	.weighted = TRUE,
	.parameters = nuslerp_parameters,
	.by = nuslerp_by,
	.mix = nuslerp_mix,
	.wants_products = TRUE,
	.check = nuslerp_check,
};
