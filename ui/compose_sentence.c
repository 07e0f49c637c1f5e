/* compose_sentence.c - what the Compose screen says in one line: what a parameter is, what the edit
 * is near to, or why it is nothing. */
#include "compose_view.h"

#include <math.h>
#include <string.h>

/* The tasks with the largest and the smallest cosine; FALSE where none has one. */
static gboolean find_extremes(const Preview *preview, guint *nearest, guint *farthest)
{
	const Estimate *cosine = preview->whole->cosine;
	gboolean found = FALSE;

	for (guint i = 0; i < preview->count; i++) {
		if (!isfinite(cosine[i].value))
			continue;
		*nearest = !found || cosine[i].value > cosine[*nearest].value ? i : *nearest;
		*farthest = !found || cosine[i].value < cosine[*farthest].value ? i : *farthest;
		found = TRUE;
	}
	return found;
}

/* Which task the edit is nearest to, and which it opposes most; cosines below 0.05 are neither. */
static char *extremes_text(const Preview *preview, guint nearest, guint farthest)
{
	const Estimate *cosine = preview->whole->cosine;
	g_autofree char *near = number_signed(cosine[nearest].value, 2);
	g_autofree char *far = number_signed(cosine[farthest].value, 2);
	gboolean is_near = cosine[nearest].value > 0.05, opposes = cosine[farthest].value < -0.05;

	if (!is_near && !opposes)
		return g_strdup("the edit is nearly orthogonal to every task");
	if (!is_near)
		return g_strdup_printf("the edit opposes %s (cos %s) and is near no task",
			preview->name[farthest], far);
	if (!opposes)
		return g_strdup_printf("the edit is nearest to %s (cos %s) and opposes no task",
			preview->name[nearest], near);
	return g_strdup_printf("the edit is nearest to %s (cos %s) and opposes %s (cos %s)",
		preview->name[nearest], near, preview->name[farthest], far);
}

/* Why there is no preview. */
static char *no_preview_text(const ComposeView *view, Ui *ui)
{
	g_autofree char *text = composition_text(session_composition(ui_session(ui)));

	if (!*text)
		return g_strdup("the edit is empty: a adds a term, = takes an expression");
	if (view->ask.of)
		return g_strdup("the preview is being made");
	return g_strdup_printf(
		view->meaning ? "no preview: %s" : "the edit has no meaning: %s", view->error);
}

static char *not_finite_text(const Preview *preview)
{
	const char *reason = "its norm is beyond the range of a double";

	for (guint i = 0; i < preview->warnings->len; i++)
		if (strstr(preview->warnings->pdata[i], "not finite"))
			reason = preview->warnings->pdata[i];
	return g_strdup_printf("the edit is not finite: %s", reason);
}

/* What the preview shows of the edit as a whole. */
static char *edit_sentence(const ComposeView *view, Ui *ui)
{
	guint nearest = 0, farthest = 0;

	if (!view->preview)
		return no_preview_text(view, ui);
	if (!isfinite(view->preview->whole->norm.value))
		return not_finite_text(view->preview);
	if (view->preview->whole->norm.value == 0)
		return g_strdup("the edit is zero: the output will equal the base");
	if (!find_extremes(view->preview, &nearest, &farthest))
		return g_strdup("no task has a cosine with the edit");
	return extremes_text(view->preview, nearest, farthest);
}

char *compose_sentence(ComposeView *view, Ui *ui)
{
	gboolean parameter = compose_row(view)->kind == OUTLINE_PARAMETER;

	return parameter && view->preview ? outline_help(view->outline, compose_place(view))
					  : edit_sentence(view, ui);
}
