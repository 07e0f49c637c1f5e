/* test_expression.c - the language of edits: parsing, errors, printing. */
#include "toy.h"

#include "edit/expression.h"
#include "edit/node.h"

#include <string.h>

typedef struct {
	char *folder;
	Collection *collection;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->folder = test_folder();
	fixture->collection = toy_collection(fixture->folder);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	collection_free(fixture->collection);
	test_folder_remove(fixture->folder);
}

static Node *parse(const Fixture *fixture, const char *text)
{
	g_autoptr(GError) error = NULL;
	Node *node = expression_parse(fixture->collection, text, &error);
	if (error)
		g_error("\"%s\": %s", text, error->message);
	return node;
}

/* What is written, and how it is printed. */
static const struct {
	const char *text, *printed;
} forms[] = {
	{"a", "a"},
	{" a+b ", "a + b"},
	{"a*0.5", "0.5*a"},
	{"0.5*a", "0.5*a"},
	{"a/2", "a/2"},
	{"1e-3*a + .5*b", "0.001*a + 0.5*b"},
	{"1E+2*a", "100*a"},
	{"2.*a", "2*a"},
	{"0.4*(a + b) - 0.3*mnist", "0.4*(a + b) - 0.3*mnist"},
	{"a + (b - mnist)", "a + (b - mnist)"},
	{"(a + b) - mnist", "a + b - mnist"},
	{"a - (b - mnist)", "a - (b - mnist)"},
	{"-a", "-a"},
	{"--a", "-(-a)"},
	{"-0.5*a", "-0.5*a"},
	{"-(0.5*a)", "-(0.5*a)"},
	{"2*-a", "2*(-a)"},
	{"a - -b", "a - -b"},
	{"2*3*a", "2*3*a"},
	{"a*2*3", "3*(2*a)"},
	{"2*a/4", "2*a/4"},
	{"2*(a/4)", "2*(a/4)"},
	{"1/3*a", "1/3*a"},
	{"(1 + 2)*a", "(1 + 2)*a"},
	{"a/(2*3)", "a/(2*3)"},
	{"((a))", "a"},
	{"mnist@400", "mnist@400"},
	{"mnist@0400", "mnist@400"},
	{"mnist@500", "mnist"},
	{"\"mnist\"@40", "mnist@40"},
	{"\"mnist-inv\" - mnist", "\"mnist-inv\" - mnist"},
	{"\"mnist-inv\"@40", "\"mnist-inv\"@40"},
	{"\"4x big\" + \"ελ\"", "\"4x big\" + \"ελ\""},
	{"ramp(0.2, 0.8)*a", "ramp(0.2, 0.8)*a"},
	{"ramp(-1, 1/4)*a", "ramp(-1, 0.25)*a"},
	{"mean(a, b, mnist)", "mean(a, b, mnist)"},
	{"0.5*sum(a, -b)", "0.5*sum(a, -b)"},
	{"mean(a)", "mean(a)"},
	{"0.5*a[blocks.0-2] + mnist[*.attn.*]", "0.5*a[blocks.0-2] + mnist[*.attn.*]"},
	{"a[ *.attn.[pq].* ]", "a[*.attn.[pq].*]"},
	{"(a + b)[head]", "(a + b)[head]"},
	{"(0.5*a)[head][*.weight]", "(0.5*a)[head][*.weight]"},
	{"mean(a, b)[attn]", "mean(a, b)[attn]"},
};

static void test_forms(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
		g_autoptr(Node) node = parse(fixture, forms[i].text);
		g_autofree char *printed = expression_print(fixture->collection, node);
		g_assert_cmpstr(printed, ==, forms[i].printed);
		g_autoptr(Node) again = parse(fixture, printed);
		g_assert_true(node_equal(node, again));
	}
}

/* What is wrong, and what the error must say. */
static const struct {
	const char *text, *says;
} errors[] = {
	{"", "column 1: expected a task, a number or (, found the end"},
	{"a +", "column 4: expected a task, a number or (, found the end"},
	{"a b", "column 3: expected an operator or the end, found b"},
	{"(a + b", "column 7: expected an operator, or ) for column 1, found the end"},
	{"a + b)", "column 6: expected an operator or the end, found )"},
	{"mnit", "column 1: there is no task mnit; the nearest name is mnist"},
	{"a + zzzzzzzz", "column 5: there is no task zzzzzzzz"},
	{"a + mnist-inv", "quote it as \"mnist-inv\""},
	{"mnist-inv@40", "quote it as \"mnist-inv\""},
	{"a + 4x big", "quote it as \"4x big\""},
	{"ελ", "quote it as \"ελ\""},
	{"\"ελ\" + q", "column 8: there is no task q"},
	{"a + $", "column 5: $ is not a sign of this language"},
	{"base", "column 1: base is the base"},
	{"\"mnist", "column 1: the quote is not closed"},
	{"mnist@401", "mnist has no step 401; the nearest is mnist@400"},
	{"a@4", "a has no steps"},
	{"mnist@", "column 6: expected the number of a step after @"},
	{"mnist@99999999999999999999", "the number of the step is too large"},
	{"2 + a", "column 3: a number cannot be added to a task vector; multiply"},
	{"a - 1", "column 3: a number cannot be added to a task vector"},
	{"a*b", "column 2: a task vector cannot be multiplied by a task vector"},
	{"1/a", "column 2: a task vector cannot be divided by"},
	{"a/0", "column 2: division by zero"},
	{"a/(1 - 1)", "column 2: division by zero"},
	{"a/ramp(1, 2)", "a ramp cannot be divided by"},
	{"0.5", "column 1: the edit is a number"},
	{"0.5a", "column 4: expected an operator after the number 0.5"},
	{"1e400*a", "column 1: the number 1e400 is too large"},
	{"1e99*1e99*a", "the coefficients are too large"},
	{"ramp(1)*a", "column 1: ramp takes two numbers"},
	{"ramp(1, a)*a", "column 1: ramp takes two numbers"},
	{"meen(a, b)", "column 1: there is no function meen; there are ramp, mean, sum"},
	{"mean(a, 2)", "column 9: a function takes task vectors"},
	{"mean()", "column 6: expected a task"},
	{"a[blocks.9]", "column 2: "},
	{"a[", "column 2: the scope is not closed"},
	{"a[ ]", "column 2: the scope is empty"},
	{"2[head]*a", "column 2: a scope narrows a task vector"},
	{"a + \xff", "not valid UTF-8"},
};

static void test_errors(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (gsize i = 0; i < G_N_ELEMENTS(errors); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Node) node =
			expression_parse(fixture->collection, errors[i].text, &error);
		if (node)
			g_error("\"%s\" should not parse", errors[i].text);
		test_error(error, ERROR_USAGE, errors[i].says);
		const char *advice = strstr(error->message, "; ");
		g_assert_cmpstr(error_remedy(error), ==, advice ? advice + 2 : NULL);
	}
}

static void test_ignored_error(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_assert_null(expression_parse(fixture->collection, "a[nowhere", NULL));
	g_assert_null(expression_parse(fixture->collection, "a[nowhere]", NULL));
}

static char *repeated(const char *first, const char *part, guint count, const char *last)
{
	GString *text = g_string_new(first);
	for (guint i = 0; i < count; i++)
		g_string_append(text, part);
	g_string_append(text, last);
	return g_string_free(text, FALSE);
}

static void assert_fails(const Fixture *fixture, const char *text, const char *says)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(expression_parse(fixture->collection, text, &error));
	test_error(error, ERROR_USAGE, says);
}

static void test_bounds(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autofree char *chain = repeated("a", "+a", EXPRESSION_DEPTH_MOST, "");
	g_autofree char *brackets = repeated("", "(", EXPRESSION_NESTING_MOST + 1, "a");
	g_autofree char *signs = repeated("", "-", 60000, "a");
	g_autofree char *arguments = repeated("sum(a", ",a", 20000, ")");
	g_autofree char *too_long = repeated("a", " ", EXPRESSION_TEXT_MOST, "");
	assert_fails(fixture, chain, "the edit is too deep");
	assert_fails(fixture, brackets, "nested too deeply");
	assert_fails(fixture, signs, "nested too deeply");
	assert_fails(fixture, too_long, "longer than 65536 bytes");
	g_autoptr(Node) sum = parse(fixture, arguments);
	g_assert_cmpuint(sum->children->len, ==, 20001);
}

/* The deepest tree prints with the most brackets, and must still be read back. */
static void test_deepest(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autofree char *text = repeated("a", "*2", EXPRESSION_DEPTH_MOST - 200, "");
	g_autoptr(Node) node = parse(fixture, text);
	g_autofree char *printed = expression_print(fixture->collection, node);
	g_autoptr(Node) again = parse(fixture, printed);
	g_assert_true(node_equal(node, again));
	g_autofree char *signs = repeated("", "-", EXPRESSION_DEPTH_MOST - 1, "a");
	g_autoptr(Node) negated = parse(fixture, signs);
	g_autofree char *printed_signs = expression_print(fixture->collection, negated);
	g_autoptr(Node) negated_again = parse(fixture, printed_signs);
	g_assert_true(node_equal(negated, negated_again));
}

static Node *random_tree(GRand *rand, const Collection *collection, guint depth, gboolean vector);

static double random_number(GRand *rand)
{
	static const double plain[] = {0, 1, 0.5, 2, 1e-3, 0.1, 3};
	if (g_rand_boolean(rand))
		return plain[g_rand_int_range(rand, 0, G_N_ELEMENTS(plain))];
	return g_rand_double(rand) * (g_rand_boolean(rand) ? 1e-9 : 1e3);
}

static Node *random_leaf(GRand *rand, const Collection *collection, gboolean vector)
{
	if (vector) {
		Node *task = node_new(NODE_TASK, 1);
		task->member =
			(guint)g_rand_int_range(rand, 1, (gint)collection_members(collection));
		return task;
	}
	gboolean ramp = g_rand_int_range(rand, 0, 4) == 0;
	Node *number = node_new(ramp ? NODE_RAMP : NODE_NUMBER, 1);
	number->number = random_number(rand) * (ramp && g_rand_boolean(rand) ? -1 : 1);
	number->number_to = ramp ? random_number(rand) : 0;
	return number;
}

static Node *random_divisor(GRand *rand)
{
	Node *number = node_new(NODE_NUMBER, 1);
	number->number = g_rand_double_range(rand, 0.1, 10);
	return number;
}

static Node *random_call(GRand *rand, const Collection *collection, guint depth)
{
	Node *call = node_new(NODE_CALL, 1);
	call->function = &edit_functions[g_rand_int_range(rand, 0, 2)];
	for (gint i = g_rand_int_range(rand, 1, 4); i > 0; i--)
		node_add(call, random_tree(rand, collection, depth - 1, TRUE));
	return call;
}

static Node *random_scope(GRand *rand, const Collection *collection, guint depth)
{
	static const char *const patterns[] = {
		"head", "blocks.0-2", "*.attn.[a-q].*", "attn,embed"};
	Node *scope = node_new(NODE_SCOPE, 1);
	scope->pattern = g_strdup(patterns[g_rand_int_range(rand, 0, G_N_ELEMENTS(patterns))]);
	node_add(scope, random_tree(rand, collection, depth - 1, TRUE));
	return scope;
}

static Node *random_tree(GRand *rand, const Collection *collection, guint depth, gboolean vector)
{
	static const NodeKind kinds[] = {NODE_NEGATE, NODE_ADD, NODE_SUBTRACT, NODE_SCALE,
		NODE_DIVIDE, NODE_SCOPE, NODE_CALL};
	NodeKind kind = kinds[g_rand_int_range(rand, 0, vector ? 7 : 5)];
	if (depth == 0)
		return random_leaf(rand, collection, vector);
	if (kind == NODE_CALL)
		return random_call(rand, collection, depth);
	if (kind == NODE_SCOPE)
		return random_scope(rand, collection, depth);
	Node *node = node_new(kind, 1);
	node->is_vector = vector;
	node_add(node, random_tree(rand, collection, depth - 1, vector && kind != NODE_SCALE));
	if (kind == NODE_DIVIDE)
		node_add(node, random_divisor(rand));
	else if (kind != NODE_NEGATE)
		node_add(node, random_tree(rand, collection, depth - 1, vector));
	return node;
}

static void test_round_trip(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GRand) rand = g_rand_new_with_seed(20240901);
	for (guint i = 0; i < 3000; i++) {
		g_autoptr(Node) tree = random_tree(rand, fixture->collection, i % 6, TRUE);
		g_autofree char *printed = expression_print(fixture->collection, tree);
		g_autoptr(Node) parsed = parse(fixture, printed);
		g_autofree char *again = expression_print(fixture->collection, parsed);
		g_assert_cmpstr(printed, ==, again);
		g_assert_true(node_equal(tree, parsed));
	}
}

/* Cut and mixed texts are parsed or refused with a column, and never crash. */
static void test_mutations(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	for (guint i = 0; i < 20000; i++) {
		const char *text = forms[g_rand_int_range(rand, 0, G_N_ELEMENTS(forms))].text;
		g_autofree char *mixed = g_strdup(text);
		gint length = (gint)strlen(mixed);
		for (gint j = g_rand_int_range(rand, 1, 4); j > 0; j--)
			mixed[g_rand_int_range(rand, 0, length)] =
				"+-*/()[],\"@.a 1e\xce"[g_rand_int_range(rand, 0, 17)];
		g_autoptr(GError) error = NULL;
		g_autoptr(Node) node = expression_parse(fixture->collection, mixed, &error);
		g_assert_true((node == NULL) == (error != NULL));
		if (error)
			g_assert_cmpint(error->code, ==, ERROR_USAGE);
	}
}

static void test_members(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(Node) node = parse(fixture, "mnist + 0.5*a[head] - (a + mnist@400)");
	g_autoptr(GArray) members = expression_members(node);
	g_assert_cmpuint(members->len, ==, 3);
	const char *const expected[] = {"a", "mnist@400", "mnist"};
	for (guint i = 0; i < 3; i++) {
		guint member = g_array_index(members, guint, i);
		g_assert_cmpstr(
			collection_member(fixture->collection, member)->name, ==, expected[i]);
	}
}

static void test_number(void)
{
	static const struct {
		double number;
		const char *text;
	} numbers[] = {{0.4, "0.4"}, {1.0 / 3, "0.3333333333333333"}, {1e-3, "0.001"}, {2, "2"},
		{0x1p-40, "9.094947017729282e-13"}, {-0.0, "-0"}, {1e23, "1e+23"}};
	for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
		g_autofree char *text = expression_number(numbers[i].number);
		g_assert_cmpstr(text, ==, numbers[i].text);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *fixture, gconstpointer data);
	} cases[] = {
		{"/expression/forms", test_forms},
		{"/expression/errors", test_errors},
		{"/expression/ignored-error", test_ignored_error},
		{"/expression/bounds", test_bounds},
		{"/expression/deepest", test_deepest},
		{"/expression/round-trip", test_round_trip},
		{"/expression/mutations", test_mutations},
		{"/expression/members", test_members},
	};
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add(cases[i].path, Fixture, NULL, set_up, cases[i].run, tear_down);
	g_test_add_func("/expression/number", test_number);
	return g_test_run();
}
