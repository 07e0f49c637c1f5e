/* toy.h - small checkpoints, loaded, for the tests of edits and exports. */
#ifndef TAUSCOPE_TEST_TOY_H
#define TAUSCOPE_TEST_TOY_H

#include "checkpoint/collection.h"
#include "test.h"

static inline Checkpoint *open_checked(const char *path)
{
	g_autoptr(GError) error = NULL;
	Checkpoint *checkpoint = checkpoint_open(path, &error);
	test_no_error(error);
	return checkpoint;
}

static inline void add_member(Collection *collection, const char *name, MemberRole role,
	const char *run, gint64 step, const char *path)
{
	g_autoptr(GError) error = NULL;
	collection_add(collection, name, role, run, step, open_checked(path), NULL, &error);
	test_no_error(error);
}

/* A model of five layers with an embedding, a head and an integer buffer; all float tensors have
 * two elements, with `first` and `second` as their values. */
static inline void write_toy(const char *path, double first, double second)
{
	const double values[] = {first, second};
	TestTensor tensors[] = {
		{"blocks.0.attn.q.weight", DTYPE_F32, 1, {2}, values},
		{"blocks.1.attn.q.weight", DTYPE_F32, 1, {2}, values},
		{"blocks.2.mlp.fc_in.weight", DTYPE_F32, 1, {2}, values},
		{"blocks.3.attn.q.weight", DTYPE_F32, 1, {2}, values},
		{"blocks.4.attn.q.weight", DTYPE_F32, 1, {2}, values},
		{"embed.weight", DTYPE_F32, 1, {2}, values},
		{"head.weight", DTYPE_F32, 1, {2}, values},
		{"seen", DTYPE_I64, 1, {2}, NULL},
	};
	test_write_safetensors(path, tensors, G_N_ELEMENTS(tensors));
}

static inline void add_toy(Collection *collection, const char *folder, const char *name,
	MemberRole role, const char *run, gint64 step, double first, double second)
{
	g_autofree char *file = g_strdup_printf("%s.safetensors", name);
	g_autofree char *path = g_build_filename(folder, file, NULL);
	write_toy(path, first, second);
	add_member(collection, name, role, run, step, path);
}

/* Base (1, 2); a = (2, 4), b = (0, 1), mnist with steps 40 and 400 and its end at 500,
 * mnist-inv with step 40, and names that need quotes. */
static inline Collection *toy_collection(const char *folder)
{
	g_autofree char *base = g_build_filename(folder, "base.safetensors", NULL);
	write_toy(base, 1, 2);
	Collection *collection = collection_new(open_checked(base));
	add_toy(collection, folder, "a", MEMBER_TASK, NULL, -1, 2, 4);
	add_toy(collection, folder, "b", MEMBER_TASK, NULL, -1, 0, 1);
	add_toy(collection, folder, "mnist@40", MEMBER_STEP, "mnist", 40, 1.25, 2);
	add_toy(collection, folder, "mnist@400", MEMBER_STEP, "mnist", 400, 1.5, 2);
	add_toy(collection, folder, "mnist", MEMBER_TASK, "mnist", 500, 1.75, 2);
	add_toy(collection, folder, "mnist-inv@40", MEMBER_STEP, "mnist-inv", 40, 3, 3);
	add_toy(collection, folder, "mnist-inv", MEMBER_TASK, "mnist-inv", -1, 5, 5);
	add_toy(collection, folder, "4x big", MEMBER_TASK, NULL, -1, 6, 6);
	add_toy(collection, folder, "ελ", MEMBER_TASK, NULL, -1, 7, 7);
	return collection;
}

#endif
