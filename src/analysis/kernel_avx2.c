/* kernel_avx2.c - the hot loops for x86-64 with AVX2, FMA and F16C. */
#ifdef __x86_64__

#include "analysis/kernel.h"

#include <immintrin.h>

typedef __m256 vector;
typedef __m256d wide;

#define WIDTH 8u
#define GROUP 3
#define VECTOR_HALVES
#define KERNEL kernel_avx2
#define KERNEL_NAME "avx2"

static inline vector vector_load(const float *from)
{
	return _mm256_loadu_ps(from);
}

static inline void vector_store(float *to, vector v)
{
	_mm256_storeu_ps(to, v);
}

static inline vector vector_from_f32(const float *from)
{
	return vector_load(from);
}

static inline vector vector_from_f16(const guint16 *from)
{
	return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)from));
}

static inline vector vector_from_bf16(const guint16 *from)
{
	__m256i bits = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)from));
	return _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16));
}

static inline vector vector_set(float value)
{
	return _mm256_set1_ps(value);
}

static inline vector vector_subtract(vector a, vector b)
{
	return _mm256_sub_ps(a, b);
}

static inline vector vector_multiply_add(vector a, vector b, vector c)
{
	return _mm256_fmadd_ps(a, b, c);
}

static inline vector vector_min(vector a, vector b)
{
	return _mm256_min_ps(a, b);
}

static inline vector vector_max(vector a, vector b)
{
	return _mm256_max_ps(a, b);
}

static inline vector vector_larger(vector a, vector b)
{
	__m256i size = _mm256_castps_si256(_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a));
	return _mm256_castsi256_ps(_mm256_max_epu32(size, _mm256_castps_si256(b)));
}

/* Each is folded into its lower half until one lane is left. */
#define FOLD(NAME, OPERATION)                                                                      \
	static inline float NAME(vector v)                                                         \
	{                                                                                          \
		v = OPERATION(v, _mm256_permute2f128_ps(v, v, 1));                                 \
		v = OPERATION(v, _mm256_permute_ps(v, 0x4e));                                      \
		v = OPERATION(v, _mm256_permute_ps(v, 0xb1));                                      \
		return _mm256_cvtss_f32(v);                                                        \
	}

FOLD(vector_least, vector_min)
FOLD(vector_most, vector_max)
FOLD(vector_largest, vector_larger)

static inline wide vector_low(vector v)
{
	return _mm256_cvtps_pd(_mm256_castps256_ps128(v));
}

static inline wide vector_high(vector v)
{
	return _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
}

static inline wide wide_min(wide a, wide b)
{
	return _mm256_min_pd(a, b);
}

static inline wide wide_max(wide a, wide b)
{
	return _mm256_max_pd(a, b);
}

static inline wide wide_size(wide a)
{
	return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a);
}

#include "analysis/kernel_loops.h"

#endif
