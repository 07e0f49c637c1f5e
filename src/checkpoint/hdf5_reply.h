/* hdf5_reply.h - reads what the child said of an HDF5 file.
 *
 * The bytes may say anything: lengths, kinds and texts are checked here, what they claim of the
 * file is checked by who uses it. */
#ifndef TAUSCOPE_HDF5_REPLY_H
#define TAUSCOPE_HDF5_REPLY_H

#include "checkpoint/hdf5_message.h"

/* What one name in the file leads to.  Borrowed from the reply, but for the chunks. */
typedef struct {
	const char *name;           /* UTF-8 */
	const char *reason;         /* why it is skipped; or NULL */
	const Hdf5Dataset *dataset; /* or NULL */
	const guint8 *values;       /* compact: dataset->length bytes; or NULL */
	GArray *chunks;             /* of Hdf5Chunk, cells rising; or NULL */
	guint64 object;             /* the dataset's; another name of it where dataset is NULL */
} Hdf5Row;

/* The rows in the order of the reply, which is aligned to 8 bytes and must outlive them.  NULL with
 * *error set where the file was refused, or the reply breaks off or makes no sense; `path` names
 * the file. */
GArray *hdf5_reply_read(const guint8 *reply, gsize length, const char *path, GError **error);

#endif
