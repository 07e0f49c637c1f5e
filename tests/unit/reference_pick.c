/* reference_pick.c - methods that go element by element, from their formulas: MagMax (Marczak et
 * al. 2024), TALL masks (Wang et al. 2024), EMR (Huang et al. 2024), PCB (Du et al. 2024), SCE (Wan
 * et al. 2024), RAM, nearswap and arcee fusion. */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The number at a place of the ascending order. */
static double ordered(const double *values, gsize n, double place)
{
	g_autofree double *sorted = g_memdup2(values, n * sizeof *values);
	qsort(sorted, n, sizeof *sorted, ascending);
	return sorted[(gsize)CLAMP(place, 0, (double)(n - 1))];
}

double *reference_magmax(const Reference *model)
{
	double *out = g_new0(double, model->n);
	for (gsize k = 0; k < model->n; k++)
		for (guint i = 0; i < REFERENCE_INPUTS; i++)
			if (fabs(model->x[i][k]) >= fabs(out[k]))
				out[k] = model->x[i][k];
	return out;
}

static double sum_at(const Reference *model, gsize k)
{
	return model->x[0][k] + model->x[1][k] + model->x[2][k];
}

double *reference_consensus(const Reference *model, double lambda, guint most)
{
	double *out = g_new0(double, model->n);
	for (gsize k = 0; k < model->n; k++) {
		double sum = sum_at(model, k);
		guint count = 0;
		for (guint i = 0; i < REFERENCE_INPUTS; i++)
			count += fabs(model->x[i][k]) > lambda * fabs(sum - model->x[i][k]);
		out[k] = count >= most ? sum : 0;
	}
	return out;
}

/* The largest of those that agree with the sign of the sum, which is − where that is 0. */
static double unified(const Reference *model, gsize k)
{
	double gamma = sum_at(model, k) > 0 ? 1 : -1, largest = 0;
	for (guint i = 0; i < REFERENCE_INPUTS; i++)
		if (model->x[i][k] * gamma > 0)
			largest = MAX(largest, fabs(model->x[i][k]));
	return gamma * largest;
}

static double masked(const Reference *model, guint input, gsize k)
{
	double gamma = sum_at(model, k) > 0 ? 1 : -1;
	return model->x[input][k] * gamma > 0 ? unified(model, k) : 0;
}

double *reference_emr(const Reference *model, guint task)
{
	double *out = g_new0(double, model->n), own = 0, theirs = 0;
	for (gsize k = 0; k < model->n; k++)
		out[k] = task ? masked(model, task - 1, k) : unified(model, k);
	for (guint t = 0; task && t < model->tensors; t++) {
		const ReferenceTensor *tensor = &model->tensor[t];
		for (gsize k = tensor->at; k < tensor->at + tensor->n; k++) {
			own += fabs(model->x[task - 1][k]) / (double)tensor->n;
			theirs += fabs(out[k]) / (double)tensor->n;
		}
	}
	for (gsize k = 0; task && k < model->n; k++)
		out[k] *= own / theirs;
	return out;
}

/* To [0, 1] by its least and its largest. */
static void to_unit(double *values, gsize n)
{
	double low = ordered(values, n, 0), high = ordered(values, n, (double)n - 1);
	for (gsize k = 0; k < n; k++)
		values[k] = high > low ? (values[k] - low) / (high - low) : 0;
}

static double *pcb_scores(const Reference *model, guint input, double ratio)
{
	gsize n = model->n;
	double *score = g_new0(double, n);
	for (gsize k = 0; k < n; k++)
		score[k] = fabs(model->x[input][k]);
	double low = ordered(score, n, floor(1e-4 * (double)n));
	double high = ordered(score, n, floor((1 - 1e-4) * (double)n) - 1);
	for (gsize k = 0; k < n; k++)
		score[k] = MIN(MAX(score[k], low), high);
	to_unit(score, n);
	for (gsize k = 0; k < n; k++)
		score[k] = exp(REFERENCE_INPUTS * score[k] * score[k]) *
			   tanh(model->x[input][k] * sum_at(model, k));
	double least = ordered(score, n, floor((1 - ratio) * (double)n));
	for (gsize k = 0; k < n; k++)
		score[k] = MAX(score[k], least);
	to_unit(score, n);
	return score;
}

double *reference_pcb(const Reference *model, double ratio)
{
	double *out = g_new0(double, model->n);
	g_autofree double *sum = g_new0(double, model->n);
	for (guint i = 0; i < REFERENCE_INPUTS; i++) {
		g_autofree double *score = pcb_scores(model, i, ratio);
		for (gsize k = 0; k < model->n; k++) {
			out[k] += score[k] * model->x[i][k];
			sum[k] += score[k];
		}
	}
	for (gsize k = 0; k < model->n; k++)
		out[k] /= MAX(sum[k], 1e-12);
	return out;
}

static double variance_at(const Reference *model, gsize k)
{
	double mean = sum_at(model, k) / REFERENCE_INPUTS, sum = 0;
	for (guint i = 0; i < REFERENCE_INPUTS; i++)
		sum += (model->x[i][k] - mean) * (model->x[i][k] - mean);
	return sum / REFERENCE_INPUTS;
}

/* How many elements of the tensor come before element k in the order of their variance. */
static gsize place_of(const ReferenceTensor *tensor, const double *variance, gsize k)
{
	gsize before = 0;
	for (gsize j = tensor->at; j < tensor->at + tensor->n; j++)
		before += variance[j] > variance[k] || (variance[j] == variance[k] && j < k);
	return before;
}

static double sce_element(const Reference *model, const double *weight, gsize k)
{
	double gamma = sum_at(model, k) >= 0 ? 1 : -1, sum = 0, weights = 0;
	for (guint i = 0; i < REFERENCE_INPUTS; i++)
		if (model->x[i][k] * gamma > 0) {
			sum += weight[i] * model->x[i][k];
			weights += weight[i];
		}
	return weights > 0 ? sum / weights : 0;
}

double *reference_sce(const Reference *model, double topk)
{
	double *out = g_new0(double, model->n);
	g_autofree double *variance = g_new0(double, model->n);
	g_autofree guint8 *kept = g_new0(guint8, model->n);
	for (gsize k = 0; k < model->n; k++)
		variance[k] = variance_at(model, k);
	for (guint t = 0; t < model->tensors; t++) {
		const ReferenceTensor *tensor = &model->tensor[t];
		double weight[REFERENCE_INPUTS] = {0};
		gsize most = (gsize)MAX(1, floor(topk * (double)tensor->n + 0.5));
		for (gsize k = tensor->at; k < tensor->at + tensor->n; k++) {
			kept[k] = topk >= 1 || place_of(tensor, variance, k) < most;
			for (guint i = 0; kept[k] && i < REFERENCE_INPUTS; i++)
				weight[i] += model->x[i][k] * model->x[i][k];
		}
		for (gsize k = tensor->at; k < tensor->at + tensor->n; k++)
			out[k] = kept[k] ? sce_element(model, weight, k) : 0;
	}
	return out;
}

/* How many inputs are active at an element; the last of them. */
static guint active_at(const Reference *model, double epsilon, gsize k, guint *last)
{
	guint count = 0;
	for (guint i = 0; i < REFERENCE_INPUTS; i++)
		if (fabs(model->x[i][k]) > epsilon) {
			*last = i;
			count++;
		}
	return count;
}

/* r 0: RAM; else RAM+, whose unique elements grow with what each input shares on the tensor. */
double *reference_ram(const Reference *model, double epsilon, double r, double alpha)
{
	double *out = g_new0(double, model->n);
	for (guint t = 0; t < model->tensors; t++) {
		const ReferenceTensor *tensor = &model->tensor[t];
		double shared[REFERENCE_INPUTS] = {0}, unique[REFERENCE_INPUTS] = {0};
		for (gsize k = tensor->at; k < tensor->at + tensor->n; k++)
			for (guint i = 0, last; i < REFERENCE_INPUTS; i++)
				if (fabs(model->x[i][k]) > epsilon)
					*(active_at(model, epsilon, k, &last) > 1 ? &shared[i]
										  : &unique[i]) +=
						1;
		for (gsize k = tensor->at; k < tensor->at + tensor->n; k++) {
			guint last = 0, count = active_at(model, epsilon, k, &last);
			double ratio = shared[last] / MAX(unique[last], epsilon);
			for (guint i = 0; i < REFERENCE_INPUTS; i++)
				out[k] +=
					fabs(model->x[i][k]) > epsilon ? model->x[i][k] / count : 0;
			out[k] *= count == 1 ? 1 + r * CLAMP(ratio, 0, alpha) : 1;
		}
	}
	return out;
}

double *reference_nearswap(const Reference *model, double t)
{
	double *out = g_new0(double, model->n);
	for (gsize k = 0; k < model->n; k++) {
		double x = model->x[0][k];
		out[k] = x == 0 ? 0 : MIN(t / fabs(x), 1) * x;
	}
	return out;
}

/* Adds 1e-8 to the probabilities, as it is defined. */
static void softmax(const double *values, gsize n, double *p)
{
	double largest = values[0], sum = 0;
	for (gsize i = 0; i < n; i++)
		largest = MAX(largest, values[i]);
	for (gsize i = 0; i < n; i++)
		sum += p[i] = exp(values[i] - largest);
	for (gsize i = 0; i < n; i++)
		p[i] = p[i] / sum + 1e-8;
}

static double divergence(const double *base, const double *x, gsize n)
{
	g_autofree double *theta = g_new(double, n);
	g_autofree double *p = g_new(double, n);
	g_autofree double *q = g_new(double, n);
	double sum = 0;
	for (gsize i = 0; i < n; i++)
		theta[i] = base[i] + x[i];
	softmax(theta, n, p);
	softmax(base, n, q);
	for (gsize i = 0; i < n; i++)
		sum += p[i] * log(p[i] / q[i]);
	return sum;
}

double *reference_arcee(const Reference *model)
{
	double *out = g_new0(double, model->n);
	g_autofree double *importance = g_new0(double, model->n);
	for (guint t = 0; t < model->tensors; t++) {
		const ReferenceTensor *tensor = &model->tensor[t];
		double last = (double)(tensor->n - 1);
		for (gsize at = tensor->at; at < tensor->at + tensor->n; at += tensor->columns) {
			double kl = divergence(model->base + at, model->x[0] + at, tensor->columns);
			for (gsize k = at; k < at + tensor->columns; k++)
				importance[k] = fabs(model->x[0][k]) * kl;
		}
		const double *own = importance + tensor->at;
		double q1 = ordered(own, tensor->n, floor(0.25 * last));
		double q2 = ordered(own, tensor->n, floor(0.5 * last));
		double q3 = ordered(own, tensor->n, floor(0.75 * last));
		for (gsize k = tensor->at; k < tensor->at + tensor->n; k++)
			if (importance[k] >= q2 + 1.5 * (q3 - q1))
				out[k] = model->x[0][k];
	}
	return out;
}
