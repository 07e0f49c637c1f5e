/* tensors.h - tensors of opened checkpoints as numbers. */
#ifndef TAUSCOPE_TEST_TENSORS_H
#define TAUSCOPE_TEST_TENSORS_H

#include "checkpoint/checkpoint.h"
#include "test.h"

#include <math.h>
#include <string.h>

/* Numbers of either sign that repeat with no short period. */
static inline double *test_numbers(guint64 n, double phase)
{
	double *numbers = g_new(double, MAX(n, 1));
	for (guint64 i = 0; i < n; i++)
		numbers[i] = (double)(float)sin(1.7 * (double)i + phase);
	return numbers;
}

static inline Checkpoint *test_open(const char *path)
{
	g_autoptr(GError) error = NULL;
	Checkpoint *checkpoint = checkpoint_open(path, &error);
	test_no_error(error);
	return checkpoint;
}

/* Elements [first, first+count) as double; g_free. */
static inline double *test_read(
	const Checkpoint *checkpoint, guint tensor, guint64 first, guint64 count)
{
	g_autoptr(GError) error = NULL;
	Dtype dtype = checkpoint_tensor(checkpoint, tensor)->dtype;
	g_autofree guint8 *raw = g_malloc(MAX(count * 8, 1));
	double *values = g_new(double, MAX(count, 1));
	checkpoint_read_raw(checkpoint, tensor, first, count, raw, &error);
	test_no_error(error);
	dtype_decode_double(dtype, raw, count, values);
	return values;
}

/* All elements of a named tensor, which must be there; g_free. */
static inline double *test_read_named(const Checkpoint *checkpoint, const char *name)
{
	gint found = checkpoint_find(checkpoint, name);
	g_assert_cmpint(found, >=, 0);
	return test_read(
		checkpoint, (guint)found, 0, checkpoint_tensor(checkpoint, (guint)found)->elements);
}

static inline void test_near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		g_error("%.17g is not within %g of %.17g", value, tolerance, expected);
}

#endif
