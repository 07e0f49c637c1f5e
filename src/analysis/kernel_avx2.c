/* kernel_avx2.c - the hot loops for x86-64 with AVX2, FMA and F16C. */
#ifdef __x86_64__

#include "analysis/kernel.h"

#include <immintrin.h>

typedef __m256d vector;

#define WIDTH 4u
#define UNROLL 4u
#define ROWS 2u
#define COLUMNS 4u
#define VECTOR_HALVES
#define KERNEL kernel_avx2
#define KERNEL_NAME "avx2"

static inline vector vector_load(const double *from)
{
	return _mm256_loadu_pd(from);
}

static inline void vector_store(double *to, vector v)
{
	_mm256_storeu_pd(to, v);
}

static inline vector vector_from_f64(const double *from)
{
	return vector_load(from);
}

static inline vector vector_from_f32(const float *from)
{
	return _mm256_cvtps_pd(_mm_loadu_ps(from));
}

static inline vector vector_from_f16(const guint16 *from)
{
	return _mm256_cvtps_pd(_mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)from)));
}

static inline vector vector_from_bf16(const guint16 *from)
{
	__m128i bits = _mm_cvtepu16_epi32(_mm_loadl_epi64((const __m128i *)from));
	return _mm256_cvtps_pd(_mm_castsi128_ps(_mm_slli_epi32(bits, 16)));
}

static inline vector vector_set(double value)
{
	return _mm256_set1_pd(value);
}

static inline vector vector_add(vector a, vector b)
{
	return _mm256_add_pd(a, b);
}

static inline vector vector_subtract(vector a, vector b)
{
	return _mm256_sub_pd(a, b);
}

static inline vector vector_multiply_add(vector a, vector b, vector c)
{
	return _mm256_fmadd_pd(a, b, c);
}

static inline vector vector_min(vector a, vector b)
{
	return _mm256_min_pd(a, b);
}

static inline vector vector_max(vector a, vector b)
{
	return _mm256_max_pd(a, b);
}

static inline vector vector_absolute(vector a)
{
	return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a);
}

#include "analysis/kernel_loops.h"

#endif
