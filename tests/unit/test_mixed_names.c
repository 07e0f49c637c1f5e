/* test_mixed_names.c - tied weights that are tied otherwise in the task, and vocabularies of other
 * lengths: what is compared, what is said, and what an export makes of it. */
#include "export.h"
#include "formats.h"
#include "stores.h"
#include "torches.h"

/* The first four floats of a storage are 100 times its number, and so on. */
#define TIED(first, second, storage)                                                               \
	"{ '" first "' " storage " '" second "' " storage " 'h.0.w' " OTHER " }"
#define APART(wte, head) "{ 'wte.weight' " wte " 'lm_head.weight' " head " 'h.0.w' " OTHER " }"
#define FEWER                                                                                      \
	"1 tensor edited in part only (missing, reshaped, of fewer rows or not float in a task): " \
	"embed.weight"
#define MORE "1 row of embed.weight in grown that the base has not is left out"
#define OTHER VIEW(STORAGE("Float", "0", "16"), "8", "4", "1")

/* Writes a PyTorch archive; g_free. */
static char *write_notation(const Scratch *scratch, const char *name, const char *notation)
{
	g_autoptr(GByteArray) archive = make_archive(notation, "little");
	char *path = scratch_path(scratch, name);
	test_write(path, archive->data, archive->len);
	return path;
}

/* A store of these two, copied and opened again. */
static Store *store_of(const Scratch *scratch, const char *base, const char *task)
{
	g_autofree char *base_path = write_notation(scratch, "base.pt", base);
	g_autofree char *task_path = write_notation(scratch, "task.pt", task);
	Store *store = store_new(scratch->store);
	load_into(store, request_of(base_path, WEIGHTS_COPY, "task", task_path, NULL));
	store_free(store);
	return reopen(scratch->store);
}

static double square_of(const Store *store, const char *tensor)
{
	const Checkpoint *base = collection_member(store->collection, 0)->checkpoint;
	gint place = checkpoint_find(base, tensor);
	g_assert_cmpint(place, >=, 0);
	return *gram_cell(store->gram, (guint)place, 1, 1);
}

/* An export whose warnings are these, separated by newlines. */
static Checkpoint *exported_with(
	const Scratch *scratch, const Store *store, const char *text, const char *warnings)
{
	g_autofree char *path = scratch_path(scratch, "out.safetensors");
	g_autoptr(GError) error = NULL;
	g_autoptr(ModelReport) report = write_with(store->collection, text, path,
		(ModelRequest){.threads = 2, .replace = TRUE}, NULL, &error);
	test_no_error(error);
	g_ptr_array_add(report->warnings, NULL);
	g_autofree char *said = g_strjoinv("\n", (char **)report->warnings->pdata);
	g_assert_cmpstr(said, ==, warnings);
	return test_open(path);
}

static Checkpoint *exported(const Scratch *scratch, const Store *store, const char *text)
{
	return exported_with(scratch, store, text, "");
}

static void expect_values(
	const Checkpoint *checkpoint, const char *name, const double *values, guint n)
{
	g_autofree double *found = test_read_named(checkpoint, name);
	gint place = checkpoint_find(checkpoint, name);
	g_assert_cmpuint(checkpoint_tensor(checkpoint, (guint)place)->elements, ==, n);
	for (guint i = 0; i < n; i++)
		g_assert_cmpfloat(found[i], ==, values[i]);
}

/* Four numbers from the first on. */
static void expect_four(const Checkpoint *checkpoint, const char *name, double first)
{
	const double values[] = {first, first + 1, first + 2, first + 3};
	expect_values(checkpoint, name, values, G_N_ELEMENTS(values));
}

static const char *only_note(const Store *store)
{
	const GPtrArray *notes = collection_member(store->collection, 1)->notes;
	g_assert_cmpuint(notes->len, ==, 1);
	return notes->pdata[0];
}

/* The same two names, of which PyTorch listed the other one first. */
static void test_other_way_round(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = store_of(&scratch, TIED("wte.weight", "lm_head.weight", T0),
		TIED("lm_head.weight", "wte.weight", T1));
	g_assert_cmpfloat(square_of(store, "wte.weight"), ==, 4 * 100 * 100);
	g_assert_cmpfloat(square_of(store, "h.0.w"), ==, 0);
	g_assert_cmpuint(collection_member(store->collection, 1)->notes->len, ==, 0);
	g_autoptr(Checkpoint) written = exported(&scratch, store, "0.5*task");
	g_assert_cmpuint(checkpoint_count(written), ==, 2);
	g_assert_cmpstr(g_hash_table_lookup(written->metadata, "lm_head.weight"), ==, "wte.weight");
	expect_four(written, "wte.weight", 50);
	expect_four(written, "lm_head.weight", 50);
}

/* Only the other name was saved. */
static void test_other_name(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = store_of(&scratch, TIED("wte.weight", "lm_head.weight", T0),
		"{ 'lm_head.weight' " T2 " 'h.0.w' " OTHER " }");
	g_assert_cmpfloat(square_of(store, "wte.weight"), ==, 4 * 200 * 200);
	g_autoptr(Checkpoint) written = exported(&scratch, store, "task");
	expect_four(written, "wte.weight", 200);
	expect_four(written, "lm_head.weight", 200);
}

/* The task untied them: what the base has no place for is left out, and said. */
static void test_untied(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store =
		store_of(&scratch, TIED("wte.weight", "lm_head.weight", T0), APART(T1, T2));
	g_assert_cmpfloat(square_of(store, "wte.weight"), ==, 4 * 100 * 100);
	g_assert_cmpstr(only_note(store), ==,
		"lm_head.weight is tied to wte.weight in the base and not here: its own values are "
		"left out");
	g_autoptr(Checkpoint) written = exported_with(&scratch, store, "task",
		"1 tensor of task that the base has not is left out: lm_head.weight");
	expect_four(written, "wte.weight", 100);
	expect_four(written, "lm_head.weight", 100);
}

/* The task tied what the base has apart: both are compared with the one. */
static void test_tied_in_task(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store =
		store_of(&scratch, APART(T1, T0), TIED("wte.weight", "lm_head.weight", T2));
	g_assert_cmpfloat(square_of(store, "wte.weight"), ==, 4 * 100 * 100);
	g_assert_cmpfloat(square_of(store, "lm_head.weight"), ==, 4 * 200 * 200);
	g_assert_cmpstr(only_note(store), ==,
		"lm_head.weight is tied to wte.weight here and not in the base");
	g_autoptr(Checkpoint) written = exported(&scratch, store, "0.5*task");
	g_assert_cmpuint(checkpoint_count(written), ==, 3);
	g_assert_null(g_hash_table_lookup(written->metadata, "lm_head.weight"));
	expect_four(written, "wte.weight", 150);
	expect_four(written, "lm_head.weight", 100);
}

static const double base_rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static const double grown_rows[] = {2, 2, 3, 4, 5, 6, 7, 8, 11, 90, 90, 90};
static const double shrunk_rows[] = {1, 2, 3, 4, 1, 6};

static void write_rows(const Scratch *scratch, const char *format, const char *name, guint64 rows,
	const double *values)
{
	const TestTensor tensors[] = {
		{"embed.weight", DTYPE_F32, 2, {rows, 3}, values},
		{"h.w", DTYPE_F32, 1, {3}, base_rows},
	};
	g_autofree char *path = scratch_path(scratch, name);
	test_format(format)->write(path, tensors, G_N_ELEMENTS(tensors));
}

static Store *rows_store(const Scratch *scratch, const char *format, WeightsMode weights)
{
	g_autofree char *base = scratch_path(scratch, "base");
	g_autofree char *grown = scratch_path(scratch, "grown");
	g_autofree char *shrunk = scratch_path(scratch, "shrunk");
	Store *store = store_new(scratch->store);
	write_rows(scratch, format, "base", 3, base_rows);
	write_rows(scratch, format, "grown", 4, grown_rows);
	write_rows(scratch, format, "shrunk", 2, shrunk_rows);
	load_into(store, request_of(base, weights, "grown", grown, "shrunk", shrunk, NULL));
	store_free(store);
	return reopen(scratch->store);
}

static void expect_edit(const Scratch *scratch, const Store *store, const char *text,
	const char *warnings, const double *values)
{
	g_autoptr(Checkpoint) written = exported_with(scratch, store, text, warnings);
	expect_values(written, "embed.weight", values, G_N_ELEMENTS(base_rows));
}

/* Rows that both have are compared; those that the base alone has stay, those that the task alone
 * has are left out. */
static void check_rows(const char *format, WeightsMode weights)
{
	static const double grown[] = {2, 2, 3, 4, 5, 6, 7, 8, 11};
	static const double shrunk[] = {1, 2, 3, 4, 1, 6, 7, 8, 9};
	static const double both[] = {1.5, 2, 3, 4, 3, 6, 7, 8, 10};
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(Store) store = rows_store(&scratch, format, weights);
	g_assert_cmpfloat(*gram_cell(store->gram, 0, 1, 1), ==, 1 + 4);
	g_assert_cmpfloat(*gram_cell(store->gram, 0, 2, 2), ==, 16);
	g_assert_cmpfloat(*gram_cell(store->gram, 0, 2, 1), ==, 0);
	g_assert_cmpfloat(*gram_cell(store->gram, 0, 1, 0), ==, 1 + 2 * 9);
	expect_edit(&scratch, store, "grown", MORE, grown);
	expect_edit(&scratch, store, "shrunk", FEWER, shrunk);
	expect_edit(&scratch, store, "0.5*(grown + shrunk)", FEWER "\n" MORE, both);
	expect_edit(&scratch, store, "mean(grown, shrunk)", FEWER "\n" MORE, both);
}

static void test_rows(void)
{
	static const char *const formats[] = {
		"torch", "torch-legacy", "npz-deflated", "npz-odd", "gguf", "hdf5-chunked"};
	for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
		check_rows(formats[i], WEIGHTS_LINK);
		check_rows(formats[i], WEIGHTS_COPY);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/tied/other-way-round", test_other_way_round);
	g_test_add_func("/tied/other-name", test_other_name);
	g_test_add_func("/tied/untied", test_untied);
	g_test_add_func("/tied/in-task", test_tied_in_task);
	g_test_add_func("/rows", test_rows);
	return g_test_run();
}
