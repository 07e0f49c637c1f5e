/* mixes.h - what mixes of vectors must be, element by element, from the formulas of their papers;
 * in long double. */
#ifndef TAUSCOPE_TEST_MIXES_H
#define TAUSCOPE_TEST_MIXES_H

#include <glib.h>
#include <math.h>

#define MIX_INPUTS 5 /* at most */

typedef long double Real;

/* The vectors of a mix on a domain: changes, or whole models. */
typedef struct {
	guint inputs;
	gsize n;
	const Real *v[MIX_INPUTS];
	const Real *base;
	const double *w;
	double t; /* or what else the formula takes */
	gboolean mergekit, weights;
} Mixing;

typedef void (*Formula)(const Mixing *mixing, Real *out);

static inline Real vector_product(const Real *a, const Real *b, gsize n)
{
	Real sum = 0;
	for (gsize k = 0; k < n; k++)
		sum += a[k] * b[k];
	return sum;
}

static inline Real vector_norm(const Real *a, gsize n)
{
	return sqrtl(vector_product(a, a, n));
}

static inline void vector_add(Real *out, Real factor, const Real *a, gsize n)
{
	for (gsize k = 0; k < n; k++)
		out[k] += factor * a[k];
}

static inline void vector_scale(Real *out, Real factor, gsize n)
{
	for (gsize k = 0; k < n; k++)
		out[k] *= factor;
}

/* Σ w·v, w = 1 where there are none. */
static inline void formula_sum(const Mixing *mixing, Real *out)
{
	for (guint i = 0; i < mixing->inputs; i++)
		vector_add(out, mixing->w ? mixing->w[i] : 1, mixing->v[i], mixing->n);
}

/* Σ w·v / Σ w */
static inline void formula_average(const Mixing *mixing, Real *out)
{
	Real sum = 0;
	for (guint i = 0; i < mixing->inputs; i++)
		sum += mixing->w ? mixing->w[i] : 1;
	formula_sum(mixing, out);
	vector_scale(out, 1 / sum, mixing->n);
}

/* t·v */
static inline void formula_scale(const Mixing *mixing, Real *out)
{
	vector_add(out, mixing->t, mixing->v[0], mixing->n);
}

/* One number has no direction: the paper dialect goes straight. */
static inline gboolean is_number(const Mixing *mixing)
{
	return mixing->n == 1 && !mixing->mergekit;
}

/* From a to b, with the angle between them. */
static inline void bend(const Real *a, const Real *b, Real angle, Real t, gsize n, Real *out)
{
	gboolean straight = fabsl(sinl(angle)) < 1e-8L;
	vector_add(out, straight ? 1 - t : sinl((1 - t) * angle) / sinl(angle), a, n);
	vector_add(out, straight ? t : sinl(t * angle) / sinl(angle), b, n);
}

static inline Real angle_of(const Real *a, const Real *b, gsize n)
{
	Real cosine = vector_product(a, b, n) / vector_norm(a, n) / vector_norm(b, n);
	return acosl(CLAMP(cosine, -1, 1));
}

static inline void formula_slerp(const Mixing *mixing, Real *out)
{
	gboolean alone = mixing->inputs == 1;
	const Real *a = alone ? mixing->base : mixing->v[0], *b = mixing->v[alone ? 0 : 1];
	Real angle = angle_of(a, b, mixing->n);
	if (is_number(mixing) || (mixing->mergekit && fabsl(cosl(angle)) > 0.9995L))
		angle = 0;
	bend(a, b, angle, mixing->t, mixing->n, out);
}

static inline void formula_nuslerp(const Mixing *mixing, Real *out)
{
	Real angle = is_number(mixing) ? 0 : angle_of(mixing->v[0], mixing->v[1], mixing->n);
	Real t = mixing->w[1] / ((Real)mixing->w[0] + mixing->w[1]);
	bend(mixing->v[0], mixing->v[1], angle, t, mixing->n, out);
}

/* One step from the mean direction m along g = Σ w (u − ⟨u, m⟩ m). */
static inline void formula_multislerp(const Mixing *mixing, Real *out)
{
	gsize n = mixing->n;
	if (is_number(mixing)) {
		formula_average(mixing, out);
		return;
	}
	Real eps = mixing->t, sum = 0, length = 0;
	g_autofree Real *m = g_new0(Real, n), *g = g_new0(Real, n);
	for (guint i = 0; i < mixing->inputs; i++)
		sum += mixing->w[i];
	for (guint i = 0; i < mixing->inputs; i++) {
		Real norm = vector_norm(mixing->v[i], n);
		vector_add(m, mixing->w[i] / sum / (norm + eps), mixing->v[i], n);
		length += mixing->w[i] / sum * norm;
	}
	vector_scale(m, 1 / vector_norm(m, n), n);
	for (guint i = 0; i < mixing->inputs; i++) {
		Real share = mixing->w[i] / sum / (vector_norm(mixing->v[i], n) + eps);
		vector_add(g, share, mixing->v[i], n);
		vector_add(g, -share * vector_product(mixing->v[i], m, n), m, n);
	}
	Real a = vector_norm(g, n) + eps;
	vector_add(out, length * cosl(a), m, n);
	vector_add(out, length * (a > 0 ? sinl(a) / a : 1), g, n);
}

/* Adds what leads from the unit vector u to a vector: its direction, as long as the angle. */
static inline void add_log(const Real *u, const Real *v, Real share, gsize n, Real *out)
{
	Real angle = angle_of(u, v, n);
	if (angle < 1e-15L)
		return;
	Real stretch = share * angle / sinl(angle);
	vector_add(out, stretch / vector_norm(v, n), v, n);
	vector_add(out, -stretch * cosl(angle), u, n);
}

static inline void formula_karcher(const Mixing *mixing, Real *out)
{
	gsize n = mixing->n;
	if (is_number(mixing)) {
		formula_average(mixing, out);
		return;
	}
	Real length = 0, share = 1 / (Real)mixing->inputs;
	g_autofree Real *u = g_new0(Real, n);
	for (guint i = 0; i < mixing->inputs; i++) {
		length += share * vector_norm(mixing->v[i], n);
		vector_add(u, 1 / vector_norm(mixing->v[i], n), mixing->v[i], n);
	}
	vector_scale(u, 1 / vector_norm(u, n), n);
	for (guint step = 0; step < (mixing->mergekit ? 10 : 200); step++) {
		g_autofree Real *tangent = g_new0(Real, n);
		for (guint i = 0; i < mixing->inputs; i++)
			add_log(u, mixing->v[i], share, n, tangent);
		Real far = vector_norm(tangent, n);
		if (far < (mixing->mergekit ? 1e-5L : 1e-17L))
			break;
		vector_scale(u, cosl(far), n);
		vector_add(u, sinl(far) / far, tangent, n);
	}
	vector_add(out, length, u, n);
}

static inline void formula_stock(const Mixing *mixing, Real *out)
{
	Real cosine = 0, count = mixing->inputs;
	for (guint i = 0; i < mixing->inputs; i++)
		for (guint j = 0; j < i; j++)
			cosine += cosl(angle_of(mixing->v[i], mixing->v[j], mixing->n));
	cosine /= count * (count - 1) / 2;
	cosine = mixing->mergekit ? cosine : CLAMP(cosine, 0, 1);
	Real ratio = count * cosine / (1 + (count - 1) * cosine);
	for (guint i = 0; i < mixing->inputs; i++)
		vector_add(out, ratio / count, mixing->v[i], mixing->n);
}

/* Gram-Schmidt: an orthonormal basis of the others first, then what of the first is left. */
static inline void formula_orthogonal(const Mixing *mixing, Real *out)
{
	gsize n = mixing->n;
	guint found = 0;
	g_autofree Real *basis = g_new0(Real, n * MIX_INPUTS);
	for (guint i = 1; i <= mixing->inputs; i++) {
		const Real *v = mixing->v[i % mixing->inputs];
		Real *rest = i < mixing->inputs ? basis + found * n : out;
		vector_add(rest, 1, v, n);
		for (guint pass = 0; pass < 2; pass++)
			for (guint j = 0; j < found; j++) {
				const Real *axis = basis + j * n;
				vector_add(rest, -vector_product(rest, axis, n), axis, n);
			}
		if (i == mixing->inputs)
			break;
		Real norm = vector_norm(rest, n);
		gboolean new = norm > 1e-9L * vector_norm(v, n);
		vector_scale(rest, new ? 1 / norm : 0, n);
		found += new ? 1 : 0;
	}
}

static inline void formula_project(const Mixing *mixing, Real *out)
{
	formula_orthogonal(mixing, out);
	vector_scale(out, -1, mixing->n);
	vector_add(out, 1, mixing->v[0], mixing->n);
}

/* To a norm of at most t. */
static inline void formula_clip(const Mixing *mixing, Real *out)
{
	Real norm = vector_norm(mixing->v[0], mixing->n);
	vector_add(out, norm > mixing->t ? mixing->t / norm : 1, mixing->v[0], mixing->n);
}

/* To at most t times the norm of the base. */
static inline void formula_clip_relative(const Mixing *mixing, Real *out)
{
	Mixing limited = *mixing;
	limited.t *= (double)vector_norm(mixing->base, mixing->n);
	formula_clip(&limited, out);
}

static inline void formula_match_norm(const Mixing *mixing, Real *out)
{
	Real norm = vector_norm(mixing->v[0], mixing->n),
	     like = vector_norm(mixing->v[1], mixing->n);
	vector_add(out, like / norm, mixing->v[0], mixing->n);
}

/* An edit and what it must be; `weights`: the formula is of whole models, less the base. */
typedef struct {
	const char *text;
	Formula formula;
	guint inputs; /* a, b, c, ... */
	gboolean mergekit, weights;
	double t, w[MIX_INPUTS];
} MixRow;

static const MixRow mix_rows[] = {
	{"sum(a, b, c)", formula_sum, .inputs = 3},
	{"mean(a, b, c)", formula_average, .inputs = 3},
	{"average(0.7*a, 0.3*b, 2*c)", formula_average, .inputs = 3, .weights = TRUE,
		.w = {0.7, 0.3, 2}},
	{"average(1.5*a, -0.5*b)", formula_average, .inputs = 2, .weights = TRUE, .w = {1.5, -0.5}},
	{"average(0.7*a, -b, normalize=no)", formula_sum, .inputs = 2, .weights = TRUE,
		.w = {0.7, -1}},
	{"passthrough(a)", formula_scale, .inputs = 1, .weights = TRUE, .t = 1},
	{"passthrough(a, scale=0.9)", formula_scale, .inputs = 1, .weights = TRUE, .t = 0.9},
	{"slerp(a, b, t=0.3)", formula_slerp, .inputs = 2, .t = 0.3},
	{"slerp(a, b, t=0.3, of=weights)", formula_slerp, .inputs = 2, .weights = TRUE, .t = 0.3},
	{"slerp(a, t=0.6, of=weights)", formula_slerp, .inputs = 1, .weights = TRUE, .t = 0.6},
	{"slerp(a, b, t=0.3, dialect=mergekit, of=changes)", formula_slerp, .inputs = 2,
		.mergekit = TRUE, .t = 0.3},
	{"slerp(a, b, t=0.7, dialect=mergekit, of=weights)", formula_slerp, .inputs = 2,
		.mergekit = TRUE, .weights = TRUE, .t = 0.7},
	{"slerp(a, t=0.2, dialect=mergekit, of=weights)", formula_slerp, .inputs = 1,
		.mergekit = TRUE, .weights = TRUE, .t = 0.2},
	{"nuslerp(0.3*a, 0.9*b)", formula_nuslerp, .inputs = 2, .w = {0.3, 0.9}},
	{"nuslerp(1.5*a, -0.3*b, of=weights)", formula_nuslerp, .inputs = 2, .weights = TRUE,
		.w = {1.5, -0.3}},
	{"nuslerp(0.3*a, 0.9*b, along=row)", formula_nuslerp, .inputs = 2, .w = {0.3, 0.9}},
	{"nuslerp(0.3*a, 0.9*b, along=column, of=weights)", formula_nuslerp, .inputs = 2,
		.weights = TRUE, .w = {0.3, 0.9}},
	{"nuslerp(0.3*a, 0.9*b, dialect=mergekit, along=row)", formula_nuslerp, .inputs = 2,
		.mergekit = TRUE, .w = {0.3, 0.9}},
	{"nuslerp(0.3*a, 0.9*b, dialect=mergekit, along=column)", formula_nuslerp, .inputs = 2,
		.mergekit = TRUE, .w = {0.3, 0.9}},
	{"multislerp(0.5*a, 0.3*b, 0.4*c)", formula_multislerp, .inputs = 3, .t = 1e-8,
		.w = {0.5, 0.3, 0.4}},
	{"multislerp(0.5*a, 0.3*b, eps=0.01)", formula_multislerp, .inputs = 2, .t = 0.01,
		.w = {0.5, 0.3}},
	{"multislerp(a, 0.3*b, 0.4*c, of=weights)", formula_multislerp, .inputs = 3,
		.weights = TRUE, .t = 1e-8, .w = {1, 0.3, 0.4}},
	{"multislerp(0.5*a, 0.3*b, 0.4*c, dialect=mergekit, of=weights)", formula_multislerp,
		.inputs = 3, .mergekit = TRUE, .weights = TRUE, .t = 1e-8, .w = {0.5, 0.3, 0.4}},
	{"multislerp(0.5*a, 0.3*b, -0.1*c, dialect=mergekit, of=changes)", formula_multislerp,
		.inputs = 3, .mergekit = TRUE, .t = 1e-8, .w = {0.5, 0.3, -0.1}},
	{"karcher(a, b, c, d, e)", formula_karcher, .inputs = 5},
	{"karcher(a, b, of=weights)", formula_karcher, .inputs = 2, .weights = TRUE},
	{"karcher(a, b, c, dialect=mergekit, of=weights)", formula_karcher, .inputs = 3,
		.mergekit = TRUE, .weights = TRUE},
	{"karcher(a, b, c, dialect=mergekit, of=changes)", formula_karcher, .inputs = 3,
		.mergekit = TRUE},
	{"stock(a, b, c)", formula_stock, .inputs = 3},
	{"stock(a, b)", formula_stock, .inputs = 2},
	{"stock(a, b, c, along=filter)", formula_stock, .inputs = 3},
	{"stock(a, b, c, along=row)", formula_stock, .inputs = 3},
	{"stock(a, b, c, dialect=mergekit)", formula_stock, .inputs = 3, .mergekit = TRUE},
	{"stock(a, b, c, dialect=mergekit, along=row)", formula_stock, .inputs = 3,
		.mergekit = TRUE},
	{"orthogonal(a, b)", formula_orthogonal, .inputs = 2},
	{"orthogonal(a, b, c, d)", formula_orthogonal, .inputs = 4},
	{"orthogonal(a, b, c, by=layer)", formula_orthogonal, .inputs = 3},
	{"orthogonal(a, b, by=tensor)", formula_orthogonal, .inputs = 2},
	{"project(a, b, c, d)", formula_project, .inputs = 4},
	{"project(a, b, by=layer)", formula_project, .inputs = 2},
	{"project(a, b, by=tensor)", formula_project, .inputs = 2},
	{"clip(a, norm=0.25)", formula_clip, .inputs = 1, .t = 0.25},
	{"clip(a, norm=100)", formula_clip, .inputs = 1, .t = 100},
	{"clip(a, relative=0.01)", formula_clip_relative, .inputs = 1, .t = 0.01},
	{"clip(a, relative=0.01, by=layer)", formula_clip_relative, .inputs = 1, .t = 0.01},
	{"clip(a, norm=0.25, by=tensor)", formula_clip, .inputs = 1, .t = 0.25},
	{"match_norm(a, b)", formula_match_norm, .inputs = 2},
	{"match_norm(a, b, by=layer)", formula_match_norm, .inputs = 2},
	{"match_norm(a, b, by=tensor)", formula_match_norm, .inputs = 2},
};

/* out[n]: what a row must be, of θ₀ and the changes x[inputs][n] on one domain. */
static inline void mix_expected(
	const MixRow *row, const Real *base, const Real *const *x, gsize n, Real *out)
{
	Mixing mixing = {.inputs = row->inputs,
		.n = n,
		.base = base,
		.t = row->t,
		.mergekit = row->mergekit,
		.weights = row->weights};
	g_autofree Real *models = g_new0(Real, n * MIX_INPUTS);
	mixing.w = row->w[0] != 0 ? row->w : NULL;
	for (guint i = 0; i < row->inputs; i++) {
		Real *model = models + i * n;
		vector_add(model, 1, x[i], n);
		if (row->weights)
			vector_add(model, 1, base, n);
		mixing.v[i] = model;
	}
	for (gsize k = 0; k < n; k++)
		out[k] = 0;
	row->formula(&mixing, out);
	if (row->weights)
		vector_add(out, -1, base, n);
}

#endif
