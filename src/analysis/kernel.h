/* kernel.h - the hot loops of the pass, in one text for several instruction sets.
 *
 * Everything is done in double: differences of float32 weights are then exact or nearly so, and
 * no product of them can overflow or vanish (of F64 some can, see pass.h).  A sum of products has
 * the same bits whatever other vectors stand beside its two; between instruction sets it may differ
 * by some 1e-16. */
#ifndef TAUSCOPE_KERNEL_H
#define TAUSCOPE_KERNEL_H

#include "core/dtype.h"

#include <math.h>

#if G_BYTE_ORDER != G_LITTLE_ENDIAN
#error "raw elements are read in place, and they are little-endian"
#endif

/* Elements that are worked on at a time, and the multiple that arrays are padded to. */
#define KERNEL_BLOCK 2048u
#define KERNEL_PAD 8u

/* What a run of elements is bounded by.  Starts as EXTREMES_NONE. */
typedef struct {
	double minimum, maximum; /* of the finite elements of θ */
	double largest_change;   /* |θ − base|, where it is known */
	guint64 nonfinite;
} Extremes;

#define EXTREMES_NONE ((Extremes){INFINITY, -INFINITY, 0, 0})

/* An element type, and what its codes mean where they are bytes. */
typedef struct {
	Dtype dtype;
	double value[256];
} Coding;

void coding_init(Coding *coding, Dtype dtype);

typedef struct {
	const char *name;
	/* n ≤ KERNEL_BLOCK raw elements of a float type, aligned to their size, become θ − base
	 * (NULL: θ), with zeros up to the pad; the extremes are widened.  An Inf counts as NaN, so
	 * that it spreads to all that is made of it. */
	void (*change)(const Coding *coding, const void *raw, const double *base, gsize n,
		double *out, Extremes *extremes);
	/* Adds ⟨vᵢ, vⱼ⟩ for first ≤ i < count and j ≤ i to sums, the rows of a packed lower
	 * triangle from row `first` on.  Vectors are padded with zeros. */
	void (*products)(double *const *vectors, guint first, guint count, gsize n, double *sums);
	/* XXH3_64bits_update on an XXH3_state_t, with this instruction set. */
	void (*hash)(gpointer state, const void *raw, gsize length);
} Kernel;

extern const Kernel kernel_plain;
#ifdef __x86_64__
extern const Kernel kernel_avx2, kernel_avx512;
#endif

/* The kernels that this processor can run, fastest first, NULL at the end. */
void kernel_list(const Kernel *kernels[4]);
/* The fastest of them. */
const Kernel *kernel_choose(void);

#endif
