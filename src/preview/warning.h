/* warning.h - what an edit leaves aside, and what it is likely not meant to be, in sentences that
 * become part of the result. */
#ifndef TAUSCOPE_WARNING_H
#define TAUSCOPE_WARNING_H

#include "analysis/gram.h"
#include "edit/expression.h"

/* Adds a sentence (char *) to `warnings`. */
void warning_add(GPtrArray *warnings, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Adds "3 tensors WHAT: a, b, c" unless the array (of guint) is empty. */
void warning_add_tensors(
	GPtrArray *warnings, const Collection *collection, const GArray *tensors, const char *what);

/* Adds one on tensors of an edit with values that are not finite, and the members (of blamed
 * [members]) that have them.  `elements` is how many there are, or 0 where that is not known. */
void warning_add_not_finite(GPtrArray *warnings, const Collection *collection,
	const GArray *tensors, const gboolean *blamed, guint64 elements);

/* Adds sentences on the tensors that are not float, on those where a task takes no part, and on
 * what a task has that the base has no place for. */
void warning_add_left_out(GPtrArray *warnings, const Collection *collection, const Node *edit);
/* The same of a part of a model, which carries nothing along. */
void warning_add_left_out_of_part(
	GPtrArray *warnings, const Collection *collection, const Node *edit);

/* Adds one where the tasks that take part speak against the base: all of them nearly parallel, or
 * one as large as the base itself. */
void warning_add_base(
	GPtrArray *warnings, const Collection *collection, const Gram *gram, const Node *edit);

/* Adds one where no tensor is left to be changed. */
void warning_add_nothing(GPtrArray *warnings, const Collection *collection, const Node *edit);

/* Adds sentences on calls that do other than they look like: weights that a method divides by
 * again, tensors that it drops whole, inputs that are 0 where it turns one into another. */
void warning_add_calls(
	GPtrArray *warnings, const Collection *collection, const Gram *gram, const Node *edit);

/* Adds one on calls that see rows, filters or columns, of an edit on which the sample has not all
 * of these whole. */
void warning_add_rows(GPtrArray *warnings, const Node *edit);

#endif
