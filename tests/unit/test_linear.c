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

/* The coefficient of a task in an edit on a tensor. */
static double coefficient(
	const Collection *collection, const char *text, const char *task, const char *tensor)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) edit = expression_parse(collection, text, &error);
	test_no_error(error);
	g_autofree double *c = g_new0(double, collection_members(collection));
	linear_coefficients(collection, edit, tensor_of(collection, tensor), c);
	g_assert_true(c[0] == 0);
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
		double place;
	} expected[] = {
		{"decoder.layers.0.w", 0},
		{"decoder.layers.1.w", 0.5},
		{"decoder.layers.10.w", 1},
		{"encoder.layers.2.w", 0},
		{"encoder.layers.5.w", 1},
		{"visual.conv1.weight", 0},
		{"ln_pre.weight", 0},
		{"model.embed_tokens.weight", 0},
		{"ln_f.weight", 1},
		{"lm_head.weight", 1},
	};
	TestTensor tensors[G_N_ELEMENTS(expected)];
	for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
		tensors[i] = (TestTensor){expected[i].name, DTYPE_F32, 1, {1}, NULL};
	g_autofree char *path = g_build_filename(fixture->folder, "stacks.safetensors", NULL);
	test_write_safetensors(path, tensors, G_N_ELEMENTS(expected));
	g_autoptr(Collection) collection = collection_new(open_checked(path));
	g_autofree double *places = linear_places(collection);
	for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
		g_assert_cmpfloat(
			places[tensor_of(collection, expected[i].name)], ==, expected[i].place);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *fixture, gconstpointer data);
	} cases[] = {
		{"/linear/coefficients", test_coefficients},
		{"/linear/nothing-left-out", test_nothing_left_out},
		{"/linear/left-out", test_left_out},
		{"/linear/stacks", test_stacks},
	};
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add(cases[i].path, Fixture, NULL, set_up, cases[i].run, tear_down);
	return g_test_run();
}
