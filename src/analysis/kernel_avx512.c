/* kernel_avx512.c - the hot loops for x86-64 with AVX-512. */
#ifdef __x86_64__

#include "analysis/kernel.h"

#include <immintrin.h>

typedef __m512d vector;

#define WIDTH 8u
#define UNROLL 4u
#define ROWS 4u
#define COLUMNS 4u
#define VECTOR_HALVES
#define KERNEL kernel_avx512
#define KERNEL_NAME "avx512"

static inline vector vector_load(const double *from)
{
	return _mm512_loadu_pd(from);
}

static inline void vector_store(double *to, vector v)
{
	_mm512_storeu_pd(to, v);
}

static inline vector vector_from_f64(const double *from)
{
	return vector_load(from);
}

static inline vector vector_from_f32(const float *from)
{
	return _mm512_cvtps_pd(_mm256_loadu_ps(from));
}

static inline vector vector_from_f16(const guint16 *from)
{
	return _mm512_cvtps_pd(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)from)));
}

static inline vector vector_from_bf16(const guint16 *from)
{
	__m256i bits = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)from));
	return _mm512_cvtps_pd(_mm256_castsi256_ps(_mm256_slli_epi32(bits, 16)));
}

static inline vector vector_set(double value)
{
	return _mm512_set1_pd(value);
}

static inline vector vector_add(vector a, vector b)
{
	return _mm512_add_pd(a, b);
}

static inline vector vector_subtract(vector a, vector b)
{
	return _mm512_sub_pd(a, b);
}

static inline vector vector_multiply_add(vector a, vector b, vector c)
{
	return _mm512_fmadd_pd(a, b, c);
}

static inline vector vector_min(vector a, vector b)
{
	return _mm512_min_pd(a, b);
}

static inline vector vector_max(vector a, vector b)
{
	return _mm512_max_pd(a, b);
}

static inline vector vector_absolute(vector a)
{
	return _mm512_abs_pd(a);
}

#include "analysis/kernel_loops.h"

#endif
