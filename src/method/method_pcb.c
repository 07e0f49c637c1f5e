/* method_pcb.c - PCB: elements are weighed against each other by parameter competition.
 *
 * An element's score is high where it is large within its task vector and goes the way of the sum
 * of all; the highest scores of each task vector over the whole model are its weights. */
#include "method/block.h"
#include "edit/method_rows.h"

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

/* Where a value lies between the bounds, 0 to 1; 0 where they are equal. */
static double between(Bounds bounds, double value)
{
	if (bounds.upper <= bounds.lower)
		return 0;
	return (CLAMP(value, bounds.lower, bounds.upper) - bounds.lower) /
	       (bounds.upper - bounds.lower);
}

/* exp(N·size²)·tanh(x·Σx), divided by exp(N): weights are relative, and no score is too large. */
static double score(const MethodBlock *block, guint input, guint64 i, double sum)
{
	double change = block->input[input][i];
	double size = between(size_bounds(block, input), fabs(change));
	double within = exp(block->site.inputs * (size * size - 1));
	return change == 0 ? 0 : rankable(within * tanh(change * sum));
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
	for (guint64 i = 0; i < block->n; i++)
		keys[i] = score(block, cut / BOUNDS, i, block_sum(block, i));
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

static const MethodStep pcb_steps[] = {
	{.cuts = bounds_of, .keys = size_keys, .above = size_above, .settle = size_settle},
	{.cuts = bounds_of, .keys = score_keys, .above = score_above, .settle = score_settle},
	{0},
};

static guint pcb_figures(const MethodSite *domain)
{
	return 2 * bounds_of(domain);
}

static void pcb_apply(const MethodBlock *block, double *out)
{
	for (guint64 i = 0; i < block->n; i++) {
		double sum = block_sum(block, i), value = 0, divisor = 0;
		for (guint j = 0; j < block->site.inputs; j++) {
			double weight = between(score_bounds(block, j), score(block, j, i, sum));
			value += weight * block->input[j][i];
			divisor += weight;
		}
		out[i] = value / MAX(divisor, DIVISOR_LEAST);
	}
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
