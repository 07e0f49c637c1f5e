/* expression_parse.c - text to the tree of an edit, checked against a collection.
 *
 * One function for each rule of the grammar in expression.h; those of a call are in
 * expression_call.c. */
#include "edit/parser.h"

#include "checkpoint/scope.h"
#include "core/error.h"
#include "edit/linear.h"
#include "edit/node.h"
#include "edit/resolve.h"

#include <math.h>
#include <string.h>

static Node *parse_factor(Parser *parser);

gboolean parser_at_symbol(const Parser *parser, char symbol)
{
	return parser->token.kind == TOKEN_SYMBOL && parser->token.symbol == symbol;
}

/* Goes on counting where the last token began. */
static void count_characters(Parser *parser)
{
	gsize more = parser->token.start - parser->counted;
	parser->before += (guint)g_utf8_strlen(parser->text + parser->counted, (gssize)more);
	parser->counted = parser->token.start;
}

/* Reads the next token from byte `at`. */
static gboolean advance_to(Parser *parser, gsize at)
{
	token_clear(&parser->token);
	g_autoptr(GError) error = NULL;
	gboolean ok = token_read(parser->text, at, &parser->token, &error);
	count_characters(parser);
	if (ok)
		return TRUE;
	if (resolve_wants_quotes(
		    parser->collection, parser->text, parser->token.start, parser->error))
		return FALSE;
	g_propagate_error(parser->error, g_steal_pointer(&error));
	return FALSE;
}

gboolean parser_advance(Parser *parser)
{
	return advance_to(parser, parser->token.end);
}

guint parser_column(const Parser *parser)
{
	return parser->before + 1;
}

Node *parser_fail_expected(Parser *parser, const char *expected)
{
	const Token *token = &parser->token;
	g_autofree char *there = g_strndup(parser->text + token->start, token->end - token->start);
	token_fail(parser->text, token->start, NULL, parser->error, "expected %s, found %s",
		expected, token->kind == TOKEN_END ? "the end" : there);
	return NULL;
}

Node *parser_fail(Parser *parser, guint column, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *sentence = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_auto(GStrv) parts = g_strsplit(sentence, "; ", 2);
	fail_at(parser->error, ERROR_USAGE, (Place){.remedy = parts[1]}, "column %u: %s", column,
		parts[0]);
	return NULL;
}

Node *parser_bounded(Parser *parser, Node *node)
{
	if (node->depth <= EXPRESSION_DEPTH_MOST)
		return node;
	guint at = node->column;
	node_free(node);
	return parser_fail(
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
		return "what differs by tensor cannot be divided by; multiply by it";
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
		if (parser_at_symbol(parser, operation->symbol))
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
		return parser_fail(parser, at, "%s", problem);
	Node *node = node_new(operation->kind, at);
	node->is_vector = left->is_vector || right->is_vector;
	gboolean swap = operation->kind == NODE_SCALE && left->is_vector;
	node_add(node, swap ? g_steal_pointer(&right) : g_steal_pointer(&left));
	node_add(node, swap ? g_steal_pointer(&left) : g_steal_pointer(&right));
	return parser_bounded(parser, node);
}

/* A chain of operands, joined to the left. */
static Node *parse_chain(
	Parser *parser, const Operation *operators, Node *(*parse_operand)(Parser *parser))
{
	g_autoptr(Node) chain = parse_operand(parser);
	const Operation *operation;
	while (chain && (operation = operator_ahead(parser, operators))) {
		guint at = parser_column(parser);
		Node *right = parser_advance(parser) ? parse_operand(parser) : NULL;
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

Node *parser_sum(Parser *parser)
{
	return parse_chain(parser, sum_operators, parse_product);
}

static Node *parse_number(Parser *parser)
{
	Node *node = node_new(NODE_NUMBER, parser_column(parser));
	node->number = parser->token.number;
	if (parser_advance(parser))
		return node;
	node_free(node);
	return NULL;
}

gboolean parser_close_bracket(Parser *parser, guint open)
{
	if (parser_at_symbol(parser, ')'))
		return parser_advance(parser);
	g_autofree char *expected = g_strdup_printf("an operator, or ) for column %u", open);
	parser_fail_expected(parser, expected);
	return FALSE;
}

static Node *parse_brackets(Parser *parser)
{
	guint open = parser_column(parser);
	g_autoptr(Node) inside = parser_advance(parser) ? parser_sum(parser) : NULL;
	if (!inside || !parser_close_bracket(parser, open))
		return NULL;
	return g_steal_pointer(&inside);
}

/* A task, a step or a call. */
static Node *parse_name(Parser *parser)
{
	Token name = parser->token;
	g_autofree char *owned = g_steal_pointer(&parser->token.name);
	guint at = parser_column(parser);
	if (!parser_advance(parser))
		return NULL;
	if (parser_at_symbol(parser, '(') && !name.quoted && name.step < 0)
		return parser_call(parser, owned, at);
	guint member;
	if (!resolve_task(parser->collection, parser->text, &name, &member, parser->error))
		return NULL;
	Node *node = node_new(NODE_TASK, at);
	node->member = member;
	return node;
}

double *parser_places(Parser *parser, gboolean blocks)
{
	double **places = blocks ? &parser->block_places : &parser->places;
	guint tensors = collection_tensors(parser->collection);
	if (!*places) {
		g_autofree double *made = blocks ? linear_block_places(parser->collection)
						 : linear_places(parser->collection);
		*places = g_rc_box_dup((tensors + 1) * sizeof *made, made);
	}
	return g_rc_box_acquire(*places);
}

static guint8 *chosen_tensors(const Collection *collection, const char *pattern)
{
	guint tensors = collection_tensors(collection);
	g_autofree char *whole = scope_whole_pattern(collection, pattern);
	guint8 *chosen = g_rc_box_alloc0(tensors + 1);
	for (guint i = 0; i < tensors; i++)
		chosen[i] = scope_matches(collection, i, whole) != FALSE;
	return chosen;
}

/* The tensors of a scope; NULL where it chooses nothing. */
static guint8 *resolve_scope(Parser *parser, const Node *scope)
{
	guint8 *chosen = g_hash_table_lookup(parser->chosen, scope->pattern);
	if (!chosen) {
		g_autoptr(Scope) tensors =
			scope_new(parser->collection, scope->pattern, NULL, 0, parser->error);
		if (!tensors) {
			g_prefix_error(parser->error, "column %u: ", scope->column);
			return NULL;
		}
		chosen = chosen_tensors(parser->collection, scope->pattern);
		g_hash_table_insert(parser->chosen, g_strdup(scope->pattern), chosen);
	}
	return g_rc_box_acquire(chosen);
}

/* Wraps a value in the scope that follows it; takes the value.  The next token is `[`. */
static Node *parse_scope(Parser *parser, Node *value)
{
	g_autoptr(Node) scope = node_new(NODE_SCOPE, parser_column(parser));
	gsize end, open = parser->token.start;
	node_add(scope, value);
	scope->is_vector = value->is_vector;
	scope->pattern = token_pattern(parser->text, open, &end, parser->error);
	if (!scope->pattern)
		return NULL;
	scope->chosen = resolve_scope(parser, scope);
	if (!scope->chosen)
		return NULL;
	return advance_to(parser, end) ? parser_bounded(parser, g_steal_pointer(&scope)) : NULL;
}

static Node *parse_value(Parser *parser)
{
	g_autoptr(Node) value = NULL;
	if (parser->token.kind == TOKEN_NUMBER)
		value = parse_number(parser);
	else if (parser->token.kind == TOKEN_NAME)
		value = parse_name(parser);
	else if (parser_at_symbol(parser, '('))
		value = parse_brackets(parser);
	else
		return parser_fail_expected(parser, "a task, a number or (");
	while (value && parser_at_symbol(parser, '['))
		value = parse_scope(parser, g_steal_pointer(&value));
	return g_steal_pointer(&value);
}

static Node *parse_negation(Parser *parser)
{
	guint at = parser_column(parser);
	Node *operand = parser_advance(parser) ? parse_factor(parser) : NULL;
	if (!operand)
		return NULL;
	Node *node = node_new(NODE_NEGATE, at);
	node->is_vector = operand->is_vector;
	node_add(node, operand);
	return parser_bounded(parser, node);
}

static Node *parse_factor(Parser *parser)
{
	if (parser->nesting == EXPRESSION_NESTING_MOST)
		return parser_fail(parser, parser_column(parser), "the edit is nested too deeply");
	parser->nesting++;
	Node *factor = parser_at_symbol(parser, '-') ? parse_negation(parser) : parse_value(parser);
	parser->nesting--;
	return factor;
}

static void number_calls(const Node *edit)
{
	g_autoptr(GPtrArray) calls = expression_calls(edit);
	for (guint i = 0; i < calls->len; i++)
		((Node *)calls->pdata[i])->call = i;
}

/* The printed edit can be longer than what was written, and has to be read back. */
static gboolean prints_short(const Parser *parser, const Node *edit)
{
	if (strlen(parser->text) < EXPRESSION_TEXT_MOST / 16)
		return TRUE;
	g_autofree char *printed = expression_print(parser->collection, edit);
	return strlen(printed) <= EXPRESSION_TEXT_MOST;
}

/* What must hold of the whole. */
static Node *finish(Parser *parser, Node *taken)
{
	g_autoptr(Node) edit = taken;
	if (parser->token.kind != TOKEN_END)
		return parser_fail_expected(parser, "an operator or the end");
	if (!edit->is_vector)
		return parser_fail(parser, edit->column,
			"the edit is a number; multiply a task vector by it, as in 0.5*task");
	if (!expression_is_bounded(edit, 1))
		return parser_fail(parser, edit->column, "the coefficients are too large");
	if (!prints_short(parser, edit))
		return parser_fail(parser, edit->column,
			"the edit is longer than %u bytes in print", EXPRESSION_TEXT_MOST);
	number_calls(edit);
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

static gboolean check_defaults(const ExpressionDefaults *defaults, GError **error)
{
	if (defaults->seed <= (guint64)COUNT_MOST)
		return TRUE;
	g_autofree char *remedy = g_strdup_printf("take one up to %.0f", COUNT_MOST);
	return fail_at(error, ERROR_USAGE, (Place){.remedy = remedy},
		"the seed %" G_GUINT64_FORMAT " is too large", defaults->seed);
}

static void parser_clear(Parser *parser)
{
	token_clear(&parser->token);
	g_clear_pointer(&parser->places, g_rc_box_release);
	g_clear_pointer(&parser->block_places, g_rc_box_release);
	g_hash_table_unref(parser->chosen);
}

Node *expression_parse_with(const Collection *collection, const char *text,
	const ExpressionDefaults *defaults, GError **error)
{
	/* Errors are inspected and prefixed on the way up, so they need a place of their own. */
	g_autoptr(GError) problem = NULL;
	Parser parser = {.collection = collection, .text = text, .error = &problem};
	Node *edit = NULL;
	parser.chosen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_rc_box_release);
	if (defaults)
		parser.defaults = *defaults;
	if (check_text(text, &problem) && check_defaults(&parser.defaults, &problem) &&
		advance_to(&parser, 0))
		edit = parser_sum(&parser);
	if (edit)
		edit = finish(&parser, edit);
	parser_clear(&parser);
	if (!edit)
		g_propagate_error(error, g_steal_pointer(&problem));
	return edit;
}

Node *expression_parse(const Collection *collection, const char *text, GError **error)
{
	return expression_parse_with(collection, text, NULL, error);
}
