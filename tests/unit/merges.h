/* merges.h - a small model and tasks on it, for the tests of methods that make sparse.
 *
 * a and b are random; b has not the tensor vec.bias; c is 0.25 everywhere, and d the negative of a
 * but in every third element, where it is 0.  zero.weight is changed by none but c. */
#ifndef TAUSCOPE_TEST_MERGES_H
#define TAUSCOPE_TEST_MERGES_H

#include "edits.h"
#include "fixture.h"

#include <math.h>
#include <string.h>

enum { BIG, CONV, COUNT, ONE, SCALAR, VEC, ZERO, MERGE_TENSORS };

static const TestTensor merge_tensors[] = {
	{"big.weight", DTYPE_F32, 2, {60, 100}, NULL},
	{"conv.weight", DTYPE_F32, 4, {4, 3, 3, 3}, NULL},
	{"count", DTYPE_I64, 1, {2}, NULL},
	{"one.bias", DTYPE_F32, 1, {1}, NULL},
	{"scalar", DTYPE_F32, 0, {0}, NULL},
	{"vec.bias", DTYPE_F32, 1, {50}, NULL},
	{"zero.weight", DTYPE_F32, 2, {5, 4}, NULL},
};
static const guint64 merge_elements[] = {6000, 108, 2, 1, 1, 50, 20};
static const guint merge_floats[] = {BIG, CONV, ONE, SCALAR, VEC, ZERO};

/* What is added to the base: multiples of 2^-12, so that nothing is lost in F32. */
typedef double MergeChange(guint tensor, guint64 element);

static inline double merge_noise(guint tensor, guint64 element, double phase)
{
	double noise = sin(1.7 * (double)element + phase + tensor);
	return tensor == ZERO ? 0 : rint(noise * noise * noise * 4096) / 4096;
}

static inline double merge_none(guint tensor, guint64 element)
{
	(void)tensor;
	(void)element;
	return 0;
}

/* Mostly positive in one tensor and negative in another. */
static inline double merge_a(guint tensor, guint64 element)
{
	double tilt = tensor == CONV ? 0.5 : tensor == VEC ? -0.5 : 0;
	return merge_noise(tensor, element, 0.3) + tilt;
}

static inline double merge_b(guint tensor, guint64 element)
{
	return tensor == VEC ? 0 : merge_noise(tensor, element, 4.1);
}

static inline double merge_c(guint tensor, guint64 element)
{
	(void)tensor;
	(void)element;
	return 0.25;
}

static inline double merge_d(guint tensor, guint64 element)
{
	return element % 3 == 0 ? 0 : -merge_a(tensor, element);
}

static inline double *merge_values(guint tensor, MergeChange *change)
{
	guint64 n = merge_elements[tensor];
	double *values = g_new0(double, n);
	for (guint64 i = 0; i < n && tensor != COUNT; i++)
		values[i] = (double)(i * 37 % 64) / 64 + change(tensor, i);
	return values;
}

static inline void merge_write(Fixture *fixture, const char *name, MergeChange *change)
{
	g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
	TestTensor tensors[MERGE_TENSORS];
	guint count = 0;
	for (guint i = 0; i < MERGE_TENSORS; i++) {
		if (i == VEC && change == merge_b)
			continue;
		g_ptr_array_add(values, merge_values(i, change));
		tensors[count] = merge_tensors[i];
		tensors[count].values = g_ptr_array_index(values, values->len - 1);
		count++;
	}
	if (fixture->collection)
		fixture_add(fixture, name, tensors, count);
	else
		*fixture = fixture_new(tensors, count);
}

static inline Fixture merge_fixture(void)
{
	Fixture fixture = {0};
	merge_write(&fixture, "base", merge_none);
	merge_write(&fixture, "a", merge_a);
	merge_write(&fixture, "b", merge_b);
	merge_write(&fixture, "c", merge_c);
	merge_write(&fixture, "d", merge_d);
	return fixture;
}

/* The value of an edit on a tensor; g_free. */
static inline double *merged(const Fixture *fixture, const char *text, guint tensor)
{
	EditRun run = {.collection = fixture->collection, .text = text, .difference = TRUE};
	return edit_values(&run, tensor);
}

static inline double *merged_as(
	const Fixture *fixture, const char *text, ExpressionDefaults defaults, guint tensor)
{
	EditRun run = {.collection = fixture->collection,
		.text = text,
		.defaults = defaults,
		.difference = TRUE};
	return edit_values(&run, tensor);
}

#define AS_MERGEKIT ((ExpressionDefaults){DIALECT_MERGEKIT, 0})

static inline guint64 count_kept(const double *values, guint64 n)
{
	guint64 kept = 0;
	for (guint64 i = 0; i < n; i++)
		kept += values[i] != 0;
	return kept;
}

/* Asserts that factor times one edit is another, in every element of every tensor. */
static inline void assert_edits(
	const Fixture *fixture, const char *text, double factor, const char *expected)
{
	for (guint k = 0; k < G_N_ELEMENTS(merge_floats); k++) {
		guint tensor = merge_floats[k];
		g_autofree double *found = merged(fixture, text, tensor);
		g_autofree double *other = merged(fixture, expected, tensor);
		for (guint64 i = 0; i < merge_elements[tensor]; i++)
			if (found[i] != factor * other[i])
				g_error("%s: %.17g in element %d of %s, not %g times %.17g of %s",
					text, found[i], (int)i, merge_tensors[tensor].name, factor,
					other[i], expected);
	}
}

#endif
