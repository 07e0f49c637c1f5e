/* cut_guess.c - where a cut seems to be, from a few of the numbers.
 *
 * Neighbours are alike, so how far the sample may be wrong is told by how much its runs of
 * neighbours differ.  A wrong guess costs a pass and no more. */
#include "edit/cut_private.h"

#include <math.h>
#include <stdlib.h>

/* Standard errors by which the cut may lie beside its place in the sample. */
#define ERRORS 4.0
/* Numbers of the sample that stand for a value that many equal. */
#define EQUAL_LEAST 3u

/* A value, and how many of the sample equal it. */
typedef struct {
	double key;
	guint64 n;
} Value;

static int compare_keys(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x < y) - (x > y);
}

/* The share of a run that stands above a number; of what equals it one half. */
static double share_above(const double *keys, guint64 run, double key)
{
	guint64 twice = 0;
	for (guint64 i = 0; i < run; i++)
		twice += keys[i] > key ? 2 : keys[i] == key ? 1 : 0;
	return (double)twice / (2 * (double)run);
}

/* The standard error of that share over all runs. */
static double error_of_share(const double *keys, guint64 n, guint64 run, double key)
{
	guint64 runs = n / run;
	double sum = 0, squares = 0, count = (double)runs;
	for (guint64 i = 0; i < runs; i++) {
		double share = share_above(keys + i * run, run, key);
		sum += share;
		squares += share * share;
	}
	return runs < 2 ? 1 : sqrt(fmax(squares - sum * sum / count, 0) / (count * (count - 1)));
}

/* Keeps a value among those that most equal. */
static void offer(Value *most, guint *held, Value value)
{
	guint at = *held;
	if (value.n < EQUAL_LEAST)
		return;
	if (at == CUT_VALUES_MOST) {
		at = 0;
		for (guint i = 1; i < CUT_VALUES_MOST; i++)
			if (most[i].n < most[at].n)
				at = i;
		if (value.n <= most[at].n)
			return;
	} else {
		++*held;
	}
	most[at] = value;
}

static int compare_values(const void *a, const void *b)
{
	return compare_keys(&((const Value *)a)->key, &((const Value *)b)->key);
}

/* Lists the values that most of sorted[n] equal; how many these are of the n. */
static guint64 list_values(CutSearch *search, const double *sorted, guint64 n)
{
	Value most[CUT_VALUES_MOST];
	guint held = 0;
	guint64 covered = 0;
	for (guint64 at = 0, end; at < n; at = end) {
		for (end = at + 1; end < n && sorted[end] == sorted[at];)
			end++;
		offer(most, &held, (Value){sorted[at], end - at});
	}
	qsort(most, held, sizeof *most, compare_values);
	for (guint i = 0; i < held; i++) {
		search->value[i] = most[i].key;
		covered += most[i].n;
	}
	search->values = held;
	return covered;
}

/* Whether values that are listed are to be matched first: where most of what may be at the cut
 * equals one of them, and there is no narrow window about it. */
static gboolean are_matched(guint64 covered, const double *between, guint64 length, double share)
{
	gboolean narrow = share <= 1.0 / CUT_TALLY_SHARE && between[0] != between[length - 1];
	return !narrow && covered > 0 && covered >= length / 4 * 3;
}

/* Where the cut may be, as the sample has it: numbers from the first to the last. */
static void guess_between(CutSearch *search, const double *sorted, guint64 n, double at, double off)
{
	guint64 first = at > off ? (guint64)(at - off) : 0;
	guint64 last = (guint64)fmin(at + off, (double)(n - 1));
	guint64 length = last - first + 1, covered = list_values(search, sorted + first, length);
	double share = (double)length / (double)n;
	if (are_matched(covered, sorted + first, length, share))
		return;
	search->guess_inside = (guint64)(share * (double)search->count);
	search->guess_high = at > off ? cut_ordered_bits(sorted[first]) : search->high;
	search->guess_low = at + off < (double)n ? cut_ordered_bits(sorted[last]) : search->low;
}

gboolean cut_search_wants_guess(const CutSearch *search)
{
	return search->stage == STAGE_COUNT && !search->guessed;
}

void cut_search_guess(CutSearch *search, const double *keys, guint64 n, guint64 run)
{
	search->guessed = TRUE;
	if (n == 0 || search->stage != STAGE_COUNT)
		return;
	g_autofree double *sorted = g_memdup2(keys, n * sizeof *keys);
	qsort(sorted, n, sizeof *sorted, compare_keys);
	double at = (double)search->need / (double)search->count * (double)n;
	double key = sorted[MIN((guint64)at, n - 1)];
	double off = ERRORS * error_of_share(keys, n, run, key) * (double)n + ERRORS;
	guess_between(search, sorted, n, at, off);
	cut_search_plan(search);
}
