/* torch_members.h - the members of the tar archives that torch.save wrote before 0.2. */
#ifndef TAUSCOPE_TORCH_MEMBERS_H
#define TAUSCOPE_TORCH_MEMBERS_H

#include "checkpoint/tar.h"

typedef enum {
	TORCH_STORAGES,
	TORCH_TENSORS,
	TORCH_PICKLE,
	TORCH_SYS_INFO, /* the one that may be missing */
	TORCH_MEMBERS
} TorchMember;

/* Whether the first bytes of a file are a tar archive and one of them begins in it. */
gboolean torch_members_detect(const guint8 *head, gsize length);
/* Each of them, [TORCH_MEMBERS]; what is missing is of offset 0.  ERROR_INPUT where that is not
 * allowed, and where one is there twice or is no file. */
gboolean torch_members_find(const File *file, TarMember *members, GError **error);

#endif
