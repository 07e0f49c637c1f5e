/* variants.h - loops that are compiled once for each instruction set, and chosen at run time.
 *
 * CPU_VARIANTS stands before a function whose loops the compiler turns into vector code.  Floating
 * point is neither contracted nor reordered in any of them (-ffp-contract=off), so all give the
 * same bits.  Clang 14 gives such functions names that other files do not find, and a sanitizer
 * would run before the choice is made: there, and where the linker cannot choose, is the plain one
 * alone. */
#ifndef TAUSCOPE_VARIANTS_H
#define TAUSCOPE_VARIANTS_H

#include <features.h>

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && __GNUC__ >= 12 &&          \
	!defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CPU_VARIANTS __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define CPU_VARIANTS
#endif

#endif
