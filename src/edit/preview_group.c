/* preview_group.c - the figures of one group of tensors, from its sums. */
#include "edit/preview_group.h"

#include <math.h>

static Estimate exactly(double value)
{
	return (Estimate){value, value, value};
}

static double quotient(double a, double b)
{
	return b > 0 ? a / b : NAN;
}

/* The root of a sum of squares that rounding may have taken below 0. */
static double root(double square)
{
	return square < 0 ? 0 : sqrt(square);
}

PreviewGroup *preview_group_new(const Scope *scope, const Total *total, double scale)
{
	PreviewGroup *group = g_new0(PreviewGroup, 1);
	double norm = fabs(scale) * root(total->square);
	group->name = g_strdup(scope->label);
	group->elements = scope->elements;
	group->norm = exactly(norm);
	group->relative = exactly(quotient(norm, root(total->base_square)));
	group->cosine = g_new0(Estimate, total->tasks + 1);
	group->kept = g_new0(Estimate, total->tasks + 1);
	for (guint i = 0; i < total->tasks; i++) {
		double product = scale * total->product[i];
		double task = root(total->task_square[i]);
		group->cosine[i] = exactly(cosine_of(product, norm, task));
		group->kept[i] = exactly(quotient(product, total->task_square[i]));
	}
	group->conflict = exactly(NAN);
	for (guint i = 0; i < PREVIEW_PERCENTILES; i++)
		group->moves[i] = NAN;
	return group;
}

void preview_group_free(PreviewGroup *group)
{
	if (!group)
		return;
	g_free(group->name);
	g_free(group->cosine);
	g_free(group->kept);
	g_free(group);
}
