/* test_preview.c - a preview says what measuring the written edit would say. */
#include "digits.h"
#include "toy.h"

#include "edit/apply.h"
#include "edit/prepare.h"
#include "edit/preview.h"

#include <string.h>

static Preview *preview_of(
	const Digits *digits, const char *text, double scale, const char *pattern, GroupBy by)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) edit = expression_parse(digits->collection, text, &error);
	test_no_error(error);
	PreviewRequest request = {.collection = digits->collection,
		.gram = digits->gram,
		.plan = digits->plan,
		.statistics = (Statistics **)digits->statistics->pdata,
		.edit = edit,
		.scale = scale,
		.pattern = pattern,
		.by = by};
	Preview *preview = preview_new(&request, &error);
	test_no_error(error);
	return preview;
}

/* Sums over tensors, measured in double: ‖change‖², ‖θ₀‖², and with one task ⟨change, τ⟩, ‖τ‖². */
typedef struct {
	double change, base, product, task;
} Measured;

static void read_numbers(const Collection *collection, guint member, guint tensor, double *values)
{
	g_autoptr(GError) error = NULL;
	guint64 n = collection_tensor(collection, tensor)->elements;
	g_autofree double *scratch = g_new(double, n);
	collection_read_double(collection, member, tensor, 0, n, scratch, values, &error);
	test_no_error(error);
}

/* The change that an edit makes to one tensor, taken from the bytes that it writes. */
static void read_change(const Apply *apply, guint tensor, const double *base, double *change)
{
	g_autoptr(GError) error = NULL;
	guint64 n = collection_tensor(apply->collection, tensor)->elements, overflowed = 0;
	g_autofree guint8 *scratch = g_malloc(apply_scratch_bytes(apply, tensor, n));
	g_autofree float *written = g_new(float, n);
	ApplyPlan plan = apply_plan(apply, tensor);
	apply_block(apply, tensor, &plan, 0, n, scratch, written, &overflowed, &error);
	test_no_error(error);
	for (guint64 i = 0; i < n; i++)
		change[i] = (double)written[i] - base[i];
}

static void measure_tensor(const Apply *apply, guint member, guint tensor, Measured *sum)
{
	guint64 n = collection_tensor(apply->collection, tensor)->elements;
	g_autofree double *base = g_new(double, n);
	g_autofree double *task = g_new(double, n);
	g_autofree double *change = g_new(double, n);
	read_numbers(apply->collection, 0, tensor, base);
	read_numbers(apply->collection, member, tensor, task);
	read_change(apply, tensor, base, change);
	for (guint64 i = 0; i < n; i++) {
		double tau = task[i] - base[i];
		sum->change += change[i] * change[i];
		sum->base += base[i] * base[i];
		sum->product += change[i] * tau;
		sum->task += tau * tau;
	}
}

static void check_group(
	const Apply *apply, const char *pattern, const Preview *preview, const PreviewGroup *group)
{
	const Collection *collection = apply->collection;
	for (guint i = 0; i < preview->count; i++) {
		Measured sum = {0};
		for (guint t = 0; t < collection_tensors(collection); t++)
			if (!pattern || scope_matches(collection, t, pattern))
				measure_tensor(apply, preview->member[i], t, &sum);
		digits_norm(group->norm.value, sqrt(sum.change));
		digits_norm(group->relative.value, sqrt(sum.change / sum.base));
		digits_close(group->cosine[i].value, sum.product / sqrt(sum.change * sum.task));
		digits_close(group->kept[i].value, sum.product / sum.task);
	}
}

static const struct {
	const char *text;
	double scale;
} edits[] = {
	{"0.4*(mnist + \"mnist-inv\")", 1},
	{"mnist", -0.7},
	{"optdigits + (\"mnist-inv\" - mnist)", 1},
	{"0.5*mnist[blocks.0-1] + ramp(0.2, 0.8)*greek", 1.5},
	{"mean(mnist, fashion, mnist@40)", 1},
};

static void test_measured(void)
{
	g_autoptr(Digits) digits = digits_new();
	for (gsize i = 0; i < G_N_ELEMENTS(edits); i++) {
		g_autoptr(Node) edit = expression_parse(digits->collection, edits[i].text, NULL);
		g_autoptr(Preview) preview =
			preview_of(digits, edits[i].text, edits[i].scale, NULL, GROUP_LAYER);
		g_assert_cmpint(preview->kind, ==, PREVIEW_EXACT);
		g_assert_cmpuint(preview->count, ==, G_N_ELEMENTS(digits_tasks));
		g_assert_cmpuint(preview->warnings->len, ==, 0);
		PrepareRequest request = {digits->collection, edit, 1, 0};
		g_autoptr(Prepared) prepared = prepare_weights(&request, NULL, NULL);
		Apply apply = {.collection = digits->collection,
			.edit = edit,
			.prepared = prepared,
			.scale = edits[i].scale,
			.dtype = -1};
		check_group(&apply, NULL, preview, preview->whole);
		for (guint g = 0; g < preview->groups->len; g++) {
			const PreviewGroup *group = preview->groups->pdata[g];
			if (g_str_has_prefix(group->name, "blocks."))
				check_group(&apply, group->name, preview, group);
		}
	}
}

/* The frozen head has task vectors of norm 0: no cosine, nothing kept. */
static void test_frozen(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Preview) preview = preview_of(digits, "mnist", 1, "head", GROUP_ALL);
	g_assert_cmpuint(preview->groups->len, ==, 0);
	g_assert_cmpfloat(preview->whole->norm.value, ==, 0);
	for (guint i = 0; i < preview->count; i++) {
		g_assert_true(isnan(preview->whole->cosine[i].value));
		g_assert_true(isnan(preview->whole->kept[i].value));
	}
}

/* Against numpy's cosines and norms: a task's own preview is its row of the truth. */
static void test_truth(void)
{
	g_autoptr(Digits) digits = digits_new();
	const cJSON *row = cJSON_GetArrayItem(digits_truth(digits, "global/cos"), 0);
	g_autoptr(Preview) preview = preview_of(digits, "mnist", 0.5, NULL, GROUP_ALL);
	double norm = digits_at(digits_truth(digits, "global/norms"), 0);
	digits_norm(preview->whole->norm.value, 0.5 * norm);
	digits_norm(preview->whole->relative.value,
		0.5 * digits_at(digits_truth(digits, "global/relative_norms"), 0));
	digits_close(preview->of_largest, 0.5);
	digits_close(preview->whole->kept[0].value, 0.5);
	for (guint i = 0; i < preview->count; i++)
		digits_close(preview->whole->cosine[i].value, digits_at(row, i));
	g_assert_cmpuint(preview->whole->elements, ==, 63312);
}

static void test_nothing(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Preview) preview = preview_of(digits, "mnist - mnist", 1, NULL, GROUP_ALL);
	g_assert_cmpfloat(preview->whole->norm.value, ==, 0);
	g_assert_cmpfloat(preview->whole->kept[0].value, ==, 0);
	g_assert_true(isnan(preview->whole->cosine[0].value));
}

static void assert_warns(const Preview *preview, const char *text)
{
	for (guint i = 0; i < preview->warnings->len; i++)
		if (strstr(preview->warnings->pdata[i], text))
			return;
	g_error("no warning says \"%s\"", text);
}

static void add_values(Collection *collection, const char *folder, const char *name, double first)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	write_toy(path, first, 1);
	add_member(collection, name, MEMBER_TASK, NULL, -1, path);
}

static void test_warnings(void)
{
	char *folder = test_folder();
	Collection *collection = toy_collection(folder);
	TestTensor part[] = {{"head.weight", DTYPE_F32, 2, {1, 3}, NULL}};
	g_autofree char *path = g_build_filename(folder, "part.safetensors", NULL);
	test_write_safetensors(path, part, 1);
	add_member(collection, "part", MEMBER_TASK, NULL, -1, path);
	add_values(collection, folder, "broken", NAN);
	g_autoptr(Digits) toy = digits_of(collection, 1, 0);

	g_autoptr(Preview) lacking = preview_of(toy, "0.1*part", 1, NULL, GROUP_ALL);
	assert_warns(lacking, "7 tensors edited in part only");
	assert_warns(lacking, "blocks.0.attn.q.weight, blocks.1.attn.q.weight, "
			      "blocks.2.mlp.fc_in.weight, ...");
	assert_warns(lacking, "1 tensor not of a float type, copied from the base: seen");
	g_autoptr(Preview) broken = preview_of(toy, "a + broken[head]", 1, NULL, GROUP_ALL);
	g_assert_true(isnan(broken->whole->norm.value));
	assert_warns(broken, "1 tensor with values that are not finite (from broken)");
	assert_warns(broken, ": head.weight");
	g_autoptr(Preview) large = preview_of(toy, "4*a", 1, NULL, GROUP_ALL);
	assert_warns(large, "the edit is 4.00 times as long as the base itself");
	g_autoptr(Preview) longer = preview_of(toy, "3.5*mnist@40", 1, NULL, GROUP_ALL);
	assert_warns(longer, "the edit is 3.50 times as long as the largest task vector in it");
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/preview/measured", test_measured);
	g_test_add_func("/preview/frozen", test_frozen);
	g_test_add_func("/preview/truth", test_truth);
	g_test_add_func("/preview/nothing", test_nothing);
	g_test_add_func("/preview/warnings", test_warnings);
	return g_test_run();
}
