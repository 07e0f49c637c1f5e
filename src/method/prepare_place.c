/* prepare_place.c - what blocks yield for one call of a pass, and where it is kept. */
#include "method/prepare_place.h"

#include "method/steps.h"

#include <string.h>

static guint most_sums(const Call *call)
{
	guint most = 0;
	for (guint i = 0; i < call->domains->len; i++)
		most = MAX(most, g_array_index(call->domains, Domain, i).sum_count);
	return most;
}

static guint most_cuts(const Call *call)
{
	guint most = 0;
	for (guint i = 0; i < call->domains->len; i++)
		most = MAX(most, g_array_index(call->domains, Domain, i).step_cuts);
	return most;
}

/* Whether a cut is found in all domains, or none of them has it. */
static gboolean is_found(const Call *call, guint cut)
{
	for (guint i = 0; i < call->domains->len; i++) {
		const Domain *domain = &g_array_index(call->domains, Domain, i);
		if (cut < domain->step_cuts && !cut_search_done(domain->searches[cut]))
			return FALSE;
	}
	return TRUE;
}

gboolean place_choose_cuts(CallPlace *place, guint room)
{
	guint cuts = most_cuts(place->call);
	while (place->from < cuts && is_found(place->call, place->from))
		place->from++;
	place->to = place->from + MIN(cuts - place->from, room);
	return place->to > place->from || place->from == cuts;
}

gsize place_lay_out(CallPlace *place, guint64 block, gsize at)
{
	place->sums = at;
	place->parts = at + place_aligned(most_sums(place->call) * sizeof(double));
	place->part_bytes = place_aligned(cut_part_bytes(block));
	return place->parts + (place->to - place->from) * place->part_bytes;
}

/* The cut of a domain behind the last one that is looked for. */
static guint cuts_end(const CallPlace *place, const Domain *domain)
{
	return MIN(place->to, domain->step_cuts);
}

gboolean place_wants(const CallPlace *place, guint tensor)
{
	const Domain *domain = call_domain(place->call, tensor);
	gboolean wants = domain && !place->call->summed;
	for (guint i = place->from; domain && !wants && i < cuts_end(place, domain); i++)
		wants = !cut_search_done(domain->searches[i]);
	return wants;
}

gboolean place_wants_part(const CallPlace *place, guint tensor, guint64 first, guint64 n)
{
	const Call *call = place->call;
	const Domain *domain = call_domain(call, tensor);
	return domain &&
	       step_wants(call, domain, place->from, place->to, call->offset[tensor] + first, n);
}

static CutPart *part_of(guint8 *slot, const CallPlace *place, guint cut)
{
	return (CutPart *)(slot + place->parts + (cut - place->from) * place->part_bytes);
}

void place_fill(const CallPlace *place, const Domain *domain, const MethodBlock *block,
	guint8 *slot, double *keys)
{
	guint64 first = place->call->offset[block->site.tensor] + block->first;
	gint of = -1; /* the cut whose keys are at hand */
	for (guint i = place->from; i < cuts_end(place, domain); i++) {
		if (!cut_search_wants(domain->searches[i], first, block->n))
			continue;
		if (of < 0 || !step_is_alike(place->call, block->domain, i, (guint)of))
			step_keys(place->call, block, i, keys);
		of = (gint)i;
		cut_part_fill(part_of(slot, place, i), domain->searches[i], keys, block->n, first);
	}
}

double *place_sums(const CallPlace *place, guint8 *slot)
{
	return (double *)(slot + place->sums);
}

void place_clear(const CallPlace *place, const Domain *domain, guint8 *slot)
{
	memset(place_sums(place, slot), 0, domain->sum_count * sizeof(double));
	for (guint i = place->from; i < cuts_end(place, domain); i++)
		cut_part_clear(part_of(slot, place, i), domain->searches[i]);
}

void place_add(const CallPlace *place, Domain *domain, guint8 *slot)
{
	const double *sums = place_sums(place, slot);
	for (guint i = 0; !place->call->summed && i < domain->sum_count; i++)
		domain->sums[i] += sums[i];
	for (guint i = place->from; i < cuts_end(place, domain); i++)
		if (!cut_search_done(domain->searches[i]))
			cut_search_add(domain->searches[i], part_of(slot, place, i));
}

void place_end_searches(const CallPlace *place, Domain *domain)
{
	for (guint i = place->from; i < cuts_end(place, domain); i++)
		if (!cut_search_done(domain->searches[i]))
			cut_search_end(domain->searches[i]);
}

gboolean place_is_one_tensor(const CallPlace *place)
{
	return method_by(place->call->node) >= BY_TENSOR;
}
