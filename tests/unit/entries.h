/* entries.h - checkpoints of names and shapes alone, for the tests of aligning. */
#ifndef TAUSCOPE_TEST_ENTRIES_H
#define TAUSCOPE_TEST_ENTRIES_H

#include "checkpoint/checkpoint.h"
#include "test.h"

/* A tensor, or another name of one. */
typedef struct {
	const char *name;
	guint64 rows, columns; /* columns 0: a vector */
	const char *tied_to;   /* it is another name of this */
} Entry;

static inline void add_entry(Checkpoint *checkpoint, const Entry *entry)
{
	const guint64 shape[] = {entry->rows, entry->columns};
	Tensor tensor = {.name = g_strdup(entry->name),
		.dtype = DTYPE_F32,
		.rank = entry->columns ? 2 : 1,
		.elements = entry->rows * MAX(entry->columns, 1)};

	if (entry->tied_to) {
		g_free(tensor.name);
		checkpoint_add_alias(checkpoint, entry->name, entry->tied_to);
		return;
	}
	tensor.shape = g_memdup2(shape, tensor.rank * sizeof *shape);
	tensor.bytes = tensor.elements * 4;
	checkpoint_add_tensor(checkpoint, tensor);
}

/* Entries up to one without a name. */
static inline Checkpoint *make(const char *format, const Entry *entries)
{
	g_autoptr(GError) error = NULL;
	Checkpoint *checkpoint = checkpoint_new("made.up", format);

	checkpoint_add_file(checkpoint, "made.up", NULL);
	for (; entries->name; entries++)
		add_entry(checkpoint, entries);
	checkpoint_seal(checkpoint, &error);
	test_no_error(error);
	return checkpoint;
}

#endif
