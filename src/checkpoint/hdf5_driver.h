/* hdf5_driver.h - a file driver for libhdf5 that reads one open file, or a part of it, or memory.
 *
 * The library so opens nothing by name, whatever a file tells it to.  It has no call that gives the
 * place of one chunk without looking at all of them, but it can be asked to read one: the driver
 * then notes what is asked for. */
#ifndef TAUSCOPE_HDF5_DRIVER_H
#define TAUSCOPE_HDF5_DRIVER_H

#include "checkpoint/hdf5_message.h"

#include <hdf5.h>

/* Where the driver notes reads of raw data while `noting`; the buffers then stay as they are. */
typedef struct {
	gboolean opened; /* a second file is none of ours */
	gboolean noting;
	guint reads;
	guint64 offset, length; /* of the last one */
} Hdf5Notes;

/* Opens the image read-only; negative where the library refuses it.  Both must outlive the file. */
hid_t hdf5_driver_open(const Hdf5Image *image, Hdf5Notes *notes);

#endif
