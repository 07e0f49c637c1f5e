/* align.h - which of a member's tensors is which of the base's, where their names differ.
 *
 * A name is matched, in this order: after the member's own rename rules; as it is, or as one of
 * several tied names; by one change for all of the member's names that matches more of them: a
 * prefix taken off or put on; by a convention (a row of one table), which must give every name at
 * most one partner.  The first rule that matches a name is used, and the rules are said.  A
 * convention matches nothing that shapes forbid; a prefix is not used where many shapes differ, and
 * the few that do are paired as names that are the same would be. */
#ifndef TAUSCOPE_ALIGN_H
#define TAUSCOPE_ALIGN_H

#include "checkpoint/checkpoint.h"

#define RENAME_MOST 1000 /* bytes of a rule */
#define RENAMES_MOST 32

typedef struct {
	gint *place;      /* [base tensors]: the member's tensor, or -1 */
	char *rules;      /* the rules used beyond equal names, as text; NULL: none.  Owned */
	GPtrArray *extra; /* of char *: the member's names that have no partner; owned */
	GPtrArray *notes; /* of char *: what else is to be said, as sentences; owned */
} Alignment;

/* `renames` holds REGEX=TEXT, split at the last `=` (GRegex; TEXT may have \\1), each applied to
 * what the one before has left; may be NULL.  ERROR_USAGE where one is not valid or gives two
 * tensors one name. */
gboolean align(const Checkpoint *base, const Checkpoint *member, const GPtrArray *renames,
	Alignment *alignment, GError **error);
void alignment_clear(Alignment *alignment);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Alignment, alignment_clear)

/* Whether two tensors are of one shape but for the number of rows of an embedding or head, by the
 * base's name: a vocabulary that grew or shrank. */
gboolean align_is_resized(const Tensor *base, const Tensor *member);

#endif
