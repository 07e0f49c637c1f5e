/* method_random.c - the control that a task vector is compared with: normal noise that is as large,
 * tensor by tensor. */
#include "method/draw.h"
#include "edit/method_rows.h"
#include "method/mix.h"

#include "analysis/gram.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* Keeps the noise apart from the masks that are drawn with the same seed. */
#define NOISE_KEY G_GUINT64_CONSTANT(0x6e6f726d616c2121)

enum { RANDOM_SEED };
enum { SUM_INPUT, SUM_NOISE, SUMS };

static const Parameter random_parameters[] = {PARAMETER_SEED, {0}};

static guint64 noise_key(const MethodSite *site)
{
	return draw_key(site, 0, (guint64)site->parameter[RANDOM_SEED] ^ NOISE_KEY);
}

/* A standard normal number, of a uniform one in the middle of one of 2^52 equal parts of (0, 1). */
static double noise(guint64 key, guint64 place)
{
	double uniform = ((double)(rng_bits(key, place) >> 12) + 0.5) * 0x1p-52;
	return gsl_cdf_ugaussian_Pinv(uniform);
}

static guint random_sums(const MethodSite *site)
{
	(void)site;
	return SUMS;
}

static void random_add(const MethodBlock *block, double *sums)
{
	guint64 key = noise_key(&block->site);
	for (guint64 i = 0; i < block->n; i++) {
		double x = block->input[0][i], z = noise(key, method_place(block, i));
		sums[SUM_INPUT] += x * x;
		sums[SUM_NOISE] += z * z;
	}
}

/* ‖x‖ / ‖z‖ */
static gboolean random_settle(const MethodSite *domain, const double *sums, const Cut *cuts,
	double *figures, GError **error)
{
	(void)cuts;
	figures[0] = sums[SUM_NOISE] > 0 ? sqrt(sums[SUM_INPUT] / sums[SUM_NOISE]) : 0;
	return mix_check_sum(domain, figures[0], error);
}

static const MethodStep random_steps[] = {
	{
		.sums = random_sums,
		.add = random_add,
		.divisible = TRUE,
		.settle = random_settle,
	},
	{0},
};

static guint random_figures(const MethodSite *domain)
{
	(void)domain;
	return 1;
}

static void random_apply(const MethodBlock *block, double *out)
{
	guint64 key = noise_key(&block->site);
	for (guint64 i = 0; i < block->n; i++)
		out[i] = block->figures[0] * noise(key, method_place(block, i));
}

static gboolean random_expect(
	const MethodMix *mix, double *factor, double *square, double *constant)
{
	factor[0] = factor[1] = square[0] = square[1] = 0;
	*constant = mix->products[gram_packed(1, 1)] / (double)MAX(mix->site.elements, 1);
	return TRUE;
}

const Method method_random_like = {
	.name = "random_like",
	.help = "normal noise of the same norm, tensor by tensor",
	.example = "random_like(a, seed=1)",
	.source = "Editing Models with Task Arithmetic (Ilharco et al., 2023)",
	.least = 1,
	.most = 1,
	.parameters = random_parameters,
	.wants_products = TRUE,
	.steps = random_steps,
	.figures = random_figures,
	.apply = random_apply,
	.expect = random_expect,
};
