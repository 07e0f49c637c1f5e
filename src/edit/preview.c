/* preview.c - what an edit will be, known before it is written, from the Gram tables alone. */
#include "edit/preview.h"

#include "core/text.h"
#include "edit/linear.h"
#include "edit/warning.h"

#include <math.h>
#include <string.h>

/* How many times the largest task vector an edit may be without a warning. */
#define LARGEST_MOST 3.0

/* What the groups of one preview are computed from. */
typedef struct {
	const Collection *collection;
	const Gram *gram;
	const Node *edit;
	double scale;
	double *coefficients; /* [members], of the tensor at hand */
	double *products;     /* [members], of the group at hand */
} Inputs;

/* ‖λ·edit‖² over the scope; inputs->products becomes ⟨λ·edit, vⱼ⟩. */
static double sum_over(Inputs *inputs, const Scope *scope)
{
	guint members = collection_members(inputs->collection);
	double square = 0;
	memset(inputs->products, 0, members * sizeof(double));
	for (guint i = 0; i < scope->tensors->len; i++) {
		guint tensor = g_array_index(scope->tensors, guint, i);
		linear_coefficients(inputs->collection, inputs->edit, tensor, inputs->coefficients);
		for (guint j = 0; j < members; j++)
			inputs->coefficients[j] *= inputs->scale;
		square += gram_linear(inputs->gram, tensor, inputs->coefficients, inputs->products);
	}
	return square;
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

static PreviewGroup *group_new(Inputs *inputs, const Preview *preview, const Scope *scope)
{
	PreviewGroup *group = g_new0(PreviewGroup, 1);
	group->name = g_strdup(scope->label);
	group->elements = scope->elements;
	group->norm = root(sum_over(inputs, scope));
	group->relative = quotient(group->norm, gram_norm(inputs->gram, scope, 0));
	group->cosine = g_new0(double, preview->count + 1);
	group->kept = g_new0(double, preview->count + 1);
	for (guint i = 0; i < preview->count; i++) {
		double product = inputs->products[preview->member[i]];
		double norm = gram_norm(inputs->gram, scope, preview->member[i]);
		group->cosine[i] = cosine_of(product, group->norm, norm);
		group->kept[i] = quotient(product, norm * norm);
	}
	return group;
}

static void group_free(PreviewGroup *group)
{
	if (!group)
		return;
	g_free(group->name);
	g_free(group->cosine);
	g_free(group->kept);
	g_free(group);
}

/* The largest norm over the scope among the task vectors that take part. */
static double largest_norm(const Inputs *inputs, const Scope *scope)
{
	g_autoptr(GArray) members = expression_members(inputs->edit);
	double largest = 0;
	for (guint i = 0; i < members->len; i++) {
		guint member = g_array_index(members, guint, i);
		largest = fmax(largest, gram_norm(inputs->gram, scope, member));
	}
	return largest;
}

/* Which of base and tasks have no norm on a tensor where the edit has none. */
static void blame(const Inputs *inputs, guint tensor, gboolean *blamed)
{
	for (guint i = 0; i < collection_members(inputs->collection); i++)
		if ((i == 0 || inputs->coefficients[i] != 0) &&
			!isfinite(*gram_cell(inputs->gram, tensor, i, i)))
			blamed[i] = TRUE;
}

/* The tensors of the scope on which the edit's norm is not known as a number. */
static GArray *unknown_tensors(Inputs *inputs, const Scope *scope, gboolean *blamed)
{
	GArray *unknown = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < scope->tensors->len; i++) {
		guint tensor = g_array_index(scope->tensors, guint, i);
		linear_coefficients(inputs->collection, inputs->edit, tensor, inputs->coefficients);
		double square =
			gram_linear(inputs->gram, tensor, inputs->coefficients, inputs->products);
		if (isfinite(square))
			continue;
		g_array_append_val(unknown, tensor);
		blame(inputs, tensor, blamed);
	}
	return unknown;
}

static void add_size_warning(Preview *preview)
{
	g_autofree char *of_base = text_number(preview->whole->relative);
	g_autofree char *of_largest = text_number(preview->of_largest);
	if (preview->whole->relative > 1)
		warning_add(preview->warnings, "the edit is %s times as long as the base itself",
			of_base);
	else if (preview->of_largest > LARGEST_MOST)
		warning_add(preview->warnings,
			"the edit is %s times as long as the largest task vector in it",
			of_largest);
}

static void add_warnings(Inputs *inputs, Preview *preview, const Scope *scope)
{
	g_autofree gboolean *blamed = g_new0(gboolean, collection_members(inputs->collection));
	g_autoptr(GArray) unknown = unknown_tensors(inputs, scope, blamed);
	warning_add_left_out(preview->warnings, inputs->collection, inputs->edit);
	warning_add_not_finite(preview->warnings, inputs->collection, unknown, blamed, 0);
	add_size_warning(preview);
}

static Preview *preview_empty(const Inputs *inputs)
{
	Preview *preview = g_new0(Preview, 1);
	preview->edit = expression_print(inputs->collection, inputs->edit);
	preview->scale = inputs->scale;
	preview->kind = "exact";
	preview->groups = g_ptr_array_new_with_free_func((GDestroyNotify)group_free);
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

static void add_groups(Inputs *inputs, Preview *preview, const Scope *scope, GroupBy by)
{
	if (by == GROUP_ALL)
		return;
	g_autoptr(GPtrArray) groups = scope_groups(inputs->collection, scope, by);
	for (guint i = 0; i < groups->len; i++)
		g_ptr_array_add(preview->groups, group_new(inputs, preview, groups->pdata[i]));
}

Preview *preview_new(const Collection *collection, const Gram *gram, const Node *edit, double scale,
	const char *pattern, GroupBy by, GError **error)
{
	if (!expression_check_scale(edit, scale, error))
		return NULL;
	g_autoptr(Scope) scope = scope_new(collection, pattern, NULL, 0, error);
	if (!scope)
		return NULL;
	guint members = collection_members(collection);
	g_autofree double *coefficients = g_new0(double, members);
	g_autofree double *products = g_new0(double, members);
	Inputs inputs = {collection, gram, edit, scale, coefficients, products};
	Preview *preview = preview_empty(&inputs);
	name_tasks(preview, collection);
	preview->whole = group_new(&inputs, preview, scope);
	preview->of_largest = quotient(preview->whole->norm, largest_norm(&inputs, scope));
	add_groups(&inputs, preview, scope, by);
	add_warnings(&inputs, preview, scope);
	return preview;
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
	group_free(preview->whole);
	g_ptr_array_unref(preview->groups);
	g_ptr_array_unref(preview->warnings);
	g_free(preview);
}
