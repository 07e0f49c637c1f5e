/* test_expression_call.c - calls of methods: their arguments, what is wrong with them, what they
 * take where nothing is said, and which tensors they act on. */
#include "toy.h"

#include "core/rng.h"
#include "edit/node.h"

#include <math.h>
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

static Node *parse_with(
	const Fixture *fixture, const char *text, const ExpressionDefaults *defaults)
{
	g_autoptr(GError) error = NULL;
	Node *node = expression_parse_with(fixture->collection, text, defaults, &error);
	if (error)
		g_error("\"%s\": %s", text, error->message);
	return node;
}

static guint tensor_of(const Fixture *fixture, const char *name)
{
	gint found = checkpoint_find(collection_member(fixture->collection, 0)->checkpoint, name);
	g_assert_cmpint(found, >=, 0);
	return (guint)found;
}

static guint parameter_of(const Node *call, const char *name)
{
	gint parameter = method_parameter(call->method, name);
	g_assert_cmpint(parameter, >=, 0);
	return (guint)parameter;
}

/* What is written, and how it is printed. */
static const struct {
	const char *text, *printed;
} forms[] = {
	{"ties(0.5*a, 0.5*b, density=0.3)", "ties(0.5*a, 0.5*b, density=0.3)"},
	{"ties(density = 0.3, a, by=tensor, b)", "ties(a, b, density=0.3, by=tensor)"},
	{"ties(a, b, density=0.2)", "ties(a, b)"},
	{"ties(a, b, dialect=paper, by=model)", "ties(a, b)"},
	{"ties(a, b, density=1)", "ties(a, b, density=1)"},
	{"ties(a, density=1, dialect=mergekit)", "ties(a, dialect=mergekit)"},
	{"ties(a, by=tensor, dialect=mergekit)", "ties(a, dialect=mergekit)"},
	{"ties(a, by=model, dialect=mergekit)", "ties(a, dialect=mergekit, by=model)"},
	{"ties(a, density=0.2, dialect=mergekit)", "ties(a, dialect=mergekit, density=0.2)"},
	{"trim(a, by=tensor, density=ramp(0, 0.5, 1))",
		"trim(a, density=ramp(0, 0.5, 1), by=tensor)"},
	{"trim(a, density=first(0.5[head], 0.1), by=tensor)",
		"trim(a, density=first(0.5[head], 0.1), by=tensor)"},
	{"dare(a, p=1/2)", "dare(a, p=1/2)"},
	{"dare(a, p=0.5, seed=0)", "dare(a, p=0.5)"},
	{"dare(a, p=0.5, seed=9007199254740992)", "dare(a, p=0.5, seed=9007199254740992)"},
	{"dare(a, p=0.5, mask=\"a mask.safetensors::x\")",
		"dare(a, p=0.5, mask=\"a mask.safetensors::x\")"},
	{"ties(dare(a, p=0.9), dare(b, p=0.9))", "ties(dare(a, p=0.9), dare(b, p=0.9))"},
	{"slerp(a, b, t=0.3)[head]", "slerp(a, b, t=0.3)[head]"},
	{"passthrough(base, scale=-1)", "passthrough(base, scale=-1)"},
};

static void test_forms(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
		g_autoptr(Node) node = parse_with(fixture, forms[i].text, NULL);
		g_autofree char *printed = expression_print(fixture->collection, node);
		g_assert_cmpstr(printed, ==, forms[i].printed);
		g_autoptr(Node) again = parse_with(fixture, printed, NULL);
		g_assert_true(node_equal(node, again));
	}
}

/* What is wrong, and what the error must say. */
static const struct {
	const char *text, *says;
} errors[] = {
	{"ties()", "column 6: expected a task"},
	{"ties(density=0.5)", "column 1: ties takes at least 1 task vector, not 0; as in ties("},
	{"slerp(a, b, a, t=0.5)", "column 1: slerp takes 1 or 2 task vectors, not 3; as in slerp("},
	{"nearswap(a, b, t=1)", "column 1: nearswap takes 1 task vector, not 2"},
	{"orthogonal(a)", "column 1: orthogonal takes at least 2 task vectors, not 1"},
	{"slerp(a, b)", "column 1: slerp needs t (0 <= t <= 1); as in slerp(a, b, t=0.5)"},
	{"slerp(a, b, 0.5)", "column 13: a method takes task vectors, and this is a number; "
			     "parameters are named, as in slerp(a, b, t=0.5)"},
	{"a + dare(b, q=0.5)", "column 13: dare has no parameter q; the nearest is p"},
	{"clip(a, bogus=1)", "column 9: clip has no parameter bogus; it takes norm, relative, by"},
	{"ties(a, weight=0.5)", "column 9: ties has no parameter weight; the weight of an input is "
				"the number before it, as in ties(0.5*a)"},
	{"slerp(a, b, weight=0.5)", "slerp has no parameter weight; it takes"},
	{"ties(a, densty=0.5)", "column 9: ties has no parameter densty; the nearest is density"},
	{"sum(a, by=model)", "column 8: sum has no parameters"},
	{"ties(a, by=model, by=model)", "column 19: by is given twice"},
	{"ties(a, density=0.5, density=0.5)", "column 22: density is given twice"},
	{"ties(a, by=tensr)",
		"column 12: by is model or tensor, and not tensr; the nearest is tensor"},
	{"ties(a, by=1)", "column 12: expected model or tensor, found 1"},
	{"ties(a, by=\"model\")", "column 12: expected model or tensor, found \"model\""},
	{"ties(a, by=)", "column 12: expected model or tensor, found )"},
	{"ties(a, by=model + 1)", "column 18: expected an operator, or ) for column 5, found +"},
	{"ties(a, density=b)", "column 17: density is a number, and this is a task vector"},
	{"ties(a, density=)", "column 17: expected a task, a number or (, found )"},
	{"ties(a, density=1.5)", "column 17: density is 1.5; it takes 0 <= density <= 1"},
	{"ties(a, density=-0.1)", "column 17: density is -0.1; it takes 0 <= density <= 1"},
	{"dare(a, p=1)", "column 11: p is 1; it takes 0 <= p < 1"},
	{"dare(a, p=ramp(0.5, 1))", "column 11: p is 1 on blocks.4.attn.q.weight; it takes"},
	{"dare(a, p=0.1 + 2[head])", "column 15: p is 2.1 on head.weight; it takes 0 <= p < 1"},
	{"nearswap(a, t=1[head])",
		"column 16: t is 0 on blocks.0.attn.q.weight; it takes more than 0"},
	{"ties(a, density=ramp(0, 1))",
		"column 17: density is about a whole model, and must be the "
		"same on its tensors; give one number, or say by=tensor"},
	{"pcb(a, b, ratio=1[head])", "column 18: ratio is about a whole model"},
	{"dare(a, p=0.5, seed=0.5)", "column 21: seed is 0.5; it takes a whole number"},
	{"dare(a, p=0.5, seed=-1)", "column 21: seed is -1; it takes a whole number"},
	{"dare(a, p=0.5, seed=ramp(1, 2))", "column 21: seed must be the same on all tensors"},
	{"dare(a, p=0.5, seed=9007199254740993)", "column 21: seed is too large"},
	{"dare(a, p=0.5, seed=9007199254740994)", "column 21: seed is 9007199254740994; it takes"},
	{"dare(a, p=0.5, mask=file)", "column 21: expected a text in \", found file"},
	{"dare(a, p=0.5, mask=\"\")", "column 21: mask is empty"},
	{"dare(a, p=0.5, mask=\"a\"@4)", "column 21: expected a text in \""},
	{"dare(a, p=0.5, mask=\"a\"b\")", "column 24: expected an operator, or )"},
	{"dare(a, p=0.5, mask=\"a)", "column 21: the quote is not closed"},
	{"average(a, -b)", "column 1: average: the weights sum to 0"},
	{"a + average(ramp(1, -1)*b)", "column 5: tensor blocks.2.mlp.fc_in.weight: average: "},
	{"clip(a, norm=1e101)", "column 1: the coefficients are too large"},
	{"1e101*ties(1e-90*a)", "the coefficients are too large"},
	{"1e101*ties(a/1e90)", "the coefficients are too large"},
	{"passthrough(a, scale=1e60)*1e60", "the coefficients are too large"},
	{"density=0.5", "column 1: there is no task density"},
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

static void assert_printed(const Fixture *fixture, const char *text,
	const ExpressionDefaults *defaults, const char *expected)
{
	g_autoptr(Node) node = parse_with(fixture, text, defaults);
	g_autofree char *printed = expression_print(fixture->collection, node);
	g_assert_cmpstr(printed, ==, expected);
	g_autoptr(Node) again = parse_with(fixture, printed, NULL);
	g_assert_true(node_equal(node, again));
}

/* What is taken from elsewhere is said, so that the text means the same without it. */
static void test_defaults(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const ExpressionDefaults mergekit = {DIALECT_MERGEKIT, 0};
	const ExpressionDefaults seed = {DIALECT_PAPER, 7};
	const ExpressionDefaults both = {DIALECT_MERGEKIT, 9007199254740992};
	assert_printed(fixture, "ties(a)", &mergekit, "ties(a, dialect=mergekit)");
	assert_printed(fixture, "ties(a, density=1)", &mergekit, "ties(a, dialect=mergekit)");
	assert_printed(fixture, "ties(a, dialect=paper)", &mergekit, "ties(a)");
	assert_printed(fixture, "sum(a)", &mergekit, "sum(a)");
	assert_printed(fixture, "dare(a, p=0.5)", &seed, "dare(a, p=0.5, seed=7)");
	assert_printed(fixture, "dare(a, p=0.5, seed=0)", &seed, "dare(a, p=0.5)");
	assert_printed(fixture, "dare(a, p=0.5, seed=3)", &seed, "dare(a, p=0.5, seed=3)");
	assert_printed(fixture, "random_like(dare(a, p=0.5))", &both,
		"random_like(dare(a, dialect=mergekit, p=0.5, seed=9007199254740992), "
		"seed=9007199254740992)");
}

static void test_large_seed(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	const ExpressionDefaults large = {DIALECT_PAPER, G_GUINT64_CONSTANT(9007199254740993)};
	g_assert_null(expression_parse_with(fixture->collection, "a", &large, &error));
	test_error(error, ERROR_USAGE,
		"the seed 9007199254740993 is too large; take one up to 9007199254740992");
}

/* The same by meaning is the same tree. */
static void test_meaning(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const struct {
		const char *one, *other;
		gboolean same;
	} pairs[] = {
		{"ties(a, density=0.2)", "ties(a)", TRUE},
		{"ties(a, density=0.2, dialect=mergekit)", "ties(a, dialect=mergekit)", FALSE},
		{"ties(a, dialect=mergekit)", "ties(a)", FALSE},
		{"ties(a, normalize=yes)", "ties(a)", TRUE},
		{"ties(a, normalize=no)", "ties(a)", FALSE},
		{"ties(a, density=0.3)", "ties(a, density=0.4)", FALSE},
		{"ties(a)", "trim(a)", FALSE},
		{"ties(a)", "ties(b)", FALSE},
		{"dare(a, p=0.5, mask=\"x\")", "dare(a, p=0.5, mask=\"y\")", FALSE},
		{"dare(a, p=0.5, mask=\"x\")", "dare(a, p=0.5)", FALSE},
		{"ramp(0, 1, 2)*a", "ramp(0, 1, 3)*a", FALSE},
		{"ramp(0, 1, 2)*a", "ramp(0, 1)*a", FALSE},
		{"0.5[head]*a", "0.5*a[head]", FALSE},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_autoptr(Node) one = parse_with(fixture, pairs[i].one, NULL);
		g_autoptr(Node) other = parse_with(fixture, pairs[i].other, NULL);
		g_assert_true(node_equal(one, other) == pairs[i].same);
		g_assert_true(node_equal(other, one) == pairs[i].same);
	}
}

/* Inner calls come first, and a call knows its number. */
static void test_numbers(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(Node) edit = parse_with(
		fixture, "mean(a, b) - 2*ties(dare(a, p=0.5), trim(b)[head]) + sum(base)", NULL);
	g_autoptr(GPtrArray) calls = expression_calls(edit);
	const char *const expected[] = {"mean", "dare", "trim", "ties", "sum"};
	g_assert_cmpuint(calls->len, ==, G_N_ELEMENTS(expected));
	for (guint i = 0; i < calls->len; i++) {
		const Node *call = calls->pdata[i];
		g_assert_cmpstr(call->method->name, ==, expected[i]);
		g_assert_cmpuint(call->call, ==, i);
	}
}

/* An edit, and the tensors of toy.h that it acts on, by the letters of their names below. */
static const struct {
	const char *text, *tensors;
} acting[] = {
	{"a", "0eh"},
	{"base", ""},
	{"base + b", "0eh"},
	{"a[head]", "h"},
	{"a[head] - b[embed]", "eh"},
	{"0.5[head]*a", "h"},
	{"0*a", ""},
	{"a[head]/2", "h"},
	{"-(a[head][embed,head])", "h"},
	{"ties(a[head], b[embed])", "eh"},
	{"ties(a[head], b[embed])[embed]", "e"},
	{"passthrough(base, scale=2)", "0eh"},
	{"passthrough(base, scale=2)[head]", "h"},
	{"passthrough(a[head])", "h"},
	{"average(a[head], b[head], normalize=no)", "0eh"},
	{"magmax(base, a[embed])", "e"},
};

static void test_acts(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const char *const names[] = {
		"blocks.0.attn.q.weight", "embed.weight", "head.weight"};
	for (gsize i = 0; i < G_N_ELEMENTS(acting); i++) {
		g_autoptr(Node) edit = parse_with(fixture, acting[i].text, NULL);
		for (guint j = 0; j < G_N_ELEMENTS(names); j++) {
			gboolean acts = expression_acts(
				fixture->collection, edit, tensor_of(fixture, names[j]));
			if (acts != (strchr(acting[i].tensors, "0eh"[j]) != NULL))
				g_error("%s on %s: %d", acting[i].text, names[j], acts);
		}
		g_assert_false(
			expression_acts(fixture->collection, edit, tensor_of(fixture, "seen")));
	}
}

static void test_values(Fixture *fixture, gconstpointer data)
{
	(void)data;
	guint head = tensor_of(fixture, "head.weight");
	guint embed = tensor_of(fixture, "embed.weight");
	g_autoptr(Node) paper =
		parse_with(fixture, "dare(a, p=first(0.5[head], 0.25), mask=\"m\")", NULL);
	guint p = parameter_of(paper, "p");
	g_assert_cmpuint(method_dialect(paper), ==, DIALECT_PAPER);
	g_assert_cmpfloat(method_value(paper, p, head), ==, 0.5);
	g_assert_cmpfloat(method_value(paper, p, embed), ==, 0.25);
	g_assert_cmpfloat(method_value(paper, parameter_of(paper, "seed"), head), ==, 0);
	g_assert_true(isnan(method_value(paper, parameter_of(paper, "mask"), head)));
	g_autoptr(Node) ties = parse_with(fixture, "ties(a, dialect=mergekit)", NULL);
	g_assert_cmpuint(method_dialect(ties), ==, DIALECT_MERGEKIT);
	g_assert_cmpint(method_by(ties), ==, BY_TENSOR);
	g_assert_cmpfloat(method_value(ties, parameter_of(ties, "density"), head), ==, 1);
	g_assert_cmpfloat(method_value(ties, parameter_of(ties, "by"), head), ==, 1);
	g_autoptr(Node) sum = parse_with(fixture, "sum(a)", NULL);
	g_assert_cmpuint(method_dialect(sum), ==, DIALECT_PAPER);
	g_assert_cmpint(method_by(sum), ==, BY_TENSOR);
	g_autoptr(Node) clip = parse_with(fixture, "clip(a, norm=2)", NULL);
	g_assert_true(isnan(method_value(clip, parameter_of(clip, "relative"), head)));
}

/* An input, its weight on head.weight and on embed.weight, and its body. */
static const struct {
	const char *input;
	double head, embed;
	const char *body;
} bodies[] = {
	{"a", 1, 1, "a"},
	{"-a", -1, -1, "a"},
	{"0.5*a", 0.5, 0.5, "a"},
	{"a/-4", -0.25, -0.25, "a"},
	{"-(0.5*(a*3)/2)", -0.75, -0.75, "a"},
	{"0.5*a[head]", 0.5, 0.5, "a[head]"},
	{"(0.5*a)[head]", 1, 1, "(0.5*a)[head]"},
	{"0.5[head]*a", 0.5, 0, "a"},
	{"first(0.5[head], 2)*(a + b)", 0.5, 2, "a + b"},
	{"2*ties(3*a)", 2, 2, "ties(3*a)"},
};

static void check_body(
	const Fixture *fixture, const char *input, const double *expected, const char *body)
{
	static const char *const names[] = {"head.weight", "embed.weight"};
	g_autofree char *text = g_strdup_printf("ties(b, %s)", input);
	g_autoptr(Node) call = parse_with(fixture, text, NULL);
	for (guint i = 0; i < 2; i++)
		g_assert_cmpfloat(
			method_weight(call, 1, tensor_of(fixture, names[i])), ==, expected[i]);
	g_assert_true(method_weight_constant(call, 1) == (expected[0] == expected[1]));
	g_autofree char *printed = expression_print(fixture->collection, method_body(call, 1));
	g_assert_cmpstr(printed, ==, body);
}

static void test_bodies(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
		const double expected[] = {bodies[i].head, bodies[i].embed};
		check_body(fixture, bodies[i].input, expected, bodies[i].body);
	}
	g_autoptr(Node) whole = parse_with(fixture, "magmax(0.5*a, b)", NULL);
	g_assert_cmpfloat(method_weight(whole, 0, 0), ==, 1);
	g_assert_true(method_body(whole, 0) == node_child(whole, 0));
}

static guint64 stream_of(const Fixture *fixture, const char *text)
{
	g_autoptr(Node) edit = parse_with(fixture, text, NULL);
	return method_stream(fixture->collection, edit);
}

/* The draws are those of the tasks' names, whatever is done to them, wherever they stand. */
static void test_streams(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_assert_true(stream_of(fixture, "a") == rng_key(0, "a"));
	g_assert_true(stream_of(fixture, "0.3*ties(a[head], -2*a) + base") == rng_key(0, "a"));
	g_assert_true(stream_of(fixture, "a - b") == rng_key(0, "a") + rng_key(0, "b"));
	g_assert_true(stream_of(fixture, "b + a") == stream_of(fixture, "a - b"));
	g_assert_true(stream_of(fixture, "b") != stream_of(fixture, "a"));
	g_assert_true(stream_of(fixture, "mnist@40") != stream_of(fixture, "mnist"));
}

/* A method by depth knows how deep each tensor lies; what is outside of layers lies at 0. */
static void test_places(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(Node) lines = parse_with(fixture, "lines(a, alpha=0.5)", NULL);
	g_assert_cmpfloat(lines->place[tensor_of(fixture, "blocks.1.attn.q.weight")], ==, 0.25);
	g_assert_cmpfloat(lines->place[tensor_of(fixture, "blocks.4.attn.q.weight")], ==, 1);
	g_assert_cmpfloat(lines->place[tensor_of(fixture, "embed.weight")], ==, 0);
	g_assert_cmpfloat(lines->place[tensor_of(fixture, "head.weight")], ==, 0);
	g_autoptr(Node) ties = parse_with(fixture, "ties(a)", NULL);
	g_assert_null(ties->place);
}

static void test_bounds(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(Node) edit = parse_with(fixture, "passthrough(3*a, scale=1e50)", NULL);
	g_assert_true(expression_is_bounded(edit, 2e49));
	g_assert_false(expression_is_bounded(edit, 3e49));
	g_autoptr(Node) first =
		parse_with(fixture, "first(1e50[head], ramp(1, -2, 1)[attn])*a", NULL);
	g_assert_true(expression_is_bounded(first, 9e49));
	g_assert_false(expression_is_bounded(first, 1e51));
	g_autoptr(Node) density = parse_with(fixture, "ties(2*a, b, density=0.001)", NULL);
	g_assert_true(expression_is_bounded(density, 3e99));
	g_assert_false(expression_is_bounded(density, 4e99));
	g_assert_false(expression_is_bounded(density, NAN));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *fixture, gconstpointer data);
	} cases[] = {
		{"/expression-call/forms", test_forms},
		{"/expression-call/errors", test_errors},
		{"/expression-call/defaults", test_defaults},
		{"/expression-call/large-seed", test_large_seed},
		{"/expression-call/meaning", test_meaning},
		{"/expression-call/numbers", test_numbers},
		{"/expression-call/acts", test_acts},
		{"/expression-call/values", test_values},
		{"/expression-call/bodies", test_bodies},
		{"/expression-call/streams", test_streams},
		{"/expression-call/places", test_places},
		{"/expression-call/bounds", test_bounds},
	};
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add(cases[i].path, Fixture, NULL, set_up, cases[i].run, tear_down);
	return g_test_run();
}
