/* kernel_plain.c - the hot loops for any processor: vectors of two doubles, as the compiler likes.
 */
#include "analysis/kernel.h"

#include <string.h>

typedef double vector __attribute__((vector_size(16)));
typedef gint64 mask __attribute__((vector_size(16)));

#define WIDTH 2u
#define UNROLL 4u
#define ROWS 2u
#define COLUMNS 4u
#define KERNEL kernel_plain
#define KERNEL_NAME "plain"

static inline vector vector_load(const double *from)
{
	vector v;
	memcpy(&v, from, sizeof v);
	return v;
}

static inline void vector_store(double *to, vector v)
{
	memcpy(to, &v, sizeof v);
}

static inline vector vector_from_f64(const double *from)
{
	return vector_load(from);
}

static inline vector vector_from_f32(const float *from)
{
	return (vector){from[0], from[1]};
}

static inline vector vector_set(double value)
{
	return (vector){value, value};
}

static inline vector vector_add(vector a, vector b)
{
	return a + b;
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

static inline vector vector_absolute(vector a)
{
	return (vector)((mask)a & (mask){G_MAXINT64, G_MAXINT64});
}

#include "analysis/kernel_loops.h"
