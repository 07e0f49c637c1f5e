/* mergekit_methods.c - the table of mergekit's methods: what each takes there, and what it is here.
 *
 * Names and defaults are those of mergekit 0.1.4. */
#include "recipe/mergekit_private.h"

#include <math.h>

#define REQUIRED NAN
#define WEIGHT                                                                                     \
	{                                                                                          \
		"weight", ROLE_WEIGHT, NULL, TRUE, REQUIRED                                        \
	}
#define LAMBDA                                                                                     \
	{                                                                                          \
		"lambda", ROLE_LAMBDA, NULL, FALSE, 1                                              \
	}
#define INT8_MASK                                                                                  \
	{                                                                                          \
		"int8_mask", ROLE_NONE, NULL, FALSE, 0                                             \
	}
#define NORMALIZE(otherwise)                                                                       \
	{                                                                                          \
		"normalize", ROLE_FLAG, "normalize", FALSE, otherwise                              \
	}
#define RESCALE                                                                                    \
	{                                                                                          \
		"rescale", ROLE_FLAG, "rescale", FALSE, 1                                          \
	}
#define NO_RESCALE                                                                                 \
	{                                                                                          \
		"rescale", ROLE_NEVER, NULL, FALSE, 0                                              \
	}
#define DENSITY                                                                                    \
	{                                                                                          \
		"density", ROLE_NUMBER, "density", TRUE, 1                                         \
	}
#define DROP                                                                                       \
	{                                                                                          \
		"density", ROLE_COMPLEMENT, "p", TRUE, 1                                           \
	}

static const MergekitParameter linear[] = {WEIGHT, NORMALIZE(1), {0}};
static const MergekitParameter slerp[] = {{"t", ROLE_NUMBER, "t", FALSE, REQUIRED}, {0}};
static const MergekitParameter nuslerp[] = {WEIGHT,
	{"nuslerp_flatten", ROLE_FLATTEN, "along", FALSE, 1},
	{"nuslerp_row_wise", ROLE_ACROSS, "along", FALSE, 0}, {0}};
static const MergekitParameter multislerp[] = {WEIGHT,
	{"normalize_weights", ROLE_FLAG, "normalize", FALSE, 1},
	{"eps", ROLE_NUMBER, "eps", FALSE, 1e-8}, {0}};
static const MergekitParameter karcher[] = {{"max_iter", ROLE_NUMBER, "max_iter", FALSE, 10},
	{"tol", ROLE_NUMBER, "tol", FALSE, 1e-5}, {0}};
static const MergekitParameter task_arithmetic[] = {WEIGHT,
	{"normalize", ROLE_FLAG, NULL, FALSE, 0}, LAMBDA, {"density", ROLE_NONE, NULL, TRUE, 1},
	{"rescale", ROLE_NONE, NULL, FALSE, 0}, INT8_MASK, {0}};
static const MergekitParameter ties[] = {
	WEIGHT, DENSITY, NORMALIZE(1), LAMBDA, NO_RESCALE, INT8_MASK, {0}};
static const MergekitParameter dare[] = {
	WEIGHT, DROP, NORMALIZE(0), RESCALE, LAMBDA, INT8_MASK, {0}};
static const MergekitParameter breadcrumbs[] = {WEIGHT, DENSITY,
	{"gamma", ROLE_NUMBER, "gamma", TRUE, 0.01}, NORMALIZE(0), LAMBDA, NO_RESCALE, INT8_MASK,
	{0}};
static const MergekitParameter della[] = {WEIGHT, DENSITY,
	{"epsilon", ROLE_NUMBER, "epsilon", TRUE, 0.15}, NORMALIZE(1), RESCALE, LAMBDA, INT8_MASK,
	{0}};
static const MergekitParameter della_linear[] = {WEIGHT, DENSITY,
	{"epsilon", ROLE_NUMBER, "epsilon", TRUE, 0.15}, NORMALIZE(0), RESCALE, LAMBDA, INT8_MASK,
	{0}};
static const MergekitParameter model_stock[] = {
	{"filter_wise", ROLE_ALONG_ROW, "along", FALSE, 0}, {0}};
static const MergekitParameter sce[] = {
	{"select_topk", ROLE_NUMBER, "topk", FALSE, 1}, INT8_MASK, {0}};
static const MergekitParameter ram[] = {{"epsilon", ROLE_NUMBER, "epsilon", FALSE, 1e-5}, {0}};
static const MergekitParameter ramplus_tl[] = {{"r", ROLE_NUMBER, "r", FALSE, 0.1},
	{"alpha", ROLE_NUMBER, "alpha", FALSE, 0.2},
	{"epsilon", ROLE_NUMBER, "epsilon", FALSE, 1e-5}, {0}};
static const MergekitParameter passthrough[] = {{"scale", ROLE_NUMBER, "scale", TRUE, 1}, {0}};
static const MergekitParameter nothing[] = {{0}};

#define MANY 10000

const MergekitMethod mergekit_methods[] = {
	{"linear", "average", NULL, NULL, BASE_MODEL, 1, MANY, linear},
	{"slerp", "slerp", NULL, NULL, BASE_START, 1, 1, slerp},
	{"nuslerp", "nuslerp", NULL, NULL, BASE_OPTIONAL, 2, 2, nuslerp},
	{"multislerp", "multislerp", NULL, NULL, BASE_OPTIONAL, 1, MANY, multislerp},
	{"karcher", "karcher", NULL, NULL, BASE_MODEL, 1, MANY, karcher},
	{"task_arithmetic", NULL, NULL, NULL, BASE_ORIGIN, 0, MANY, task_arithmetic},
	{"ties", "ties", "trim", "density=1", BASE_ORIGIN, 0, MANY, ties},
	{"dare_linear", "dare", "dare", "p=0", BASE_ORIGIN, 0, MANY, dare},
	{"dare_ties", "dare_ties", "dare", "p=0", BASE_ORIGIN, 0, MANY, dare},
	{"breadcrumbs", "breadcrumbs", "breadcrumbs", "density=1", BASE_ORIGIN, 0, MANY,
		breadcrumbs},
	{"breadcrumbs_ties", "breadcrumbs_ties", "breadcrumbs", "density=1", BASE_ORIGIN, 0, MANY,
		breadcrumbs},
	{"della", "della", "della_linear", "density=1", BASE_ORIGIN, 0, MANY, della},
	{"della_linear", "della_linear", "della_linear", "density=1", BASE_ORIGIN, 0, MANY,
		della_linear},
	{"model_stock", "stock", NULL, NULL, BASE_ORIGIN, 2, MANY, model_stock},
	{"nearswap", "nearswap", NULL, NULL, BASE_ORIGIN, 1, 1, slerp},
	{"arcee_fusion", "arcee_fusion", NULL, NULL, BASE_ORIGIN, 1, 1, nothing},
	{"sce", "sce", NULL, NULL, BASE_ORIGIN, 0, MANY, sce},
	{"ram", "ram", NULL, NULL, BASE_ORIGIN, 0, MANY, ram},
	{"ramplus_tl", "ramplus_tl", NULL, NULL, BASE_ORIGIN, 0, MANY, ramplus_tl},
	{"passthrough", "passthrough", NULL, NULL, BASE_MODEL, 1, 1, passthrough},
	{0},
};

const MergekitMethod *mergekit_method(const char *name)
{
	for (const MergekitMethod *method = mergekit_methods; method->name; method++)
		if (g_str_equal(method->name, name))
			return method;
	return NULL;
}

const MergekitParameter *mergekit_parameter(const MergekitMethod *method, const char *name)
{
	for (const MergekitParameter *row = method->parameters; row->name; row++)
		if (g_str_equal(row->name, name))
			return row;
	return NULL;
}

const Parameter *mergekit_our_parameter(
	const MergekitMethod *method, const MergekitParameter *parameter)
{
	const Method *ours = method->ours ? method_find(method->ours) : NULL;
	gint place = ours && parameter->ours ? method_parameter(ours, parameter->ours) : -1;
	return place < 0 ? NULL : &ours->parameters[place];
}
