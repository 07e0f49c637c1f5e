/* cut_tally.c - what is in a narrow window, so that one pass may be enough to know the cut's key.
 *
 * Numbers of few bits, such as differences of BF16, have many equals: where all in the bucket that
 * holds the cut are equal, the key is known, and from the groups also about where the last number
 * above lies. */
#include "edit/cut_private.h"

/* The group of a part that begins at an index; groups are of about as many numbers each. */
static CutTallyGroup *group_at(CutTally *tally, guint64 count, guint64 first)
{
	guint64 width = count / CUT_TALLY_GROUPS + 1;
	CutTallyGroup *group = tally->used ? &tally->groups[tally->used - 1] : NULL;
	if (group && group->first / width == first / width)
		return group;
	group = &tally->groups[tally->used++];
	group->first = first;
	return group;
}

void cut_tally_add(CutSearch *search, const CutPart *part)
{
	if (!search->tally)
		search->tally = g_new0(CutTally, 1);
	CutTally *tally = search->tally;
	CutTallyGroup *group = group_at(tally, search->count, part->first);
	for (guint64 i = 0; i < part->n; i++) {
		guint64 bits = part->candidates[i].bits;
		guint64 bucket = (bits - search->from) >> search->shift;
		tally->bits[bucket] = tally->bits[bucket] ? tally->bits[bucket] : bits;
		tally->mixed[bucket] |= tally->bits[bucket] != bits;
		group->counts[bucket]++;
	}
	search->above[0] += part->above[0];
}

void cut_tally_count(CutSearch *search)
{
	search->counts = g_new0(guint64, CUT_BUCKETS);
	for (guint g = 0; search->tally && g < search->tally->used; g++)
		for (guint i = 0; i < CUT_BUCKETS; i++)
			search->counts[i] += search->tally->groups[g].counts[i];
}
