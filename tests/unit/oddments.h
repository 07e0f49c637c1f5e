/* oddments.h - a base and three tasks whose tensors are of all odd kinds, as files and as numbers.
 */
#ifndef TAUSCOPE_TEST_ODDMENTS_H
#define TAUSCOPE_TEST_ODDMENTS_H

#include "fixture.h"

#include <math.h>

typedef enum {
	CHANGES_MIXED, /* of both signs, some 0, some tiny */
	CHANGES_NONE,
	CHANGES_SMALL, /* of both signs, of a size of 0.01 */
	CHANGES_TINY,  /* of 0.0001 */
	CHANGES_EQUAL, /* 0.0625 in every task */
	CHANGES_TWO,   /* the last task has not the tensor */
} Changes;

static const struct {
	const char *name;
	guint rank;
	guint64 shape[4];
	Changes changes;
} oddments[] = {
	{"layers.0.conv.weight", 4, {3, 2, 2, 3}, CHANGES_MIXED},
	{"layers.0.fc.weight", 2, {6, 7}, CHANGES_MIXED},
	{"layers.0.half.weight", 2, {4, 5}, CHANGES_TWO},
	{"layers.1.long.weight", 2, {2, 700}, CHANGES_MIXED},
	{"layers.1.point.weight", 4, {6, 2, 1, 1}, CHANGES_MIXED},
	{"layers.1.small.weight", 2, {3, 8}, CHANGES_SMALL},
	{"layers.1.tiny.weight", 2, {3, 8}, CHANGES_TINY},
	{"layers.1.wide.weight", 2, {40, 300}, CHANGES_MIXED},
	{"norm.bias", 1, {33}, CHANGES_MIXED},
	{"norm.equal", 1, {9}, CHANGES_EQUAL},
	{"norm.one", 1, {1}, CHANGES_MIXED},
	{"norm.scalar", 0, {0}, CHANGES_MIXED},
	{"norm.still", 2, {4, 3}, CHANGES_NONE},
};

#define ODDMENTS G_N_ELEMENTS(oddments)
#define TASKS 3

/* θ₀ and the changes as doubles have them, of each tensor. */
typedef struct {
	Fixture fixture;
	guint64 n[ODDMENTS], row[ODDMENTS];
	double *base[ODDMENTS], *change[TASKS][ODDMENTS];
} Odd;

static inline guint64 odd_elements(guint tensor)
{
	guint64 n = 1;
	for (guint i = 0; i < oddments[tensor].rank; i++)
		n *= oddments[tensor].shape[i];
	return n;
}

static inline double odd_change(GRand *random, Changes changes)
{
	double size = g_rand_double_range(random, -0.1, 0.1), draw = g_rand_double(random);
	if (changes == CHANGES_NONE || draw < 0.2)
		return 0;
	if (changes == CHANGES_SMALL || changes == CHANGES_TINY)
		return size * (changes == CHANGES_SMALL ? 0.1 : 0.001);
	return draw < 0.3 ? size * 1e-5 : size;
}

/* θ₀ is a multiple of 2^-10, so that θ₀ + 0.0625 - θ₀ is 0.0625. */
static inline void odd_fill(Odd *odd, GRand *random, guint tensor, double *theta[TASKS])
{
	Changes changes = oddments[tensor].changes;
	for (guint64 i = 0; i < odd->n[tensor]; i++) {
		double base = g_rand_int_range(random, -2048, 2048) / 1024.0;
		odd->base[tensor][i] = base;
		for (guint j = 0; j < TASKS; j++) {
			double change =
				changes == CHANGES_EQUAL ? 0.0625 : odd_change(random, changes);
			if (changes == CHANGES_TWO && j == TASKS - 1)
				change = 0;
			theta[j][i] = base + change;
			odd->change[j][tensor][i] = theta[j][i] - base;
		}
	}
}

static inline TestTensor odd_tensor(guint tensor, const double *values)
{
	TestTensor made = {oddments[tensor].name, DTYPE_F64, oddments[tensor].rank, {0}, values};
	memcpy(made.shape, oddments[tensor].shape, sizeof made.shape);
	return made;
}

static inline void odd_clear(Odd *odd)
{
	for (guint i = 0; i < ODDMENTS; i++) {
		g_free(odd->base[i]);
		for (guint j = 0; j < TASKS; j++)
			g_free(odd->change[j][i]);
	}
	fixture_clear(&odd->fixture);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Odd, odd_clear)

/* Of F64, so that what is read is what is here. */
static inline Odd odd_new(guint32 seed)
{
	Odd odd = {0};
	TestTensor base[ODDMENTS], task[TASKS][ODDMENTS];
	guint tasks[TASKS] = {0};
	g_autoptr(GRand) random = g_rand_new_with_seed(seed);
	g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < ODDMENTS; i++) {
		double *theta[TASKS];
		odd.n[i] = odd_elements(i);
		odd.row[i] =
			oddments[i].rank < 2 ? odd.n[i] : oddments[i].shape[oddments[i].rank - 1];
		odd.base[i] = g_new(double, odd.n[i]);
		for (guint j = 0; j < TASKS; j++) {
			odd.change[j][i] = g_new(double, odd.n[i]);
			theta[j] = g_new(double, odd.n[i]);
			g_ptr_array_add(kept, theta[j]);
		}
		odd_fill(&odd, random, i, theta);
		base[i] = odd_tensor(i, odd.base[i]);
		for (guint j = 0; j < TASKS; j++)
			if (oddments[i].changes != CHANGES_TWO || j < TASKS - 1)
				task[j][tasks[j]++] = odd_tensor(i, theta[j]);
	}
	odd.fixture = fixture_new(base, ODDMENTS);
	fixture_add(&odd.fixture, "a", task[0], tasks[0]);
	fixture_add(&odd.fixture, "b", task[1], tasks[1]);
	fixture_add(&odd.fixture, "c", task[2], tasks[2]);
	return odd;
}

#endif
