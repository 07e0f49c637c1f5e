/* elect.c - TIES-Merging's election and disjoint merge (Yadav et al. 2023), as the paper has it and
 * as mergekit computes it.
 *
 * In the paper's form an input votes with its values, whatever the size of its weight, and a
 * negative weight turns its vote round. In mergekit's the weighted values vote, in float32. */
#include "method/elect.h"

#include "core/variants.h"
#include "method/block.h"
#include "method/elements.h"

#include <math.h>
#include <string.h>

/* Below this mergekit does not divide by the sum of the weights. */
#define MERGEKIT_LEAST_SUM 1e-8

/* Elements of a run: loops over it have no branches, and what they need stays near. */
#define RUN 512u

/* A zero sum of votes that are not 0 goes with the majority. */
CPU_VARIANTS static void paper_signs(
	const Election *election, const double *sparse, guint64 stride, guint64 n, double *sign)
{
	double sum[RUN], size[RUN], first = sign_of(election->weight[0]);
	for (guint64 e = 0; e < n; e++) {
		sum[e] = first * sparse[e];
		size[e] = fabs(sum[e]);
	}
	for (guint i = 1; i < election->inputs; i++) {
		double turn = sign_of(election->weight[i]);
		for (guint64 e = 0; e < n; e++) {
			double vote = turn * sparse[i * stride + e];
			sum[e] += vote;
			size[e] += fabs(vote);
		}
	}
	double majority = election->majority;
	for (guint64 e = 0; e < n; e++) {
		double cancelled = size[e] != 0 ? majority : 0;
		sign[e] = sum[e] > 0 ? 1 : sum[e] < 0 ? -1 : sum[e] == 0 ? cancelled : 0;
	}
}

CPU_VARIANTS static void mergekit_signs(
	const Election *election, const double *sparse, guint64 stride, guint64 n, double *sign)
{
	float sum[RUN] = {0};
	for (guint i = 0; i < election->inputs; i++) {
		float weight = (float)election->weight[i];
		for (guint64 e = 0; e < n; e++)
			sum[e] += weight * (float)sparse[i * stride + e];
	}
	for (guint64 e = 0; e < n; e++)
		sign[e] = sum[e] >= 0 ? 1 : -1;
}

/* Of a run at most. */
static void run_signs(
	const Election *election, const double *sparse, guint64 stride, guint64 n, double *sign)
{
	if (election->dialect == DIALECT_MERGEKIT)
		mergekit_signs(election, sparse, stride, n, sign);
	else
		paper_signs(election, sparse, stride, n, sign);
}

CPU_VARIANTS static guint64 count_signs(const double *sign, guint64 n, double wanted)
{
	guint64 count = 0;
	for (guint64 e = 0; e < n; e++)
		count += sign[e] == wanted;
	return count;
}

double elect_majority(const Election *election, const double *sparse, guint64 n)
{
	double sign[RUN];
	guint64 positive = 0, negative = 0;
	for (guint64 at = 0; at < n; at += RUN) {
		guint64 count = MIN(RUN, n - at);
		run_signs(election, sparse + at, n, count, sign);
		positive += count_signs(sign, count, 1);
		negative += count_signs(sign, count, -1);
	}
	return (double)positive - (double)negative;
}

/* The weight that an input is divided by. */
static double share(const Election *election, guint input)
{
	double weight = election->weight[input];
	return election->dialect == DIALECT_MERGEKIT ? weight : fabs(weight);
}

static double divisor_of_all(const Election *election)
{
	double sum = 0, least = election->dialect == DIALECT_MERGEKIT ? MERGEKIT_LEAST_SUM : 0;
	for (guint i = 0; i < election->inputs; i++)
		sum += share(election, i);
	return election->normalizes && sum != 0 && fabs(sum) >= least ? sum : 1;
}

static void combine_all(const Election *election, const double *sparse, guint64 n, double *out)
{
	double divisor = divisor_of_all(election);
	memset(out, 0, n * sizeof *out);
	for (guint i = 0; i < election->inputs; i++)
		elements_add_scaled(out, sparse + i * n, n, election->weight[i]);
	for (guint64 e = 0; divisor != 1 && e < n; e++)
		out[e] /= divisor;
}

/* One input joins the sums of those that agree with it; what is no number too, so that it shows. */
CPU_VARIANTS static void add_agreeing(const double *values, double weight, double part, guint64 n,
	const double *sign, double *sum, double *divisor)
{
	for (guint64 e = 0; e < n; e++) {
		double value = weight * values[e];
		gboolean agrees = value * sign[e] > 0;
		sum[e] += (agrees | isnan(value)) ? value : 0;
		divisor[e] += agrees ? part : 0;
	}
}

/* Sums by their divisors that are not 0; never -0. */
CPU_VARIANTS static void divide_sums(
	const double *sum, const double *divisor, guint64 n, double *out)
{
	for (guint64 e = 0; e < n; e++)
		out[e] = 0 + sum[e] / (divisor[e] != 0 ? divisor[e] : 1);
}

static void combine_run(
	const Election *election, const double *sparse, guint64 stride, guint64 n, double *out)
{
	double sign[RUN], sum[RUN] = {0}, divisor[RUN] = {0};
	run_signs(election, sparse, stride, n, sign);
	for (guint i = 0; i < election->inputs; i++)
		add_agreeing(sparse + i * stride, election->weight[i], share(election, i), n, sign,
			sum, divisor);
	if (election->normalizes)
		divide_sums(sum, divisor, n, out);
	else
		memcpy(out, sum, n * sizeof *out);
}

void elect_combine(const Election *election, const double *sparse, guint64 n, double *out)
{
	if (!election->elects) {
		combine_all(election, sparse, n, out);
		return;
	}
	for (guint64 at = 0; at < n; at += RUN)
		combine_run(election, sparse + at, n, MIN(RUN, n - at), out + at);
}
