/* method_pick.c - methods that let one element of one task vector, or their sum, stand for all. */
#include "method/block.h"
#include "edit/method_rows.h"
#include "method/mix.h"

/* Of NaN and a number, NaN: what is no number is to be seen, not passed over. */
static double larger(double earlier, double later)
{
	return isnan(later) || fabs(later) >= fabs(earlier) ? later : earlier;
}

static void magmax_apply(const MethodBlock *block, double *out)
{
	for (guint64 i = 0; i < block->n; i++) {
		out[i] = block->input[0][i];
		for (guint j = 1; j < block->site.inputs; j++)
			out[i] = larger(out[i], block->input[j][i]);
	}
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
static double consensus_at(const MethodBlock *block, guint64 i)
{
	double sum = block_sum(block, i), needed = 0;
	for (guint j = 0; j < block->site.inputs; j++) {
		double change = block->input[j][i];
		double bound = block->site.parameter[CONSENSUS_LAMBDA] * fabs(sum - change);
		needed += !(fabs(change) <= bound);
	}
	return needed >= block->site.parameter[CONSENSUS_K] ? sum : 0;
}

static void consensus_apply(const MethodBlock *block, double *out)
{
	for (guint64 i = 0; i < block->n; i++)
		out[i] = consensus_at(block, i);
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

/* The unified vector: the largest change that has the sign of the sum, where 0 is negative. */
static double unified(const MethodBlock *block, guint64 i)
{
	double sum = block_sum(block, i), sign = sum > 0 ? 1 : -1, largest = 0;
	for (guint j = 0; j < block->site.inputs; j++)
		largest = MAX(largest, block->input[j][i] * sign);
	return isnan(sum) ? sum : largest * sign;
}

/* The same where the task has its sign; elsewhere 0. */
static double masked(const MethodBlock *block, guint64 i)
{
	double value = unified(block, i);
	return sign_of(emr_task(block)[i]) == sign_of(value) ? value : 0;
}

static guint emr_sums(const MethodSite *site)
{
	return emr_has_task(site) ? 2 : 0;
}

/* Sums of the tensors' means, as the authors take them, so that a large tensor counts no more. */
static void emr_add(const MethodBlock *block, double *sums)
{
	if (!emr_has_task(&block->site))
		return;
	double task = 0, kept = 0;
	for (guint64 i = 0; i < block->n; i++) {
		task += fabs(emr_task(block)[i]);
		kept += fabs(masked(block, i));
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
	for (guint64 i = 0; i < block->n; i++)
		out[i] = of_task ? block->figures[0] * masked(block, i) : unified(block, i);
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
