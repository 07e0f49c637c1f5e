/* records.h - a table of texts and whole numbers as one compound dataset.
 *
 * Texts have a fixed width, that of the longest, so that any HDF5 reader shows them. */
#ifndef TAUSCOPE_RECORDS_H
#define TAUSCOPE_RECORDS_H

#include "store/hdf5.h"

#define RECORDS_MOST 1000000u

typedef enum { FIELD_TEXT, FIELD_UINT, FIELD_INT } FieldType;

typedef struct {
	const char *name;
	FieldType type;
} Field;

typedef struct Records Records;

/* An empty table; the fields end with a NULL name and are borrowed. */
Records *records_new(const Field *fields);
void records_free(Records *records);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Records, records_free)

/* Cells of the current row, from left to right. */
void records_add_text(Records *records, const char *text);
void records_add_uint(Records *records, guint64 number);
void records_add_int(Records *records, gint64 number);

guint records_count(const Records *records);
const char *records_text(const Records *records, guint row, guint field); /* borrowed */
guint64 records_uint(const Records *records, guint row, guint field);
gint64 records_int(const Records *records, guint row, guint field);

gboolean records_write(const Records *records, Hid group, const char *name, GError **error);
/* Reads a table that has at least these fields; NULL with *error set. */
Records *records_read(const Field *fields, Hid group, const char *name, GError **error);

#endif
