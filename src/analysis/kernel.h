/* kernel.h - the hot loops of the pass, in one text for several instruction sets.
 *
 * Numbers of at most single precision are subtracted and multiplied in single precision, and their
 * products added in chains of 64 that are widened to double.  A sum of n such products is off by
 * some 1e-6/√n of ‖a‖‖b‖; where all are the same, so that their roundings are too, by up to 1e-6.
 * What single precision cannot hold, and what is looked at through small differences, goes the wide
 * way, in double throughout.  Either way a pair's sum has the same bits whatever other vectors
 * stand beside its two; between instruction sets sums differ by less than 1e-7. */
#ifndef TAUSCOPE_KERNEL_H
#define TAUSCOPE_KERNEL_H

#include "core/dtype.h"

#include <math.h>

#if G_BYTE_ORDER != G_LITTLE_ENDIAN
#error "raw elements are read in place, and they are little-endian"
#endif

/* Elements that are worked on at a time; in double, fewer of them. */
#define KERNEL_BLOCK 4096u
#define KERNEL_BLOCK_WIDE 1024u
/* The multiple that vectors are padded to, with zeros. */
#define KERNEL_PAD 16u
/* Partial sums of each pair. */
#define KERNEL_LANES 8u

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

/* Raw elements are n ≤ KERNEL_BLOCK of a float type, aligned to 64 bytes; what is made of them is
 * padded.  A base of NULL is 0 everywhere, and changes nothing. */
typedef struct {
	const char *name;
	/* Makes θ − base in single precision and widens the extremes.  FALSE where that cannot be
	 * multiplied so: out holds zeros then, and the extremes are left alone.  That is so for
	 * F64, for NaN and Inf in θ or base, and where the largest change is so large or small that
	 * its products could leave the range of a float. */
	gboolean (*change)(const Coding *coding, const void *raw, const float *base, gsize n,
		float *out, Extremes *extremes);
	/* The same in double, of at most KERNEL_BLOCK_WIDE of any elements.  An Inf counts as NaN,
	 * so that it spreads to all that is made of it. */
	void (*change_wide)(const Coding *coding, const void *raw, const double *base, gsize n,
		double *out, Extremes *extremes);
	/* Adds ⟨vᵢ, vⱼ⟩ for first ≤ i < count and j ≤ i to the KERNEL_LANES of each pair, the rows
	 * of a packed lower triangle from row `first` on. */
	void (*products)(float *const *vectors, guint first, guint count, gsize n, double *lanes);
	/* The same in double, to one sum for each pair. */
	void (*products_wide)(
		double *const *vectors, guint first, guint count, gsize n, double *sums);
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
