/* archive.h - ZIP archives, which PyTorch, NumPy and Keras write: told apart by what is in them. */
#ifndef TAUSCOPE_ARCHIVE_H
#define TAUSCOPE_ARCHIVE_H

#include "checkpoint/checkpoint.h"
#include "checkpoint/zip.h"

extern const CheckpointFormat archive_format;

/* One row of the table of archives. */
typedef struct {
	const char *name; /* of the format: "torch-zip", "npz", "keras-zip" */
	/* Whether the entries are those of this kind. */
	gboolean (*holds)(const Zip *zip);
	/* Adds the archive's tensors; `file` is the number of the checkpoint's file. */
	gboolean (*read)(Checkpoint *checkpoint, guint file, const Zip *zip, GError **error);
} ArchiveKind;

extern const ArchiveKind torch_archive_kind; /* torch_archive.c */
extern const ArchiveKind npz_kind;           /* numpy.c */
extern const ArchiveKind keras_archive_kind; /* hdf5_weights.c */

#endif
