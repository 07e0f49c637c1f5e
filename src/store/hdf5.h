/* hdf5.h - small helpers over the HDF5 library: handles, errors as sentences, attributes, arrays.
 *
 * For the main thread alone.  What is read is checked first: kind of object, type, rank and size,
 * so that a file made by someone else cannot make us allocate or believe what it likes. */
#ifndef TAUSCOPE_HDF5_H
#define TAUSCOPE_HDF5_H

#include "core/error.h"

#include <hdf5.h>

/* A handle of any kind that closes itself: g_auto(Hid). */
typedef hid_t Hid;
static inline void hid_close(Hid id)
{
	H5Idec_ref(id);
}
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(Hid, hid_close, H5I_INVALID_HID)
static inline Hid hid_steal(Hid *id)
{
	Hid stolen = *id;
	*id = H5I_INVALID_HID;
	return stolen;
}

/* Silences the library's own messages in this thread, and keeps it from loading plugins and from
 * cleaning up at exit, where it crashes if a write has failed: our files are closed by then. */
void hdf5_quiet(void);

/* Sets *error to "WHAT NAME: the library's innermost reason" and returns FALSE. */
gboolean hdf5_fail(GError **error, ErrorCode code, const char *what, const char *name);

/* A name as the name of a link: without `/`, never "." or empty.  Free with g_free. */
char *hdf5_escape(const char *name);

/* Attributes of one value.  Putting NULL puts nothing; an absent text reads as NULL. */
gboolean hdf5_put_text(Hid object, const char *name, const char *text, GError **error);
gboolean hdf5_put_integer(Hid object, const char *name, gint64 number, GError **error);
gboolean hdf5_put_double(Hid object, const char *name, double number, GError **error);
gboolean hdf5_get_text(Hid object, const char *name, char **text, GError **error);
gboolean hdf5_get_integer(Hid object, const char *name, gint64 *number, GError **error);
gboolean hdf5_get_double(Hid object, const char *name, double *number, GError **error);

/* Groups and what lies in them.  hdf5_names gives the names of hard links alone, in byte order. */
Hid hdf5_create_group(Hid parent, const char *name, GError **error);
Hid hdf5_open_group(Hid parent, const char *name, GError **error);
GPtrArray *hdf5_names(Hid group, GError **error);
gboolean hdf5_link(Hid group, const char *name, const char *file, GError **error);

/* A dataset that lies in this very file: no other link, no external or virtual storage. */
Hid hdf5_open_dataset(Hid group, const char *name, GError **error);

/* One string of any length as a scalar dataset, under the escaped name, its own in an attribute. */
gboolean hdf5_write_string(Hid group, const char *name, const char *text, GError **error);
gboolean hdf5_read_string(Hid group, const char *link, char **name, char **text, GError **error);

/* A table of texts by key as a group of such strings. */
gboolean texts_write(GHashTable *texts, Hid parent, const char *name, GError **error);
gboolean texts_read(GHashTable *texts, Hid parent, const char *name, GError **error);

/* Arrays of numbers: `type` is a predefined little-endian type, which is also ours in memory. */
gboolean hdf5_write_array(Hid group, const char *name, Hid type, guint rank, const guint64 *shape,
	const void *values, GError **error);
/* Fails unless the dataset has this very shape and class; values has room for it. */
gboolean hdf5_read_array(Hid group, const char *name, Hid type, guint rank, const guint64 *shape,
	void *values, GError **error);

#endif
