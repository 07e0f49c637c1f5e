/* preview.c - what an edit will be, known before it is written. */
#include "preview/preview.h"

#include "core/text.h"
#include "preview/found.h"
#include "preview/preview_group.h"
#include "preview/warning.h"

#include <math.h>

/* How many times the largest task vector an edit may be without a warning. */
#define LARGEST_MOST 3.0
/* The part of ‖edit‖² that may be rounding without a warning. */
#define CANCELLED_MOST 1e-4
/* Sampled elements below which an estimate is called one of few. */
#define ELEMENTS_LEAST 256u

const double preview_percentiles[PREVIEW_PERCENTILES] = {50, 90, 99, 99.9};

const char *preview_kind_name(PreviewKind kind)
{
	static const char *const names[] = {"exact", "expected", "estimated"};
	return names[kind];
}

/* What a preview is made from, beside the request. */
typedef struct {
	const PreviewRequest *request;
	PreviewSample *sample;
	Found *found;
} Showing;

/* The largest norm over the scope among the task vectors that take part. */
static double largest_norm(const PreviewRequest *request, const Scope *scope)
{
	g_autoptr(GArray) members = expression_members(request->edit);
	double largest = 0;
	for (guint i = 0; i < members->len; i++) {
		guint member = g_array_index(members, guint, i);
		if (member != 0)
			largest = fmax(largest, gram_norm(request->gram, scope, member));
	}
	return largest;
}

/* Whether a member that takes part has no norm on a tensor, so that a sample may have missed what
 * is no number there. */
static gboolean may_be_unknown(const PreviewRequest *request, const GArray *members, guint tensor)
{
	gboolean known = TRUE;
	for (guint i = 0; known && i < members->len; i++) {
		guint member = g_array_index(members, guint, i);
		known = isfinite(*gram_cell(request->gram, tensor, member, member));
	}
	return !known && expression_acts(request->collection, request->edit, tensor);
}

/* The tensors of the scope on which the edit's norm is not known as a number, or is estimated
 * though it has none. */
static GArray *unknown_tensors(const Showing *showing, const Scope *scope)
{
	g_autoptr(GArray) members = expression_members(showing->request->edit);
	gboolean estimated = showing->found->kind == PREVIEW_ESTIMATED;
	GArray *unknown = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < scope->tensors->len; i++) {
		guint tensor = g_array_index(scope->tensors, guint, i);
		if (!isfinite(showing->found->sums->value.square[tensor]) ||
			(estimated && may_be_unknown(showing->request, members, tensor)))
			g_array_append_val(unknown, tensor);
	}
	return unknown;
}

/* Which of the base and those that take part have no norm on one of these tensors. */
static gboolean *blamed_for(const PreviewRequest *request, const GArray *unknown)
{
	g_autoptr(GArray) members = expression_members(request->edit);
	gboolean *blamed = g_new0(gboolean, collection_members(request->collection));
	g_array_append_val(members, (guint){0});
	for (guint i = 0; i < unknown->len; i++)
		for (guint j = 0; j < members->len; j++) {
			guint member = g_array_index(members, guint, j);
			blamed[member] |= !isfinite(*gram_cell(
				request->gram, g_array_index(unknown, guint, i), member, member));
		}
	return blamed;
}

static void add_size_warning(Preview *preview)
{
	g_autofree char *of_base = text_number(preview->whole->relative.value);
	g_autofree char *of_largest = text_number(preview->of_largest);
	if (preview->whole->relative.value > 1)
		warning_add(preview->warnings, "the edit is %s times as long as the base itself",
			of_base);
	else if (preview->of_largest > LARGEST_MOST)
		warning_add(preview->warnings,
			"the edit is %s times as long as the largest task vector in it",
			of_largest);
}

static gboolean is_bounded(const Sums *sums, const Scope *scope)
{
	for (guint i = 0; sums->bound && i < scope->tensors->len; i++)
		if (!isnan(sums->bound[g_array_index(scope->tensors, guint, i)]))
			return TRUE;
	return FALSE;
}

/* What makes an estimate rougher than others. */
static void add_estimate_warnings(const Showing *showing, Preview *preview, const Scope *scope)
{
	guint64 count = 0;
	if (preview->kind != PREVIEW_ESTIMATED)
		return;
	for (guint i = 0; i < scope->tensors->len; i++)
		count += preview_sample_count(
			showing->sample, g_array_index(scope->tensors, guint, i));
	if (count < ELEMENTS_LEAST)
		warning_add(preview->warnings,
			"estimated from %" G_GUINT64_FORMAT
			" elements alone, which is few; measure it",
			count);
	if (is_bounded(showing->found->sums, scope))
		warning_add_rows(preview->warnings, showing->request->edit);
}

/* Where what is left of the terms is as small as the errors of their products. */
static void add_cancel_warning(const Showing *showing, Preview *preview)
{
	const Sums *sums = showing->found->sums;
	double square = 0;
	for (guint t = 0; t < sums->tensors; t++)
		square += isfinite(sums->value.square[t]) ? sums->value.square[t] : 0;
	if (showing->found->rounding <= CANCELLED_MOST * square)
		return;
	g_autofree char *error = text_number(fabs(preview->scale) * sqrt(showing->found->rounding));
	warning_add(preview->warnings,
		"the terms cancel each other: of its norm %s or less is rounding; measure it",
		error);
}

static void add_warnings(const Showing *showing, Preview *preview, const Scope *scope)
{
	const PreviewRequest *request = showing->request;
	g_autoptr(GArray) unknown = unknown_tensors(showing, scope);
	g_autofree gboolean *blamed = blamed_for(request, unknown);
	warning_add_nothing(preview->warnings, request->collection, request->edit);
	warning_add_left_out(preview->warnings, request->collection, request->edit);
	warning_add_calls(preview->warnings, request->collection, request->gram, request->edit);
	warning_add_base(preview->warnings, request->collection, request->gram, request->edit);
	warning_add_not_finite(preview->warnings, request->collection, unknown, blamed, 0);
	add_estimate_warnings(showing, preview, scope);
	add_cancel_warning(showing, preview);
	add_size_warning(preview);
}

static Preview *preview_empty(const PreviewRequest *request)
{
	Preview *preview = g_new0(Preview, 1);
	preview->edit = expression_print(request->collection, request->edit);
	preview->scale = request->scale;
	preview->groups = g_ptr_array_new_with_free_func((GDestroyNotify)preview_group_free);
	preview->warnings = g_ptr_array_new_with_free_func(g_free);
	return preview;
}

static void name_tasks(Preview *preview, const Collection *collection)
{
	g_autoptr(GArray) tasks = collection_tasks(collection);
	preview->count = tasks->len;
	preview->member = g_new0(guint, tasks->len + 1);
	preview->name = g_new0(char *, tasks->len + 1);
	for (guint i = 0; i < tasks->len; i++) {
		preview->member[i] = g_array_index(tasks, guint, i);
		preview->name[i] =
			g_strdup(collection_member(collection, preview->member[i])->name);
	}
}

static PreviewGroup *group_of(const Showing *showing, const Preview *preview, const Scope *scope)
{
	const PreviewRequest *request = showing->request;
	Found *found = showing->found;
	g_autoptr(Total) total = total_new(found->sums, request->gram, preview->member, scope);
	PreviewGroup *group = preview_group_new(scope, total, request->scale);
	if (found->conflicts)
		group->conflict = conflicts_share(showing->sample, found->conflicts, scope);
	found_moves(found, scope, group->moves);
	for (guint i = 0; i < PREVIEW_PERCENTILES; i++)
		group->moves[i] *= fabs(request->scale);
	return group;
}

static GPtrArray *groups_of(const PreviewRequest *request, const Scope *scope)
{
	return request->by == GROUP_ALL ? g_ptr_array_new()
					: scope_groups(request->collection, scope, request->by);
}

static void look_at_scopes(const Showing *showing, const Scope *whole, const GPtrArray *groups)
{
	g_autoptr(GPtrArray) scopes = g_ptr_array_new();
	g_ptr_array_add(scopes, (gpointer)whole);
	for (guint i = 0; i < groups->len; i++)
		g_ptr_array_add(scopes, groups->pdata[i]);
	found_look_at(showing->found, showing->request, showing->sample, scopes);
}

static gboolean add_groups(
	const Showing *showing, Preview *preview, const Scope *scope, GError **error)
{
	g_autoptr(GPtrArray) groups = groups_of(showing->request, scope);
	look_at_scopes(showing, scope, groups);
	preview->whole = group_of(showing, preview, scope);
	for (guint i = 0; i < groups->len; i++) {
		if (!job_check(showing->request->job, error))
			return FALSE;
		g_ptr_array_add(preview->groups, group_of(showing, preview, groups->pdata[i]));
	}
	return TRUE;
}

static gboolean fill(Showing *showing, Preview *preview, const Scope *scope, GError **error)
{
	const PreviewRequest *request = showing->request;
	showing->found = found_get(
		request, showing->sample, preview->edit, preview->member, preview->count, error);
	if (!showing->found)
		return FALSE;
	preview->kind = showing->found->kind;
	preview->whole_sample = preview_sample_is_everything(showing->sample);
	if (!add_groups(showing, preview, scope, error))
		return FALSE;
	double largest = largest_norm(request, scope);
	preview->of_largest = largest > 0 ? preview->whole->norm.value / largest : NAN;
	add_warnings(showing, preview, scope);
	return TRUE;
}

Preview *preview_new(const PreviewRequest *request, GError **error)
{
	if (!expression_check_scale(request->edit, request->scale, error))
		return NULL;
	g_autoptr(Scope) scope = scope_new(request->collection, request->pattern, NULL, 0, error);
	if (!scope)
		return NULL;
	g_autoptr(PreviewSample) own = request->sample
					       ? NULL
					       : preview_sample_new(request->collection,
							 request->plan, request->statistics);
	g_autoptr(Preview) preview = preview_empty(request);
	name_tasks(preview, request->collection);
	Showing showing = {request, own ? own : request->sample, NULL};
	return fill(&showing, preview, scope, error) ? g_steal_pointer(&preview) : NULL;
}

void preview_free(Preview *preview)
{
	if (!preview)
		return;
	g_free(preview->edit);
	g_free(preview->member);
	for (guint i = 0; i < preview->count; i++)
		g_free(preview->name[i]);
	g_free(preview->name);
	preview_group_free(preview->whole);
	g_ptr_array_unref(preview->groups);
	g_ptr_array_unref(preview->warnings);
	g_free(preview);
}
