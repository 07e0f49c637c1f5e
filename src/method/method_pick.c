/* method_pick.c - methods that let one element of one task vector, or their sum, stand for all. */
#include "core/variants.h"
#include "edit/method_rows.h"
#include "method/block.h"
#include "method/mix.h"

#include <math.h>
#include <string.h>

/* Elements that are looked at together: loops over them have no branches. */
#define RUN 512u

/* The larger of each pair stays; of NaN and a number, NaN: what is no number is to be seen, not
 * passed over. */
CPU_VARIANTS static void keep_larger(const double *later, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = (isnan(later[i]) | (fabs(later[i]) >= fabs(out[i]))) ? later[i] : out[i];
}

static void magmax_apply(const MethodBlock *block, double *out)
{
	memcpy(out, block->input[0], block->n * sizeof *out);
	for (guint j = 1; j < block->site.inputs; j++)
		keep_larger(block->input[j], block->n, out);
}

const Method method_magmax = {
	.name = "magmax",
	.help = "of each element the largest change; the later of equal ones",
	.example = "magmax(a, b, c)",
	.source = "MagMax (Marczak et al., 2024)",
	.least = 1,
	.most = G_MAXUINT,
	.apply = magmax_apply,
};

enum { CONSENSUS_LAMBDA, CONSENSUS_K };

static const Parameter consensus_parameters[] = {
	{
		.name = "lambda",
		.type = PARAMETER_NUMBER,
		.help = "how large a change is against all others' together",
		.least = 0,
		.most = INFINITY,
		.otherwise = {0.4, 0.4},
	},
	{
		.name = "k",
		.type = PARAMETER_COUNT,
		.help = "how many tasks must have a change that large",
		.least = 1,
		.most = INFINITY,
		.otherwise = {2, 2},
	},
	{0},
};

/* The masks of TALL: a task needs an element where its change is not small against the rest.  What
 * cannot be compared is not small, so that a NaN shows. */
CPU_VARIANTS static void count_needed(
	const double *input, const double *sum, double lambda, guint64 n, double *needed)
{
	for (guint64 i = 0; i < n; i++) {
		double bound = lambda * fabs(sum[i] - input[i]);
		needed[i] += fabs(input[i]) <= bound ? 0 : 1;
	}
}

CPU_VARIANTS static void keep_needed(
	const double *sum, const double *needed, double least, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = needed[i] >= least ? sum[i] : 0;
}

static void consensus_run(const MethodBlock *block, guint64 first, guint64 n, double *out)
{
	const double *parameter = block->site.parameter;
	double sum[RUN], needed[RUN] = {0};
	block_sum(block, first, n, sum);
	for (guint j = 0; j < block->site.inputs; j++)
		count_needed(block->input[j] + first, sum, parameter[CONSENSUS_LAMBDA], n, needed);
	keep_needed(sum, needed, parameter[CONSENSUS_K], n, out);
}

static void consensus_apply(const MethodBlock *block, double *out)
{
	for (guint64 at = 0; at < block->n; at += RUN)
		consensus_run(block, at, MIN(RUN, block->n - at), out + at);
}

/* A count of inputs that is more than there are, on any tensor. */
static gboolean check_count(
	const Collection *collection, const Node *call, guint parameter, GError **error)
{
	const char *name = call->method->parameters[parameter].name;
	for (guint i = 0; i < collection_tensors(collection); i++) {
		double count = method_value(call, parameter, i);
		if (count > call->children->len)
			return fail_at(error, ERROR_USAGE,
				(Place){.remedy = "give a number up to that, or more task vectors"},
				"column %u: %s of %s is %.0f, and there are only %u task vectors",
				call->column, name, call->method->name, count, call->children->len);
	}
	return TRUE;
}

static gboolean consensus_check(const Collection *collection, const Node *call, GError **error)
{
	return check_count(collection, call, CONSENSUS_K, error);
}

const Method method_consensus = {
	.name = "consensus",
	.help = "the sum, where at least k task vectors need it",
	.example = "consensus(a, b, c, k=2)",
	.source = "TALL masks (Wang et al., 2024)",
	.least = 1,
	.most = G_MAXUINT,
	.parameters = consensus_parameters,
	.apply = consensus_apply,
	.check = consensus_check,
};

enum { EMR_TASK };

static const Parameter emr_parameters[] = {
	{
		.name = "task",
		.type = PARAMETER_COUNT,
		.help = "the one to be masked and rescaled for; else unmasked",
		.least = 1,
		.most = INFINITY,
		.optional = TRUE,
		.otherwise = NO_DEFAULT,
	},
	{0},
};

static gboolean emr_has_task(const MethodSite *site)
{
	return !isnan(site->parameter[EMR_TASK]);
}

static const double *emr_task(const MethodBlock *block)
{
	return block->input[(guint)block->site.parameter[EMR_TASK] - 1];
}

CPU_VARIANTS static void keep_largest(
	const double *input, const double *sum, guint64 n, double *largest)
{
	for (guint64 i = 0; i < n; i++) {
		double along = sum[i] > 0 ? input[i] : -input[i];
		largest[i] = largest[i] > along ? largest[i] : along;
	}
}

/* The unified vector: the largest change that has the sign of the sum, where 0 is negative. */
static void unified_run(const MethodBlock *block, guint64 first, guint64 n, double *out)
{
	double sum[RUN];
	block_sum(block, first, n, sum);
	memset(out, 0, n * sizeof *out);
	for (guint j = 0; j < block->site.inputs; j++)
		keep_largest(block->input[j] + first, sum, n, out);
	for (guint64 i = 0; i < n; i++)
		out[i] = isnan(sum[i]) ? sum[i] : sum[i] > 0 ? out[i] : -out[i];
}

/* The same where the task has its sign; elsewhere 0. */
static void masked_run(const MethodBlock *block, guint64 first, guint64 n, double *out)
{
	const double *task = emr_task(block) + first;
	unified_run(block, first, n, out);
	for (guint64 i = 0; i < n; i++)
		out[i] =
			(task[i] > 0) == (out[i] > 0) && (task[i] < 0) == (out[i] < 0) ? out[i] : 0;
}

static guint emr_sums(const MethodSite *site)
{
	return emr_has_task(site) ? 2 : 0;
}

/* Sums of the tensors' means, as the authors take them, so that a large tensor counts no more. */
static void emr_add(const MethodBlock *block, double *sums)
{
	double task = 0, kept = 0, run[RUN];
	if (!emr_has_task(&block->site))
		return;
	for (guint64 at = 0; at < block->n; at += RUN) {
		guint64 n = MIN(RUN, block->n - at);
		masked_run(block, at, n, run);
		for (guint64 i = 0; i < n; i++) {
			task += fabs(emr_task(block)[at + i]);
			kept += fabs(run[i]);
		}
	}
	sums[0] += task / (double)block->site.elements;
	sums[1] += kept / (double)block->site.elements;
}

static gboolean emr_settle(const MethodSite *domain, const double *sums, const Cut *cuts,
	double *figures, GError **error)
{
	(void)cuts;
	if (!emr_has_task(domain))
		return TRUE;
	if (sums[1] == 0 && sums[0] > 0)
		return mix_fail(domain, error, "choose another task, or leave it out",
			"task vector %.0f has nowhere the sign of the sum of all, so that there is "
			"nothing to rescale",
			domain->parameter[EMR_TASK]);
	figures[0] = sums[0] > 0 ? sums[0] / sums[1] : 0;
	return mix_check_sum(domain, sums[0] + sums[1], error);
}

static const MethodStep emr_steps[] = {
	{.sums = emr_sums, .add = emr_add, .settle = emr_settle},
	{0},
};

static guint emr_figures(const MethodSite *domain)
{
	return emr_has_task(domain) ? 1 : 0;
}

static void emr_apply(const MethodBlock *block, double *out)
{
	gboolean of_task = emr_has_task(&block->site);
	for (guint64 at = 0; at < block->n; at += RUN) {
		guint64 n = MIN(RUN, block->n - at);
		(of_task ? masked_run : unified_run)(block, at, n, out + at);
	}
	for (guint64 i = 0; of_task && i < block->n; i++)
		out[i] *= block->figures[0];
}

static MethodBy emr_by(const Node *call)
{
	return call->argument[EMR_TASK].number ? BY_MODEL : BY_TENSOR;
}

static gboolean emr_check(const Collection *collection, const Node *call, GError **error)
{
	return check_count(collection, call, EMR_TASK, error);
}

const Method method_emr = {
	.name = "emr",
	.help = "the largest change that has the sum's sign",
	.example = "emr(a, b, c, task=1)",
	.source = "EMR-Merging (Huang et al., 2024)",
	.least = 1,
	.most = G_MAXUINT,
	.parameters = emr_parameters,
	.by = emr_by,
	.steps = emr_steps,
	.figures = emr_figures,
	.apply = emr_apply,
	.check = emr_check,
};
