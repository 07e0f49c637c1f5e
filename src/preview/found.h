/* found.h - what is found out about an edit, whatever its scale and whatever is shown of it. */
#ifndef TAUSCOPE_FOUND_H
#define TAUSCOPE_FOUND_H

#include "preview/moves.h"
#include "preview/sums.h"

typedef struct {
	PreviewKind kind;
	Sums *sums;
	gboolean looked; /* at the sample's elements, for what is below */
	double *values;  /* [sample's total] the edit without λ; NULL where there is no sample */
	Conflicts *conflicts; /* NULL there, and of fewer than two inputs */
} Found;

/* From the request's measure, the Gram tables or the sample; `task` are those that are shown.  The
 * sample keeps it until some others are asked about.  NULL with *error set. */
const Found *found_get(const PreviewRequest *request, PreviewSample *sample, const char *text,
	const guint *task, guint tasks, GError **error);

#endif
