/* method_ram.c - RAM: what one task alone changed is kept whole, what several changed is averaged.
 *
 * RAM+ makes up for the averaging: the part that a task has alone grows with the share of its
 * changes that others share. */
#include "core/variants.h"
#include "edit/method_rows.h"

#include <math.h>
#include <string.h>

#define PARAMETER_EPSILON                                                                          \
	{                                                                                          \
		.name = "epsilon", .type = PARAMETER_NUMBER,                                       \
		.help = "changes up to this size count as none", .least = 0, .most = INFINITY,     \
		.otherwise = {1e-5, 1e-5},                                                         \
	}

/* Elements that are looked at together: loops over them have no branches. */
#define RUN 512u

/* A run: how many task vectors change each element, and the sum of these changes. */
typedef struct {
	double count[RUN], sum[RUN];
} Active;

/* What is no number is no small change, and is to be seen. */
static inline gboolean is_active(double change, double epsilon)
{
	return !(fabs(change) <= epsilon);
}

CPU_VARIANTS static void add_active(
	const double *input, double epsilon, guint64 n, double *count, double *sum)
{
	for (guint64 i = 0; i < n; i++) {
		gboolean active = is_active(input[i], epsilon);
		count[i] += active ? 1 : 0;
		sum[i] += active ? input[i] : 0;
	}
}

static void find_active(
	const MethodBlock *block, guint64 first, guint64 n, double epsilon, Active *active)
{
	memset(active, 0, sizeof *active);
	for (guint j = 0; j < block->site.inputs; j++)
		add_active(block->input[j] + first, epsilon, n, active->count, active->sum);
}

CPU_VARIANTS static void find_means(const Active *active, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = active->sum[i] / (active->count[i] > 1 ? active->count[i] : 1);
}

enum { RAM_EPSILON };

static const Parameter ram_parameters[] = {PARAMETER_EPSILON, {0}};

static void ram_apply(const MethodBlock *block, double *out)
{
	Active active;
	for (guint64 at = 0, n; at < block->n; at += n) {
		n = MIN(RUN, block->n - at);
		find_active(block, at, n, block->site.parameter[RAM_EPSILON], &active);
		find_means(&active, n, out + at);
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

/* sums[2]: how many elements a task alone changes, and how many it shares. */
CPU_VARIANTS static void count_active(
	const double *input, const double *count, double epsilon, guint64 n, double *sums)
{
	double alone = 0, shared = 0;
	for (guint64 i = 0; i < n; i++) {
		gboolean active = is_active(input[i], epsilon);
		alone += (active & (count[i] == 1)) ? 1 : 0;
		shared += (active & (count[i] > 1)) ? 1 : 0;
	}
	sums[0] += alone;
	sums[1] += shared;
}

static void plus_add(const MethodBlock *block, double *sums)
{
	double epsilon = block->site.parameter[PLUS_EPSILON];
	Active active;
	for (guint64 at = 0, n; at < block->n; at += n) {
		n = MIN(RUN, block->n - at);
		find_active(block, at, n, epsilon, &active);
		for (guint j = 0; j < block->site.inputs; j++)
			count_active(block->input[j] + at, active.count, epsilon, n, sums + 2 * j);
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
	{.sums = plus_sums, .add = plus_add, .divisible = TRUE, .settle = plus_settle},
	{0},
};

/* The scale of the last task that changes an element. */
CPU_VARIANTS static void find_scale(
	const double *input, double epsilon, double scale, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = is_active(input[i], epsilon) ? scale : out[i];
}

CPU_VARIANTS static void rescale_alone(
	const double *count, const double *scale, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] *= count[i] == 1 ? scale[i] : 1;
}

static void plus_apply(const MethodBlock *block, double *out)
{
	double epsilon = block->site.parameter[PLUS_EPSILON], scale[RUN] = {0};
	Active active;
	for (guint64 at = 0, n; at < block->n; at += n) {
		n = MIN(RUN, block->n - at);
		find_active(block, at, n, epsilon, &active);
		find_means(&active, n, out + at);
		for (guint j = 0; j < block->site.inputs; j++)
			find_scale(block->input[j] + at, epsilon, block->figures[j], n, scale);
		rescale_alone(active.count, scale, n, out + at);
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
