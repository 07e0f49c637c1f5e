/* sample.c - which elements stand for a tensor: one at random in each of equal parts.
 *
 * Places depend on the tensors' names and sizes alone, so that samples of different checkpoints,
 * taken at different times, are of the same elements. */
#include "analysis/pass.h"
#include "core/rng.h"

static guint64 float_elements(const Collection *collection)
{
	guint64 total = 0;
	for (guint t = 0; t < collection_tensors(collection); t++)
		if (collection_is_float(collection, t))
			total += collection_tensor(collection, t)->elements;
	return total;
}

/* How many elements of a tensor are sampled: its part of SAMPLE_ELEMENTS, but not too few. */
static guint64 share_of(guint64 elements, guint64 total)
{
	double share = SAMPLE_ELEMENTS * ((double)elements / (double)MAX(total, 1));
	return MIN(elements, MAX((guint64)share, SAMPLE_TENSOR_LEAST));
}

/* Where part i of k begins: floor(i n / k), without overflow for i ≤ k ≤ SAMPLE_ELEMENTS. */
static guint64 part_start(guint64 i, guint64 n, guint64 k)
{
	return i * (n / k) + i * (n % k) / k;
}

static void choose_places(const Tensor *tensor, guint64 count, guint64 *places)
{
	guint64 key = rng_key(0, tensor->name);
	for (guint64 i = 0; i < count; i++) {
		guint64 start = part_start(i, tensor->elements, count);
		guint64 length = part_start(i + 1, tensor->elements, count) - start;
		guint64 within = (guint64)(rng_uniform(key, i) * (double)length);
		places[i] = start + MIN(within, length - 1);
	}
}

SamplePlan *sample_plan_new(const Collection *collection)
{
	guint tensors = collection_tensors(collection);
	guint64 total = float_elements(collection);
	SamplePlan *plan = g_new0(SamplePlan, 1);
	plan->first = g_new0(guint64, (gsize)tensors + 1);
	for (guint t = 0; t < tensors; t++) {
		guint64 elements = collection_tensor(collection, t)->elements;
		gboolean sampled = collection_is_float(collection, t);
		plan->first[t + 1] = plan->first[t] + (sampled ? share_of(elements, total) : 0);
	}
	plan->places = g_new(guint64, MAX(plan->first[tensors], 1));
	for (guint t = 0; t < tensors; t++)
		choose_places(collection_tensor(collection, t), plan->first[t + 1] - plan->first[t],
			plan->places + plan->first[t]);
	return plan;
}

void sample_plan_free(SamplePlan *plan)
{
	if (plan == NULL)
		return;
	g_free(plan->first);
	g_free(plan->places);
	g_free(plan);
}
