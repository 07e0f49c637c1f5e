/* expression_complete.h - the names that can stand at a place in the text of an edit. */
#ifndef TAUSCOPE_EXPRESSION_COMPLETE_H
#define TAUSCOPE_EXPRESSION_COMPLETE_H

#include "checkpoint/collection.h"

/* What may replace bytes [*start, cursor) of the text, so that what is typed there becomes a whole
 * name: of a task or step, of a method ("ties("), of a parameter ("density="), a word of a choice,
 * or in a scope a layer or kind.  Ends with NULL; empty where no name can follow.  g_strfreev. */
char **expression_complete(
	const Collection *collection, const char *text, gsize cursor, gsize *start);

#endif
