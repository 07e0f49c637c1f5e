/* test_paper.c - every method, as the papers define it, against straight-line implementations. */
#include "reference.h"
#include "toy.h"

#include "method/prepare.h"

#include <math.h>
#include <string.h>

static const struct {
	const char *name;
	guint rank;
	guint64 shape[4];
	double depth; /* among the layers; outside of them 0 */
} shapes[] = {
	{"embed.weight", 2, {23, 9}, 0},
	{"blocks.0.attn.q.weight", 2, {9, 31}, 0},
	{"blocks.0.attn.q.bias", 1, {9}, 0},
	{"blocks.1.conv.weight", 4, {5, 4, 3, 2}, 0.5},
	{"blocks.1.scale", 0, {0}, 0.5},
	{"blocks.2.mlp.weight", 2, {40, 9}, 1},
	{"head.weight", 2, {17, 9}, 0},
};
#define TENSORS G_N_ELEMENTS(shapes)

typedef struct {
	char *folder, *masks;
	Collection *collection;
	Reference model;
} Fixture;

/* Noise with heavy tails, a fifth of it 0, and some sizes that occur again and again. */
static double element(GRand *rand)
{
	double u = g_rand_double_range(rand, -1, 1);
	switch (g_rand_int_range(rand, 0, 5)) {
	case 0:
		return 0;
	case 1:
		return g_rand_int_range(rand, -4, 5) * 0x1p-8;
	default:
		return (double)(float)(u * u * u * 0.1);
	}
}

static guint64 count_of(gsize tensor)
{
	guint64 n = 1;
	for (guint i = 0; i < shapes[tensor].rank; i++)
		n *= shapes[tensor].shape[i];
	return n;
}

static void lay_out(Reference *model)
{
	model->tensors = TENSORS;
	model->tensor = g_new0(ReferenceTensor, TENSORS);
	for (gsize i = 0; i < TENSORS; i++) {
		gboolean flat = shapes[i].rank < 2;
		model->tensor[i] = (ReferenceTensor){.n = count_of(i),
			.columns = flat ? count_of(i) : shapes[i].shape[shapes[i].rank - 1],
			.rows = flat ? 1 : shapes[i].shape[0],
			.at = model->n,
			.depth = shapes[i].depth};
		model->n += count_of(i);
	}
}

/* The base, the tasks as what is exact in float32, and masks. */
static void fill(Reference *model)
{
	GRand *rand = g_rand_new_with_seed(2023);
	model->base = g_new(double, model->n);
	for (gsize k = 0; k < model->n; k++)
		model->base[k] = (double)(float)g_rand_double_range(rand, -1, 1);
	for (guint i = 0; i < REFERENCE_INPUTS; i++) {
		model->x[i] = g_new(double, model->n);
		model->mask[i] = g_new(double, model->n);
		for (gsize k = 0; k < model->n; k++) {
			double theta = (double)(float)(model->base[k] + element(rand));
			model->x[i][k] = theta - model->base[k];
			model->mask[i][k] = g_rand_boolean(rand);
		}
	}
	g_rand_free(rand);
}

static void write_file(const Reference *model, const char *path, const char *ending,
	const double *const *values, guint sets)
{
	g_autofree TestTensor *tensors = g_new0(TestTensor, TENSORS * sets);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	for (guint s = 0; s < sets; s++)
		for (gsize i = 0; i < TENSORS; i++) {
			TestTensor *tensor = &tensors[s * TENSORS + i];
			char *name = sets > 1 ? g_strdup_printf("%s%s%u", shapes[i].name, ending, s)
					      : g_strdup(shapes[i].name);
			g_ptr_array_add(names, name);
			*tensor = (TestTensor){name, DTYPE_F32, shapes[i].rank, {0},
				values[s] + model->tensor[i].at};
			memcpy(tensor->shape, shapes[i].shape, sizeof tensor->shape);
		}
	test_write_safetensors(path, tensors, (guint)TENSORS * sets);
}

static void set_up(Fixture *fixture, gconstpointer data)
{
	static const char *const names[] = {"a", "b", "c"};
	Reference *model = &fixture->model;
	(void)data;
	fixture->folder = test_folder();
	lay_out(model);
	fill(model);
	g_autofree char *base = g_build_filename(fixture->folder, "base.safetensors", NULL);
	write_file(model, base, NULL, (const double *const *)&model->base, 1);
	fixture->collection = collection_new(open_checked(base));
	for (guint i = 0; i < REFERENCE_INPUTS; i++) {
		g_autofree char *leaf = g_strdup_printf("%s.safetensors", names[i]);
		g_autofree char *path = g_build_filename(fixture->folder, leaf, NULL);
		g_autofree double *theta = g_new(double, model->n);
		for (gsize k = 0; k < model->n; k++)
			theta[k] = model->base[k] + model->x[i][k];
		write_file(model, path, NULL, (const double *const *)&theta, 1);
		add_member(fixture->collection, names[i], MEMBER_TASK, NULL, -1, path);
	}
	fixture->masks = g_build_filename(fixture->folder, "masks.safetensors", NULL);
	write_file(
		model, fixture->masks, "::", (const double *const *)model->mask, REFERENCE_INPUTS);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	collection_free(fixture->collection);
	test_folder_remove(fixture->folder);
	g_free(fixture->masks);
	g_free(fixture->model.tensor);
	g_free(fixture->model.base);
	for (guint i = 0; i < REFERENCE_INPUTS; i++) {
		g_free(fixture->model.x[i]);
		g_free(fixture->model.mask[i]);
	}
}

/* The value of an edit on one tensor, in double. */
static double *value_of(
	const Prepared *prepared, const Collection *collection, const Node *edit, guint tensor)
{
	g_autoptr(GError) error = NULL;
	guint64 n = collection_tensor(collection, tensor)->elements;
	g_autofree guint8 *memory = g_malloc(values_bytes(collection, edit, n));
	g_autofree guint8 *scratch = g_malloc(evaluate_scratch_bytes(edit, n));
	double *out = g_new(double, n);
	Values values;
	values_read(&values, collection, edit, tensor, 0, n, NULL, memory, &error);
	test_no_error(error);
	evaluate(prepared, &values, edit, 0, n, out, scratch);
	return out;
}

/* MASK stands for the path of the masks. */
static void check_edit(const Fixture *fixture, const char *form, const double *expected)
{
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) parts = g_strsplit(form, "MASK", -1);
	g_autofree char *text = g_strjoinv(fixture->masks, parts);
	g_autoptr(Node) edit = expression_parse(fixture->collection, text, &error);
	test_no_error(error);
	PrepareRequest request = {.collection = fixture->collection, .edit = edit};
	g_autoptr(Prepared) prepared = prepare_weights(&request, NULL, &error);
	test_no_error(error);
	double largest = 0;
	for (gsize k = 0; k < fixture->model.n; k++)
		largest = MAX(largest, fabs(expected[k]));
	g_assert_cmpfloat(largest, >, 0);
	for (gsize t = 0; t < TENSORS; t++) {
		const ReferenceTensor *tensor = &fixture->model.tensor[t];
		gint found = checkpoint_find(
			collection_member(fixture->collection, 0)->checkpoint, shapes[t].name);
		prepare_tensor(prepared, &request, (guint)found, NULL, &error);
		test_no_error(error);
		g_autofree double *value =
			value_of(prepared, fixture->collection, edit, (guint)found);
		for (gsize k = 0; k < tensor->n; k++)
			if (!(fabs(value[k] - expected[tensor->at + k]) <= 1e-9 * largest))
				g_error("%s, element %zu of %s: %.17g, and the formula says %.17g",
					form, k, shapes[t].name, value[k],
					expected[tensor->at + k]);
	}
}

/* Takes what the formula gives. */
static void check(const Fixture *fixture, const char *form, double *expected)
{
	check_edit(fixture, form, expected);
	g_free(expected);
}

static void test_trim(Fixture *fixture, gconstpointer data)
{
	const Reference *model = &fixture->model;
	(void)data;
	check(fixture, "trim(a, density=0.2)",
		reference_trim(model, (ReferenceSparse){.inputs = 1, .w = {1}, .density = 0.2}));
	check(fixture, "trim(0.5*a, -2*b, density=0.37, by=tensor, normalize=yes)",
		reference_trim(model, (ReferenceSparse){.inputs = 2,
					      .w = {0.5, -2},
					      .density = 0.37,
					      .by_tensor = TRUE,
					      .normalize = TRUE}));
}

static void test_ties(Fixture *fixture, gconstpointer data)
{
	const Reference *model = &fixture->model;
	(void)data;
	ReferenceSparse what = {
		.inputs = 3, .w = {1, 1, 1}, .density = 0.2, .elect = TRUE, .normalize = TRUE};
	check(fixture, "ties(a, b, c)", reference_trim(model, what));
	what.density = 1;
	check(fixture, "ties(a, b, c, density=1)", reference_trim(model, what));
	what.w[0] = 0.5;
	what.w[2] = -0.3;
	what.density = 0.6;
	check(fixture, "ties(0.5*a, b, -0.3*c, density=0.6)", reference_trim(model, what));
	what.by_tensor = TRUE;
	check(fixture, "ties(0.5*a, b, -0.3*c, density=0.6, by=tensor)",
		reference_trim(model, what));
	what.normalize = FALSE;
	check(fixture, "ties(0.5*a, b, -0.3*c, density=0.6, by=tensor, normalize=no)",
		reference_trim(model, what));
}

static void test_dare(Fixture *fixture, gconstpointer data)
{
	const Reference *model = &fixture->model;
	(void)data;
	ReferenceSparse what = {.inputs = 3, .w = {0.5, -1, 2}, .p = 0.7};
	check(fixture, "dare(0.5*a, -b, 2*c, p=0.7, mask=\"MASK\")", reference_drop(model, what));
	what.elect = what.normalize = TRUE;
	check(fixture, "dare_ties(0.5*a, -b, 2*c, p=0.7, mask=\"MASK\")",
		reference_drop(model, what));
}

static void test_breadcrumbs(Fixture *fixture, gconstpointer data)
{
	const Reference *model = &fixture->model;
	(void)data;
	ReferenceSparse what = {.inputs = 3, .w = {1, 0.5, -1}, .density = 0.6, .gamma = 0.07};
	check(fixture, "breadcrumbs(a, 0.5*b, -c, density=0.6, gamma=0.07)",
		reference_crumbs(model, what));
	what.elect = what.normalize = TRUE;
	check(fixture, "breadcrumbs_ties(a, 0.5*b, -c, density=0.6, gamma=0.07)",
		reference_crumbs(model, what));
}

static void test_della(Fixture *fixture, gconstpointer data)
{
	const Reference *model = &fixture->model;
	(void)data;
	ReferenceSparse what = {.inputs = 3, .w = {1, 0.5, -1}, .density = 0.6, .epsilon = 0.2};
	check(fixture, "della_linear(a, 0.5*b, -c, density=0.6, epsilon=0.2, mask=\"MASK\")",
		reference_della(model, what));
	what.elect = what.normalize = TRUE;
	check(fixture, "della(a, 0.5*b, -c, density=0.6, epsilon=0.2, mask=\"MASK\")",
		reference_della(model, what));
}

static void test_sphere(Fixture *fixture, gconstpointer data)
{
	const Reference *model = &fixture->model;
	const double w[] = {0.5, 0.3, 0.4};
	(void)data;
	check(fixture, "slerp(a, b, t=0.3)", reference_slerp(model, 0.3, FALSE, ALONG_TENSOR));
	check(fixture, "slerp(a, b, t=0.8, of=weights)",
		reference_slerp(model, 0.8, TRUE, ALONG_TENSOR));
	check(fixture, "nuslerp(0.6*a, 0.2*b)", reference_slerp(model, 0.25, FALSE, ALONG_TENSOR));
	check(fixture, "nuslerp(0.6*a, 0.2*b, of=weights, along=row)",
		reference_slerp(model, 0.25, TRUE, ALONG_ROW));
	check(fixture, "nuslerp(0.6*a, 0.2*b, of=weights, along=column)",
		reference_slerp(model, 0.25, TRUE, ALONG_COLUMN));
	check(fixture, "multislerp(0.5*a, 0.3*b, 0.4*c, of=weights)",
		reference_multislerp(model, w, TRUE));
	check(fixture, "karcher(a, b, c, of=weights)", reference_karcher(model, TRUE));
}

static void test_stock(Fixture *fixture, gconstpointer data)
{
	(void)data;
	check(fixture, "stock(a, b, c)", reference_stock(&fixture->model, ALONG_TENSOR));
	check(fixture, "stock(a, b, c, along=filter)",
		reference_stock(&fixture->model, ALONG_FILTER));
	check(fixture, "stock(a, b, c, along=row)", reference_stock(&fixture->model, ALONG_ROW));
}

static void test_pick(Fixture *fixture, gconstpointer data)
{
	const Reference *model = &fixture->model;
	(void)data;
	check(fixture, "magmax(a, b, c)", reference_magmax(model));
	check(fixture, "consensus(a, b, c)", reference_consensus(model, 0.4, 2));
	check(fixture, "consensus(a, b, c, lambda=0.6, k=3)", reference_consensus(model, 0.6, 3));
	check(fixture, "emr(a, b, c)", reference_emr(model, 0));
	check(fixture, "emr(a, b, c, task=2)", reference_emr(model, 2));
	check(fixture, "pcb(a, b, c)", reference_pcb(model, 0.1));
	check(fixture, "pcb(a, b, c, ratio=0.3)", reference_pcb(model, 0.3));
	check(fixture, "sce(a, b, c)", reference_sce(model, 1));
	check(fixture, "sce(a, b, c, topk=0.3)", reference_sce(model, 0.3));
	check(fixture, "ram(a, b, c, epsilon=0.004)", reference_ram(model, 0.004, 0, 0));
	check(fixture, "ramplus_tl(a, b, c, epsilon=0.02, r=0.3, alpha=0.7)",
		reference_ram(model, 0.02, 0.3, 0.7));
	check(fixture, "nearswap(a, t=0.003)", reference_nearswap(model, 0.003));
	check(fixture, "arcee_fusion(a)", reference_arcee(model));
}

static void test_subspace(Fixture *fixture, gconstpointer data)
{
	const Reference *model = &fixture->model;
	(void)data;
	check(fixture, "orthogonal(a, b, c)", reference_subspace(model, FALSE, FALSE));
	check(fixture, "project(a, b, c)", reference_subspace(model, FALSE, TRUE));
	check(fixture, "orthogonal(a, b, c, by=tensor)", reference_subspace(model, TRUE, FALSE));
	check(fixture, "clip(a, relative=0.02)", reference_clip(model, 0.02, FALSE));
	check(fixture, "clip(a, relative=0.05, by=tensor)", reference_clip(model, 0.05, TRUE));
}

static void test_linear(Fixture *fixture, gconstpointer data)
{
	const Reference *model = &fixture->model;
	const double w[] = {0.5, 0.3, 0.4};
	(void)data;
	check(fixture, "average(0.5*a, 0.3*b, 0.4*c)", reference_average(model, w, TRUE));
	check(fixture, "average(0.5*a, 0.3*b, 0.4*c, normalize=no)",
		reference_average(model, w, FALSE));
	check(fixture, "lines(a, alpha=0.3, beta=0.9)", reference_lines(model, 0.3, 0.9));
	check(fixture, "lines(a, alpha=0.3)", reference_lines(model, 0.3, 0.7));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *fixture, gconstpointer data);
	} cases[] = {
		{"/paper/trim", test_trim},
		{"/paper/ties", test_ties},
		{"/paper/dare", test_dare},
		{"/paper/breadcrumbs", test_breadcrumbs},
		{"/paper/della", test_della},
		{"/paper/sphere", test_sphere},
		{"/paper/stock", test_stock},
		{"/paper/pick", test_pick},
		{"/paper/subspace", test_subspace},
		{"/paper/linear", test_linear},
	};
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add(cases[i].path, Fixture, NULL, set_up, cases[i].run, tear_down);
	return g_test_run();
}
