/* method_sphere.c - means of directions: on the unit sphere, with the mean of the lengths. */
#include "method/basis.h"
#include "edit/method_rows.h"
#include "method/mix.h"

#include <math.h>

/* A mean of unit vectors that is shorter has no direction to speak of. */
#define DIRECTION_LEAST 1e-8

static gboolean fail_opposite(const MethodSite *site, GError **error)
{
	return mix_fail(site, error, "leave one of them out, or take a sum or a mean of them",
		"opposite vectors have no mean direction");
}

enum { MULTISLERP_DIALECT, MULTISLERP_NORMALIZE, MULTISLERP_EPS, MULTISLERP_OF };

static const Parameter multislerp_parameters[] = {
	PARAMETER_DIALECT,
	{
		.name = "normalize",
		.type = PARAMETER_CHOICE,
		.help = "divide by the sum of the weights",
		.choices = "no yes",
		.otherwise = {1, 1},
	},
	{
		.name = "eps",
		.type = PARAMETER_NUMBER,
		.help = "what is added to norms before dividing by them",
		.least = 0,
		.most = 1,
		.otherwise = {1e-8, 1e-8},
	},
	PARAMETER_OF(OF_CHANGES, OF_WEIGHTS),
	{0},
};

static gboolean is_paper(const MethodSite *site)
{
	return method_dialect(site->call) == DIALECT_PAPER;
}

/* Of changes, in the paper dialect, a weight below 0 means the opposite direction: lengths then
 * count by |w|, and so does the divisor, which would take the sign back otherwise. */
static gboolean counts_sizes(const MethodSite *site)
{
	return is_paper(site) && site->parameter[MULTISLERP_OF] == OF_CHANGES;
}

static double weight_sizes(const MethodSite *site)
{
	double sum = 0;
	for (guint i = 0; i < site->inputs; i++)
		sum += fabs(site->weight[i]);
	return sum;
}

static gboolean multislerp_divisor(const MethodSite *site, double *divisor, GError **error)
{
	*divisor = 1;
	if (site->parameter[MULTISLERP_NORMALIZE] == 0)
		return TRUE;
	if (!counts_sizes(site))
		return mix_weight_sum(
			site, "give weights of a positive sum, or normalize=no", divisor, error);
	*divisor = weight_sizes(site);
	return *divisor > 0 || mix_fail(site, error, "give weights that are not 0, or normalize=no",
				       "the weights are 0 and cannot be divided by their sum");
}

/* The length that the mean is to have, and how long its direction, not yet a unit vector, would be
 * if all vectors were parallel. */
typedef struct {
	double length, most;
} Lengths;

/* Adds the direction Σ w·v/(‖v‖ + ε). */
static Lengths add_direction(const MethodSite *site, const Basis *basis, double *direction)
{
	Lengths lengths = {0};
	double eps = site->parameter[MULTISLERP_EPS];
	for (guint i = 1; i <= site->inputs; i++) {
		const double *vector = basis_vector(basis, i);
		double w = site->weight[i - 1], norm = basis_norm(basis, vector);
		lengths.length += (counts_sizes(site) ? fabs(w) : w) * norm;
		if (norm == 0)
			continue;
		lengths.most += fabs(w) * norm / (norm + eps);
		basis_add(basis, direction, w / (norm + eps), vector);
	}
	if (is_paper(site))
		lengths.length = fabs(lengths.length);
	return lengths;
}

/* A direction that is no longer has cancelled out; also vectors much shorter than ε have one, but
 * mergekit goes straight between two of them. */
static double least_direction(const MethodSite *site, double divisor, double most)
{
	double eps = site->parameter[MULTISLERP_EPS];
	if (is_paper(site))
		return DIRECTION_LEAST * most;
	return eps * (site->inputs == 2 ? fabs(divisor) : MIN(fabs(divisor), most));
}

/* Σ w·v over the divisor. */
static void go_straight(const MethodSite *site, const Basis *basis, double divisor, double *value)
{
	basis_scale(basis, value, 0);
	for (guint i = 1; i <= site->inputs; i++)
		basis_add(basis, value, site->weight[i - 1] / divisor, basis_vector(basis, i));
}

/* Where there is no direction: mergekit goes straight between two. */
static gboolean without_direction(const MethodSite *site, const Basis *basis, double length,
	double divisor, double *value, GError **error)
{
	basis_scale(basis, value, 0);
	if (length == 0)
		return TRUE;
	if (is_paper(site) || site->inputs != 2)
		return fail_opposite(site, error);
	go_straight(site, basis, divisor, value);
	return TRUE;
}

/* mergekit goes on from the mean direction m by Σ w·(u − ⟨u, m⟩m), which is 0, since m is parallel
 * to Σ w·u; what is left of that is the cosine of the ε that it adds to its length. */
static gboolean multislerp_mix(const MethodMix *mix, double *factor, GError **error)
{
	const MethodSite *site = &mix->site;
	gboolean of_weights = site->parameter[MULTISLERP_OF] == OF_WEIGHTS;
	double divisor, eps = site->parameter[MULTISLERP_EPS];
	if (!mix_check_norms(mix, of_weights, error) || !multislerp_divisor(site, &divisor, error))
		return FALSE;
	g_autoptr(Basis) basis = basis_new(mix, of_weights);
	g_autofree double *value = basis_zero(basis);
	Lengths lengths = add_direction(site, basis, value);
	double norm = basis_norm(basis, value);
	if (mix_is_number(site))
		go_straight(site, basis, divisor, value);
	else if (norm > least_direction(site, divisor, lengths.most))
		basis_scale(basis, value, cos(eps) * lengths.length / fabs(divisor) / norm);
	else if (!without_direction(site, basis, lengths.length, divisor, value, error))
		return FALSE;
	basis_factors(basis, value, factor);
	return mix_check_factors(mix, factor, error);
}

static gboolean multislerp_on_weights(const Node *call)
{
	return call->argument[MULTISLERP_OF].choice == OF_WEIGHTS &&
	       call->argument[MULTISLERP_NORMALIZE].choice == 0;
}

const Method method_multislerp = {
	.name = "multislerp",
	.help = "the weighted mean direction, with the mean length",
	.example = "multislerp(0.5*a, 0.3*b, 0.2*c)",
	.source = "mergekit multislerp",
	.least = 1,
	.most = G_MAXUINT,
	.weighted = TRUE,
	.parameters = multislerp_parameters,
	.mix = multislerp_mix,
	.wants_products = TRUE,
	.on_weights = multislerp_on_weights,
};

enum { KARCHER_DIALECT, KARCHER_MAX_ITER, KARCHER_TOL, KARCHER_OF };

/* In the paper dialect a mean whose gradient is shorter than this is taken, though `tol` is less.
 */
#define GRADIENT_MOST 1e-6

static const Parameter karcher_parameters[] = {
	PARAMETER_DIALECT,
	{
		.name = "max_iter",
		.type = PARAMETER_COUNT,
		.help = "steps that are taken at most",
		.least = 1,
		.most = 1e6,
		.otherwise = {100, 10},
	},
	{
		.name = "tol",
		.type = PARAMETER_NUMBER,
		.help = "the length of a step from which on it is there",
		.least = 0,
		.most = 1,
		.otherwise = {1e-12, 1e-5},
	},
	PARAMETER_OF(OF_CHANGES, OF_WEIGHTS),
	{0},
};

/* The search for the point of the sphere with the least sum of squared angles: from the mean along
 * the mean of the tangents that lead to the vectors, until that is 0. */
typedef struct {
	const MethodSite *site;
	const Basis *basis;
	double *mean; /* a unit vector */
	double *step; /* a tangent at it */
} Karcher;

/* mergekit leaves out of the direction what is not longer than `tol`. */
static gboolean has_direction(const Karcher *karcher, const double *vector)
{
	double least = is_paper(karcher->site) ? 0 : karcher->site->parameter[KARCHER_TOL];
	return basis_norm(karcher->basis, vector) > least;
}

/* How many inputs have a direction; adds these up. */
static guint add_directions(const Karcher *karcher, double *out)
{
	const Basis *basis = karcher->basis;
	guint directions = 0;
	for (guint i = 1; i <= karcher->site->inputs; i++) {
		const double *vector = basis_vector(basis, i);
		if (!has_direction(karcher, vector))
			continue;
		directions++;
		basis_add(basis, out, 1 / basis_norm(basis, vector), vector);
	}
	return directions;
}

/* Adds the tangent at the mean that leads to a vector: its direction, and as long as the angle.  In
 * mergekit that to the opposite vector is 0. */
static gboolean add_tangent(Karcher *karcher, const double *vector, double share, GError **error)
{
	const Basis *basis = karcher->basis;
	double angle = basis_angle(basis, karcher->mean, vector);
	if (angle <= karcher->site->parameter[KARCHER_TOL])
		return TRUE;
	if (G_PI - angle < DIRECTION_LEAST)
		return !is_paper(karcher->site) || fail_opposite(karcher->site, error);
	double stretch = share * angle / sin(angle);
	basis_add(basis, karcher->step, stretch / basis_norm(basis, vector), vector);
	basis_add(basis, karcher->step, -stretch * cos(angle), karcher->mean);
	return TRUE;
}

static gboolean karcher_aim(Karcher *karcher, guint directions, GError **error)
{
	basis_scale(karcher->basis, karcher->step, 0);
	for (guint i = 1; i <= karcher->site->inputs; i++) {
		const double *vector = basis_vector(karcher->basis, i);
		if (has_direction(karcher, vector) &&
			!add_tangent(karcher, vector, 1.0 / directions, error))
			return FALSE;
	}
	return TRUE;
}

static void karcher_move(Karcher *karcher, double length)
{
	const Basis *basis = karcher->basis;
	basis_scale(basis, karcher->mean, cos(length));
	basis_add(basis, karcher->mean, sin(length) / length, karcher->step);
	basis_scale(basis, karcher->mean, 1 / basis_norm(basis, karcher->mean));
}

/* Also ends where steps are no more than rounding, and get no shorter. */
static gboolean karcher_search(Karcher *karcher, guint directions, GError **error)
{
	const double *parameter = karcher->site->parameter;
	double before = INFINITY;
	for (guint taken = 0;; taken++) {
		if (!karcher_aim(karcher, directions, error))
			return FALSE;
		double length = basis_norm(karcher->basis, karcher->step);
		if (length <= parameter[KARCHER_TOL] ||
			(length >= before && length < GRADIENT_MOST))
			return TRUE;
		if (taken == (guint)parameter[KARCHER_MAX_ITER])
			return !is_paper(karcher->site) || length < GRADIENT_MOST ||
			       mix_fail(karcher->site, error, "give a larger max_iter or tol",
				       "after %u steps the next one is still %g long", taken,
				       length);
		before = length;
		karcher_move(karcher, length);
	}
}

/* Goes to the mean direction from that of the sum; FALSE also where there is none. */
static gboolean karcher_find(Karcher *karcher, GError **error)
{
	guint directions = add_directions(karcher, karcher->mean);
	double norm = basis_norm(karcher->basis, karcher->mean);
	if (directions == 0)
		return TRUE;
	if (norm < DIRECTION_LEAST * directions)
		return fail_opposite(karcher->site, error);
	basis_scale(karcher->basis, karcher->mean, 1 / norm);
	return karcher_search(karcher, directions, error);
}

static double mean_length(const Basis *basis)
{
	double sum = 0;
	for (guint i = 1; i < basis->size; i++)
		sum += basis_norm(basis, basis_vector(basis, i));
	return sum / (basis->size - 1);
}

static gboolean karcher_mix(const MethodMix *mix, double *factor, GError **error)
{
	gboolean of_weights = mix->site.parameter[KARCHER_OF] == OF_WEIGHTS;
	if (!mix_check_norms(mix, of_weights, error))
		return FALSE;
	g_autoptr(Basis) basis = basis_new(mix, of_weights);
	g_autofree double *mean = basis_zero(basis), *step = basis_zero(basis);
	Karcher karcher = {&mix->site, basis, mean, step};
	if (mix_is_number(&mix->site))
		go_straight(&mix->site, basis, mix->site.inputs, mean);
	else if (karcher_find(&karcher, error))
		basis_scale(basis, mean, mean_length(basis));
	else
		return FALSE;
	basis_factors(basis, mean, factor);
	return mix_check_factors(mix, factor, error);
}

const Method method_karcher = {
	.name = "karcher",
	.help = "the mean direction on the sphere, with the mean length",
	.example = "karcher(a, b, c)",
	.source = "Karcher, 1977; mergekit karcher",
	.least = 1,
	.most = G_MAXUINT,
	.parameters = karcher_parameters,
	.mix = karcher_mix,
	.wants_products = TRUE,
};
