/* outline_part.c - a vector of an edit: its coefficient, its body, its scope.
 *
 * Only what leaves the value the same to the last bit is taken off: one product with a constant,
 * quotients by a power of two, signs. */
#include "edit/outline_part.h"

#include "edit/linear.h"
#include "edit/node.h"

#include <math.h>

void outline_part_clear(OutlinePart *part)
{
	g_clear_pointer(&part->factor, g_free);
	g_clear_pointer(&part->body, g_free);
	g_clear_pointer(&part->scope, g_free);
	g_clear_pointer(&part->divisor, g_free);
}

OutlinePart outline_part_copy(const OutlinePart *part)
{
	return (OutlinePart){part->coefficient, g_strdup(part->factor), g_strdup(part->body),
		g_strdup(part->scope), g_strdup(part->divisor)};
}

static const Node *take_signs(OutlinePart *part, const Node *node)
{
	while (node->kind == NODE_NEGATE) {
		part->coefficient = -part->coefficient;
		node = node_child(node, 0);
	}
	return node;
}

static gboolean is_power_of_two(double number)
{
	int exponent;
	return fabs(frexp(number, &exponent)) == 0.5;
}

static const Node *take_divisor(OutlinePart *part, const Collection *collection, const Node *node)
{
	double number;
	if (node->kind != NODE_DIVIDE)
		return node;
	if (linear_constant(node_child(node, 1), &number) && is_power_of_two(number))
		part->coefficient /= number;
	else
		part->divisor = expression_print_value(collection, node_child(node, 1));
	return node_child(node, 0);
}

/* The number in front of a coefficient that is not the same everywhere is still a number. */
static void take_coefficient(OutlinePart *part, const Collection *collection, const Node *node)
{
	double number;
	node = take_signs(part, node);
	if (linear_constant(node, &number)) {
		part->coefficient *= number;
		return;
	}
	if (node->kind == NODE_SCALE && linear_constant(node_child(node, 0), &number)) {
		part->coefficient *= number;
		node = node_child(node, 1);
	}
	part->factor = expression_print_value(collection, node);
}

const Node *outline_part_take(OutlinePart *part, const Collection *collection, const Node *node)
{
	*part = (OutlinePart){.coefficient = 1};
	node = take_signs(part, node);
	node = take_signs(part, take_divisor(part, collection, node));
	if (node->kind == NODE_SCALE) {
		take_coefficient(part, collection, node_child(node, 0));
		node = take_signs(part, node_child(node, 1));
	}
	if (node->kind == NODE_SCOPE) {
		part->scope = g_strdup(node->pattern);
		node = node_child(node, 0);
	}
	part->body = expression_print_value(collection, node);
	return node;
}

char *outline_part_text(const OutlinePart *part)
{
	GString *text = g_string_new(signbit(part->coefficient) ? "-" : "");
	double size = fabs(part->coefficient);
	if (size != 1) {
		g_autofree char *number = expression_number(size);
		g_string_append_printf(text, "%s*", number);
	}
	if (part->factor)
		g_string_append_printf(text, "%s*", part->factor);
	g_string_append(text, part->body);
	if (part->scope)
		g_string_append_printf(text, "[%s]", part->scope);
	if (part->divisor)
		g_string_append_printf(text, "/%s", part->divisor);
	return g_string_free(text, FALSE);
}

/* A product without the last bits that no one typed. */
static double tidy_product(double a, double b)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	g_ascii_formatd(text, sizeof text, "%.15g", a * b);
	return g_ascii_strtod(text, NULL);
}

static gboolean is_plain(const OutlinePart *part)
{
	return !part->factor && !part->scope && !part->divisor;
}

OutlinePart outline_part_within(const OutlinePart *outer, const OutlinePart *inner)
{
	OutlinePart part = outline_part_copy(is_plain(outer) ? inner : outer);
	part.coefficient = tidy_product(outer->coefficient, inner->coefficient);
	if (is_plain(outer))
		return part;
	g_auto(OutlinePart) whole = outline_part_copy(inner);
	whole.coefficient = 1;
	g_autofree char *text = outline_part_text(&whole);
	g_free(part.body);
	part.body = is_plain(inner) ? g_steal_pointer(&text) : g_strdup_printf("(%s)", text);
	return part;
}
