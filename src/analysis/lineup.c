/* lineup.c - which vectors take part in the pass on one tensor, and how tensors are cut up. */
#include "analysis/lineup.h"

void lineup_init(Lineup *lineup, const Collection *collection)
{
	*lineup = (Lineup){0};
	lineup->member = g_new0(guint, collection_members(collection));
}

void lineup_clear(Lineup *lineup)
{
	g_clear_pointer(&lineup->member, g_free);
}

gboolean lineup_shares(const Collection *collection, guint member, guint tensor)
{
	return collection_member(collection, member)->match[tensor] == MATCH_SHARED;
}

const Tensor *lineup_tensor(const Collection *collection, guint member, guint tensor, guint *place)
{
	const Member *of = collection_member(collection, member);
	if (of->place[tensor] < 0)
		return NULL;
	*place = (guint)of->place[tensor];
	return checkpoint_tensor(of->checkpoint, *place);
}

guint64 lineup_elements(const Collection *collection, guint member, guint tensor)
{
	guint place;
	if (lineup_shares(collection, member, tensor))
		return collection_member(collection, member)->shared[tensor];
	const Tensor *own = lineup_tensor(collection, member, tensor, &place);
	return own != NULL ? own->elements : 0;
}

static void append_sharing(Lineup *lineup, const Collection *collection, const gboolean *fresh,
	gboolean wanted, guint tensor)
{
	for (guint m = 0; m < collection_members(collection); m++) {
		if (!fresh[m] != !wanted || !lineup_shares(collection, m, tensor))
			continue;
		if (m == 0)
			lineup->base = lineup->count;
		lineup->member[lineup->count++] = m;
	}
}

void lineup_fill(Lineup *lineup, const Collection *collection, const gboolean *fresh, guint tensor)
{
	lineup->count = 0;
	append_sharing(lineup, collection, fresh, FALSE, tensor);
	lineup->first = lineup->count;
	append_sharing(lineup, collection, fresh, TRUE, tensor);
	if (lineup->first == lineup->count)
		lineup->count = lineup->first = 0;
}

void stripes_add(GArray *stripes, guint subject, guint64 elements)
{
	Stripe stripe = {.subject = subject};
	do {
		stripe.count = MIN(STRIPE_ELEMENTS, elements - stripe.first);
		stripe.last = stripe.first + stripe.count == elements;
		g_array_append_val(stripes, stripe);
		stripe.first += stripe.count;
	} while (!stripe.last);
}

/* 0 is kept for tensors that a member has not. */
void stripe_hash_join(XXH3_state_t *joined, const Stripe *stripe, guint64 hash, guint64 *out)
{
	guint64 little = GUINT64_TO_LE(hash);
	if (stripe->first == 0)
		XXH3_64bits_reset(joined);
	XXH3_64bits_update(joined, &little, sizeof little);
	if (stripe->last)
		*out = MAX(XXH3_64bits_digest(joined), 1);
}
