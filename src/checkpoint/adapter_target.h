/* adapter_target.h - which tensor of the base an adapter's name means, where the two have other
 * prefixes. */
#ifndef TAUSCOPE_ADAPTER_TARGET_H
#define TAUSCOPE_ADAPTER_TARGET_H

#include "checkpoint/checkpoint.h"

typedef struct AdapterTargets AdapterTargets;

/* Borrows the base. */
AdapterTargets *adapter_targets_new(const Checkpoint *base);
void adapter_targets_free(AdapterTargets *targets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AdapterTargets, adapter_targets_free)

#define ADAPTER_TARGET_NONE (-1)
#define ADAPTER_TARGET_SEVERAL (-2)

/* The position of the name in the base; else of the one tensor whose name ends with .NAME, or that
 * NAME ends with after a point; else one of the two above. */
gint adapter_targets_find(AdapterTargets *targets, const char *name);
/* The prefixes with or without which names were found so far, as a sentence part; NULL where all
 * were found as they are.  g_free. */
char *adapter_targets_rules(const AdapterTargets *targets);
/* A name of the base that is like it, borrowed, or NULL. */
const char *adapter_targets_nearest(const AdapterTargets *targets, const char *name);

#endif
