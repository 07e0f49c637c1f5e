/* cut.c - where an ordering of numbers is cut, by the leading bits of the numbers first.
 *
 * A number's bits, turned so that they order as the number does, are cut into digits.  Each pass
 * counts the next digit of those numbers that share all digits before with the number at the cut.
 * Once they are few, they are collected and sorted; once they are all equal, the index decides. */
#include "edit/cut.h"

#include <math.h>
#include <string.h>

#define DIGIT 13u /* bits */
#define BUCKETS (1u << DIGIT)
#define BITS 64u
#define CANDIDATES_MOST (1u << 16) /* that are collected */

typedef struct {
	guint64 bits, index;
} Candidate;

typedef enum { STAGE_COUNT, STAGE_COLLECT, STAGE_WALK, STAGE_DONE } Stage;

struct CutSearch {
	Stage stage;
	guint known;     /* leading bits that are settled */
	guint64 prefix;  /* these bits */
	guint64 inside;  /* numbers that have them */
	guint64 need;    /* how many of those are above */
	guint64 passed;  /* STAGE_WALK: how many have been seen */
	guint64 *counts; /* [BUCKETS] of this pass, or NULL */
	GArray *candidates;
	Cut result;
};

struct CutPart {
	guint64 n;
	union {
		guint32 counts[BUCKETS];
		Candidate candidates[1];
	};
};

guint64 cut_ordered_bits(double key)
{
	guint64 bits;
	double positive = key + 0.0;
	memcpy(&bits, &positive, sizeof bits);
	return bits >> 63 ? ~bits : bits | G_GUINT64_CONSTANT(1) << 63;
}

static double key_of(guint64 ordered)
{
	guint64 bits = ordered >> 63 ? ordered & ~(G_GUINT64_CONSTANT(1) << 63) : ~ordered;
	double key;
	memcpy(&key, &bits, sizeof key);
	return key;
}

static Stage next_stage(const CutSearch *search)
{
	if (search->inside <= CANDIDATES_MOST)
		return STAGE_COLLECT;
	return search->known == BITS ? STAGE_WALK : STAGE_COUNT;
}

static void finish(CutSearch *search, double key, guint64 index)
{
	search->result = (Cut){key, index};
	search->stage = STAGE_DONE;
}

CutSearch *cut_search_new(guint64 count, guint64 above)
{
	CutSearch *search = g_new0(CutSearch, 1);
	search->inside = count;
	search->need = MIN(above, count);
	search->stage = next_stage(search);
	if (search->need == 0)
		finish(search, INFINITY, 0);
	return search;
}

void cut_search_free(CutSearch *search)
{
	if (!search)
		return;
	g_free(search->counts);
	if (search->candidates)
		g_array_unref(search->candidates);
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

gsize cut_part_bytes(guint64 block)
{
	gsize list = G_STRUCT_OFFSET(CutPart, candidates) + (gsize)block * sizeof(Candidate);
	return MAX(list, sizeof(CutPart));
}

/* The bits of the digit that is counted next, and how far they stand from the right. */
static guint digit_shift(const CutSearch *search)
{
	return BITS - MIN(BITS, search->known + DIGIT);
}

static gboolean has_prefix(const CutSearch *search, guint64 bits)
{
	return search->known == 0 || bits >> (BITS - search->known) == search->prefix;
}

static void count_digits(CutPart *part, const CutSearch *search, const double *keys, guint64 n)
{
	guint shift = digit_shift(search);
	guint64 mask = (G_GUINT64_CONSTANT(1) << (BITS - shift - search->known)) - 1;
	memset(part->counts, 0, sizeof part->counts);
	for (guint64 i = 0; i < n; i++) {
		guint64 bits = cut_ordered_bits(keys[i]);
		if (has_prefix(search, bits))
			part->counts[bits >> shift & mask]++;
	}
}

static void collect(CutPart *part, const CutSearch *search, const double *keys, guint64 n,
	guint64 first, const guint64 *index)
{
	for (guint64 i = 0; i < n; i++) {
		guint64 bits = cut_ordered_bits(keys[i]);
		if (has_prefix(search, bits))
			part->candidates[part->n++] =
				(Candidate){bits, index ? first + index[i] : first + i};
	}
}

void cut_part_fill(CutPart *part, const CutSearch *search, const double *keys, guint64 n,
	guint64 first, const guint64 *index)
{
	part->n = 0;
	if (search->stage == STAGE_COUNT)
		count_digits(part, search, keys, n);
	else if (search->stage != STAGE_DONE)
		collect(part, search, keys, n, first, index);
}

static void add_counts(CutSearch *search, const CutPart *part)
{
	if (!search->counts)
		search->counts = g_new0(guint64, BUCKETS);
	for (guint i = 0; i < BUCKETS; i++)
		search->counts[i] += part->counts[i];
}

/* All of the part's numbers are equal; the last that is above may be among them. */
static void walk(CutSearch *search, const CutPart *part)
{
	guint64 wanted = search->need - search->passed;
	if (search->passed < search->need && wanted <= part->n) {
		const Candidate *last = &part->candidates[wanted - 1];
		search->result = (Cut){key_of(last->bits), last->index};
	}
	search->passed += part->n;
}

void cut_search_add(CutSearch *search, const CutPart *part)
{
	if (search->stage == STAGE_COUNT) {
		add_counts(search, part);
	} else if (search->stage == STAGE_WALK) {
		walk(search, part);
	} else if (search->stage == STAGE_COLLECT) {
		if (!search->candidates)
			search->candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
		g_array_append_vals(search->candidates, part->candidates, (guint)part->n);
	}
}

/* Settles one more digit: from the largest down to the one that holds the cut. */
static void settle_digit(CutSearch *search)
{
	guint width = MIN(DIGIT, BITS - search->known);
	guint bucket = (1u << width) - 1;
	while (bucket > 0 && search->counts[bucket] < search->need)
		search->need -= search->counts[bucket--];
	search->inside = search->counts[bucket];
	search->prefix = search->prefix << width | bucket;
	search->known += width;
	search->stage = next_stage(search);
	g_clear_pointer(&search->counts, g_free);
}

static gint compare_candidates(gconstpointer a, gconstpointer b)
{
	const Candidate *x = a, *y = b;
	if (x->bits != y->bits)
		return x->bits > y->bits ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static void settle_candidates(CutSearch *search)
{
	g_array_sort(search->candidates, compare_candidates);
	const Candidate *last =
		&g_array_index(search->candidates, Candidate, (guint)search->need - 1);
	finish(search, key_of(last->bits), last->index);
	g_clear_pointer(&search->candidates, g_array_unref);
}

void cut_search_end(CutSearch *search)
{
	if (search->stage == STAGE_COUNT)
		settle_digit(search);
	else if (search->stage == STAGE_COLLECT)
		settle_candidates(search);
	else if (search->stage == STAGE_WALK)
		search->stage = STAGE_DONE;
}
