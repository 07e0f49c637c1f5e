/* noise.h - weights whose task vectors have known cosines.
 *
 * An element of the base is b·z₀ and of task i is base + n·(√ρ·sᵢ·z_g(i) + √(1−ρ)·zᵢ), where all z
 * are independent, with mean 0 and deviation 1, and drawn for each element; g(i) is the group of
 * the task and sᵢ its sign.  So the cosine of two task vectors is expected to be ρ·sᵢ·sⱼ where they
 * share the group, else 0; that of the base with any is 0; and the norm of a task vector of N
 * elements is n·√N.  Sampling moves each by some 1/√N. */
#ifndef TAUSCOPE_BENCH_NOISE_H
#define TAUSCOPE_BENCH_NOISE_H

#include "core/dtype.h"

#define NOISE_BASE 0.02  /* b */
#define NOISE_TASK 0.002 /* n */

typedef enum {
	NOISE_EQUAL,   /* one group */
	NOISE_GROUPS,  /* groups of four */
	NOISE_OPPOSED, /* one group, every other task with the opposite sign */
	NOISE_PATTERNS
} NoisePattern;

typedef struct {
	NoisePattern pattern;
	double rho;
} Noise;

extern const char *const noise_pattern_names[NOISE_PATTERNS];

/* Tasks count from 1. */
double noise_cosine(const Noise *noise, guint i, guint j);
guint noise_group(const Noise *noise, guint task);

/* How much longer than n·√N, squared and relative, a task vector gets at most where θ is rounded to
 * a type: cosines shrink towards 0 by as much.  The spacing of a type with p bits after the leading
 * one is at most 2^-p·|θ|, and rounding has a twelfth of the squared spacing as variance. */
double noise_rounding(Dtype dtype);

/* Fills out[0 … n) with draws of mean 0 and deviation 1: elements first … (an even number) of the
 * tensor in a stream.  Streams: noise_base, noise_shared(group), noise_own(task). */
void noise_draw(guint64 stream, const char *tensor, guint64 first, gsize n, double *out);
guint64 noise_base(void);
guint64 noise_shared(guint group);
guint64 noise_own(guint task);

/* θ of a task, from θ of the base as it is stored, in place of `own`. */
void noise_add(const Noise *noise, guint task, const double *base, const double *shared, gsize n,
	double *own);

#endif
