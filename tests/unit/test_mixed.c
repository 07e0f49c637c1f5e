/* test_mixed.c - a collection of many formats is the same as one of safetensors alone: the shipped
 * checkpoints are written anew, each in another format, and passed over. */
#include "formats.h"
#include "truths.h"

/* How the base and the six tasks are written; `prefixed` are the names of the one task whose names
 * begin with `module.`. */
typedef struct {
	const char *name, *base, *tasks[6], *prefixed;
} LineUp;

static const LineUp line_ups[] = {
	{"torch-base", "torch",
		{"torch-legacy", "npz-deflated", "npz-odd", "gguf", "hdf5-chunked", "differences"},
		"mnist"},
	{"made-base", "hdf5-chunked",
		{"npz", "torch", "differences", "hdf5", "safetensors", "npz-odd"}, "optdigits"},
	{"swapped-base", "npz-odd",
		{"differences", "gguf", "torch", "torch-legacy", "npz-deflated", "hdf5-chunked"},
		"fashion"},
	{"deflated-base", "npz-deflated",
		{"hdf5-chunked", "safetensors", "torch-legacy", "npz-odd", "differences", "torch"},
		"cyrillic"},
};

static gboolean has_differences(const char *format)
{
	return g_str_has_prefix(format, "differences");
}

/* Writes a shipped checkpoint in a format, and opens what was written. */
static Checkpoint *written(
	const char *folder, const char *digits, const char *format, const char *prefix)
{
	const TestFormat *as = test_format(format);
	g_autofree char *relative = g_build_filename(digits, "model.safetensors", NULL);
	g_autofree char *file = g_strconcat(digits, as->suffix, NULL);
	g_autofree char *path = g_build_filename(folder, file, NULL);
	g_autoptr(Checkpoint) from = digits_open(relative);
	g_autoptr(Checkpoint) base = digits_open("base");
	g_auto(TestTensors) tensors = test_tensors_of(from, prefix);

	if (has_differences(format))
		test_tensors_subtract(&tensors, base);
	test_tensors_write(&tensors, as, path);
	return test_open(path);
}

static Collection *line_up(const char *folder, const LineUp *how)
{
	Collection *collection = collection_new(written(folder, "base", how->base, ""));
	for (guint i = 0; i < G_N_ELEMENTS(digits_tasks); i++) {
		g_autoptr(GError) error = NULL;
		const char *task = digits_tasks[i];
		const char *prefix = g_str_equal(task, how->prefixed) ? "module." : "";
		collection_add(collection, task, MEMBER_TASK, NULL, -1,
			written(folder, task, how->tasks[i], prefix), NULL, &error);
		test_no_error(error);
	}
	return collection;
}

/* The pass over checkpoints of this line-up. */
static Digits *digits_as(const LineUp *how)
{
	char *folder = test_folder();
	Digits *digits = digits_of(line_up(folder, how), 2, 0);
	test_folder_remove(folder);
	digits_read_truth(digits);
	return digits;
}

/* What cells may differ by.  Whole weights are the same numbers in every format, and are summed in
 * the same order: not at all.  A difference that is stored as float32 is θ − θ₀ rounded, by at most
 * 2⁻²⁴ of each element, so an inner product with it moves by no more than 2⁻²⁴ of ‖vᵢ‖ ‖vⱼ‖, and
 * its square, where both are rounded, by no more than some twice that. */
static double tolerance(const LineUp *how, const Gram *plain, guint tensor, guint i, guint j)
{
	int rounded = (i > 0 && has_differences(how->tasks[i - 1])) +
		      (j > 0 && has_differences(how->tasks[j - 1]));
	double squares = *gram_cell(plain, tensor, i, i) * *gram_cell(plain, tensor, j, j);
	return rounded * ldexp(1.001, -24) * sqrt(squares);
}

static void check_cells(const LineUp *how, const Gram *mixed, const Gram *plain)
{
	g_assert_cmpuint(mixed->tensors, ==, plain->tensors);
	g_assert_cmpuint(mixed->vectors, ==, plain->vectors);
	for (guint t = 0; t < plain->tensors; t++)
		for (guint i = 0; i < plain->vectors; i++)
			for (guint j = 0; j <= i; j++)
				test_near(*gram_cell(mixed, t, i, j), *gram_cell(plain, t, i, j),
					tolerance(how, plain, t, i, j));
}

static void check_same(const Checkpoint *found, const Checkpoint *wanted)
{
	g_assert_cmpuint(checkpoint_count(found), ==, checkpoint_count(wanted));
	for (guint i = 0; i < checkpoint_count(wanted); i++) {
		const Tensor *one = checkpoint_tensor(found, i),
			     *other = checkpoint_tensor(wanted, i);
		g_autofree double *here = test_read(found, i, 0, one->elements);
		g_autofree double *there = test_read(wanted, i, 0, other->elements);
		g_assert_cmpstr(one->name, ==, other->name);
		g_assert_true(tensor_same_shape(one, other));
		g_assert_cmpint(memcmp(here, there, one->elements * sizeof *here), ==, 0);
	}
}

/* Every format has the very numbers that were written. */
static void test_values(void)
{
	char *folder = test_folder();
	g_autoptr(Checkpoint) wanted = digits_open("greek/model.safetensors");

	for (guint f = 0; f < G_N_ELEMENTS(test_formats); f++) {
		const char *name = test_formats[f].name;
		if (has_differences(name) || g_str_equal(name, "gguf-q8_0"))
			continue;
		g_autoptr(Checkpoint) found = written(folder, "greek", name, "");
		g_assert_cmpstr(found->format, ==, test_formats[f].opens_as);
		check_same(found, wanted);
	}
	test_folder_remove(folder);
}

/* The storages of PyTorch's archives are read where they lie. */
static void test_in_place(void)
{
	char *folder = test_folder();
	g_autoptr(Checkpoint) checkpoint = written(folder, "greek", "torch", "");

	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		const Tensor *tensor = checkpoint_tensor(checkpoint, i);
		g_assert_null(tensor->source);
		g_assert_cmpuint(tensor->offset % 64, ==, 0);
	}
	test_folder_remove(folder);
}

static void test_line_up(gconstpointer data)
{
	static const LineUp plain = {"plain", "safetensors",
		{"safetensors", "safetensors", "safetensors", "safetensors", "safetensors",
			"safetensors"},
		""};
	const LineUp *how = data;
	g_autoptr(Digits) mixed = digits_as(how), same = digits_as(&plain);

	truth_similarity(mixed);
	truth_layers(mixed);
	check_cells(how, mixed->gram, same->gram);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/values", test_values);
	g_test_add_func("/in-place", test_in_place);
	for (guint i = 0; i < G_N_ELEMENTS(line_ups); i++) {
		g_autofree char *name = g_strconcat("/line-up/", line_ups[i].name, NULL);
		g_test_add_data_func(name, &line_ups[i], test_line_up);
	}
	return g_test_run();
}
