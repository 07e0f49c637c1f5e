/* warning_base.c - whether the base is the one that the tasks were fine-tuned from.
 *
 * From another base θ′ every τ holds θ′ − θ₀, which is large and the same for all of them. */
#include "preview/warning.h"

#include <math.h>

/* Task vectors of one base that were trained on different data are far from this. */
#define COSINE_MOST 0.95
/* As large as the base itself. */
#define RELATIVE_MOST 1.0

#define REMEDY "the base is probably not the one %s fine-tuned from"

/* ⟨vᵢ, vⱼ⟩ over all tensors on which that is known. */
static double product(const Gram *gram, guint i, guint j)
{
	double sum = 0;
	for (guint t = 0; t < gram->tensors; t++) {
		double cell = *gram_cell(gram, t, i, j);
		sum += isfinite(cell) ? cell : 0;
	}
	return sum;
}

static gboolean are_parallel(const Gram *gram, guint a, guint b)
{
	double cosine = cosine_of(
		product(gram, a, b), sqrt(product(gram, a, a)), sqrt(product(gram, b, b)));
	return cosine > COSINE_MOST;
}

/* The tasks that take part: of a run's steps it is known that they are alike. */
static GArray *tasks_of(const Collection *collection, const Node *edit)
{
	g_autoptr(GArray) members = expression_members(edit);
	GArray *tasks = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < members->len; i++) {
		guint member = g_array_index(members, guint, i);
		if (collection_member(collection, member)->role == MEMBER_TASK)
			g_array_append_val(tasks, member);
	}
	return tasks;
}

static gboolean all_parallel(const Gram *gram, const GArray *tasks)
{
	for (guint i = 0; i < tasks->len; i++)
		for (guint j = 0; j < i; j++)
			if (!are_parallel(gram, g_array_index(tasks, guint, i),
				    g_array_index(tasks, guint, j)))
				return FALSE;
	return tasks->len > 1;
}

/* The squared norms of all vectors, where tables are walked once. */
static double *squares_of(const Gram *gram)
{
	double *squares = g_new0(double, gram->vectors);
	for (guint t = 0; t < gram->tensors; t++) {
		const double *table = gram_table(gram, t);
		for (guint i = 0; i < gram->vectors; i++) {
			double cell = table[gram_packed(i, i)];
			squares[i] += isfinite(cell) ? cell : 0;
		}
	}
	return squares;
}

static void add_large(
	GPtrArray *warnings, const Collection *collection, const Gram *gram, const GArray *tasks)
{
	g_autofree double *squares = squares_of(gram);
	double base = squares[0];
	for (guint i = 0; i < tasks->len; i++) {
		guint task = g_array_index(tasks, guint, i);
		if (base > 0 && squares[task] >= RELATIVE_MOST * base)
			warning_add(warnings,
				"%s is as far from the base as that is from 0: " REMEDY,
				collection_member(collection, task)->name, "it was");
	}
}

void warning_add_base(
	GPtrArray *warnings, const Collection *collection, const Gram *gram, const Node *edit)
{
	g_autoptr(GArray) tasks = tasks_of(collection, edit);
	add_large(warnings, collection, gram, tasks);
	if (all_parallel(gram, tasks))
		warning_add(warnings,
			"the tasks in the edit are nearly parallel, every two with a cosine above "
			"%.2f: " REMEDY,
			COSINE_MOST, "they were");
}

void warning_add_nothing(GPtrArray *warnings, const Collection *collection, const Node *edit)
{
	for (guint t = 0; t < collection_tensors(collection); t++)
		if (collection_is_float(collection, t) && expression_acts(collection, edit, t))
			return;
	warning_add(warnings,
		"the edit is nothing: no tensor that its scopes choose is shared by a task in it");
}
