/* warning_call.c - calls that do other than they look like. */
#include "preview/warning.h"

#include "preview/bound.h"
#include "preview/closed.h"
#include "edit/method_rows.h"

#include <math.h>

/* Elects signs by weighted sums, and divides by the weights of those that agree. */
static gboolean is_election(const Method *method)
{
	return method == &method_ties || method == &method_dare_ties ||
	       method == &method_breadcrumbs_ties || method == &method_della;
}

static gboolean turns(const Method *method)
{
	return method == &method_slerp || method == &method_nuslerp ||
	       method == &method_multislerp || method == &method_karcher;
}

static gboolean drops_outliers(const Method *method)
{
	return method == &method_breadcrumbs || method == &method_breadcrumbs_ties;
}

/* A parameter of a call, by its name; NaN where the method has none. */
static double value_of(const Node *call, const char *name, guint tensor)
{
	gint parameter = method_parameter(call->method, name);
	return parameter < 0 ? NAN : method_value(call, (guint)parameter, tensor);
}

static gboolean normalizes(const Node *call)
{
	return call->method->weighted && value_of(call, "normalize", 0) == 1;
}

static void add_cancelled(GPtrArray *warnings, const Collection *collection, const Node *call)
{
	double weight = method_weight(call, 0, 0);
	gboolean lost = method_dialect(call) == DIALECT_MERGEKIT || !is_election(call->method);
	if (call->children->len != 1 || weight == 1 || (weight == -1 && !lost))
		return;
	g_autofree char *text = expression_print_value(collection, call);
	warning_add(warnings,
		"%s divides by its weights, so that the %s of its one input has no effect: put the "
		"number before it, or write normalize=no",
		text, lost ? "weight" : "size of the weight");
}

static gboolean has_negative(const Node *call, guint tensors)
{
	for (guint i = 0; i < call->children->len; i++)
		for (guint t = 0; t < tensors; t++)
			if (method_weight(call, i, t) < 0)
				return TRUE;
	return FALSE;
}

static void add_signs(GPtrArray *warnings, const Collection *collection, const Node *call)
{
	if (method_dialect(call) != DIALECT_MERGEKIT || !is_election(call->method) ||
		call->children->len < 2 || !has_negative(call, collection_tensors(collection)))
		return;
	warning_add(warnings,
		"%s with dialect=mergekit divides by the weights of those that agree, and turns "
		"round what has a negative one: write normalize=no, or dialect=paper",
		call->method->name);
}

/* Whether mergekit keeps nothing of a tensor: where it drops no outlier, it drops all. */
static gboolean drops_all(const Node *call, guint tensor, guint64 elements)
{
	double n = (double)elements, density = value_of(call, "density", tensor);
	double kept = floor(density * n), top = floor(value_of(call, "gamma", tensor) * n);
	return density < 1 && elements > 0 && top + fmin(0, n - kept - top) <= 0;
}

static void add_dropped(GPtrArray *warnings, const Collection *collection, const Node *call)
{
	if (!drops_outliers(call->method) || method_dialect(call) != DIALECT_MERGEKIT)
		return;
	g_autoptr(GArray) dropped = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint t = 0; t < collection_tensors(collection); t++)
		if (collection_is_float(collection, t) && expression_acts(collection, call, t) &&
			drops_all(call, t, collection_tensor(collection, t)->elements))
			g_array_append_val(dropped, t);
	g_autofree char *what = g_strdup_printf(
		"of which %s drops everything, as mergekit does where gamma is less "
		"than one element (dialect=paper does not)",
		call->method->name);
	warning_add_tensors(warnings, collection, dropped, what);
}

/* ‖x‖² of an input on each tensor; NULL where that is not known. */
static double *input_squares(
	const Collection *collection, const Gram *gram, const Node *call, guint input)
{
	const Node *body = method_body(call, input);
	if (!closed_is(collection, body, FALSE))
		return NULL;
	g_autoptr(Closed) closed = closed_new(collection, gram, body, NULL);
	if (!closed)
		return NULL;
	double *squares = g_new0(double, (gsize)closed->tensors + 1);
	g_autofree double *products = g_new0(double, closed->vectors);
	for (guint t = 0; t < closed->tensors; t++)
		squares[t] = gram_linear(gram, t, closed->c + (gsize)t * closed->vectors, products);
	return squares;
}

/* Counts the inputs that are 0 on each tensor; FALSE where that is not known of one. */
static gboolean count_zeros(
	const Collection *collection, const Gram *gram, const Node *call, guint *zeros)
{
	for (guint i = 0; i < call->children->len; i++) {
		g_autofree double *squares = input_squares(collection, gram, call, i);
		for (guint t = 0; squares && t < gram->tensors; t++)
			zeros[t] += squares[t] == 0;
		if (!squares)
			return FALSE;
	}
	return TRUE;
}

static void add_zero_inputs(
	GPtrArray *warnings, const Collection *collection, const Gram *gram, const Node *call)
{
	guint inputs = call->children->len;
	if (!turns(call->method) || inputs < 2 || value_of(call, "of", 0) == 1)
		return;
	g_autofree guint *zeros = g_new0(guint, (gsize)gram->tensors + 1);
	g_autoptr(GArray) tensors = g_array_new(FALSE, FALSE, sizeof(guint));
	if (!count_zeros(collection, gram, call, zeros))
		return;
	for (guint t = 0; t < gram->tensors; t++)
		if (collection_is_float(collection, t) && zeros[t] && zeros[t] < inputs)
			g_array_append_val(tensors, t);
	g_autofree char *what = g_strdup_printf(
		"on which an input of %s is 0 and has no direction", call->method->name);
	warning_add_tensors(warnings, collection, tensors, what);
}

void warning_add_calls(
	GPtrArray *warnings, const Collection *collection, const Gram *gram, const Node *edit)
{
	g_autoptr(GPtrArray) calls = expression_calls(edit);
	for (guint i = 0; i < calls->len; i++) {
		const Node *call = calls->pdata[i];
		if (normalizes(call)) {
			add_cancelled(warnings, collection, call);
			add_signs(warnings, collection, call);
		}
		add_dropped(warnings, collection, call);
		add_zero_inputs(warnings, collection, gram, call);
	}
}

void warning_add_rows(GPtrArray *warnings, const Node *edit)
{
	g_autoptr(GPtrArray) calls = expression_calls(edit);
	for (guint i = 0; i < calls->len; i++) {
		const Node *call = calls->pdata[i];
		if (!bound_sees_rows(call))
			continue;
		warning_add(warnings,
			"%s sees rows whole, and the sample has only parts of them: the estimate "
			"may be far off, and its interval is all that must hold; measure it "
			"(--exact)",
			call->method->name);
		return;
	}
}
