/* reference_sparse.c - trimming, dropping and electing, from the formulas of the papers:
 * TIES (Yadav et al. 2023), DARE (Yu et al. 2024), Breadcrumbs (Davari and Belilovsky 2024), DELLA
 * (Deep et al. 2024). */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
	double size;
	gsize index;
} Ranked;

static int descending(const void *a, const void *b)
{
	const Ranked *x = a, *y = b;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* |x| from the largest on. */
static Ranked *rank(const double *x, gsize n)
{
	Ranked *ranked = g_new(Ranked, n + 1);
	for (gsize i = 0; i < n; i++)
		ranked[i] = (Ranked){fabs(x[i]), i};
	qsort(ranked, n, sizeof *ranked, descending);
	return ranked;
}

static gsize half_up(double share, gsize n)
{
	gsize k = (gsize)floor(share * (double)n + 0.5);
	return share > 0 && k == 0 ? 1 : MIN(k, n);
}

/* Keeps places [from, to) of the ranking. */
static void keep(const double *x, gsize n, gsize from, gsize to, double *out)
{
	g_autofree Ranked *ranked = rank(x, n);
	memset(out, 0, n * sizeof *out);
	for (gsize i = from; i < to && i < n; i++)
		out[ranked[i].index] = x[ranked[i].index];
}

static double sign(double x)
{
	return (x > 0) - (x < 0);
}

/* The sign of the majority over [from, to), + where there is none. */
static double majority(const double *votes, gsize from, gsize to)
{
	double sum = 0;
	for (gsize i = from; i < to; i++)
		sum += sign(votes[i]);
	return sum < 0 ? -1 : 1;
}

/* Σ w ŝ, over Σ |w| where that is asked for. */
static void add_plain(const ReferenceSparse *what, double *const *s, gsize n, double *out)
{
	double divisor = 0;
	for (guint i = 0; i < what->inputs; i++)
		divisor += fabs(what->w[i]);
	for (gsize k = 0; k < n; k++) {
		out[k] = 0;
		for (guint i = 0; i < what->inputs; i++)
			out[k] += what->w[i] * s[i][k];
		out[k] /= what->normalize ? divisor : 1;
	}
}

static double elected(const ReferenceSparse *what, double *const *s, gsize k, double gamma)
{
	double sum = 0, divisor = 0;
	for (guint i = 0; i < what->inputs; i++) {
		double vote = sign(what->w[i]) * s[i][k];
		if (vote == 0 || sign(vote) != gamma)
			continue;
		sum += fabs(what->w[i]) * vote;
		divisor += fabs(what->w[i]);
	}
	return what->normalize && divisor > 0 ? sum / divisor : sum;
}

static void add_elected(
	const Reference *model, const ReferenceSparse *what, double *const *s, double *out)
{
	g_autofree double *votes = g_new0(double, model->n);
	for (guint i = 0; i < what->inputs; i++)
		for (gsize k = 0; k < model->n; k++)
			votes[k] += sign(what->w[i]) * s[i][k];
	for (guint t = 0; t < model->tensors; t++) {
		const ReferenceTensor *tensor = &model->tensor[t];
		gsize end = tensor->at + tensor->n;
		double zero = what->by_tensor ? majority(votes, tensor->at, end)
					      : majority(votes, 0, model->n);
		for (gsize k = tensor->at; k < end; k++)
			out[k] = elected(what, s, k, votes[k] == 0 ? zero : sign(votes[k]));
	}
}

/* Takes the sparse vectors. */
static double *combine(const Reference *model, const ReferenceSparse *what, double **s)
{
	double *out = g_new0(double, model->n);
	if (what->elect)
		add_elected(model, what, s, out);
	else
		add_plain(what, s, model->n, out);
	for (guint i = 0; i < what->inputs; i++)
		g_free(s[i]);
	return out;
}

static double *trimmed(const Reference *model, const ReferenceSparse *what, const double *x)
{
	double *out = g_new0(double, model->n);
	if (!what->by_tensor)
		keep(x, model->n, 0, half_up(what->density, model->n), out);
	for (guint t = 0; what->by_tensor && t < model->tensors; t++) {
		const ReferenceTensor *tensor = &model->tensor[t];
		keep(x + tensor->at, tensor->n, 0, half_up(what->density, tensor->n),
			out + tensor->at);
	}
	return out;
}

double *reference_trim(const Reference *model, ReferenceSparse what)
{
	double *s[REFERENCE_INPUTS];
	for (guint i = 0; i < what.inputs; i++)
		s[i] = trimmed(model, &what, model->x[i]);
	return combine(model, &what, s);
}

double *reference_drop(const Reference *model, ReferenceSparse what)
{
	double *s[REFERENCE_INPUTS];
	for (guint i = 0; i < what.inputs; i++) {
		s[i] = g_new0(double, model->n);
		for (gsize k = 0; k < model->n; k++)
			if (model->mask[i][k] != 0)
				s[i][k] = model->x[i][k] / (1 - what.p);
	}
	return combine(model, &what, s);
}

double *reference_crumbs(const Reference *model, ReferenceSparse what)
{
	double *s[REFERENCE_INPUTS];
	for (guint i = 0; i < what.inputs; i++) {
		s[i] = g_new0(double, model->n);
		for (guint t = 0; t < model->tensors; t++) {
			const ReferenceTensor *tensor = &model->tensor[t];
			gsize top = (gsize)floor(what.gamma * (double)tensor->n + 0.5);
			gsize kept = half_up(what.density, tensor->n);
			keep(model->x[i] + tensor->at, tensor->n, top, top + kept,
				s[i] + tensor->at);
		}
	}
	return combine(model, &what, s);
}

/* One row: p from density − ε for the smallest to density + ε for the largest. */
static void drop_row(
	const ReferenceSparse *what, const double *x, const double *mask, gsize n, double *out)
{
	g_autofree Ranked *ranked = g_new(Ranked, n + 1);
	for (gsize i = 0; i < n; i++)
		ranked[i] = (Ranked){-fabs(x[i]), i};
	qsort(ranked, n, sizeof *ranked, descending);
	for (gsize r = 0; r < n; r++) {
		gsize i = ranked[r].index;
		double p = n == 1 ? what->density
				  : what->density - what->epsilon +
					    2 * what->epsilon * (double)r / (double)(n - 1);
		out[i] = mask[i] != 0 ? x[i] / p : 0;
	}
}

double *reference_della(const Reference *model, ReferenceSparse what)
{
	double *s[REFERENCE_INPUTS];
	for (guint i = 0; i < what.inputs; i++) {
		s[i] = g_new0(double, model->n);
		for (guint t = 0; t < model->tensors; t++) {
			const ReferenceTensor *tensor = &model->tensor[t];
			gsize length = tensor->n / tensor->rows;
			for (gsize at = tensor->at; at < tensor->at + tensor->n; at += length)
				drop_row(&what, model->x[i] + at, model->mask[i] + at, length,
					s[i] + at);
		}
	}
	return combine(model, &what, s);
}
