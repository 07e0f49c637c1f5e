/* elect.c - TIES-Merging's election and disjoint merge (Yadav et al. 2023), as the paper has it and
 * as mergekit computes it.
 *
 * In the paper's form an input votes with its values, whatever the size of its weight, and a
 * negative weight turns its vote round. In mergekit's the weighted values vote, in float32. */
#include "edit/elect.h"

#include "edit/block.h"

#include <math.h>

/* Below this mergekit does not divide by the sum of the weights. */
#define MERGEKIT_LEAST_SUM 1e-8

/* A zero sum of votes that are not 0 goes with the majority. */
static double paper_sign(const Election *election, const double *sparse, guint64 stride)
{
	double sum = 0;
	gboolean any = FALSE;
	for (guint i = 0; i < election->inputs; i++) {
		double vote = sign_of(election->weight[i]) * sparse[i * stride];
		sum += vote;
		any |= vote != 0;
	}
	return sum != 0 || !any ? sign_of(sum) : election->majority;
}

static double mergekit_sign(const Election *election, const double *sparse, guint64 stride)
{
	float sum = 0;
	for (guint i = 0; i < election->inputs; i++)
		sum += (float)election->weight[i] * (float)sparse[i * stride];
	return sum >= 0 ? 1 : -1;
}

double elect_sign(const Election *election, const double *sparse, guint64 stride)
{
	return election->dialect == DIALECT_MERGEKIT ? mergekit_sign(election, sparse, stride)
						     : paper_sign(election, sparse, stride);
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

/* What is no number agrees with none, and is to be seen all the same. */
static double combine_agreeing(const Election *election, const double *sparse, guint64 stride)
{
	double sign = elect_sign(election, sparse, stride), sum = 0, divisor = 0;
	for (guint i = 0; i < election->inputs; i++) {
		double value = election->weight[i] * sparse[i * stride];
		if (isnan(value))
			return value;
		if (sign_of(value) != sign)
			continue;
		sum += value;
		divisor += share(election, i);
	}
	return election->normalizes && divisor != 0 ? sum / divisor : sum;
}

void elect_combine(const Election *election, const double *sparse, guint64 n, double *out)
{
	if (!election->elects) {
		combine_all(election, sparse, n, out);
		return;
	}
	for (guint64 e = 0; e < n; e++)
		out[e] = combine_agreeing(election, sparse + e, n);
}
