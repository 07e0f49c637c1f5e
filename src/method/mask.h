/* mask.h - masks that were drawn before, by this or another program, read from a checkpoint.
 *
 * "FILE::SUFFIX" names the tensor NAME::SUFFIX of FILE for each tensor NAME of the base; "FILE"
 * alone, of input i of several, NAME::i where that exists, else NAME.  An element that is not 0
 * survives.  Shapes may differ, but not the number of elements. */
#ifndef TAUSCOPE_MASK_H
#define TAUSCOPE_MASK_H

#include "edit/expression.h"

/* The parameter of a call that names masks; and the file within its text (g_free). */
#define MASK_PARAMETER "mask"
char *mask_path(const char *text);

/* One bit for each element of each tensor on which an input of a call acts. */
typedef struct Masks Masks;

/* Reads all that a call needs into memory.  NULL with *error set: ERROR_INPUT where a mask is
 * missing or of another size, naming both tensor and file. */
Masks *masks_read(const Collection *collection, const Node *call, const char *text, GError **error);
void masks_free(Masks *masks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Masks, masks_free)

/* The bits of an input on a tensor; NULL where the input does not act. */
const guint8 *masks_bits(const Masks *masks, guint tensor, guint input);
static inline gboolean mask_survives(const guint8 *bits, guint64 element)
{
	return (bits[element / 8] >> (element % 8)) & 1;
}

#endif
