/* mask.h - masks that were drawn before, by this or another program, read from a checkpoint.
 *
 * "FILE::SUFFIX" names the tensor NAME::SUFFIX of FILE for each tensor NAME of the base; "FILE"
 * alone, of input i of several, NAME::i where that exists, else NAME.  An element that is not 0
 * survives.  Shapes may differ, but not the number of elements. */
#ifndef TAUSCOPE_MASK_H
#define TAUSCOPE_MASK_H

#include "core/latch.h"
#include "edit/expression.h"

/* The parameter of a call that names masks; and the file within its text (g_free). */
#define MASK_PARAMETER "mask"
char *mask_path(const char *text);

/* Where the mask of each input of a call is, for each tensor on which it acts. */
typedef struct Masks Masks;

/* Looks for all that a call needs, without reading an element.  NULL with *error set: ERROR_INPUT
 * where a mask is missing or of another size, naming both tensor and file. */
Masks *masks_open(const Collection *collection, const Node *call, const char *text, GError **error);
void masks_free(Masks *masks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Masks, masks_free)

/* Reads what an input's mask says of elements first, first + 1, ..., or of those at `places`,
 * ascending: draws[n], MASK_SURVIVES or MASK_DROPPED.  Any thread.  Where it cannot be read, or
 * holds NaN, that is noted, and the draws are all MASK_DROPPED. */
#define MASK_SURVIVES 1.0
#define MASK_DROPPED (-1.0)
void masks_read(const Masks *masks, guint tensor, guint input, guint64 first, guint64 n,
	double *draws, Latch *failure);
void masks_read_at(const Masks *masks, guint tensor, guint input, const guint64 *places, guint64 n,
	double *draws, Latch *failure);

#endif
