/* method_swap.c - NearSwap: small changes whole, larger ones cut to the same size. */
#include "edit/method_rows.h"
#include "method/mix.h"

#include <math.h>

/* What mergekit takes for the least change. */
#define CHANGE_LEAST 1e-6f

enum { NEARSWAP_DIALECT, NEARSWAP_T };

static const Parameter nearswap_parameters[] = {
	PARAMETER_DIALECT,
	{
		.name = "t",
		.type = PARAMETER_NUMBER,
		.help = "the size up to which a change is taken whole",
		.least = 0,
		.most = INFINITY,
		.open_least = TRUE,
		.otherwise = NO_DEFAULT,
	},
	{0},
};

/* clip(t / |x|, 0, 1)·x */
static double near(double change, double t)
{
	return fabs(change) > t ? copysign(t, change) : change;
}

static double near_mergekit(double change, double t)
{
	double size = MAX(fabsf((float)change), CHANGE_LEAST);
	return size > t ? t / size * change : change;
}

static void nearswap_apply(const MethodBlock *block, double *out)
{
	gboolean mergekit = block->site.parameter[NEARSWAP_DIALECT] == DIALECT_MERGEKIT;
	double t = block->site.parameter[NEARSWAP_T];
	for (guint64 i = 0; i < block->n; i++) {
		double change = block->input[0][i];
		out[i] = mergekit ? near_mergekit(change, t) : near(change, t);
	}
}

const Method method_nearswap = {
	.name = "nearswap",
	.help = "changes cut to a size of at most t",
	.example = "nearswap(a, t=0.001)",
	.source = "mergekit nearswap",
	.least = 1,
	.most = 1,
	.parameters = nearswap_parameters,
	.apply = nearswap_apply,
};
