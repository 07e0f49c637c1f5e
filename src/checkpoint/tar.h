/* tar.h - the members of a tar archive: where they lie in it.  Nothing is ever extracted. */
#ifndef TAUSCOPE_TAR_H
#define TAUSCOPE_TAR_H

#include "core/file.h"

#define TAR_BLOCK 512u
#define TAR_NAME 100u /* bytes of a name, with which a header begins */

typedef struct {
	char name[TAR_NAME + 1];
	char type;              /* '0' for a file; '2' for a symbolic link, and others */
	guint64 offset, length; /* of its contents */
} TarMember;

/* Whether these bytes are the header of a member, by its magic and its sum. */
gboolean tar_is_header(const guint8 *block);
/* The member whose header begins at *at, which moves to the next one.  FALSE at the end of the
 * archive, with no error, and where the header is damaged or the contents go beyond the file. */
gboolean tar_next(const File *file, guint64 *at, TarMember *member, GError **error);

#endif
