/* expression_check.c - what must hold of a call: how many inputs, which parameters, their ranges.
 */
#include "edit/parser.h"

#include "core/error.h"
#include "edit/linear.h"
#include "edit/node.h"

#include <math.h>
#include <string.h>

static gboolean check_vectors(Parser *parser, const Node *call)
{
	for (guint i = 0; i < call->children->len; i++)
		if (!node_child(call, i)->is_vector)
			return parser_fail(parser, node_child(call, i)->column,
				       "a method takes task vectors, and this is a number; "
				       "parameters are named, as in %s",
				       call->method->example) != NULL;
	return TRUE;
}

/* "1 task vector", "2 or 3 task vectors", "at least 2 task vectors"; g_free. */
static char *wanted_inputs(const Method *method)
{
	const char *plural = method->most == 1 ? "" : "s";
	if (method->least == method->most)
		return g_strdup_printf("%u task vector%s", method->least, plural);
	if (method->most == G_MAXUINT)
		return g_strdup_printf(
			"at least %u task vector%s", method->least, method->least == 1 ? "" : "s");
	return g_strdup_printf("%u %s %u task vectors", method->least,
		method->most == method->least + 1 ? "or" : "to", method->most);
}

static gboolean check_inputs(Parser *parser, const Node *call)
{
	const Method *method = call->method;
	guint n = call->children->len;
	if (n >= method->least && n <= method->most)
		return TRUE;
	g_autofree char *wanted = wanted_inputs(method);
	return parser_fail(parser, call->column, "%s takes %s, not %u; as in %s", method->name,
		       wanted, n, method->example) != NULL;
}

static gboolean is_number(const Parameter *row)
{
	return row->type == PARAMETER_NUMBER || row->type == PARAMETER_COUNT;
}

static gboolean check_given(Parser *parser, const Node *call, guint parameter)
{
	const Parameter *row = &call->method->parameters[parameter];
	gboolean may_lack =
		!is_number(row) || row->optional || !isnan(row->otherwise[method_dialect(call)]);
	if (may_lack || call->argument[parameter].number)
		return TRUE;
	g_autofree char *range = parameter_range(row);
	return parser_fail(parser, call->column, "%s needs %s (%s); as in %s", call->method->name,
		       row->name, range, call->method->example) != NULL;
}

static gboolean fail_range(Parser *parser, const Node *call, guint parameter, guint tensor)
{
	const Parameter *row = &call->method->parameters[parameter];
	const Node *number = call->argument[parameter].number;
	double constant;
	g_autofree char *value = expression_number(linear_coefficient(number, tensor));
	g_autofree char *range = parameter_range(row);
	const char *name = collection_tensor(parser->collection, tensor)->name;
	if (linear_constant(number, &constant))
		parser_fail(
			parser, number->column, "%s is %s; it takes %s", row->name, value, range);
	else
		parser_fail(parser, number->column, "%s is %s on %s; it takes %s", row->name, value,
			name, range);
	return FALSE;
}

/* A number that differs by tensor is looked at on all of them. */
static gboolean check_range(Parser *parser, const Node *call, guint parameter)
{
	const Parameter *row = &call->method->parameters[parameter];
	const Node *number = call->argument[parameter].number;
	double value;
	if (linear_constant(number, &value))
		return parameter_holds(row, value) || fail_range(parser, call, parameter, 0);
	for (guint i = 0; i < collection_tensors(parser->collection); i++)
		if (collection_is_float(parser->collection, i) &&
			!parameter_holds(row, linear_coefficient(number, i)))
			return fail_range(parser, call, parameter, i);
	return TRUE;
}

/* Whether a parameter has to be the same on all tensors. */
static gboolean is_common(const Node *call, guint parameter)
{
	MethodBy by = method_by(call);
	return call->method->parameters[parameter].type == PARAMETER_COUNT || by == BY_MODEL ||
	       by == BY_LAYER;
}

static gboolean check_common(Parser *parser, const Node *call, guint parameter)
{
	double value;
	const Node *number = call->argument[parameter].number;
	const Parameter *row = &call->method->parameters[parameter];
	if (!is_common(call, parameter) || linear_constant(number, &value))
		return TRUE;
	if (row->type == PARAMETER_COUNT)
		return parser_fail(parser, number->column,
			       "%s must be the same on all tensors; give one number",
			       row->name) != NULL;
	gboolean has_by = method_parameter(call->method, "by") >= 0;
	return parser_fail(parser, number->column,
		       "%s is about a whole %s, and must be the same on its tensors; give one "
		       "number%s",
		       row->name, method_by(call) == BY_MODEL ? "model" : "layer",
		       has_by ? ", or say by=tensor" : "") != NULL;
}

static gboolean check_parameters(Parser *parser, const Node *call)
{
	for (guint i = 0; i < method_parameters(call->method); i++) {
		if (!check_given(parser, call, i))
			return FALSE;
		if (!call->argument[i].number)
			continue;
		if (!check_common(parser, call, i) || !check_range(parser, call, i))
			return FALSE;
	}
	return TRUE;
}

/* Makes the error of a method one of the language; takes it.  It may name a column within the call;
 * where the numbers are the same everywhere, the tensor that it names is any. */
static gboolean fail_method(Parser *parser, const Node *call, GError *taken, gboolean differs)
{
	g_autoptr(GError) error = taken;
	const char *tensor = differs ? NULL : error_tensor(error);
	g_autofree char *prefix = g_strdup_printf("tensor %s: ", tensor ? tensor : "");
	gboolean strip = tensor && g_str_has_prefix(error->message, prefix);
	if (g_str_has_prefix(error->message, "column "))
		g_propagate_error(parser->error, g_steal_pointer(&error));
	else
		parser_fail(
			parser, call->column, "%s", error->message + (strip ? strlen(prefix) : 0));
	return FALSE;
}

static gboolean check_method(Parser *parser, const Node *call)
{
	GError *error = NULL;
	if (!call->method->check || call->method->check(parser->collection, call, &error))
		return TRUE;
	return fail_method(parser, call, error, TRUE);
}

/* Whether the factors of a call can differ by tensor. */
static gboolean differs_by_tensor(const Node *call)
{
	double value;
	gboolean differs = call->method->by_depth;
	for (guint i = 0; i < method_parameters(call->method) && !differs; i++)
		differs = call->argument[i].number &&
			  !linear_constant(call->argument[i].number, &value);
	for (guint i = 0; i < call->children->len && !differs; i++)
		differs = !method_weight_constant(call, i);
	return differs;
}

/* A mix that wants no inner products has its answer, or none, before any weights are read. */
static gboolean check_factors(Parser *parser, const Node *call)
{
	if (!call->method->mix || call->method->wants_products)
		return TRUE;
	g_autofree double *factor = g_new0(double, call->children->len + 1);
	gboolean differs = differs_by_tensor(call);
	for (guint i = 0; i < collection_tensors(parser->collection); i++) {
		GError *error = NULL;
		if (!collection_is_float(parser->collection, i))
			continue;
		if (!linear_factors(parser->collection, call, i, factor, &error))
			return fail_method(parser, call, error, differs);
		if (!differs)
			break;
	}
	return TRUE;
}

gboolean call_check(Parser *parser, const Node *call)
{
	return check_vectors(parser, call) && check_inputs(parser, call) &&
	       check_parameters(parser, call) && check_method(parser, call) &&
	       check_factors(parser, call);
}
