/* values.h - the numbers that an edit is computed from, on a run of elements of one tensor. */
#ifndef TAUSCOPE_VALUES_H
#define TAUSCOPE_VALUES_H

#include "edit/expression.h"

typedef struct {
	const Collection *collection;
	guint tensor;
	guint64 first;
	const guint64 *places; /* [count]: which elements, ascending; NULL: first, first + 1, ... */
	guint64 count;
	double *base;   /* [count] θ₀ */
	double **task;  /* [members] τ [count]; NULL: 0 everywhere, or not wanted */
	gboolean wide;  /* some input is F64: of all others nothing is beyond a double */
	guint64 lost;   /* finite numbers whose difference is beyond a double */
	double *unused; /* where the next τ goes */
	gpointer bytes; /* [count] elements of 8 bytes, for reading */
} Values;

/* Bytes of memory for the values of the members that take part in an edit, `block` elements. */
gsize values_bytes(const Collection *collection, const Node *edit, guint64 block);
/* Reads θ₀ and the task vectors that `edit` wants on elements [first, first+count), each once, into
 * memory of values_bytes.  `raw` are the base's bytes of these elements where they are at hand, or
 * NULL.  The difference of equal values is 0, also of infinities and NaNs, so that a mask of -Inf
 * survives.  Elements that a member has not are 0. */
gboolean values_read(Values *values, const Collection *collection, const Node *edit, guint tensor,
	guint64 first, guint64 count, const void *raw, gpointer memory, GError **error);
/* Reads what one more edit wants into the same values; the memory must hold that too. */
gboolean values_read_more(Values *values, const Node *edit, GError **error);

/* The same values in two steps: the bytes of a run of elements are read at once, and decoded a
 * chunk at a time, so that the numbers stay in the nearest cache. */
typedef struct {
	Values chunk;         /* [first + at, first + at + n) of the last call of values_decode */
	guint64 first, count; /* of the run */
	const void *base;     /* bytes of θ₀ */
	const void **member;  /* [members]: bytes of θ or τ; NULL: not wanted */
	guint64 *held;        /* [members]: elements of the run that the member has */
	double *numbers;      /* behind all bytes: θ₀ of a chunk, then every τ */
} ValuesRun;

/* Bytes of memory for runs of `run` elements that are decoded in chunks of at most `chunk`. */
gsize values_run_bytes(const Collection *collection, const Node *edit, guint64 run, guint64 chunk);
/* Reads the run; `raw` are the base's bytes, as in values_read, but not NULL. */
gboolean values_run_read(ValuesRun *run, const Collection *collection, const Node *edit,
	guint tensor, guint64 first, guint64 count, const void *raw, gpointer memory,
	GError **error);
/* Reads what one more edit wants into the same run; the memory must hold that too. */
gboolean values_run_read_more(ValuesRun *run, const Node *edit, GError **error);
/* Makes elements [at, at+n) of the run its chunk. */
void values_decode(ValuesRun *run, guint64 at, guint64 n);

#endif
