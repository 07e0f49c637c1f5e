/* composition.c - an edit as a person builds it: a list of terms with a slider each. */
#include "edit/composition.h"

#include "edit/linear.h"
#include "edit/node.h"

#include <math.h>

static void term_clear(Term *term)
{
	g_free(term->body);
	g_free(term->scope);
}

Composition *composition_new(void)
{
	Composition *composition = g_new0(Composition, 1);
	composition->terms = g_array_new(FALSE, TRUE, sizeof(Term));
	g_array_set_clear_func(composition->terms, (GDestroyNotify)term_clear);
	composition->scale = 1;
	return composition;
}

static const Term *term_at(const Composition *composition, guint term)
{
	return &g_array_index(composition->terms, Term, term);
}

Composition *composition_copy(const Composition *composition)
{
	Composition *copy = composition_new();
	copy->scale = composition->scale;
	for (guint i = 0; i < composition->terms->len; i++) {
		const Term *term = term_at(composition, i);
		composition_add(copy, term->coefficient, term->body, term->scope);
		g_array_index(copy->terms, Term, i).on = term->on;
	}
	return copy;
}

void composition_free(Composition *composition)
{
	if (!composition)
		return;
	g_array_unref(composition->terms);
	g_free(composition);
}

static gboolean same_term(const Term *a, const Term *b)
{
	return a->coefficient == b->coefficient && !a->on == !b->on &&
	       g_str_equal(a->body, b->body) && g_strcmp0(a->scope, b->scope) == 0;
}

gboolean composition_equal(const Composition *a, const Composition *b)
{
	if (a->scale != b->scale || a->terms->len != b->terms->len)
		return FALSE;
	for (guint i = 0; i < a->terms->len; i++)
		if (!same_term(term_at(a, i), term_at(b, i)))
			return FALSE;
	return TRUE;
}

void composition_add(
	Composition *composition, double coefficient, const char *body, const char *scope)
{
	Term term = {coefficient, g_strdup(body), g_strdup(scope), TRUE};
	g_array_append_val(composition->terms, term);
}

void composition_drop(Composition *composition, guint term)
{
	g_array_remove_index(composition->terms, term);
}

/* A term behind others has its sign as the operator; the first has it as a prefix. */
static void append_term(GString *text, const Term *term)
{
	gboolean negative = signbit(term->coefficient) != 0;
	double size = fabs(term->coefficient);
	if (text->len)
		g_string_append(text, negative ? " - " : " + ");
	else if (negative)
		g_string_append_c(text, '-');
	if (size != 1) {
		g_autofree char *number = expression_number(size);
		g_string_append_printf(text, "%s*", number);
	}
	g_string_append(text, term->body);
	if (term->scope)
		g_string_append_printf(text, "[%s]", term->scope);
}

char *composition_text(const Composition *composition)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < composition->terms->len; i++)
		if (term_at(composition, i)->on)
			append_term(text, term_at(composition, i));
	return g_string_free(text, FALSE);
}

static gboolean is_power_of_two(double number)
{
	int exponent;
	return fabs(frexp(number, &exponent)) == 0.5;
}

/* Takes one coefficient off a term, where that leaves its value the same to the last bit: a product
 * with a constant, or a quotient by a power of two. */
static const Node *take_coefficient(const Node *node, double *coefficient)
{
	double number;
	if (node->kind == NODE_SCALE && linear_constant(node_child(node, 0), &number)) {
		*coefficient *= number;
		return node_child(node, 1);
	}
	if (node->kind == NODE_DIVIDE && linear_constant(node_child(node, 1), &number) &&
		is_power_of_two(number)) {
		*coefficient /= number;
		return node_child(node, 0);
	}
	return node;
}

static const Node *take_signs(const Node *node, double *coefficient)
{
	while (node->kind == NODE_NEGATE) {
		*coefficient = -*coefficient;
		node = node_child(node, 0);
	}
	return node;
}

static void add_summand(
	Composition *composition, const Collection *collection, const Node *node, double sign)
{
	double coefficient = sign;
	node = take_signs(node, &coefficient);
	node = take_coefficient(node, &coefficient);
	node = take_signs(node, &coefficient);
	const Node *inner = node->kind == NODE_SCOPE ? node_child(node, 0) : node;
	g_autofree char *body = expression_print_value(collection, inner);
	composition_add(
		composition, coefficient, body, node->kind == NODE_SCOPE ? node->pattern : NULL);
}

/* Sums grow to the left, so taking them apart there keeps their association. */
static void add_summands(Composition *composition, const Collection *collection, const Node *node)
{
	double sign = node->kind == NODE_SUBTRACT ? -1 : 1;
	if (node->kind != NODE_ADD && node->kind != NODE_SUBTRACT) {
		add_summand(composition, collection, node, sign);
		return;
	}
	add_summands(composition, collection, node_child(node, 0));
	add_summand(composition, collection, node_child(node, 1), sign);
}

gboolean composition_set_text(
	Composition *composition, const Collection *collection, const char *text, GError **error)
{
	g_autoptr(Node) edit = expression_parse(collection, text, error);
	if (!edit)
		return FALSE;
	g_array_set_size(composition->terms, 0);
	add_summands(composition, collection, edit);
	return TRUE;
}
