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

/* One in each of k parts, of which part i is [floor(i n / k), floor((i + 1) n / k)). */
static void choose_places(const char *name, guint64 n, guint64 k, guint64 *places)
{
	const guint64 key = rng_key(0, name), least = n / MAX(k, 1), extra = n % MAX(k, 1);
	for (guint64 i = 0, start = 0, rest = 0; i < k; i++) {
		rest += extra;
		guint64 length = least + (rest >= k ? 1 : 0);
		rest -= rest >= k ? k : 0;
		guint64 within = (guint64)(rng_uniform(key, i) * (double)length);
		places[i] = start + MIN(within, length - 1);
		start += length;
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
	for (guint t = 0; t < tensors; t++) {
		const Tensor *tensor = collection_tensor(collection, t);
		choose_places(tensor->name, tensor->elements, plan->first[t + 1] - plan->first[t],
			plan->places + plan->first[t]);
	}
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
