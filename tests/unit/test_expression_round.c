/* test_expression_round.c - what is printed parses to the same edit: random trees over every method
 * of the table. */
#include "toy.h"

#include "edit/node.h"

#include <math.h>
#include <string.h>

typedef struct {
	char *folder;
	Collection *collection;
	GRand *rand;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->folder = test_folder();
	fixture->collection = toy_collection(fixture->folder);
	fixture->rand = g_rand_new_with_seed(20240901);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_rand_free(fixture->rand);
	collection_free(fixture->collection);
	test_folder_remove(fixture->folder);
}

static Node *random_tree(Fixture *fixture, guint depth, gboolean vector);

static gint below(Fixture *fixture, gint end)
{
	return g_rand_int_range(fixture->rand, 0, end);
}

static double random_number(Fixture *fixture)
{
	static const double plain[] = {0, 1, 0.5, 2, 1e-3, 0.1, 3};
	if (g_rand_boolean(fixture->rand))
		return plain[below(fixture, G_N_ELEMENTS(plain))];
	return g_rand_double(fixture->rand) * (g_rand_boolean(fixture->rand) ? 1e-9 : 1e3);
}

static Node *number_node(double number)
{
	Node *node = node_new(NODE_NUMBER, 1);
	node->number = number;
	return node;
}

static Node *signed_node(double number)
{
	if (number >= 0)
		return number_node(number);
	Node *negative = node_new(NODE_NEGATE, 1);
	negative->is_vector = FALSE;
	node_add(negative, number_node(-number));
	return negative;
}

static Node *random_ramp(Fixture *fixture)
{
	Node *ramp = node_new(NODE_RAMP, 1);
	ramp->anchors = (guint)(2 + below(fixture, 3));
	ramp->anchor = g_new0(double, ramp->anchors);
	for (guint i = 0; i < ramp->anchors; i++)
		ramp->anchor[i] = random_number(fixture) * (below(fixture, 2) ? -1 : 1);
	return ramp;
}

static Node *scoped(Fixture *fixture, Node *node)
{
	static const char *const patterns[] = {
		"head", "blocks.0-2", "*.attn.[a-q].*", "attn,embed"};
	Node *scope = node_new(NODE_SCOPE, 1);
	scope->is_vector = node->is_vector;
	scope->pattern = g_strdup(patterns[below(fixture, G_N_ELEMENTS(patterns))]);
	node_add(scope, node);
	return scope;
}

static Node *random_first(Fixture *fixture)
{
	Node *first = node_new(NODE_FIRST, 1);
	for (gint i = 1 + below(fixture, 2); i > 0; i--)
		node_add(first, scoped(fixture, number_node(random_number(fixture))));
	if (below(fixture, 2))
		node_add(first, number_node(random_number(fixture)));
	return first;
}

static Node *random_leaf(Fixture *fixture, gboolean vector)
{
	gint members = (gint)collection_members(fixture->collection);
	if (!vector)
		switch (below(fixture, 8)) {
		case 0:
			return random_ramp(fixture);
		case 1:
			return random_first(fixture);
		default:
			return number_node(random_number(fixture));
		}
	Node *task = node_new(NODE_TASK, 1);
	task->member = (guint)below(fixture, members);
	return task;
}

/* Within the range, more often than not at a plain place. */
static double number_within(Fixture *fixture, const Parameter *row)
{
	double least = row->least > -1e17 ? row->least : -5;
	double most = row->most < 1e17 ? row->most : least + 10;
	double number = least + (most - least) * (1 + below(fixture, 9)) / 10;
	return row->type == PARAMETER_COUNT ? floor(number) : number;
}

static void set_argument(Fixture *fixture, Node *call, guint parameter)
{
	const Parameter *row = &call->method->parameters[parameter];
	Argument *argument = &call->argument[parameter];
	if (row->type == PARAMETER_CHOICE) {
		g_auto(GStrv) words = g_strsplit(row->choices, " ", -1);
		argument->choice = (guint)below(fixture, (gint)g_strv_length(words));
		argument->given = TRUE;
	} else if (row->type == PARAMETER_TEXT) {
		argument->text = g_strdup("a file.safetensors::mask");
	} else {
		node_set_number(call, parameter, signed_node(number_within(fixture, row)));
	}
}

/* The words of a hand-made call must be those of its dialect. */
static void set_arguments(Fixture *fixture, Node *call)
{
	for (guint i = 0; i < method_parameters(call->method); i++) {
		const Parameter *row = &call->method->parameters[i];
		guint dialect = method_dialect(call);
		gboolean needed = isnan(row->otherwise[dialect]) && !row->optional;
		if (needed || below(fixture, 2))
			set_argument(fixture, call, i);
		else if (row->type == PARAMETER_CHOICE)
			call->argument[i].choice = (guint)row->otherwise[dialect];
	}
}

static Node *random_call(Fixture *fixture, const Method *method, guint depth)
{
	Node *call = node_new(NODE_CALL, 1);
	guint most = MIN(method->most, method->least + 2);
	node_set_method(call, method);
	for (gint i = g_rand_int_range(fixture->rand, (gint)method->least, (gint)most + 1); i > 0;
		i--)
		node_add(call, random_tree(fixture, depth - 1, TRUE));
	set_arguments(fixture, call);
	return call;
}

static const Method *random_method(Fixture *fixture)
{
	guint count = 0;
	while (methods[count])
		count++;
	return methods[below(fixture, (gint)count)];
}

static Node *random_inner(Fixture *fixture, NodeKind kind, guint depth, gboolean vector)
{
	Node *node = node_new(kind, 1);
	node->is_vector = vector;
	node_add(node, random_tree(fixture, depth - 1, vector && kind != NODE_SCALE));
	if (kind == NODE_DIVIDE)
		node_add(node, number_node(g_rand_double_range(fixture->rand, 0.1, 10)));
	else if (kind != NODE_NEGATE)
		node_add(node, random_tree(fixture, depth - 1, vector));
	return node;
}

static Node *random_tree(Fixture *fixture, guint depth, gboolean vector)
{
	static const NodeKind kinds[] = {NODE_NEGATE, NODE_ADD, NODE_SUBTRACT, NODE_SCALE,
		NODE_DIVIDE, NODE_SCOPE, NODE_CALL};
	NodeKind kind = kinds[below(fixture, vector ? 7 : 6)];
	if (depth == 0)
		return random_leaf(fixture, vector);
	if (kind == NODE_CALL)
		return random_call(fixture, random_method(fixture), depth);
	if (kind == NODE_SCOPE)
		return scoped(fixture, random_tree(fixture, depth - 1, vector));
	return random_inner(fixture, kind, depth, vector);
}

/* Whether the printed tree is accepted: a method may have something against its inputs that no
 * range tells (weights that add up to 0).  Then it must be the same tree. */
static gboolean comes_round(Fixture *fixture, const Node *tree)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *printed = expression_print(fixture->collection, tree);
	g_autoptr(Node) parsed = expression_parse(fixture->collection, printed, &error);
	if (!parsed) {
		test_error(error, ERROR_USAGE, "column ");
		if (strstr(error->message, "expected"))
			g_error("%s: %s", printed, error->message);
		return FALSE;
	}
	g_autofree char *again = expression_print(fixture->collection, parsed);
	g_assert_cmpstr(printed, ==, again);
	if (!node_equal(tree, parsed))
		g_error("%s is not the same", printed);
	return TRUE;
}

static void test_trees(Fixture *fixture, gconstpointer data)
{
	(void)data;
	guint accepted = 0;
	for (guint i = 0; i < 3000; i++) {
		g_autoptr(Node) tree = random_tree(fixture, i % 6, TRUE);
		accepted += comes_round(fixture, tree) != FALSE;
	}
	g_assert_cmpuint(accepted, >, 1500);
}

static void test_methods(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (const Method *const *method = methods; *method; method++) {
		guint accepted = 0;
		for (guint i = 0; i < 100; i++) {
			g_autoptr(Node) call = random_call(fixture, *method, 1 + i % 2);
			accepted += comes_round(fixture, call) != FALSE;
		}
		if (accepted < 5)
			g_error("%s: %u calls of 100 are accepted", (*method)->name, accepted);
	}
}

/* Two calls that differ in one argument are not the same. */
static void test_arguments_count(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (const Method *const *method = methods; *method; method++)
		for (guint i = 0; i < method_parameters(*method); i++) {
			g_autoptr(Node) call = node_new(NODE_CALL, 1);
			g_autoptr(Node) other = node_new(NODE_CALL, 1);
			node_set_method(call, *method);
			node_set_method(other, *method);
			set_argument(fixture, call, i);
			Argument *argument = &call->argument[i];
			if ((*method)->parameters[i].type == PARAMETER_CHOICE)
				argument->choice = !other->argument[i].choice;
			gboolean same = !argument->text && node_is_otherwise(call, i);
			g_assert_true(node_equal(call, other) == same);
			g_assert_true(node_equal(call, call));
		}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *fixture, gconstpointer data);
	} cases[] = {
		{"/expression-round/trees", test_trees},
		{"/expression-round/methods", test_methods},
		{"/expression-round/arguments-count", test_arguments_count},
	};
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add(cases[i].path, Fixture, NULL, set_up, cases[i].run, tear_down);
	return g_test_run();
}
