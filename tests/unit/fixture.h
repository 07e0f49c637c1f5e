/* fixture.h - small checkpoints that a test writes, collected and passed over. */
#ifndef TAUSCOPE_TEST_FIXTURE_H
#define TAUSCOPE_TEST_FIXTURE_H

#include "digits.h"

/* A scratch folder and what is opened in it. */
typedef struct {
	char *folder;
	Collection *collection;
} Fixture;

static inline Checkpoint *write_and_open(
	const char *folder, const char *name, const TestTensor *tensors, guint n)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *file = g_strconcat(name, ".safetensors", NULL);
	g_autofree char *path = g_build_filename(folder, file, NULL);
	test_write_safetensors(path, tensors, n);
	Checkpoint *checkpoint = checkpoint_open(path, &error);
	test_no_error(error);
	return checkpoint;
}

static inline Fixture fixture_new(const TestTensor *base, guint n)
{
	Fixture fixture = {.folder = test_folder()};
	fixture.collection = collection_new(write_and_open(fixture.folder, "base", base, n));
	return fixture;
}

static inline void fixture_add(
	Fixture *fixture, const char *name, const TestTensor *tensors, guint n)
{
	g_autoptr(GError) error = NULL;
	Checkpoint *checkpoint = write_and_open(fixture->folder, name, tensors, n);
	collection_add(fixture->collection, name, MEMBER_TASK, NULL, -1, checkpoint, NULL, &error);
	test_no_error(error);
}

/* The collection goes on living in `digits_of`'s result. */
static inline Digits *fixture_run(Fixture *fixture)
{
	return digits_of(g_steal_pointer(&fixture->collection), 2, 0);
}

static inline void fixture_clear(Fixture *fixture)
{
	collection_free(fixture->collection);
	test_folder_remove(fixture->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static inline const Statistics *statistics_of(const Digits *digits, guint member)
{
	return g_ptr_array_index(digits->statistics, member);
}

static inline double cell(const Digits *digits, guint tensor, guint i, guint j)
{
	return *gram_cell(digits->gram, tensor, i, j);
}

static inline guint tensor_of(const Digits *digits, const char *name)
{
	gint found = checkpoint_find(collection_member(digits->collection, 0)->checkpoint, name);
	g_assert_cmpint(found, >=, 0);
	return (guint)found;
}

#endif
