/* resolve.h - the names in an edit: which member they mean, and what to say where they mean none.
 */
#ifndef TAUSCOPE_RESOLVE_H
#define TAUSCOPE_RESOLVE_H

#include "checkpoint/collection.h"
#include "edit/token.h"

/* The task or step that a name token means. */
gboolean resolve_task(const Collection *collection, const char *text, const Token *token,
	guint *member, GError **error);

/* Whether byte `at` lies in the unquoted name of a member that needs quotes; *error says so then.
 */
gboolean resolve_wants_quotes(
	const Collection *collection, const char *text, gsize at, GError **error);

/* Sets the error for a call of an unknown method. */
void resolve_fail_method(const char *name, guint column, GError **error);

#endif
