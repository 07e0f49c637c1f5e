/* test_model_part.c - parts of models: task vectors that load again, changed tensors alone, and the
 * same bytes for any threads, budget, type and method. */
#include "export.h"

static gint find(const Collection *collection, const char *name)
{
	return checkpoint_find(collection_member(collection, 0)->checkpoint, name);
}

/* τ of a member on a tensor, from its file's values. */
static double *task_of(const Collection *collection, const char *member, guint tensor)
{
	const char *name = collection_tensor(collection, tensor)->name;
	guint64 n = collection_tensor(collection, tensor)->elements;
	double *task = g_new0(double, n);
	g_autofree double *base = g_new0(double, n);
	gsize length;
	gint number = collection_find(collection, member);
	g_autofree guint8 *of =
		raw_tensor(collection_member(collection, (guint)number)->checkpoint, name, &length);
	g_autofree guint8 *zero =
		raw_tensor(collection_member(collection, 0)->checkpoint, name, &length);
	dtype_decode_double(DTYPE_F32, of, n, task);
	dtype_decode_double(DTYPE_F32, zero, n, base);
	for (guint64 i = 0; i < n; i++)
		task[i] -= base[i];
	return task;
}

/* λ·edit in single precision, of the tensors that the edit acts on; it loads again as that. */
static void test_task_vector(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autofree char *path = path_in(fixture, "vector.safetensors");
	ModelRequest request = {
		.part = MODEL_TASK_VECTOR, .dtype = DTYPE_F32, .scale = 0.5, .write_recipe = TRUE};
	g_autoptr(ModelReport) report = write_with(fixture->collection,
		"0.4*mnist[blocks.1] - greek[blocks.1,blocks.2]", path, request, NULL, &error);
	test_no_error(error);
	assert_listing(fixture->folder, "vector.recipe.json vector.safetensors");
	Checkpoint *written = open_checked(path);
	g_assert_cmpuint(report->tensors, ==, checkpoint_count(written));
	g_assert_cmpstr(
		g_hash_table_lookup(written->metadata, "tauscope.values"), ==, "differences");
	g_assert_cmpstr(g_hash_table_lookup(written->metadata, "tauscope.part"), ==, "task-vector");
	collection_add(fixture->collection, "again", MEMBER_TASK, NULL, -1, written, NULL, &error);
	test_no_error(error);
	guint again = (guint)collection_find(fixture->collection, "again"), found = 0;
	for (guint t = 0; t < collection_tensors(fixture->collection); t++) {
		const Tensor *tensor = collection_tensor(fixture->collection, t);
		gboolean one = g_str_has_prefix(tensor->name, "blocks.1.");
		gboolean two = g_str_has_prefix(tensor->name, "blocks.2.");
		g_assert_cmpint(checkpoint_find(written, tensor->name) >= 0, ==, one || two);
		if (!one && !two)
			continue;
		found++;
		g_assert_true(collection_is_difference(fixture->collection, again, t));
		g_autofree double *mnist = task_of(fixture->collection, "mnist", t);
		g_autofree double *greek = task_of(fixture->collection, "greek", t);
		g_autofree double *scratch = g_new(double, tensor->elements);
		g_autofree double *values = g_new(double, tensor->elements);
		collection_read_double(fixture->collection, again, t, 0, tensor->elements, scratch,
			values, &error);
		test_no_error(error);
		for (guint64 i = 0; i < tensor->elements; i++) {
			double edit = one ? 0.4 * mnist[i] - greek[i] : -greek[i];
			g_assert_cmpfloat(values[i], ==, (double)(float)(edit * 0.5));
		}
	}
	g_assert_cmpuint(found, ==, report->tensors);
	g_assert_cmpuint(report->warnings->len, ==, 0);
}

/* Small differences are all that is left of weights in a narrow type. */
static void test_narrow(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const struct {
		gint dtype;
		guint warnings;
	} rows[] = {{DTYPE_BF16, 1}, {DTYPE_F16, 1}, {-1, 0}, {DTYPE_F64, 0}};
	g_autofree char *path = path_in(fixture, "vector.safetensors");
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		ModelRequest request = {
			.part = MODEL_TASK_VECTOR, .dtype = rows[i].dtype, .replace = TRUE};
		g_autoptr(ModelReport) report =
			write_with(fixture->collection, "mnist", path, request, NULL, NULL);
		g_assert_cmpuint(report->warnings->len, ==, rows[i].warnings);
		if (rows[i].warnings)
			g_assert_nonnull(strstr(report->warnings->pdata[0], "--dtype=F32"));
	}
}

/* Whether two files hold the same bytes of a tensor; the first need not have it. */
static gboolean same_tensor(const Checkpoint *a, const Checkpoint *b, const char *name)
{
	gsize length, other_length;
	g_autofree guint8 *one = raw_tensor(a, name, &length);
	g_autofree guint8 *other = raw_tensor(b, name, &other_length);
	return length == other_length && memcmp(one, other, length) == 0;
}

/* Of the tensors of a whole export exactly those are written that are not the base's. */
static void test_changed(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const char *const edits[] = {"fashion", "0.3*mnist[blocks.0] + 1e-12*greek",
		"ties(mnist, greek, density=0.001)", "dare(fashion[attn], p=0.5)"};
	g_autofree char *part_path = path_in(fixture, "part.safetensors");
	g_autofree char *whole_path = path_in(fixture, "whole.safetensors");
	const Checkpoint *base = collection_member(fixture->collection, 0)->checkpoint;
	for (gsize i = 0; i < G_N_ELEMENTS(edits); i++) {
		g_autoptr(GError) error = NULL;
		ModelRequest request = {.replace = TRUE, .part = MODEL_CHANGED};
		g_autoptr(ModelReport) report =
			write_with(fixture->collection, edits[i], part_path, request, NULL, &error);
		test_no_error(error);
		request.part = MODEL_WHOLE;
		g_autoptr(ModelReport) all = write_with(
			fixture->collection, edits[i], whole_path, request, NULL, &error);
		test_no_error(error);
		g_autoptr(Checkpoint) part = open_checked(part_path);
		g_autoptr(Checkpoint) whole = open_checked(whole_path);
		guint changed = 0;
		for (guint t = 0; t < checkpoint_count(base); t++) {
			const char *name = checkpoint_tensor(base, t)->name;
			gboolean same = same_tensor(base, whole, name);
			g_assert_cmpint(checkpoint_find(part, name) < 0, ==, same);
			g_assert_true(same || same_tensor(part, whole, name));
			changed += same ? 0 : 1;
		}
		g_assert_cmpuint(changed, >, 0);
		g_assert_cmpuint(changed, <=, checkpoint_count(base));
		g_assert_cmpuint(report->tensors, ==, changed);
		g_assert_cmpuint(report->changed, ==, changed);
		g_assert_cmpuint(all->changed, ==, changed);
		g_assert_cmpstr(
			g_hash_table_lookup(part->metadata, "tauscope.part"), ==, "changed");
		g_assert_cmpstr(
			g_hash_table_lookup(part->metadata, "tauscope.values"), ==, "weights");
		g_assert_null(g_hash_table_lookup(whole->metadata, "tauscope.part"));
	}
}

/* In another type, what counts is whether that type shows the change. */
static void test_changed_in_type(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base[] = {1, 1.5}, task[] = {1.001, 1.5}, other[] = {1, 1.75};
	TestTensor tensors[] = {
		{"small", DTYPE_F32, 1, {2}, base}, {"large", DTYPE_F32, 1, {2}, base}};
	g_autofree char *base_path = path_in(fixture, "b.safetensors");
	g_autofree char *task_path = path_in(fixture, "t.safetensors");
	g_autofree char *out = path_in(fixture, "out.safetensors");
	test_write_safetensors(base_path, tensors, 2);
	tensors[0].values = task;
	tensors[1].values = other;
	test_write_safetensors(task_path, tensors, 2);
	g_autoptr(Collection) collection = collection_new(open_checked(base_path));
	add_member(collection, "t", MEMBER_TASK, NULL, -1, task_path);
	static const struct {
		gint dtype;
		guint changed;
	} rows[] = {{-1, 2}, {DTYPE_F16, 2}, {DTYPE_BF16, 1}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(ModelReport) report = write_with(collection, "t", out,
			(ModelRequest){
				.part = MODEL_CHANGED, .dtype = rows[i].dtype, .replace = TRUE},
			NULL, &error);
		test_no_error(error);
		g_assert_cmpuint(report->tensors, ==, rows[i].changed);
	}
}

static void test_refused(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autofree char *out = path_in(fixture, "out.safetensors"),
			*folder = path_in(fixture, "f/");
	for (guint part = MODEL_TASK_VECTOR; part <= MODEL_CHANGED; part++) {
		ModelRequest request = {.part = (ModelPart)part};
		write_fails(fixture, "mnist", folder, request, ERROR_USAGE,
			"a part of a model goes into one file, not into a folder");
		write_fails(fixture, "0*mnist", out, request, ERROR_ANSWER_NO,
			"the edit changes no tensor");
	}
	write_fails(fixture, "1e-30*mnist", out, (ModelRequest){.part = MODEL_CHANGED},
		ERROR_ANSWER_NO, "the edit changes no tensor");
	assert_listing(fixture->folder, "");
}

/* Integers are neither written nor spoken of. */
static void test_integers(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autofree char *inputs = path_in(fixture, "inputs");
	g_assert_cmpint(g_mkdir(inputs, 0777), ==, 0);
	g_autoptr(Collection) collection = toy_collection(inputs);
	g_autofree char *out = path_in(fixture, "out.safetensors");
	for (guint part = MODEL_TASK_VECTOR; part <= MODEL_CHANGED; part++) {
		ModelRequest request = {.part = (ModelPart)part, .replace = TRUE};
		g_autoptr(ModelReport) report =
			write_with(collection, "a", out, request, NULL, NULL);
		g_assert_cmpuint(report->tensors, ==, 7);
		g_assert_cmpuint(report->warnings->len, ==, 0);
		g_autoptr(Checkpoint) written = open_checked(out);
		g_assert_cmpint(checkpoint_find(written, "seen"), <, 0);
	}
}

static char *written_bytes(const Fixture *fixture, const char *edit, ModelRequest request)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = path_in(fixture, "out.safetensors");
	char *bytes;
	gsize length;
	request.replace = TRUE;
	model_report_free(write_with(fixture->collection, edit, path, request, NULL, &error));
	test_no_error(error);
	g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
	char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guint8 *)bytes, length);
	g_free(bytes);
	return sum;
}

/* One method of each kind of work: none, sums, cuts, draws, rows, products. */
static void test_threads(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const char *const edits[] = {"0.5*mnist + greek", "ties(mnist, greek, density=0.3)",
		"dare(mnist, p=0.9, seed=7)", "della(mnist, fashion, density=0.4, seed=1)",
		"slerp(mnist, greek, t=0.3)", "random_like(greek, seed=2)", "arcee_fusion(mnist)",
		"pcb(mnist, greek)",
		"ties(dare(mnist, p=0.5), magmax(greek, fashion))[blocks.0-1]"};
	static const gint types[] = {-1, DTYPE_BF16, DTYPE_F64};
	for (gsize i = 0; i < G_N_ELEMENTS(edits); i++) {
		ModelRequest request = {.part = (ModelPart)(i % 3), .dtype = types[i / 2 % 3]};
		request.infinite = TRUE;
		request.threads = 1;
		g_autofree char *one = written_bytes(fixture, edits[i], request);
		request.threads = 3;
		request.budget = 1;
		g_autofree char *three = written_bytes(fixture, edits[i], request);
		g_assert_cmpstr(one, ==, three);
	}
}

/* A part that becomes the base of another store is a base like any other, and what was said of it
 * is not said of what is made of it. */
static void test_part_as_base(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autofree char *part = path_in(fixture, "part.safetensors");
	g_autofree char *out = path_in(fixture, "out.safetensors");
	model_report_free(write_with(fixture->collection, "0.5*mnist", part,
		(ModelRequest){.part = MODEL_CHANGED}, NULL, &error));
	test_no_error(error);
	g_autoptr(Collection) collection = collection_new(open_checked(part));
	add_member(collection, "t", MEMBER_TASK, NULL, -1, part);
	model_report_free(write_with(collection, "0.5*t", out, (ModelRequest){0}, NULL, &error));
	test_no_error(error);
	g_autoptr(Checkpoint) written = open_checked(out);
	g_assert_null(g_hash_table_lookup(written->metadata, "tauscope.part"));
	g_assert_null(g_hash_table_lookup(written->metadata, "tauscope.values"));
	g_assert_cmpint(find(collection, "head.weight"), <, 0);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *fixture, gconstpointer data);
	} cases[] = {
		{"/model-part/task-vector", test_task_vector},
		{"/model-part/narrow", test_narrow},
		{"/model-part/changed", test_changed},
		{"/model-part/changed-in-type", test_changed_in_type},
		{"/model-part/refused", test_refused},
		{"/model-part/integers", test_integers},
		{"/model-part/threads", test_threads},
		{"/model-part/part-as-base", test_part_as_base},
	};
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add(cases[i].path, Fixture, NULL, set_up_digits, cases[i].run, tear_down);
	return g_test_run();
}
