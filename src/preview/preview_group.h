/* preview_group.h - the figures of one group of tensors, from its sums. */
#ifndef TAUSCOPE_PREVIEW_GROUP_H
#define TAUSCOPE_PREVIEW_GROUP_H

#include "preview/preview.h"
#include "preview/sums.h"

/* λ is in the figures; conflict and moves are NaN. */
PreviewGroup *preview_group_new(const Scope *scope, const Total *total, double scale);
void preview_group_free(PreviewGroup *group);

#endif
