/* test_prepare.c - figures of methods have the same bits whatever the threads, the budget and the
 * blocks; and what they refuse. */
#include "toy.h"

#include "method/apply.h"
#include "method/prepare.h"

#include <math.h>
#include <string.h>

/* Three blocks of a pass and a part of one. */
#define ROWS 420u
#define COLUMNS 256u

static const struct {
	const char *name;
	guint rank;
	guint64 shape[4];
} shapes[] = {
	{"blocks.0.attn.q.weight", 2, {ROWS, COLUMNS}},
	{"blocks.0.attn.q.bias", 1, {70001}},
	{"blocks.1.conv.weight", 4, {12, 5, 3, 3}},
	{"blocks.1.scale", 0, {0}},
	{"head.weight", 2, {7, 1}},
};

static guint64 elements_of(gsize tensor)
{
	guint64 n = 1;
	for (guint i = 0; i < shapes[tensor].rank; i++)
		n *= shapes[tensor].shape[i];
	return n;
}

/* Few different values, so that many are equal, a fifth of them 0. */
static void fill(GRand *rand, guint64 n, double *values)
{
	for (guint64 i = 0; i < n; i++)
		values[i] =
			g_rand_int_range(rand, 0, 5) ? g_rand_int_range(rand, -40, 41) / 64.0 : 0;
}

static void write_model(const char *folder, const char *leaf, guint seed)
{
	GRand *rand = g_rand_new_with_seed(seed);
	TestTensor tensors[G_N_ELEMENTS(shapes)];
	double *values[G_N_ELEMENTS(shapes)];
	for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
		values[i] = g_new(double, elements_of(i));
		fill(rand, elements_of(i), values[i]);
		tensors[i] =
			(TestTensor){shapes[i].name, DTYPE_F32, shapes[i].rank, {0}, values[i]};
		memcpy(tensors[i].shape, shapes[i].shape, sizeof shapes[i].shape);
	}
	g_autofree char *path = g_build_filename(folder, leaf, NULL);
	test_write_safetensors(path, tensors, G_N_ELEMENTS(shapes));
	for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++)
		g_free(values[i]);
	g_rand_free(rand);
}

typedef struct {
	char *folder;
	Collection *collection;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
	static const char *const names[] = {"base", "a", "b", "c"};
	(void)data;
	fixture->folder = test_folder();
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *leaf = g_strdup_printf("%s.safetensors", names[i]);
		g_autofree char *path = g_build_filename(fixture->folder, leaf, NULL);
		write_model(fixture->folder, leaf, 40 + i);
		if (i)
			add_member(fixture->collection, names[i], MEMBER_TASK, NULL, -1, path);
		else
			fixture->collection = collection_new(open_checked(path));
	}
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	collection_free(fixture->collection);
	test_folder_remove(fixture->folder);
}

typedef struct {
	guint threads;
	gsize budget;
	guint64 block;
} Work;

static void append_tensor(const Apply *apply, guint tensor, guint64 about, GByteArray *out)
{
	g_autoptr(GError) error = NULL;
	const Tensor *of = collection_tensor(apply->collection, tensor);
	guint64 block = apply_block_elements(apply, tensor, about), overflowed = 0;
	g_autofree guint8 *scratch = g_malloc(apply_scratch_bytes(apply, tensor, block));
	ApplyPlan plan = apply_plan(apply, tensor);
	gsize start = out->len;
	g_byte_array_set_size(out, (guint)(start + of->bytes));
	for (guint64 at = 0; at < of->elements; at += block) {
		apply_block(apply, tensor, &plan, at, MIN(block, of->elements - at), scratch,
			out->data + start + at * 4, &overflowed, &error);
		test_no_error(error);
	}
}

/* The bytes of the whole edited model. */
static GByteArray *edited(const Fixture *fixture, const char *text, Work work)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) edit = expression_parse(fixture->collection, text, &error);
	test_no_error(error);
	PrepareRequest request = {fixture->collection, edit, work.threads, work.budget};
	g_autoptr(Prepared) prepared = prepare_weights(&request, NULL, &error);
	test_no_error(error);
	Apply apply = {fixture->collection, edit, prepared, 1, -1, FALSE};
	GByteArray *out = g_byte_array_new();
	for (guint i = 0; i < collection_tensors(fixture->collection); i++) {
		prepare_tensor(prepared, &request, i, NULL, &error);
		test_no_error(error);
		append_tensor(&apply, i, work.block, out);
	}
	return out;
}

static const char *const edits[] = {
	"trim(a, density=0.2)",
	"trim(a, 0.5*b, density=0)",
	"trim(a, density=0.00001)",
	"trim(a, b, density=1, by=tensor, normalize=yes)",
	"breadcrumbs(a, b[blocks.0], density=0.6, gamma=0.1)",
	"ties(0.5*a, 0.3*b, -c, density=0.3)",
	"ties(a, b, c, density=0.3, by=tensor)",
	"ties(0.5*a, 0.3*b, -c, density=0.3, dialect=mergekit)",
	"dare(0.5*a, b, p=0.7, seed=3)",
	"dare_ties(a, b, c, p=0.5, dialect=mergekit)",
	"breadcrumbs_ties(a, b, c, density=0.7, gamma=0.05)",
	"della(a, b, c, density=0.5)",
	"stock(a, b, c, along=filter)",
	"stock(a, b, c, along=row, dialect=mergekit)",
	"nuslerp(0.6*a, 0.4*b, along=column)",
	"slerp(a, b, t=0.3, of=weights)",
	"karcher(a, b, c)",
	"orthogonal(a, b, c)",
	"clip(a, relative=0.01, by=layer)",
	"pcb(a, b, c, ratio=0.2)",
	"sce(a, b, c, topk=0.2)",
	"emr(a, b, c, task=2)",
	"arcee_fusion(a)",
	"random_like(a, seed=5)",
	"lines_multi(a, b, c)",
	"ramplus_tl(a, b, c, epsilon=0.2)",
	"match_norm(a, b, by=layer)",
	"della(a, b, c, density=0.5, dialect=mergekit)",
	"sce(a, b, c, topk=0.2, dialect=mergekit)",
	"arcee_fusion(a, dialect=mergekit)",
	"magmax(a, trim(b, density=0.5), dare(c, p=0.3))",
	"ties(dare(a, p=0.9), dare(b, p=0.9))[blocks.0] + slerp(a, trim(b, density=0.1), t=0.5)",
};

/* The first work is one thread with one block of everything. */
static const Work works[] = {
	{1, 0, 1u << 20},
	{2, 1u << 22, 4096},
	{7, 0, 1000},
	{3, 1, 77},
};

static void test_same_bits(Fixture *fixture, gconstpointer data)
{
	const char *text = data;
	g_autoptr(GByteArray) first = edited(fixture, text, works[0]);
	for (gsize i = 1; i < G_N_ELEMENTS(works); i++) {
		g_autoptr(GByteArray) other = edited(fixture, text, works[i]);
		g_assert_cmpuint(first->len, ==, other->len);
		g_assert_true(memcmp(first->data, other->data, first->len) == 0);
	}
}

/* What an edit in a scope writes there is what the whole edit writes there. */
static void test_one_layer(Fixture *fixture, gconstpointer data)
{
	const char *text = data;
	g_autofree char *narrow = g_strdup_printf("(%s)[blocks.1]", text);
	g_autoptr(GByteArray) whole = edited(fixture, text, works[0]);
	g_autoptr(GByteArray) part = edited(fixture, narrow, works[1]);
	for (guint i = 0, at = 0; i < collection_tensors(fixture->collection); i++) {
		const Tensor *tensor = collection_tensor(fixture->collection, i);
		if (g_str_has_prefix(tensor->name, "blocks.1"))
			g_assert_true(
				memcmp(whole->data + at, part->data + at, tensor->bytes) == 0);
		at += (guint)tensor->bytes;
	}
}

/* θ of a member on a tensor; g_free. */
static double *theta_of(const Fixture *fixture, guint member, guint tensor)
{
	g_autoptr(GError) error = NULL;
	guint64 n = collection_tensor(fixture->collection, tensor)->elements;
	g_autofree double *scratch = g_new(double, n);
	double *theta = g_new(double, n);
	collection_read_double(fixture->collection, member, tensor, 0, n, scratch, theta, &error);
	test_no_error(error);
	return theta;
}

/* A quarter of a tensor is kept, and none of it is smaller than what is dropped. */
static void test_trim_by_hand(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GByteArray) out = edited(fixture, "trim(a, density=0.25, by=tensor)", works[1]);
	guint found = (guint)checkpoint_find(
		collection_member(fixture->collection, 0)->checkpoint, shapes[0].name);
	g_autofree double *base = theta_of(fixture, 0, found);
	g_autofree double *theta = theta_of(fixture, 1, found);
	const float *values = (const float *)out->data;
	guint64 kept = 0, n = elements_of(0);
	double least = INFINITY, dropped = 0;
	for (guint i = 0; i < found; i++)
		values += collection_tensor(fixture->collection, i)->elements;
	for (guint64 i = 0; i < n; i++) {
		double size = fabs(theta[i] - base[i]);
		if ((double)values[i] == base[i]) {
			dropped = MAX(dropped, size);
			continue;
		}
		g_assert_true((double)values[i] == theta[i]);
		least = MIN(least, size);
		kept++;
	}
	g_assert_cmpuint(kept, ==, (n + 2) / 4);
	g_assert_cmpfloat(dropped, <=, least);
}

/* A mean of a hundred equal vectors, in shorter blocks, is any of them. */
static void test_many_inputs(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GString) text = g_string_new("trim(");
	for (guint i = 0; i < 100; i++)
		g_string_append(text, "a, ");
	g_string_append(text, "density=0.3, normalize=yes)");
	g_autoptr(GByteArray) one = edited(fixture, "trim(a, density=0.3)", works[0]);
	g_autoptr(GByteArray) many = edited(fixture, text->str, works[1]);
	g_assert_true(memcmp(one->data, many->data, one->len) == 0);
}

static void test_not_finite(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	const double base[] = {1, 2, 3}, task[] = {1, NAN, 4};
	TestTensor tensor = {"w", DTYPE_F32, 1, {3}, base};
	g_autofree char *first = g_build_filename(fixture->folder, "x.safetensors", NULL);
	g_autofree char *second = g_build_filename(fixture->folder, "y.safetensors", NULL);
	test_write_safetensors(first, &tensor, 1);
	tensor.values = task;
	test_write_safetensors(second, &tensor, 1);
	g_autoptr(Collection) collection = collection_new(open_checked(first));
	add_member(collection, "a", MEMBER_TASK, NULL, -1, second);
	g_autoptr(Node) edit = expression_parse(collection, "trim(a, density=0.5)", &error);
	test_no_error(error);
	PrepareRequest request = {.collection = collection, .edit = edit};
	g_autoptr(Prepared) prepared = prepare_weights(&request, NULL, &error);
	g_assert_null(prepared);
	test_error(error, ERROR_INPUT, "leave the tensor out with a scope");
}

/* A tensor with one row too long, or one column too many. */
static void test_too_wide(Fixture *fixture, gconstpointer data)
{
	static const struct {
		const char *text;
		guint64 columns;
	} rows[] = {{"stock(a, a, along=row)", (1 << 22) + 1},
		{"nuslerp(a, a, along=column)", (1 << 20) + 1}};
	(void)data;
	g_autofree char *path = g_build_filename(fixture->folder, "x.safetensors", NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree double *values = g_new0(double, rows[i].columns);
		TestTensor tensor = {"w", DTYPE_F16, 2, {1, rows[i].columns}, values};
		test_write_safetensors(path, &tensor, 1);
		g_autoptr(Collection) collection = collection_new(open_checked(path));
		add_member(collection, "a", MEMBER_TASK, NULL, -1, path);
		g_autoptr(Node) edit = expression_parse(collection, rows[i].text, &error);
		test_no_error(error);
		PrepareRequest request = {.collection = collection, .edit = edit};
		g_assert_null(prepare_weights(&request, NULL, &error));
		test_error(error, ERROR_INPUT, "leave that tensor out with a scope");
	}
}

static void test_cancelled(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) edit = expression_parse(fixture->collection, edits[1], &error);
	test_no_error(error);
	g_autoptr(Job) job = job_new("prepare", NULL, NULL, NULL, NULL);
	job_cancel(job);
	PrepareRequest request = {.collection = fixture->collection, .edit = edit};
	g_autoptr(Prepared) prepared = prepare_weights(&request, job, &error);
	g_assert_null(prepared);
	test_error(error, ERROR_CANCELLED, "");
}

static void add(const char *form, const char *text, void (*run)(Fixture *, gconstpointer))
{
	g_autofree char *path = g_strdup_printf("/prepare/%s/%s", form, text);
	g_strdelimit(path + strlen("/prepare/") + strlen(form) + 1, "/", '|');
	g_test_add(path, Fixture, text, set_up, run, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(edits); i++) {
		add("same-bits", edits[i], test_same_bits);
		add("one-layer", edits[i], test_one_layer);
	}
	g_test_add("/prepare/trim-by-hand", Fixture, NULL, set_up, test_trim_by_hand, tear_down);
	g_test_add("/prepare/many-inputs", Fixture, NULL, set_up, test_many_inputs, tear_down);
	g_test_add("/prepare/not-finite", Fixture, NULL, set_up, test_not_finite, tear_down);
	g_test_add("/prepare/too-wide", Fixture, NULL, set_up, test_too_wide, tear_down);
	g_test_add("/prepare/cancelled", Fixture, NULL, set_up, test_cancelled, tear_down);
	return g_test_run();
}
