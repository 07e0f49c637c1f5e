/* found.c - what is found out about an edit, whatever its scale and whatever is shown of it. */
#include "preview/found.h"

#include "core/error.h"
#include "preview/estimate.h"
#include "preview/spread.h"

#include <math.h>
#include <string.h>

static void found_free(gpointer data)
{
	Found *found = data;
	if (!found)
		return;
	g_clear_pointer(&found->sums, sums_free);
	g_clear_pointer(&found->conflicts, conflicts_free);
	g_clear_pointer(&found->moves, g_hash_table_unref);
	g_free(found->values);
	g_free(found);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Found, found_free)

/* The tasks that are shown. */
typedef struct {
	const guint *task;
	guint tasks;
} Shown;

static gboolean find_closed(const PreviewRequest *request, PreviewSample *sample,
	const Shown *shown, Found *found, GError **error)
{
	g_autoptr(Closed) closed =
		closed_new(request->collection, request->gram, request->edit, error);
	if (!closed)
		return FALSE;
	found->kind = closed->noise->len ? PREVIEW_EXPECTED : PREVIEW_EXACT;
	found->rounding = sums_rounding(request->collection, closed, request->gram);
	if (found->kind == PREVIEW_EXACT)
		found->sums = sums_closed(closed, request->gram, shown->task, shown->tasks);
	else if (preview_sample_take_all(sample, request->edit, error))
		found->sums =
			sums_expected(closed, request->gram, sample, shown->task, shown->tasks);
	return found->sums != NULL;
}

/* The sample is of 32-bit floats. */
static gboolean is_rounded(const Collection *collection, const Node *edit)
{
	g_autoptr(GArray) members = expression_members(edit);
	g_array_append_val(members, (guint){0});
	for (guint i = 0; i < members->len; i++) {
		guint number = g_array_index(members, guint, i);
		const Checkpoint *checkpoint = collection_member(collection, number)->checkpoint;
		for (guint t = 0; t < checkpoint_count(checkpoint); t++)
			if (checkpoint_tensor(checkpoint, t)->dtype == DTYPE_F64)
				return TRUE;
	}
	return FALSE;
}

/* Whether a member's changes to a tensor are numbers, but not all of those in the sample. */
static gboolean is_beyond_on(const PreviewSample *sample, guint member, guint tensor)
{
	const PrepareSample *whole = preview_sample_whole(sample);
	const double *value = whole->task[member][tensor];
	if (!value || !isfinite(preview_sample_largest(sample, member, tensor)))
		return FALSE;
	for (guint64 i = 0; i < preview_sample_count(sample, tensor); i++)
		if (isinf(value[i]))
			return TRUE;
	return FALSE;
}

static gboolean is_beyond(
	const PreviewRequest *request, const PreviewSample *sample, guint *member, guint *tensor)
{
	g_autoptr(GArray) members = expression_members(request->edit);
	for (guint i = 0; i < members->len; i++)
		for (guint t = 0; t < collection_tensors(request->collection); t++) {
			*member = g_array_index(members, guint, i);
			*tensor = t;
			if (*member && expression_acts(request->collection, request->edit, t) &&
				is_beyond_on(sample, *member, t))
				return TRUE;
		}
	return FALSE;
}

/* Says what a sample of 32-bit floats has made of larger numbers, in place of that it failed. */
static void explain_beyond(
	const PreviewRequest *request, const PreviewSample *sample, GError **error)
{
	guint member = 0, tensor = 0;
	if (!is_beyond(request, sample, &member, &tensor))
		return;
	g_clear_error(error);
	fail_at(error, ERROR_INPUT,
		(Place){.tensor = collection_tensor(request->collection, tensor)->name,
			.remedy = "measure the edit over the weights (--exact)"},
		"%s has changes beyond 32-bit floats, which is what the sample keeps",
		collection_member(request->collection, member)->name);
}

static gboolean find_estimates(const PreviewRequest *request, PreviewSample *sample,
	const Shown *shown, Found *found, GError **error)
{
	if (!preview_sample_take_all(sample, request->edit, error))
		return FALSE;
	found->sums = estimate_sums(sample, request->gram, request->edit, shown->task, shown->tasks,
		request->job, &found->values, error);
	if (!found->sums)
		explain_beyond(request, sample, error);
	gboolean everything = preview_sample_is_everything(sample) &&
			      !is_rounded(request->collection, request->edit);
	found->kind = everything ? PREVIEW_EXACT : PREVIEW_ESTIMATED;
	return found->sums != NULL;
}

/* What the Gram tables do not know, where an edit leaves an infinity as it is, the sample may. */
static gboolean find_sums(const PreviewRequest *request, PreviewSample *sample, const Shown *shown,
	Found *found, GError **error)
{
	g_autoptr(GError) failed = NULL;
	if (request->measure) {
		found->sums = sums_measured(request->measure, shown->task, shown->tasks);
		return TRUE;
	}
	if (closed_is(request->collection, request->edit, TRUE)) {
		if (find_closed(request, sample, shown, found, &failed))
			return TRUE;
		if (closed_is_known(request->collection, request->gram, request->edit)) {
			g_propagate_error(error, g_steal_pointer(&failed));
			return FALSE;
		}
	}
	return find_estimates(request, sample, shown, found, error);
}

/* What conflicts and moves want; nothing where there is no sample of all that takes part, or where
 * a method has no answer for it. */
static void look(const PreviewRequest *request, PreviewSample *sample, Found *found)
{
	found->looked = TRUE;
	if (!preview_sample_take_all(sample, request->edit, NULL))
		return;
	if (!found->values)
		found->values = estimate_values(
			request->collection, request->edit, preview_sample_whole(sample), NULL);
	g_autoptr(GArray) members = expression_members(request->edit);
	g_autofree double *c = closed_inputs(request->collection, request->edit);
	if (members->len > 1)
		found->conflicts = conflicts_new(sample, c);
}

Found *found_get(const PreviewRequest *request, PreviewSample *sample, const char *text,
	const guint *task, guint tasks, GError **error)
{
	Shown shown = {task, tasks};
	g_autofree char *key = g_strconcat(request->measure ? "measured " : "", text, NULL);
	Found *kept = preview_sample_kept(sample, key);
	if (!kept) {
		g_autoptr(Found) found = g_new0(Found, 1);
		if (!find_sums(request, sample, &shown, found, error))
			return NULL;
		kept = g_steal_pointer(&found);
		preview_sample_keep(sample, key, kept, found_free);
	}
	if (!kept->looked && !request->quick)
		look(request, sample, kept);
	return kept;
}

static GBytes *tensors_of(const Scope *scope)
{
	return g_bytes_new(scope->tensors->data, scope->tensors->len * sizeof(guint));
}

/* Scopes whose moves are to be found. */
typedef struct {
	const PreviewSample *sample;
	const double *values;
	GPtrArray *scopes; /* of Scope */
	double *moves;     /* [scopes][PREVIEW_PERCENTILES] */
} Finding;

static gboolean find_moves(gpointer data, guint64 item, gpointer slot, GError **error)
{
	const Finding *finding = data;
	(void)slot;
	(void)error;
	moves_of(finding->sample, finding->values, finding->scopes->pdata[item],
		finding->moves + item * PREVIEW_PERCENTILES);
	return TRUE;
}

static GPtrArray *scopes_unknown(const Found *found, const GPtrArray *scopes)
{
	GPtrArray *unknown = g_ptr_array_new();
	for (guint i = 0; i < scopes->len; i++) {
		g_autoptr(GBytes) key = tensors_of(scopes->pdata[i]);
		if (!g_hash_table_contains(found->moves, key))
			g_ptr_array_add(unknown, scopes->pdata[i]);
	}
	return unknown;
}

static void keep_moves(Found *found, const Finding *finding)
{
	for (guint i = 0; i < finding->scopes->len; i++)
		g_hash_table_insert(found->moves, tensors_of(finding->scopes->pdata[i]),
			g_memdup2(&finding->moves[i * PREVIEW_PERCENTILES],
				PREVIEW_PERCENTILES * sizeof(double)));
}

void found_look_at(Found *found, const PreviewRequest *request, const PreviewSample *sample,
	const GPtrArray *scopes)
{
	if (request->quick || !found->looked || !found->values)
		return;
	if (!found->moves)
		found->moves = g_hash_table_new_full(
			g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, g_free);
	g_autoptr(GPtrArray) unknown = scopes_unknown(found, scopes);
	g_autofree double *moves = g_new(double, PREVIEW_PERCENTILES *(gsize)unknown->len + 1);
	Finding finding = {sample, found->values, unknown, moves};
	Parallel parallel = {.items = unknown->len, .data = &finding, .work = find_moves};
	if (parallel_run(&parallel, request->job, NULL))
		keep_moves(found, &finding);
}

void found_moves(const Found *found, const Scope *scope, double moves[PREVIEW_PERCENTILES])
{
	g_autoptr(GBytes) key = found->moves ? tensors_of(scope) : NULL;
	const double *known = key ? g_hash_table_lookup(found->moves, key) : NULL;
	for (guint i = 0; i < PREVIEW_PERCENTILES; i++)
		moves[i] = known ? known[i] : NAN;
}
