/* strands.h - the vectors of one tensor, worked on block by block: decode, subtract, multiply. */
#ifndef TAUSCOPE_STRANDS_H
#define TAUSCOPE_STRANDS_H

#include "analysis/kernel.h"

#include <xxhash.h>

/* One vector of the tensor in hand. */
typedef struct {
	Coding coding;
	gsize size;          /* bytes of an element */
	guint8 *raw;         /* the run that was read, aligned to 64 bytes */
	gsize held;          /* elements of it that the vector has; τ is 0 beyond them */
	gboolean difference; /* elements are τ, not θ */
	gboolean wide;       /* its products with others that are wide are made in double */
	gboolean fits;       /* whether the block in hand can be multiplied in single precision */
	Extremes extremes;
	XXH3_state_t *state; /* of the hash of its bytes */
} Strand;

/* One worker's vectors, those that are fresh from `first` on, and what has been added up of them.
 */
typedef struct {
	guint count, first, base;
	Strand *strand;   /* [count] */
	float **vector;   /* [count]: τ of the block in hand; of the base θ₀ */
	double **wide;    /* [count]: the same in double, where it is wanted */
	double *lanes;    /* [cells][KERNEL_LANES], summed from single precision */
	double *sums;     /* [cells], summed in double */
	double *products; /* [cells] of the block in hand */
	double **chosen;  /* [count]: those of `wide` that take part */
	guint *place;     /* [count]: their numbers */
	gpointer memory;
} Strands;

/* Bytes of the buffers of so many vectors with so many pairs. */
gsize strands_bytes(guint vectors, gsize cells);
/* Buffers for at most so many. */
void strands_init(Strands *strands, guint vectors, gsize cells);
void strands_clear(Strands *strands, guint vectors);

/* Begins a stripe: nothing added, nothing known. */
void strands_begin(Strands *strands);
/* Hashes and works on elements [offset, offset+n) of the runs, n ≤ KERNEL_BLOCK; only the last
 * block of a stripe is shorter. */
void strands_work(Strands *strands, const Kernel *kernel, gsize offset, gsize n);
/* sums[cells]: what the stripe's blocks came to, rows of the packed triangle from the first fresh
 * vector on. */
void strands_total(const Strands *strands, double *sums);

#endif
