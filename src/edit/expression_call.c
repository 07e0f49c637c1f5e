/* expression_call.c - the rules for what has brackets behind its name: methods with their inputs
 * and parameters, and the coefficients ramp and first. */
#include "edit/parser.h"

#include "core/text.h"
#include "edit/linear.h"
#include "edit/node.h"
#include "edit/resolve.h"

#include <string.h>

/* Whether the next token is the name of a parameter: a word with = behind it. */
static gboolean at_parameter(const Parser *parser)
{
	const Token *token = &parser->token;
	if (token->kind != TOKEN_NAME || token->quoted || token->step >= 0)
		return FALSE;
	const char *behind = parser->text + token->end;
	while (g_ascii_isspace(*behind))
		behind++;
	return *behind == '=';
}

/* "; the nearest is density", or nothing where none is near.  Free with g_free. */
static char *nearest_remedy(const char *word, const GPtrArray *known)
{
	const char *nearest = text_nearest(word, (const char *const *)known->pdata, known->len);
	return nearest ? g_strdup_printf("; the nearest is %s", nearest) : g_strdup("");
}

/* "; the nearest is p", or where none is near, "; it takes p, seed". */
static char *parameter_remedy(const char *name, GPtrArray *known)
{
	g_autofree char *nearest = nearest_remedy(name, known);
	if (*nearest)
		return g_steal_pointer(&nearest);
	g_ptr_array_add(known, NULL);
	g_autofree char *all = g_strjoinv(", ", (char **)known->pdata);
	return g_strdup_printf("; it takes %s", all);
}

static gboolean fail_weight(Parser *parser, const Method *method, const char *name)
{
	return parser_fail(parser, parser_column(parser),
		       "%s has no parameter %s; the weight of an input is the number before it, as "
		       "in %s(0.5*a)",
		       method->name, name, method->name) != NULL;
}

static gboolean fail_parameter(Parser *parser, const Method *method, const char *name)
{
	if (method->weighted && g_str_has_prefix(name, "weight"))
		return fail_weight(parser, method, name);
	g_autoptr(GPtrArray) known = g_ptr_array_new();
	for (guint i = 0; i < method_parameters(method); i++)
		g_ptr_array_add(known, (gpointer)method->parameters[i].name);
	if (known->len == 0)
		return parser_fail(parser, parser_column(parser), "%s has no parameters",
			       method->name) != NULL;
	g_autofree char *remedy = parameter_remedy(name, known);
	return parser_fail(parser, parser_column(parser), "%s has no parameter %s%s", method->name,
		       name, remedy) != NULL;
}

static gboolean parse_choice(Parser *parser, const Parameter *row, Argument *argument)
{
	const Token *token = &parser->token;
	gboolean is_word = token->kind == TOKEN_NAME && !token->quoted && token->step < 0;
	gint choice = is_word ? parameter_choice(row, token->name) : -1;
	g_autofree char *range = parameter_range(row);
	if (!is_word)
		return parser_fail_expected(parser, range) != NULL;
	if (choice < 0) {
		g_auto(GStrv) words = g_strsplit(row->choices, " ", -1);
		GPtrArray known = {(gpointer *)words, g_strv_length(words)};
		g_autofree char *remedy = nearest_remedy(token->name, &known);
		return parser_fail(parser, parser_column(parser), "%s is %s, and not %s%s",
			       row->name, range, token->name, remedy) != NULL;
	}
	argument->choice = (guint)choice;
	return parser_advance(parser);
}

static gboolean parse_text(Parser *parser, const Parameter *row, Argument *argument)
{
	const Token *token = &parser->token;
	if (token->kind != TOKEN_NAME || !token->quoted || token->step >= 0)
		return parser_fail_expected(parser, "a text in \"") != NULL;
	if (!*token->name)
		return parser_fail(parser, parser_column(parser), "%s is empty", row->name) != NULL;
	argument->text = g_steal_pointer(&parser->token.name);
	return parser_advance(parser);
}

/* Whether the number at byte `at` is a double only because it was rounded, as 2^53 + 1 is. */
static gboolean is_rounded(const char *text, gsize at, const Node *number)
{
	return number->kind == NODE_NUMBER && number->number == COUNT_MOST &&
	       g_ascii_strtoull(text + at, NULL, 10) > (guint64)COUNT_MOST;
}

static gboolean parse_number(Parser *parser, Node *call, guint parameter)
{
	const Parameter *row = &call->method->parameters[parameter];
	gsize start = parser->token.start;
	guint at = parser_column(parser);
	g_autoptr(Node) number = parser_sum(parser);
	if (!number)
		return FALSE;
	if (number->is_vector)
		return parser_fail(parser, at, "%s is a number, and this is a task vector",
			       row->name) != NULL;
	if (row->type == PARAMETER_COUNT && is_rounded(parser->text, start, number))
		return parser_fail(parser, at, "%s is too large; it takes whole numbers up to %.0f",
			       row->name, COUNT_MOST) != NULL;
	node_set_number(call, parameter, g_steal_pointer(&number));
	return TRUE;
}

static gboolean parse_parameter_value(Parser *parser, Node *call, guint parameter)
{
	const Parameter *row = &call->method->parameters[parameter];
	Argument *argument = &call->argument[parameter];
	argument->given = TRUE;
	if (row->type == PARAMETER_CHOICE)
		return parse_choice(parser, row, argument);
	if (row->type == PARAMETER_TEXT)
		return parse_text(parser, row, argument);
	return parse_number(parser, call, parameter);
}

/* NAME = value; the next token is the name. */
static gboolean parse_parameter(Parser *parser, Node *call)
{
	guint at = parser_column(parser);
	const char *name = parser->token.name;
	if (!call->method)
		return parser_fail(parser, at, "%s has no parameters",
			       call->kind == NODE_RAMP ? "ramp" : "first") != NULL;
	gint parameter = method_parameter(call->method, name);
	if (parameter < 0)
		return fail_parameter(parser, call->method, name);
	if (call->argument[parameter].given)
		return parser_fail(parser, at, "%s is given twice", name) != NULL;
	return parser_advance(parser) && parser_advance(parser) &&
	       parse_parameter_value(parser, call, (guint)parameter);
}

static gboolean parse_argument(Parser *parser, Node *call)
{
	if (at_parameter(parser))
		return parse_parameter(parser, call);
	Node *input = parser_sum(parser);
	if (input)
		node_add(call, input);
	return input != NULL;
}

/* Adds what stands between the brackets of a call, separated by commas; the next token is `(`. */
static gboolean parse_arguments(Parser *parser, Node *call)
{
	guint open = parser_column(parser);
	do {
		if (!parser_advance(parser) || !parse_argument(parser, call))
			return FALSE;
	} while (parser_at_symbol(parser, ','));
	return parser_close_bracket(parser, open);
}

/* ramp(a, b, ...): the arguments become the numbers of the node. */
static Node *finish_ramp(Parser *parser, Node *taken)
{
	g_autoptr(Node) ramp = taken;
	guint anchors = ramp->children->len;
	gboolean numbers = anchors >= 2;
	ramp->anchors = anchors;
	ramp->anchor = g_new0(double, anchors);
	for (guint i = 0; i < anchors && numbers; i++) {
		const Node *anchor = node_child(ramp, i);
		numbers = !anchor->is_vector && linear_constant(anchor, &ramp->anchor[i]);
	}
	if (!numbers)
		return parser_fail(parser, ramp->column,
			"ramp takes two numbers or more, as in ramp(0.2, 0.8)*task");
	g_ptr_array_set_size(ramp->children, 0);
	ramp->depth = 1;
	ramp->place = parser_places(parser, FALSE);
	return g_steal_pointer(&ramp);
}

/* Whether a coefficient is about some tensors alone. */
static gboolean is_scoped(const Node *node)
{
	switch (node->kind) {
	case NODE_SCOPE:
		return TRUE;
	case NODE_NEGATE:
	case NODE_DIVIDE:
		return is_scoped(node_child(node, 0));
	case NODE_SCALE:
		return is_scoped(node_child(node, 0)) || is_scoped(node_child(node, 1));
	default:
		return FALSE;
	}
}

static Node *finish_first(Parser *parser, Node *taken)
{
	g_autoptr(Node) first = taken;
	for (guint i = 0; i < first->children->len; i++) {
		const Node *child = node_child(first, i);
		if (child->is_vector || (i + 1 < first->children->len && !is_scoped(child)))
			return parser_fail(parser, child->column,
				"first takes numbers with scopes, and a last one for all other "
				"tensors, as in first(0.5[head], 0.3[attn], 0.1)*task");
	}
	return parser_bounded(parser, g_steal_pointer(&first));
}

/* What the recipe, or the options, say of a call that does not say it itself. */
static void take_defaults(Node *call, const ExpressionDefaults *defaults)
{
	gint dialect = method_parameter(call->method, DIALECT);
	gint seed = method_parameter(call->method, SEED);
	if (dialect >= 0 && !call->argument[dialect].given && defaults->dialect != DIALECT_PAPER) {
		call->argument[dialect].given = TRUE;
		call->argument[dialect].choice = defaults->dialect;
	}
	if (seed >= 0 && !call->argument[seed].given && defaults->seed != 0) {
		Node *number = node_new(NODE_NUMBER, call->column);
		number->number = (double)defaults->seed;
		node_set_number(call, (guint)seed, number);
	}
}

/* The words that are not given are known once the dialect is. */
static void settle_choices(Node *call)
{
	guint dialect = method_dialect(call);
	for (guint i = 0; i < method_parameters(call->method); i++) {
		const Parameter *row = &call->method->parameters[i];
		if (row->type == PARAMETER_CHOICE && !call->argument[i].given)
			call->argument[i].choice = (guint)row->otherwise[dialect];
	}
}

static Node *finish_call(Parser *parser, Node *taken)
{
	g_autoptr(Node) call = taken;
	take_defaults(call, &parser->defaults);
	settle_choices(call);
	if (call->method->by_depth)
		call->place = parser_places(parser, TRUE);
	if (!call_check(parser, call))
		return NULL;
	return parser_bounded(parser, g_steal_pointer(&call));
}

static Node *parse_method(Parser *parser, const Method *method, guint at)
{
	g_autoptr(Node) call = node_new(NODE_CALL, at);
	if (parser->calls == EXPRESSION_CALLS_MOST)
		return parser_fail(
			parser, at, "more than %u methods are nested", EXPRESSION_CALLS_MOST);
	node_set_method(call, method);
	parser->calls++;
	gboolean parsed = parse_arguments(parser, call);
	parser->calls--;
	return parsed ? finish_call(parser, g_steal_pointer(&call)) : NULL;
}

Node *parser_call(Parser *parser, const char *name, guint at)
{
	gboolean is_ramp = g_str_equal(name, "ramp"), is_first = g_str_equal(name, "first");
	const Method *method = method_find(name);
	if (method)
		return parse_method(parser, method, at);
	if (!is_ramp && !is_first) {
		resolve_fail_method(name, at, parser->error);
		return NULL;
	}
	g_autoptr(Node) node = node_new(is_ramp ? NODE_RAMP : NODE_FIRST, at);
	if (!parse_arguments(parser, node))
		return NULL;
	return is_ramp ? finish_ramp(parser, g_steal_pointer(&node))
		       : finish_first(parser, g_steal_pointer(&node));
}
