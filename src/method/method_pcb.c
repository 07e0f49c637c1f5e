/* method_pcb.c - PCB: elements are weighed against each other by parameter competition.
 *
 * An element's score is high where it is large within its task vector and goes the way of the sum
 * of all; the highest scores of each task vector over the whole model are its weights. */
#include "core/variants.h"
#include "edit/method_rows.h"
#include "method/block.h"
#include "method/elementary.h"

#include <string.h>

/* Sizes are clipped to what lies between this part of the model's elements at either end. */
#define CLIPPED 1e-4
#define DIVISOR_LEAST 1e-12

enum { PCB_RATIO };

static const Parameter pcb_parameters[] = {
	{
		.name = "ratio",
		.type = PARAMETER_NUMBER,
		.help = "the part of each task vector's elements that compete",
		.least = 0,
		.most = 1,
		.open_least = TRUE,
		.otherwise = {0.1, 0.1},
	},
	{0},
};

/* Figures and cuts: of each input a lower and an upper bound, of its sizes and then of its scores.
 */
enum { LOWER, UPPER, BOUNDS };

typedef struct {
	double lower, upper;
} Bounds;

static Bounds size_bounds(const MethodBlock *block, guint input)
{
	const double *bound = block->figures + BOUNDS * input;
	return (Bounds){bound[LOWER], bound[UPPER]};
}

static Bounds score_bounds(const MethodBlock *block, guint input)
{
	const double *bound = block->figures + BOUNDS * (block->site.inputs + input);
	return (Bounds){bound[LOWER], bound[UPPER]};
}

/* Elements that are looked at together. */
#define RUN 512u

/* Where a value lies between the bounds, 0 to 1; 0 where these are equal. */
static inline double between(Bounds bounds, double value)
{
	double width = bounds.upper - bounds.lower;
	double above = CLAMP(value, bounds.lower, bounds.upper) - bounds.lower;
	return width > 0 ? above / width : 0;
}

/* The exponent of a run's scores, with N·(size² − 1) for N·size²: only their ratios count, and so
 * none is too large. */
CPU_VARIANTS static void find_exponents(
	const double *change, Bounds bounds, guint inputs, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++) {
		double size = between(bounds, fabs(change[i]));
		out[i] = inputs * (size * size - 1);
	}
}

static void find_agreement(const double *change, const double *sum, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = change[i] * sum[i];
	tangents(out, n);
}

/* No change has the score 0, whatever the sum. */
CPU_VARIANTS static void multiply(double *out, const double *change, const double *with, guint64 n)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = change[i] == 0 ? 0 : out[i] * with[i];
}

/* The scores of a run, exp(N·size²)·tanh(x·Σx), over exp(N). */
static void find_scores(const MethodBlock *block, guint input, guint64 first, guint64 n,
	const double *sum, double *out)
{
	const double *change = block->input[input] + first;
	double agreement[RUN];
	find_agreement(change, sum, n, agreement);
	find_exponents(change, size_bounds(block, input), block->site.inputs, n, out);
	exponentials(out, n);
	multiply(out, change, agreement, n);
}

static guint bounds_of(const MethodSite *site)
{
	return BOUNDS * site->inputs;
}

static void size_keys(const MethodBlock *block, guint cut, double *keys)
{
	const double *change = block->input[cut / BOUNDS];
	for (guint64 i = 0; i < block->n; i++)
		keys[i] = fabs(change[i]);
}

static void score_keys(const MethodBlock *block, guint cut, double *keys)
{
	double sum[RUN];
	for (guint64 first = 0, n; first < block->n; first += n) {
		n = MIN(RUN, block->n - first);
		block_sum(block, first, n, sum);
		find_scores(block, cut / BOUNDS, first, n, sum, keys + first);
	}
}

/* How many stand above a place in ascending order, counted from 0, that one included. */
static guint64 above_place(double place, guint64 elements)
{
	double last = (double)elements - 1;
	return elements - (guint64)CLAMP(place, 0, last);
}

static guint64 size_above(const MethodSite *domain, const double *figures, guint cut)
{
	double n = (double)domain->elements;
	double place = cut % BOUNDS == LOWER ? floor(CLIPPED * n) : floor((1 - CLIPPED) * n) - 1;
	(void)figures;
	return above_place(place, domain->elements);
}

static guint64 score_above(const MethodSite *domain, const double *figures, guint cut)
{
	double n = (double)domain->elements;
	(void)figures;
	if (cut % BOUNDS == UPPER)
		return 1;
	return above_place(floor((1 - domain->parameter[PCB_RATIO]) * n), domain->elements);
}

static void keep_bounds(const MethodSite *domain, const Cut *cuts, double *figures)
{
	for (guint i = 0; i < bounds_of(domain); i++)
		figures[i] = cuts[i].key;
}

static gboolean size_settle(const MethodSite *domain, const double *sums, const Cut *cuts,
	double *figures, GError **error)
{
	(void)sums;
	(void)error;
	keep_bounds(domain, cuts, figures);
	return TRUE;
}

static gboolean score_settle(const MethodSite *domain, const double *sums, const Cut *cuts,
	double *figures, GError **error)
{
	(void)sums;
	(void)error;
	keep_bounds(domain, cuts, figures + bounds_of(domain));
	return TRUE;
}

/* The two bounds of an input go through the same keys. */
static guint bounds_alike(const MethodSite *domain)
{
	(void)domain;
	return BOUNDS;
}

static const MethodStep pcb_steps[] = {
	{
		.cuts = bounds_of,
		.keys = size_keys,
		.alike = bounds_alike,
		.above = size_above,
		.settle = size_settle,
	},
	{
		.cuts = bounds_of,
		.keys = score_keys,
		.alike = bounds_alike,
		.above = score_above,
		.settle = score_settle,
	},
	{0},
};

static guint pcb_figures(const MethodSite *domain)
{
	return 2 * bounds_of(domain);
}

/* Adds a task vector to what is divided in the end. */
CPU_VARIANTS static void add_weighed(const double *change, Bounds bounds, const double *score,
	guint64 n, double *value, double *divisor)
{
	for (guint64 i = 0; i < n; i++) {
		double weight = between(bounds, score[i]);
		value[i] += weight * change[i];
		divisor[i] += weight;
	}
}

static void weigh(const MethodBlock *block, guint64 first, guint64 n, double *out)
{
	double sum[RUN], score[RUN], divisor[RUN] = {0};
	block_sum(block, first, n, sum);
	memset(out, 0, n * sizeof *out);
	for (guint j = 0; j < block->site.inputs; j++) {
		find_scores(block, j, first, n, sum, score);
		add_weighed(
			block->input[j] + first, score_bounds(block, j), score, n, out, divisor);
	}
	for (guint64 i = 0; i < n; i++)
		out[i] /= MAX(divisor[i], DIVISOR_LEAST);
}

static void pcb_apply(const MethodBlock *block, double *out)
{
	for (guint64 first = 0; first < block->n; first += RUN)
		weigh(block, first, MIN(RUN, block->n - first), out + first);
}

static MethodBy pcb_by(const Node *call)
{
	(void)call;
	return BY_MODEL;
}

const Method method_pcb = {
	.name = "pcb",
	.help = "elements weighed by how they compete and agree",
	.example = "pcb(a, b, c, ratio=0.1)",
	.source = "PCB-Merging (Du et al., 2024)",
	.least = 1,
	.most = G_MAXUINT,
	.parameters = pcb_parameters,
	.by = pcb_by,
	.steps = pcb_steps,
	.figures = pcb_figures,
	.apply = pcb_apply,
};
