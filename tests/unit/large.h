/* large.h - a model with many times more elements than are sampled, whose changes have tails of
 * several kinds. */
#ifndef TAUSCOPE_TEST_LARGE_H
#define TAUSCOPE_TEST_LARGE_H

#include "digits.h"

#include "core/rng.h"

typedef enum {
	TAILS_NORMAL,
	TAILS_LONG,   /* fall with the third power: no fourth moment */
	TAILS_SPARSE, /* one element in a hundred, of those */
} Tails;

static const struct {
	const char *name;
	guint64 rows, columns;
} large_shapes[] = {
	{"embed.weight", 2000, 400},
	{"blocks.0.attn.q.weight", 512, 512},
	{"blocks.0.attn.q.bias", 512, 1},
	{"blocks.0.mlp.fc_in.weight", 1024, 512},
	{"blocks.0.norm.weight", 48, 1},
	{"blocks.1.attn.q.weight", 512, 512},
	{"blocks.1.attn.q.bias", 512, 1},
	{"blocks.1.mlp.fc_in.weight", 1024, 512},
	{"blocks.1.norm.weight", 48, 1},
	{"head.weight", 100, 512},
};
#define LARGE_TENSORS G_N_ELEMENTS(large_shapes)

/* Above 0 and below 1. */
static inline double large_uniform(guint64 key, guint64 i)
{
	return (rng_uniform(key, i) * 0x1p53 + 0.5) * 0x1p-53;
}

static inline double large_normal(guint64 key, guint64 i)
{
	return sqrt(-2 * log(large_uniform(key, 2 * i))) *
	       cos(2 * G_PI * large_uniform(key, 2 * i + 1));
}

static inline double large_long(guint64 key, guint64 i)
{
	double uniform = 2 * large_uniform(key, i) - 1;
	return copysign(1 / cbrt(1 - fabs(uniform)) - 1, uniform);
}

static inline double large_change(Tails tails, guint64 key, guint64 i)
{
	switch (tails) {
	case TAILS_LONG:
		return large_long(key, i);
	case TAILS_SPARSE:
		return rng_uniform(key + 1, i) < 0.01 ? large_long(key, i) : 0;
	default:
		return large_normal(key, i);
	}
}

/* θ of one tensor: the base's, and a change that tasks have in part in common. */
static inline double *large_values(Tails tails, guint64 seed, guint member, guint tensor)
{
	guint64 n = large_shapes[tensor].rows * large_shapes[tensor].columns;
	double *values = g_new(double, n);
	guint64 base = rng_key(seed, large_shapes[tensor].name);
	guint64 common = base + 1000, own = base + 2000 + 10 * member;
	double scale = 0.001 * (1 + tensor % 3);
	for (guint64 i = 0; i < n; i++) {
		values[i] = 0.1 * (rng_uniform(base, i) - 0.5);
		if (member)
			values[i] += scale * (large_change(tails, own, i) +
						     0.5 * large_change(tails, common, i));
	}
	return values;
}

static inline Checkpoint *large_write(const char *folder, Tails tails, guint64 seed, guint member)
{
	g_autoptr(GError) error = NULL;
	TestTensor tensors[LARGE_TENSORS];
	for (guint t = 0; t < LARGE_TENSORS; t++)
		tensors[t] = (TestTensor){.name = large_shapes[t].name,
			.dtype = DTYPE_F32,
			.rank = large_shapes[t].columns > 1 ? 2 : 1,
			.shape = {large_shapes[t].rows, large_shapes[t].columns},
			.values = large_values(tails, seed, member, t)};
	g_autofree char *name = g_strdup_printf("%u.safetensors", member);
	g_autofree char *path = g_build_filename(folder, name, NULL);
	test_write_safetensors(path, tensors, LARGE_TENSORS);
	for (guint t = 0; t < LARGE_TENSORS; t++)
		g_free((double *)tensors[t].values);
	Checkpoint *checkpoint = checkpoint_open(path, &error);
	test_no_error(error);
	return checkpoint;
}

/* Three tasks, a, b and c, with all inner products. */
static inline Digits *large_model(const char *folder, Tails tails, guint64 seed)
{
	static const char *const names[] = {"a", "b", "c"};
	g_autoptr(GError) error = NULL;
	Collection *collection = collection_new(large_write(folder, tails, seed, 0));
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		collection_add(collection, names[i], MEMBER_TASK, NULL, -1,
			large_write(folder, tails, seed, i + 1), NULL, &error);
	test_no_error(error);
	return digits_of(collection, 2, 0);
}

#endif
