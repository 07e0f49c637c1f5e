/* method.c - what a call says to its method: parameters, weights and bodies of its inputs. */
#include "edit/method.h"

#include "core/rng.h"
#include "edit/linear.h"
#include "edit/node.h"

#include <math.h>
#include <string.h>

const Method *method_find(const char *name)
{
	for (const Method *const *method = methods; *method; method++)
		if (g_str_equal((*method)->name, name))
			return *method;
	return NULL;
}

guint method_parameters(const Method *method)
{
	guint count = 0;
	while (method->parameters && method->parameters[count].name)
		count++;
	return count;
}

gint method_parameter(const Method *method, const char *name)
{
	guint count = method_parameters(method);
	for (guint i = 0; i < count; i++)
		if (g_str_equal(method->parameters[i].name, name))
			return (gint)i;
	return -1;
}

gint parameter_choice(const Parameter *parameter, const char *word)
{
	g_auto(GStrv) words = g_strsplit(parameter->choices, " ", -1);
	for (gint i = 0; words[i]; i++)
		if (g_str_equal(words[i], word))
			return i;
	return -1;
}

char *parameter_word(const Parameter *parameter, guint choice)
{
	g_auto(GStrv) words = g_strsplit(parameter->choices, " ", -1);
	g_assert(choice < g_strv_length(words));
	return g_strdup(words[choice]);
}

/* "a", "a or b", "a, b or c". */
static char *either_word(const char *choices)
{
	g_auto(GStrv) words = g_strsplit(choices, " ", -1);
	guint last = g_strv_length(words) - 1;
	if (last == 0)
		return g_strdup(words[0]);
	g_autofree char *final = g_steal_pointer(&words[last]);
	g_autofree char *others = g_strjoinv(", ", words);
	return g_strdup_printf("%s or %s", others, final);
}

static gboolean is_bound(double end)
{
	return fabs(end) < G_MAXDOUBLE;
}

static char *number_range(const Parameter *parameter)
{
	gboolean has_least = is_bound(parameter->least), has_most = is_bound(parameter->most);
	g_autofree char *least = expression_number(parameter->least);
	g_autofree char *most = expression_number(parameter->most);
	if (has_least && has_most)
		return g_strdup_printf("%s %s %s %s %s", least,
			parameter->open_least ? "<" : "<=", parameter->name,
			parameter->open_most ? "<" : "<=", most);
	if (has_least)
		return g_strdup_printf(
			"%s %s", parameter->open_least ? "more than" : "at least", least);
	if (has_most)
		return g_strdup_printf(
			"%s %s", parameter->open_most ? "less than" : "at most", most);
	return g_strdup("any number");
}

static char *count_range(const Parameter *parameter)
{
	g_autofree char *range = number_range(parameter);
	return is_bound(parameter->least) || is_bound(parameter->most)
		       ? g_strdup_printf("a whole number, %s", range)
		       : g_strdup("a whole number");
}

char *parameter_range(const Parameter *parameter)
{
	switch (parameter->type) {
	case PARAMETER_NUMBER:
		return number_range(parameter);
	case PARAMETER_COUNT:
		return count_range(parameter);
	case PARAMETER_CHOICE:
		return either_word(parameter->choices);
	case PARAMETER_TEXT:
		break;
	}
	return g_strdup("a quoted text");
}

gboolean parameter_holds(const Parameter *parameter, double value)
{
	if (parameter->type == PARAMETER_COUNT &&
		(value != trunc(value) || fabs(value) > COUNT_MOST))
		return FALSE;
	gboolean above =
		parameter->open_least ? value > parameter->least : value >= parameter->least;
	gboolean below = parameter->open_most ? value < parameter->most : value <= parameter->most;
	return above && below;
}

guint method_dialect(const Node *call)
{
	const Parameter *parameters = call->method->parameters;
	gboolean has = parameters && parameters->name && g_str_equal(parameters->name, DIALECT);
	return has ? call->argument[0].choice : DIALECT_PAPER;
}

MethodBy method_by(const Node *call)
{
	return call->method->by ? call->method->by(call) : BY_TENSOR;
}

double method_value(const Node *call, guint parameter, guint tensor)
{
	const Argument *argument = &call->argument[parameter];
	const Parameter *row = &call->method->parameters[parameter];
	switch (row->type) {
	case PARAMETER_CHOICE:
		return argument->choice;
	case PARAMETER_TEXT:
		return NAN;
	default:
		return argument->number ? linear_coefficient(argument->number, tensor)
					: row->otherwise[method_dialect(call)];
	}
}

guint64 tensor_row(const Tensor *tensor)
{
	return tensor->rank < 2 ? tensor->elements : tensor->shape[tensor->rank - 1];
}

guint64 tensor_filter(const Tensor *tensor)
{
	return tensor->rank < 2 || !tensor->shape[0] ? tensor->elements
						     : tensor->elements / tensor->shape[0];
}

guint64 tensor_columns(const Tensor *tensor)
{
	return tensor->rank < 2 ? 1 : tensor_filter(tensor);
}

/* What a sign, a factor or a divisor before a vector leaves of it; NULL where there is none. */
static const Node *without_factor(const Node *node)
{
	switch (node->kind) {
	case NODE_NEGATE:
	case NODE_DIVIDE:
		return node_child(node, 0);
	case NODE_SCALE:
		return node_child(node, 1);
	default:
		return NULL;
	}
}

static double outer_factor(const Node *node, guint tensor)
{
	switch (node->kind) {
	case NODE_NEGATE:
		return -1;
	case NODE_DIVIDE:
		return 1 / linear_coefficient(node_child(node, 1), tensor);
	default:
		return linear_coefficient(node_child(node, 0), tensor);
	}
}

double method_weight(const Node *call, guint input, guint tensor)
{
	double weight = 1;
	const Node *node = node_child(call, input), *inner;
	while (call->method->weighted && (inner = without_factor(node))) {
		weight *= outer_factor(node, tensor);
		node = inner;
	}
	return weight;
}

const Node *method_body(const Node *call, guint input)
{
	const Node *node = node_child(call, input), *inner;
	while (call->method->weighted && (inner = without_factor(node)))
		node = inner;
	return node;
}

static guint64 elements_where_acts(const MethodSite *site, const Node *input, guint tensor)
{
	const Collection *collection = site->collection;
	return collection_is_float(collection, tensor) && expression_acts(collection, input, tensor)
		       ? collection_tensor(collection, tensor)->elements
		       : 0;
}

guint64 method_input_elements(const MethodSite *domain, guint input)
{
	const Collection *collection = domain->collection;
	const Node *node = node_child(domain->call, input);
	const char *layer = collection->layer[domain->tensor];
	MethodBy by = method_by(domain->call);
	guint64 elements = 0;
	if (by != BY_MODEL && by != BY_LAYER)
		return elements_where_acts(domain, node, domain->tensor);
	for (guint i = 0; i < collection_tensors(collection); i++)
		if (by == BY_MODEL || g_str_equal(collection->layer[i], layer))
			elements += elements_where_acts(domain, node, i);
	return elements;
}

gboolean method_weight_constant(const Node *call, guint input)
{
	double factor;
	const Node *node = node_child(call, input), *inner;
	while (call->method->weighted && (inner = without_factor(node))) {
		if (node->kind == NODE_SCALE && !linear_constant(node_child(node, 0), &factor))
			return FALSE;
		node = inner;
	}
	return TRUE;
}

guint64 method_stream(const Collection *collection, const Node *body)
{
	g_autoptr(GArray) members = expression_members(body);
	guint64 stream = 0;
	for (guint i = 0; i < members->len; i++) {
		guint member = g_array_index(members, guint, i);
		stream += rng_key(0, collection_member(collection, member)->name);
	}
	return stream;
}
