/* torch.h - what PyTorch saved: from a pickle's values to named tensors.
 *
 * A small list of constructors is known as data (formats.md 2.3); every other object is inert. */
#ifndef TAUSCOPE_TORCH_H
#define TAUSCOPE_TORCH_H

#include "checkpoint/checkpoint.h"
#include "checkpoint/pickle.h"
#include "checkpoint/source.h"

/* The storages that persistent ids name; what differs between the three file formats. */
typedef struct TorchStorages TorchStorages;
struct TorchStorages {
	const char *path; /* for errors */
	guint file;       /* the checkpoint's file */
	gboolean swapped; /* elements are big-endian */
	/* Whether the file has ids of classes (the legacy format's `module`). */
	gboolean has_classes;
	/* The bytes of a storage by its key, borrowed; NULL with *error set where there is none or
	 * it is shorter than `least` bytes. */
	Bytes *(*find)(TorchStorages *storages, const char *key, guint64 least, GError **error);
	gpointer data;
};

/* Finds the weights under the root, and adds their tensors, aliases, and what was passed over.
 * `pickle` may be freed afterwards. */
gboolean torch_collect(
	Checkpoint *checkpoint, TorchStorages *storages, const Pickle *pickle, GError **error);

extern const CheckpointFormat torch_legacy_format; /* torch_legacy.c: five pickles in a row */
extern const CheckpointFormat torch_tar_format;    /* torch_tar.c: torch before 0.2 */

#endif
