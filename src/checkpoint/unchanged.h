/* unchanged.h - tensors that a task vector leaves alone: differences of 0. */
#ifndef TAUSCOPE_UNCHANGED_H
#define TAUSCOPE_UNCHANGED_H

#include "checkpoint/checkpoint.h"

/* The name of the source of such a tensor. */
#define UNCHANGED_SOURCE "unchanged"

/* Adds a difference of 0, of one byte an element, in the shape of a tensor of the base. */
void checkpoint_add_unchanged(Checkpoint *checkpoint, const Tensor *base);

#endif
