/* deferred.h - sources of checkpoints that come out of a store, made when they are first read.
 *
 * The store keeps what a tensor is, not how its elements are made of a file's bytes: that is the
 * reader's to say again, so the checkpoint is opened anew, as it was when it was loaded, and each
 * source stands for the tensor of its name there. */
#ifndef TAUSCOPE_DEFERRED_H
#define TAUSCOPE_DEFERRED_H

#include "checkpoint/checkpoint.h"

/* A checkpoint to be opened when one of its sources is first read; any thread. */
typedef struct Deferred Deferred;

Deferred *deferred_new(const char *path);
Deferred *deferred_ref(Deferred *deferred);
void deferred_unref(Deferred *deferred);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Deferred, deferred_unref)

/* The base that an adapter is bound to; a reference is held. */
void deferred_set_base(Deferred *deferred, Checkpoint *base);
/* Nothing may be read of it: its files have changed, or are not there. */
void deferred_close(Deferred *deferred);

/* The elements of a tensor, which must be of this type and count when it is opened: ERROR_INPUT
 * where they are not, ERROR_IO where it cannot be opened.  `name` is that of the source it stands
 * for. */
Source *deferred_source(Deferred *deferred, const Tensor *tensor, const char *name);

#endif
