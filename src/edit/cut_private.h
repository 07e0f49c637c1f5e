/* cut_private.h - the insides of a search for a cut.  For cut*.c alone. */
#ifndef TAUSCOPE_CUT_PRIVATE_H
#define TAUSCOPE_CUT_PRIVATE_H

#include "edit/cut.h"

#define CUT_BUCKETS (1u << 13)
#define CUT_CANDIDATES_MOST (1u << 16) /* that are collected */
#define CUT_VALUES_MOST 8u
#define CUT_GROUPS (1u << 10)
#define CUT_TALLY_GROUPS 32u
/* A window is tallied that seems to hold no more than one in so many numbers. */
#define CUT_TALLY_SHARE 8u

typedef enum {
	STAGE_COUNT,   /* numbers in buckets, and those above them */
	STAGE_TALLY,   /* those in a narrow window, in buckets, and above; what each bucket holds */
	STAGE_MATCH,   /* those that equal one of a few values */
	STAGE_COLLECT, /* all that may be at the cut, and those above them */
	STAGE_WALK,    /* those that equal its key, where its index lies */
	STAGE_DONE,
} CutStage;

typedef struct {
	guint64 bits, index;
} CutCandidate;

/* Consecutive numbers, and how many of them equal each value. */
typedef struct {
	guint64 first;
	guint64 equal[CUT_VALUES_MOST];
} CutGroup;

/* How many numbers of a window are in each bucket, of consecutive numbers. */
typedef struct {
	guint64 first;
	guint32 counts[CUT_BUCKETS];
} CutTallyGroup;

/* What is in a window. */
typedef struct {
	guint64 bits[CUT_BUCKETS]; /* of one number in each bucket; 0: there is none */
	guint8 mixed[CUT_BUCKETS]; /* whether others there have other bits */
	guint used;                /* of the groups */
	CutTallyGroup groups[CUT_TALLY_GROUPS];
} CutTally;

struct CutSearch {
	CutStage stage;
	guint64 count;     /* of all numbers */
	guint64 low, high; /* ordered bits: the number at the cut lies in this closed range */
	guint64 inside;    /* how many numbers do */
	guint64 need;      /* how many of those are above */
	guint64 over;      /* how many numbers are beyond the range */

	guint64 from,
		to;  /* ordered bits: the window that this pass counts in buckets, or collects */
	guint shift; /* of a bucket */
	double least, most;
	guint values; /* that many numbers seem to equal, descending */
	double value[CUT_VALUES_MOST];
	gboolean guessed; /* the sample was looked at */
	/* Where the cut seems to be, with about so many numbers; all 0 where that is not known. */
	guint64 guess_low, guess_high, guess_inside;

	/* What this pass found: */
	guint64 above[CUT_VALUES_MOST], equal[CUT_VALUES_MOST];
	guint64 *counts;    /* [CUT_BUCKETS], or NULL */
	CutTally *tally;    /* or NULL */
	CutGroup *groups;   /* [CUT_GROUPS], or NULL */
	guint used;         /* of the groups */
	GArray *candidates; /* of CutCandidate, or NULL: the first, that there is room for */
	guint64 collected;  /* all that there were */

	guint64 begin, end, passed; /* STAGE_WALK: the indices, and how many have been seen */
	Cut result;
};

struct CutPart {
	guint64 first; /* index of its first number, once it has one */
	gboolean begun;
	guint64 n; /* candidates */
	guint64 above[CUT_VALUES_MOST], equal[CUT_VALUES_MOST];
	union {
		guint32 counts[CUT_BUCKETS];
		CutCandidate candidates[1];
	};
};

/* Decides what the next pass does. */
void cut_search_plan(CutSearch *search);

/* Adds a part's candidates, which are all in the window. */
void cut_tally_add(CutSearch *search, const CutPart *part);
/* Adds up a tally's groups in search->counts. */
void cut_tally_count(CutSearch *search);

#endif
