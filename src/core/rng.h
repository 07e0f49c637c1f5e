/* rng.h - counter-based random numbers: (seed, tensor name, element index) → number.
 *
 * A draw depends on nothing but its key and its index, so a preview of one layer, an export, and
 * any number of threads all see the same numbers.  SplitMix64's finaliser (Steele et al. 2014). */
#ifndef TAUSCOPE_RNG_H
#define TAUSCOPE_RNG_H

#include <glib.h>

/* The key of one tensor's stream. */
guint64 rng_key(guint64 seed, const char *tensor);
/* 64 random bits. */
guint64 rng_bits(guint64 key, guint64 index);
/* Uniform in [0, 1), 53 bits. */
double rng_uniform(guint64 key, guint64 index);
/* The same of index, index + 1, ...: out[n]. */
void rng_uniforms(guint64 key, guint64 index, guint64 n, double *out);

/* A number that nobody can foresee, for the keys of hash tables.  From the system, without opening
 * a file: who reads a checkpoint opens nothing else. */
guint64 rng_unforeseen(void);

#endif
