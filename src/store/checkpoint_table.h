/* checkpoint_table.h - a checkpoint as a group of the store: its spans, sources and metadata. */
#ifndef TAUSCOPE_CHECKPOINT_TABLE_H
#define TAUSCOPE_CHECKPOINT_TABLE_H

#include "store/deferred.h"
#include "store/hdf5.h"
#include "store/store.h"

/* Writes the tables of a member into its group. */
gboolean checkpoint_table_write(
	const Checkpoint *checkpoint, const GPtrArray *sources, Hid group, GError **error);

/* Reads the sources of a member, as they were recorded: array of StoreSource. */
GPtrArray *checkpoint_table_sources(Hid group, GError **error);

/* Adds the tensors, metadata and skipped names to a checkpoint whose files are there already, and
 * seals it.  Every span is checked as strictly as one from a file: its type, shape and length must
 * agree, and lie within limit[file] bytes.  What a source makes is made by `deferred`. */
gboolean checkpoint_table_read(Checkpoint *checkpoint, const guint64 *limit, Deferred *deferred,
	Hid group, GError **error);

#endif
