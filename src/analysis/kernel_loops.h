/* kernel_loops.h - the one text of the hot loops; included once by each kernel_*.c.
 *
 * The file that includes it defines the types `vector` of WIDTH floats and `wide` of WIDTH / 2
 * doubles, their operations vector_* and wide_*, how many vectors its registers hold the products
 * of (GROUP x GROUP), and KERNEL, the table's name.  vector_min(a, b) and vector_max(a, b) give b
 * where a is NaN; vector_larger(a, b) is the larger of |a| and b by their bits, so that NaN is
 * larger than all; vector_least, vector_most and vector_largest are the same within one vector, of
 * numbers, numbers, and sizes; vector_low and vector_high are its halves in double; wide_min,
 * wide_max and wide_size are of numbers.  VECTOR_HALVES says that there are loads of half precision
 * too; other types are decoded first. */

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string.h>

/* Loops over registers have to be unrolled whole, or the registers become memory; GCC does so at
 * its highest level alone, whatever level the rest is built at. */
#ifdef __clang__
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 8")
#pragma GCC optimize("O3")
#endif

static gsize padded(gsize n)
{
	return (n + KERNEL_PAD - 1) / KERNEL_PAD * KERNEL_PAD;
}

#define WIDE_WIDTH (WIDTH / 2)

static inline wide wide_load(const double *from)
{
	wide v;
	memcpy(&v, from, sizeof v);
	return v;
}

static inline void wide_store(double *to, wide v)
{
	memcpy(to, &v, sizeof v);
}

static inline wide wide_set(double value)
{
	return value - (wide){0};
}

#include "analysis/kernel_change.h"
#include "analysis/kernel_products.h"
#include "analysis/kernel_wide.h"

static void hash(gpointer state, const void *raw, gsize length)
{
	XXH3_64bits_update(state, raw, length);
}

const Kernel KERNEL = {
	.name = KERNEL_NAME,
	.change = change,
	.change_wide = change_wide,
	.products = products,
	.products_wide = products_wide,
	.hash = hash,
};
