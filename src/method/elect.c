/* elect.c - TIES-Merging's election and disjoint merge (Yadav et al. 2023), as the paper has it and
 * as mergekit computes it.
 *
 * In the paper's form an input votes with its values, whatever the size of its weight, and a
 * negative weight turns its vote round. In mergekit's the weighted values vote, in float32. */
#include "method/elect.h"

#include "method/block.h"

#include <math.h>

/* Below this mergekit does not divide by the sum of the weights. */
#define MERGEKIT_LEAST_SUM 1e-8

/* Elements of a run: loops over it have no branches, and what they need stays near. */
#define RUN 512u

/* A zero sum of votes that are not 0 goes with the majority. */
static void paper_signs(
	const Election *election, const double *sparse, guint64 stride, guint64 n, double *sign)
{
	double sum[RUN] = {0}, size[RUN] = {0};
	for (guint i = 0; i < election->inputs; i++) {
		double turn = sign_of(election->weight[i]);
		for (guint64 e = 0; e < n; e++) {
			double vote = turn * sparse[i * stride + e];
			sum[e] += vote;
			size[e] += fabs(vote);
		}
	}
	for (guint64 e = 0; e < n; e++)
		sign[e] = sum[e] == 0 && size[e] != 0 ? election->majority : sign_of(sum[e]);
}

static void mergekit_signs(
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

double elect_majority(const Election *election, const double *sparse, guint64 n)
{
	double sign[RUN], sum = 0;
	for (guint64 at = 0; at < n; at += RUN) {
		guint64 count = MIN(RUN, n - at);
		run_signs(election, sparse + at, n, count, sign);
		for (guint64 e = 0; e < count; e++)
			sum += sign[e];
	}
	return sum;
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
	for (guint64 e = 0; e < n; e++) {
		double sum = 0;
		for (guint i = 0; i < election->inputs; i++)
			sum += election->weight[i] * sparse[i * n + e];
		out[e] = sum / divisor;
	}
}

/* One input joins the sums of those that agree with it.  What is no number agrees with none, and is
 * to be seen all the same: it stays in `lost`. */
static void add_agreeing(const double *values, double weight, double part, guint64 n,
	const double *sign, double *sum, double *divisor, double *lost)
{
	for (guint64 e = 0; e < n; e++) {
		double value = weight * values[e];
		gboolean agrees = value * sign[e] > 0;
		sum[e] += agrees ? value : 0;
		divisor[e] += agrees ? part : 0;
		lost[e] += isnan(value) ? value : 0;
	}
}

static void combine_run(
	const Election *election, const double *sparse, guint64 stride, guint64 n, double *out)
{
	double sign[RUN], sum[RUN] = {0}, divisor[RUN] = {0}, lost[RUN] = {0};
	run_signs(election, sparse, stride, n, sign);
	for (guint i = 0; i < election->inputs; i++)
		add_agreeing(sparse + i * stride, election->weight[i], share(election, i), n, sign,
			sum, divisor, lost);
	for (guint64 e = 0; e < n; e++)
		out[e] = lost[e] +
			 (election->normalizes && divisor[e] != 0 ? sum[e] / divisor[e] : sum[e]);
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
