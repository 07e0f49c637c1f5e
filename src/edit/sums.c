/* sums.c - what is known of an edit on each tensor, without λ: sums that groups of tensors add up.
 */
#include "edit/sums.h"

#include <string.h>

static Sums *sums_new(guint tensors, guint tasks)
{
	Sums *sums = g_new0(Sums, 1);
	sums->tensors = tensors;
	sums->tasks = tasks;
	sums->square = g_new0(double, (gsize)tensors + 1);
	sums->product = g_new0(double, (gsize)tensors *tasks + 1);
	return sums;
}

void sums_free(Sums *sums)
{
	if (!sums)
		return;
	g_free(sums->square);
	g_free(sums->product);
	g_free(sums);
}

Sums *sums_closed(const Closed *closed, const Gram *gram, const guint *task, guint tasks)
{
	Sums *sums = sums_new(closed->tensors, tasks);
	g_autofree double *products = g_new(double, closed->vectors);
	for (guint t = 0; t < closed->tensors; t++) {
		memset(products, 0, closed->vectors * sizeof *products);
		sums->square[t] =
			gram_linear(gram, t, closed->c + (gsize)t * closed->vectors, products);
		for (guint i = 0; i < tasks; i++)
			sums->product[(gsize)t * tasks + i] = products[task[i]];
	}
	return sums;
}

Sums *sums_measured(const Measure *measure, const guint *task, guint tasks)
{
	Sums *sums = sums_new(measure->tensors, tasks);
	memcpy(sums->square, measure->square, measure->tensors * sizeof(double));
	for (guint t = 0; t < measure->tensors; t++)
		for (guint i = 0; i < tasks; i++)
			sums->product[(gsize)t * tasks + i] =
				measure->products[(gsize)t * measure->members + task[i]];
	return sums;
}

Total *total_new(const Sums *sums, const Gram *gram, const guint *task, const Scope *scope)
{
	Total *total = g_new0(Total, 1);
	total->tasks = sums->tasks;
	total->product = g_new0(double, sums->tasks + 1);
	total->task_square = g_new0(double, sums->tasks + 1);
	for (guint n = 0; n < scope->tensors->len; n++) {
		guint t = g_array_index(scope->tensors, guint, n);
		total->square += sums->square[t];
		total->base_square += *gram_cell(gram, t, 0, 0);
		for (guint i = 0; i < sums->tasks; i++) {
			total->product[i] += sums->product[(gsize)t * sums->tasks + i];
			total->task_square[i] += *gram_cell(gram, t, task[i], task[i]);
		}
	}
	return total;
}

void total_free(Total *total)
{
	if (!total)
		return;
	g_free(total->product);
	g_free(total->task_square);
	g_free(total);
}
