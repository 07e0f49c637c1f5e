/* test_mix_apply.c - mixes over weights: of the whole model, of layers, tensors, filters, rows and
 * columns, of tensors with no axis to four, against their formulas on each of these by itself. */
#include "edits.h"
#include "mixes.h"
#include "tensors.h"
#include "toy.h"

#include <string.h>

#define TOTAL 160 /* elements of all tensors, at most */

typedef enum { WHOLE_MODEL, WHOLE_LAYER, WHOLE_TENSOR, FILTER, ROW, COLUMN } Part;

/* Tensors where a vector may have one element only are `positive`: mergekit has no mean of numbers
 * of opposite signs. */
static const struct {
	const char *name;
	guint rank;
	guint64 shape[4], elements;
	gboolean positive;
} shapes[] = {
	{"scale", 0, {0}, 1, TRUE},
	{"blocks.0.norm.weight", 1, {7}, 7, FALSE},
	{"blocks.0.mlp.up.weight", 2, {5, 6}, 30, FALSE},
	{"blocks.1.mlp.up.weight", 3, {3, 4, 2}, 24, FALSE},
	{"blocks.1.conv.weight", 4, {2, 3, 2, 3}, 36, FALSE},
	{"narrow", 2, {4, 1}, 4, TRUE},
	{"wide", 2, {1, 5}, 5, TRUE},
};

typedef struct {
	char *folder;
	Collection *collection;
} Fixture;

static double change(GRand *rand, gboolean positive, guint64 k)
{
	if (positive)
		return g_rand_double_range(rand, 0.1, 1);
	return g_rand_double_range(rand, -0.4, 0.4) + 0.5 * cos((double)k);
}

/* θ₀, or θ₀ and a change. */
static char *write_model(const Fixture *fixture, const char *name, guint32 seed)
{
	g_autoptr(GRand) base = g_rand_new_with_seed(0), rand = g_rand_new_with_seed(seed);
	double values[G_N_ELEMENTS(shapes)][TOTAL];
	TestTensor tensors[G_N_ELEMENTS(shapes)];
	for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
		for (guint64 k = 0; k < shapes[i].elements; k++) {
			values[i][k] = change(base, shapes[i].positive, k + 3);
			values[i][k] += seed ? change(rand, shapes[i].positive, k) : 0;
		}
		tensors[i] = (TestTensor){
			shapes[i].name, DTYPE_F64, shapes[i].rank, .values = values[i]};
		memcpy(tensors[i].shape, shapes[i].shape, sizeof shapes[i].shape);
	}
	g_autofree char *leaf = g_strdup_printf("%s.safetensors", name);
	char *path = g_build_filename(fixture->folder, leaf, NULL);
	test_write_safetensors(path, tensors, G_N_ELEMENTS(shapes));
	return path;
}

static void set_up(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->folder = test_folder();
	g_autofree char *base = write_model(fixture, "base", 0);
	fixture->collection = collection_new(open_checked(base));
	for (guint i = 0; i < MIX_INPUTS; i++) {
		char name[] = {(char)('a' + i), 0};
		g_autofree char *path = write_model(fixture, name, i + 1);
		add_member(fixture->collection, name, MEMBER_TASK, NULL, -1, path);
	}
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	collection_free(fixture->collection);
	test_folder_remove(fixture->folder);
}

static Part part_of(const char *text)
{
	static const struct {
		const char *holds;
		Part part;
	} parts[] = {
		{"along=row", ROW},
		{"along=column", COLUMN},
		{"along=filter", FILTER},
		{"by=tensor", WHOLE_TENSOR},
		{"by=layer", WHOLE_LAYER},
		{"orthogonal", WHOLE_MODEL},
		{"project", WHOLE_MODEL},
		{"clip", WHOLE_MODEL},
		{"match_norm", WHOLE_MODEL},
		{"", WHOLE_TENSOR},
	};
	guint i = 0;
	while (!strstr(text, parts[i].holds))
		i++;
	return parts[i].part;
}

static guint first_of_layer(const Collection *collection, guint tensor)
{
	guint first = 0;
	while (!g_str_equal(collection->layer[first], collection->layer[tensor]))
		first++;
	return first;
}

/* A number for the part of the model that an element lies in. */
static guint64 part_number(const Collection *collection, Part part, guint tensor, guint64 element)
{
	const Tensor *of = collection_tensor(collection, tensor);
	gboolean whole = of->rank < 2;
	guint64 from = (guint64)tensor * TOTAL;
	guint64 filter = whole ? of->elements : of->elements / of->shape[0];
	switch (part) {
	case WHOLE_MODEL:
		return 0;
	case WHOLE_LAYER:
		return (guint64)first_of_layer(collection, tensor) * TOTAL;
	case WHOLE_TENSOR:
		return from;
	case FILTER:
		return from + element / filter;
	case ROW:
		return from + (whole ? 0 : element / of->shape[of->rank - 1]);
	default:
		return from + (whole ? 0 : element % filter);
	}
}

/* A whole model as one list: θ₀, changes, and what an edit must be. */
typedef struct {
	guint n;
	guint64 part[TOTAL];
	Real v[1 + MIX_INPUTS][TOTAL], expected[TOTAL];
} Model;

static void append_tensor(Model *model, const Collection *collection, Part part, guint tensor)
{
	const Tensor *of = collection_tensor(collection, tensor);
	g_autofree double *base =
		test_read_named(collection_member(collection, 0)->checkpoint, of->name);
	for (guint i = 1; i <= MIX_INPUTS; i++) {
		const Checkpoint *checkpoint = collection_member(collection, i)->checkpoint;
		g_autofree double *task = test_read_named(checkpoint, of->name);
		for (guint64 k = 0; k < of->elements; k++)
			model->v[i][model->n + k] = task[k] - base[k];
	}
	for (guint64 k = 0; k < of->elements; k++) {
		model->v[0][model->n + k] = base[k];
		model->part[model->n + k] = part_number(collection, part, tensor, k);
	}
	model->n += (guint)of->elements;
}

/* The formula on one part. */
static void expect_part(Model *model, const MixRow *row, guint64 part)
{
	Real v[1 + MIX_INPUTS][TOTAL], out[TOTAL];
	const Real *changes[MIX_INPUTS];
	guint n = 0;
	for (guint k = 0; k < model->n; k++) {
		if (model->part[k] != part)
			continue;
		for (guint i = 0; i <= MIX_INPUTS; i++)
			v[i][n] = model->v[i][k];
		n++;
	}
	for (guint i = 0; i < MIX_INPUTS; i++)
		changes[i] = v[i + 1];
	mix_expected(row, v[0], changes, n, out);
	n = 0;
	for (guint k = 0; k < model->n; k++)
		if (model->part[k] == part)
			model->expected[k] = out[n++];
}

static void expect_row(Model *model, const Collection *collection, const MixRow *row)
{
	model->n = 0;
	for (guint i = 0; i < collection_tensors(collection); i++)
		append_tensor(model, collection, part_of(row->text), i);
	for (guint k = 0; k < model->n; k++)
		expect_part(model, row, model->part[k]);
}

/* The edit itself, in F64. */
static void check_edit(const EditRun *run, const Model *model)
{
	guint at = 0;
	for (guint i = 0; i < collection_tensors(run->collection); i++) {
		g_autofree double *found = edit_values(run, i);
		guint64 elements = collection_tensor(run->collection, i)->elements;
		for (guint64 k = 0; k < elements; k++, at++)
			if (!(fabsl(found[k] - model->expected[at]) < 1e-11L))
				g_error("%s: %s[%d]: %.17g, not %.17Lg", run->text,
					collection_tensor(run->collection, i)->name, (int)k,
					found[k], model->expected[at]);
	}
}

static void test_parts(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (guint i = 0; i < G_N_ELEMENTS(mix_rows); i++) {
		Model model;
		EditRun run = {fixture->collection, mix_rows[i].text, .difference = TRUE};
		expect_row(&model, fixture->collection, &mix_rows[i]);
		check_edit(&run, &model);
		run.block = 1;
		run.threads = 3;
		check_edit(&run, &model);
	}
}

static double value_at(const Fixture *fixture, const char *text, const char *name, guint64 k)
{
	EditRun run = {fixture->collection, text, .difference = TRUE};
	gint tensor = checkpoint_find(collection_member(fixture->collection, 0)->checkpoint, name);
	g_assert_cmpint(tensor, >=, 0);
	g_autofree double *values = edit_values(&run, (guint)tensor);
	return values[k];
}

/* The scale from the sizes of the tasks, over the whole model, and on to the last layer. */
static void test_lines_multi(Fixture *fixture, gconstpointer data)
{
	(void)data;
	Model model = {.n = 0};
	Real tasks = 0, merged = 0;
	for (guint i = 0; i < collection_tensors(fixture->collection); i++)
		append_tensor(&model, fixture->collection, WHOLE_MODEL, i);
	for (guint k = 0; k < model.n; k++) {
		tasks += fabsl(model.v[1][k] + model.v[2][k] + model.v[3][k]);
		merged += fabsl(model.v[1][k] / 2 - model.v[2][k]);
	}
	double alpha = (double)(tasks / merged / 3);
	static const char text[] = "lines_multi(0.5*a - b, a, b, c)";
	static const char given[] = "lines_multi(0.5*a - b, a, b, c, beta=0.25)";
	static const char merge[] = "0.5*a - b";
	double x = value_at(fixture, merge, "blocks.0.mlp.up.weight", 5);
	test_near(value_at(fixture, text, "blocks.0.mlp.up.weight", 5), alpha * x, 1e-13);
	x = value_at(fixture, merge, "blocks.1.conv.weight", 7);
	test_near(value_at(fixture, text, "blocks.1.conv.weight", 7), x, 1e-13);
	test_near(value_at(fixture, given, "blocks.1.conv.weight", 7), (alpha + 0.25) * x, 1e-13);
	x = value_at(fixture, merge, "scale", 0);
	test_near(value_at(fixture, given, "scale", 0), alpha * x, 1e-13);
	edit_fails(fixture->collection, "lines_multi(a - a, b)", ERROR_INPUT, "the first is zero");
}

/* Where a vector does not act it is 0 and does not count; around a call a scope changes nothing
 * within.  Other methods may stand inside. */
static void test_scopes(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const char conv[] = "blocks.1.conv.weight", up[] = "blocks.0.mlp.up.weight";
	Model model = {.n = 0};
	Real ab = 0, bb = 0;
	append_tensor(&model, fixture->collection, WHOLE_MODEL,
		(guint)checkpoint_find(
			collection_member(fixture->collection, 0)->checkpoint, conv));
	for (guint k = 0; k < model.n; k++) {
		ab += model.v[1][k] * model.v[2][k];
		bb += model.v[2][k] * model.v[2][k];
	}
	double along = (double)(ab / bb * model.v[2][4]);
	test_near(value_at(fixture, "project(a, b)[*.conv.*]", conv, 4),
		value_at(fixture, "project(a, b)", conv, 4), 0);
	test_near(value_at(fixture, "project(a, b[*.conv.*])", conv, 4), along, 1e-13);
	test_near(value_at(fixture, "project(a, mean(b, b), by=tensor)", conv, 4), along, 1e-13);
	test_near(value_at(fixture, "a - orthogonal(a, stock(b, b), by=tensor)", conv, 4), along,
		1e-13);
	g_assert_true(value_at(fixture, "project(a, b[*.conv.*])", up, 4) == 0);
	g_assert_true(value_at(fixture, "slerp(a, b, t=0.5)[*.conv.*]", up, 4) == 0);
}

/* Weights of a whole model are changed also where no input acts. */
static void test_on_weights(Fixture *fixture, gconstpointer data)
{
	(void)data;
	double base = value_at(fixture, "passthrough(base, scale=2)", "scale", 0);
	g_assert_cmpfloat(base, >, 0.1);
	test_near(value_at(fixture, "passthrough(a[wide], scale=0.5)", "scale", 0), -base / 2, 0);
	test_near(value_at(fixture, "average(2*a[wide], normalize=no)", "scale", 0), base, 1e-15);
	test_near(value_at(fixture, "multislerp(2*a[wide], of=weights, normalize=no)", "scale", 0),
		base, 1e-7);
	g_assert_true(value_at(fixture, "average(2*a[wide])", "scale", 0) == 0);
	g_assert_true(value_at(fixture, "slerp(a[wide], t=0.5, of=weights)", "scale", 0) == 0);
}

static void test_refusals(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"slerp(a, -a, t=0.5)", "they point in opposite directions"},
		{"nuslerp(a, 1*(-a), along=row)", "weights sum to 0"},
		{"nuslerp(a, sum(-a), along=row)", "they point in opposite directions"},
		{"nuslerp(a, sum(-a), along=column)", "they point in opposite directions"},
		{"karcher(a, -a)", "opposite vectors have no mean direction"},
		{"project(a, b - b)", "there is nothing to project on"},
		{"match_norm(a - a, b)", "the first is zero"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		edit_fails(fixture->collection, rows[i].text, ERROR_INPUT, rows[i].says);
}

static void add_masked(Collection **collection, const char *folder, const char *name, double value)
{
	const double values[] = {-INFINITY, value};
	const TestTensor tensor = {"mask", DTYPE_F32, 1, {2}, values};
	g_autofree char *leaf = g_strdup_printf("%s.safetensors", name);
	g_autofree char *path = g_build_filename(folder, leaf, NULL);
	test_write_safetensors(path, &tensor, 1);
	if (*collection)
		add_member(*collection, name, MEMBER_TASK, NULL, -1, path);
	else
		*collection = collection_new(open_checked(path));
}

/* Infinite weights that no task changes are none of a change's business; a whole model has no
 * direction then. */
static void test_infinite_base(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(Collection) masked = NULL;
	add_masked(&masked, fixture->folder, "base", 1);
	add_masked(&masked, fixture->folder, "a", 2);
	add_masked(&masked, fixture->folder, "b", 3);
	static const char *const texts[] = {"slerp(a, b, t=0.5)", "karcher(a, b)", "stock(a, b)",
		"multislerp(a, b)", "match_norm(a, 1.5*a)", "project(1.5*a, b)",
		"nuslerp(a, b, along=row)", "nuslerp(a, b, along=column)"};
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		EditRun run = {masked, texts[i], .difference = TRUE};
		g_autofree double *values = edit_values(&run, 0);
		g_assert_true(values[0] == 0);
		test_near(values[1], 1.5, 1e-7);
	}
	static const char *const of_weights[] = {"passthrough(1.5*a, scale=1)",
		"passthrough(a, scale=1.25)", "average(0.5*a, 0.5*b)",
		"average(0.75*a, 0.5*base, normalize=no)"};
	for (guint i = 0; i < G_N_ELEMENTS(of_weights); i++) {
		EditRun run = {masked, of_weights[i], .difference = TRUE};
		g_autofree double *values = edit_values(&run, 0);
		g_assert_true(values[0] == 0);
		test_near(values[1], i < 3 ? 1.5 : 1, 0);
	}
	edit_fails(masked, "slerp(a, b, t=0.5, of=weights)", ERROR_INPUT, "finite");
	edit_fails(masked, "clip(a, relative=0.1)", ERROR_INPUT, "finite");
}

static void add_numbers(Collection **collection, const char *folder, const char *name, double value)
{
	const double values[] = {value, 2 * value};
	const TestTensor tensors[] = {{"scale", DTYPE_F32, 0, {0}, values},
		{"narrow", DTYPE_F32, 2, {2, 1}, values}, {"wide", DTYPE_F32, 2, {1, 2}, values}};
	g_autofree char *leaf = g_strdup_printf("%s.safetensors", name);
	g_autofree char *path = g_build_filename(folder, leaf, NULL);
	test_write_safetensors(path, tensors, G_N_ELEMENTS(tensors));
	if (*collection)
		add_member(*collection, name, MEMBER_TASK, NULL, -1, path);
	else
		*collection = collection_new(open_checked(path));
}

/* Single numbers of opposite signs have no direction: the way between them is straight. */
static void test_single_numbers(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(Collection) numbers = NULL;
	add_numbers(&numbers, fixture->folder, "base", 1);
	add_numbers(&numbers, fixture->folder, "a", 4);  /* changes 3 and 6 */
	add_numbers(&numbers, fixture->folder, "b", -1); /* changes -2 and -4 */
	static const struct {
		const char *text, *tensor;
		double value;
	} rows[] = {
		{"slerp(a, b, t=0.25)[scale]", "scale", 1.75},
		{"multislerp(a, 3*b)[scale]", "scale", -0.75},
		{"karcher(a, b)[scale]", "scale", 0.5},
		{"nuslerp(a, 3*b, along=row)[narrow]", "narrow", -0.75},
		{"nuslerp(a, 3*b, along=column)[wide]", "wide", -0.75},
		{"nuslerp(a, 3*b, along=row, of=weights)[narrow]", "narrow", -0.75},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		EditRun run = {numbers, rows[i].text, .difference = TRUE};
		const Checkpoint *base = collection_member(numbers, 0)->checkpoint;
		gint tensor = checkpoint_find(base, rows[i].tensor);
		g_autofree double *values = edit_values(&run, (guint)tensor);
		test_near(values[0], rows[i].value, 1e-15);
	}
}

#define ADD(path, function) g_test_add(path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("/mix apply/parts", test_parts);
	ADD("/mix apply/lines_multi", test_lines_multi);
	ADD("/mix apply/scopes", test_scopes);
	ADD("/mix apply/on weights", test_on_weights);
	ADD("/mix apply/refusals", test_refusals);
	ADD("/mix apply/infinite base", test_infinite_base);
	ADD("/mix apply/numbers", test_single_numbers);
	return g_test_run();
}
