/* sealed.h - HDF5 files that carry the checksum of their contents in a block before them.
 *
 * The block is HDF5's own user block of 512 bytes, which every reader skips: two lines of text, the
 * kind of file with its layout version, and the XXH3-128 of all that follows.  A damaged or cut
 * file is refused before libhdf5 parses a byte of it (1.10 crashes on some of them). */
#ifndef TAUSCOPE_SEALED_H
#define TAUSCOPE_SEALED_H

#include "core/file.h"
#include "store/hdf5.h"

#define SEAL_BYTES 512u
#define SEALED_FILE_MOST (1u << 30)

typedef struct {
	const char *name; /* "store" */
	guint version;    /* the newest layout that this program reads, and the one it writes */
} SealKind;

/* A new HDF5 file in memory, its root marked with the kind: what the disk refuses is then refused
 * to us, and not to the library, which does not survive it. */
Hid sealed_create(const SealKind *kind, GError **error);
/* Closes the file (in any case), adds the checksum and writes it whole: synced, so that the commit
 * alone is left.  NULL with *error set. */
Output *sealed_write(Hid file, const char *path, const SealKind *kind, GError **error);

/* Reads a whole sealed file, checks it, and opens it.  H5I_INVALID_HID with *error
 * set where it is not of this kind, damaged, or written by a newer program. */
Hid sealed_open(const char *path, const SealKind *kind, GError **error);
/* Whether a file begins as a sealed file of this kind. */
gboolean sealed_is(const char *path, const SealKind *kind);

#endif
