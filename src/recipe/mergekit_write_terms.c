/* mergekit_write_terms.c - an edit as a merge: one method, its models, and their numbers by tensor.
 *
 * Several calls of a method with scopes are one merge where no two of them act on the same tensor:
 * the numbers of each are those of the merge on its tensors. */
#include "recipe/mergekit_write.h"

#include "core/error.h"
#include "edit/linear.h"
#include "edit/node.h"

#include <string.h>

static void term_free(gpointer data)
{
	Term *term = data;
	g_free(term->factor);
	g_free(term);
}

static void add_terms(GPtrArray *terms, guint tensors, const Node *node, double *factor);

static void add_inner(GPtrArray *terms, guint tensors, const Node *node, const double *factor)
{
	add_terms(terms, tensors, node, g_memdup2(factor, (tensors + 1) * sizeof *factor));
}

static void multiply(double *factor, guint tensors, const Node *coefficient, gboolean divide)
{
	for (guint i = 0; i < tensors; i++) {
		double by = coefficient ? linear_coefficient(coefficient, i) : -1;
		factor[i] = divide ? factor[i] / by : factor[i] * by;
	}
}

static void narrow(double *factor, guint tensors, const Node *scope)
{
	for (guint i = 0; i < tensors; i++)
		factor[i] = scope->chosen[i] ? factor[i] : 0;
}

/* Adds the terms of a node, each multiplied by `taken`, which it takes. */
static void add_terms(GPtrArray *terms, guint tensors, const Node *node, double *taken)
{
	g_autofree double *factor = taken;
	switch (node->kind) {
	case NODE_ADD:
	case NODE_SUBTRACT:
		add_inner(terms, tensors, node_child(node, 0), factor);
		if (node->kind == NODE_SUBTRACT)
			multiply(factor, tensors, NULL, FALSE);
		add_inner(terms, tensors, node_child(node, 1), factor);
		return;
	case NODE_NEGATE:
		multiply(factor, tensors, NULL, FALSE);
		add_inner(terms, tensors, node_child(node, 0), factor);
		return;
	case NODE_SCALE:
		multiply(factor, tensors, node_child(node, 0), FALSE);
		add_inner(terms, tensors, node_child(node, 1), factor);
		return;
	case NODE_DIVIDE:
		multiply(factor, tensors, node_child(node, 1), TRUE);
		add_inner(terms, tensors, node_child(node, 0), factor);
		return;
	case NODE_SCOPE:
		narrow(factor, tensors, node);
		add_inner(terms, tensors, node_child(node, 0), factor);
		return;
	default:
		break;
	}
	if (node->kind == NODE_TASK && node->member == 0)
		return;
	Term *term = g_new0(Term, 1);
	*term = (Term){node, g_steal_pointer(&factor)};
	g_ptr_array_add(terms, term);
}

GPtrArray *terms_new(const Collection *collection, const Node *edit)
{
	guint tensors = collection_tensors(collection);
	GPtrArray *terms = g_ptr_array_new_with_free_func(term_free);
	double *factor = g_new(double, tensors + 1);
	for (guint i = 0; i <= tensors; i++)
		factor[i] = 1;
	add_terms(terms, tensors, edit, factor);
	return terms;
}

static const Node *term_core(const Merge *merge, guint term)
{
	return ((const Term *)merge->terms->pdata[term])->core;
}

static void model_free(gpointer data)
{
	WriteModel *model = data;
	g_free(model->call);
	g_free(model->input);
	g_free(model);
}

void merge_free(Merge *merge)
{
	if (!merge)
		return;
	g_ptr_array_unref(merge->terms);
	g_ptr_array_unref(merge->models);
	g_free(merge->active);
	g_free(merge->counts);
	g_free(merge);
}

G_GNUC_PRINTF(3, 4)
static gboolean refuse(const Node *node, GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return fail(error, ERROR_USAGE, "column %u: %s", node->column, text);
}

/* The row of a method of ours, as it is with this call. */
static const MergekitMethod *row_of(const Node *core, GError **error)
{
	for (const MergekitMethod *row = mergekit_methods; row->name; row++)
		if (core->kind == NODE_CALL && g_strcmp0(row->ours, core->method->name) == 0)
			return row;
	refuse(core, error, "mergekit has no method for %s",
		core->kind == NODE_CALL ? core->method->name : "a task beside a merge");
	return NULL;
}

/* One method for all terms. */
static gboolean find_method(Merge *merge, GError **error)
{
	for (guint i = 0; i < merge->terms->len; i++) {
		const Node *core = term_core(merge, i);
		const MergekitMethod *row = row_of(core, error);
		if (!row)
			return FALSE;
		if (merge->method && merge->method != row)
			return refuse(core, error,
				"a recipe of mergekit has one method, and here are %s and %s",
				merge->method->ours, row->ours);
		merge->method = row;
	}
	return TRUE;
}

/* Which term counts on each tensor. */
static gboolean find_active(Merge *merge, GError **error)
{
	for (guint i = 0; i < collection_tensors(merge->collection); i++) {
		merge->active[i] = -1;
		for (guint t = 0; t < merge->terms->len; t++) {
			const Term *term = merge->terms->pdata[t];
			if (term->factor[i] == 0 || !collection_is_float(merge->collection, i))
				continue;
			if (merge->active[i] >= 0)
				return refuse(term->core, error,
					"mergekit adds no merges: two of them act on %s",
					collection_tensor(merge->collection, i)->name);
			merge->active[i] = (gint)t;
		}
		merge->counts[i] = merge->active[i] >= 0;
	}
	return TRUE;
}

static gboolean is_single(const Merge *merge, const Node *node)
{
	return node->kind == NODE_CALL && merge->method->single &&
	       g_str_equal(node->method->name, merge->method->single) && node->children->len == 1;
}

/* Whether a call leaves its input's weight at 1. */
static gboolean is_unweighted(const Merge *merge, const Node *call)
{
	for (guint i = 0; i < collection_tensors(merge->collection); i++)
		if (method_weight(call, 0, i) != 1)
			return FALSE;
	return TRUE;
}

/* The call that an input's own numbers stand in: of itself, or of the whole.  NULL with *error set
 * where the input is no model. */
static const Node *own_call(
	const Merge *merge, const Node *call, guint input, guint *member, GError **error)
{
	const Node *body = method_body(call, input), *own = call;
	if (is_single(merge, body) && is_unweighted(merge, body)) {
		own = body;
		body = method_body(own, 0);
	}
	if (body->kind == NODE_TASK) {
		*member = body->member;
		return own;
	}
	refuse(node_child(call, input), error,
		"mergekit merges models, and this input of %s is more than a task with a weight",
		call->method->name);
	return NULL;
}

static WriteModel *find_model(Merge *merge, guint member)
{
	for (guint i = 0; i < merge->models->len; i++) {
		WriteModel *model = merge->models->pdata[i];
		if (model->member == member)
			return model;
	}
	WriteModel *model = g_new0(WriteModel, 1);
	model->member = member;
	model->call = g_new0(const Node *, merge->terms->len);
	model->input = g_new0(guint, merge->terms->len);
	g_ptr_array_add(merge->models, model);
	return model;
}

static gboolean add_models(Merge *merge, guint term, GError **error)
{
	const Node *call = term_core(merge, term);
	for (guint i = 0; i < call->children->len; i++) {
		guint member;
		const Node *own = own_call(merge, call, i, &member, error);
		if (!own)
			return FALSE;
		WriteModel *model = find_model(merge, member);
		if (model->call[term])
			return refuse(node_child(call, i), error,
				"mergekit keeps one of two inputs that are the same model");
		model->call[term] = own;
		model->input[term] = i;
	}
	return TRUE;
}

/* Where a method has no weights, a model takes part everywhere or nowhere. */
static gboolean check_models(const Merge *merge, GError **error)
{
	gboolean weighted = mergekit_parameter(merge->method, "weight") != NULL;
	for (guint i = 0; i < merge->models->len; i++) {
		const WriteModel *model = merge->models->pdata[i];
		for (guint t = 0; !weighted && t < merge->terms->len; t++)
			if (!model->call[t] || model->input[t] != i)
				return refuse(term_core(merge, t), error,
					"%s of mergekit has the same models on all tensors",
					merge->method->name);
	}
	return TRUE;
}

/* A recipe has one word for all tensors. */
static gboolean check_words(const Merge *merge, GError **error)
{
	const Node *first = merge_call(merge);
	for (guint t = 1; t < merge->terms->len; t++) {
		const Node *call = term_core(merge, t);
		for (guint p = 0; p < method_parameters(call->method); p++)
			if (call->argument[p].choice != first->argument[p].choice)
				return refuse(call, error,
					"%s must be the same in all calls of %s for mergekit",
					call->method->parameters[p].name, call->method->name);
	}
	return TRUE;
}

static double own_number(
	const Node *call, const MergekitParameter *parameter, guint tensor, double otherwise)
{
	gint place = method_parameter(call->method, parameter->ours);
	if (place < 0)
		return otherwise;
	double value = method_value(call, (guint)place, tensor);
	return parameter->role == ROLE_COMPLEMENT ? mergekit_complement(value) : value;
}

/* What a model has trimmed by itself must not be trimmed again. */
static gboolean check_neutral(const Merge *merge, const WriteModel *model, GError **error)
{
	const MergekitParameter *density = mergekit_parameter(merge->method, "density");
	for (guint i = 0; i < collection_tensors(merge->collection); i++) {
		const Node *call =
			merge->counts[i] ? term_core(merge, (guint)merge->active[i]) : NULL;
		const Node *own = call ? model->call[merge->active[i]] : NULL;
		if (own && own != call && own_number(call, density, i, 1) != 1)
			return refuse(own, error,
				"mergekit trims a model once: give the outer %s %s",
				call->method->name, merge->method->neutral);
	}
	return TRUE;
}

/* Without a lambda there, the merge is taken as it is. */
static gboolean check_lambda(const Merge *merge, GError **error)
{
	if (mergekit_parameter(merge->method, "lambda"))
		return TRUE;
	for (guint i = 0; i < collection_tensors(merge->collection); i++)
		if (collection_is_float(merge->collection, i) && merge_lambda(merge, i) != 1)
			return refuse(merge_call(merge), error,
				"%s of mergekit has no scale, and on %s it is %g",
				merge->method->name, collection_tensor(merge->collection, i)->name,
				merge_lambda(merge, i));
	return TRUE;
}

/* `along` and `of` have words that mergekit has no flag for. */
static gboolean check_choices(const Merge *merge, GError **error)
{
	g_autofree char *of = merge_word(merge, "of");
	g_autofree char *along = merge_word(merge, "along");
	if (merge->method->base != BASE_OPTIONAL && g_strcmp0(of, "changes") == 0)
		return refuse(merge_call(merge), error,
			"%s of mergekit is of whole weights: say of=weights%s", merge->method->name,
			merge->method->base == BASE_START ? ", or use nuslerp" : "");
	if (g_strcmp0(along, "filter") == 0)
		return refuse(merge_call(merge), error,
			"mergekit has no along=filter: say along=row or along=tensor");
	return TRUE;
}

static gboolean fill(Merge *merge, GError **error)
{
	if (merge->terms->len == 0)
		return fail(error, ERROR_USAGE, "the edit changes nothing");
	if (!find_method(merge, error) || !find_active(merge, error))
		return FALSE;
	for (guint t = 0; t < merge->terms->len; t++)
		if (!add_models(merge, t, error))
			return FALSE;
	for (guint i = 0; i < merge->models->len; i++)
		if (!check_neutral(merge, merge->models->pdata[i], error))
			return FALSE;
	return check_models(merge, error) && check_words(merge, error) &&
	       check_choices(merge, error) && check_lambda(merge, error);
}

Merge *merge_new(const Collection *collection, const Node *edit, double scale, GError **error)
{
	guint tensors = collection_tensors(collection);
	g_autoptr(Merge) merge = g_new0(Merge, 1);
	merge->collection = collection;
	merge->scale = scale;
	merge->terms = terms_new(collection, edit);
	merge->models = g_ptr_array_new_with_free_func(model_free);
	merge->active = g_new0(gint, tensors + 1);
	merge->counts = g_new0(guint8, tensors + 1);
	return fill(merge, error) ? g_steal_pointer(&merge) : NULL;
}

const Node *merge_call(const Merge *merge)
{
	return term_core(merge, 0);
}

double merge_weight(const Merge *merge, const WriteModel *model, guint tensor)
{
	guint term = (guint)MAX(merge->active[tensor], 0);
	return model->call[term] ? method_weight(term_core(merge, term), model->input[term], tensor)
				 : 0;
}

double merge_number(const Merge *merge, const WriteModel *model, const MergekitParameter *parameter,
	guint tensor)
{
	guint term = (guint)MAX(merge->active[tensor], 0);
	const Node *call = model ? model->call[term] : NULL;
	return own_number(
		call ? call : term_core(merge, term), parameter, tensor, parameter->otherwise);
}

double merge_lambda(const Merge *merge, guint tensor)
{
	if (merge->active[tensor] < 0)
		return 0;
	const Term *term = merge->terms->pdata[merge->active[tensor]];
	return term->factor[tensor] * merge->scale;
}

char *merge_word(const Merge *merge, const char *parameter)
{
	const Node *call = merge_call(merge);
	gint place = method_parameter(call->method, parameter);
	if (place < 0)
		return NULL;
	return parameter_word(&call->method->parameters[place], call->argument[place].choice);
}
