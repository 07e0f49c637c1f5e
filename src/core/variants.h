/* variants.h - loops that are compiled once for each instruction set, and chosen at run time.
 *
 * CPU_VARIANTS stands before a function whose loops the compiler turns into vector code.  Floating
 * point is neither contracted nor reordered in any of them, so all give the same bits.  Where the
 * linker cannot choose, or a sanitizer would run before it can, there is the plain one alone. */
#ifndef TAUSCOPE_VARIANTS_H
#define TAUSCOPE_VARIANTS_H

#include <features.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CPU_VARIANTS_NONE
#endif
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
	__has_feature(memory_sanitizer)
#define CPU_VARIANTS_NONE
#endif
#endif

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(CPU_VARIANTS_NONE)
#if defined(__clang__) && __clang_major__ >= 14 /* it crashes over some loops for AVX-512 */
#define CPU_VARIANTS __attribute__((target_clones("avx2", "default")))
#elif !defined(__clang__) && defined(__GNUC__) && __GNUC__ >= 12
#define CPU_VARIANTS __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#endif
#endif
#ifndef CPU_VARIANTS
#define CPU_VARIANTS
#endif

#endif
