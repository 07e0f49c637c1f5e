/* kernel_avx512.c - the hot loops for x86-64 with AVX-512. */
#ifdef __x86_64__

#include "analysis/kernel.h"

#include <immintrin.h>

typedef __m512 vector;
typedef __m512d wide;

#define WIDTH 16u
#define GROUP 5
#define VECTOR_HALVES
#define KERNEL kernel_avx512
#define KERNEL_NAME "avx512"

static inline vector vector_load(const float *from)
{
	return _mm512_loadu_ps(from);
}

static inline void vector_store(float *to, vector v)
{
	_mm512_storeu_ps(to, v);
}

static inline vector vector_from_f32(const float *from)
{
	return vector_load(from);
}

static inline vector vector_from_f16(const guint16 *from)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)from));
}

static inline vector vector_from_bf16(const guint16 *from)
{
	__m512i bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)from));
	return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
}

static inline vector vector_set(float value)
{
	return _mm512_set1_ps(value);
}

static inline vector vector_subtract(vector a, vector b)
{
	return _mm512_sub_ps(a, b);
}

static inline vector vector_multiply_add(vector a, vector b, vector c)
{
	return _mm512_fmadd_ps(a, b, c);
}

static inline vector vector_min(vector a, vector b)
{
	return _mm512_min_ps(a, b);
}

static inline vector vector_max(vector a, vector b)
{
	return _mm512_max_ps(a, b);
}

static inline vector vector_larger(vector a, vector b)
{
	__m512i size = _mm512_castps_si512(_mm512_abs_ps(a));
	return _mm512_castsi512_ps(_mm512_max_epu32(size, _mm512_castps_si512(b)));
}

static inline float vector_least(vector v)
{
	return _mm512_reduce_min_ps(v);
}

static inline float vector_most(vector v)
{
	return _mm512_reduce_max_ps(v);
}

static inline float vector_largest(vector v)
{
	guint32 bits = _mm512_reduce_max_epu32(_mm512_castps_si512(v));
	return _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128((gint32)bits)));
}

static inline wide vector_low(vector v)
{
	return _mm512_cvtps_pd(_mm512_castps512_ps256(v));
}

static inline wide vector_high(vector v)
{
	return _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1)));
}

static inline wide wide_min(wide a, wide b)
{
	return _mm512_min_pd(a, b);
}

static inline wide wide_max(wide a, wide b)
{
	return _mm512_max_pd(a, b);
}

static inline wide wide_size(wide a)
{
	return _mm512_abs_pd(a);
}

#include "analysis/kernel_loops.h"

#endif
