/* mergekit_write.c - an edit as a recipe of mergekit: one merge, and what differs there as
 * comments. */
#include "recipe/mergekit_write.h"

#include "edit/linear.h"

/* A number of a merge, for values_of. */
typedef struct {
	const Merge *merge;
	const WriteModel *model;
	const MergekitParameter *parameter;
} Number;

static double number_value(gconstpointer data, guint tensor)
{
	const Number *number = data;
	const MergekitParameter *parameter = number->parameter;
	if (parameter->role == ROLE_WEIGHT)
		return merge_weight(number->merge, number->model, tensor);
	if (parameter->role == ROLE_LAMBDA)
		return merge_lambda(number->merge, tensor);
	return merge_number(number->merge, number->model, parameter, tensor);
}

static void put_number(MergeWriter *writer, const Merge *merge, const WriteModel *model,
	const MergekitParameter *parameter, guint indent)
{
	const Number number = {merge, model, parameter};
	gboolean lambda = parameter->role == ROLE_LAMBDA;
	g_autofree double *values = values_of(writer, number_value, &number);
	put_values(writer, indent, parameter->name, values, lambda ? writer->floats : merge->counts,
		parameter->otherwise);
}

static void put_yes(MergeWriter *writer, const MergekitParameter *parameter, gboolean yes)
{
	if (yes != (parameter->otherwise != 0))
		g_string_append_printf(
			writer->text, "  %s: %s\n", parameter->name, yes ? "true" : "false");
}

static void put_word(MergeWriter *writer, const Merge *merge, const MergekitParameter *parameter)
{
	g_autofree char *word = merge_word(merge, parameter->ours);
	switch (parameter->role) {
	case ROLE_FLAG:
		put_yes(writer, parameter, g_str_equal(word, "yes"));
		break;
	case ROLE_ALONG_ROW:
		put_yes(writer, parameter, g_str_equal(word, "row"));
		break;
	case ROLE_FLATTEN:
		put_yes(writer, parameter, g_str_equal(word, "tensor"));
		break;
	case ROLE_ACROSS:
		put_yes(writer, parameter, g_str_equal(word, "column"));
		break;
	default:
		break;
	}
}

/* Whether a number may differ from model to model, and does in this merge. */
static gboolean is_own(const Merge *merge, const MergekitParameter *parameter)
{
	if (parameter->role == ROLE_WEIGHT)
		return TRUE;
	if (!parameter->of_model || !parameter->ours)
		return FALSE;
	for (guint i = 0; i < collection_tensors(merge->collection); i++)
		for (guint m = 1; merge->counts[i] && m < merge->models->len; m++)
			if (merge_number(merge, merge->models->pdata[m], parameter, i) !=
				merge_number(merge, merge->models->pdata[0], parameter, i))
				return TRUE;
	return FALSE;
}

static gboolean is_written(const MergekitParameter *parameter)
{
	return parameter->role != ROLE_NONE && parameter->role != ROLE_NEVER;
}

static gboolean is_number(const MergekitParameter *parameter)
{
	return parameter->role == ROLE_NUMBER || parameter->role == ROLE_COMPLEMENT ||
	       parameter->role == ROLE_LAMBDA;
}

static void put_parameters(MergeWriter *writer, const Merge *merge)
{
	gsize from = writer->text->len;
	const WriteModel *first = merge->models->pdata[0];
	for (const MergekitParameter *row = merge->method->parameters; row->name; row++)
		if (!is_written(row) || is_own(merge, row))
			continue;
		else if (is_number(row))
			put_number(writer, merge, first, row, 2);
		else
			put_word(writer, merge, row);
	put_heading(writer, from, 0);
}

static gboolean is_negative(const Merge *merge, const WriteModel *model)
{
	for (guint i = 0; i < collection_tensors(merge->collection); i++)
		if (merge->counts[i] && merge_weight(merge, model, i) < 0)
			return TRUE;
	return FALSE;
}

static void remark_weight(MergeWriter *writer, const Merge *merge, const WriteModel *model)
{
	g_autofree char *normalize = merge_word(merge, "normalize");
	gboolean divides = g_strcmp0(normalize, "yes") == 0;
	gboolean paper = method_dialect(merge_call(merge)) == DIALECT_PAPER;
	if (mergekit_parameter(merge->method, "weight") && divides && paper &&
		merge->method->base == BASE_ORIGIN && is_negative(merge, model))
		put_remark(writer,
			"mergekit divides by the sum of weights, which takes the sign out of "
			"a negative one; here it is the sum of their sizes");
}

static gboolean put_models(MergeWriter *writer, const Merge *merge, guint from)
{
	g_string_append(writer->text, "models:\n");
	for (guint i = from; i < merge->models->len; i++) {
		const WriteModel *model = merge->models->pdata[i];
		remark_weight(writer, merge, model);
		if (!put_model(writer, model->member))
			return FALSE;
		gsize at = writer->text->len;
		for (const MergekitParameter *row = merge->method->parameters; row->name; row++)
			if (is_own(merge, row))
				put_number(writer, merge, model, row, 6);
		put_heading(writer, at, 4);
	}
	return TRUE;
}

/* What mergekit does otherwise than the paper, by methods of ours. */
static const struct {
	const char *ours, *text;
} papers[] = {
	{"ties", "mergekit keeps the whole part of density times the elements of each tensor, and "
		 "stops where that is 0"},
	{"ties", "weights take part in mergekit's vote for a sign, and a vote of 0 is for +"},
	{"dare_ties", "weights take part in mergekit's vote for a sign, and a vote of 0 is for +"},
	{"breadcrumbs_ties",
		"weights take part in mergekit's vote for a sign, and a vote of 0 is for +"},
	{"della", "weights take part in mergekit's vote for a sign, and a vote of 0 is for +"},
	{"dare", "mergekit's rescale brings a tensor's L1 norm back; here it divides by 1 - p"},
	{"dare_ties",
		"mergekit's rescale brings a tensor's L1 norm back; here it divides by 1 - p"},
	{"della", "mergekit's rescale brings a tensor's L1 norm back; here it divides each element "
		  "by its own chance"},
	{"della_linear", "mergekit's rescale brings a tensor's L1 norm back; here it divides each "
			 "element by its own chance"},
	{"breadcrumbs", "mergekit drops all of a tensor that has fewer than 1/gamma elements"},
	{"breadcrumbs_ties", "mergekit drops all of a tensor that has fewer than 1/gamma elements"},
	{"stock",
		"mergekit takes changes whose norms multiply to less than 1e-6 for orthogonal, and "
		"goes beyond the base where they point apart"},
	{"sce", "mergekit gives models equal weights on a tensor whose mean squared changes sum to "
		"less than 1e-6, and keeps the whole part of topk times the elements that differ"},
	{"slerp", "mergekit goes straight where the cosine is more than 0.9995"},
	{"nearswap", "mergekit counts a change below 1e-6 as 1e-6"},
	{"arcee_fusion",
		"mergekit computes it in float32, and samples tensors of more than a million "
		"elements"},
};

static gboolean is_of_paper(const Merge *merge)
{
	for (guint i = 0; i < merge->models->len; i++) {
		const WriteModel *model = merge->models->pdata[i];
		for (guint t = 0; t < merge->terms->len; t++)
			if (model->call[t] && method_dialect(model->call[t]) == DIALECT_PAPER &&
				method_parameter(model->call[t]->method, DIALECT) >= 0)
				return TRUE;
	}
	return FALSE;
}

static void remark_paper(MergeWriter *writer, const Merge *merge)
{
	g_autofree char *by = merge_word(merge, "by");
	if (g_strcmp0(by, "model") == 0)
		put_remark(writer,
			"mergekit has a threshold for each tensor; here it is one for the "
			"whole model");
	for (guint i = 0; i < G_N_ELEMENTS(papers) && is_of_paper(merge); i++)
		if (g_str_equal(papers[i].ours, merge->method->ours))
			put_remark(writer, "%s", papers[i].text);
}

static void remark_draws(MergeWriter *writer, const Merge *merge)
{
	const Method *ours = merge_call(merge)->method;
	gint mask = method_parameter(ours, "mask");
	if (method_parameter(ours, SEED) >= 0)
		put_remark(writer,
			"mergekit draws other elements to drop than the seed does here%s",
			mask >= 0 && merge_call(merge)->argument[mask].text ? ", and takes no masks"
									    : "");
}

/* Whether the first of the models is the base_model: one end of slerp's way. */
static gboolean begins_with_base(const Merge *merge)
{
	return merge->method->base == BASE_START && merge->models->len == 2;
}

static gboolean put_merge_base(MergeWriter *writer, const Merge *merge)
{
	g_autofree char *of = merge_word(merge, "of");
	const WriteModel *first = merge->models->pdata[0];
	BaseRole base = merge->method->base;
	if (begins_with_base(merge))
		return put_base(writer, first->member);
	gboolean origin = base == BASE_ORIGIN || base == BASE_START ||
			  (base == BASE_OPTIONAL && g_strcmp0(of, "changes") == 0);
	return !origin || put_base(writer, 0);
}

static gboolean write_merge(MergeWriter *writer, const Merge *merge)
{
	remark_paper(writer, merge);
	remark_draws(writer, merge);
	g_string_append_printf(writer->text, "merge_method: %s\n", merge->method->name);
	if (!put_merge_base(writer, merge) ||
		!put_models(writer, merge, begins_with_base(merge) ? 1 : 0))
		return FALSE;
	put_parameters(writer, merge);
	return TRUE;
}

/* A linear edit that is a linear method of mergekit's by itself is written as that. */
static gboolean write_edit(MergeWriter *writer, const Node *edit, double scale)
{
	gboolean linear = linear_is(edit);
	gboolean itself = edit->kind == NODE_CALL && scale == 1;
	g_autoptr(GError) reason = NULL;
	g_autoptr(Merge) merge =
		linear && !itself ? NULL : merge_new(writer->collection, edit, scale, &reason);
	if (merge)
		return write_merge(writer, merge);
	if (linear)
		return write_linear(writer, edit, scale);
	g_propagate_error(writer->error, g_steal_pointer(&reason));
	return FALSE;
}

static guint8 *float_tensors(const Collection *collection)
{
	guint tensors = collection_tensors(collection);
	guint8 *floats = g_new0(guint8, tensors + 1);
	for (guint i = 0; i < tensors; i++)
		floats[i] = collection_is_float(collection, i) != FALSE;
	return floats;
}

char *mergekit_write(const Collection *collection, const Node *edit, double scale, GPtrArray *notes,
	GError **error)
{
	g_autoptr(Depth) depth = depth_new(collection);
	g_autofree guint8 *floats = float_tensors(collection);
	g_auto(Filters) filters = {0};
	filters_init(&filters, depth, edit);
	g_autoptr(GString) text = g_string_new(NULL);
	MergeWriter writer = {collection, filters, floats, FALSE, text, notes, error};
	if (!expression_check_scale(edit, scale, error) || !write_edit(&writer, edit, scale))
		return NULL;
	put_types(&writer);
	return g_string_free(g_steal_pointer(&text), FALSE);
}
