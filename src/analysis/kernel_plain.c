/* kernel_plain.c - the hot loops for any processor: vectors of four floats, as the compiler likes.
 */
#include "analysis/kernel.h"

#include <string.h>

typedef float vector __attribute__((vector_size(16)));
typedef gint32 mask __attribute__((vector_size(16)));
typedef double wide __attribute__((vector_size(16)));
typedef gint64 wide_mask __attribute__((vector_size(16)));

#define WIDTH 4u
#define GROUP 3
#define KERNEL kernel_plain
#define KERNEL_NAME "plain"

static inline vector vector_load(const float *from)
{
	vector v;
	memcpy(&v, from, sizeof v);
	return v;
}

static inline void vector_store(float *to, vector v)
{
	memcpy(to, &v, sizeof v);
}

static inline vector vector_from_f32(const float *from)
{
	return vector_load(from);
}

static inline vector vector_set(float value)
{
	return (vector){value, value, value, value};
}

static inline vector vector_subtract(vector a, vector b)
{
	return a - b;
}

static inline vector vector_multiply_add(vector a, vector b, vector c)
{
	return a * b + c;
}

static inline vector vector_select(mask which, vector a, vector b)
{
	return (vector)((which & (mask)a) | (~which & (mask)b));
}

static inline vector vector_min(vector a, vector b)
{
	return vector_select(a < b, a, b);
}

static inline vector vector_max(vector a, vector b)
{
	return vector_select(a > b, a, b);
}

static inline vector vector_larger(vector a, vector b)
{
	mask size = (mask)a & (mask){G_MAXINT32, G_MAXINT32, G_MAXINT32, G_MAXINT32};
	return vector_select(size > (mask)b, (vector)size, b);
}

/* Each is folded into its lower half until one lane is left. */
#define FOLD(NAME, OPERATION)                                                                      \
	static inline float NAME(vector v)                                                         \
	{                                                                                          \
		v = OPERATION(v, (vector){v[2], v[3], v[0], v[1]});                                \
		v = OPERATION(v, (vector){v[1], v[0], v[3], v[2]});                                \
		return v[0];                                                                       \
	}

FOLD(vector_least, vector_min)
FOLD(vector_most, vector_max)
FOLD(vector_largest, vector_larger)

static inline wide vector_low(vector v)
{
	return (wide){(double)v[0], (double)v[1]};
}

static inline wide vector_high(vector v)
{
	return (wide){(double)v[2], (double)v[3]};
}

static inline wide wide_select(wide_mask which, wide a, wide b)
{
	return (wide)((which & (wide_mask)a) | (~which & (wide_mask)b));
}

static inline wide wide_min(wide a, wide b)
{
	return wide_select(a < b, a, b);
}

static inline wide wide_max(wide a, wide b)
{
	return wide_select(a > b, a, b);
}

static inline wide wide_size(wide a)
{
	return (wide)((wide_mask)a & (wide_mask){G_MAXINT64, G_MAXINT64});
}

#include "analysis/kernel_loops.h"
