/* test_linear.c - the coefficients of an edit on each tensor, the depth of layers, what is left
 * out. */
#include "toy.h"

#include "edit/linear.h"

#include <math.h>

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

static guint tensor_of(const Collection *collection, const char *name)
{
	gint found = checkpoint_find(collection_member(collection, 0)->checkpoint, name);
	g_assert_cmpint(found, >=, 0);
	return (guint)found;
}

/* The coefficient of a task in an edit on a tensor; of "base" that of θ₀. */
static double coefficient(
	const Collection *collection, const char *text, const char *task, const char *tensor)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) edit = expression_parse(collection, text, &error);
	test_no_error(error);
	g_autofree double *c = g_new0(double, collection_members(collection));
	linear_coefficients(collection, edit, tensor_of(collection, tensor), c);
	return c[collection_find(collection, task)];
}

static const struct {
	const char *edit, *task, *tensor;
	double value;
} rows[] = {
	{"a", "a", "head.weight", 1},
	{"a", "b", "head.weight", 0},
	{"0.4*(a + b) - 0.3*a", "a", "head.weight", 0.4 - 0.3},
	{"0.4*(a + b) - 0.3*a", "b", "head.weight", 0.4},
	{"a - (b - a)", "a", "head.weight", 2},
	{"a - (b - a)", "b", "head.weight", -1},
	{"-(-2*(3*a))", "a", "head.weight", 6},
	{"a/4", "a", "head.weight", 0.25},
	{"mean(a, b, mnist, a)", "a", "head.weight", 0.5},
	{"sum(a, b, a)", "a", "head.weight", 2},
	{"a - a", "a", "head.weight", 0},
	{"a[head] + 2*b", "a", "head.weight", 1},
	{"a[head] + 2*b", "a", "embed.weight", 0},
	{"a[head] + 2*b", "b", "embed.weight", 2},
	{"a[blocks.0-1][*.attn.*]", "a", "blocks.1.attn.q.weight", 1},
	{"a[blocks.0-1][*.attn.*]", "a", "blocks.2.mlp.fc_in.weight", 0},
	{"a", "a", "seen", 0},
	{"ramp(0.2, 0.8)*a", "a", "embed.weight", 0.2},
	{"ramp(0.2, 0.8)*a", "a", "blocks.0.attn.q.weight", 0.2},
	{"ramp(0.2, 0.8)*a", "a", "blocks.1.attn.q.weight", 0.75 * 0.2 + 0.25 * 0.8},
	{"ramp(0.2, 0.8)*a", "a", "blocks.3.attn.q.weight", 0.25 * 0.2 + 0.75 * 0.8},
	{"ramp(0.2, 0.8)*a", "a", "blocks.4.attn.q.weight", 0.8},
	{"ramp(0.2, 0.8)*a", "a", "head.weight", 0.8},
	{"-ramp(1, 3)*2*a/4", "a", "blocks.2.mlp.fc_in.weight", -1},
	{"ramp(0, 1, 0)*a", "a", "blocks.0.attn.q.weight", 0},
	{"ramp(0, 1, 0)*a", "a", "blocks.1.attn.q.weight", 0.5},
	{"ramp(0, 1, 0)*a", "a", "blocks.2.mlp.fc_in.weight", 1},
	{"ramp(0, 1, 0)*a", "a", "blocks.3.attn.q.weight", 0.5},
	{"ramp(0, 1, 0)*a", "a", "head.weight", 0},
	{"ramp(1, 2, 4, 8)*a", "a", "blocks.1.attn.q.weight", 0.25 * 1 + 0.75 * 2},
	{"ramp(1, 2, 4, 8)*a", "a", "blocks.3.attn.q.weight", 0.75 * 4 + 0.25 * 8},
	{"ramp(1, 2, 4, 8)*a", "a", "blocks.4.attn.q.weight", 8},
	{"0.5[head]*a", "a", "head.weight", 0.5},
	{"0.5[head]*a", "a", "embed.weight", 0},
	{"(1 - 0.75[head])*a", "a", "head.weight", 0.25},
	{"(1 - 0.75[head])*a", "a", "embed.weight", 1},
	{"first(2[head], 3[head,embed], 4)*a", "a", "head.weight", 2},
	{"first(2[head], 3[head,embed], 4)*a", "a", "embed.weight", 3},
	{"first(2[head], 3[head,embed], 4)*a", "a", "blocks.2.mlp.fc_in.weight", 4},
	{"first(2[head], 3[embed])*a", "a", "blocks.2.mlp.fc_in.weight", 0},
	{"first(0[head], 3)*a", "a", "head.weight", 0},
	{"first(-2[head], 5*3[head]/2, 4)*a", "a", "head.weight", -2},
	{"first(5*3[embed]/2, 4)*a", "a", "embed.weight", 7.5},
	{"first(5*3[embed]/2, 4)*a", "a", "head.weight", 4},
	{"first(2[head][embed], 4)*a", "a", "head.weight", 4},
	{"base + a", "a", "head.weight", 1},
	{"base + a", "base", "head.weight", 0},
	{"average(3*a, 1*b)", "a", "head.weight", 0.75},
	{"average(3*a, -1*b)", "b", "head.weight", -0.5},
	{"average(3*a, -1*b)", "base", "head.weight", 0},
	{"average(first(1[head], 3)*a, b)", "a", "head.weight", 0.5},
	{"average(first(1[head], 3)*a, b)", "a", "embed.weight", 0.75},
	{"2*average(0.5*a, 0.25*(a + b), normalize=no)", "a", "head.weight", 1.5},
	{"2*average(0.5*a, 0.25*(a + b), normalize=no)", "base", "head.weight", -0.5},
	{"average(0.5*a, normalize=no)[head]", "base", "embed.weight", 0},
	{"-passthrough(a + 2*b, scale=3)", "b", "head.weight", -6},
	{"-passthrough(a + 2*b, scale=3)", "base", "head.weight", -2},
	{"passthrough(a, scale=3[head])", "base", "embed.weight", -1},
	{"lines(a, alpha=0.5)", "a", "blocks.0.attn.q.weight", 0.5},
	{"lines(a, alpha=0.5)", "a", "blocks.1.attn.q.weight", 0.5 + 0.25 * 0.5},
	{"lines(a, alpha=0.5, beta=2)", "a", "blocks.4.attn.q.weight", 2.5},
	{"lines(a, alpha=0.5, beta=2)", "a", "head.weight", 0.5},
	{"sum(mean(a, 3*b), mean(b))", "b", "head.weight", 2.5},
};

static void test_coefficients(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpfloat(fabs(coefficient(fixture->collection, rows[i].edit, rows[i].task,
					       rows[i].tensor) -
					  rows[i].value),
			<=, 1e-15);
}

static void test_is_linear(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const struct {
		const char *text;
		gboolean linear;
	} edits[] = {
		{"a", TRUE},
		{"ramp(0, 1)*a[head] - first(1[head], 2)*b/3", TRUE},
		{"average(passthrough(a, scale=2), lines(mean(b), alpha=1))", TRUE},
		{"ties(a)", FALSE},
		{"slerp(a, b, t=0.5)", FALSE},
		{"mean(a, 0.5*ties(b)[head])", FALSE},
		{"a + dare(b, p=0.5)", FALSE},
		{"orthogonal(a, b)", FALSE},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(edits); i++) {
		g_autoptr(Node) edit = expression_parse(fixture->collection, edits[i].text, NULL);
		g_assert_nonnull(edit);
		g_assert_true(linear_is(edit) == edits[i].linear);
	}
}

static void test_constant(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const struct {
		const char *text;
		gboolean constant;
	} edits[] = {
		{"(0.5 + 3/2)*a", TRUE},
		{"ramp(2, 2)*a", FALSE},
		{"(1 + 2[head])*a", FALSE},
		{"first(2[head])*a", FALSE},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(edits); i++) {
		double value = 0;
		g_autoptr(Node) edit = expression_parse(fixture->collection, edits[i].text, NULL);
		const Node *coefficient = g_ptr_array_index(edit->children, 0);
		g_assert_true(linear_constant(coefficient, &value) == edits[i].constant);
		g_assert_cmpfloat(value, ==, edits[i].constant ? 2 : 0);
	}
}

static void test_nothing_left_out(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(Node) edit = expression_parse(fixture->collection, "a + b", NULL);
	g_autoptr(GArray) left_out = linear_left_out(fixture->collection, edit);
	g_assert_cmpuint(left_out->len, ==, 1);
	g_assert_cmpuint(
		g_array_index(left_out, guint, 0), ==, tensor_of(fixture->collection, "seen"));
}

static void test_left_out(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autofree char *path = g_build_filename(fixture->folder, "part.safetensors", NULL);
	TestTensor tensors[] = {
		{"blocks.0.attn.q.weight", DTYPE_F32, 1, {2}, NULL},
		{"head.weight", DTYPE_F32, 2, {1, 3}, NULL},
		{"embed.weight", DTYPE_I32, 1, {2}, NULL},
	};
	test_write_safetensors(path, tensors, G_N_ELEMENTS(tensors));
	add_member(fixture->collection, "part", MEMBER_TASK, NULL, -1, path);
	g_autoptr(Node) edit =
		expression_parse(fixture->collection, "a + part[embed,head,blocks.0]", NULL);
	g_autoptr(GArray) left_out = linear_left_out(fixture->collection, edit);
	const char *const expected[] = {"embed.weight", "head.weight", "seen"};
	g_assert_cmpuint(left_out->len, ==, G_N_ELEMENTS(expected));
	for (guint i = 0; i < left_out->len; i++)
		g_assert_cmpuint(g_array_index(left_out, guint, i), ==,
			tensor_of(fixture->collection, expected[i]));
	g_autoptr(Node) within = expression_parse(
		fixture->collection, "slerp(2[head]*base + b, ties(part), t=1)[head]", NULL);
	g_autoptr(GArray) missing = linear_left_out(fixture->collection, within);
	g_assert_cmpuint(missing->len, ==, 1);
	g_assert_cmpuint(g_array_index(missing, guint, 0), ==,
		tensor_of(fixture->collection, "head.weight"));
	g_assert_true(coefficient(fixture->collection, "part", "part", "head.weight") == 0);
	g_assert_true(
		coefficient(fixture->collection, "part", "part", "blocks.0.attn.q.weight") == 1);
}

/* Two stacks, each with its own depth, a gap in the numbers, and a stack of one layer. */
static void test_stacks(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const struct {
		const char *name;
		double place, block_place;
	} expected[] = {
		{"decoder.layers.0.w", 0, 0},
		{"decoder.layers.1.w", 0.5, 0.5},
		{"decoder.layers.10.w", 1, 1},
		{"encoder.layers.2.w", 0, 0},
		{"encoder.layers.5.w", 1, 1},
		{"visual.conv1.weight", 0, 0},
		{"ln_pre.weight", 0, 0},
		{"model.embed_tokens.weight", 0, 0},
		{"ln_f.weight", 1, 0},
		{"lm_head.weight", 1, 0},
	};
	TestTensor tensors[G_N_ELEMENTS(expected)];
	for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
		tensors[i] = (TestTensor){expected[i].name, DTYPE_F32, 1, {1}, NULL};
	g_autofree char *path = g_build_filename(fixture->folder, "stacks.safetensors", NULL);
	test_write_safetensors(path, tensors, G_N_ELEMENTS(expected));
	g_autoptr(Collection) collection = collection_new(open_checked(path));
	g_autofree double *places = linear_places(collection);
	g_autofree double *block_places = linear_block_places(collection);
	for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
		guint tensor = tensor_of(collection, expected[i].name);
		g_assert_cmpfloat(places[tensor], ==, expected[i].place);
		g_assert_cmpfloat(block_places[tensor], ==, expected[i].block_place);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *fixture, gconstpointer data);
	} cases[] = {
		{"/linear/coefficients", test_coefficients},
		{"/linear/is-linear", test_is_linear},
		{"/linear/constant", test_constant},
		{"/linear/nothing-left-out", test_nothing_left_out},
		{"/linear/left-out", test_left_out},
		{"/linear/stacks", test_stacks},
	};
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add(cases[i].path, Fixture, NULL, set_up, cases[i].run, tear_down);
	return g_test_run();
}
