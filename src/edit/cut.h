/* cut.h - where an ordering of numbers is cut: exactly k above, whatever values are equal.
 *
 * Numbers stand in descending order, equal ones by their index, ascending.  Found by a few passes
 * over the numbers in any memory: histograms of what may hold the cut, then the few numbers that
 * are left; of numbers that many equal, where among them it lies.  Never by sorting them
 * all. */
#ifndef TAUSCOPE_CUT_H
#define TAUSCOPE_CUT_H

#include <glib.h>

typedef struct {
	double key;    /* the last number above the cut; +Inf where none is */
	guint64 index; /* of numbers equal to it, those up to this index are above */
} Cut;

/* Whether a number is above; without a branch, since which numbers are above is hard to foresee. */
static inline gboolean cut_above(const Cut *cut, double key, guint64 index)
{
	return (key > cut->key) | ((key == cut->key) & (index <= cut->index));
}

/* The bits of a number, turned so that they order as numbers do; -0 is 0. */
guint64 cut_ordered_bits(double key);

/* A search for one cut. */
typedef struct CutSearch CutSearch;
/* What one block of numbers adds to a search in one pass; memory of a worker. */
typedef struct CutPart CutPart;

/* `above` of `count` numbers are to be above. */
CutSearch *cut_search_new(guint64 count, guint64 above);
void cut_search_free(CutSearch *search);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CutSearch, cut_search_free)
gboolean cut_search_done(const CutSearch *search);
/* The answer, once it is done. */
Cut cut_search_result(const CutSearch *search);

/* Whether a number with an index in [first, first+n) can still matter. */
gboolean cut_search_wants(const CutSearch *search, guint64 first, guint64 n);
/* Whether the first pass would be spared work by a guess, which a sample gives: keys[n] of numbers
 * from everywhere, in runs of `run` neighbours each.  However bad it is, the answer is the same. */
gboolean cut_search_wants_guess(const CutSearch *search);
void cut_search_guess(CutSearch *search, const double *keys, guint64 n, guint64 run);

/* The bytes that a search holds at most, while it is on its way. */
gsize cut_search_bytes(void);
/* The bytes of a part for blocks of `block` numbers. */
gsize cut_part_bytes(guint64 block);
/* Empties a part; then adds numbers with ascending indices from `first` on, a block at most.  Reads
 * the search, which is const while a pass runs; any thread.  -0 is 0, and none is NaN. */
void cut_part_clear(CutPart *part, const CutSearch *search);
void cut_part_fill(
	CutPart *part, const CutSearch *search, const double *keys, guint64 n, guint64 first);
/* Adds parts in ascending order of their indices; of those that it wants, all. */
void cut_search_add(CutSearch *search, const CutPart *part);
/* Ends a pass over all numbers; where it is not done then, another one must follow. */
void cut_search_end(CutSearch *search);

#endif
