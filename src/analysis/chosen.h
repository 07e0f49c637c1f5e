/* chosen.h - the task vectors that a table or picture is about. */
#ifndef TAUSCOPE_CHOSEN_H
#define TAUSCOPE_CHOSEN_H

#include "checkpoint/collection.h"

/* Copies n members, or all tasks where n is 0, with their names; returns how many.  The caller
 * frees both arrays and each name. */
guint chosen_vectors(
	const Collection *collection, const guint *members, guint n, guint **member, char ***name);

#endif
