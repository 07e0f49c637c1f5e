/* found.h - what is found out about an edit, whatever its scale and whatever is shown of it. */
#ifndef TAUSCOPE_FOUND_H
#define TAUSCOPE_FOUND_H

#include "preview/moves.h"
#include "preview/sums.h"

typedef struct {
	PreviewKind kind;
	Sums *sums;
	double rounding; /* by what ‖edit‖² may be off all the same (sums_rounding) */
	gboolean looked; /* at the sample's elements, for what is below */
	double *values;  /* [sample's total] the edit without λ; NULL where there is no sample */
	Conflicts *conflicts; /* NULL there, and of fewer than two inputs */
	GHashTable *moves; /* the tensors of a scope (GBytes) → its moves; NULL: none are known */
} Found;

/* From the request's measure, the Gram tables or the sample; `task` are those that are shown.  The
 * sample keeps it until some others are asked about.  NULL with *error set. */
Found *found_get(const PreviewRequest *request, PreviewSample *sample, const char *text,
	const guint *task, guint tasks, GError **error);
/* Finds the moves of scopes (of Scope) that are not known yet, on several threads, and keeps them;
 * nothing of a quick request, and where there is no sample. */
void found_look_at(Found *found, const PreviewRequest *request, const PreviewSample *sample,
	const GPtrArray *scopes);
/* The moves of a scope without λ; NaN where they are not known. */
void found_moves(const Found *found, const Scope *scope, double moves[PREVIEW_PERCENTILES]);

#endif
