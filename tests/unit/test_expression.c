/* test_expression.c - the language of edits: parsing, errors, printing. */
#include "toy.h"

#include "edit/expression.h"

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
	{"base", "base"},
	{"sum(base, 0.5*a)", "sum(base, 0.5*a)"},
	{"ramp(0.2, 0.8, -1, 2/4)*a", "ramp(0.2, 0.8, -1, 0.5)*a"},
	{"0.5[head]*a", "0.5[head]*a"},
	{"(0.5 + 1)[head]*a", "(0.5 + 1)[head]*a"},
	{"(0.5[head] + 0.1)*a", "(0.5[head] + 0.1)*a"},
	{"ramp(0, 1)[attn][blocks.0-1]*a", "ramp(0, 1)[attn][blocks.0-1]*a"},
	{"first(0.5[head], -0.3[attn], 0.1)*a", "first(0.5[head], -0.3[attn], 0.1)*a"},
	{"a*first(0.5[head])", "first(0.5[head])*a"},
	{"first(2*ramp(0, 1)[head], 0.5[attn]/2, first(1[embed], 2))*a",
		"first(2*ramp(0, 1)[head], 0.5[attn]/2, first(1[embed], 2))*a"},
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
	{"bse", "column 1: there is no task bse"},
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
	{"a/ramp(1, 2)", "column 2: what differs by tensor cannot be divided by; multiply by it"},
	{"a/2[head]", "column 2: what differs by tensor cannot be divided by"},
	{"a/first(2[head], 1)", "column 2: what differs by tensor cannot be divided by"},
	{"0.5", "column 1: the edit is a number"},
	{"0.5a", "column 4: expected an operator after the number 0.5"},
	{"1e400*a", "column 1: the number 1e400 is too large"},
	{"1e99*1e99*a", "the coefficients are too large"},
	{"ramp(1)*a", "column 1: ramp takes two numbers or more, as in ramp(0.2, 0.8)*task"},
	{"ramp(1, a)*a", "column 1: ramp takes two numbers"},
	{"ramp(1, 2[head])*a", "column 1: ramp takes two numbers"},
	{"ramp(1, 2, by=3)*a", "column 12: ramp has no parameters"},
	{"first(1, 2)*a", "column 7: first takes numbers with scopes, and a last one"},
	{"first(1[head], a)*a", "column 16: first takes numbers with scopes"},
	{"first(a[head], 1)*a", "column 8: first takes numbers with scopes"},
	{"first(1[head], 2, 3[attn])*a", "column 16: first takes numbers with scopes"},
	{"meen(a, b)", "column 1: there is no method meen; the nearest is mean"},
	{"linear(a, b)", "there is no method linear; mergekit's linear is average here"},
	{"model_stock(a, b)", "there is no method model_stock; mergekit's model_stock is stock"},
	{"zzzzzzz(a, b)", "column 1: there is no method zzzzzzz; tauscope --methods lists them"},
	{"mean(a, 2)", "column 9: a method takes task vectors, and this is a number; parameters "
		       "are named, as in mean(a, b, c)"},
	{"mean()", "column 6: expected a task"},
	{"a[blocks.9]", "column 2: "},
	{"a[", "column 2: the scope is not closed"},
	{"a[ ]", "column 2: the scope is empty"},
	{"2[nowhere]*a", "column 2: "},
	{"a = b", "column 3: expected an operator or the end, found ="},
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
	g_autofree char *calls = repeated("", "mean(", EXPRESSION_CALLS_MOST + 1, "a");
	g_autofree char *long_in_print = repeated("sum(a", ",a", 30000, ")");
	g_autofree char *too_long = repeated("a", " ", EXPRESSION_TEXT_MOST, "");
	assert_fails(fixture, chain, "the edit is too deep");
	assert_fails(fixture, brackets, "nested too deeply");
	assert_fails(fixture, signs, "nested too deeply");
	assert_fails(fixture, calls, "column 41: more than 8 methods are nested");
	assert_fails(fixture, too_long, "longer than 65536 bytes");
	assert_fails(
		fixture, long_in_print, "column 1: the edit is longer than 65536 bytes in print");
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
				"+-*/()[],\"@.a 1e=\xce"[g_rand_int_range(rand, 0, 18)];
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
	g_autoptr(Node) node = parse(fixture, "mnist + 0.5*a[head] - (a + base + mnist@400)");
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
		{"/expression/mutations", test_mutations},
		{"/expression/members", test_members},
	};
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add(cases[i].path, Fixture, NULL, set_up, cases[i].run, tear_down);
	g_test_add_func("/expression/number", test_number);
	return g_test_run();
}
