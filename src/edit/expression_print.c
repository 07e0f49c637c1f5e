/* expression_print.c - an edit as text that parses back to the same tree. */
#include "edit/expression.h"

#include "edit/node.h"
#include "edit/token.h"

#include <math.h>
#include <string.h>

/* How tightly a node binds, as in the grammar of expression.h. */
typedef enum { LEVEL_SUM, LEVEL_PRODUCT, LEVEL_FACTOR, LEVEL_VALUE } Level;

static void print_at(GString *out, const Collection *collection, const Node *node, Level least);

/* Integers that a double holds exactly and that are shorter without an exponent. */
static gboolean is_plain_integer(double number)
{
	return fabs(number) < 1e15 && number == trunc(number);
}

char *expression_number(double number)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	if (is_plain_integer(number))
		return g_strdup_printf("%.0f", number);
	for (int digits = 1; digits <= 17; digits++) {
		char format[8];
		g_snprintf(format, sizeof format, "%%.%dg", digits);
		g_ascii_formatd(text, sizeof text, format, number);
		if (g_ascii_strtod(text, NULL) == number)
			break;
	}
	return g_strdup(text);
}

/* The @N at the end of a step's name, or NULL. */
static const char *step_suffix(const char *name)
{
	const char *at = strrchr(name, '@');
	return at && at[1] && strspn(at + 1, "0123456789") == strlen(at + 1) ? at : NULL;
}

char *expression_name(const char *name)
{
	const char *suffix = step_suffix(name);
	g_autofree char *stem = suffix ? g_strndup(name, (gsize)(suffix - name)) : g_strdup(name);
	const char *quote = token_is_word(stem) ? "" : "\"";
	return g_strconcat(quote, stem, quote, suffix, NULL);
}

static Level level_of(const Node *node)
{
	switch (node->kind) {
	case NODE_ADD:
	case NODE_SUBTRACT:
		return LEVEL_SUM;
	case NODE_SCALE:
	case NODE_DIVIDE:
		return LEVEL_PRODUCT;
	case NODE_NEGATE:
		return LEVEL_FACTOR;
	default:
		return LEVEL_VALUE;
	}
}

static void print_number(GString *out, double number)
{
	g_autofree char *text = expression_number(number);
	g_string_append(out, text);
}

static void print_task(GString *out, const Collection *collection, const Node *node)
{
	g_autofree char *name = expression_name(collection_member(collection, node->member)->name);
	g_string_append(out, name);
}

static void print_ramp(GString *out, const Node *node)
{
	g_string_append(out, "ramp(");
	for (guint i = 0; i < node->anchors; i++) {
		g_string_append(out, i ? ", " : "");
		print_number(out, node->anchor[i]);
	}
	g_string_append_c(out, ')');
}

/* Chains grow to the left: the right side needs brackets where it binds no tighter. */
static void print_binary(GString *out, const Collection *collection, const Node *node,
	const char *operator, Level left, Level right)
{
	print_at(out, collection, node_child(node, 0), left);
	g_string_append(out, operator);
	print_at(out, collection, node_child(node, 1), right);
}

static void print_list(
	GString *out, const Collection *collection, const char *name, const Node *node)
{
	g_string_append_printf(out, "%s(", name);
	for (guint i = 0; i < node->children->len; i++) {
		g_string_append(out, i ? ", " : "");
		print_at(out, collection, node_child(node, i), LEVEL_SUM);
	}
}

static void print_argument(
	GString *out, const Collection *collection, const Parameter *row, const Argument *argument)
{
	g_string_append_printf(out, ", %s=", row->name);
	if (row->type == PARAMETER_CHOICE) {
		g_autofree char *word = parameter_word(row, argument->choice);
		g_string_append(out, word);
	} else if (row->type == PARAMETER_TEXT) {
		g_string_append_printf(out, "\"%s\"", argument->text);
	} else {
		print_at(out, collection, argument->number, LEVEL_SUM);
	}
}

static void print_call(GString *out, const Collection *collection, const Node *node)
{
	const Method *method = node->method;
	print_list(out, collection, method->name, node);
	for (guint i = 0; i < method_parameters(method); i++)
		if (!node_is_otherwise(node, i))
			print_argument(out, collection, &method->parameters[i], &node->argument[i]);
	g_string_append_c(out, ')');
}

static void print_first(GString *out, const Collection *collection, const Node *node)
{
	print_list(out, collection, "first", node);
	g_string_append_c(out, ')');
}

static void print_prefix(GString *out, const Collection *collection, const Node *node)
{
	g_string_append_c(out, '-');
	print_at(out, collection, node_child(node, 0), LEVEL_VALUE);
}

static void print_scope(GString *out, const Collection *collection, const Node *node)
{
	print_at(out, collection, node_child(node, 0), LEVEL_VALUE);
	g_string_append_printf(out, "[%s]", node->pattern);
}

static void print_node(GString *out, const Collection *collection, const Node *node)
{
	switch (node->kind) {
	case NODE_TASK:
		print_task(out, collection, node);
		break;
	case NODE_NUMBER:
		print_number(out, node->number);
		break;
	case NODE_RAMP:
		print_ramp(out, node);
		break;
	case NODE_FIRST:
		print_first(out, collection, node);
		break;
	case NODE_NEGATE:
		print_prefix(out, collection, node);
		break;
	case NODE_ADD:
		print_binary(out, collection, node, " + ", LEVEL_SUM, LEVEL_PRODUCT);
		break;
	case NODE_SUBTRACT:
		print_binary(out, collection, node, " - ", LEVEL_SUM, LEVEL_PRODUCT);
		break;
	case NODE_SCALE:
		print_binary(out, collection, node, "*", LEVEL_PRODUCT, LEVEL_VALUE);
		break;
	case NODE_DIVIDE:
		print_binary(out, collection, node, "/", LEVEL_PRODUCT, LEVEL_VALUE);
		break;
	case NODE_SCOPE:
		print_scope(out, collection, node);
		break;
	case NODE_CALL:
		print_call(out, collection, node);
		break;
	}
}

static void print_at(GString *out, const Collection *collection, const Node *node, Level least)
{
	gboolean brackets = level_of(node) < least;
	if (brackets)
		g_string_append_c(out, '(');
	print_node(out, collection, node);
	if (brackets)
		g_string_append_c(out, ')');
}

char *expression_print(const Collection *collection, const Node *node)
{
	GString *out = g_string_new(NULL);
	print_at(out, collection, node, LEVEL_SUM);
	return g_string_free(out, FALSE);
}

char *expression_print_value(const Collection *collection, const Node *node)
{
	GString *out = g_string_new(NULL);
	print_at(out, collection, node, LEVEL_VALUE);
	return g_string_free(out, FALSE);
}
