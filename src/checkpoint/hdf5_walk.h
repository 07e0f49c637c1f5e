/* hdf5_walk.h - what is in an HDF5 file, told by libhdf5 record by record.
 *
 * For a child process alone, without GLib's functions and locks: the library crashes and hangs on
 * some files, and worse may be done with others. */
#ifndef TAUSCOPE_HDF5_WALK_H
#define TAUSCOPE_HDF5_WALK_H

#include "checkpoint/hdf5_driver.h"
#include "checkpoint/hdf5_speaker.h"

/* Says all that there is to say of the image, up to HDF5_END or HDF5_REFUSED.  Calls `alive` now
 * and then, when something has been done. */
void hdf5_walk(const Hdf5Image *image, int fd, void (*alive)(void));

/* A group that is to be visited. */
typedef struct Hdf5Group Hdf5Group;
struct Hdf5Group {
	Hdf5Group *next;
	char *path; /* "" for the root */
};

/* What its parts share.  Nothing is freed: the process ends with the walk. */
typedef struct {
	Hdf5Speaker speaker;
	Hdf5Notes notes;
	void (*alive)(void);
	hid_t file;
	void *seen;                      /* tree of the objects that were met, by place */
	Hdf5Group *groups, **last_group; /* the one that is visited, and those to come */
	const char *name;                /* of the object at hand; "" for the file */
	gboolean refused;
} Hdf5Walk;

/* Both say that the file is refused, and return FALSE; the second with the library's reason. */
gboolean hdf5_walk_refuse(Hdf5Walk *walk, const char *reason, const char *remedy);
gboolean hdf5_walk_fail(Hdf5Walk *walk, const char *doing);
void hdf5_walk_skip(Hdf5Walk *walk, const char *reason);

/* The dataset at hand: says what it is, or why it is skipped; FALSE where the file is refused.
 * `object` is where it lies. (hdf5_describe.c) */
gboolean hdf5_describe(Hdf5Walk *walk, hid_t dataset, guint64 object);
/* Whether a type is one of ours, and which; else what it is. (hdf5_type.c) */
gboolean hdf5_type_of(hid_t type, Hdf5Dataset *about, const char **what);
/* Says where the chunks of a dataset lie; `plan` is how it was made, `space` its shape.
 * (hdf5_grid.c) */
gboolean hdf5_tell_chunks(
	Hdf5Walk *walk, hid_t dataset, hid_t plan, hid_t space, const Hdf5Dataset *about);

#endif
