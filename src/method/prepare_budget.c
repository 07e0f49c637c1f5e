/* prepare_budget.c - how many threads a budget is enough for, and what is said where it is for
 * none.
 */
#include "method/prepare.h"

#include "core/error.h"
#include "method/prepared.h"

#define MIB ((gsize)1 << 20)
/* A smaller budget counts as this, when it comes to what cannot be done in it. */
#define BUDGET_LEAST (16 * MIB)

/* The call that has to see the most elements of a tensor together; *most is how many. */
static const Call *widest_call(const Prepared *prepared, guint tensor, guint64 *most)
{
	const Call *widest = NULL;
	*most = 0;
	for (guint i = 0; i < prepared->nodes->len; i++) {
		const Call *call = &prepared->calls[i];
		guint64 unit = call_domain(call, tensor) ? call_unit(prepared, call, tensor) : 0;
		if (unit > *most) {
			widest = call;
			*most = unit;
		}
	}
	return widest;
}

static guint widest_tensor(const Prepared *prepared)
{
	guint widest = 0;
	guint64 most = 0;
	for (guint i = 0; i < collection_tensors(prepared->collection); i++) {
		guint64 unit = evaluate_unit(prepared, i);
		widest = unit > most ? i : widest;
		most = MAX(most, unit);
	}
	return widest;
}

static gboolean fail_budget(
	const Prepared *prepared, gsize slot_bytes, gsize budget, GError **error)
{
	guint tensor = widest_tensor(prepared);
	guint64 unit;
	const Call *call = widest_call(prepared, tensor, &unit);
	g_autofree char *remedy =
		g_strdup_printf("give --budget=%zu or more%s", (slot_bytes + MIB - 1) / MIB,
			unit > 1 ? ", or leave that tensor out with a scope" : "");
	Place place = {.remedy = remedy};
	if (unit <= 1)
		return fail_at(error, ERROR_USAGE, place,
			"the numbers of one block do not fit a budget of %zu MiB", budget / MIB);
	place.tensor = collection_tensor(prepared->collection, tensor)->name;
	return fail_at(error, ERROR_USAGE, place,
		"%s sees %" G_GUINT64_FORMAT
		" of its elements together, whose numbers do not fit a budget of %zu MiB",
		call->method->name, unit, budget / MIB);
}

gsize prepare_budget(const PrepareRequest *request)
{
	return request->budget ? request->budget : PASS_BUDGET_DEFAULT;
}

guint prepare_threads(
	const Prepared *prepared, const PrepareRequest *request, gsize slot_bytes, GError **error)
{
	gsize budget = prepare_budget(request);
	gsize most = MAX(budget, BUDGET_LEAST);
	if (slot_bytes > most && !fail_budget(prepared, slot_bytes, most, error))
		return 0;
	return parallel_threads_within(request->threads, slot_bytes, budget);
}
