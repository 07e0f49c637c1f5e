/* expression_parse.c - text to the tree of an edit, checked against a collection.
 *
 * One function for each rule of the grammar in expression.h; each returns NULL where the error is
 * already set.  `token` is always the next one that is not taken yet. */
#include "edit/expression.h"

#include "checkpoint/scope.h"
#include "core/error.h"
#include "edit/linear.h"
#include "edit/node.h"
#include "edit/resolve.h"
#include "edit/token.h"

#include <math.h>

typedef struct {
	const Collection *collection;
	const char *text;
	Token token;
	guint nesting;
	GError **error;
} Parser;

static Node *parse_sum(Parser *parser);
static Node *parse_factor(Parser *parser);

static gboolean at_symbol(const Parser *parser, char symbol)
{
	return parser->token.kind == TOKEN_SYMBOL && parser->token.symbol == symbol;
}

/* Reads the next token from byte `at`. */
static gboolean advance_to(Parser *parser, gsize at)
{
	token_clear(&parser->token);
	g_autoptr(GError) error = NULL;
	if (token_read(parser->text, at, &parser->token, &error))
		return TRUE;
	if (resolve_wants_quotes(
		    parser->collection, parser->text, parser->token.start, parser->error))
		return FALSE;
	g_propagate_error(parser->error, g_steal_pointer(&error));
	return FALSE;
}

static gboolean advance(Parser *parser)
{
	return advance_to(parser, parser->token.end);
}

static guint column(const Parser *parser)
{
	return token_column(parser->text, parser->token.start);
}

/* Fails at the next token: what was expected, and what is there. */
static Node *fail_expected(Parser *parser, const char *expected)
{
	const Token *token = &parser->token;
	g_autofree char *there = g_strndup(parser->text + token->start, token->end - token->start);
	token_fail(parser->text, token->start, NULL, parser->error, "expected %s, found %s",
		expected, token->kind == TOKEN_END ? "the end" : there);
	return NULL;
}

/* What stands behind a semicolon of the sentence is the remedy. */
static Node *fail_column(Parser *parser, guint at, const char *sentence)
{
	g_auto(GStrv) parts = g_strsplit(sentence, "; ", 2);
	fail_at(parser->error, ERROR_USAGE, (Place){.remedy = parts[1]}, "column %u: %s", at,
		parts[0]);
	return NULL;
}

/* The node, unless the tree has grown too deep. */
static Node *bounded(Parser *parser, Node *node)
{
	if (node->depth <= EXPRESSION_DEPTH_MOST)
		return node;
	guint at = node->column;
	node_free(node);
	return fail_column(
		parser, at, "the edit is too deep; use sum(a, b, ...) instead of a long chain");
}

static const char *sum_problem(const Node *left, const Node *right)
{
	return left->is_vector == right->is_vector
		       ? NULL
		       : "a number cannot be added to a task vector; multiply a task vector by it";
}

static const char *product_problem(const Node *left, const Node *right)
{
	return left->is_vector && right->is_vector ? "a task vector cannot be multiplied by a task "
						     "vector; multiply it by a number"
						   : NULL;
}

static const char *quotient_problem(const Node *left, const Node *right)
{
	(void)left;
	double divisor = 1;
	if (right->is_vector)
		return "a task vector cannot be divided by; divide by a number";
	if (!linear_constant(right, &divisor))
		return "a ramp cannot be divided by; multiply by a ramp";
	return divisor != 0 && isfinite(divisor) ? NULL : "division by zero";
}

typedef struct {
	char symbol;
	NodeKind kind;
	/* What is wrong with these operands, or NULL. */
	const char *(*problem)(const Node *left, const Node *right);
} Operation;

static const Operation sum_operators[] = {
	{'+', NODE_ADD, sum_problem},
	{'-', NODE_SUBTRACT, sum_problem},
	{0},
};

static const Operation product_operators[] = {
	{'*', NODE_SCALE, product_problem},
	{'/', NODE_DIVIDE, quotient_problem},
	{0},
};

static const Operation *operator_ahead(const Parser *parser, const Operation *operators)
{
	for (const Operation *operation = operators; operation->symbol; operation++)
		if (at_symbol(parser, operation->symbol))
			return operation;
	return NULL;
}

/* Takes both operands; a coefficient always stands to the left of what it scales. */
static Node *join(Parser *parser, const Operation *operation, guint at, Node *first, Node *second)
{
	g_autoptr(Node) left = first;
	g_autoptr(Node) right = second;
	const char *problem = operation->problem(left, right);
	if (problem)
		return fail_column(parser, at, problem);
	Node *node = node_new(operation->kind, at);
	node->is_vector = left->is_vector || right->is_vector;
	gboolean swap = operation->kind == NODE_SCALE && left->is_vector;
	node_add(node, swap ? g_steal_pointer(&right) : g_steal_pointer(&left));
	node_add(node, swap ? g_steal_pointer(&left) : g_steal_pointer(&right));
	return bounded(parser, node);
}

/* A chain of operands, joined to the left. */
static Node *parse_chain(
	Parser *parser, const Operation *operators, Node *(*parse_operand)(Parser *parser))
{
	g_autoptr(Node) chain = parse_operand(parser);
	const Operation *operation;
	while (chain && (operation = operator_ahead(parser, operators))) {
		guint at = column(parser);
		Node *right = advance(parser) ? parse_operand(parser) : NULL;
		if (!right)
			return NULL;
		chain = join(parser, operation, at, g_steal_pointer(&chain), right);
	}
	return g_steal_pointer(&chain);
}

static Node *parse_product(Parser *parser)
{
	return parse_chain(parser, product_operators, parse_factor);
}

static Node *parse_sum(Parser *parser)
{
	return parse_chain(parser, sum_operators, parse_product);
}

static Node *parse_number(Parser *parser)
{
	Node *node = node_new(NODE_NUMBER, column(parser));
	node->number = parser->token.number;
	if (advance(parser))
		return node;
	node_free(node);
	return NULL;
}

/* The closing bracket of what was opened at column `open`. */
static gboolean close_bracket(Parser *parser, guint open)
{
	if (at_symbol(parser, ')'))
		return advance(parser);
	g_autofree char *expected = g_strdup_printf("an operator, or ) for column %u", open);
	fail_expected(parser, expected);
	return FALSE;
}

static Node *parse_brackets(Parser *parser)
{
	guint open = column(parser);
	g_autoptr(Node) inside = advance(parser) ? parse_sum(parser) : NULL;
	if (!inside || !close_bracket(parser, open))
		return NULL;
	return g_steal_pointer(&inside);
}

/* Adds what stands between the brackets of a call, separated by commas; the next token is `(`. */
static gboolean parse_arguments(Parser *parser, Node *call)
{
	guint open = column(parser);
	do {
		Node *argument = advance(parser) ? parse_sum(parser) : NULL;
		if (!argument)
			return FALSE;
		node_add(call, argument);
	} while (at_symbol(parser, ','));
	return close_bracket(parser, open);
}

/* ramp(from, to): the arguments become the numbers of the node. */
static Node *finish_ramp(Parser *parser, Node *call)
{
	g_autoptr(Node) ramp = call;
	const Node *from = node_child(ramp, 0);
	const Node *to = ramp->children->len == 2 ? node_child(ramp, 1) : NULL;
	if (!to || from->is_vector || to->is_vector || !linear_constant(from, &ramp->number) ||
		!linear_constant(to, &ramp->number_to))
		return fail_column(
			parser, ramp->column, "ramp takes two numbers, as in ramp(0.2, 0.8)*task");
	g_ptr_array_set_size(ramp->children, 0);
	ramp->depth = 1;
	ramp->place = linear_places(parser->collection);
	return g_steal_pointer(&ramp);
}

static Node *finish_call(Parser *parser, Node *taken)
{
	g_autoptr(Node) call = taken;
	const EditFunction *function = call->function;
	guint n = call->children->len;
	for (guint i = 0; i < n; i++)
		if (!node_child(call, i)->is_vector)
			return fail_column(parser, node_child(call, i)->column,
				"a function takes task vectors, and this is a number");
	if (n < function->least || n > function->most)
		return fail_column(parser, call->column, function->help);
	return bounded(parser, g_steal_pointer(&call));
}

static Node *parse_call(Parser *parser, const char *name, guint at)
{
	gboolean is_ramp = g_str_equal(name, "ramp");
	g_autoptr(Node) call = node_new(is_ramp ? NODE_RAMP : NODE_CALL, at);
	call->function = edit_function(name);
	if (!is_ramp && !call->function) {
		resolve_fail_function(name, at, parser->error);
		return NULL;
	}
	if (!parse_arguments(parser, call))
		return NULL;
	return is_ramp ? finish_ramp(parser, g_steal_pointer(&call))
		       : finish_call(parser, g_steal_pointer(&call));
}

/* A task, a step or a call. */
static Node *parse_name(Parser *parser)
{
	Token name = parser->token;
	g_autofree char *owned = g_steal_pointer(&parser->token.name);
	guint at = column(parser);
	if (!advance(parser))
		return NULL;
	if (at_symbol(parser, '(') && !name.quoted && name.step < 0)
		return parse_call(parser, owned, at);
	guint member;
	if (!resolve_task(parser->collection, parser->text, &name, &member, parser->error))
		return NULL;
	Node *node = node_new(NODE_TASK, at);
	node->member = member;
	return node;
}

static guint8 *chosen_tensors(const Collection *collection, const char *pattern)
{
	guint tensors = collection_tensors(collection);
	g_autofree char *whole = scope_whole_pattern(collection, pattern);
	guint8 *chosen = g_new0(guint8, tensors + 1);
	for (guint i = 0; i < tensors; i++)
		chosen[i] = scope_matches(collection, i, whole) != FALSE;
	return chosen;
}

/* Wraps a value in the scope that follows it; takes the value.  The next token is `[`. */
static Node *parse_scope(Parser *parser, Node *value)
{
	g_autoptr(Node) scope = node_new(NODE_SCOPE, column(parser));
	gsize end, open = parser->token.start;
	node_add(scope, value);
	if (!value->is_vector)
		return fail_column(parser, scope->column,
			"a scope narrows a task vector, and this is a number");
	scope->pattern = token_pattern(parser->text, open, &end, parser->error);
	if (!scope->pattern)
		return NULL;
	g_autoptr(Scope) tensors =
		scope_new(parser->collection, scope->pattern, NULL, 0, parser->error);
	if (!tensors) {
		g_prefix_error(parser->error, "column %u: ", scope->column);
		return NULL;
	}
	scope->chosen = chosen_tensors(parser->collection, scope->pattern);
	return advance_to(parser, end) ? bounded(parser, g_steal_pointer(&scope)) : NULL;
}

static Node *parse_value(Parser *parser)
{
	g_autoptr(Node) value = NULL;
	if (parser->token.kind == TOKEN_NUMBER)
		value = parse_number(parser);
	else if (parser->token.kind == TOKEN_NAME)
		value = parse_name(parser);
	else if (at_symbol(parser, '('))
		value = parse_brackets(parser);
	else
		return fail_expected(parser, "a task, a number or (");
	while (value && at_symbol(parser, '['))
		value = parse_scope(parser, g_steal_pointer(&value));
	return g_steal_pointer(&value);
}

static Node *parse_negation(Parser *parser)
{
	guint at = column(parser);
	Node *operand = advance(parser) ? parse_factor(parser) : NULL;
	if (!operand)
		return NULL;
	Node *node = node_new(NODE_NEGATE, at);
	node->is_vector = operand->is_vector;
	node_add(node, operand);
	return bounded(parser, node);
}

static Node *parse_factor(Parser *parser)
{
	if (parser->nesting == EXPRESSION_NESTING_MOST)
		return fail_column(parser, column(parser), "the edit is nested too deeply");
	parser->nesting++;
	Node *factor = at_symbol(parser, '-') ? parse_negation(parser) : parse_value(parser);
	parser->nesting--;
	return factor;
}

/* What must hold of the whole. */
static Node *finish(Parser *parser, Node *taken)
{
	g_autoptr(Node) edit = taken;
	if (parser->token.kind != TOKEN_END)
		return fail_expected(parser, "an operator or the end");
	if (!edit->is_vector)
		return fail_column(parser, edit->column,
			"the edit is a number; multiply a task vector by it, as in 0.5*task");
	if (!expression_is_bounded(edit, 1))
		return fail_column(parser, edit->column, "the coefficients are too large");
	return g_steal_pointer(&edit);
}

static gboolean check_text(const char *text, GError **error)
{
	gsize length = strnlen(text, EXPRESSION_TEXT_MOST + 1);
	if (length > EXPRESSION_TEXT_MOST)
		return fail(error, ERROR_USAGE, "the edit is longer than %u bytes",
			EXPRESSION_TEXT_MOST);
	if (!g_utf8_validate(text, (gssize)length, NULL))
		return fail(error, ERROR_USAGE, "the edit is not valid UTF-8");
	return TRUE;
}

Node *expression_parse(const Collection *collection, const char *text, GError **error)
{
	/* Errors are inspected and prefixed on the way up, so they need a place of their own. */
	g_autoptr(GError) problem = NULL;
	Parser parser = {.collection = collection, .text = text, .error = &problem};
	Node *edit = NULL;
	if (check_text(text, &problem) && advance_to(&parser, 0))
		edit = parse_sum(&parser);
	if (edit)
		edit = finish(&parser, edit);
	token_clear(&parser.token);
	if (!edit)
		g_propagate_error(error, g_steal_pointer(&problem));
	return edit;
}
