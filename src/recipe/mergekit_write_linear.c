/* mergekit_write_linear.c - a linear edit as task arithmetic; as a linear merge of whole weights
 * where it scales the base too. */
#include "recipe/mergekit_write.h"

#include "core/error.h"
#include "edit/linear.h"

#include <math.h>

/* A linear edit: the coefficients of its members by tensor. */
typedef struct {
	const MergeWriter *writer;
	double scale;
	guint members;
	double *c; /* [tensors][members] */
} Linear;

static void linear_fill(Linear *linear, const Node *edit)
{
	const Collection *collection = linear->writer->collection;
	guint tensors = collection_tensors(collection);
	linear->members = collection_members(collection);
	linear->c = g_new0(double, (gsize)linear->members *tensors + 1);
	for (guint i = 0; i < tensors; i++)
		linear_coefficients(collection, edit, i, linear->c + (gsize)i * linear->members);
}

/* Of one member, for values_of. */
typedef struct {
	const Linear *linear;
	guint member;
} LinearMember;

static double task_weight(gconstpointer data, guint tensor)
{
	const LinearMember *of = data;
	return of->linear->c[(gsize)tensor * of->linear->members + of->member];
}

/* θ₀ + λ·(c₀θ₀ + Σ cᵢ(θᵢ − θ₀)) by whole weights. */
static double whole_weight(gconstpointer data, guint tensor)
{
	const LinearMember *of = data;
	const double *c = of->linear->c + (gsize)tensor * of->linear->members;
	if (of->member > 0)
		return of->linear->scale * c[of->member];
	double weight = c[0];
	for (guint m = 1; m < of->linear->members; m++)
		weight -= c[m];
	return 1 + of->linear->scale * weight;
}

static gboolean scales_base(const Linear *linear)
{
	const Collection *collection = linear->writer->collection;
	for (guint i = 0; i < collection_tensors(collection); i++)
		if (linear->writer->floats[i] && linear->c[(gsize)i * linear->members] != 0)
			return TRUE;
	return FALSE;
}

/* Of a tensor that a member does not have, its weight says nothing. */
static guint8 *counted(const MergeWriter *writer, guint member)
{
	guint tensors = collection_tensors(writer->collection);
	guint8 *counts = g_memdup2(writer->floats, tensors + 1);
	const Member *of = collection_member(writer->collection, member);
	for (guint i = 0; member > 0 && i < tensors; i++)
		counts[i] = counts[i] && of->match[i] == MATCH_SHARED;
	return counts;
}

static gboolean put_models(
	MergeWriter *writer, const Linear *linear, const GArray *members, ValueOf weight)
{
	g_string_append(writer->text, "models:\n");
	for (guint i = 0; i < members->len; i++) {
		const LinearMember of = {linear, g_array_index(members, guint, i)};
		g_autofree double *values = values_of(writer, weight, &of);
		g_autofree guint8 *counts = counted(writer, of.member);
		if (!put_model(writer, of.member))
			return FALSE;
		g_string_append(writer->text, "    parameters:\n");
		put_values(writer, 6, "weight", values, counts, NAN);
	}
	return TRUE;
}

/* An edit that scales the base too. */
static gboolean write_whole(MergeWriter *writer, const Linear *linear, GArray *members)
{
	const guint base = 0;
	g_array_append_val(members, base);
	g_string_append(writer->text, "merge_method: linear\n");
	if (!put_models(writer, linear, members, whole_weight))
		return FALSE;
	g_string_append(writer->text, "parameters:\n  normalize: false\n");
	return TRUE;
}

static gboolean write_tasks(MergeWriter *writer, const Linear *linear, const GArray *members)
{
	g_string_append(writer->text, "merge_method: task_arithmetic\n");
	if (!put_base(writer, 0) || !put_models(writer, linear, members, task_weight))
		return FALSE;
	gsize from = writer->text->len;
	guint tensors = collection_tensors(writer->collection);
	g_autofree double *lambda = g_new(double, tensors + 1);
	for (guint i = 0; i < tensors; i++)
		lambda[i] = linear->scale;
	put_values(writer, 2, "lambda", lambda, writer->floats, 1);
	put_heading(writer, from, 0);
	return TRUE;
}

gboolean write_linear(MergeWriter *writer, const Node *edit, double scale)
{
	Linear linear = {.writer = writer, .scale = scale};
	g_autoptr(GArray) members = expression_members(edit);
	if (members->len == 0)
		return fail(writer->error, ERROR_USAGE, "the edit changes nothing");
	linear_fill(&linear, edit);
	gboolean written = scales_base(&linear) ? write_whole(writer, &linear, members)
						: write_tasks(writer, &linear, members);
	g_free(linear.c);
	return written;
}
