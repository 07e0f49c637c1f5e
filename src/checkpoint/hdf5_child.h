/* hdf5_child.h - has a child process look at an HDF5 file, so that what the file does to libhdf5 it
 * does to nobody else.
 *
 * The child has no more than a processor second or so without getting on, ten in all, 1 GiB and the
 * one file; it is gone when this returns. */
#ifndef TAUSCOPE_HDF5_CHILD_H
#define TAUSCOPE_HDF5_CHILD_H

#include "checkpoint/hdf5_message.h"

/* What the child does: reads the image and writes into `fd`.  Calls `alive` where it gets on. */
typedef void (*Hdf5Work)(const Hdf5Image *image, int fd, void (*alive)(void));

/* All that the child wrote; NULL with *error set where it crashed, hung or said too much.  `path`
 * names the file in errors.
 *
 * Any thread, while no other is within libhdf5: the child has a copy of this thread alone, and
 * would wait for ever for a lock of the library that another holds.  The main thread calls the
 * library between jobs, and jobs do not call it while they read weights.  Other threads' locks do
 * not matter, since the child takes none but malloc's, which fork(2) hands over in order. */
GByteArray *hdf5_child_ask(Hdf5Work work, const Hdf5Image *image, const char *path, GError **error);

#endif
