/* method_ram.c - RAM: what one task alone changed is kept whole, what several changed is averaged.
 *
 * RAM+ makes up for the averaging: the part that a task has alone grows with the share of its
 * changes that others share. */
#include "edit/method_rows.h"

#include <math.h>

#define PARAMETER_EPSILON                                                                          \
	{                                                                                          \
		.name = "epsilon", .type = PARAMETER_NUMBER,                                       \
		.help = "changes up to this size count as none", .least = 0, .most = INFINITY,     \
		.otherwise = {1e-5, 1e-5},                                                         \
	}

/* How many task vectors change an element, and the last of these. */
typedef struct {
	guint count, last;
	double sum;
} Active;

static Active active_at(const MethodBlock *block, guint64 i, double epsilon)
{
	Active active = {0};
	for (guint j = 0; j < block->site.inputs; j++) {
		double change = block->input[j][i];
		if (fabs(change) <= epsilon)
			continue;
		active.count++;
		active.last = j;
		active.sum += change;
	}
	return active;
}

static double mean_of(const Active *active)
{
	return active->count > 1 ? active->sum / active->count : active->sum;
}

enum { RAM_EPSILON };

static const Parameter ram_parameters[] = {PARAMETER_EPSILON, {0}};

static void ram_apply(const MethodBlock *block, double *out)
{
	for (guint64 i = 0; i < block->n; i++) {
		Active active = active_at(block, i, block->site.parameter[RAM_EPSILON]);
		out[i] = mean_of(&active);
	}
}

const Method method_ram = {
	.name = "ram",
	.help = "changes of one task whole, of several their mean",
	.example = "ram(a, b, c)",
	.source = "mergekit ram",
	.least = 1,
	.most = G_MAXUINT,
	.parameters = ram_parameters,
	.apply = ram_apply,
};

enum { PLUS_R, PLUS_ALPHA, PLUS_EPSILON };

static const Parameter plus_parameters[] = {
	{
		.name = "r",
		.type = PARAMETER_NUMBER,
		.help = "how much the part that one task has alone grows",
		.least = 0,
		.most = INFINITY,
		.otherwise = {0.1, 0.1},
	},
	{
		.name = "alpha",
		.type = PARAMETER_NUMBER,
		.help = "the most that the shared share counts as",
		.least = 0,
		.most = INFINITY,
		.otherwise = {0.2, 0.2},
	},
	PARAMETER_EPSILON,
	{0},
};

static guint plus_inputs(const MethodSite *site)
{
	return site->inputs;
}

static guint plus_sums(const MethodSite *site)
{
	return 2 * site->inputs;
}

/* Of each task first how many elements it alone changes, then how many it shares. */
static void plus_add(const MethodBlock *block, double *sums)
{
	double epsilon = block->site.parameter[PLUS_EPSILON];
	for (guint64 i = 0; i < block->n; i++) {
		Active active = active_at(block, i, epsilon);
		for (guint j = 0; j < block->site.inputs; j++)
			if (fabs(block->input[j][i]) > epsilon)
				sums[2 * j + (active.count > 1 ? 1 : 0)]++;
	}
}

static gboolean plus_settle(const MethodSite *domain, const double *sums, const Cut *cuts,
	double *figures, GError **error)
{
	const double *parameter = domain->parameter;
	(void)cuts;
	(void)error;
	for (guint j = 0; j < domain->inputs; j++) {
		double alone = sums[2 * j], shared = sums[2 * j + 1];
		double share = alone > 0 ? shared / MAX(alone, parameter[PLUS_EPSILON]) : 0;
		figures[j] = 1 + parameter[PLUS_R] * CLAMP(share, 0, parameter[PLUS_ALPHA]);
	}
	return TRUE;
}

static const MethodStep plus_steps[] = {
	{.sums = plus_sums, .add = plus_add, .settle = plus_settle},
	{0},
};

static void plus_apply(const MethodBlock *block, double *out)
{
	for (guint64 i = 0; i < block->n; i++) {
		Active active = active_at(block, i, block->site.parameter[PLUS_EPSILON]);
		out[i] = mean_of(&active) * (active.count == 1 ? block->figures[active.last] : 1);
	}
}

const Method method_ramplus_tl = {
	.name = "ramplus_tl",
	.help = "ram, with what one task has alone rescaled by tensor",
	.example = "ramplus_tl(a, b, r=0.1, alpha=0.2)",
	.source = "mergekit ramplus_tl",
	.least = 1,
	.most = G_MAXUINT,
	.parameters = plus_parameters,
	.steps = plus_steps,
	.figures = plus_inputs,
	.apply = plus_apply,
};
