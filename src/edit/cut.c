/* cut.c - where an ordering of numbers is cut: a range that holds the cut is made narrower.
 *
 * A number's bits, turned so that they order as the number does, are counted in buckets of the
 * range, at first of all numbers or of where the cut seems to be.  Once few are left, they are
 * collected, and the one at the cut selected.  Values that many numbers equal are matched, or
 * tallied in a narrow window, with how often in each group of consecutive numbers, so that the last
 * that is above is looked for in one of the groups. */
#include "edit/cut_private.h"

#include "core/rng.h"

#include <math.h>
#include <string.h>

#define MINUS_ZERO ((G_GUINT64_CONSTANT(1) << 63) - 1) /* in ordered bits: no number has them */

guint64 cut_ordered_bits(double key)
{
	guint64 bits;
	double positive = key + 0.0;
	memcpy(&bits, &positive, sizeof bits);
	return bits >> 63 ? ~bits : bits | G_GUINT64_CONSTANT(1) << 63;
}

/* The number of ordered bits. */
static double key_of(guint64 ordered)
{
	guint64 bits = ordered >> 63 ? ordered & ~(G_GUINT64_CONSTANT(1) << 63) : ~ordered;
	double key;
	memcpy(&key, &bits, sizeof key);
	return key;
}

/* What this pass counts in buckets, or collects. */
static void set_window(CutSearch *search, guint64 from, guint64 to)
{
	search->from = from;
	search->to = to;
	search->least = key_of(from + (from == MINUS_ZERO));
	search->most = key_of(to - (to == MINUS_ZERO));
	search->shift = 0;
	while ((to - from) >> search->shift >= CUT_BUCKETS)
		search->shift++;
}

/* Leaves out values that cannot be at the cut. */
static void drop_values(CutSearch *search)
{
	guint kept = 0;
	for (guint i = 0; i < search->values; i++) {
		guint64 bits = cut_ordered_bits(search->value[i]);
		if (bits >= search->low && bits <= search->high)
			search->value[kept++] = search->value[i];
	}
	search->values = kept;
}

/* The window of the guess, once; then the range. */
static void plan_window(CutSearch *search)
{
	guint64 from = MAX(search->guess_low, search->low);
	guint64 to = MIN(search->guess_high, search->high);
	if (from < to)
		set_window(search, from, to);
	else
		set_window(search, search->low, search->high);
	search->guess_low = search->guess_high = 0;
}

static CutStage next_stage(const CutSearch *search)
{
	gboolean has_guess = search->guess_high != 0;
	if (search->inside <= CUT_CANDIDATES_MOST ||
		(has_guess && search->guess_inside <= CUT_CANDIDATES_MOST / 2))
		return STAGE_COLLECT;
	if (has_guess && search->guess_inside <= search->inside / CUT_TALLY_SHARE &&
		search->count / CUT_TALLY_GROUPS < G_MAXUINT32)
		return STAGE_TALLY;
	return search->values && !has_guess ? STAGE_MATCH : STAGE_COUNT;
}

void cut_search_plan(CutSearch *search)
{
	if (search->low == search->high) {
		search->value[0] = key_of(search->low);
		search->values = 1;
	}
	drop_values(search);
	search->stage = next_stage(search);
	plan_window(search);
}

static void finish(CutSearch *search, double key, guint64 index)
{
	search->result = (Cut){key, index};
	search->stage = STAGE_DONE;
}

CutSearch *cut_search_new(guint64 count, guint64 above)
{
	CutSearch *search = g_new0(CutSearch, 1);
	search->count = search->inside = count;
	search->need = MIN(above, count);
	search->low = cut_ordered_bits(-INFINITY);
	search->high = cut_ordered_bits(INFINITY);
	if (search->need == 0)
		finish(search, INFINITY, 0);
	else
		cut_search_plan(search);
	return search;
}

static void clear_pass(CutSearch *search)
{
	memset(search->above, 0, sizeof search->above);
	memset(search->equal, 0, sizeof search->equal);
	g_clear_pointer(&search->counts, g_free);
	g_clear_pointer(&search->tally, g_free);
	g_clear_pointer(&search->groups, g_free);
	g_clear_pointer(&search->candidates, g_array_unref);
	search->used = 0;
	search->collected = 0;
}

gsize cut_search_bytes(void)
{
	gsize counted = CUT_BUCKETS * sizeof(guint64) + sizeof(CutTally);
	gsize collected = CUT_CANDIDATES_MOST * sizeof(CutCandidate);
	return sizeof(CutSearch) + MAX(MAX(counted, collected), CUT_GROUPS * sizeof(CutGroup));
}

void cut_search_free(CutSearch *search)
{
	if (!search)
		return;
	clear_pass(search);
	g_free(search);
}

gboolean cut_search_done(const CutSearch *search)
{
	return search->stage == STAGE_DONE;
}

Cut cut_search_result(const CutSearch *search)
{
	return search->result;
}

gboolean cut_search_wants(const CutSearch *search, guint64 first, guint64 n)
{
	if (search->stage == STAGE_WALK)
		return first < search->end && first + n > search->begin;
	return search->stage != STAGE_DONE;
}

static void add_counts(CutSearch *search, const CutPart *part)
{
	if (!search->counts)
		search->counts = g_new0(guint64, CUT_BUCKETS);
	for (guint i = 0; i < CUT_BUCKETS; i++)
		search->counts[i] += part->counts[i];
	search->above[0] += part->above[0];
}

/* The group of a block that begins at an index; groups are of about as many numbers each. */
static CutGroup *group_at(CutSearch *search, guint64 first)
{
	guint64 width = search->count / CUT_GROUPS + 1;
	if (!search->groups)
		search->groups = g_new0(CutGroup, CUT_GROUPS);
	CutGroup *group = search->used ? &search->groups[search->used - 1] : NULL;
	if (group && group->first / width == first / width)
		return group;
	group = &search->groups[search->used++];
	group->first = first;
	return group;
}

static void add_matches(CutSearch *search, const CutPart *part)
{
	CutGroup *group = group_at(search, part->first);
	for (guint i = 0; i < search->values; i++) {
		search->above[i] += part->above[i];
		search->equal[i] += part->equal[i];
		group->equal[i] += part->equal[i];
	}
}

static void add_candidates(CutSearch *search, const CutPart *part)
{
	if (!search->candidates)
		search->candidates = g_array_new(FALSE, FALSE, sizeof(CutCandidate));
	guint64 room = CUT_CANDIDATES_MOST - search->candidates->len;
	g_array_append_vals(search->candidates, part->candidates, (guint)MIN(part->n, room));
	search->collected += part->n;
	search->above[0] += part->above[0];
}

static gboolean is_in_group(const CutSearch *search, const CutCandidate *candidate)
{
	return candidate->index >= search->begin && candidate->index < search->end;
}

/* All of the part's numbers equal the key; the last that is above may be among them. */
static void walk(CutSearch *search, const CutPart *part)
{
	for (guint64 i = 0; i < part->n && search->passed < search->need; i++)
		if (is_in_group(search, &part->candidates[i]) && ++search->passed == search->need)
			search->result = (Cut){search->least, part->candidates[i].index};
}

void cut_search_add(CutSearch *search, const CutPart *part)
{
	if (!part->begun)
		return;
	if (search->stage == STAGE_COUNT)
		add_counts(search, part);
	else if (search->stage == STAGE_TALLY)
		cut_tally_add(search, part);
	else if (search->stage == STAGE_MATCH)
		add_matches(search, part);
	else if (search->stage == STAGE_COLLECT)
		add_candidates(search, part);
	else if (search->stage == STAGE_WALK)
		walk(search, part);
}

/* The range becomes [low, high], of `inside` numbers; of those in it so far, `before` are beyond.
 */
static void narrow(CutSearch *search, guint64 low, guint64 high, guint64 before, guint64 inside)
{
	search->low = low;
	search->high = high;
	search->over += before;
	search->need -= before;
	search->inside = inside;
}

/* Of the numbers in the range, `before` are beyond the window and n in it.  Whether the cut is
 * among these; if not, the range becomes what is above the window or below it. */
static gboolean is_in_window(CutSearch *search, guint64 before, guint64 n)
{
	if (search->need <= before)
		narrow(search, search->to + 1, search->high, 0, before);
	else if (search->need > before + n)
		narrow(search, search->low, search->from - 1, before + n,
			search->inside - before - n);
	else
		return TRUE;
	return FALSE;
}

/* From the largest numbers down to the bucket that holds the cut; FALSE where none does. */
static gboolean settle_count(CutSearch *search, guint64 *bucket)
{
	guint64 before = search->above[0] - search->over, inside = 0, end = search->to + 1;
	for (guint i = 0; i < CUT_BUCKETS; i++)
		inside += search->counts[i];
	if (!is_in_window(search, before, inside))
		return FALSE;
	guint64 i = (search->to - search->from) >> search->shift;
	for (; search->need > before + search->counts[i]; i--) {
		before += search->counts[i];
		end = search->from + (i << search->shift);
	}
	narrow(search, search->from + (i << search->shift), end - 1, before, search->counts[i]);
	*bucket = i;
	return TRUE;
}

/* How many numbers of a group equal the cut's key. */
typedef struct {
	guint64 first, equal;
} Stretch;

/* The cut is at a number of these bits, of which so many are above. */
static void settle_bits(
	CutSearch *search, guint64 bits, guint64 above, const Stretch *stretch, guint stretches)
{
	guint at = 0;
	for (; stretch[at].equal < above; at++)
		above -= stretch[at].equal;
	search->begin = stretch[at].first;
	search->end = at + 1 < stretches ? stretch[at + 1].first : search->count;
	search->need = above;
	search->passed = 0;
	set_window(search, bits, bits);
	search->stage = STAGE_WALK;
	if (stretch[at].equal == above)
		finish(search, search->least, search->end - 1);
}

/* Where all in the cut's bucket are equal, only its index is left to be found. */
static void settle_tally(CutSearch *search)
{
	const CutTally *tally = search->tally;
	Stretch stretch[CUT_TALLY_GROUPS];
	guint64 bucket;
	cut_tally_count(search);
	if (!settle_count(search, &bucket) || tally->mixed[bucket])
		return;
	for (guint g = 0; g < tally->used; g++)
		stretch[g] = (Stretch){tally->groups[g].first, tally->groups[g].counts[bucket]};
	settle_bits(search, tally->bits[bucket], search->need, stretch, tally->used);
}

static void settle_value(CutSearch *search, guint value, guint64 above)
{
	g_autofree Stretch *stretch = g_new(Stretch, search->used);
	for (guint g = 0; g < search->used; g++)
		stretch[g] = (Stretch){search->groups[g].first, search->groups[g].equal[value]};
	settle_bits(search, cut_ordered_bits(search->value[value]), above, stretch, search->used);
}

/* From the largest value down: the cut is between two of them, or at one. */
static void settle_match(CutSearch *search)
{
	guint64 before = 0, high = search->high;
	guint values = search->values;
	search->values = 0;
	for (guint i = 0; i < values; i++) {
		guint64 bits = cut_ordered_bits(search->value[i]);
		guint64 larger = search->above[i] - search->over;
		if (search->need <= larger) {
			narrow(search, bits + 1, high, before, larger - before);
			return;
		}
		if (search->need <= larger + search->equal[i]) {
			settle_value(search, i, search->need - larger);
			return;
		}
		before = larger + search->equal[i];
		high = bits - 1;
	}
	narrow(search, search->low, high, before, search->inside - before);
}

static gboolean stands_before(const CutCandidate *a, const CutCandidate *b)
{
	return a->bits > b->bits || (a->bits == b->bits && a->index < b->index);
}

static void swap(CutCandidate *a, CutCandidate *b)
{
	CutCandidate kept = *a;
	*a = *b;
	*b = kept;
}

/* Moves what stands before a pivot, picked as if by chance, to the front; where the pivot is then.
 */
static guint64 part_candidates(CutCandidate *list, guint64 n)
{
	guint64 end = 0;
	swap(&list[rng_bits(n, 0) % n], &list[n - 1]);
	CutCandidate pivot = list[n - 1];
	for (guint64 i = 0; i + 1 < n; i++) {
		swap(&list[i], &list[end]);
		end += stands_before(&list[end], &pivot) ? 1 : 0;
	}
	swap(&list[end], &list[n - 1]);
	return end;
}

/* The candidate at a place of their order, by selection (Hoare 1961). */
static CutCandidate select_candidate(CutCandidate *list, guint64 n, guint64 place)
{
	guint64 pivot;
	while ((pivot = part_candidates(list, n)) != place) {
		if (place < pivot) {
			n = pivot;
			continue;
		}
		list += pivot + 1;
		n -= pivot + 1;
		place -= pivot + 1;
	}
	return list[pivot];
}

static void settle_candidates(CutSearch *search)
{
	guint64 before = search->above[0] - search->over, n = search->collected;
	if (!is_in_window(search, before, n))
		return;
	if (n > CUT_CANDIDATES_MOST) {
		narrow(search, search->from, search->to, before, n);
		return;
	}
	CutCandidate *list = (CutCandidate *)(gpointer)search->candidates->data;
	CutCandidate last = select_candidate(list, n, search->need - before - 1);
	finish(search, key_of(last.bits), last.index);
}

/* So it is but where the numbers have become others between two passes. */
static gboolean holds_cut(const CutSearch *search)
{
	return search->low <= search->high && search->need > 0 && search->need <= search->inside;
}

void cut_search_end(CutSearch *search)
{
	CutStage stage = search->stage;
	guint64 bucket;
	if (stage == STAGE_COUNT)
		settle_count(search, &bucket);
	else if (stage == STAGE_TALLY)
		settle_tally(search);
	else if (stage == STAGE_MATCH)
		settle_match(search);
	else if (stage == STAGE_COLLECT)
		settle_candidates(search);
	else if (stage == STAGE_WALK)
		search->stage = STAGE_DONE;
	if (search->stage != STAGE_DONE && search->stage != STAGE_WALK) {
		if (holds_cut(search))
			cut_search_plan(search);
		else
			finish(search, key_of(search->low), 0);
	}
	clear_pass(search);
}
