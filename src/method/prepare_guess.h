/* prepare_guess.h - where the cuts of a step seem to be, before the first pass for them. */
#ifndef TAUSCOPE_PREPARE_GUESS_H
#define TAUSCOPE_PREPARE_GUESS_H

#include "method/prepared.h"

/* Looks at a few elements of each domain whose searches would be spared work by it.  Where these
 * cannot be read, or are none to rank, it leaves that to the pass. */
void prepare_guess(const Prepared *prepared, const Call *call);

#endif
